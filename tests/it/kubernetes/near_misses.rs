//! What more is asked after an absent or refused secret, how much of it, and that nothing is said twice.

use serde_json::{Value, json};

use super::{config_for, lookup, run_in};
use crate::support::fake_server::{FakeServer, Response};
use crate::support::kubernetes::{is_read, is_search, secrets, status};

/// A namespace without variable `hello`, of whose secrets a search brings `names` and says where it goes on.
fn namespace_with(names: &'static [&'static str], goes_on: Value) -> FakeServer {
    FakeServer::start(move |request| {
        if is_read(request) {
            return Some(secrets(&[]));
        }
        let items: Vec<Value> = names
            .iter()
            .map(|name| json!({"metadata": {"name": name}}))
            .collect();
        let page = json!({
            "kind": "PartialObjectMetadataList",
            "metadata": {"continue": goes_on, "remainingItemCount": 7},
            "items": items,
        });
        is_search(request).then(|| Response::json(200, &page))
    })
}

#[test]
fn a_search_that_ends_before_the_last_secret_says_so() {
    let server = namespace_with(&["a", "b"], json!("a-token"));
    lookup(&config_for(&server))
        .run()
        .fails_with(3)
        .says("of the secrets of namespace `airflow` only the first 2 were looked through");
    assert_eq!(server.requests().len(), 2, "one page is enough");

    let near = namespace_with(&["a", "hello"], json!("a-token"));
    let output = lookup(&config_for(&near)).run();
    output.fails_with(3).says("secret `hello` lacks the label");
    assert!(!output.stderr.contains("looked through"), "{output}");

    let whole = namespace_with(&["a", "b"], json!(""));
    let output = lookup(&config_for(&whole)).run();
    output
        .fails_with(3)
        .says("only namespace `airflow` was asked");
    assert!(!output.stderr.contains("looked through"), "{output}");
}

/// Whether the server refuses the label or knows none like it.
#[test]
fn why_no_label_can_hold_an_id_is_said_once_and_nothing_is_searched() {
    let refused = status(400, "unable to parse requirement");
    for (id, answer) in [("a b", refused), ("a,b", secrets(&[]))] {
        let server = FakeServer::start(move |_| Some(answer.clone()));
        let output = run_in(&config_for(&server)).args(["get-var", id]).run();
        output.fails_with(3);
        let reasons = output
            .stderr
            .matches("no secret can have this id in a label");
        assert_eq!(reasons.count(), 1, "{output}");
        assert_eq!(server.requests().len(), 1, "{output}");
    }
}

#[test]
fn without_diagnosis_nobody_is_asked_for_his_name() {
    let server = FakeServer::start(|request| is_read(request).then(|| status(403, "no")));
    let output = lookup(&config_for(&server)).args(["--no-diagnose"]).run();
    output
        .fails_with(4)
        .says("the credentials of user `robot` in `")
        .says("may not list the secrets of namespace `airflow`");
    assert_eq!(server.requests().len(), 1, "{output}");
}
