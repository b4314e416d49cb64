//! What a person reads on stderr: errors, warnings and hints, in colour only where that helps.

use std::io::{self, Write};

use super::arguments::Color;
use crate::console::Listener;
use crate::env::Env;
use crate::error::Error;
use crate::failure::Fault;
use crate::finding::{Finding, Level};

/// stderr, with or without colour.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    in_color: bool,
}

const RED: &str = "1;31";
const YELLOW: &str = "1;33";
const CYAN: &str = "1;36";

impl Terminal {
    /// Decides about colour: as told, else on a terminal without `NO_COLOR`.
    pub fn new(color: Color, is_terminal: bool, env: &Env) -> Self {
        let refused = matches!(env.get("NO_COLOR"), Ok(Some(value)) if !value.is_empty());
        let in_color = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => is_terminal && !refused,
        };
        Terminal { in_color }
    }

    /// Tells an error: what failed, where it looked, what to do next.
    pub fn error(&self, error: &Error) {
        let sentence = match error {
            // Kwargs are shown with a caret under the fault.
            Error::Config(_) | Error::Open(_) => printable(&error.to_string()),
            _ => on_one_line(&error.to_string()),
        };
        self.labelled("error", RED, &sentence);
        if let Error::NotResolved(lookup) = error {
            for line in lookup.lines() {
                self.plain(&format!("  {line}"));
            }
            lookup.hints().iter().for_each(|hint| self.hint(hint));
        }
        if let Some(hint) = error.hint() {
            self.hint(&hint);
        }
    }

    /// Tells what to do next.
    pub fn hint(&self, text: &str) {
        self.labelled("hint", CYAN, &on_one_line(text));
    }

    fn labelled(&self, label: &str, color: &str, text: &str) {
        let label = if self.in_color {
            format!("\u{1b}[{color}m{label}:\u{1b}[0m")
        } else {
            format!("{label}:")
        };
        self.write(&format!("{label} {text}"));
    }

    fn plain(&self, text: &str) {
        self.write(&on_one_line(text));
    }

    /// A closed stderr is nobody's error.
    fn write(&self, line: &str) {
        let _ = writeln!(io::stderr().lock(), "{line}");
    }
}

impl Listener for Terminal {
    fn finding(&self, finding: &Finding) {
        let (label, color) = match finding.level {
            Level::Note => ("note", CYAN),
            Level::Warning => ("warning", YELLOW),
            Level::Error => ("error", RED),
        };
        self.labelled(label, color, &on_one_line(&finding.sentence));
        finding.hint.iter().for_each(|hint| self.hint(hint));
    }

    fn line(&self, line: &str) {
        self.plain(line);
    }
}

/// Text without characters that could steer a terminal: an id or a server's words may hold any.
pub fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => printable.push(c),
            c if c.is_control() => printable.extend(c.escape_default()),
            c => printable.push(c),
        }
    }
    printable
}

/// The same on one line, so that no id makes a line that reads like one of ours.
pub fn on_one_line(text: &str) -> String {
    printable(text).replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_shown_not_obeyed() {
        assert_eq!(printable("a\u{1b}[2Jb\r\nc"), "a\\u{1b}[2Jb\\r\nc");
        assert_eq!(on_one_line("a\r\nb"), "a\\r\\nb");
    }

    #[test]
    fn no_color_counts_on_a_terminal_only() {
        let plain = Env::from_pairs([("NO_COLOR", "1")]);
        assert!(!Terminal::new(Color::Auto, true, &plain).in_color);
        assert!(Terminal::new(Color::Always, false, &plain).in_color);
        let empty = Env::from_pairs([("NO_COLOR", "")]);
        assert!(Terminal::new(Color::Auto, true, &empty).in_color);
        assert!(!Terminal::new(Color::Auto, false, &empty).in_color);
    }
}
