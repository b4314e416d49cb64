//! What a person should know although nothing failed: the one form of a warning.
//!
//! `explain`, `check` and stderr all print the same findings. A finding never holds a value.

use crate::failure::Failure;
use crate::source::Source;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Worth knowing.
    Note,
    /// Airflow goes on, but probably not as meant.
    Warning,
    /// Airflow will not do what is meant.
    Error,
}

/// What a person should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// A stable lower-case name, such as `unknown-kwarg`.
    pub rule: &'static str,
    /// How much it matters.
    pub level: Level,
    /// A lower-case sentence without a full stop.
    pub sentence: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Where the setting behind it stands.
    pub source: Option<Source>,
    /// What it fails where no doubt is let pass: in `explain`, `check` and with `--strict`.
    pub strictly: Option<Failure>,
}

impl Finding {
    /// A note.
    pub fn note(rule: &'static str, sentence: impl Into<String>) -> Self {
        Self::new(rule, Level::Note, sentence)
    }

    /// A warning.
    pub fn warning(rule: &'static str, sentence: impl Into<String>) -> Self {
        Self::new(rule, Level::Warning, sentence)
    }

    /// An error: strict commands fail on it.
    pub fn error(rule: &'static str, sentence: impl Into<String>) -> Self {
        Self::new(rule, Level::Error, sentence)
    }

    /// The same with advice.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with the place of the setting behind it.
    pub fn at(mut self, source: Option<Source>) -> Self {
        self.source = source;
        self
    }

    /// The same, failing wherever no doubt is let pass.
    pub fn failing_strictly(mut self, failure: Failure) -> Self {
        self.strictly = Some(failure);
        self
    }

    /// Sentence and hint together.
    pub fn in_one_line(&self) -> String {
        match &self.hint {
            Some(hint) => format!("{}; {hint}", self.sentence),
            None => self.sentence.clone(),
        }
    }

    fn new(rule: &'static str, level: Level, sentence: impl Into<String>) -> Self {
        Self {
            rule,
            level,
            sentence: sentence.into(),
            hint: None,
            source: None,
            strictly: None,
        }
    }
}
