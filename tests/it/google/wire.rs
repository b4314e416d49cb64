//! What Airflow's own `CloudSecretManagerBackend` (google provider 22.8.0) asked for and made of it, replayed through
//! `secretctl`.
//!
//! `tests/data/gcp_wire.json` holds one lookup per entry: the kwargs, the environment, the resource that was asked for, and
//! the result or the exception. `secretctl` has to ask for the same resource, over REST instead of gRPC, and end the same
//! way. The surprising rule: a name that no secret can have is not asked for at all.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::support::cli::{Output, Secretctl, path_text};
use crate::support::fake_server::{FakeServer, Request, Response};
use crate::support::recordings::{exit_code, repeat_each};
use crate::support::secret_manager::{self, assert_signed, error, key, payload};

/// How each entry ends that has no value to print. Airflow knows two ends, an exception and `None`; the exit codes tell
/// them apart.
const FAILURES: &[(&str, i32)] = &[
    // defined nowhere
    ("impersonation str", 3),
    ("impersonation comma str", 3),
    ("cred config file dict", 3),
    ("connections_prefix None + invalid sep", 3),
    ("prefix trailing newline", 3),
    ("prefix None", 3),
    ("key with slash/dot", 3),
    ("NotFound", 3),
    ("InvalidArgument", 3),
    // refused, which Airflow takes for absent
    ("PermissionDenied", 4),
    // throttled
    ("ResourceExhausted", 6),
    // the constructor raises, or logs that there are no credentials and each lookup fails
    ("keyfile_dict as JSON string", 7),
    ("key_path .p12", 7),
    ("key_path missing", 7),
    ("key_path missing + project_id", 7),
    ("no creds", 7),
    ("prefix with slash", 7),
    ("unknown kwarg", 7),
];

/// Entries that ask for a name which no secret can have.
const IMPOSSIBLE: &[&str] = &[
    "connections_prefix None + invalid sep",
    "prefix trailing newline",
    "key with slash/dot",
];

/// One recorded lookup.
#[derive(Clone, Deserialize)]
struct Recording {
    case: String,
    backend_kwargs: Map<String, Value>,
    env: BTreeMap<String, String>,
    #[serde(default)]
    result: Option<String>,
    calls: Vec<String>,
}

fn recordings() -> Vec<Recording> {
    serde_json::from_str(include_str!("../../data/gcp_wire.json")).unwrap()
}

#[test]
fn every_recorded_lookup_is_repeated() {
    repeat_each(&recordings(), |recording| recording.case.clone(), repeat);
}

#[test]
fn the_table_of_failures_names_the_recordings_without_a_value() {
    let cases: Vec<String> = recordings()
        .into_iter()
        .filter(|recording| recording.result.is_none())
        .map(|recording| recording.case)
        .collect();
    let mut named: Vec<String> = FAILURES
        .iter()
        .map(|(case, _)| (*case).to_owned())
        .collect();
    let mut cases = cases;
    named.sort();
    cases.sort();
    assert_eq!(named, cases);
}

fn repeat(recording: &Recording) {
    eprintln!("== {}", recording.case);
    let answers = recording.clone();
    let server = FakeServer::start(move |request| answer(&answers, request));
    let output = run(recording, &server);
    match (exit_code(FAILURES, &recording.case), &recording.result) {
        (Some(code), _) => output.fails_with(code),
        (None, Some(value)) => output.prints(value),
        (None, None) => panic!("neither a value nor an exit code"),
    };
    assert_eq!(resources(&server), expected_resources(recording));
}

fn run(recording: &Recording, server: &FakeServer) -> Output {
    let mut run = secret_manager::lookup(server)
        .file("key.json", key().to_string())
        .file("subject-token", "the token from elsewhere")
        .secret("the token from elsewhere")
        .args(command(&recording.case));
    for (name, value) in &recording.env {
        run = run.env(name, value);
    }
    let kwargs = kwargs(recording, server, &run);
    run.kwargs(&kwargs).run()
}

fn command(case: &str) -> [&str; 2] {
    match case {
        "conn" => ["get-conn", "smtp_default"],
        "config" => ["get-config", "sql_alchemy_conn"],
        "key with slash/dot" => ["get-var", "a/b.c"],
        _ => ["get-var", "hello"],
    }
}

