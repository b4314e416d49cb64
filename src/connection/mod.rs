//! The Airflow Connection: read from a URI or JSON by Airflow's rules, written back as `get_uri()` does.
//!
//! Mirrors `airflow.models.connection` (Airflow 3.3.2) and `airflow.sdk.definitions.connection` (task-sdk 1.3.2), and the
//! deserialisation in `airflow._shared.secrets_backend.base`; where older releases differ, [`AirflowVersion`] says so.
//!
//! [`AirflowVersion`]: crate::airflow_version::AirflowVersion
//!
//! The surprising rule: Airflow calls `get_uri()` inside the lookup, so a connection whose URI cannot be written is as
//! good as absent. Every [`Connection`] here has its URI already.

mod construct;
mod error;
mod extra;
pub mod fernet_key;
mod get_uri;
mod id;
mod json;
mod model;
#[cfg(test)]
mod tests;
mod uri;
mod warnings;

pub use error::{ConnectionError, UnknownField};
pub use model::Model;

use crate::failure::Failure;
use crate::finding::Finding;
use crate::python::json::{Dict, Value, dumps};
use crate::python::text::strip;
use crate::secret::SecretText;
use construct::Attributes;

/// A connection that Airflow would use. `Debug` shows its id and findings, and of the rest only the types.
#[derive(Clone, Debug)]
pub struct Connection {
    model: Model,
    conn_id: Option<String>,
    attributes: Attributes,
    /// `extra_dejson`: the extra as Airflow reads it back, an empty dict if there is none.
    extra: Value,
    uri: SecretText,
    findings: Vec<Finding>,
}

impl Connection {
    /// `BaseSecretsBackend.deserialize_connection`: JSON if the text starts with `{`, else a URI.
    ///
    /// # Errors
    /// Wherever Airflow raises, in `get_uri()` too.
    pub fn parse(model: Model, conn_id: &str, text: &SecretText) -> Result<Self, ConnectionError> {
        let text = strip(text.expose());
        match text.chars().next() {
            None => Err(ConnectionError::OnlyWhiteSpace),
            Some('{') => {
                let model = model.for_json();
                let attributes = construct::construct(model, json::kwargs(text)?)?;
                Self::new(model, conn_id, attributes)
            }
            Some(_) => {
                let model = model.for_uri();
                Self::new(model, conn_id, uri::parse(model, text)?)
            }
        }
    }

    /// `Connection(conn_id=..., uri=text)`, which never reads JSON and does not strip white space.
    ///
    /// `LocalFilesystemBackend` does this with a text, always with [`Model::server`]; for that model "" is a connection
    /// whose every field is `None`.
    ///
    /// # Errors
    /// Wherever Airflow raises, in `get_uri()` too.
    pub fn from_uri(
        model: Model,
        conn_id: &str,
        text: &SecretText,
    ) -> Result<Self, ConnectionError> {
        let kwargs = Dict::from([("uri".to_string(), Value::Text(text.clone()))]);
        Self::new(model, conn_id, construct::construct(model, kwargs)?)
    }

    /// `Connection(**fields)`: the type is not normalised, and the port stays text if it is text.
    ///
    /// `LocalFilesystemBackend` does this with an object, always with [`Model::server`]. A `conn_id` among the fields is
    /// passed over: that backend has compared it with `conn_id` before.
    ///
    /// # Errors
    /// Wherever Airflow raises, in `get_uri()` too.
    pub fn from_fields(
        model: Model,
        conn_id: &str,
        mut fields: Dict,
    ) -> Result<Self, ConnectionError> {
        fields.shift_remove("conn_id");
        Self::new(model, conn_id, construct::construct(model, fields)?)
    }

    /// Builds the connection of these arguments of the constructor and drops it: whether Airflow encrypts a part of it on the
    /// way, be its URI one that can be written or not.
    ///
    /// # Errors
    /// Where the constructor raises.
    pub fn encrypts(model: Model, mut fields: Dict) -> Result<bool, ConnectionError> {
        fields.shift_remove("conn_id");
        let attributes = construct::construct(model, fields)?;
        extra::read_back(model, &attributes.extra, &mut Vec::new())?;
        Ok(attributes.encrypted(model))
    }

