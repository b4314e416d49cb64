//! What Airflow's own AWS backends (amazon provider 9.39.0, boto3 1.44.5) sent and got, replayed through `secretctl`.
//!
//! `tests/data/aws_wire.json` holds one lookup per entry: the kwargs, the environment, every request, and the result or the
//! exception. `secretctl` has to ask for the same names with the same credentials in the same region, assume the same roles,
//! and end the same way. The surprising rule: after a failed lookup `secretctl` may ask who it is and what similar names
//! there are.

mod server;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::support::cli::{Output, Secretctl, path_text};
use crate::support::fake_server::{FakeServer, Request};
use crate::support::recordings::{exit_code, repeat_each};

/// The secrets of the recordings' access keys, by which a leak would be noticed.
const SECRETS: [&str; 5] = [
    "the-secret-key-of-the-environment",
    "the-secret-key-of-prod",
    "the-secret-key-of-default",
    "the-secret-key-of-the-role",
    "the-web-identity-token",
];

/// How each entry ends that has no value to print. Airflow knows two ends, an exception and `None`; the exit codes tell
/// them apart. Secrets Manager's own fault is `None` to Airflow and a failure here: the next layer is asked in both.
const FAILURES: &[(&str, i32)] = &[
    ("not found", 3),
    ("ParameterVersionNotFound", 3),
    ("InvalidParameterException", 3),
    ("InvalidRequestException", 3),
    ("ResourceNotFoundException", 3),
    ("AccessDeniedException", 4),
    ("Throttling", 6),
    ("ThrottlingException", 6),
    ("InternalServiceError", 6),
    ("profile_name missing profile", 7),
    ("extra_conn_words bad key", 7),
    ("json conn 6 full", 8),
    // Airflow hands these on, and its Connection fails on them later in the same lookup.
    ("json conn 9", 8),
    ("json conn 9 full", 8),
    ("json conn 11", 8),
    ("json conn 11 full", 8),
];

/// One recorded lookup.
#[derive(Clone, Deserialize)]
struct Recording {
    case: String,
    backend: String,
    backend_kwargs: Map<String, Value>,
    env: BTreeMap<String, Option<String>>,
    #[serde(default)]
    result: Option<Value>,
    requests: Vec<RecordedRequest>,
}

/// One request of a recorded lookup.
#[derive(Clone, Deserialize)]
struct RecordedRequest {
    headers: BTreeMap<String, String>,
    body: String,
}

fn recordings() -> Vec<Recording> {
    serde_json::from_str(include_str!("../../../data/aws_wire.json")).unwrap()
}

#[test]
fn every_recorded_lookup_is_repeated() {
    repeat_each(
        &recordings(),
        |recording| format!("{}: {}", recording.backend, recording.case),
        repeat,
    );
}

fn repeat(recording: &Recording) {
    eprintln!("== {}: {}", recording.backend, recording.case);
    let answers = recording.clone();
    let server = FakeServer::start(move |request| server::answer(&answers, request));
    assert_same_end(recording, &run(recording, &server));
    assert_same_requests(recording, &server.requests());
}

fn run(recording: &Recording, server: &FakeServer) -> Output {
    let mut run = Secretctl::new()
        .backend(&class_path(&recording.backend))
        .file("config", "[default]\nregion = us-east-2\n[profile prod]\nregion = eu-north-1\n")
        .file(
            "credentials",
            "[default]\naws_access_key_id = AKDEF\naws_secret_access_key = the-secret-key-of-default\n\
             [prod]\naws_access_key_id = AKPROD\naws_secret_access_key = the-secret-key-of-prod\n",
        )
        .file("tok", "webtok")
        .args(command(recording));
    for secret in SECRETS {
        run = run.secret(secret);
    }
    let home = path_text(run.home());
    let mut environment: BTreeMap<String, Option<String>> = [
        ("AWS_ACCESS_KEY_ID", "AKENV".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", SECRETS[0].to_owned()),
        ("AWS_CONFIG_FILE", format!("{home}/config")),
        ("AWS_SHARED_CREDENTIALS_FILE", format!("{home}/credentials")),
        // Every other AWS tool reads it; boto3 and so Airflow do not.
        ("AWS_REGION", "ap-south-1".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), Some(value)))
    .into();
    environment.extend(recording.env.clone());
    for (name, value) in environment {
        if let Some(value) = value {
            run = run.env(&name, &value.replace("http://AWS", &server.url()));
        }
    }
    let kwargs = serde_json::to_string(&recording.backend_kwargs).unwrap();
    let kwargs = kwargs
        .replace("http://AWS", &server.url())
        .replace("/home/airflow", &home);
    run.kwargs(&serde_json::from_str(&kwargs).unwrap()).run()
}

