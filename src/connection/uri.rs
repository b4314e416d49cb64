//! Reading a connection URI (`Connection._parse_from_uri` of `airflow.models.connection`, Airflow 3.3.2, and
//! `Connection.from_uri` of `airflow.sdk.definitions.connection`, task-sdk 1.3.2).
//!
//! The surprising rule: the scheme and its `://` are taken out wherever they stand, so `http://http://host` loses its
//! host. And the server of Airflow 3.1 and newer reads every query value as JSON if it can, so `?a=1` is a number there and
//! text in a task.

use zeroize::Zeroizing;

use super::construct::{Attributes, server_password};
use super::error::ConnectionError;
use super::get_uri::EXTRA_KEY;
use super::model::Class;
use super::{Model, warnings};
use crate::python::json::{Dict, Value, dumps, loads};
use crate::python::urllib::{SplitError, SplitResult, parse_qsl, unquote, urlsplit};
use crate::secret::SecretText;

/// The attributes that the URI `text` stands for.
pub(super) fn parse(model: Model, text: &str) -> Result<Attributes, ConnectionError> {
    let host_has_protocol = match text.matches("://").count() {
        0 | 1 => false,
        2 => true,
        _ => return Err(ConnectionError::TooManySchemes),
    };
    let scheme = urlsplit(text)?.scheme;
    let rest = without_scheme(text, scheme.expose(), host_has_protocol)?;
    let parts = urlsplit(&rest)?;
    let password = unquoted(parts.password());
    Ok(Attributes {
        warnings: warnings::of_uri(text, scheme.expose(), &parts),
        conn_type: Value::Text(normalize_conn_type(scheme.expose())),
        description: Value::None,
        host: Value::Text(host(&parts, host_has_protocol)),
        login: unquoted(parts.username()),
        password: match model.class {
            Class::Server => server_password(password)?,
            Class::Worker => password,
        },
        schema: Value::text(schema(&parts)),
        port: port(&parts)?,
        extra: extra(model, parts.query.expose())?,
    })
}

fn unquoted(part: Option<&str>) -> Value {
    part.map_or(Value::None, |part| Value::text(unquote(part)))
}

fn port(parts: &SplitResult) -> Result<Value, SplitError> {
    let port = parts.port()?;
    Ok(port.map_or(Value::None, |port| Value::Int(port.to_string())))
}

/// `postgresql` is `postgres`; in any other type `-` becomes `_`.
pub(super) fn normalize_conn_type(conn_type: &str) -> SecretText {
    match conn_type {
        "postgresql" => "postgres".into(),
        conn_type => conn_type.replace('-', "_").into(),
    }
}

/// Takes every `scheme://` out; if no protocol follows, its `//` stays.
fn without_scheme(
    text: &str,
    scheme: &str,
    host_has_protocol: bool,
) -> Result<Zeroizing<String>, ConnectionError> {
    let prefix = Zeroizing::new(format!("{scheme}://"));
    let rest =
        Zeroizing::new(text.replace(prefix.as_str(), if host_has_protocol { "" } else { "//" }));
    let before_protocol = rest
        .split_once("://")
        .map_or(rest.as_str(), |(before, _)| before);
    if host_has_protocol && before_protocol.contains(['@', ':']) {
        return Err(ConnectionError::UserBeforeProtocol);
    }
    Ok(rest)
}

/// The host, unescaped. It is in lower case unless an escaped `/` is in it.
fn host(parts: &SplitResult, host_has_protocol: bool) -> SecretText {
    let mut host = Zeroizing::new(unquote(parts.hostname().expose()));
    if host.contains('/') {
        let netloc = parts.netloc.expose();
        let netloc = netloc.rsplit_once('@').map_or(netloc, |(_, after)| after);
        let host_only = netloc.split_once(':').map_or(netloc, |(before, _)| before);
        host = Zeroizing::new(unquote(host_only));
    }
    let protocol = parts.scheme.expose();
    if host_has_protocol && !protocol.is_empty() && !host.is_empty() {
        SecretText::new(format!("{protocol}://{}", host.as_str()))
    } else {
        SecretText::new(host.as_str())
    }
}

/// The path without its first character, which is its `/` if a host stands before it.
fn schema(parts: &SplitResult) -> String {
    let mut path = parts.path.expose().chars();
    path.next();
    unquote(path.as_str())
}

/// The query as JSON text; of a repeated name the last value counts.
fn extra(model: Model, query: &str) -> Result<Value, ConnectionError> {
    if query.is_empty() {
        return Ok(Value::None);
    }
    let fields = parse_qsl(query).into_iter();
    let mut fields: Dict = fields
        .map(|(name, value)| (name, Value::text(value)))
        .collect();
    if let Some(extra) = fields.shift_remove(EXTRA_KEY) {
        return Ok(extra);
    }
    if model.decodes_query_values() {
        for value in fields.values_mut() {
            *value = query_value(value)?;
        }
    }
    Ok(Value::text(dumps(&Value::Dict(fields))))
}

/// A value that is JSON is what it stands for; one that is not stays text. Python fails on some of the rest.
fn query_value(value: &Value) -> Result<Value, ConnectionError> {
    let text = value.as_text().map_or("", SecretText::expose);
    match loads(text) {
        Ok(parsed) => Ok(parsed),
        Err(error) if error.is_decode_error() => Ok(value.clone()),
        Err(error) => Err(ConnectionError::QueryValue(error)),
    }
}
