//! From the place where JSON ends to what a person did there.

use super::problem::KwargsProblem;
use super::token::{is_json_space, tokens};
use crate::python::json::{JsonError, Problem};

/// What is wrong, where, and how many bytes there are safe to show.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Diagnosis {
    pub offset: usize,
    pub shown: usize,
    pub problem: KwargsProblem,
}

/// Marks that other programs put where JSON has a double quote.
const TYPOGRAPHIC_QUOTES: [char; 10] = ['“', '”', '„', '‟', '‘', '’', '‚', '«', '»', '″'];

/// Words that people write for the three of JSON.
const CONSTANTS: [(&str, &str); 9] = [
    ("None", "null"),
    ("Null", "null"),
    ("NULL", "null"),
    ("nil", "null"),
    ("undefined", "null"),
    ("True", "true"),
    ("TRUE", "true"),
    ("False", "false"),
    ("FALSE", "false"),
];

/// Tells why `text` is not JSON. `text` is as it was written but for references, and `error` is what JSON said of it.
pub(super) fn diagnose(text: &str, error: JsonError) -> Diagnosis {
    let fault = Fault {
        text,
        offset: error.offset,
        problem: error.problem,
    };
    fault
        .of_the_whole()
        .or_else(|| fault.inside_a_string())
        .or_else(|| fault.at_the_end())
        .or_else(|| fault.by_character())
        .unwrap_or_else(|| fault.by_expectation())
}

/// Tells whether the text is JSON in an extra pair of quotes.
pub(super) fn extra_quotes(text: &str) -> Option<Diagnosis> {
    let start = text.len() - text.trim_start().len();
    let quoted = text.trim();
    let quote = quoted.chars().next().filter(|&c| is_any_quote(c))?;
    let inside = quoted[quote.len_utf8()..].trim_start();
    let opens = inside.starts_with(['{', '[']) || inside.starts_with("\\{");
    let closes = quoted.len() > quote.len_utf8() && quoted.ends_with(is_any_quote);
    (opens && closes).then_some(Diagnosis {
        offset: start,
        shown: quote.len_utf8(),
        problem: KwargsProblem::ExtraQuotes,
    })
}

fn is_any_quote(c: char) -> bool {
    matches!(c, '\'' | '"' | '`') || TYPOGRAPHIC_QUOTES.contains(&c)
}

struct Fault<'a> {
    text: &'a str,
    offset: usize,
    problem: Problem,
}

