//! What is wrong with the configuration.

use std::path::PathBuf;

use super::cfg_file::{CfgFault, CfgProblem};
use super::command::CommandError;
use super::kwargs::KwargsFault;
use super::origin::Origin;
use crate::env::EnvError;
use crate::failure::{Failure, Fault};
use crate::text_file::TextFileError;

/// What is wrong with the configuration. No variant holds a value.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ConfigError {
    /// The environment, or an env file.
    #[error(transparent)]
    Env(#[from] EnvError),
    /// airflow.cfg cannot be read.
    #[error("airflow.cfg: {0}")]
    CfgFile(#[from] TextFileError),
    /// airflow.cfg is not a configuration file.
    #[error("`{}` {fault}", path.display())]
    Cfg {
        /// The file.
        path: PathBuf,
        /// The line and what is wrong there.
        fault: CfgFault,
    },
    /// `AIRFLOW_CONFIG` is set to nothing.
    #[error("environment variable `AIRFLOW_CONFIG` is set but empty, so that it names a directory")]
    EmptyConfigPath,
    /// The value of a setting cannot be expanded.
    #[error("{origin}: {error}")]
    Expansion {
        /// The setting.
        origin: Origin,
        /// What is wrong with the variables in it.
        error: Box<EnvError>,
    },
    /// The command of a setting gave no value.
    #[error("{origin} {error}")]
    Command {
        /// The setting.
        origin: Origin,
        /// What happened.
        error: CommandError,
    },
    /// A command that a file names, which nobody has allowed to run.
    #[error("{origin} was not run: a file may not name commands unless that is allowed")]
    CommandNotAllowed {
        /// The setting.
        origin: Origin,
    },
    /// Backend kwargs that are kept in the backend which they configure.
    #[error("{origin} asks the secrets backend for its own kwargs")]
    KwargsInBackend {
        /// The setting.
        origin: Origin,
    },
    /// Backend kwargs that are not a JSON object.
    #[error(transparent)]
    Kwargs(#[from] Box<KwargsFault>),
    /// A setting that is neither true nor false.
    #[error("{origin} is neither `True` nor `False`")]
    NotBool {
        /// The setting.
        origin: Origin,
    },
}

impl Fault for ConfigError {
    fn failure(&self) -> Failure {
        Failure::Configuration
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Env(error) => return error.hint(),
            Self::Expansion { error, .. } => return error.hint(),
            Self::Command { error, .. } => return error.hint(),
            Self::Kwargs(fault) => return fault.hint(),
            Self::Cfg { fault, .. } => return fault.problem.hint().map(str::to_owned),
            Self::CfgFile(_) | Self::NotBool { .. } => return None,
            Self::CommandNotAllowed { .. } => {
                "read the command, and if it may run, add `--allow-commands`"
            }
            Self::EmptyConfigPath => "unset it, or set it to the path of airflow.cfg",
            Self::KwargsInBackend { .. } => {
                "Airflow would ask itself without end: give the kwargs as JSON, or have a command print them"
            }
        };
        Some(hint.to_owned())
    }
}

impl CfgProblem {
    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::BadInterpolation => Some("write `%%` for a percent sign"),
            Self::ByteOrderMark => Some("save the file as UTF-8 without a byte order mark"),
            Self::NotAnOption => Some("indent the further lines of a value"),
            Self::DuplicateSection | Self::DuplicateOption => {
                Some("Airflow does not start with such a file: remove one of the two")
            }
            _ => None,
        }
    }
}
