//! `Connection.from_json` (the same in `airflow.models.connection` of Airflow 3.3.2 and
//! `airflow.sdk.definitions.connection` of task-sdk 1.3.2).
//!
//! The surprising rule: only `extra`, `conn_type` and `port` are touched, and `0`, `false`, "", `[]` and `{}` there mean
//! "not set"; an unknown key, `conn_id` too, makes the connection unusable.

use super::error::ConnectionError;
use super::uri::normalize_conn_type;
use crate::python::json::{Dict, Value, dumps, loads};
use crate::python::number::{int_from_float, int_from_text};

/// The arguments for the constructor that the text of a JSON object stands for.
pub(super) fn kwargs(text: &str) -> Result<Dict, ConnectionError> {
    let mut kwargs = match loads(text).map_err(ConnectionError::Json)? {
        Value::Dict(kwargs) => kwargs,
        other => {
            return Err(ConnectionError::NotAnObject {
                found: other.type_name(),
            });
        }
    };
    if kwargs.contains_key("conn_id") {
        return Err(ConnectionError::HoldsConnId);
    }
    replace_if_set(&mut kwargs, "extra", |extra| Ok(extra_text(extra)))?;
    replace_if_set(&mut kwargs, "conn_type", conn_type)?;
    replace_if_set(&mut kwargs, "port", port)?;
    Ok(kwargs)
}

/// Passes the value of `name` through `convert`; a value that Python counts as false is taken out.
fn replace_if_set(
    kwargs: &mut Dict,
    name: &str,
    convert: impl Fn(Value) -> Result<Value, ConnectionError>,
) -> Result<(), ConnectionError> {
    if let Some(value) = kwargs.shift_remove(name).filter(Value::is_truthy) {
        kwargs.insert(name.to_string(), convert(value)?);
    }
    Ok(())
}

fn extra_text(extra: Value) -> Value {
    match extra {
        Value::Text(_) => extra,
        extra => Value::text(dumps(&extra)),
    }
}

fn conn_type(conn_type: Value) -> Result<Value, ConnectionError> {
    let text = conn_type
        .as_text()
        .ok_or_else(|| ConnectionError::not_text("conn_type", &conn_type))?;
    Ok(Value::Text(normalize_conn_type(text.expose())))
}

/// `int(port)`
fn port(port: Value) -> Result<Value, ConnectionError> {
    let digits = match &port {
        Value::Bool(true) => Some("1".to_string()),
        Value::Int(digits) => Some(digits.clone()),
        Value::Float(number) => int_from_float(*number),
        Value::Text(text) => int_from_text(text.expose()),
        _ => None,
    };
    digits
        .map(Value::Int)
        .ok_or_else(|| ConnectionError::PortNotANumber {
            found: port.type_name(),
        })
}
