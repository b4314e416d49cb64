//! What a search path said about one id: the value that wins, and the word of every layer.

use super::LayerError;
use crate::backend::Location;
use crate::connection::Connection;
use crate::failure::{Failure, Fault};
use crate::finding::Finding;
use crate::python::json;
use crate::secret::SecretText;
use crate::secret_kind::{SecretId, SecretKind};

/// What the whole search path said about one id.
#[derive(Debug)]
pub struct Lookup {
    /// What was asked for.
    pub secret: SecretId,
    /// The value that Airflow would use.
    pub found: Option<Found>,
    /// What each layer said, in order; layers after a find are there only if they were asked too.
    pub layers: Vec<LayerReport>,
    /// What of the settings may be the reason that nothing was found.
    pub findings: Vec<Finding>,
    /// Whether a failure has ended the search.
    is_over: bool,
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
    Plain(json::Value),
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
    Failed(LayerError),
    /// Airflow would ask it and secretctl cannot: why.
    NotServed(&'static str),
}

impl LayerReport {
    /// The error, if the layer failed.
    pub fn failure(&self) -> Option<&LayerError> {
        match &self.outcome {
            Outcome::Failed(error) => Some(error),
            _ => None,
        }
    }

    /// What to do about it: the failure's own advice, then near misses.
    pub fn advice(&self) -> impl Iterator<Item = String> {
        let own = self.failure().and_then(|error| error.hint_in(self.backend));
        own.into_iter().chain(self.hints.iter().cloned())
    }

    /// Backend and place, as one line begins.
    pub fn place(&self) -> String {
        match &self.location {
            Location::At(_) => format!("{}: {}", self.backend, self.location),
            Location::Skipped(_) => self.backend.to_owned(),
        }
    }

    /// Place and outcome on a line; below it, further in, what is too much for one.
    fn lines(&self) -> Vec<String> {
        let place = self.place();
        match self.failure().map(Fault::in_lines).as_deref() {
            Some([sentence, more @ ..]) => {
                let more = more.iter().map(|line| format!("  {line}"));
                [format!("{place}: {sentence}")]
                    .into_iter()
                    .chain(more)
                    .collect()
            }
            _ => vec![format!("{place}: {}", self.outcome_in_words())],
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
    pub(super) fn new(secret: &SecretId) -> Self {
        Self {
            secret: secret.clone(),
            found: None,
            layers: Vec::new(),
            findings: Vec::new(),
            is_over: false,
        }
    }

    /// Whether the next layer is to be asked; Airflow asks the custom backend alone for config options
    /// (`_get_config_value_from_secret_backend`).
    pub(super) fn is_open_to(&self, is_custom: bool, even_if_found: bool) -> bool {
        let is_wanted = self.found.is_none() || even_if_found;
        let is_asked = is_custom || self.secret.kind != SecretKind::Config;
        is_wanted && is_asked && !self.is_over
    }

    /// Takes in what the next layer said: the first value wins, and a final failure ends the search.
    pub(super) fn add(
        &mut self,
        mut report: LayerReport,
        value: Option<FoundValue>,
        is_final: bool,
    ) {
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
        self.is_over |= is_final;
    }

    /// The failure that decides the exit code when nothing was found.
    pub fn failure(&self) -> Failure {
        let failures = self
            .layers
            .iter()
            .filter_map(LayerReport::failure)
            .map(Fault::failure);
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

    /// Advice from all layers and on the settings, the first of each kind only.
    pub fn hints(&self) -> Vec<String> {
        let of_layers = self.layers.iter().flat_map(LayerReport::advice);
        let of_settings = self.findings.iter().map(Finding::in_one_line);
        let mut hints: Vec<String> = Vec::new();
        for hint in of_layers.chain(of_settings) {
            if !hints.contains(&hint) {
                hints.push(hint);
            }
        }
        hints
    }

    /// The connection and the text it was read from, or the lookup again where no layer has it.
    ///
    /// # Errors
    /// No layer has it.
    pub fn into_connection(mut self) -> Result<(Box<Connection>, SecretText), Box<Lookup>> {
        match self.found.take().map(|found| found.value) {
            Some(FoundValue::Connection { connection, stored }) => Ok((connection, stored)),
            Some(FoundValue::Plain(_)) | None => Err(Box::new(self)),
        }
    }

    /// The variable's or config's value, or the lookup again where no layer has it.
    ///
    /// # Errors
    /// No layer has it.
    pub fn into_value(mut self) -> Result<json::Value, Box<Lookup>> {
        match self.found.take().map(|found| found.value) {
            Some(FoundValue::Plain(value)) => Ok(value),
            Some(FoundValue::Connection { .. }) | None => Err(Box::new(self)),
        }
    }

    /// What came of it in one sentence.
    pub fn sentence(&self) -> String {
        match (self.found_in(), self.failure()) {
            (Some(report), _) => format!("{} is found in {}", self.secret, report.backend),
            (None, Failure::NotDefined) => format!("{} is not defined", self.secret),
            (None, _) => format!("{} could not be resolved", self.secret),
        }
    }

    /// What each layer said, a line each.
    pub fn lines(&self) -> Vec<String> {
        if self.layers.is_empty() {
            let nobody =
                "no secrets backend is configured, and Airflow asks no other layer for a config";
            return vec![nobody.to_owned()];
        }
        self.layers.iter().flat_map(LayerReport::lines).collect()
    }

    /// What failed before a later layer answered: Airflow would not have said so.
    pub fn passed_over(&self) -> Vec<Finding> {
        let Some(found_in) = self.found_in() else {
            return Vec::new();
        };
        let failed = self
            .layers
            .iter()
            .filter(|report| report.failure().is_some());
        let in_airflow = match self.secret.kind {
            SecretKind::Variable => "Airflow logs it, goes on",
            SecretKind::Connection | SecretKind::Config => "Airflow goes on without a word",
        };
        failed
            .map(|report| {
                let sentence = format!(
                    "{}: {}; {in_airflow} and uses the value of {}",
                    report.place(),
                    report.outcome_in_words(),
                    found_in.backend
                );
                Finding::warning("layer-failed", sentence)
            })
            .collect()
    }
}
