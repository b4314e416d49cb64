//! What a program did with a case, in the one form in which Airflow and secretctl are compared.

use secretctl::json::{Dict, Value, dumps, loads};
use serde::{Deserialize, Serialize};

use super::case::Places;

/// What a program did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// Why it did not even start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// The layer that had the secret, and the secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Found>,
    /// What every layer that was asked said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<Layer>,
    /// What the server was sent, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<String>,
    /// What was said of the settings besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// A secret, and who had it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    pub backend: String,
    /// The value as Python's JSON.
    pub value: String,
}

/// What one layer said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer {
    pub backend: String,
    pub said: Said,
    /// The failure in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub words: String,
}

/// The three things that a layer can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    Found,
    Absent,
    Failed,
}

impl Observed {
    /// It did not start.
    pub fn stopped(why: impl Into<String>) -> Self {
        Self {
            stopped: Some(why.into()),
            found: None,
            layers: Vec::new(),
            requests: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Reads the oracle's answer.
    pub fn from_airflow(answer: &str, places: &Places<'_>) -> Result<Self, String> {
        let masked = places.mask(answer);
        let Ok(Value::Dict(answer)) = loads(&masked) else {
            return Err(format!("the oracle answered {masked:?}"));
        };
        if let Some(fatal) = text(&answer, "fatal") {
            return Ok(Self::stopped(fatal));
        }
        let value = match answer.get("connection") {
            Some(Value::Dict(connection)) => {
                let mut connection = connection.clone();
                with_extra_as_text(&mut connection);
                Some(dumps(&Value::Dict(connection)))
            }
            _ => answer
                .get("value")
                .filter(|value| value.is_truthy())
                .map(dumps),
        };
        let found = text(&answer, "found_in")
            .zip(value)
            .map(|(backend, value)| Found { backend, value });
        let mut layers: Vec<Layer> = list(&answer, "layers")
            .iter()
            .map(airflow_layer)
            .collect::<Result<_, _>>()?;
        // What a server raises over a value that it has found, it raises once it has left the layers.
        if let (Some(error), Some(last)) = (text(&answer, "error"), layers.last_mut())
            && last.said == Said::Found
        {
            (last.said, last.words) = (Said::Failed, error);
        }
        Ok(Self {
            stopped: None,
            found,
            layers,
            requests: Vec::new(),
            notes: list(&answer, "notes")
                .iter()
                .filter_map(|note| note.as_text().map(|note| note.expose().to_owned()))
                .collect(),
        })
    }

    /// The failures of its layers.
    pub fn failures(&self) -> impl Iterator<Item = &str> {
        self.layers
            .iter()
            .filter(|layer| layer.said == Said::Failed)
            .map(|layer| layer.words.as_str())
    }
}

/// A local file may hold an extra that is empty and no text, which Airflow keeps as it is.
fn with_extra_as_text(connection: &mut Dict) {
    if let Some(extra) = connection.get_mut("extra")
        && !matches!(extra, Value::None | Value::Text(_))
    {
        *extra = Value::text(dumps(extra));
    }
}

fn airflow_layer(layer: &Value) -> Result<Layer, String> {
    let Value::Dict(layer) = layer else {
        return Err("a layer is an object".to_owned());
    };
    let said = match text(layer, "outcome").as_deref() {
        Some("found") => Said::Found,
        Some("absent") => Said::Absent,
        Some("error") => Said::Failed,
        other => return Err(format!("a layer said {other:?}")),
    };
    Ok(Layer {
        backend: text(layer, "backend").unwrap_or_default(),
        said,
        words: text(layer, "error").unwrap_or_default(),
    })
}

fn text(dict: &Dict, name: &str) -> Option<String> {
    dict.get(name)
        .and_then(Value::as_text)
        .map(|text| text.expose().to_owned())
}

fn list<'a>(dict: &'a Dict, name: &str) -> &'a [Value] {
    match dict.get(name) {
        Some(Value::List(items)) => items,
        _ => &[],
    }
}
