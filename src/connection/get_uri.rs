//! `Connection.get_uri()` (`airflow.models.connection` of Airflow 3.3.2, `_build_uri` of task-sdk 1.3.2).
//!
//! The surprising rule: an extra of nothing but text values becomes the query; any other goes as it is stored into one
//! query parameter, `__extra__`.

use zeroize::Zeroizing;

use super::Model;
use super::construct::Attributes;
use super::error::ConnectionError;
use crate::python::json::Value;
use crate::python::number::float_repr;
use crate::python::urllib::{quote, urlencode};
use crate::secret::SecretText;

/// The query parameter that holds a whole extra.
pub(super) const EXTRA_KEY: &str = "__extra__";

/// The URI of the connection; `extra` is its extra read back.
///
/// # Errors
/// Where a field that is set should be text and is not.
pub(super) fn get_uri(
    model: Model,
    attributes: &Attributes,
    extra: &Value,
) -> Result<SecretText, ConnectionError> {
    let conn_type = text_if_set("conn_type", &attributes.conn_type)?;
    let schema = text_if_set("schema", &attributes.schema)?;
    let host = text_if_set("host", &attributes.host)?;
    let (protocol, host) = split_protocol(model, &attributes.conn_type, host);
    let authority = authority(attributes)?;
    let host = quote(host, "");

    let mut uri = scheme(conn_type) + protocol;
    uri.push_str(&authority);
    uri.push_str(&host);
    if let Some(port) = port(&attributes.port)? {
        let is_first = host.is_empty() && authority.is_empty();
        uri.push_str(if is_first { "@:" } else { ":" });
        uri.push_str(&port);
    }
    if !schema.is_empty() {
        uri.push('/');
        uri.push_str(&quote(schema, ""));
    }
    if let Value::Text(stored) = &attributes.extra
        && !stored.expose().is_empty()
    {
        uri.push_str(if schema.is_empty() { "/?" } else { "?" });
        uri.push_str(&query(extra, stored));
    }
    Ok(SecretText::new(uri))
}

/// The text of a field, "" if Python counts its value as false.
fn text_if_set<'a>(field: &'static str, value: &'a Value) -> Result<&'a str, ConnectionError> {
    if !value.is_truthy() {
        return Ok("");
    }
    let text = value
        .as_text()
        .ok_or_else(|| ConnectionError::not_text(field, value))?;
    Ok(text.expose())
}

fn scheme(conn_type: &str) -> String {
    match conn_type {
        "" => "//".to_string(),
        conn_type => conn_type.to_lowercase().replace('_', "-") + "://",
    }
}

/// The protocol in front of the host, with its `://`, and the host after it. A protocol that equals the type stays a
/// part of the host, unless the release is an old one; both may be "".
fn split_protocol<'a>(model: Model, conn_type: &Value, host: &'a str) -> (&'a str, &'a str) {
    let conn_type = conn_type.as_text().map(SecretText::expose);
    let conn_type = conn_type.filter(|_| model.version.keeps_protocol_in_host());
    match host.split_once("://") {
        None => ("", host),
        Some((protocol, _)) if conn_type == Some(protocol) => ("", host),
        Some(("", after)) => ("", after),
        Some((protocol, _)) => host.split_at(protocol.len() + "://".len()),
    }
}

/// `login:password@`, or "" if neither has anything to show.
fn authority(attributes: &Attributes) -> Result<Zeroizing<String>, ConnectionError> {
    let mut authority = quoted_unless_none("login", &attributes.login)?.unwrap_or_default();
    if let Some(password) = quoted_unless_none("password", &attributes.password)? {
        authority.push(':');
        authority.push_str(&password);
    }
    if !authority.is_empty() {
        authority.push('@');
    }
    Ok(authority)
}

fn quoted_unless_none(
    field: &'static str,
    value: &Value,
) -> Result<Option<Zeroizing<String>>, ConnectionError> {
    match value {
        Value::None => Ok(None),
        Value::Text(text) => Ok(Some(Zeroizing::new(quote(text.expose(), "")))),
        value => Err(ConnectionError::not_text(field, value)),
    }
}

/// `str(port)`, unless Python counts the port as false.
///
/// Airflow would write a list or dict as Python's `repr`. That is no port, so it is an error here.
fn port(port: &Value) -> Result<Option<String>, ConnectionError> {
    match port {
        port if !port.is_truthy() => Ok(None),
        Value::Int(digits) => Ok(Some(digits.clone())),
        Value::Text(text) => Ok(Some(text.expose().to_string())),
        Value::Bool(_) => Ok(Some("True".to_string())),
        Value::Float(number) => Ok(Some(float_repr(*number))),
        Value::Date(date) => Ok(Some(date.clone())),
        port => Err(ConnectionError::PortHasNoForm {
            found: port.type_name(),
        }),
    }
}

/// Airflow checks that the flat form reads back the same. It always does, if there is a key and all values are text.
fn query(extra: &Value, stored: &SecretText) -> String {
    let flat = match extra {
        Value::Dict(pairs) if !pairs.is_empty() => {
            let pairs = pairs
                .iter()
                .map(|(key, value)| Some((key.as_str(), value.as_text()?.expose())));
            pairs.collect::<Option<Vec<_>>>()
        }
        _ => None,
    };
    urlencode(flat.unwrap_or_else(|| vec![(EXTRA_KEY, stored.expose())]))
}
