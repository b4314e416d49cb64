//! `Connection(**kwargs)`: which arguments go together, and what becomes of them (`airflow.models.connection` of Airflow
//! 3.3.2, `airflow.sdk.definitions.connection` of task-sdk 1.3.2).
//!
//! The surprising rule: beside a `uri`, the server refuses other fields if they are set, the worker even if they are
//! `None`.

use super::error::ConnectionError;
use super::model::Class;
use super::{Model, extra, uri};
use crate::python::json::{Dict, Value};

/// The attributes of a connection, of whatever type they were given.
#[derive(Clone, Debug, Default)]
pub(super) struct Attributes {
    pub conn_type: Value,
    pub description: Value,
    pub host: Value,
    pub login: Value,
    pub password: Value,
    pub schema: Value,
    pub port: Value,
    /// Text if it is set; never parsed.
    pub extra: Value,
    pub warnings: Vec<String>,
}

impl Attributes {
    /// Whether a part of it is encrypted as soon as it is set.
    pub fn encrypted(&self, model: Model) -> bool {
        model.encrypts() && (self.password.is_truthy() || self.extra.is_truthy())
    }

    /// Whether one is set that Airflow does not allow beside a `uri`; the description it does.
    fn any_set(&self) -> bool {
        self.conn_type.is_truthy()
            || self.host.is_truthy()
            || self.login.is_truthy()
            || self.password.is_truthy()
            || self.schema.is_truthy()
            || self.port.is_truthy()
            || self.extra.is_truthy()
    }
}

/// The constructor. `kwargs` holds no `conn_id`.
pub(super) fn construct(model: Model, mut kwargs: Dict) -> Result<Attributes, ConnectionError> {
    if let Some(team) = model.team_argument() {
        kwargs.shift_remove(team); // of whatever type; nothing reads it in a lookup
    }
    if model.class == Class::Worker && !model.version.sdk_takes_uri() && kwargs.contains_key("uri")
    {
        return Err(ConnectionError::UriInJson {
            version: model.version,
        });
    }
    let uri = take(&mut kwargs, "uri");
    let attributes_given = kwargs.len();
    let attributes = Attributes {
        conn_type: take(&mut kwargs, "conn_type"),
        description: take(&mut kwargs, "description"),
        host: take(&mut kwargs, "host"),
        login: take(&mut kwargs, "login"),
        password: take(&mut kwargs, "password"),
        schema: take(&mut kwargs, "schema"),
        port: take(&mut kwargs, "port"),
        extra: take(&mut kwargs, "extra"),
        warnings: Vec::new(),
    };
    if let Some(key) = kwargs.keys().next() {
        return Err(ConnectionError::unknown_key(key));
    }
    match model.class {
        Class::Server => on_server(model, uri, attributes),
        Class::Worker => on_worker(model, uri, attributes_given > 0, attributes),
    }
}

fn take(kwargs: &mut Dict, name: &str) -> Value {
    kwargs.shift_remove(name).unwrap_or_default()
}

fn on_server(
    model: Model,
    uri: Value,
    mut attributes: Attributes,
) -> Result<Attributes, ConnectionError> {
    attributes.extra = extra::stored(attributes.extra)?;
    if !uri.is_truthy() {
        attributes.password = server_password(attributes.password)?;
        return Ok(attributes);
    }
    if attributes.any_set() {
        return Err(ConnectionError::UriAndFields);
    }
    let description = attributes.description;
    let attributes = parse_uri(model, &uri)?;
    Ok(Attributes {
        description,
        ..attributes
    })
}

fn on_worker(
    model: Model,
    uri: Value,
    has_fields: bool,
    attributes: Attributes,
) -> Result<Attributes, ConnectionError> {
    match uri {
        Value::None => Ok(attributes),
        _ if has_fields => Err(ConnectionError::UriAndFields),
        uri => extra::of_uri_argument(model, parse_uri(model, &uri)?),
    }
}

fn parse_uri(model: Model, value: &Value) -> Result<Attributes, ConnectionError> {
    let text = value
        .as_text()
        .ok_or_else(|| ConnectionError::not_text("uri", value))?;
    uri::parse(model, text.expose())
}

/// The server's `password` setter: whatever is not set, "" too, stays `None`.
pub(super) fn server_password(password: Value) -> Result<Value, ConnectionError> {
    match password {
        password if !password.is_truthy() => Ok(Value::None),
        Value::Text(_) => Ok(password),
        password => Err(ConnectionError::not_text("password", &password)),
    }
}
