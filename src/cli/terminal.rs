//! What a person reads on stderr: errors, warnings and hints, in colour only where that helps.

use std::io::{self, Write};

use super::paint::{Hue, Paint};
use crate::console::Listener;
use crate::error::Error;
use crate::failure::Fault;
use crate::finding::{Finding, Level};

/// Where people read: stderr, and stdout where a command writes for people.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    stdout: Paint,
    stderr: Paint,
}

impl Terminal {
    /// Writes to stderr, in colour or not; what goes to stdout is the commands' own.
    pub fn new(stdout: Paint, stderr: Paint) -> Self {
        Self { stdout, stderr }
    }

    /// How a command colours what it writes for people.
    pub(super) fn stdout(&self) -> Paint {
        self.stdout
    }

    /// Tells an error: what failed, where it looked, what to do next.
    pub fn error(&self, error: &Error) {
        let sentence = match error {
            // Kwargs are shown with a caret under the fault.
            Error::Config(_) | Error::Open(_) => printable(&error.to_string()),
            _ => on_one_line(&error.to_string()),
        };
        self.labelled("error", Hue::Red, &sentence);
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
        self.labelled("hint", Hue::Cyan, &on_one_line(text));
    }

    fn labelled(&self, label: &str, hue: Hue, text: &str) {
        let label = self.stderr.paint(hue, &format!("{label}:"));
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
        let (label, hue) = match finding.level {
            Level::Note => ("note", Hue::Cyan),
            Level::Warning => ("warning", Hue::Yellow),
            Level::Error => ("error", Hue::Red),
        };
        self.labelled(label, hue, &on_one_line(&finding.sentence));
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
}
