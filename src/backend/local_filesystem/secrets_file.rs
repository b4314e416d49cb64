//! A secrets file: its format, its text, its entries (`_parse_secret_file` of Airflow 3.3.2).
//!
//! The surprising rule: the format goes by `pathlib.Path(path).suffix`, so a file named just `.env` has none; before Airflow
//! 3.1 it goes by what follows the last point of the path, so that `.env` has one, and a path without a point is its own.

use std::path::Path;

use super::env_format::{self, EnvEntries, EnvValue};
use super::error::{EntryPlace, EntryProblem, LocalFilesystemError};
use crate::airflow_version::AirflowVersion;
use crate::deadline::Deadline;
use crate::python::json::{self, Dict, Value};
use crate::python::yaml::{self, Document, ObjectId, YamlError};
use crate::secret::SecretText;
use crate::text_file;

/// The largest file that is read, in bytes. Airflow has no limit; the limit keeps a wrong path from filling memory.
const MAX_BYTES: u64 = 16 << 20;

/// A file that has been read, whose every entry is still as it was written.
pub(super) struct SecretsFile<'a> {
    path: &'a str,
    version: AirflowVersion,
    content: Content,
}

enum Content {
    Env(EnvEntries),
    Json(Dict),
    Yaml(Document),
}

impl<'a> SecretsFile<'a> {
    /// Reads the text of the file, if its name tells a format. A named pipe is read to its end.
    ///
    /// # Errors
    /// No format, no such file, no text, or no end in time.
    pub(super) async fn text(
        path: &str,
        version: AirflowVersion,
        deadline: Deadline,
    ) -> Result<SecretText, LocalFilesystemError> {
        parser_of(path, version)?;
        read_text(path, deadline).await
    }

    /// Parses the text of the file at `path`.
    ///
    /// # Errors
    /// It is not of the format that the path tells.
    pub(super) fn parse(
        path: &'a str,
        text: &SecretText,
        version: AirflowVersion,
    ) -> Result<Self, LocalFilesystemError> {
        let parse = parser_of(path, version)?;
        let content = parse(path, version, text.expose())?;
        Ok(Self {
            path,
            version,
            content,
        })
    }

    /// The release whose rules it is read by.
    pub(super) fn version(&self) -> AirflowVersion {
        self.version
    }

    /// Whether it is an env file, where every value is a list: the key may stand there more than once.
    pub(super) fn is_env(&self) -> bool {
        matches!(self.content, Content::Env(_))
    }

    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        match &self.content {
            Content::Env(entries) => entries.len(),
            Content::Json(entries) => entries.len(),
            Content::Yaml(document) => document.len().unwrap_or_default(),
        }
    }

    /// All entries, in order.
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        (0..self.len()).filter_map(|index| self.entry(index))
    }

    /// The entry at a place, from 0.
    pub(super) fn entry(&self, index: usize) -> Option<Entry<'_>> {
        Some(match &self.content {
            Content::Env(entries) => {
                let (key, values) = entries.get_index(index)?;
                let line = values.last().map(|value| value.line);
                Entry::of_text_key(key, line, EntryValue::Env(values))
            }
            Content::Json(entries) => {
                let (key, value) = entries.get_index(index)?;
                Entry::of_text_key(key, None, EntryValue::Json(value))
            }
            Content::Yaml(document) => {
                let entry = document.entry(index)?;
                Entry {
                    key: entry.key(),
                    key_as_written: entry.key_as_written(),
                    key_type: entry.key_type_name(),
                    line: Some(entry.line()),
                    value: EntryValue::Yaml(entry),
                }
            }
        })
    }

    /// The document, if it is one of YAML: its objects may be written into.
    pub(super) fn document(&mut self) -> Option<&mut Document> {
        match &mut self.content {
            Content::Yaml(document) => Some(document),
            Content::Env(_) | Content::Json(_) => None,
        }
    }

    /// The error that the entry at a place of this file makes.
    pub(super) fn bad_entry(
        &self,
        index: usize,
        problem: impl Into<EntryProblem>,
    ) -> LocalFilesystemError {
        let entry = self.entry(index);
        let key = entry.as_ref().map_or("", |entry| entry.key_as_written);
        LocalFilesystemError::Entry {
            path: self.path.to_owned(),
            place: EntryPlace {
                key: key.to_owned(),
                line: entry.and_then(|entry| entry.line),
            },
            problem: problem.into(),
        }
    }
}

/// One id and what is kept under it.
pub(super) struct Entry<'a> {
    /// The key, if it is a `str`: YAML has other keys too, and no id is ever equal to them.
    pub key: Option<&'a str>,
    pub key_as_written: &'a str,
    /// Python's name for the type of the key.
    pub key_type: &'static str,
    /// The line, from 1; JSON does not tell it.
    pub line: Option<usize>,
    value: EntryValue<'a>,
}

