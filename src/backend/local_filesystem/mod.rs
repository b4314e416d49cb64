//! `LocalFilesystemBackend`: connections, variables and config options in files (`airflow.secrets.local_filesystem` of
//! Airflow 3.3.2).
//!
//! The surprising rule: a file is read again, and as a whole, for every lookup, so an error in any entry fails them all.

mod connections;
mod env_format;
mod error;
mod secrets_file;
#[cfg(test)]
mod tests;

use async_trait::async_trait;

use super::kwargs::{KwargError, Kwargs};
use super::{Answer, Backend, Location, Secret, SecretKind};
use crate::airflow_version::AirflowVersion;
use crate::error::Result;
use crate::python::json::Value;
pub use env_format::EnvProblem;
use error::shown;
pub use error::{EntryPlace, EntryProblem, LocalFilesystemError};
use secrets_file::SecretsFile;

/// The kwargs of the class; it takes no others.
pub const KWARGS: &[&str] = &[
    VARIABLES_FILE_PATH,
    CONNECTIONS_FILE_PATH,
    CONFIGS_FILE_PATH,
];

const VARIABLES_FILE_PATH: &str = "variables_file_path";
const CONNECTIONS_FILE_PATH: &str = "connections_file_path";
const CONFIGS_FILE_PATH: &str = "configs_file_path";

/// The backend. Relative paths start at the working directory of the process.
#[derive(Clone, Debug)]
pub struct LocalFilesystemBackend {
    variables_file: FilePath,
    connections_file: FilePath,
    configs_file: FilePath,
    version: AirflowVersion,
}

/// What a kwarg says.
#[derive(Clone, Debug)]
enum FilePath {
    /// Nothing, or anything that counts as false.
    Unset,
    Set(String),
    /// Another type, which Airflow only notices when it opens the file.
    NotText(&'static str),
}

impl LocalFilesystemBackend {
    /// Takes the kwargs as they are; no file is opened yet.
    ///
    /// # Errors
    /// A kwarg that this release does not have.
    pub fn open(kwargs: Kwargs<'_>, version: AirflowVersion) -> Result<Self, KwargError> {
        if kwargs.get(CONFIGS_FILE_PATH).is_some() && !version.has_configs_file() {
            return Err(kwargs.too_new(CONFIGS_FILE_PATH, version, AirflowVersion::V3_2));
        }
        let path = |kwarg| FilePath::of(kwargs.get(kwarg));
        Ok(Self {
            variables_file: path(VARIABLES_FILE_PATH),
            connections_file: path(CONNECTIONS_FILE_PATH),
            configs_file: path(CONFIGS_FILE_PATH),
            version,
        })
    }

    /// Reads the file of this kind and looks `id` up in it.
    ///
    /// It blocks for as long as reading takes, which for a named pipe has no end.
    ///
    /// # Errors
    /// Where Airflow raises, be it for another entry of the file.
    fn read(&self, kind: SecretKind, id: &str) -> Result<Answer, LocalFilesystemError> {
        let path = match self.file(kind) {
            (kwarg, FilePath::Unset) => return Ok(Answer::Absent(Some(unset(kwarg)))),
            (kwarg, FilePath::NotText(found)) => {
                return Err(LocalFilesystemError::PathNotText { kwarg, found });
            }
            (_, FilePath::Set(path)) => path,
        };
        let file = SecretsFile::read(path, self.version)?;
        let found = match kind {
            SecretKind::Connection => connections::find(&file, id)?,
            SecretKind::Variable => find_variable(&file, id)?,
            SecretKind::Config => find_config(&file, id)?,
        };
        Ok(found.unwrap_or_else(|| Answer::Absent(near_miss(&file, id))))
    }

    fn file(&self, kind: SecretKind) -> (&'static str, &FilePath) {
        match kind {
            SecretKind::Connection => (CONNECTIONS_FILE_PATH, &self.connections_file),
            SecretKind::Variable => (VARIABLES_FILE_PATH, &self.variables_file),
            SecretKind::Config => (CONFIGS_FILE_PATH, &self.configs_file),
        }
    }
}

#[async_trait]
impl Backend for LocalFilesystemBackend {
    fn name(&self) -> &'static str {
        "LocalFilesystemBackend"
    }

    fn locate(&self, kind: SecretKind, id: &str) -> Location {
        let (kwarg, file) = self.file(kind);
        match file {
            FilePath::Unset => Location::Skipped(unset(kwarg)),
            FilePath::Set(path) => Location::local(format!("{path}#{id}")),
            FilePath::NotText(_) => Location::local(format!("{kwarg}#{id}")),
        }
    }

    async fn get(&self, kind: SecretKind, id: &str) -> Result<Answer> {
        let (backend, id) = (self.clone(), id.to_owned());
        // On a thread of its own, so that a pipe without a writer cannot outlast the time limit.
        match tokio::task::spawn_blocking(move || backend.read(kind, &id)).await {
            Ok(answer) => Ok(answer?),
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        }
    }
}

impl FilePath {
    fn of(kwarg: Option<&Value>) -> Self {
        match kwarg {
            None => FilePath::Unset,
            Some(value) if !value.is_truthy() => FilePath::Unset,
            Some(Value::Text(path)) => FilePath::Set(path.expose().to_owned()),
            Some(value) => FilePath::NotText(value.type_name()),
        }
    }
}

fn unset(kwarg: &str) -> String {
    format!("`{kwarg}` is not set")
}

/// A variable of any type, a list too; in an env file, and before Airflow 3.2 in any, every key must have one value.
fn find_variable(
    file: &SecretsFile<'_>,
    key: &str,
) -> Result<Option<Answer>, LocalFilesystemError> {
    if file.is_env() || !file.version().keeps_lists() {
        return find_config(file, key);
    }
    let Some(entry) = file.entries().find(|entry| entry.key == Some(key)) else {
        return Ok(None);
    };
    let value = entry
        .value()
        .map_err(|error| file.bad_entry(&entry, error))?;
    Ok(Some(answer(value)))
}

/// A config option of any type; every list in the file must have one item, which stands for it.
fn find_config(file: &SecretsFile<'_>, key: &str) -> Result<Option<Answer>, LocalFilesystemError> {
    let mut found = None;
    for entry in file.entries() {
        if let Some(count) = entry.list_length().filter(|count| *count != 1) {
            return Err(file.bad_entry(&entry, EntryProblem::NotUnique { count }));
        }
        if entry.key == Some(key) {
            let value = entry
                .unwrapped()
                .map_err(|error| file.bad_entry(&entry, error))?;
            found = value.map(answer);
        }
    }
    Ok(found)
}

fn answer(value: Value) -> Answer {
    match value {
        Value::None => Answer::Absent(Some("its value is null".to_owned())),
        Value::Text(text) => Answer::Found(Secret::Text(text)),
        value => Answer::Found(Secret::Value(value)),
    }
}

/// An entry that may have been meant, and why it does not count.
fn near_miss(file: &SecretsFile<'_>, id: &str) -> Option<String> {
    file.entries().find_map(|entry| {
        let written = entry.key_as_written;
        if entry.key.is_none() && written == id {
            return Some(format!(
                "the file has this key as a Python `{}`, which no id is equal to; put quotes around it",
                entry.key_type
            ));
        }
        let name = written.trim_start_matches('\u{feff}');
        let name = name.strip_prefix("export ").unwrap_or(name);
        let is_near = name.trim().to_lowercase() == id.trim().to_lowercase();
        is_near.then(|| format!("the file has `{}`; Airflow wants the very same id", shown(written)))
    })
}
