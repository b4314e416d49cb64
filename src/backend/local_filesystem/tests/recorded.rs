//! Recorded lookups: what `LocalFilesystemBackend` of Airflow 3.3.2 and of older releases answered.

use serde_json::{Value as Json, json};

use super::*;
use crate::connection::{Connection, ConnectionError, Model};
use crate::python::number::float_repr;

/// One lookup a line: kind, file name, content, id; and the answer: `value` and `connection` with the types, `absent`, or
/// the name of the exception in `error`.
const RECORDED: &str = include_str!("../../../../tests/data/local_filesystem_3.3.2.jsonl");

/// The same lookups where another release answered otherwise, and more lookups; `in` are the releases.
const OF_RELEASES: &str = include_str!("../../../../tests/data/local_filesystem_releases.jsonl");

/// A value with its type, as the recording writes it.
fn typed(value: &Value) -> Json {
    let content = match value {
        Value::None => return json!({"type": "NoneType"}),
        Value::Bool(is_true) => json!(is_true),
        Value::Int(digits) => json!(digits),
        Value::Float(number) => json!(float_repr(*number)),
        Value::Text(text) => json!(text.expose()),
        Value::Date(text) => json!(text),
        Value::List(items) => items.iter().map(typed).collect(),
        Value::Dict(pairs) => pairs
            .iter()
            .map(|(key, value)| json!([key, typed(value)]))
            .collect(),
    };
    json!({"type": value.type_name(), "value": content})
}

fn kind_of(recorded: &Json) -> SecretKind {
    match recorded["kind"].as_str().unwrap() {
        "connection" => SecretKind::Connection,
        "variable" => SecretKind::Variable,
        "config" => SecretKind::Config,
        kind => unreachable!("{kind}"),
    }
}

/// Compares one lookup with its recording.
fn compare(version: AirflowVersion, recorded: &Json) {
    let fixture = Fixture::new(
        recorded["file"].as_str().unwrap(),
        recorded["content"].as_str().unwrap(),
    );
    let id = recorded["id"].as_str().unwrap();
    let answer = match fixture.get_by(version, kind_of(recorded), id) {
        Ok(Answer::IfEncrypted(answer)) => Ok(*answer),
        answer => answer,
    };
    let model = Model::server(version);
    let is_beyond_json = is_beyond_json(&recorded["value"])
        || recorded["connection"]
            .as_object()
            .is_some_and(|fields| fields.values().any(is_beyond_json));
    match answer {
        Err(_) => assert!(
            recorded.get("error").is_some() || is_beyond_json,
            "{recorded}"
        ),
        Ok(Answer::Absent(_)) => assert_eq!(recorded["absent"], true, "{recorded}"),
        Ok(Answer::Found(Secret::Text(text))) => {
            assert_eq!(recorded["value"], typed(&Value::Text(text)), "{recorded}")
        }
        Ok(Answer::Found(Secret::Value(value))) => {
            // a date that is a key is printed as text
            let is_same = recorded["value"] == typed(&value);
            assert!(is_same || is_beyond_json, "{recorded}")
        }
        Ok(Answer::IfEncrypted(_)) => unreachable!("one in another"),
        Ok(Answer::Found(Secret::ConnectionUri(uri))) => {
            compare_connection(recorded, Connection::from_uri(model, id, &uri));
        }
        Ok(Answer::Found(Secret::ConnectionFields(fields))) => {
            compare_connection(recorded, Connection::from_fields(model, id, fields));
        }
    }
}

/// Sets, bytes, keys that are dates and what holds itself have no JSON form, and are recorded as Python shows them.
fn is_beyond_json(value: &Json) -> bool {
    value.get("repr").is_some()
}

fn compare_connection(recorded: &Json, connection: Result<Connection, ConnectionError>) {
    let Ok(connection) = connection else {
        // a port that is a list is Python's `repr` in Airflow's URI, and refused here
        let is_list = recorded["connection"]["port"]["type"] == "list";
        return assert!(recorded.get("uri_error").is_some() || is_list, "{recorded}");
    };
    assert_eq!(recorded["uri"], connection.uri().expose(), "{recorded}");
    for (name, value) in connection.fields() {
        // the recording has the stored extra, which the URI shows as well
        if !matches!(name.as_str(), "extra" | "uri") {
            assert_eq!(
                recorded["connection"][&name],
                typed(&value),
                "{name} of {recorded}"
            );
        }
    }
}

fn lookups(recorded: &str) -> Vec<Json> {
    let lines = recorded.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn every_recorded_lookup_answers_as_airflow_did() {
    let recorded = lookups(RECORDED);
    assert_eq!(recorded.len(), 375);
    for lookup in &recorded {
        compare(AirflowVersion::V3_3, lookup);
    }
}

#[test]
fn every_release_answers_as_it_did() {
    let of_releases = lookups(OF_RELEASES);
    let is_same = |left: &Json, right: &Json| {
        ["kind", "file", "content", "id"]
            .iter()
            .all(|part| left[part] == right[part])
    };
    for version in &AirflowVersion::ALL {
        let is_of = |lookup: &&Json| {
            let releases = lookup["in"].as_array().unwrap();
            releases.contains(&json!(version.to_string()))
        };
        let own: Vec<&Json> = of_releases.iter().filter(is_of).collect();
        assert!(own.len() >= 30);
        own.iter().for_each(|lookup| compare(*version, lookup));
        let others = lookups(RECORDED).into_iter().filter(|lookup| {
            // before 3.2 there are no configs, as another test shows
            let has_kind = lookup["kind"] != "config" || version.has_configs_file();
            has_kind && !own.iter().any(|other| is_same(lookup, other))
        });
        others.for_each(|lookup| compare(*version, &lookup));
    }
}
