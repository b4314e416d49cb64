//! The fields of a connection that is stored as a JSON object, each under one of several names.
//!
//! Mirrors `_standardize_secret_keys`. The surprising rule: of several names for one field it is the first *in the secret* that
//! counts, not the first in the list.

use super::super::error::AwsError;
use crate::backend::kwargs::Kwargs;
use crate::python::json::{self, Dict, Value};
use crate::python::text;
use crate::secret::SecretText;

/// The fields in the order in which they are written, with the names they may have.
const FIELDS: &[(&str, &[&str])] = &[
    ("login", &["login", "user", "username", "user_name"]),
    ("password", &["password", "pass", "key"]),
    ("host", &["host", "remote_host", "server"]),
    ("port", &["port"]),
    ("schema", &["database", "schema"]),
    (
        "conn_type",
        &["conn_type", "conn_id", "connection_type", "engine"],
    ),
    ("extra", &["extra"]),
];

/// Which names mean which field; what Airflow would fail on is kept until a connection needs it.
pub(super) struct ConnectionWords(Result<Vec<(&'static str, Vec<String>)>, AwsError>);

impl ConnectionWords {
    /// The built-in names and those of `extra_conn_words`.
    pub fn from_kwargs(kwargs: Kwargs<'_>) -> Self {
        Self(words(kwargs))
    }

    /// `get_conn_value`: an object is written anew with Airflow's own names, anything else is handed on.
    ///
    /// # Errors
    /// Something that looks like an object and is not one, and `extra_conn_words` that Airflow fails on.
    pub fn connection_text(&self, stored: SecretText) -> Result<SecretText, AwsError> {
        if !text::strip(stored.expose()).starts_with('{') {
            return Ok(stored);
        }
        let object = json::loads(stored.expose()).map_err(AwsError::NotJson)?;
        let Value::Dict(object) = object else {
            return Ok(stored);
        };
        let words = self.0.as_ref().map_err(Clone::clone)?;
        let fields: Dict = words
            .iter()
            .map(|(field, names)| ((*field).to_owned(), first_of(names, &object)))
            .collect();
        Ok(json::dumps(&Value::Dict(fields)).into())
    }
}

fn first_of(names: &[String], object: &Dict) -> Value {
    object
        .iter()
        .find(|(name, _)| names.contains(name))
        .map_or(Value::None, |(_, value)| value.clone())
}

fn words(kwargs: Kwargs<'_>) -> Result<Vec<(&'static str, Vec<String>)>, AwsError> {
    let mut words: Vec<(&'static str, Vec<String>)> = FIELDS
        .iter()
        .map(|(field, names)| (*field, names.iter().map(ToString::to_string).collect()))
        .collect();
    let given = match kwargs
        .get("extra_conn_words")
        .filter(|value| value.is_truthy())
    {
        None => return Ok(words),
        Some(Value::Dict(given)) => given,
        Some(other) => return Err(wrong(kwargs, other)),
    };
    for (field, more) in given {
        let field = if field == "user" { "login" } else { field };
        let Some((_, names)) = words.iter_mut().find(|(name, _)| *name == field) else {
            let known: Vec<&str> = FIELDS.iter().map(|(field, _)| *field).collect();
            return Err(AwsError::setting(
                format!("`{field}` in kwarg `extra_conn_words`"),
                format!(
                    "is not a field of a connection; there are {}",
                    known.join(", ")
                ),
            ));
        };
        names.extend(names_in(more).ok_or_else(|| wrong(kwargs, more))?);
    }
    Ok(words)
}

fn wrong(kwargs: Kwargs<'_>, given: &Value) -> AwsError {
    kwargs
        .wrong_type("extra_conn_words", "an object of lists of names", given)
        .into()
}

/// What `list.extend` adds: the items of a list, the keys of an object, the characters of a text.
fn names_in(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::List(names) => Some(
            names
                .iter()
                .filter_map(Value::as_text)
                .map(|name| name.expose().to_owned())
                .collect(),
        ),
        Value::Dict(names) => Some(names.keys().cloned().collect()),
        Value::Text(text) => Some(text.expose().chars().map(String::from).collect()),
        _ => None,
    }
}
