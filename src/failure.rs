//! The kinds of failure that scripts tell apart, and what every error knows of itself.
//!
//! Exit codes and the outcomes that `explain` and `check` print follow from the kind alone.

use std::error::Error;

/// The kinds of failure that scripts can tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The settings are wrong: backend class, kwargs, env file, airflow.cfg, a file they name.
    Configuration,
    /// The backend did not accept who is asking, or nobody was named.
    Unauthenticated,
    /// The backend knows who is asking and refuses.
    Denied,
    /// No answer: no route, a fault of the server, a time-out, or something that is not the service.
    Unreachable,
    /// The backend asked to be asked less often.
    Throttled,
    /// Something was found that Airflow cannot use.
    Malformed,
    /// Defined nowhere, by the word of every layer.
    NotDefined,
    /// The command line asks for something that does not exist.
    Usage,
    /// The output could not be written.
    Output,
}

impl Failure {
    /// The process exit code (the README's table).
    pub fn exit_code(self) -> u8 {
        match self {
            Failure::Output => 1,
            Failure::Usage => 2,
            Failure::NotDefined => 3,
            Failure::Denied => 4,
            Failure::Unauthenticated => 5,
            Failure::Unreachable | Failure::Throttled => 6,
            Failure::Configuration => 7,
            Failure::Malformed => 8,
        }
    }

    /// The word for it in `explain`.
    pub fn outcome(self) -> &'static str {
        match self {
            Failure::Denied => "denied",
            Failure::Unauthenticated => "unauthenticated",
            Failure::Unreachable => "unreachable",
            Failure::Throttled => "throttled",
            Failure::NotDefined => "not_found",
            Failure::Configuration | Failure::Malformed | Failure::Usage | Failure::Output => {
                "malformed"
            }
        }
    }

    /// Which of several failures decides the exit code: the settings first, what was merely unusable last.
    pub fn rank(self) -> u8 {
        match self {
            Failure::Output => 0,
            Failure::Usage => 1,
            Failure::Configuration => 2,
            Failure::Unauthenticated => 3,
            Failure::Denied => 4,
            Failure::Unreachable => 5,
            Failure::Throttled => 6,
            Failure::Malformed => 7,
            Failure::NotDefined => 8,
        }
    }
}

/// What every error of this crate knows of itself besides its sentence, which is its `Display`.
///
/// No fault holds a secret, and none quotes what a user or a server wrote beyond names, paths and a server's own short words.
pub trait Fault: Error + Send + Sync + 'static {
    /// The kind of failure.
    fn failure(&self) -> Failure;

    /// What to do next, true when obeyed.
    fn hint(&self) -> Option<String> {
        None
    }

    /// Its sentence, and below it what is too much for one: what was tried, a line each.
    fn in_lines(&self) -> Vec<String> {
        vec![self.to_string()]
    }

    /// Whether this is a limit or a refusal of secretctl's own, so that Airflow may well use what is there.
    fn is_own_refusal(&self) -> bool {
        false
    }
}