impl<'a> Fault<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.offset..]
    }

    fn here(&self, shown: usize, problem: KwargsProblem) -> Diagnosis {
        Diagnosis {
            offset: self.offset,
            shown,
            problem,
        }
    }

    /// The last character before the fault that is not white space, and its place.
    fn previous(&self) -> Option<(usize, char)> {
        self.text[..self.offset]
            .char_indices()
            .rev()
            .find(|&(_, c)| !is_json_space(c))
    }

    fn previous_is(&self, wanted: char) -> bool {
        self.previous().is_some_and(|(_, c)| c == wanted)
    }

    /// The word at the fault, up to the next punctuation or white space.
    fn word(&self) -> &'a str {
        let token = tokens(self.rest()).next();
        token
            .filter(|token| token.range.start == 0)
            .map_or("", |token| &self.rest()[token.range])
    }

    fn of_the_whole(&self) -> Option<Diagnosis> {
        if self.text.trim().is_empty() {
            return Some(Diagnosis {
                offset: 0,
                shown: 0,
                problem: KwargsProblem::Blank,
            });
        }
        if self.problem == Problem::ByteOrderMark {
            return Some(self.here(0, KwargsProblem::ByteOrderMark));
        }
        let size = match self.problem {
            Problem::IntegerTooLong => KwargsProblem::NumberTooLong,
            Problem::NestedTooDeeply => KwargsProblem::NestedTooDeeply,
            Problem::TooManyValues => KwargsProblem::TooManyValues,
            _ => return extra_quotes(self.text),
        };
        Some(self.here(0, size))
    }

    fn inside_a_string(&self) -> Option<Diagnosis> {
        Some(match self.problem {
            Problem::UnterminatedString => self.here(1, KwargsProblem::UnterminatedText),
            Problem::ControlCharacter => self.here(0, control_character(self.rest())),
            Problem::InvalidEscape => self.here(1, KwargsProblem::BadEscape),
            Problem::InvalidUnicodeEscape => {
                let backslash = self.offset.saturating_sub(1);
                Diagnosis {
                    offset: backslash,
                    shown: 1,
                    problem: KwargsProblem::BadEscape,
                }
            }
            Problem::UnpairedSurrogate => self.here(1, KwargsProblem::HalfSurrogate),
            _ => return None,
        })
    }

    fn at_the_end(&self) -> Option<Diagnosis> {
        let is_at_end = self.rest().trim_matches(is_json_space).is_empty();
        is_at_end.then(|| self.here(0, KwargsProblem::Incomplete))
    }

    /// What the character at the fault says by itself.
    fn by_character(&self) -> Option<Diagnosis> {
        let rest = self.rest();
        let c = rest.chars().next()?;
        let problem = match c {
            '\'' | '`' if self.problem != Problem::ExpectingComma => KwargsProblem::SingleQuote,
            _ if TYPOGRAPHIC_QUOTES.contains(&c) && self.problem != Problem::ExpectingComma => {
                KwargsProblem::TypographicQuote
            }
            '\\' if rest.starts_with("\\\"") => KwargsProblem::EscapedQuote,
            '#' => KwargsProblem::Comment,
            '/' if rest.starts_with("//") || rest.starts_with("/*") => KwargsProblem::Comment,
            '}' | ']' | ',' => return self.by_closing(c),
            _ if is_invisible(c) => {
                return Some(self.here(0, KwargsProblem::InvisibleCharacter { code: c.into() }));
            }
            _ => return None,
        };
        Some(self.here(c.len_utf8(), problem))
    }

    /// A closing bracket or a comma too early or too late.
    fn by_closing(&self, c: char) -> Option<Diagnosis> {
        let problem = match (self.problem, c) {
            (Problem::ExtraData, '}') if self.previous_is('}') => KwargsProblem::ExtraBrace,
            (Problem::ExpectingColon, _) => KwargsProblem::NameWithoutValue,
            (Problem::ExpectingComma, _) => KwargsProblem::WrongBracket,
            (Problem::ExpectingValue, _) if self.previous_is(':') => KwargsProblem::MissingValue,
            (Problem::ExpectingValue | Problem::ExpectingPropertyName, ',') => {
                KwargsProblem::ExtraComma
            }
            (Problem::ExpectingValue | Problem::ExpectingPropertyName, _) => {
                let (offset, _) = self.previous().filter(|&(_, c)| c == ',')?;
                return Some(Diagnosis {
                    offset,
                    shown: 1,
                    problem: KwargsProblem::TrailingComma,
                });
            }
            _ => return None,
        };
        Some(self.here(1, problem))
    }

    /// What JSON was waiting for says.
    fn by_expectation(&self) -> Diagnosis {
        match self.problem {
            Problem::ExpectingValue => self.instead_of_a_value(),
            Problem::ExpectingPropertyName => self.instead_of_a_name(),
            Problem::ExpectingColon if self.rest().starts_with('=') => {
                self.here(1, KwargsProblem::EqualsSign)
            }
            Problem::ExpectingColon => self.here(0, KwargsProblem::MissingColon),
            Problem::ExpectingComma => self.instead_of_a_comma(),
            Problem::ExtraData if self.previous_is('}') => {
                self.here(0, KwargsProblem::TextAfterEnd)
            }
            Problem::ExtraData => self.no_braces(),
            _ => self.here(0, KwargsProblem::Unexpected),
        }
    }

    fn instead_of_a_value(&self) -> Diagnosis {
        let word = self.word();
        if let Some(&(found, json)) = CONSTANTS.iter().find(|(found, _)| *found == word) {
            return self.here(found.len(), KwargsProblem::Constant { found, json });
        }
        match self.previous() {
            None => self.no_braces(),
            Some(_) if word.is_empty() => self.here(0, KwargsProblem::Unexpected),
            Some(_) if word.starts_with('<') => self.here(0, KwargsProblem::Placeholder),
            Some(_) => self.here(0, KwargsProblem::UnquotedText),
        }
    }

    fn instead_of_a_name(&self) -> Diagnosis {
        if self.rest().starts_with('{') && self.previous_is('{') {
            return self.here(1, KwargsProblem::DoubledBrace);
        }
        let starts_word = self
            .rest()
            .starts_with(|c: char| c.is_alphanumeric() || c == '_');
        let problem = match starts_word {
            true if self.text.contains('"') => KwargsProblem::UnquotedName,
            true => KwargsProblem::QuotesEaten,
            false => KwargsProblem::Unexpected,
        };
        self.here(0, problem)
    }

    fn instead_of_a_comma(&self) -> Diagnosis {
        if self.rest().starts_with('"') {
            return self.here(0, KwargsProblem::MissingComma);
        }
        match self.previous() {
            Some((_, '"')) => self.here(0, KwargsProblem::TextAfterQuote),
            // such as an address, whose first part is a number
            Some((last, c)) if last + c.len_utf8() == self.offset && !matches!(c, '}' | ']') => {
                let before = &self.text[..self.offset];
                let start = before.rfind(|c| is_json_space(c) || ",:[{".contains(c));
                let offset = start.map_or(0, |start| start + 1);
                Diagnosis {
                    offset,
                    shown: 0,
                    problem: KwargsProblem::UnquotedText,
                }
            }
            _ => self.here(0, KwargsProblem::MissingComma),
        }
    }

    fn no_braces(&self) -> Diagnosis {
        let offset = self.text.len() - self.text.trim_start_matches(is_json_space).len();
        let problem = match is_left_of_braces(&self.text[offset..]) {
            true => KwargsProblem::BracesEaten,
            false => KwargsProblem::NoBraces,
        };
        Diagnosis {
            offset,
            shown: 0,
            problem,
        }
    }
}

/// `url:x`, which no quote or brace stands in, and which is no address.
fn is_left_of_braces(text: &str) -> bool {
    let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
    text.split_once(':').is_some_and(|(name, value)| {
        let is_plain = !text.contains(['{', '}', '"', '\'']);
        is_plain && !name.is_empty() && name.chars().all(is_name) && !value.starts_with("//")
    })
}

fn control_character(rest: &str) -> KwargsProblem {
    let found = match rest.chars().next() {
        Some('\n' | '\r') => "a line break",
        Some('\t') => "a tab",
        _ => "a control character",
    };
    KwargsProblem::ControlCharacter { found }
}

/// White space that JSON does not have, and characters that show nothing.
fn is_invisible(c: char) -> bool {
    (c.is_whitespace() && !is_json_space(c))
        || c.is_control() && !is_json_space(c)
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}
