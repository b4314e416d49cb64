//! Connections in a secrets file (`load_connections_dict` and `_create_connection` of Airflow 3.3.2).
//!
//! The surprising rule: text is always taken for a URI, even if it is JSON; an object's fields are used as they are, so a port
//! may stay text; and Airflow writes the id into the object, so that two ids cannot share one by an alias of YAML.

use std::collections::HashSet;

use super::error::{EntryProblem, LocalFilesystemError};
use super::secrets_file::{Entry, SecretsFile};
use crate::airflow_version::AirflowVersion;
use crate::backend::{Answer, Secret};
use crate::connection::{Connection, ConnectionError, Model};
use crate::python::json::{Dict, Value, dumps, is_serializable};
use crate::secret::SecretText;

/// Builds every connection of the file, as Airflow does, and picks one. Nothing is said about an id that is not there.
pub(super) fn find(
    file: &SecretsFile<'_>,
    conn_id: &str,
) -> Result<Option<Answer>, LocalFilesystemError> {
    let mut found = None;
    let mut objects = HashSet::new();
    for entry in file.entries() {
        let connection =
            read(&entry, file.version()).map_err(|problem| file.bad_entry(&entry, problem))?;
        let is_object = matches!(connection, Some(Secret::ConnectionFields(_)));
        let is_shared = entry
            .identity()
            .is_some_and(|object| !objects.insert(object));
        if is_object && is_shared {
            return Err(file.bad_entry(&entry, EntryProblem::SharedObject));
        }
        if entry.key == Some(conn_id) {
            let empty = || Answer::Absent(Some("its list of connections is empty".to_owned()));
            found = Some(connection.map_or_else(empty, Answer::Found));
        }
    }
    Ok(found)
}

/// The connection of an entry; nothing for an empty list.
fn read(entry: &Entry<'_>, version: AirflowVersion) -> Result<Option<Secret>, EntryProblem> {
    if let Some(count) = entry.list_length().filter(|count| *count > 1) {
        return Err(EntryProblem::NotUnique { count });
    }
    match entry.unwrapped()? {
        None => Ok(None),
        Some(Value::Text(uri)) => from_uri(entry, uri, version).map(Some),
        Some(Value::Dict(fields)) => from_fields(entry, fields, version).map(Some),
        Some(value) => Err(EntryProblem::UnexpectedType {
            found: value.type_name(),
        }),
    }
}

fn from_uri(
    entry: &Entry<'_>,
    uri: SecretText,
    version: AirflowVersion,
) -> Result<Secret, EntryProblem> {
    refuse_what_airflow_refuses(Connection::from_uri(
        Model::server(version),
        entry.key_as_written,
        &uri,
    ))?;
    Ok(Secret::ConnectionUri(uri))
}

fn from_fields(
    entry: &Entry<'_>,
    mut fields: Dict,
    version: AirflowVersion,
) -> Result<Secret, EntryProblem> {
    if fields.contains_key("extra") && fields.contains_key("extra_dejson") {
        return Err(EntryProblem::BothExtras);
    }
    if let Some(extra) = fields.shift_remove("extra_dejson") {
        if !is_serializable(&extra) {
            return Err(EntryProblem::ExtraHoldsDate);
        }
        fields.insert("extra".to_owned(), Value::text(dumps(&extra)));
    }
    if let Some(conn_id) = fields.shift_remove("conn_id") {
        let conn_id = conn_id.as_text().map(SecretText::expose);
        if conn_id.is_none() || conn_id != entry.key {
            return Err(EntryProblem::ConnIdMismatch);
        }
    }
    let connection =
        Connection::from_fields(Model::server(version), entry.key_as_written, fields.clone());
    refuse_what_airflow_refuses(connection)?;
    Ok(Secret::ConnectionFields(fields))
}

/// Passes on what the constructor raises. What `get_uri()` raises is no matter here: Airflow calls it for the one
/// connection that it was asked for, after the file is loaded.
fn refuse_what_airflow_refuses(
    connection: Result<Connection, ConnectionError>,
) -> Result<(), ConnectionError> {
    match connection {
        Ok(_) | Err(ConnectionError::NoUri(_)) => Ok(()),
        Err(error) => Err(error),
    }
}
