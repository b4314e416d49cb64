//! secretctl's side of a case: the library does what the program does, in this process, and its layers are kept.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use secretctl::Connection;
use secretctl::Env;
use secretctl::Finding;
use secretctl::SecretId;
use secretctl::SecretText;
use secretctl::json::{Dict, Value, dumps};
use secretctl::{Console, Listener, Verbosity};
use secretctl::{Files, Settings};
use secretctl::{FoundValue, LayerReport, Lookup, LookupOptions, Outcome, SearchPath};
use tokio::runtime::Runtime;

use super::case::{Case, Places};
use super::observed::{Found, Layer, Observed, Said};

/// Longer than any case takes on a busy machine.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// Looks up what the case asks for.
pub fn observe(runtime: &Runtime, case: &Case, places: &Places<'_>) -> Observed {
    let run = || runtime.block_on(looked_up(case, places));
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| Observed::stopped("a panic"))
}

async fn looked_up(case: &Case, places: &Places<'_>) -> Observed {
    let told = Arc::new(Told::default());
    let search_path = match open(case, places, Console::new(Verbosity::Normal, told.clone())).await
    {
        Ok(search_path) => search_path,
        Err(error) => return Observed::stopped(places.mask(&error)),
    };
    let secret = SecretId::new(case.kind.secret_kind(), &case.id);
    let lookup = match case.as_json {
        true => search_path.lookup_json(&case.id).await,
        false => search_path.lookup(&secret).await,
    };
    Observed {
        notes: told.notes(),
        ..observed(&lookup, case.as_json, places)
    }
}

/// What a person is told of kwargs that were read though they are not JSON.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Told {
    fn notes(&self) -> Vec<String> {
        self.0.lock().map(|notes| notes.clone()).unwrap_or_default()
    }
}

impl Listener for Told {
    fn finding(&self, finding: &Finding) {
        if finding.rule == "unquoted-variable"
            && let Ok(mut notes) = self.0.lock()
        {
            notes.push("kwargs repaired".to_owned());
        }
    }

    fn line(&self, _line: &str) {}
}

async fn open(case: &Case, places: &Places<'_>, console: Console) -> Result<SearchPath, String> {
    let env = Env::from_pairs(case.environment(places));
    let options = LookupOptions {
        context: case.process.context(),
        timeout: TIME_LIMIT,
        version: case.release.airflow_version(),
        ..LookupOptions::default()
    };
    let settings = Settings::load(env, &Files::default(), options, console).await;
    let settings = settings.map_err(|error| error.to_string())?;
    settings.open().await.map_err(|error| error.to_string())
}

fn observed(lookup: &Lookup, as_json: bool, places: &Places<'_>) -> Observed {
    let value = lookup.found.as_ref().map(|found| match &found.value {
        FoundValue::Connection { connection, .. } => dumps(&Value::Dict(fields(connection))),
        FoundValue::Plain(value) => dumps(&value_of(value, as_json)),
    });
    let backend = lookup.found_in().map(|layer| layer.backend.to_owned());
    Observed {
        stopped: None,
        found: backend.zip(value).map(|(backend, value)| Found {
            backend,
            value: places.mask(&value),
        }),
        layers: lookup
            .layers
            .iter()
            .map(|report| layer(report, places))
            .collect(),
        requests: Vec::new(),
        notes: Vec::new(),
    }
}

fn layer(report: &LayerReport, places: &Places<'_>) -> Layer {
    let (said, words) = match &report.outcome {
        Outcome::Found { .. } => (Said::Found, String::new()),
        Outcome::NotFound(_) | Outcome::Skipped(_) | Outcome::NotServed(_) => {
            (Said::Absent, String::new())
        }
        Outcome::Failed(error) => (Said::Failed, error.to_string()),
    };
    Layer {
        backend: report.backend.to_owned(),
        said,
        words: places.mask(&words),
    }
}

/// The fields as the oracle names them: `extra` is the stored text and `extra_dejson` what Airflow reads in it.
fn fields(connection: &Connection) -> Dict {
    let mut fields = connection.fields();
    let uri = fields.shift_remove("uri").unwrap_or_default();
    let read_back = fields.shift_remove("extra").unwrap_or_default();
    let stored = connection.field("extra").ok().flatten();
    let stored = stored.map_or(Value::None, Value::Text);
    // Where there is no extra, or a local file has an empty value for one, Airflow reads an empty one back.
    let is_empty = |stored: &SecretText| ["", "{}", "[]", "0", "false"].contains(&stored.expose());
    let read_back = match read_back {
        Value::None if stored.as_text().is_none_or(is_empty) => Value::Dict(Dict::new()),
        read_back => read_back,
    };
    fields.insert("extra".into(), stored);
    fields.insert("extra_dejson".into(), read_back);
    fields.insert("uri".into(), uri);
    fields
        .into_iter()
        .map(|(name, value)| (name, encoded(value)))
        .collect()
}

/// A variable or config as the oracle writes it.
fn value_of(value: &Value, as_json: bool) -> Value {
    let (name, value) = match value {
        Value::Text(text) if !as_json => ("text", Value::Text(text.clone())),
        other => ("json", encoded(other.clone())),
    };
    Value::Dict(Dict::from([(name.to_owned(), value)]))
}

/// What JSON cannot carry, as the oracle writes it.
fn encoded(value: Value) -> Value {
    match value {
        Value::Date(text) => marker(&text, "date"),
        Value::Float(number) if number.is_nan() => marker("nan", "float"),
        Value::Float(number) if number.is_infinite() => {
            marker(if number > 0.0 { "inf" } else { "-inf" }, "float")
        }
        Value::List(items) => Value::List(items.into_iter().map(encoded).collect()),
        Value::Dict(items) => Value::Dict(
            items
                .into_iter()
                .map(|(key, value)| (key, encoded(value)))
                .collect(),
        ),
        other => other,
    }
}

fn marker(text: &str, type_name: &str) -> Value {
    let fields = [("!", text), ("type", type_name)];
    let fields = fields.map(|(name, text)| (name.to_owned(), Value::text(text)));
    Value::Dict(Dict::from(fields))
}
