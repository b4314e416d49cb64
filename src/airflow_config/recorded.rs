//! The configuration layer against what real Airflow 3.3.2 and 2.11.2, and the code of 3.1.8, made of the same settings.
//!
//! `tests/data/config_layer_3.3.2.json` holds the settings, Airflow's outcome (and those of older releases where they are
//! others), and the reason where secretctl departs from it. A case that departs without a reason fails, and so does one that has a reason
//! and does not depart.

use std::fmt::Write;
use std::time::Duration;

use serde::Deserialize;

use super::{AirflowConfig, ConfigError, Found, configured_backend};
use crate::airflow_version::AirflowVersion;
use crate::deadline::Deadline;
use crate::env::Env;
use crate::python::json::{Dict, Value};
use crate::testing::block_on;

#[derive(Deserialize)]
struct Recorded {
    cases: Vec<Case>,
}

/// Settings, and what became of them.
#[derive(Deserialize)]
struct Case {
    name: String,
    /// In order, as a dict of Python has them.
    env: serde_json::Map<String, serde_json::Value>,
    cfg: String,
    /// Whether a task asks.
    #[serde(default)]
    worker: bool,
    /// The option that is read; without one, the kwargs of the backend are.
    option: Option<(String, String)>,
    #[serde(flatten)]
    outcome: Outcome,
    /// That of Airflow 2.11.2, if it is another.
    airflow_2_11_2: Option<Outcome>,
    /// That of Airflow 3.1.8, if it is another; of backends only.
    airflow_3_1_8: Option<Outcome>,
}

#[derive(Deserialize)]
struct Outcome {
    /// Airflow's outcome: Python's `repr` of it, or `!!` and the exception.
    airflow: String,
    /// Why secretctl does something else.
    departure: Option<String>,
    /// What it does, where that is no error.
    ours: Option<String>,
}

#[test]
fn settings_mean_what_they_mean_to_airflow() {
    let recorded = std::fs::read_to_string("tests/data/config_layer_3.3.2.json").unwrap();
    let recorded: Recorded = serde_json::from_str(&recorded).unwrap();
    assert!(recorded.cases.len() > 90);
    for case in recorded.cases {
        check(&case, &case.outcome, AirflowVersion::V3_3);
        let of_2_11_2 = case.airflow_2_11_2.as_ref().unwrap_or(&case.outcome);
        check(&case, of_2_11_2, AirflowVersion::V2_11);
        if case.option.is_none() {
            let of_3_1_8 = case.airflow_3_1_8.as_ref().unwrap_or(&case.outcome);
            check(&case, of_3_1_8, AirflowVersion::V3_1);
            check(&case, of_3_1_8, AirflowVersion::V3_0);
            check(&case, &case.outcome, AirflowVersion::V3_2);
        }
    }
}

fn check(case: &Case, expected: &Outcome, version: AirflowVersion) {
    let outcome = block_on(outcome(case, version));
    let error = outcome.as_ref().err().map(|error| format!("!! {error}"));
    let outcome = outcome.unwrap_or_else(|_| "!!".to_owned());
    let airflow = if expected.airflow.starts_with("!!") {
        "!!"
    } else {
        &expected.airflow
    };
    let told = error.as_ref().unwrap_or(&outcome);
    match &expected.departure {
        None => assert_eq!(outcome, airflow, "{} in {version}: {told}", case.name),
        Some(reason) => {
            assert_ne!(
                outcome, airflow,
                "{} in {version} departs no longer: {reason}",
                case.name
            );
            assert_eq!(
                &outcome,
                expected.ours.as_deref().unwrap_or("!!"),
                "{}: {told}",
                case.name
            );
        }
    }
}

async fn outcome(case: &Case, version: AirflowVersion) -> Result<String, ConfigError> {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("airflow.cfg"), &case.cfg).unwrap();
    let recorded = case
        .env
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str().unwrap()));
    let home = home.path().to_str().unwrap();
    let own = [
        ("AIRFLOW_HOME", home),
        ("PATH", "/usr/bin:/bin"),
        ("HOME", "/root"),
    ];
    let env = Env::from_pairs(recorded.chain(own));
    let deadline = Deadline::after(Duration::from_secs(60));
    let config = AirflowConfig::load(env, true, deadline).await?;
    match &case.option {
        Some((section, key)) => option(&config, section, key, version, deadline).await,
        None => backend(&config, case.worker, version, deadline).await,
    }
}

/// An option as text; a backend that is asked answers `CFG:` and what it was asked, as the recorded one did.
async fn option(
    config: &AirflowConfig,
    section: &str,
    key: &str,
    version: AirflowVersion,
    deadline: Deadline,
) -> Result<String, ConfigError> {
    let found = config.option(section, key, deadline).await?;
    let backend = configured_backend(config, false, version, deadline).await?;
    let has_backend = backend.is_some();
    Ok(match found {
        Some(Found::Value(setting)) => repr_text(setting.value.expose()),
        Some(Found::InBackend(request)) if has_backend => {
            repr_text(&format!("CFG:{}", request.key))
        }
        Some(Found::InBackend(request)) => {
            let next = config
                .option_after_secret(section, key, &request, deadline)
                .await?;
            assert!(next.is_none(), "no such case");
            "default".to_owned()
        }
        None => "default".to_owned(),
    })
}

/// The kwargs of the backend; importing the class is another layer's work, so that only the recorded class is known.
async fn backend(
    config: &AirflowConfig,
    worker: bool,
    version: AirflowVersion,
    deadline: Deadline,
) -> Result<String, ConfigError> {
    match configured_backend(config, worker, version, deadline).await? {
        None => Ok("None".to_owned()),
        Some(setting) if setting.class_path != "recmod.R" => Ok("!!".to_owned()),
        Some(setting) => Ok(repr(
            &setting.parse_kwargs(config.env(), &[], false)?.kwargs,
        )),
    }
}

/// Python's `repr` of a dict, as far as the cases need it.
fn repr(dict: &Dict) -> String {
    let items: Vec<String> = dict
        .iter()
        .map(|(key, value)| format!("{}: {}", repr_text(key), repr_value(value)))
        .collect();
    format!("{{{}}}", items.join(", "))
}

fn repr_value(value: &Value) -> String {
    match value {
        Value::Int(digits) => digits.clone(),
        Value::Float(number) if number.is_nan() => "nan".to_owned(),
        Value::Float(number) if number.is_infinite() => "inf".to_owned(),
        Value::Text(text) => repr_text(text.expose()),
        other => panic!("no such case: {other:?}"),
    }
}

fn repr_text(text: &str) -> String {
    let mut quoted = String::from("'");
    for c in text.chars() {
        match c {
            '\n' => quoted.push_str("\\n"),
            '\'' | '\\' => write!(quoted, "\\{c}").unwrap(),
            c => quoted.push(c),
        }
    }
    quoted + "'"
}
