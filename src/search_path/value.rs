//! What Airflow makes of a backend's answer: a connection, a value, or nothing.
//!
//! Mirrors `BaseSecretsBackend.get_connection` and `Variable.get` of Airflow 3.3.2 and task-sdk 1.3.2. Surprising rules: an
//! empty text is not a connection, but it is a variable; and a worker reads JSON while it asks the layers, so that text which
//! is not JSON leaves the variable to the next layer, while the server reads it afterwards, and fails.

use super::LayerError;
use super::lookup::FoundValue;
use crate::backend::{Answer, Secret};
use crate::connection::{Connection, Model};
use crate::python::json::{self, Value};
use crate::secret_kind::{SecretId, SecretKind};

/// What Airflow makes of a backend's answer.
pub(super) enum Reading {
    /// It uses this.
    Found(FoundValue),
    /// It takes it for absent, and what more there is to say of that.
    Absent(Option<String>),
}

/// Turns what is stored into what Airflow hands out; `as_json` reads it as `deserialize_json=True` does.
///
/// # Errors
/// The value is not one that Airflow can use.
pub(super) fn read(
    answer: Answer,
    secret: &SecretId,
    model: Model,
    as_json: bool,
) -> Result<Reading, LayerError> {
    let stored = match answer {
        Answer::Absent(why) => return Ok(Reading::Absent(why)),
        Answer::Found(stored) => stored,
        Answer::IfEncrypted(answer) => return read(*answer, secret, model, as_json),
    };
    if secret.kind == SecretKind::Connection {
        return connection_in(stored, &secret.id, model);
    }
    let value = match stored {
        Secret::Text(text) | Secret::ConnectionUri(text) => Value::Text(text),
        Secret::Value(value) => value,
        Secret::ConnectionFields(fields) => Value::Dict(fields),
    };
    match value {
        Value::None => Ok(Reading::Absent(Some("the stored value is null".into()))),
        value if as_json => Ok(Reading::Found(FoundValue::Plain(deserialized(&value)?))),
        value => Ok(Reading::Found(FoundValue::Plain(value))),
    }
}

/// `json.loads`, which takes text only.
fn deserialized(value: &Value) -> Result<Value, LayerError> {
    match value {
        Value::Text(text) => json::loads(text.expose()).map_err(LayerError::NotJson),
        other => Err(LayerError::JsonNotText {
            type_name: other.type_name(),
        }),
    }
}

/// `BaseSecretsBackend.get_connection`: an empty value is none, anything else must parse.
fn connection_in(stored: Secret, conn_id: &str, model: Model) -> Result<Reading, LayerError> {
    let (connection, stored) = match stored {
        Secret::Text(text) if text.expose().is_empty() => {
            return Ok(Reading::Absent(Some(
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
        Secret::Value(value) if !value.is_truthy() => return Ok(Reading::Absent(None)),
        Secret::Value(value) => {
            return Err(LayerError::NotText {
                type_name: value.type_name(),
            });
        }
    };
    Ok(Reading::Found(FoundValue::Connection {
        connection: Box::new(connection),
        stored,
    }))
}
