//! `VaultBackend` with a token, KV version 2.

use serde_json::{Value, json};

use super::{BackendUnderTest, Credential};
use crate::support::fake_server::{FakeServer, Request, Response};

const TOKEN: &str = "s.the-token-of-the-contract-suite";

pub const BACKEND: BackendUnderTest = BackendUnderTest {
    class: "airflow.providers.hashicorp.secrets.vault.VaultBackend",
    start: FakeServer::start,
    kwargs,
    surroundings: |run, _| run,
    variables_kwarg: "variables_path",
    credential: TOKEN,
    is_read: |request| {
        request.method == "GET" && request.target == "/v1/secret/data/variables/hello"
    },
    found: |text| {
        Response::json(
            200,
            &json!({"data": {"data": {"value": text}, "metadata": {"version": 1}}}),
        )
    },
    absent: || Response::json(404, &json!({"errors": []})),
    failure: |status| failure(status, "something of the service's own"),
    failure_saying: failure,
    explanation,
};

fn failure(status: u16, message: &str) -> Response {
    Response::json(status, &json!({"errors": [message]}))
}

fn kwargs(url: &str) -> Value {
    json!({"url": url, "token": TOKEN})
}

fn explanation(request: &Request, credential: Credential) -> Option<Response> {
    let about_the_mount = request
        .path()
        .starts_with("/v1/sys/internal/ui/mounts/secret");
    let about_the_token = request.path() == "/v1/auth/token/lookup-self";
    let lists = request.path() == "/v1/secret/metadata/variables";
    match credential {
        Credential::Good if lists => {
            Some(Response::json(200, &json!({"data": {"keys": ["another"]}})))
        }
        Credential::Good if about_the_mount => Some(mount()),
        Credential::Good if about_the_token => Some(Response::json(
            200,
            &json!({"data": {"policies": ["default"]}}),
        )),
        Credential::Bad if about_the_mount || about_the_token => Some(refusal()),
        _ => None,
    }
}

fn mount() -> Response {
    Response::json(
        200,
        &json!({"data": {"type": "kv", "path": "secret/", "options": {"version": "2"}}}),
    )
}

fn refusal() -> Response {
    Response::json(403, &json!({"errors": ["permission denied"]}))
}
