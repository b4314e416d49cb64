//! The extra of a connection: JSON in a text (`airflow.models.connection` of Airflow 3.3.2,
//! `airflow.sdk.definitions.connection` of task-sdk 1.3.2).
//!
//! The surprising rule: the server of Airflow 3 refuses a connection whose extra is not a JSON object; the worker keeps it,
//! and reads an empty dict back if it is not JSON at all. So does Airflow 2.

use super::Model;
use super::construct::Attributes;
use super::error::ConnectionError;
use crate::python::json::{Dict, Value, dumps, is_serializable, loads};

/// What the server stores of an extra argument: anything but text is written as JSON, if it is set.
pub(super) fn stored(extra: Value) -> Result<Value, ConnectionError> {
    match extra {
        Value::Text(_) => Ok(extra),
        extra if !extra.is_truthy() => Ok(extra),
        extra if !is_serializable(&extra) => Err(ConnectionError::ExtraHoldsDate),
        extra => Ok(Value::text(dumps(&extra))),
    }
}

/// `extra_dejson`: the stored extra parsed, an empty dict if it is not set.
pub(super) fn read_back(
    model: Model,
    stored: &Value,
    warnings: &mut Vec<String>,
) -> Result<Value, ConnectionError> {
    if !stored.is_truthy() {
        return Ok(Value::Dict(Dict::new()));
    }
    let text = stored
        .as_text()
        .ok_or_else(|| ConnectionError::not_text("extra", stored))?;
    let parsed = loads(text.expose());
    if model.warns_of_bad_extra() && !matches!(parsed, Ok(Value::Dict(_))) {
        warnings
            .push("the extra is no JSON object: Airflow 3 refuses such a connection".to_string());
    }
    match parsed {
        Ok(Value::Dict(extra)) => Ok(Value::Dict(extra)),
        Ok(extra) if model.keeps_bad_extra() => Ok(extra),
        Ok(extra) => Err(ConnectionError::ExtraNotAnObject {
            found: extra.type_name(),
        }),
        Err(error) if model.keeps_bad_extra() && error.is_decode_error() => {
            warnings.push("the extra is not JSON, and a task finds nothing in it".to_string());
            Ok(Value::Dict(Dict::new()))
        }
        Err(error) => Err(ConnectionError::ExtraNotJson(error)),
    }
}

/// The extra of a worker's connection that was built from a `uri`: task-sdk 1.2 keeps it parsed, so that nothing is left of
/// an empty one or of no JSON, and no task can read another.
///
/// # Errors
/// Where a task can use the connection but for its extra.
pub(super) fn of_uri_argument(
    model: Model,
    mut attributes: Attributes,
) -> Result<Attributes, ConnectionError> {
    if model.version.sdk_keeps_extra_of_uri() {
        return Ok(attributes);
    }
    let extra = read_back(model, &attributes.extra, &mut attributes.warnings)?;
    if extra.is_truthy() {
        return Err(ConnectionError::ExtraOfUriLost {
            version: model.version,
        });
    }
    attributes.extra = Value::None;
    Ok(attributes)
}
