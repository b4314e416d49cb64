//! The Vault server of the recordings: what it must have answered for each lookup to end as it did.

use serde_json::{Value, json};

use super::Recording;
use crate::support::fake_server::{Request, Response};

/// The answer to one request of a lookup; none for a request that no such lookup sends.
pub fn answer(recording: &Recording, request: &Request) -> Option<Response> {
    if explains_a_failure(request) {
        return Some(explanation(request));
    }
    match request.method.as_str() {
        "POST" if is_login(request.path()) => Some(login(&recording.case)),
        "GET" => Some(read(recording, request.path())),
        _ => None,
    }
}

/// What `secretctl` may ask after a lookup has failed: how the mount is set up, which names are there, and whether the token is
/// good at all.
pub fn explains_a_failure(request: &Request) -> bool {
    let path = request.path();
    let explains =
        path.starts_with("/v1/sys/internal/ui/mounts/") || path == "/v1/auth/token/lookup-self";
    request.method == "GET" && (explains || lists(request))
}

fn lists(request: &Request) -> bool {
    request.target.ends_with("?list=true")
}

fn explanation(request: &Request) -> Response {
    if lists(request) {
        return Response::json(200, &json!({"data": {"keys": []}}));
    }
    if request.path() == "/v1/auth/token/lookup-self" {
        return Response::json(200, &json!({"data": {"policies": ["default"]}}));
    }
    let mount = json!({"type": "kv", "path": "secret/", "options": {"version": "2"}});
    Response::json(200, &json!({"data": mount}))
}

fn is_login(path: &str) -> bool {
    path.starts_with("/v1/auth/") && (path.ends_with("/login") || path.contains("/login/"))
}

fn login(case: &str) -> Response {
    match case {
        "login 403" => error(403, "permission denied"),
        "userpass special username" => Response::json(404, &json!({"errors": []})),
        _ => Response::json(200, &json!({"auth": {"client_token": "s.logintoken"}})),
    }
}

fn read(recording: &Recording, path: &str) -> Response {
    match recording.case.as_str() {
        "400" => error(400, "bad"),
        "429" => error(429, "rate"),
        "500 (retried)" => error(500, "boom"),
        "503 sealed (retried)" => error(503, "Vault is sealed"),
        "504 (not retried)" => error(504, "x"),
        "kv2 deleted (404 + metadata)" => deleted(),
        "key dotdot" => error_without_text(404),
        "global_secrets_path" if path.contains("/variables/") => error_without_text(404),
        "var no value key" => secret(path, json!({"other": "x"})),
        "kv2 200 data empty var" | "variables_path list first empty dict" => {
            secret(path, json!({}))
        }
        // Airflow hands a connection on as the JSON text of the whole secret.
        _ if path.contains("/connections/") => {
            secret(path, serde_json::from_str(result(recording)).unwrap())
        }
        _ => secret(path, json!({"value": result(recording)})),
    }
}

fn result(recording: &Recording) -> &str {
    recording
        .result
        .as_deref()
        .expect("this lookup reads nothing")
}

/// A secret the way the version of the mount wraps it: only version 2 has `data` in its paths.
fn secret(path: &str, secret: Value) -> Response {
    let data = if path.contains("/data/") {
        json!({"data": secret, "metadata": {"version": 1}})
    } else {
        secret
    };
    Response::json(200, &json!({"data": data}))
}

fn deleted() -> Response {
    let metadata =
        json!({"version": 1, "deletion_time": "2026-11-23T16:16:30Z", "destroyed": false});
    Response::json(404, &json!({"data": {"data": null, "metadata": metadata}}))
}

fn error(status: u16, text: &str) -> Response {
    Response::json(status, &json!({"errors": [text]}))
}

fn error_without_text(status: u16) -> Response {
    Response::json(status, &json!({"errors": []}))
}
