//! What is asked after "not found": only about the name and its look-alikes, not for long, and not after a failure.

use std::time::Duration;

use serde_json::json;

use crate::support::cli::Secretctl;
use crate::support::fake_server::{FakeServer, Request, Response};
use crate::support::secret_manager::{error, key, lookup};

fn get_my_key(server: &FakeServer) -> Secretctl {
    lookup(server)
        .kwargs(&json!({"gcp_keyfile_dict": key()}))
        .args(["get-var", "my_key"])
}

fn is_read(request: &Request) -> bool {
    request.path().ends_with(":access")
}

fn not_found() -> Response {
    error(404, "NOT_FOUND", "no such secret")
}

#[test]
fn each_name_is_asked_for_once() {
    let server = FakeServer::start(|_| Some(not_found()));
    get_my_key(&server).run().fails_with(3);
    let asked: Vec<String> = server.targets();
    let named: Vec<&str> = asked
        .iter()
        .filter_map(|target| target.rsplit('/').next())
        .collect();
    assert_eq!(
        named,
        [
            "latest:access",
            "airflow-variables-my_key",
            "airflow-variables-my-key",
            "airflow-variables_my_key",
            "airflow_variables_my_key",
            "my_key"
        ]
    );
}

#[test]
fn a_question_without_an_answer_is_the_last() {
    for failure in [
        error(403, "PERMISSION_DENIED", "no"),
        Response::html(200),
        Response::text(401, "no"),
    ] {
        let server = FakeServer::start(move |request| match is_read(request) {
            true => Some(not_found()),
            false => Some(failure.clone()),
        });
        get_my_key(&server).run().fails_with(3);
        assert_eq!(server.requests().len(), 2);
    }
}

#[test]
fn nothing_is_asked_where_no_diagnosis_is_wanted() {
    let server = FakeServer::start(|_| Some(not_found()));
    get_my_key(&server)
        .args(["--no-diagnose"])
        .run()
        .fails_with(3);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn the_questions_share_one_time_limit() {
    let server = FakeServer::start(|request| match is_read(request) {
        true => Some(not_found()),
        false => Some(Response::hang()),
    });
    let output = get_my_key(&server).args(["--timeout", "1"]).run();
    output.fails_with(3);
    assert_eq!(server.requests().len(), 2);
    assert!(output.took < Duration::from_secs(10), "{output}");
}

/// Google does not take the name, or the project, or the version: that the secret is there does not mean that it has no version.
#[test]
fn an_invalid_argument_is_not_taken_for_a_secret_without_versions() {
    let server = FakeServer::start(|request| match is_read(request) {
        true => Some(error(400, "INVALID_ARGUMENT", "the argument is invalid")),
        false => Some(Response::json(200, &json!({"name": request.path()}))),
    });
    let output = get_my_key(&server).run();
    output.fails_with(3).says("the argument is invalid");
    assert!(!output.stderr.contains("has no version"), "{output}");
    assert_eq!(server.requests().len(), 1);
}