enum EntryValue<'a> {
    Env(&'a [EnvValue]),
    Json(&'a Value),
    Yaml(yaml::Entry<'a>),
}

impl<'a> Entry<'a> {
    fn of_text_key(key: &'a str, line: Option<usize>, value: EntryValue<'a>) -> Self {
        Self {
            key: Some(key),
            key_as_written: key,
            key_type: "str",
            line,
            value,
        }
    }

    /// How many items the value has, if it is a list.
    pub(super) fn list_length(&self) -> Option<usize> {
        match &self.value {
            EntryValue::Env(values) => Some(values.len()),
            EntryValue::Json(Value::List(items)) => Some(items.len()),
            EntryValue::Json(_) => None,
            EntryValue::Yaml(entry) => entry.list_length(),
        }
    }

    /// The value as it is.
    pub(super) fn value(&self) -> Result<Value, YamlError> {
        match &self.value {
            EntryValue::Env(values) => Ok(Value::List(
                values
                    .iter()
                    .map(|value| Value::Text(value.text.clone()))
                    .collect(),
            )),
            EntryValue::Json(value) => Ok((*value).clone()),
            EntryValue::Yaml(entry) => entry.value(),
        }
    }

    /// The key and the value of [`Entry::unwrapped`] as objects, in the one format that has aliases.
    pub(super) fn objects(&self) -> Option<(ObjectId, ObjectId)> {
        match &self.value {
            EntryValue::Yaml(entry) => Some((entry.key_object(), entry.object())),
            EntryValue::Env(_) | EntryValue::Json(_) => None,
        }
    }

    /// The value, and of a list its last item; nothing if the list is empty.
    pub(super) fn unwrapped(&self) -> Result<Option<Value>, YamlError> {
        Ok(match self.value()? {
            Value::List(mut items) => items.pop(),
            value => Some(value),
        })
    }
}

type Parser = fn(&str, AirflowVersion, &str) -> Result<Content, LocalFilesystemError>;

/// The format by the extension, in any case.
fn parser_of(path: &str, version: AirflowVersion) -> Result<Parser, LocalFilesystemError> {
    let file_type = match version.takes_file_type_from_suffix() {
        true => suffix(path),
        false => path.rsplit('.').next().unwrap_or_default(),
    };
    match file_type.to_ascii_lowercase().as_str() {
        "env" => Ok(parse_env),
        "json" => Ok(parse_json),
        "yaml" | "yml" => Ok(parse_yaml),
        _ => Err(LocalFilesystemError::UnsupportedType {
            path: path.to_owned(),
        }),
    }
}

/// `pathlib.Path(path).suffix` without its point: what follows the last point of the last name, if something stands on
/// both sides of the point.
fn suffix(path: &str) -> &str {
    let mut names = path.split('/').filter(|name| !matches!(*name, "" | "."));
    match names.next_back().and_then(|name| name.rsplit_once('.')) {
        Some((stem, suffix)) if !stem.is_empty() => suffix,
        _ => "",
    }
}

/// `open(path).read()`: UTF-8, every line break made a `\n`.
async fn read_text(path: &str, deadline: Deadline) -> Result<SecretText, LocalFilesystemError> {
    let text = SecretText::new(text_file::read(Path::new(path), MAX_BYTES, deadline).await?);
    if !text.expose().contains('\r') {
        return Ok(text);
    }
    let unix = SecretText::new(text.expose().replace("\r\n", "\n"));
    Ok(SecretText::new(unix.expose().replace('\r', "\n")))
}

fn parse_env(
    path: &str,
    version: AirflowVersion,
    text: &str,
) -> Result<Content, LocalFilesystemError> {
    let entries =
        env_format::parse(text, version).map_err(|(line, problem)| LocalFilesystemError::Env {
            path: path.to_owned(),
            line,
            problem,
        })?;
    Ok(Content::Env(entries))
}

fn parse_json(path: &str, _: AirflowVersion, text: &str) -> Result<Content, LocalFilesystemError> {
    refuse_empty(path, text)?;
    match json::loads(text) {
        Ok(Value::Dict(entries)) => Ok(Content::Json(entries)),
        Ok(_) => Err(LocalFilesystemError::NotAnObject {
            path: path.to_owned(),
        }),
        Err(error) => Err(LocalFilesystemError::Json {
            path: path.to_owned(),
            error,
        }),
    }
}

fn parse_yaml(path: &str, _: AirflowVersion, text: &str) -> Result<Content, LocalFilesystemError> {
    refuse_empty(path, text)?;
    match yaml::safe_load(text) {
        Ok(document) if document.len().is_some() => Ok(Content::Yaml(document)),
        Ok(_) => Err(LocalFilesystemError::NotAnObject {
            path: path.to_owned(),
        }),
        Err(error) => Err(LocalFilesystemError::Yaml {
            path: path.to_owned(),
            error,
        }),
    }
}

/// Only a file of no bytes at all is empty; any other is left to its parser.
fn refuse_empty(path: &str, text: &str) -> Result<(), LocalFilesystemError> {
    if text.is_empty() {
        return Err(LocalFilesystemError::Empty {
            path: path.to_owned(),
        });
    }
    Ok(())
}