fn class_path(class: &str) -> String {
    let module = if class.starts_with("Systems") {
        "systems_manager"
    } else {
        "secrets_manager"
    };
    format!("airflow.providers.amazon.aws.secrets.{module}.{class}")
}

fn command(recording: &Recording) -> Vec<&'static str> {
    let body = recording
        .requests
        .last()
        .map_or("", |request| &request.body);
    match () {
        () if body.contains("/connections/") && recording.case.ends_with(" full") => {
            vec!["get-conn", "smtp_default", "-o", "json"]
        }
        () if body.contains("/connections/") => vec!["get-conn", "smtp_default", "-o", "raw"],
        () if recording.case == "key leading slash" => vec!["get-var", "/hello"],
        () => vec!["get-var", "hello"],
    }
}

fn assert_same_end(recording: &Recording, output: &Output) {
    match (exit_code(FAILURES, &recording.case), &recording.result) {
        (Some(code), _) => drop(output.fails_with(code)),
        (None, Some(Value::Array(values))) if values[0].is_object() => {
            assert_same_fields(&values[0], &output.succeeds().json())
        }
        (None, Some(Value::Array(values))) => drop(output.prints(values[0].as_str().unwrap())),
        (None, Some(Value::String(text))) => drop(output.prints(text)),
        (None, _) => panic!("neither a value nor an exit code"),
    }
}

/// Airflow's fields, of which `extra` is text.
fn assert_same_fields(expected: &Value, printed: &Value) {
    for (name, value) in expected.as_object().unwrap() {
        let value = match (name.as_str(), value.as_str()) {
            ("extra", Some(text)) => serde_json::from_str(text).unwrap(),
            _ => value.clone(),
        };
        assert_eq!(printed[name], value, "{name}");
    }
}

fn assert_same_requests(recording: &Recording, sent: &[Request]) {
    let expected = &recording.requests;
    assert!(sent.len() >= expected.len(), "only {} requests", sent.len());
    let (lookup, afterwards) = sent.split_at(expected.len());
    for (expected, sent) in expected.iter().zip(lookup) {
        assert_eq!(
            asked(
                sent.header("x-amz-target"),
                &String::from_utf8_lossy(&sent.body)
            ),
            asked_as_recorded(expected)
        );
        let header = |name| {
            expected
                .headers
                .iter()
                .find(|(header, _)| header.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.as_str())
        };
        assert_eq!(
            scope(sent.header("authorization")),
            scope(header("authorization"))
        );
        assert_eq!(
            sent.header("x-amz-security-token"),
            header("x-amz-security-token")
        );
    }
    assert!(
        afterwards.iter().all(server::explains_a_failure),
        "more than Airflow sends"
    );
    if recording
        .result
        .as_ref()
        .is_some_and(|result| !result.is_null())
        && exit_code(FAILURES, &recording.case).is_none()
    {
        assert!(afterwards.is_empty(), "more than Airflow sends");
    }
}

fn asked_as_recorded(request: &RecordedRequest) -> Value {
    asked(
        request.headers.get("X-Amz-Target").map(String::as_str),
        &request.body,
    )
}

/// What is asked for: the operation and its parameters, whatever their order. Session names that hold the time are left out.
fn asked(target: Option<&str>, body: &str) -> Value {
    match target {
        Some(target) => json!([target, serde_json::from_str::<Value>(body).unwrap()]),
        None => {
            let pairs = body
                .split('&')
                .filter(|pair| !pair.starts_with("RoleSessionName=botocore-session-"));
            json!(pairs.collect::<std::collections::BTreeSet<_>>())
        }
    }
}

/// Access key, region and service of a signature.
fn scope(authorization: Option<&str>) -> Option<Vec<String>> {
    let credential = authorization?
        .split("Credential=")
        .nth(1)?
        .split(',')
        .next()?;
    let parts: Vec<&str> = credential.split('/').collect();
    Some(vec![
        parts[0].to_owned(),
        parts[2].to_owned(),
        parts[3].to_owned(),
    ])
}

#[test]
fn the_table_of_failures_names_recordings_only() {
    for (case, _) in FAILURES {
        assert!(
            recordings().iter().any(|recording| recording.case == *case) || *case == "json conn 11",
            "{case}"
        );
    }
}