    fn new(
        model: Model,
        conn_id: &str,
        mut attributes: Attributes,
    ) -> Result<Self, ConnectionError> {
        let mut warnings = std::mem::take(&mut attributes.warnings);
        let extra = extra::read_back(model, &attributes.extra, &mut warnings)?;
        let uri = get_uri::get_uri(model, &attributes, &extra)
            .map_err(|error| ConnectionError::NoUri(Box::new(error)))?;
        let conn_id = id::stored(model, conn_id);
        if conn_id.is_none() {
            warnings.push(id::lost(model));
        }
        Ok(Self {
            model,
            conn_id,
            attributes,
            extra,
            uri,
            findings: warnings.into_iter().map(misread).collect(),
        })
    }

    /// `get_uri()`, byte for byte.
    pub fn uri(&self) -> &SecretText {
        &self.uri
    }

    /// Every field by name, in the order in which they are shown, and the URI last.
    ///
    /// `extra` is Airflow's `extra_dejson`, `None` if there is none. `port` is a whole number or `None`, but
    /// [`Connection::from_fields`] keeps any type.
    pub fn fields(&self) -> Dict {
        let attributes = &self.attributes;
        let extra = if attributes.extra.is_truthy() {
            self.extra.clone()
        } else {
            Value::None
        };
        let fields = [
            (
                "conn_id",
                self.conn_id.as_deref().map_or(Value::None, Value::text),
            ),
            ("conn_type", attributes.conn_type.clone()),
            ("description", attributes.description.clone()),
            ("host", attributes.host.clone()),
            ("login", attributes.login.clone()),
            ("password", attributes.password.clone()),
            ("schema", attributes.schema.clone()),
            ("port", attributes.port.clone()),
            ("extra", extra),
            ("uri", Value::Text(self.uri.clone())),
        ];
        fields
            .into_iter()
            .map(|(name, value)| (name.to_string(), value))
            .collect()
    }

    /// Whether Airflow encrypts a part of it as soon as it is built: the server's model does, a password or an extra.
    pub fn needs_fernet_key(&self) -> bool {
        self.attributes.encrypted(self.model)
    }

    /// Whether [`Connection::field`] knows a name.
    ///
    /// # Errors
    /// It does not.
    pub fn check_field_name(name: &str) -> Result<(), UnknownField> {
        let is_known = error::OUTPUT_FIELDS.contains(&name) || name.starts_with("extra.");
        if is_known {
            Ok(())
        } else {
            Err(UnknownField::new(name))
        }
    }

    /// One field as bare text: text as it is, anything else as Python's JSON, nothing for `None`.
    ///
    /// `extra` is the stored text, `extra.KEY` one value in it: nothing if there is no such key, an empty text for a `null`.
    pub fn field(&self, name: &str) -> Result<Option<SecretText>, UnknownField> {
        let attributes = &self.attributes;
        let value = match name {
            "uri" => return Ok(Some(self.uri.clone())),
            "conn_type" => &attributes.conn_type,
            "description" => &attributes.description,
            "host" => &attributes.host,
            "login" => &attributes.login,
            "password" => &attributes.password,
            "schema" => &attributes.schema,
            "port" => &attributes.port,
            "extra" => &attributes.extra,
            _ => match name.strip_prefix("extra.") {
                Some(key) => {
                    let value = self.extra_value(key);
                    return Ok(value.map(|value| bare_text(value).unwrap_or_default()));
                }
                None => return Err(UnknownField::new(name)),
            },
        };
        Ok(bare_text(value))
    }

    fn extra_value(&self, key: &str) -> Option<&Value> {
        match &self.extra {
            Value::Dict(extra) => extra.get(key),
            _ => None,
        }
    }

    /// What Airflow accepts but nobody means. No value is in them.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

/// A part of the value that Airflow reads otherwise than anybody means it.
fn misread(sentence: String) -> Finding {
    Finding::warning("misread-connection", sentence).failing_strictly(Failure::Malformed)
}

fn bare_text(value: &Value) -> Option<SecretText> {
    match value {
        Value::None => None,
        Value::Text(text) => Some(text.clone()),
        Value::Date(text) => Some(SecretText::new(text)),
        value => Some(SecretText::new(dumps(value))),
    }
}
