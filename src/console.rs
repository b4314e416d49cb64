//! The one sink for people: findings, the steps of a lookup, and their details.
//!
//! It is handed in, so that a library user can listen in and nobody else writes to stderr. Nothing that is told holds a
//! secret, a token or a header.

use std::fmt;
use std::sync::Arc;

use crate::finding::Finding;

/// Who hears what a run tells.
pub trait Listener: Send + Sync {
    /// What a person should know.
    fn finding(&self, finding: &Finding);

    /// A line about what is being done.
    fn line(&self, line: &str);
}

/// The way to the listener.
#[derive(Clone)]
pub struct Console {
    verbosity: u8,
    listener: Arc<dyn Listener>,
}

impl Console {
    /// A console that tells `listener` as much as `verbosity` says: 1 the steps, 2 every request.
    pub fn new(verbosity: u8, listener: Arc<dyn Listener>) -> Self {
        Self {
            verbosity,
            listener,
        }
    }

    /// A console that nobody listens to.
    pub fn silent() -> Self {
        Self::new(0, Arc::new(Nobody))
    }

    /// Tells what a person should know at any verbosity.
    pub fn finding(&self, finding: &Finding) {
        self.listener.finding(finding);
    }

    /// Tells a step: which layer is asked for what, and what it said.
    pub fn step(&self, line: impl FnOnce() -> String) {
        self.tell(1, line);
    }

    /// Tells a detail of a step: one request and its status.
    pub fn detail(&self, line: impl FnOnce() -> String) {
        self.tell(2, line);
    }

    fn tell(&self, verbosity: u8, line: impl FnOnce() -> String) {
        if self.verbosity >= verbosity {
            self.listener.line(&line());
        }
    }
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console")
            .field("verbosity", &self.verbosity)
            .finish_non_exhaustive()
    }
}

struct Nobody;

impl Listener for Nobody {
    fn finding(&self, _finding: &Finding) {}

    fn line(&self, _line: &str) {}
}
