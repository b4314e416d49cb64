//! What real Airflow 3.3.2, task-sdk 1.3.2 and Airflow 2.11.2 made of recorded connection values, compared field by field.

use secretctl::airflow_version::AirflowVersion;
use secretctl::connection::{Connection, Model};
use secretctl::python::json::{Dict, Value, dumps, loads};
use secretctl::secret::SecretText;

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

/// Checks every vector, changed by what the named columns say, and counts them.
fn check_all(model: Model, differs: &[&str], absent: &[&str]) -> usize {
    let vectors = recorded_vectors();
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

fn recorded_vectors() -> Vec<Dict> {
    let Ok(Value::Dict(mut data)) = loads(include_str!("data/connection-vectors.json")) else {
        panic!("the data is no JSON object")
    };
    let Some(Value::List(vectors)) = data.shift_remove("vectors") else {
        panic!("no vectors")
    };
    let as_dict = |vector| match vector {
        Value::Dict(vector) => vector,
        _ => panic!("a vector is an object"),
    };
    vectors.into_iter().map(as_dict).collect()
}

fn check(model: Model, expected: &Dict) {
    let Value::Text(input) = &expected["input"] else {
        panic!("the input is no text")
    };
    let shown = format!("{model:?} {:?}", input.expose());
    let connection = match Connection::parse(model, CONN_ID, input) {
        Ok(connection) => connection,
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

/// Airflow returns a connection only if neither the constructor nor `get_uri()` raises.
fn resolves(vector: &Dict) -> bool {
    vector.get("error") == Some(&Value::None) && vector.contains_key("get_uri")
}
