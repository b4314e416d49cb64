//! Why a run ended without doing what it was asked for.

use std::io;
use std::path::PathBuf;

use crate::airflow_config::ConfigError;
use crate::check::IdListError;
use crate::connection::UnknownField;
use crate::failure::{Failure, Fault};
use crate::finding::Finding;
use crate::search_path::{Doubt, Lookup, OpenError};

/// The result of a command.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a run ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An env file, airflow.cfg or a variable cannot be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The settings make no search path.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The lookup ended without a value; its layers say why.
    #[error("{}", .0.sentence())]
    NotResolved(Box<Lookup>),
    /// The connection's extra has no such key.
    #[error("the extra of connection `{conn_id}` has no key `{key}`")]
    NoSuchExtra {
        /// The connection.
        conn_id: String,
        /// The key asked for.
        key: String,
    },
    /// `--field` names something a connection does not have.
    #[error(transparent)]
    UnknownField(#[from] UnknownField),
    /// The variable that Airflow reads has a name that no shell can set.
    #[error("no shell can set a variable with the name `{name}`")]
    NotForAShell {
        /// The name.
        name: String,
    },
    /// A warning elsewhere, an error where no doubt is let pass.
    #[error("{}", .0.sentence)]
    Doubtful(Finding),
    /// A path on the command line leads nowhere.
    #[error("`{}` does not exist", .0.display())]
    NoSuchPath(PathBuf),
    /// There is nothing to do.
    #[error("there is no {0}")]
    NothingGiven(&'static str),
    /// A list of ids has a line that names none.
    #[error(transparent)]
    IdList(#[from] IdListError),
    /// stdin could not be read.
    #[error("stdin could not be read: {0}")]
    Input(#[source] io::Error),
    /// stdout could not be written.
    #[error("the output could not be written: {0}")]
    Output(#[source] io::Error),
}

impl From<Doubt> for Error {
    fn from(Doubt(finding): Doubt) -> Self {
        Error::Doubtful(finding)
    }
}

impl From<Box<Lookup>> for Error {
    fn from(lookup: Box<Lookup>) -> Self {
        Error::NotResolved(lookup)
    }
}

impl Fault for Error {
    fn failure(&self) -> Failure {
        match self {
            Error::Config(error) => error.failure(),
            Error::Open(error) => error.failure(),
            Error::NotResolved(lookup) => lookup.failure(),
            Error::NoSuchExtra { .. } | Error::NotForAShell { .. } => Failure::Malformed,
            Error::Doubtful(finding) => finding.strictly.unwrap_or(Failure::Configuration),
            Error::IdList(error) => error.failure(),
            Error::UnknownField(_)
            | Error::NoSuchPath(_)
            | Error::NothingGiven(_)
            | Error::Input(_) => Failure::Usage,
            Error::Output(_) => Failure::Output,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Error::Config(error) => error.hint(),
            Error::Open(error) => error.hint(),
            Error::UnknownField(error) => error.hint(),
            Error::IdList(error) => error.hint(),
            Error::NoSuchPath(_) => {
                Some("name a folder of DAG files, or a file; paths start from this folder".into())
            }
            Error::NothingGiven(_) => Some(
                "name DAG files with `--dags dags`, or ids with `--conn`, `--var`, `--from`".into(),
            ),
            Error::Doubtful(finding) => finding.hint.clone(),
            Error::NotForAShell { .. } => Some(
                "print the value alone, without `-o env`, and hand it to the program itself".into(),
            ),
            Error::NotResolved(_)
            | Error::NoSuchExtra { .. }
            | Error::Input(_)
            | Error::Output(_) => None,
        }
    }
}
