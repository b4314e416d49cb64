//! What is being done, told on stderr for `-v` and `-vv`. Callers never pass a secret, a token or a header in.

use std::io::{self, Write};

use crate::cli::printable;

/// How much to tell: 0 nothing, 1 the steps, 2 every request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trace {
    verbosity: u8,
}

impl Trace {
    /// A trace for as many `-v` as were given.
    pub fn new(verbosity: u8) -> Self {
        Self { verbosity }
    }

    /// Tells what a person should know at any verbosity, and what only a lookup brings to light.
    pub fn warn(self, text: &str) {
        write_line(&format!("warning: {text}"));
    }

    /// Tells a step: which layer is asked for what, and what it said.
    pub fn step(self, text: impl FnOnce() -> String) {
        self.tell(1, text);
    }

    /// Tells a detail of a step: one request and its status.
    pub fn detail(self, text: impl FnOnce() -> String) {
        self.tell(2, text);
    }

    fn tell(self, level: u8, text: impl FnOnce() -> String) {
        if self.verbosity >= level {
            write_line(&text());
        }
    }
}

/// A closed stderr is nobody's error.
fn write_line(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", printable(line));
}
