//! Why a search path cannot be opened, and why one layer of it failed.

use super::Doubt;
use crate::airflow_config::{ConfigError, Origin};
use crate::backend::BackendError;
use crate::backend::kind::{self, BackendKind};
use crate::connection::ConnectionError;
use crate::failure::{Failure, Fault};
use crate::finding::Finding;
use crate::python::json::JsonError;

/// Why a search path cannot be opened: what would stop Airflow at start-up, and kwargs that it would silently drop.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OpenError {
    /// airflow.cfg, an option's command, or the backend kwargs cannot be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// `[secrets] backend` names a class that Airflow does not ship.
    #[error("{origin} names {class_path}, which is not a secrets backend that secretctl knows")]
    UnknownBackend {
        /// The class path, or what may be shown of it.
        class_path: String,
        /// What was probably meant.
        hint: String,
        /// Where it is set.
        origin: Origin,
    },
    /// The class exists in Airflow, but secretctl cannot ask it.
    #[error("{origin} names {class}, which secretctl does not serve")]
    NotServed {
        /// The class name.
        class: &'static str,
        /// Where it is set.
        origin: Origin,
    },
    /// The constructor raises.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// The same, where no kwargs are set, which may be why.
    #[error("{error}; {}", .without.sentence)]
    WithoutKwargs {
        /// What the constructor raises.
        error: BackendError,
        /// That there are none.
        without: Finding,
    },
    /// A warning elsewhere, an error where no doubt is let pass.
    #[error("{}", .0.sentence)]
    Doubtful(Finding),
}

impl From<Doubt> for OpenError {
    fn from(Doubt(finding): Doubt) -> Self {
        OpenError::Doubtful(finding)
    }
}

impl Fault for OpenError {
    fn failure(&self) -> Failure {
        match self {
            OpenError::Config(error) => error.failure(),
            OpenError::Backend(error) | OpenError::WithoutKwargs { error, .. } => error.failure(),
            OpenError::Doubtful(finding) => finding.strictly.unwrap_or(Failure::Configuration),
            OpenError::UnknownBackend { .. } | OpenError::NotServed { .. } => {
                Failure::Configuration
            }
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            OpenError::Config(error) => error.hint(),
            OpenError::Backend(error) => error.hint(),
            OpenError::WithoutKwargs { without, .. } => without.hint.clone(),
            OpenError::Doubtful(finding) => finding.hint.clone(),
            OpenError::UnknownBackend { hint, .. } => Some(hint.clone()),
            OpenError::NotServed { .. } => {
                Some(format!("secretctl serves {}", kind::served_names()))
            }
        }
    }
}

/// Why one layer of a search path has no value that Airflow can use.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LayerError {
    /// The backend could not find out.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// A setting that the value depends on cannot be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The stored value is not a connection that Airflow can read.
    #[error("found, but {} read it: {}", cannot_or_does_not(.0), .0)]
    Connection(#[from] ConnectionError),
    /// `[core] fernet_key` is not a key, so Airflow's server cannot even hold the connection.
    #[error(
        "found, but Airflow cannot encrypt its password or extra: {origin} is not a Fernet key"
    )]
    FernetKey {
        /// The setting.
        origin: Origin,
    },
    /// The same of another connection that Airflow builds on the way.
    #[error(
        "Airflow cannot load the file, since it cannot encrypt the passwords and extras in it: {origin} is not a Fernet key"
    )]
    FernetKeyOfFile {
        /// The setting.
        origin: Origin,
    },
    /// The stored value is text to everyone but Airflow's connection parser.
    #[error("found, but a connection must be text, and this is a {type_name}")]
    NotText {
        /// Python's name for its type.
        type_name: &'static str,
    },
    /// `deserialize_json` of a text that is not JSON.
    #[error("found, but it is not JSON: {0}")]
    NotJson(#[source] JsonError),
    /// `deserialize_json` of a value that is not text.
    #[error("found, but JSON is read from text, and this is a {type_name}")]
    JsonNotText {
        /// Python's name for its type.
        type_name: &'static str,
    },
}

/// Who it is that goes no further.
fn cannot_or_does_not(error: &ConnectionError) -> &'static str {
    match error.is_own_refusal() {
        true => "secretctl does not",
        false => "Airflow cannot",
    }
}

impl LayerError {
    /// What to do about it, where the layer is of this backend.
    pub(super) fn hint_in(&self, backend: &str) -> Option<String> {
        match self {
            LayerError::Connection(error) if backend == BackendKind::Vault.class_name() => {
                error.hint_in_vault().or_else(|| error.hint())
            }
            error => error.hint(),
        }
    }

    /// What is wrong where a whole file of connections is to be encrypted.
    pub(super) fn of_file(self) -> Self {
        match self {
            LayerError::FernetKey { origin } => LayerError::FernetKeyOfFile { origin },
            other => other,
        }
    }

    /// Whether this is a failure to read a value that was found as JSON.
    pub(super) fn is_about_json(&self) -> bool {
        matches!(
            self,
            LayerError::NotJson(_) | LayerError::JsonNotText { .. }
        )
    }
}

impl Fault for LayerError {
    fn failure(&self) -> Failure {
        match self {
            LayerError::Backend(error) => error.failure(),
            LayerError::Config(_)
            | LayerError::FernetKey { .. }
            | LayerError::FernetKeyOfFile { .. } => Failure::Configuration,
            LayerError::Connection(_)
            | LayerError::NotText { .. }
            | LayerError::NotJson(_)
            | LayerError::JsonNotText { .. } => Failure::Malformed,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            LayerError::Backend(error) => error.hint(),
            LayerError::Config(error) => error.hint(),
            LayerError::Connection(error) => error.hint(),
            LayerError::FernetKey { .. } | LayerError::FernetKeyOfFile { .. } => Some(
                "make one with `openssl rand -base64 32 | tr +/ -_`; Airflow takes every such connection for absent"
                    .into(),
            ),
            LayerError::NotText { .. } => None,
            LayerError::NotJson(error) => error.hint(),
            LayerError::JsonNotText { .. } => {
                Some("leave `-o json` out: a value that is not text is printed as JSON anyway".into())
            }
        }
    }

    fn in_lines(&self) -> Vec<String> {
        match self {
            LayerError::Backend(error) => error.in_lines(),
            _ => vec![self.to_string()],
        }
    }

    fn is_own_refusal(&self) -> bool {
        match self {
            LayerError::Backend(error) => error.is_own_refusal(),
            LayerError::Connection(error) => error.is_own_refusal(),
            LayerError::NotJson(error) => error.may_be_read_by_python(),
            _ => false,
        }
    }
}
