//! What a search path said about one id: the value that wins, and the word of every layer.

use crate::backend::Location;
use crate::connection::Connection;
use crate::error::{Error, Failure, Result};
use crate::python::json::Value;
use crate::secret::SecretText;
use crate::secret_kind::SecretKind;

/// What the whole search path said about one id.
#[derive(Debug)]
pub struct Lookup {
    /// Connection, variable or config.
    pub kind: SecretKind,
    /// The id asked for.
    pub id: String,
    /// The value that Airflow would use.
    pub found: Option<Found>,
    /// What each layer said, in order; layers after a find are there only if they were asked too.
    pub layers: Vec<LayerReport>,
}

/// The value that wins.
#[derive(Debug)]
pub struct Found {
    /// Its layer, as an index into [`Lookup::layers`].
    pub layer: usize,
    /// The value.
    pub value: FoundValue,
}

/// A value as Airflow would hand it out.
#[derive(Debug)]
pub enum FoundValue {
    /// A connection, and the text it was read from.
    Connection {
        /// The connection.
        connection: Box<Connection>,
        /// What the backend's `get_conn_value` gives.
        stored: SecretText,
    },
    /// A variable or config.
    Value(Value),
}

/// What one layer said.
#[derive(Debug)]
pub struct LayerReport {
    /// The class name.
    pub backend: &'static str,
    /// The class path.
    pub class_path: &'static str,
    /// Where it looked.
    pub location: Location,
    /// What came of it.
    pub outcome: Outcome,
    /// Near misses worth a look.
    pub hints: Vec<String>,
    /// Who asked, where a backend was asked as somebody and somebody wants to know.
    pub asked_as: Option<String>,
}

/// What came of asking one layer.
#[derive(Debug)]
pub enum Outcome {
    /// It has the secret; whether an earlier layer's value is used instead.
    Found {
        /// An earlier layer won.
        shadowed: bool,
    },
    /// It answered, and has no such secret; more words on that, if there are any.
    NotFound(Option<String>),
    /// It was not asked, by its own settings: why.
    Skipped(String),
    /// It failed.
    Failed(Error),
    /// Airflow would ask it and secretctl cannot: why.
    NotServed(&'static str),
}

impl LayerReport {
    /// The error, if the layer failed.
    pub fn failure(&self) -> Option<&Error> {
        match &self.outcome {
            Outcome::Failed(error) => Some(error),
            _ => None,
        }
    }

    /// Backend and place, as one line begins.
    pub fn place(&self) -> String {
        match &self.location {
            Location::At { .. } => format!("{}: {}", self.backend, self.location),
            Location::Skipped(_) => self.backend.to_owned(),
        }
    }

    /// What came of it, for a person.
    pub fn outcome_in_words(&self) -> String {
        match &self.outcome {
            Outcome::Found { shadowed: false } => "found".into(),
            Outcome::Found { shadowed: true } => "found, but shadowed by an earlier layer".into(),
            Outcome::NotFound(None) if self.backend == "EnvironmentVariablesBackend" => {
                "not set".into()
            }
            Outcome::NotFound(None) => "not found".into(),
            Outcome::NotFound(Some(why)) => format!("not found: {why}"),
            Outcome::Skipped(why) => format!("skipped: {why}"),
            Outcome::Failed(error) => error.to_string(),
            Outcome::NotServed(why) => format!("not asked: {why}"),
        }
    }
}

impl Outcome {
    /// The word for it in `explain -o json`.
    pub fn word(&self) -> &'static str {
        match self {
            Outcome::Found { .. } => "found",
            Outcome::NotFound(_) => "not_found",
            Outcome::Skipped(_) => "skipped",
            Outcome::Failed(error) => error.failure().outcome(),
            Outcome::NotServed(_) => "not_served",
        }
    }
}

impl Lookup {
    /// A lookup that has asked nobody yet.
    pub(super) fn new(kind: SecretKind, id: &str) -> Self {
        Self {
            kind,
            id: id.to_owned(),
            found: None,
            layers: Vec::new(),
        }
    }

    /// Takes in what the next layer said: the first value wins.
    pub(super) fn add(&mut self, mut report: LayerReport, value: Option<FoundValue>) {
        match value {
            Some(_) if self.found.is_some() => report.outcome = Outcome::Found { shadowed: true },
            Some(value) => {
                self.found = Some(Found {
                    layer: self.layers.len(),
                    value,
                })
            }
            None => {}
        }
        self.layers.push(report);
    }

    /// The failure that decides the exit code when nothing was found.
    pub fn failure(&self) -> Failure {
        let failures = self
            .layers
            .iter()
            .filter_map(LayerReport::failure)
            .map(Error::failure);
        failures
            .min_by_key(|failure| failure.rank())
            .unwrap_or(Failure::NotDefined)
    }

    /// The layer whose value is used.
    pub fn found_in(&self) -> Option<&LayerReport> {
        self.found
            .as_ref()
            .and_then(|found| self.layers.get(found.layer))
    }

    /// Advice from all layers, the first of each kind only.
    pub fn hints(&self) -> Vec<String> {
        let mut hints: Vec<String> = Vec::new();
        for report in &self.layers {
            for hint in report
                .failure()
                .and_then(Error::hint)
                .into_iter()
                .chain(report.hints.iter().cloned())
            {
                if !hints.contains(&hint) {
                    hints.push(hint);
                }
            }
        }
        hints
    }

    /// The connection and the text it was read from, or the error that tells what every layer said.
    ///
    /// # Errors
    /// [`Error::NotResolved`] when no layer has it.
    pub fn into_connection(mut self) -> Result<(Box<Connection>, SecretText)> {
        match self.found.take().map(|found| found.value) {
            Some(FoundValue::Connection { connection, stored }) => Ok((connection, stored)),
            Some(FoundValue::Value(_)) | None => Err(self.not_resolved()),
        }
    }

    /// The variable's or config's value, or the error that tells what every layer said.
    ///
    /// # Errors
    /// [`Error::NotResolved`] when no layer has it.
    pub fn into_value(mut self) -> Result<Value> {
        match self.found.take().map(|found| found.value) {
            Some(FoundValue::Value(value)) => Ok(value),
            Some(FoundValue::Connection { .. }) | None => Err(self.not_resolved()),
        }
    }

    /// The error for a lookup that found nothing.
    pub fn not_resolved(&self) -> Error {
        let line =
            |report: &LayerReport| format!("{}: {}", report.place(), report.outcome_in_words());
        let mut layers: Vec<String> = self.layers.iter().map(line).collect();
        if layers.is_empty() {
            layers.push(
                "no secrets backend is configured, and Airflow asks no other layer for a config"
                    .into(),
            );
        }
        Error::NotResolved {
            kind: self.kind,
            id: self.id.clone(),
            failure: self.failure(),
            layers,
            hints: self.hints(),
        }
    }

    /// What failed before a later layer answered: Airflow would not have said so.
    pub fn passed_over(&self) -> Vec<String> {
        let Some(found_in) = self.found_in() else {
            return Vec::new();
        };
        let failed = self
            .layers
            .iter()
            .filter(|report| report.failure().is_some());
        let in_airflow = match self.kind {
            SecretKind::Variable => "Airflow logs it, goes on",
            SecretKind::Connection | SecretKind::Config => "Airflow goes on without a word",
        };
        failed
            .map(|report| {
                format!(
                    "{}: {}; {in_airflow} and uses the value of {}",
                    report.place(),
                    report.outcome_in_words(),
                    found_in.backend
                )
            })
            .collect()
    }
}
