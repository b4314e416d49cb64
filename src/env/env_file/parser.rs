//! The grammar of env files: statements, names, quotes and escapes.

use zeroize::Zeroizing;

use super::interpolation::Interpolation;
use super::{EnvFileProblem, LARGEST_FILE};
use crate::secret::SecretText;

/// One statement: where it starts, its name, and its value unless the name stands alone.
pub(super) struct Statement<'a> {
    pub offset: usize,
    pub name: &'a str,
    pub value: Option<SecretText>,
    pub met_unset: bool,
}

/// A problem and its place, in bytes.
pub(super) struct Fault {
    pub offset: usize,
    pub problem: EnvFileProblem,
}

type Lookup<'l> = dyn Fn(&str) -> Result<Option<&'l str>, EnvFileProblem> + 'l;

pub(super) struct Parser<'a> {
    text: &'a str,
    position: usize,
    budget: usize,
}

impl<'a> Parser<'a> {
    pub fn new(text: &'a str) -> Self {
        // a byte order mark is what some editors put before UTF-8
        let position = if text.starts_with('\u{feff}') {
            '\u{feff}'.len_utf8()
        } else {
            0
        };
        Self {
            text,
            position,
            budget: LARGEST_FILE,
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.position..]
    }

    fn fault<T>(&self, offset: usize, problem: EnvFileProblem) -> Result<T, Fault> {
        Err(Fault { offset, problem })
    }

    /// The next statement, or `None` at the end of the file.
    pub fn next_statement<'l>(
        &mut self,
        lookup: &'l Lookup<'l>,
    ) -> Result<Option<Statement<'a>>, Fault> {
        self.skip_blank_lines_and_comments();
        if self.rest().is_empty() {
            return Ok(None);
        }
        self.skip_export();
        let offset = self.position;
        let (name, has_value) = self.name()?;
        if !has_value {
            return Ok(Some(Statement {
                offset,
                name,
                value: None,
                met_unset: false,
            }));
        }
        let value_offset = self.position;
        let (value, met_unset) = self.value(lookup)?;
        if value.contains('\0') {
            return self.fault(value_offset, EnvFileProblem::Nul);
        }
        let value = Some(SecretText::new(value.as_str()));
        Ok(Some(Statement {
            offset,
            name,
            value,
            met_unset,
        }))
    }

    fn skip_blank_lines_and_comments(&mut self) {
        loop {
            let blank = self.rest().len() - self.rest().trim_start().len();
            self.position += blank;
            if !self.rest().starts_with('#') {
                return;
            }
            self.position += self.rest().find('\n').unwrap_or(self.rest().len());
        }
    }

    fn skip_blanks(&mut self) {
        let blank = self.rest().len() - self.rest().trim_start_matches(is_blank).len();
        self.position += blank;
    }

    fn skip_export(&mut self) {
        let after = self.rest().strip_prefix("export");
        if after.is_some_and(|after| after.starts_with(['\t', '\n', '\x0c', '\r', ' '])) {
            self.position += "export".len();
            self.skip_blanks();
        }
    }

    /// Reads a name and its `=` or `:`; false when the name stands alone in its line.
    fn name(&mut self) -> Result<(&'a str, bool), Fault> {
        let start = self.position;
        let stop = |c: char| !is_name_character(c) && !is_blank(c);
        let end = start + self.rest().find(stop).unwrap_or(self.rest().len());
        let name = self.text[start..end].trim_end();
        let terminator = self.text[end..].chars().next();
        let has_value = match terminator {
            Some('=' | ':') => true,
            Some('\n') | None => false,
            Some(_) => return self.fault(end, EnvFileProblem::BadNameCharacter),
        };
        if let Some(blank) = name.find(is_blank) {
            return self.fault(start + blank, EnvFileProblem::BlankInName);
        }
        if has_value && name.is_empty() {
            return self.fault(start, EnvFileProblem::NoName);
        }
        self.position = end + terminator.map_or(0, char::len_utf8);
        self.skip_blanks();
        Ok((name, has_value))
    }

    fn value<'l>(&mut self, lookup: &'l Lookup<'l>) -> Result<(Zeroizing<String>, bool), Fault> {
        let start = self.position;
        let template = match self.rest().chars().next() {
            Some('\'') => return Ok((self.quoted('\'')?, false)),
            Some('"') => unescape(&self.quoted('"')?),
            _ => self.unquoted(),
        };
        let mut interpolation = Interpolation {
            lookup,
            budget: self.budget,
            met_unset: false,
        };
        match interpolation.expand(&template) {
            Ok(value) => {
                self.budget = interpolation.budget;
                Ok((value, interpolation.met_unset))
            }
            Err(problem) => self.fault(start, problem),
        }
    }

    /// The rest of the line without an inline comment and without the blanks at its end.
    fn unquoted(&mut self) -> Zeroizing<String> {
        let line = self.rest().split('\n').next().unwrap_or_default();
        self.position += line.len();
        let value = line.split(" #").next().unwrap_or_default();
        Zeroizing::new(value.trim_end().to_owned())
    }

    /// The text between two `quote`s, where a backslash keeps a quote from ending it and goes away itself.
    fn quoted(&mut self, quote: char) -> Result<Zeroizing<String>, Fault> {
        let start = self.position;
        let mut value = Zeroizing::new(String::new());
        let mut escaped = false;
        for (offset, c) in self.rest().char_indices().skip(1) {
            if escaped {
                escaped = false;
                if c != quote {
                    value.push('\\');
                }
                value.push(c);
            } else if c == '\\' {
                escaped = true;
            } else if c == quote {
                self.position = start + offset + 1;
                return Ok(value);
            } else {
                value.push(c);
            }
        }
        self.fault(start, EnvFileProblem::UnterminatedQuote)
    }
}

/// The escapes of a double-quoted value: those of Go, `\$` as the `$$` of interpolation, and octal `\0123`.
fn unescape(quoted: &str) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(quoted.len()));
    let mut rest = quoted;
    while let Some(backslash) = rest.find('\\') {
        text.push_str(&rest[..backslash]);
        let after = &rest[backslash + 1..];
        rest = match after.chars().next() {
            Some('0') => push_octal(&mut text, &after[1..]),
            Some(c) => {
                push_escape(&mut text, c);
                &after[c.len_utf8()..]
            }
            None => {
                text.push('\\');
                after
            }
        };
    }
    text.push_str(rest);
    text
}

fn push_escape(text: &mut String, c: char) {
    match c {
        'a' => text.push('\x07'),
        'b' => text.push('\x08'),
        'f' => text.push('\x0c'),
        'n' => text.push('\n'),
        'r' => text.push('\r'),
        't' => text.push('\t'),
        'v' => text.push('\x0b'),
        '"' | '\\' => text.push(c),
        '$' => text.push_str("$$"),
        other => text.extend(['\\', other]),
    }
}

/// `\0` and up to three digits: a character of Latin-1 when they are three octal digits, and otherwise kept without `0`.
fn push_octal<'a>(text: &mut String, after: &'a str) -> &'a str {
    let width = after.bytes().take(3).take_while(u8::is_ascii_digit).count();
    let digits = &after[..width];
    match u8::from_str_radix(digits, 8) {
        Ok(code) if width == 3 => text.push(char::from(code)),
        _ => {
            text.push('\\');
            text.push_str(digits);
        }
    }
    &after[width..]
}

/// White space within a line.
fn is_blank(c: char) -> bool {
    matches!(c, '\t' | '\x0b' | '\x0c' | '\r' | ' ' | '\u{85}' | '\u{a0}')
}

fn is_name_character(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '[' | ']')
}
