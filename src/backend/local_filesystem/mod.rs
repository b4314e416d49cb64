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
mod yaml_object;

use async_trait::async_trait;

use super::kwargs::{KwargError, Kwargs};
use super::{Answer, Backend, BackendError, Location, Secret, SecretRef};
use crate::airflow_version::AirflowVersion;
use crate::deadline::Deadline;
use crate::python::json::Value;
use crate::secret::SecretText;
use crate::secret_kind::{PerKind, SecretId, SecretKind};
use error::shown;
pub use error::{EntryProblem, LocalFilesystemError};
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

/// The kwarg that names the file of a kind.
fn kwarg_of(kind: SecretKind) -> &'static str {
    match kind {
        SecretKind::Connection => CONNECTIONS_FILE_PATH,
        SecretKind::Variable => VARIABLES_FILE_PATH,
        SecretKind::Config => CONFIGS_FILE_PATH,
    }
}

/// The backend. Relative paths start at the working directory of the process.
#[derive(Clone, Debug)]
pub struct LocalFilesystemBackend {
    files: PerKind<FilePath>,
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
        let files = PerKind::from_fn(|kind| FilePath::of(kwargs.get(kwarg_of(kind))));
        Ok(Self { files, version })
    }

    /// Reads the file of this kind, once for all of `ids`, and looks each of them up in it.
    async fn read(
        &self,
        kind: SecretKind,
        ids: Vec<String>,
        deadline: Deadline,
    ) -> Vec<Result<Answer, BackendError>> {
        let text = match self.files.get(kind) {
            FilePath::Set(path) => SecretsFile::text(path, self.version, deadline)
                .await
                .map(|text| (path.clone(), text)),
            FilePath::Unset => {
                return ids
                    .iter()
                    .map(|_| Ok(Answer::Absent(Some(unset(kind)))))
                    .collect();
            }
            FilePath::NotText(found) => Err(LocalFilesystemError::PathNotText {
                kwarg: kwarg_of(kind),
                found,
            }),
        };
        let (count, version) = (ids.len(), self.version);
        let parsed = match text {
            Ok((path, text)) => {
                deadline
                    .off_thread(move || find_all(&path, &text, version, kind, &ids))
                    .await
            }
            Err(error) => return vec![Err(error.into()); count],
        };
        match parsed {
            Ok(answers) => answers.into_iter().map(|answer| Ok(answer?)).collect(),
            Err(timed_out) => vec![Err(timed_out.into()); count],
        }
    }
}

/// Parses a file and looks every id up in it, each as if Airflow read the file for it alone.
fn find_all(
    path: &str,
    text: &SecretText,
    version: AirflowVersion,
    kind: SecretKind,
    ids: &[String],
) -> Vec<Result<Answer, LocalFilesystemError>> {
    let parsed = SecretsFile::parse(path, text, version);
    let found = parsed.and_then(|file| match kind {
        SecretKind::Connection => connections::find_all(file, ids),
        SecretKind::Variable => Ok(find_each(&file, ids, find_variable)),
        SecretKind::Config => Ok(find_each(&file, ids, find_config)),
    });
    found.unwrap_or_else(|error| vec![Err(error); ids.len()])
}

fn find_each(
    file: &SecretsFile<'_>,
    ids: &[String],
    find: fn(&SecretsFile<'_>, &str) -> Result<Option<Answer>, LocalFilesystemError>,
) -> Vec<Result<Answer, LocalFilesystemError>> {
    let answer =
        |id: &String| Ok(find(file, id)?.unwrap_or_else(|| Answer::Absent(near_miss(file, id))));
    ids.iter().map(answer).collect()
}

#[async_trait]
impl Backend for LocalFilesystemBackend {
    fn name(&self) -> &'static str {
        "LocalFilesystemBackend"
    }

    fn locate(&self, secret: &SecretId) -> Location {
        let file = match self.files.get(secret.kind) {
            FilePath::Unset => return Location::Skipped(unset(secret.kind)),
            FilePath::Set(path) => path.as_str(),
            FilePath::NotText(_) => kwarg_of(secret.kind),
        };
        Location::At(SecretRef::local(secret, format!("{file}#{}", secret.id)))
    }

    async fn get(&self, secret: &SecretRef, deadline: Deadline) -> Result<Answer, BackendError> {
        let SecretId { kind, id } = secret.secret.clone();
        let answers = self.read(kind, vec![id], deadline).await;
        answers
            .into_iter()
            .next()
            .unwrap_or(Ok(Answer::Absent(None)))
    }

    async fn get_many(
        &self,
        secrets: &[SecretRef],
        deadline: Deadline,
    ) -> Vec<Result<Answer, BackendError>> {
        let Some(first) = secrets.first() else {
            return Vec::new();
        };
        let ids = secrets.iter().map(|secret| secret.secret.id.clone());
        self.read(first.secret.kind, ids.collect(), deadline).await
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

fn unset(kind: SecretKind) -> String {
    format!("`{}` is not set", kwarg_of(kind))
}

/// A variable of any type, a list too; in an env file, and before Airflow 3.2 in any, every key must have one value.
fn find_variable(
    file: &SecretsFile<'_>,
    key: &str,
) -> Result<Option<Answer>, LocalFilesystemError> {
    if file.is_env() || !file.version().keeps_lists() {
        return find_config(file, key);
    }
    let mut entries = file.entries().enumerate();
    let Some((index, entry)) = entries.find(|(_, entry)| entry.key == Some(key)) else {
        return Ok(None);
    };
    let value = entry
        .value()
        .map_err(|error| file.bad_entry(index, error))?;
    Ok(Some(answer(value)))
}

/// A config option of any type; every list in the file must have one item, which stands for it.
fn find_config(file: &SecretsFile<'_>, key: &str) -> Result<Option<Answer>, LocalFilesystemError> {
    let mut found = None;
    for (index, entry) in file.entries().enumerate() {
        if let Some(count) = entry.list_length().filter(|count| *count != 1) {
            return Err(file.bad_entry(index, EntryProblem::NotUnique { count }));
        }
        if entry.key == Some(key) {
            let value = entry
                .unwrapped()
                .map_err(|error| file.bad_entry(index, error))?;
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
