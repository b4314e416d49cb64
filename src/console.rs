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

/// How much is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Nothing but the error that ends a run.
    Quiet,
    /// What a person should know.
    #[default]
    Normal,
    /// Also which layer is asked for what.
    Steps,
    /// Also every request.
    Requests,
}

/// The way to the listener.
#[derive(Clone)]
pub struct Console {
    verbosity: Verbosity,
    listener: Arc<dyn Listener>,
}

impl Console {
    /// A console that tells `listener` as much as `verbosity` says.
    pub fn new(verbosity: Verbosity, listener: Arc<dyn Listener>) -> Self {
        Self {
            verbosity,
            listener,
        }
    }

    /// A console that nobody listens to.
    pub fn silent() -> Self {
        Self::new(Verbosity::Quiet, Arc::new(Nobody))
    }

    /// Tells what a person should know.
    pub fn finding(&self, finding: &Finding) {
        if self.verbosity >= Verbosity::Normal {
            self.listener.finding(finding);
        }
    }

    /// Tells a step: which layer is asked for what, and what it said.
    pub fn step(&self, line: impl FnOnce() -> String) {
        self.tell(Verbosity::Steps, line);
    }

    /// Tells a detail of a step: one request and its status.
    pub fn detail(&self, line: impl FnOnce() -> String) {
        self.tell(Verbosity::Requests, line);
    }

    fn tell(&self, verbosity: Verbosity, line: impl FnOnce() -> String) {
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
