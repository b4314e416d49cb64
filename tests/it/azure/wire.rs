//! What Airflow's own `AzureKeyVaultBackend` (microsoft-azure provider 15.2.1) sent and got, replayed through `secretctl`.
//!
//! `tests/data/azure_wire.json` holds one lookup per entry: the kwargs, the environment, every request, and the result or
//! the exception. `secretctl` has to send the same requests to the same addresses, with the same fields, and end the same
//! way. The one departure: it does not ask for `openid-configuration`, which only repeats where the login is.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::azure::{Arrived, Azure, Setup, Stored, TENANT};

/// How each entry ends that has no value to print.
const FAILURES: &[(&str, i32)] = &[
    ("403", 4),
    ("invalid name (dot)", 3),
    ("invalid name (slash)", 3),
    ("vault_url http", 7),
    ("default chain: nothing", 5),
    ("AZURE_TOKEN_CREDENTIALS=prod nothing", 5),
];

#[derive(Deserialize)]
struct Recording {
    case: String,
    backend_kwargs: Value,
    env: BTreeMap<String, String>,
    #[serde(default)]
    result: Option<String>,
    requests: Vec<RecordedRequest>,
}

#[derive(Deserialize)]
struct RecordedRequest {
    method: String,
    url: String,
    headers: BTreeMap<String, String>,
    body: String,
}

#[test]
fn every_recorded_lookup_is_repeated() {
    let recordings: Vec<Recording> =
        serde_json::from_str(include_str!("../../data/azure_wire.json")).unwrap();
    assert_eq!(recordings.len(), 14);
    recordings.iter().for_each(repeat);
}

fn repeat(recording: &Recording) {
    eprintln!("== {}", recording.case);
    let azure = Azure::start(setup(&recording.case));
    let mut run = azure
        .secretctl(recording.backend_kwargs.clone())
        .file("fed", "fedtoken\n");
    for (name, value) in &recording.env {
        let value = value.replace("/home/airflow", run.home().to_str().unwrap());
        run = run.env(
            name,
            &value.replace("http://127.0.0.1:41741", &azure.plain_url()),
        );
    }
    let output = run.args(["get-var", key(&recording.case)]).run();
    let failure = FAILURES.iter().find(|(case, _)| *case == recording.case);
    match (failure, &recording.result) {
        (Some((_, code)), None) => output.fails_with(*code),
        (None, Some(value)) => output.prints(value),
        _ => panic!("the table of failures does not fit"),
    };
    assert_same_requests(recording, &azure);
}

fn key(case: &str) -> &'static str {
    match case {
        "invalid name (dot)" => "hello.world",
        "invalid name (slash)" => "hello/world",
        _ => "hello_world",
    }
}

/// What the recorded Azure was like.
fn setup(case: &str) -> Setup {
    let mut setup = Setup::with([
        ("airflow-variables-hello-world", Stored::Value("w")),
        ("airflow-variables-hellohelloworld", Stored::Value("x")),
    ]);
    setup.applications = [("cid", "csec"), ("ecid", "esec")].into();
    setup.federated = "fedtoken\n";
    if case == "403" {
        let refused = Stored::Refused("ForbiddenByRbac", "m");
        setup
            .secrets
            .insert("airflow-variables-hello-world", refused);
    }
    if case.contains("nothing") {
        let error = json!({"error": {"code": "Unauthorized", "message": "AKV10000"}});
        setup.no_identity = Some((401, error));
    }
    setup
}

fn assert_same_requests(recording: &Recording, azure: &Azure) {
    let discovery = |request: &&RecordedRequest| !request.url.ends_with("openid-configuration");
    let expected: Vec<&RecordedRequest> = recording.requests.iter().filter(discovery).collect();
    let arrived = azure.arrived();
    let urls: Vec<&str> = arrived.iter().map(|arrived| arrived.url.as_str()).collect();
    assert_eq!(arrived.len(), expected.len(), "{urls:#?}");
    for (expected, arrived) in expected.iter().zip(&arrived) {
        assert_same_request(expected, arrived, azure);
    }
}

fn assert_same_request(expected: &RecordedRequest, arrived: &Arrived, azure: &Azure) {
    let url = expected
        .url
        .replace("http://127.0.0.1:41741", &azure.plain_url());
    assert_eq!(
        (&arrived.request.method, &arrived.url),
        (&expected.method, &url)
    );
    let form = url::form_urlencoded::parse(expected.body.as_bytes()).into_owned();
    assert_eq!(arrived.form(), form.collect(), "{url}");
    for name in ["Metadata", "X-IDENTITY-HEADER"] {
        let recorded = expected.headers.get(name).map(String::as_str);
        assert_eq!(arrived.request.header(name), recorded, "{name} of {url}");
    }
    // The tokens are others here; which one is shown follows from the login that precedes it.
    let has_token = |authorization: Option<&str>| authorization.is_some();
    let recorded = expected.headers.get("Authorization").map(String::as_str);
    assert_eq!(
        has_token(arrived.request.header("authorization")),
        has_token(recorded),
        "{url}"
    );
    assert!(
        !arrived.url.contains("login.") || arrived.url.contains(TENANT),
        "{url}"
    );
}
