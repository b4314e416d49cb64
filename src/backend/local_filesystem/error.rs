//! Why `LocalFilesystemBackend` cannot answer, told without any value.
//!
//! The surprising rule: one bad entry fails every lookup in its file, so an error may name another key than was asked
//! for.

use std::fmt;
use std::path::Path;

use thiserror::Error;

use super::env_format::MissingPart;
use crate::connection::ConnectionError;
use crate::failure::{Failure, Fault};
use crate::python::json::JsonError;
use crate::python::yaml::YamlError;
use crate::text_file::TextFileError;

/// Why the backend cannot answer.
#[derive(Clone, Debug, Error)]
pub enum LocalFilesystemError {
    /// The kwarg is no path.
    #[error("`{kwarg}` is of type `{found}`, not text")]
    PathNotText {
        /// The kwarg.
        kwarg: &'static str,
        /// Python's name of the type.
        found: &'static str,
    },
    /// Airflow cannot tell the format of the file.
    #[error("`{path}` does not end in `.env`, `.json`, `.yaml` or `.yml`")]
    UnsupportedType {
        /// The file.
        path: String,
    },
    /// The file cannot be read.
    #[error("the secrets file {0}")]
    File(#[from] TextFileError),
    /// Nothing is in the file.
    #[error("`{path}` is empty, which Airflow refuses")]
    Empty {
        /// The file.
        path: String,
    },
    /// The file is JSON or YAML of another kind.
    #[error("`{path}` does not hold an object, with ids as its keys")]
    NotAnObject {
        /// The file.
        path: String,
    },
    /// The file is not JSON.
    #[error("`{path}` is not JSON: {error}")]
    Json {
        /// The file.
        path: String,
        /// What is wrong, and where.
        error: JsonError,
    },
    /// The file is not YAML that Airflow loads.
    #[error("`{path}` cannot be loaded as YAML: {error}")]
    Yaml {
        /// The file.
        path: String,
        /// What is wrong, and where.
        error: YamlError,
    },
    /// A line of an env file is no assignment.
    #[error("`{path}` line {line}: {problem}")]
    Env {
        /// The file.
        path: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        problem: MissingPart,
    },
    /// An entry that Airflow cannot load.
    #[error("`{path}` {place}: {problem}")]
    Entry {
        /// The file.
        path: String,
        /// The entry.
        place: EntryPlace,
        /// What is wrong with it.
        problem: EntryProblem,
    },
}

/// An entry of a file: its key, and the line if the format tells it.
#[derive(Clone, Debug)]
pub struct EntryPlace {
    /// The key, as it is written.
    pub key: String,
    /// The line, from 1.
    pub line: Option<usize>,
}

impl fmt::Display for EntryPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}, ")?;
        }
        write!(f, "key `{}`", shown(&self.key))
    }
}

/// A key as a terminal may show it.
pub(super) fn shown(key: &str) -> String {
    const LONGEST: usize = 100;
    let escaped: String = key
        .chars()
        .take(LONGEST)
        .flat_map(char::escape_debug)
        .collect();
    if key.chars().nth(LONGEST).is_some() {
        escaped + "..."
    } else {
        escaped
    }
}

/// What is wrong with an entry.
#[derive(Clone, Debug, Error)]
pub enum EntryProblem {
    /// More or fewer values than one.
    #[error("it has {count} values instead of one")]
    NotUnique {
        /// How many it has.
        count: usize,
    },
    /// A connection that is neither text nor an object.
    #[error("a connection must be text or an object, and this is of type `{found}`")]
    UnexpectedType {
        /// Python's name of the type.
        found: &'static str,
    },
    /// Both `extra` and `extra_dejson`.
    #[error("`extra` and `extra_dejson` cannot stand beside each other")]
    BothExtras,
    /// An `extra_dejson` that JSON cannot hold.
    #[error("`extra_dejson` holds a date, which JSON cannot hold")]
    ExtraHoldsDate,
    /// An extra or `extra_dejson` that `json.dumps` raises over.
    #[error("its extra cannot be written as JSON: {0}")]
    ExtraNotDumped(YamlError),
    /// A `conn_id` that is not the entry's key.
    #[error("its `conn_id` is not the key it stands under")]
    ConnIdMismatch,
    /// An alias of YAML stands for the object of another connection, into which Airflow has written that one's id.
    #[error("it is an alias (`*`) of another connection, on which Airflow fails")]
    SharedObject,
    /// Airflow makes no connection of it.
    #[error("{0}")]
    Connection(#[from] ConnectionError),
    /// The YAML value cannot be written out.
    #[error("{0}")]
    Value(#[from] YamlError),
}

impl Fault for LocalFilesystemError {
    fn is_own_refusal(&self) -> bool {
        match self {
            Self::File(error) => error.is_own_refusal(),
            Self::Json { error, .. } => error.may_be_read_by_python(),
            Self::Yaml { error, .. } => error.may_be_read_by_python(),
            Self::Entry { problem, .. } => match problem {
                EntryProblem::Connection(error) => error.is_own_refusal(),
                EntryProblem::Value(error) => error.may_be_read_by_python(),
                _ => false,
            },
            _ => false,
        }
    }

    /// A file that the settings name wrongly, or one that holds what Airflow cannot use.
    fn failure(&self) -> Failure {
        match self {
            Self::PathNotText { .. } | Self::UnsupportedType { .. } => Failure::Configuration,
            Self::File(error) => error.failure(),
            Self::Empty { .. }
            | Self::NotAnObject { .. }
            | Self::Json { .. }
            | Self::Yaml { .. }
            | Self::Env { .. }
            | Self::Entry { .. } => Failure::Malformed,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::UnsupportedType { path } => unsupported_type_hint(path),
            Self::File(TextFileError::Missing { path }) => Some(missing_hint(path).to_owned()),
            Self::Empty { .. } => Some("write `{}` into it to hold nothing".to_owned()),
            Self::Yaml { error, .. } => error.hint(),
            Self::Env { problem, .. } => Some(problem.hint().to_owned()),
            Self::Entry { problem, .. } => problem.hint(),
            Self::PathNotText { .. }
            | Self::File(_)
            | Self::NotAnObject { .. }
            | Self::Json { .. } => None,
        }
    }
}

fn missing_hint(path: &Path) -> &'static str {
    if path.starts_with("~") {
        "Airflow does not expand `~` in a kwarg"
    } else {
        "a relative path starts at the directory that the command runs in"
    }
}

/// `.env` is the name that other tools use, and no extension to Airflow.
fn unsupported_type_hint(path: &str) -> Option<String> {
    let is_bare = path == ".env" || path.ends_with("/.env");
    is_bare.then(|| {
        "to Airflow a file named `.env` has no extension: name it `secrets.env`, say".to_owned()
    })
}

impl EntryProblem {
    fn hint(&self) -> Option<String> {
        match self {
            Self::SharedObject => Some(
                "write the fields out, or merge them with `<<: *NAME`, which makes an object of its own"
                    .to_owned(),
            ),
            Self::Connection(error) => error.hint(),
            Self::Value(error) => error.hint(),
            Self::BothExtras => Some("keep one of them".to_owned()),
            Self::ExtraHoldsDate => Some("write the date in quotes".to_owned()),
            Self::ConnIdMismatch => Some("take `conn_id` out: the key is the id".to_owned()),
            Self::NotUnique { .. } | Self::UnexpectedType { .. } | Self::ExtraNotDumped(_) => None,
        }
    }
}
