//! A layer's variable read as JSON: `Variable.get(key, deserialize_json=True)`.
//!
//! Mirrors `airflow.models.variable` of Airflow 3.3.2 and `_get_variable` of task-sdk 1.3.2. The surprising rule: a worker reads
//! the JSON while it asks the layers, so that text which is none leaves the variable to the next layer; the server reads it
//! afterwards, and fails.

use super::{FoundValue, LayerAnswer, Outcome};
use crate::error::{Error, Result};
use crate::python::json::{self, Value};

/// The answer with its value read as JSON; a value that cannot be read makes a failure of it.
pub(super) fn as_json((mut report, value): LayerAnswer) -> LayerAnswer {
    let Some(FoundValue::Value(value)) = value else {
        return (report, value);
    };
    match deserialized(&value) {
        Ok(value) => (report, Some(FoundValue::Value(value))),
        Err(error) => {
            report.outcome = Outcome::Failed(error);
            (report, None)
        }
    }
}

/// Whether this is a failure to read a value that was found.
pub(super) fn is_about_json(error: &Error) -> bool {
    matches!(error, Error::NotJson(_) | Error::JsonOfNoText { .. })
}

/// `json.loads`, which takes text only.
fn deserialized(value: &Value) -> Result<Value> {
    match value {
        Value::Text(text) => json::loads(text.expose()).map_err(Error::NotJson),
        other => Err(Error::JsonOfNoText {
            type_name: other.type_name(),
        }),
    }
}
