//! What lies in a KV engine as Airflow reads it: a connection's URI or fields, a variable's `value`.
//!
//! Mirrors `VaultBackend.get_conn_value`, `get_variable` and `get_config`. The surprising rule: every empty secret counts as
//! absent for a variable, and as a connection without fields for a connection.

use super::error::VaultError;
use super::reply::{self, Json, Unread};
use super::settings::KvVersion;
use crate::backend::{Answer, Secret};
use crate::http::Reply;
use crate::python::json::{self, Dict, JsonError, Value};
use crate::secret_kind::SecretKind;

/// What lies at one path.
pub enum Stored {
    /// The secret's keys and values.
    Secret(Json),
    /// Nothing, and what more there is to say of that.
    Absent(Option<String>),
}

/// The secret's own data in a KV answer of status 200; `None` if the answer is not Vault's.
pub fn secret_in(reply: &Reply, version: KvVersion) -> Option<Result<Stored, VaultError>> {
    let Json {
        value,
        half_surrogate,
    } = match reply::json(reply) {
        Ok(json) => json,
        Err(Unread::Charset(charset)) => return Some(Err(VaultError::Charset { charset })),
        Err(Unread::TooMuch(error)) => return Some(Err(VaultError::Unreadable(error))),
        Err(Unread::NotJson) => return None,
    };
    let data = member(value, "data")?;
    let data = match (version, data) {
        (KvVersion::One, data) => Some(data),
        (KvVersion::Two, data @ Value::Dict(_)) => member(data, "data"),
        (KvVersion::Two, _) => return None,
    };
    Some(match data {
        Some(Value::None) => {
            let why = "Vault's answer holds null in its place";
            Ok(Stored::Absent(Some(why.to_owned())))
        }
        Some(value) => Ok(Stored::Secret(Json {
            value,
            half_surrogate,
        })),
        None => Err(VaultError::NotAVersion),
    })
}

/// What Airflow makes of a secret of this kind.
///
/// # Errors
/// It lacks what Airflow looks for.
pub fn answer(kind: SecretKind, secret: Json) -> Result<Answer, VaultError> {
    match kind {
        SecretKind::Connection => connection_in(secret),
        SecretKind::Variable | SecretKind::Config => value_in(secret),
    }
}

/// `VaultBackend.get_conn_value`: a `conn_uri` that is not empty to the letter, else all fields as JSON.
fn connection_in(secret: Json) -> Result<Answer, VaultError> {
    let half = secret.half_surrogate;
    let Value::Dict(fields) = secret.value else {
        return Err(VaultError::NotAnObject);
    };
    match fields.get("conn_uri").filter(|uri| uri.is_truthy()) {
        Some(uri) => Ok(Answer::Found(Secret::from_value(whole(uri.clone(), half)?))),
        None => {
            let fields = whole(Value::Dict(fields), half)?;
            Ok(Answer::Found(Secret::Text(json::dumps(&fields).into())))
        }
    }
}

/// `VaultBackend.get_variable` and `get_config`: the key `value`.
fn value_in(secret: Json) -> Result<Answer, VaultError> {
    let absent = |why: &str| Ok(Answer::Absent(Some(why.to_owned())));
    let mut fields = match secret.value {
        Value::Dict(fields) => fields,
        data if data.is_truthy() => return Err(VaultError::NotAnObject),
        // Python takes every empty value for none.
        _ => return absent("the secret is empty"),
    };
    match fields.shift_remove("value") {
        Some(Value::None) => absent("the secret is there, but its key `value` is null"),
        Some(value) => {
            let value = whole(value, secret.half_surrogate)?;
            Ok(Answer::Found(Secret::from_value(value)))
        }
        None => Err(VaultError::NoValueKey),
    }
}

/// The value that is used, unless half of a surrogate pair is in it; anywhere else in an answer it does no harm.
fn whole(value: Value, half_surrogate: Option<JsonError>) -> Result<Value, VaultError> {
    match half_surrogate.filter(|_| holds_replacement(&value)) {
        Some(error) => Err(VaultError::Unreadable(error)),
        None => Ok(value),
    }
}

fn holds_replacement(value: &Value) -> bool {
    let holds = |text: &str| text.contains(char::REPLACEMENT_CHARACTER);
    match value {
        Value::Text(text) => holds(text.expose()),
        Value::List(items) => items.iter().any(holds_replacement),
        Value::Dict(members) => members
            .iter()
            .any(|(name, value)| holds(name) || holds_replacement(value)),
        Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Date(_) => false,
    }
}

/// A member of a JSON object; `None` if it is something else or has no such member.
fn member(value: Value, name: &str) -> Option<Value> {
    match value {
        Value::Dict(mut members) => Dict::shift_remove(&mut members, name),
        _ => None,
    }
}
