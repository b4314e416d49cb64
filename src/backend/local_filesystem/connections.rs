//! Connections in a secrets file (`load_connections_dict` and `_create_connection` of Airflow 3.3.2).
//!
//! The surprising rules: text is always taken for a URI, even if it is JSON; an object's fields are used as they are, so a port
//! may stay text; and every connection is built for every lookup, so that one which cannot be built or encrypted fails them all.

use std::collections::{HashMap, HashSet};

use super::error::{EntryProblem, LocalFilesystemError};
use super::secrets_file::{Entry, SecretsFile};
use super::{near_miss, yaml_object};
use crate::airflow_version::AirflowVersion;
use crate::backend::{Answer, Secret};
use crate::connection::{Connection, Model};
use crate::python::json::{Dict, Value, dumps, is_serializable};
use crate::python::yaml::ObjectId;
use crate::secret::SecretText;

/// A connection that Airflow has built.
pub(super) struct Built {
    pub secret: Secret,
    /// Whether a part of it was encrypted.
    pub is_encrypted: bool,
    /// Why secretctl cannot say what is in it.
    pub refusal: Option<EntryProblem>,
    /// Its description, where that is an object into which more may be written before Airflow is done.
    pub description: Option<ObjectId>,
}

/// Builds every connection of the file, as Airflow does, and picks those that are asked for.
///
/// # Errors
/// One of them cannot be built.
pub(super) fn find_all(
    mut file: SecretsFile<'_>,
    ids: &[String],
) -> Result<Vec<Result<Answer, LocalFilesystemError>>, LocalFilesystemError> {
    let built = build_all(&mut file)?;
    let is_encrypted = built.iter().flatten().any(|built| built.is_encrypted);
    let places: HashMap<&str, usize> = file
        .entries()
        .enumerate()
        .filter_map(|(index, entry)| Some((entry.key?, index)))
        .collect();
    let answer = |id: &String| {
        let answer = match places.get(id.as_str()) {
            None => Answer::Absent(near_miss(&file, id)),
            Some(index) => answer(&file, *index, &built[*index])?,
        };
        Ok(match is_encrypted {
            true => Answer::IfEncrypted(Box::new(answer)),
            false => answer,
        })
    };
    Ok(ids.iter().map(answer).collect())
}

/// The connection of every entry; nothing for an empty list.
fn build_all(file: &mut SecretsFile<'_>) -> Result<Vec<Option<Built>>, LocalFilesystemError> {
    let mut built = Vec::with_capacity(file.len());
    let mut objects = HashSet::new();
    for index in 0..file.len() {
        let connection = build(file, index, &mut objects);
        built.push(connection.map_err(|problem| file.bad_entry(index, problem))?);
    }
    if let Some(document) = file.document() {
        built
            .iter_mut()
            .flatten()
            .for_each(|built| yaml_object::read_description(document, built));
    }
    Ok(built)
}

fn answer(
    file: &SecretsFile<'_>,
    index: usize,
    built: &Option<Built>,
) -> Result<Answer, LocalFilesystemError> {
    match built {
        None => Ok(Answer::Absent(Some(
            "its list of connections is empty".to_owned(),
        ))),
        Some(Built {
            refusal: Some(refusal),
            ..
        }) => Err(file.bad_entry(index, refusal.clone())),
        Some(built) => Ok(Answer::Found(built.secret.clone())),
    }
}

/// The connection of one entry. `objects` are those that an entry has been built from.
fn build(
    file: &mut SecretsFile<'_>,
    index: usize,
    objects: &mut HashSet<ObjectId>,
) -> Result<Option<Built>, EntryProblem> {
    let version = file.version();
    let Some(entry) = file.entry(index) else {
        return Ok(None);
    };
    let length = entry.list_length();
    if let Some(count) = length.filter(|count| *count > 1) {
        return Err(EntryProblem::NotUnique { count });
    }
    if length == Some(0) {
        return Ok(None);
    }
    if let Some((key, object)) = entry.objects()
        && let Some(document) = file.document()
    {
        match document.type_name(object) {
            "dict" if !objects.insert(object) => return Err(EntryProblem::SharedObject),
            "dict" => return yaml_object::build(document, key, object, version).map(Some),
            "str" => {}
            found => return Err(EntryProblem::UnexpectedType { found }),
        }
    }
    match file.entry(index) {
        Some(entry) => of_value(&entry, version),
        None => Ok(None),
    }
}

fn of_value(entry: &Entry<'_>, version: AirflowVersion) -> Result<Option<Built>, EntryProblem> {
    match entry.unwrapped()? {
        None => Ok(None),
        Some(Value::Text(uri)) => of_uri(uri, version).map(Some),
        Some(Value::Dict(fields)) => {
            of_json_object(entry.key_as_written, fields, version).map(Some)
        }
        Some(value) => Err(EntryProblem::UnexpectedType {
            found: value.type_name(),
        }),
    }
}

fn of_uri(uri: SecretText, version: AirflowVersion) -> Result<Built, EntryProblem> {
    let arguments = Dict::from([("uri".to_owned(), Value::Text(uri.clone()))]);
    let is_encrypted = Connection::encrypts(Model::server(version), arguments)?;
    Ok(Built {
        secret: Secret::ConnectionUri(uri),
        is_encrypted,
        refusal: None,
        description: None,
    })
}

fn of_json_object(
    key: &str,
    mut fields: Dict,
    version: AirflowVersion,
) -> Result<Built, EntryProblem> {
    if fields.contains_key("extra") && fields.contains_key("extra_dejson") {
        return Err(EntryProblem::BothExtras);
    }
    if let Some(extra) = fields.shift_remove("extra_dejson") {
        fields.insert("extra".to_owned(), Value::text(dumped(&extra)?));
    }
    if let Some(conn_id) = fields.shift_remove("conn_id")
        && conn_id.as_text().map(SecretText::expose) != Some(key)
    {
        return Err(EntryProblem::ConnIdMismatch);
    }
    of_fields(fields, version)
}

/// `json.dumps(extra)`
pub(super) fn dumped(extra: &Value) -> Result<String, EntryProblem> {
    match is_serializable(extra) {
        true => Ok(dumps(extra)),
        false => Err(EntryProblem::ExtraHoldsDate),
    }
}

/// What the constructor makes of these fields. What `get_uri()` raises is no matter here: Airflow calls it for the one
/// connection that it was asked for, after the file is loaded.
pub(super) fn of_fields(fields: Dict, version: AirflowVersion) -> Result<Built, EntryProblem> {
    let is_encrypted = Connection::encrypts(Model::server(version), fields.clone())?;
    Ok(Built {
        secret: Secret::ConnectionFields(fields),
        is_encrypted,
        refusal: None,
        description: None,
    })
}
