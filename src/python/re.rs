//! `re.match(pattern, text, re.IGNORECASE)` and `re.search(pattern, text)` of CPython 3.11.7, over the `fancy-regex` crate.
//!
//! A pattern is read by Python's grammar and written anew for the crate, whose syntax differs in small ways. The surprising
//! rule: `re.match` is anchored at the start of the text only, so `team_` also matches `TEAM_a_and_more`. What the two could
//! read differently is refused: backreferences, conditional groups, octal and named escapes, flags other than `i` and `u`,
//! and repetition or `|` in a lookbehind.

mod class;
mod escape;

use fancy_regex::{Regex, RegexBuilder};

/// How many steps one match may take; a pattern that needs more would make Airflow hang.
const STEP_LIMIT: usize = 1_000_000;

/// One of Python's word characters, `\w`.
const WORD: &str = r"[\p{L}\p{N}_]";

/// A pattern ready to be matched.
#[derive(Clone, Debug)]
pub struct Pattern {
    regex: Regex,
    ignores_case: bool,
}

/// Why a pattern cannot be used. Quotes nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// `re.compile` raises.
    #[error("it is no regular expression of Python's: {0}")]
    Invalid(&'static str),
    /// Python reads it, secretctl does not.
    #[error("it uses {0}, which secretctl does not read")]
    NotServed(&'static str),
    /// The match takes longer than anybody would wait.
    #[error("matching it takes too many steps")]
    TooManySteps,
}

impl PatternError {
    /// Whether Python may match with the pattern all the same.
    pub fn may_be_read_by_python(self) -> bool {
        !matches!(self, Self::Invalid(_))
    }
}

impl Pattern {
    /// `re.compile(pattern, re.IGNORECASE)` for `match`.
    ///
    /// # Errors
    /// A pattern that Python rejects, or that is refused here.
    pub fn compile(pattern: &str) -> Result<Self, PatternError> {
        refuse_turkish_i(pattern)?;
        let translated = Translator::new(pattern).translate()?;
        Self::build(&format!(r"\A(?:{translated})"), true)
    }

    /// `re.compile(pattern)` for `search`: the case counts, and the match may start anywhere.
    ///
    /// # Errors
    /// A pattern that Python rejects, or that is refused here.
    pub fn for_search(pattern: &str) -> Result<Self, PatternError> {
        Self::build(&Translator::new(pattern).translate()?, false)
    }

    fn build(written: &str, ignores_case: bool) -> Result<Self, PatternError> {
        let regex = RegexBuilder::new(written)
            .case_insensitive(ignores_case)
            .backtrack_limit(STEP_LIMIT)
            .build();
        let regex = regex.map_err(|_| {
            PatternError::NotServed("a construct or a size that the regex engine refuses")
        })?;
        Ok(Self {
            regex,
            ignores_case,
        })
    }

    /// Whether `text` matches.
    ///
    /// # Errors
    /// [`PatternError::TooManySteps`], and a text with a letter whose case the crate takes otherwise than Python.
    pub fn matches(&self, text: &str) -> Result<bool, PatternError> {
        if self.ignores_case {
            refuse_turkish_i(text)?;
        }
        self.regex
            .is_match(text)
            .map_err(|_| PatternError::TooManySteps)
    }
}

/// Of all letters, `\u{130}` and `\u{131}` alone are other cases of `i` to Python and not to the crate.
fn refuse_turkish_i(text: &str) -> Result<(), PatternError> {
    match text.contains(['\u{130}', '\u{131}']) {
        true => Err(PatternError::NotServed(
            "a dotted capital or a dotless small i, whose case Python takes in its own way",
        )),
        false => Ok(()),
    }
}

/// What stands before a quantifier.
#[derive(Clone, Copy, PartialEq)]
enum Previous {
    /// Nothing that can be repeated: the start of a branch, or an anchor.
    Nothing,
    Atom,
    Repeated,
}

/// Reads Python's grammar, writes the crate's.
struct Translator {
    rest: std::iter::Peekable<std::vec::IntoIter<char>>,
    written: String,
    previous: Previous,
    /// For each open group, whether it is a lookbehind.
    groups: Vec<bool>,
    names: Vec<String>,
}

type Step = Result<(), PatternError>;

impl Translator {
    fn new(pattern: &str) -> Self {
        let rest = pattern.chars().collect::<Vec<_>>().into_iter().peekable();
        Self {
            rest,
            written: String::new(),
            previous: Previous::Nothing,
            groups: Vec::new(),
            names: Vec::new(),
        }
    }

    fn translate(mut self) -> Result<String, PatternError> {
        self.leading_flags()?;
        while let Some(c) = self.rest.next() {
            match c {
                '\\' => self.escape()?,
                '[' => self.class()?,
                '(' => self.open_group()?,
                ')' => self.close_group()?,
                '|' => self.branch()?,
                '^' => self.anchor(r"\A"),
                '$' => self.anchor(r"(?=\n?\z)"),
                '.' => self.atom("."),
                '*' | '+' | '?' => self.quantifier(&c.to_string())?,
                '{' => self.brace()?,
                other => self.literal(other),
            }
        }
        if self.groups.is_empty() {
            Ok(self.written)
        } else {
            Err(PatternError::Invalid("a parenthesis is not closed"))
        }
    }

    fn atom(&mut self, written: &str) {
        self.written.push_str(written);
        self.previous = Previous::Atom;
    }

    fn anchor(&mut self, written: &str) {
        self.written.push_str(written);
        self.previous = Previous::Nothing;
    }

    fn literal(&mut self, c: char) {
        let mut written = String::new();
        push_literal(&mut written, c);
        self.atom(&written);
    }

    fn branch(&mut self) -> Step {
        self.refuse_in_lookbehind("`|` in a lookbehind")?;
        self.anchor("|");
        Ok(())
    }

    fn refuse_in_lookbehind(&self, what: &'static str) -> Step {
        if self.groups.contains(&true) {
            Err(PatternError::NotServed(what))
        } else {
            Ok(())
        }
    }

    /// A quantifier with what may follow it: `?` makes it lazy, `+` possessive.
    fn quantifier(&mut self, quantifier: &str) -> Step {
        match self.previous {
            Previous::Nothing => return Err(PatternError::Invalid("there is nothing to repeat")),
            Previous::Repeated => return Err(PatternError::Invalid("a repetition is repeated")),
            Previous::Atom => {}
        }
        self.refuse_in_lookbehind("repetition in a lookbehind")?;
        self.written.push_str(quantifier);
        if let Some(suffix) = self.rest.next_if(|c| matches!(c, '?' | '+')) {
            self.written.push(suffix);
        }
        self.previous = Previous::Repeated;
        Ok(())
    }

    /// `{m}`, `{m,}`, `{,n}` or `{m,n}`; in any other form the brace stands for itself.
    fn brace(&mut self) -> Step {
        let inside: String = self.rest.clone().take_while(|c| *c != '}').collect();
        let closed = self.rest.clone().nth(inside.chars().count()) == Some('}');
        let (low, high) = inside.split_once(',').unwrap_or((&inside, &inside));
        let is_number = |text: &str| text.chars().all(|c| c.is_ascii_digit());
        if !closed || inside.is_empty() || !is_number(low) || !is_number(high) {
            self.literal('{');
            return Ok(());
        }
        let low = if low.is_empty() { "0" } else { low };
        let bound = |text: &str| text.parse::<u32>();
        if !high.is_empty()
            && !matches!((bound(low), bound(high)), (Ok(low), Ok(high)) if low <= high)
        {
            return Err(PatternError::Invalid(
                "a repetition has bounds that are upside down or too large",
            ));
        }
        let quantifier = if inside.contains(',') {
            format!("{{{low},{high}}}")
        } else {
            format!("{{{low}}}")
        };
        for _ in 0..=inside.chars().count() {
            self.rest.next();
        }
        self.quantifier(&quantifier)
    }

    fn open_group(&mut self) -> Step {
        if self.rest.next_if_eq(&'?').is_none() {
            self.push_group("(?:", false);
            return Ok(());
        }
        match self.rest.next() {
            Some(':') => self.push_group("(?:", false),
            Some('>') => self.push_group("(?>", false),
            Some('=') => self.push_group("(?=", false),
            Some('!') => self.push_group("(?!", false),
            Some('<') => return self.lookbehind(),
            Some('P') => return self.named_group(),
            Some('#') => return self.comment(),
            Some('(') => return Err(PatternError::NotServed("a conditional group")),
            Some(c @ ('a' | 'i' | 'L' | 'm' | 's' | 'u' | 'x' | '-')) => {
                return self.flags_of_group(c);
            }
            _ => {
                return Err(PatternError::Invalid(
                    "`(?` is followed by something unknown",
                ));
            }
        }
        Ok(())
    }

    fn push_group(&mut self, written: &str, is_lookbehind: bool) {
        self.anchor(written);
        self.groups.push(is_lookbehind);
    }

    fn close_group(&mut self) -> Step {
        self.groups
            .pop()
            .ok_or(PatternError::Invalid("a parenthesis is not opened"))?;
        self.atom(")");
        Ok(())
    }

    fn lookbehind(&mut self) -> Step {
        match self.rest.next() {
            Some('=') => self.push_group("(?<=", true),
            Some('!') => self.push_group("(?<!", true),
            _ => {
                return Err(PatternError::Invalid(
                    "`(?<` is followed by something unknown",
                ));
            }
        }
        Ok(())
    }

    /// `(?P<name>...)`; what it captures is never asked for.
    fn named_group(&mut self) -> Step {
        match self.rest.next() {
            Some('<') => {}
            Some('=') => return Err(PatternError::NotServed("a backreference")),
            _ => {
                return Err(PatternError::Invalid(
                    "`(?P` is followed by something unknown",
                ));
            }
        }
        let name: String = std::iter::from_fn(|| self.rest.next_if(|c| *c != '>')).collect();
        let is_name = name
            .chars()
            .next()
            .is_some_and(|c| c == '_' || c.is_alphabetic())
            && name.chars().all(|c| c == '_' || c.is_alphanumeric());
        if self.rest.next().is_none() || !is_name || self.names.contains(&name) {
            return Err(PatternError::Invalid(
                "a group's name is missing, malformed or used twice",
            ));
        }
        self.names.push(name);
        self.push_group("(?:", false);
        Ok(())
    }

    fn comment(&mut self) -> Step {
        if self.rest.any(|c| c == ')') {
            Ok(())
        } else {
            Err(PatternError::Invalid("a comment is not closed"))
        }
    }

    /// `(?i)` and `(?u)` at the very start change nothing here.
    fn leading_flags(&mut self) -> Step {
        loop {
            let mut ahead = self.rest.clone();
            let starts = ahead.next() == Some('(') && ahead.next() == Some('?');
            let flags: String =
                std::iter::from_fn(|| ahead.next_if(|c| matches!(c, 'i' | 'u'))).collect();
            if !starts || flags.is_empty() || ahead.next() != Some(')') {
                return Ok(());
            }
            if flags.contains('i') {
                self.written.push_str("(?i)");
            }
            self.rest = ahead;
        }
    }

    /// `(?i:...)` and `(?-i:...)`
    fn flags_of_group(&mut self, first: char) -> Step {
        let more: String =
            std::iter::from_fn(|| self.rest.next_if(|c| !matches!(c, ':' | ')'))).collect();
        match (format!("{first}{more}").as_str(), self.rest.next()) {
            ("i" | "u" | "iu" | "ui", Some(')')) => Err(PatternError::Invalid(
                "a flag for all of it stands not at its start",
            )),
            ("i" | "iu" | "ui", Some(':')) => {
                self.push_group("(?i:", false);
                Ok(())
            }
            ("u", Some(':')) => {
                self.push_group("(?:", false);
                Ok(())
            }
            ("-i", Some(':')) => {
                self.push_group("(?-i:", false);
                Ok(())
            }
            _ => Err(PatternError::NotServed("a flag other than `i` and `u`")),
        }
    }
}

/// Writes one character so that it stands for itself, in a class too.
fn push_literal(written: &mut String, c: char) {
    if r"\.+*?()|[]{}^$#&-~".contains(c) {
        written.push('\\');
    }
    written.push(c);
}

#[cfg(test)]
mod tests;