/// The recorded kwargs with a real key, this home, and this server in the place of Google's.
fn kwargs(recording: &Recording, server: &FakeServer, run: &Secretctl) -> Value {
    let mut kwargs = recording.backend_kwargs.clone();
    if kwargs.get("gcp_keyfile_dict") == Some(&json!("<sa json>")) {
        kwargs.insert("gcp_keyfile_dict".to_owned(), key());
    }
    if let Some(config) = kwargs.get_mut("gcp_credential_config_file") {
        config["token_url"] = format!("{}/sts", server.url()).into();
        config["credential_source"]["file"] = path_text(run.home().join("subject-token")).into();
    }
    let kwargs = Value::Object(kwargs).to_string();
    let home = path_text(run.home());
    serde_json::from_str(&kwargs.replace("/home/airflow", &home)).unwrap()
}

fn answer(recording: &Recording, request: &Request) -> Option<Response> {
    match request.method.as_str() {
        "POST" => token(recording, request),
        "GET" if request.path().ends_with(":access") => {
            assert_token(recording, request);
            Some(secret(recording))
        }
        // what may be asked after a failed lookup
        "GET" => Some(error(403, "PERMISSION_DENIED", "no")),
        _ => None,
    }
}

fn assert_token(recording: &Recording, request: &Request) {
    let case = recording.case.as_str();
    if case.starts_with("impersonation") || case == "cred config file dict" {
        let token = format!("Bearer token of {case}");
        assert_eq!(request.header("authorization"), Some(token.as_str()));
    } else {
        assert_signed(request, "aud", "https://secretmanager.googleapis.com/");
    }
}

/// The token servers: IAM for an impersonation, the exchange for an external account.
fn token(recording: &Recording, request: &Request) -> Option<Response> {
    let token = format!("token of {}", recording.case);
    if request.path() == "/sts" {
        let body = String::from_utf8(request.body.clone()).unwrap();
        assert!(body.contains("subject_token=the+token+from+elsewhere&"));
        assert!(body.contains("audience=%2F%2Fiam.googleapis.com%2Fx&"));
        return Some(Response::json(
            200,
            &json!({"access_token": token, "expires_in": 9}),
        ));
    }
    let target = recording.backend_kwargs["impersonation_chain"].as_str()?;
    let path = format!("/v1/projects/-/serviceAccounts/{target}:generateAccessToken");
    assert_eq!(request.path(), path);
    assert_signed(request, "scope", "https://www.googleapis.com/auth/iam");
    let scope = ["https://www.googleapis.com/auth/cloud-platform"];
    let body = json!({"delegates": null, "scope": scope, "lifetime": "3600s"});
    assert_eq!(request.json(), body);
    Some(Response::json(
        200,
        &json!({"accessToken": token, "expireTime": "2100-01-01T00:00:00Z"}),
    ))
}

fn secret(recording: &Recording) -> Response {
    match (recording.case.as_str(), &recording.result) {
        (_, Some(value)) => payload(value),
        ("PermissionDenied", None) => error(403, "PERMISSION_DENIED", "no"),
        ("InvalidArgument", None) => error(400, "INVALID_ARGUMENT", "bad"),
        ("ResourceExhausted", None) => error(429, "RESOURCE_EXHAUSTED", "x"),
        (_, None) => error(404, "NOT_FOUND", "no such secret"),
    }
}

/// The resources whose latest version was read, each once however often it was asked for.
fn resources(server: &FakeServer) -> Vec<String> {
    let mut resources: Vec<String> = server
        .requests()
        .iter()
        .filter_map(|request| {
            let path = request.target.strip_prefix("/v1/")?;
            Some(path.strip_suffix(":access")?.replace("%2C", ","))
        })
        .collect();
    resources.dedup();
    resources
}

fn expected_resources(recording: &Recording) -> Vec<String> {
    let calls = recording.calls.clone();
    if IMPOSSIBLE.contains(&recording.case.as_str()) {
        return Vec::new();
    }
    calls
}
