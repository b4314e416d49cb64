//! What Airflow's own `VaultBackend` (hashicorp provider 4.8.4, hvac 2.4.0) sent and got, replayed through `secretctl`.
//!
//! `tests/data/vault_wire.json` holds one lookup per entry: the kwargs, the environment, every request, and the result or
//! the exception. `secretctl` has to send the same requests and end the same way. What the server answered is not recorded;
//! it follows from the name and the result of each entry. The surprising rule: after a failed lookup `secretctl` may ask
//! two things more, to say why it failed.

mod aws_login;
mod server;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::support::cli::{Output, Secretctl};
use crate::support::fake_server::{FakeServer, Request};
use crate::support::recordings::{exit_code, repeat_each};

const VAULT: &str = "airflow.providers.hashicorp.secrets.vault.VaultBackend";

/// How each entry ends that has no value to print. Airflow knows two ends, an exception and `None`; the exit codes tell
/// them apart.
const FAILURES: &[(&str, i32)] = &[
    // defined nowhere
    ("kv2 deleted (404 + metadata)", 3),
    ("mount_point None key no slash", 3),
    ("variables_path None", 3),
    ("key dotdot", 3),
    // a login that does not work out
    ("token env VAULT_TOKEN empty", 5),
    ("userpass special username", 5),
    ("login 403", 5),
    ("radius", 5),
    ("azure", 5),
    ("aws_iam env creds no region", 5),
    // a server that does not answer the question
    ("400", 6),
    ("429", 6),
    ("500 (retried)", 6),
    ("503 sealed (retried)", 6),
    ("504 (not retried)", 6),
    // the constructor raises, or the client that it makes
    ("no token", 7),
    ("~/.vault-token only", 7),
    ("approle no role", 7),
    ("kubernetes no role", 7),
    ("kv '1' string", 7),
    ("unknown kwarg", 7),
    // a secret without the text that was asked for
    ("kv2 200 data empty var", 8),
    ("var no value key", 8),
    ("variables_path list first empty dict", 8),
    ("conn_uri empty + fields", 8),
];

/// One recorded lookup.
#[derive(Clone, Deserialize)]
struct Recording {
    case: String,
    backend_kwargs: Map<String, Value>,
    env: BTreeMap<String, String>,
    #[serde(default)]
    result: Option<String>,
    requests: Vec<RecordedRequest>,
}

/// One request of a recorded lookup.
#[derive(Clone, Deserialize)]
struct RecordedRequest {
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
    body: String,
}

fn recordings() -> Vec<Recording> {
    serde_json::from_str(include_str!("../../../data/vault_wire.json")).unwrap()
}

#[test]
fn every_recorded_lookup_is_repeated() {
    repeat_each(&recordings(), |recording| recording.case.clone(), repeat);
}

#[test]
fn the_table_of_failures_names_the_recordings_without_a_value() {
    for recording in recordings() {
        let fails = exit_code(FAILURES, &recording.case).is_some();
        assert!(
            fails || recording.result.is_some(),
            "{} prints nothing and has no code",
            recording.case
        );
    }
    for (case, _) in FAILURES {
        assert!(
            recordings().iter().any(|recording| recording.case == *case),
            "{case} is not recorded"
        );
    }
}

fn repeat(recording: &Recording) {
    eprintln!("== {}", recording.case);
    let answers = recording.clone();
    let server = FakeServer::start(move |request| server::answer(&answers, request));
    assert_same_end(recording, &run(recording, &server));
    assert_same_requests(recording, &server.requests());
}

fn run(recording: &Recording, server: &FakeServer) -> Output {
    let mut run = Secretctl::new()
        .backend(VAULT)
        .file("tok", "filetok\n")
        .file("jwt", "the.jwt.tok\n")
        .secret("s.logintoken")
        .args(["--keep-login"])
        .args(command(recording));
    if recording.case.contains("~/.vault-token") {
        run = run.file(".vault-token", "dottok");
    }
    for (name, value) in &recording.env {
        run = run.env(name, value);
    }
    run.kwargs(&kwargs(recording, &server.url())).run()
}

/// The recorded kwargs for this server; Airflow itself puts the home in the place of `$HOME`.
fn kwargs(recording: &Recording, url: &str) -> Value {
    let mut kwargs = recording.backend_kwargs.clone();
    kwargs.insert("url".to_owned(), url.into());
    for value in kwargs.values_mut() {
        if let Some(path) = value
            .as_str()
            .and_then(|text| text.strip_prefix("/home/airflow/"))
        {
            *value = format!("$HOME/{path}").into();
        }
    }
    Value::Object(kwargs)
}

fn command(recording: &Recording) -> Vec<&str> {
    if recording
        .requests
        .iter()
        .any(|request| request.path.contains("/connections/"))
    {
        return vec!["get-conn", "smtp_default", "-o", "raw"];
    }
    let key = match recording.case.as_str() {
        "mount_point None key with slash"
        | "mount_point None variables_path ''"
        | "mount_point '' " => "m1/hello",
        "mount_point None key with 2 slashes" => "m1/p/hello",
        "key dotdot" => "../x",
        _ => "hello",
    };
    vec!["get-var", key]
}

fn assert_same_end(recording: &Recording, output: &Output) {
    match (exit_code(FAILURES, &recording.case), &recording.result) {
        (Some(code), _) => output.fails_with(code),
        (None, Some(value)) => output.prints(value),
        (None, None) => panic!("neither a value nor an exit code"),
    };
}

fn assert_same_requests(recording: &Recording, sent: &[Request]) {
    let expected: Vec<&RecordedRequest> = recording
        .requests
        .iter()
        .filter(|request| !configures_a_mount(request))
        .collect();
    let sent_lines: Vec<String> = sent
        .iter()
        .map(|request| format!("{} {}", request.method, request.target))
        .collect();
    assert!(sent.len() >= expected.len(), "only {sent_lines:?}");
    let (lookup, afterwards) = sent.split_at(expected.len());
    for (expected, sent) in expected.iter().zip(lookup) {
        assert_same_request(expected, sent);
    }
    let all_explain = afterwards.iter().all(server::explains_a_failure);
    assert!(all_explain, "more than Airflow sends: {sent_lines:?}");
}

/// Airflow's azure and radius "logins" overwrite the auth mount's configuration. `secretctl` reads and never writes.
fn configures_a_mount(request: &RecordedRequest) -> bool {
    request.path.starts_with("/v1/auth/") && request.path.ends_with("/config")
}

fn assert_same_request(expected: &RecordedRequest, sent: &Request) {
    assert_eq!(
        (&sent.method, &sent.target),
        (&expected.method, &expected.path)
    );
    let sent_headers = sent.headers.iter().map(|(name, value)| (name, value));
    assert_eq!(
        vault_headers(sent_headers),
        vault_headers(expected.headers.iter()),
        "{}",
        expected.path
    );
    if expected.body.contains("iam_request_headers") {
        aws_login::assert_same(&expected.body, &sent.json());
    } else if expected.body.is_empty() {
        assert_eq!(sent.body, b"", "{}", expected.path);
    } else {
        let expected: Value = serde_json::from_str(&expected.body).unwrap();
        assert_eq!(sent.json(), expected);
    }
}

/// The `X-Vault-` headers, which are all that Vault looks at.
fn vault_headers<'a>(
    headers: impl Iterator<Item = (&'a String, &'a String)>,
) -> BTreeMap<String, &'a str> {
    headers
        .map(|(name, value)| (name.to_lowercase(), value.as_str()))
        .filter(|(name, _)| name.starts_with("x-vault-"))
        .collect()
}
