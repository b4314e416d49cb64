//! What Airflow makes of a backend's answer: a connection, a value, or nothing.
//!
//! Mirrors `BaseSecretsBackend.get_connection` and `Variable.get` of Airflow 3.3.2 and task-sdk 1.3.2. The surprising rule: an
//! empty text is no connection, but it is a variable.

use super::FoundValue;
use crate::backend::{Answer, Secret};
use crate::connection::{Connection, Model};
use crate::error::{Error, Result};
use crate::python::json::{self, Value};
use crate::secret_kind::SecretKind;

/// What Airflow makes of a backend's answer.
pub(super) enum Usable {
    Found(FoundValue),
    Absent(Option<String>),
}

/// Turns what is stored into what Airflow hands out.
pub(super) fn usable(answer: Answer, kind: SecretKind, id: &str, model: Model) -> Result<Usable> {
    let secret = match answer {
        Answer::Absent(why) => return Ok(Usable::Absent(why)),
        Answer::Found(secret) => secret,
    };
    if kind == SecretKind::Connection {
        return connection_in(secret, id, model);
    }
    let value = match secret {
        Secret::Text(text) | Secret::ConnectionUri(text) => Value::Text(text),
        Secret::Value(value) => value,
        Secret::ConnectionFields(fields) => Value::Dict(fields),
    };
    match value {
        Value::None => Ok(Usable::Absent(Some("the stored value is null".into()))),
        value => Ok(Usable::Found(FoundValue::Value(value))),
    }
}

/// `BaseSecretsBackend.get_connection`: an empty value is none, anything else must parse.
fn connection_in(secret: Secret, conn_id: &str, model: Model) -> Result<Usable> {
    let (connection, stored) = match secret {
        Secret::Text(text) if text.expose().is_empty() => {
            return Ok(Usable::Absent(Some(
                "the stored value is empty, which Airflow takes for absent".into(),
            )));
        }
        Secret::Text(text) => (Connection::parse(model, conn_id, &text)?, text),
        // LocalFilesystemBackend builds the server's Connection in a worker too.
        Secret::ConnectionUri(text) => (
            Connection::from_uri(model.of_server(), conn_id, &text)?,
            text,
        ),
        Secret::ConnectionFields(fields) => {
            let stored = json::dumps(&Value::Dict(fields.clone())).into();
            (
                Connection::from_fields(model.of_server(), conn_id, fields)?,
                stored,
            )
        }
        Secret::Value(value) if !value.is_truthy() => return Ok(Usable::Absent(None)),
        Secret::Value(value) => {
            return Err(Error::NotText {
                type_name: value.type_name(),
            });
        }
    };
    Ok(Usable::Found(FoundValue::Connection {
        connection: Box::new(connection),
        stored,
    }))
}
