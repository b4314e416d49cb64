//! Escapes. The surprising rule: an ASCII letter without a meaning of its own may not be escaped.

use super::{PatternError, Step, Translator, WORD};

/// What an escape stands for, inside a set and outside.
pub(super) enum Escaped {
    Character(char),
    /// A category, as the crate writes it, in a set of its own.
    Category(&'static str),
}

impl Translator {
    /// The rest of an escape outside a set, its backslash taken.
    pub(super) fn escape(&mut self) -> Step {
        match self.rest.next() {
            None => return Err(PatternError::Invalid("it ends in a backslash")),
            Some('A') => self.anchor(r"\A"),
            Some('Z') => self.anchor(r"\z"),
            Some('b') => self.anchor(&format!("(?:(?<={WORD})(?!{WORD})|(?<!{WORD})(?={WORD}))")),
            Some('B') => self.anchor(&format!("(?:(?<={WORD})(?={WORD})|(?<!{WORD})(?!{WORD}))")),
            Some('1'..='9') => return Err(PatternError::NotServed("a backreference")),
            Some(c) => match self.escaped(c)? {
                Escaped::Character(c) => self.literal(c),
                Escaped::Category(category) => self.atom(category),
            },
        }
        Ok(())
    }

    /// An escape that means the same inside a set and outside.
    pub(super) fn escaped(&mut self, c: char) -> Result<Escaped, PatternError> {
        Ok(match c {
            'd' => Escaped::Category(r"[\p{Nd}]"),
            'D' => Escaped::Category(r"[^\p{Nd}]"),
            's' => Escaped::Category(r"[\s\x1c-\x1f]"),
            'S' => Escaped::Category(r"[^\s\x1c-\x1f]"),
            'w' => Escaped::Category(WORD),
            'W' => Escaped::Category(r"[^\p{L}\p{N}_]"),
            'a' => Escaped::Character('\u{7}'),
            'f' => Escaped::Character('\u{c}'),
            'n' => Escaped::Character('\n'),
            'r' => Escaped::Character('\r'),
            't' => Escaped::Character('\t'),
            'v' => Escaped::Character('\u{b}'),
            'x' => self.code_point(2)?,
            'u' => self.code_point(4)?,
            'U' => self.code_point(8)?,
            'N' => return Err(PatternError::NotServed("a character by its name")),
            '0'..='9' => return Err(PatternError::NotServed("an octal escape")),
            c if c.is_ascii_alphabetic() => {
                return Err(PatternError::Invalid(
                    "it escapes a letter that has no such meaning",
                ));
            }
            c => Escaped::Character(c),
        })
    }

    fn code_point(&mut self, digits: usize) -> Result<Escaped, PatternError> {
        let hex: String = self.rest.by_ref().take(digits).collect();
        let is_whole = hex.len() == digits && hex.chars().all(|c| c.is_ascii_hexdigit());
        let code = u32::from_str_radix(&hex, 16)
            .ok()
            .filter(|_| is_whole)
            .and_then(char::from_u32);
        code.map(Escaped::Character).ok_or(PatternError::Invalid(
            "a hexadecimal escape is incomplete or no character",
        ))
    }
}
