//! What real Airflow 3.3.2, task-sdk 1.3.2 and Airflow 2.11.2 made of recorded connection values, compared field by field.
//!
//! `tests/data/connection_releases.json` has what each release from 2.11 to 3.3 made of these values and of more: 2.11.2 and
//! 3.3.2 as they are, and the code of 3.0.6, 3.1.8 and 3.2.2 with the Task SDK of its time.

use secretctl::AirflowVersion;
use secretctl::SecretText;
use secretctl::json::{Dict, Value, dumps, loads};
use secretctl::{Connection, ConnectionError, Model};

const CONN_ID: &str = "test_conn";

/// Recorded fields whose names are the same in secretctl's output.
const FIELDS: [&str; 8] = [
    "conn_id",
    "conn_type",
    "description",
    "host",
    "login",
    "password",
    "schema",
    "port",
];

#[test]
fn the_server_model_agrees_with_airflow() {
    let checked = check_all(Model::server(AirflowVersion::V3_3), &[], &[]);
    assert_eq!(checked, 90);
}

#[test]
fn the_model_of_airflow_2_agrees_with_airflow_2() {
    let model = Model::server(AirflowVersion::V2_11);
    let checked = check_all(model, &["airflow_2_11_2_differs"], &[]);
    assert_eq!(checked, 90);
}

#[test]
fn a_task_of_airflow_2_has_the_server_s_model() {
    let model = Model::worker(AirflowVersion::V2_11);
    let checked = check_all(model, &["airflow_2_11_2_differs"], &[]);
    assert_eq!(checked, 90);
}

#[test]
fn the_worker_model_agrees_with_the_task_sdk() {
    let model = Model::worker(AirflowVersion::V3_3);
    let checked = check_all(model, &["sdk_1_3_2_differs"], &["sdk_1_3_2_absent"]);
    assert_eq!(checked, 90);
}

#[test]
fn each_model_of_each_release_agrees_with_its_own() {
    let mut checked = 0;
    for record in records(include_str!("../data/connection_releases.json"), "records") {
        for outcome in list(&record["outcomes"]) {
            let outcome = dict(outcome);
            let mut expected = dict(&outcome["found"]);
            expected.insert("input".to_owned(), record["input"].clone());
            for column in list(&outcome["in"]) {
                check(model_of(text(column)), &expected);
                checked += 1;
            }
        }
    }
    assert_eq!(checked, 118 * 9);
}

/// The model of a column, such as `3.1 worker`.
fn model_of(column: &str) -> Model {
    let (release, process) = column.split_once(' ').unwrap_or_default();
    let version = release
        .parse::<AirflowVersion>()
        .unwrap_or_else(|error| panic!("{column}: {error}"));
    match process {
        "server" => Model::server(version),
        "worker" => Model::worker(version),
        _ => panic!("{column}"),
    }
}

/// Checks every vector, changed by what the named columns say, and counts them.
fn check_all(model: Model, differs: &[&str], absent: &[&str]) -> usize {
    let vectors = records(include_str!("../data/connection-vectors.json"), "vectors");
    for vector in &vectors {
        let mut expected = vector.clone();
        for column in differs {
            if let Some(Value::Dict(changed)) = vector.get(*column) {
                expected.extend(changed.clone());
            }
        }
        for column in absent {
            if let Some(Value::List(missing)) = vector.get(*column) {
                expected.retain(|name, _| !missing.contains(&Value::text(name)));
            }
        }
        check(model, &expected);
    }
    vectors.len()
}

/// The objects in a list of a file.
fn records(file: &str, name: &str) -> Vec<Dict> {
    let Ok(Value::Dict(data)) = loads(file) else {
        panic!("the data is no JSON object")
    };
    list(&data[name]).iter().map(dict).collect()
}

fn list(value: &Value) -> &[Value] {
    match value {
        Value::List(items) => items,
        other => panic!("no list: {other:?}"),
    }
}

fn dict(value: &Value) -> Dict {
    match value {
        Value::Dict(pairs) => pairs.clone(),
        other => panic!("no object: {other:?}"),
    }
}

fn text(value: &Value) -> &str {
    match value {
        Value::Text(text) => text.expose(),
        other => panic!("no text: {other:?}"),
    }
}

fn check(model: Model, expected: &Dict) {
    let Value::Text(input) = &expected["input"] else {
        panic!("the input is no text")
    };
    let shown = format!("{model:?} {:?}", input.expose());
    let connection = match Connection::parse(model, CONN_ID, input) {
        Ok(connection) => connection,
        // The one departure: Airflow uses a connection whose extra no task can read.
        Err(ConnectionError::ExtraOfUriLost { .. }) => {
            return assert!(expected.contains_key("extra_error"), "{shown}");
        }
        Err(ConnectionError::NoUri(error)) => {
            return assert!(is_without_uri(expected), "{shown}: {error}");
        }
        Err(error) => return assert!(!resolves(expected), "{shown}: {error}"),
    };
    assert!(resolves(expected), "{shown}: Airflow does not use it");
    let actual = connection.fields();
    for field in FIELDS {
        assert_eq!(
            dumps(&actual[field]),
            dumps(&expected[field]),
            "{shown}: {field}"
        );
    }
    let Ok(stored_extra) = connection.field("extra") else {
        panic!("`extra` is a field")
    };
    assert_eq!(
        stored_extra.as_ref(),
        expected["extra_raw"].as_text(),
        "{shown}: stored extra"
    );
    let expected_extra = if stored_extra.is_some() {
        &expected["extra"]
    } else {
        &Value::None
    };
    assert_eq!(
        dumps(&actual["extra"]),
        dumps(expected_extra),
        "{shown}: extra"
    );
    let uri = expected["get_uri"].as_text().map(SecretText::expose);
    assert_eq!(Some(connection.uri().expose()), uri, "{shown}: get_uri()");
}

/// The constructor did not raise, and `get_uri()` did.
fn is_without_uri(vector: &Dict) -> bool {
    vector.get("error") == Some(&Value::None) && !vector.contains_key("get_uri")
}

/// Airflow returns a connection only if neither the constructor nor `get_uri()` raises.
fn resolves(vector: &Dict) -> bool {
    vector.get("error") == Some(&Value::None) && vector.contains_key("get_uri")
}
