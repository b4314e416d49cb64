//! Whatever answers in the API server's place: nothing that it says is the server's word, so nothing is absent by it.

use serde_json::json;

use super::{config_for, lookup};
use crate::support::fake_server::{FakeServer, Response};
use crate::support::kubernetes::is_read;

fn told_as_foreign(answer: Response) {
    let server = FakeServer::start(move |request| is_read(request).then(|| answer.clone()));
    let output = lookup(&config_for(&server)).run();
    output
        .fails_with(6)
        .says("is not that of a Kubernetes API server")
        .says("check the server's address");
    assert_eq!(server.requests().len(), 1, "{output}");
}

#[test]
fn a_page_is_no_answer_whatever_its_status() {
    for status in [200, 400, 401, 403, 404] {
        told_as_foreign(Response::html(status));
    }
}

/// Many services answer what they do not know with an empty page of `items`.
#[test]
fn an_empty_list_of_something_else_is_no_absent_secret() {
    told_as_foreign(Response::json(200, &json!({"items": []})));
    told_as_foreign(Response::json(200, &json!({"kind": "page", "items": []})));
}

/// An id that no label can hold is absent only by the server's own refusal of it.
#[test]
fn a_page_that_refuses_an_odd_id_does_not_make_it_absent() {
    let server = FakeServer::start(|_| Some(Response::html(400)));
    let run = super::run_in(&config_for(&server)).args(["get-var", "a b"]);
    run.run().fails_with(6).says("of status 400, is not that");
}
