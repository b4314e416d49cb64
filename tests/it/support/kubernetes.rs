//! A stand-in for the Kubernetes API server, which knows one token and one secret.
//!
//! The official Python client is answered and refused by it as it should be: `official_clients` says so.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::fake_server::{Request, Response};

/// What a client has to show.
pub const TOKEN: &str = "the-token-of-the-kubernetes-tests";

/// An API server that knows variable `hello` and whoever shows the token.
pub fn api_server(request: &Request) -> Option<Response> {
    if request.header("authorization") != Some(&format!("Bearer {TOKEN}")) {
        return Some(status(401, "Unauthorized"));
    }
    anybodys_server(request)
}

/// An API server that knows variable `hello` and asks for no token.
pub fn anybodys_server(request: &Request) -> Option<Response> {
    is_read(request).then(|| secrets(&[secret("hello-secret", "the value")]))
}

/// Whether this is what secretctl and Airflow ask for variable `hello`.
pub fn is_read(request: &Request) -> bool {
    let selector = "airflow.apache.org%2Fvariable-key%3Dhello%2C%21airflow.apache.org%2Fteam";
    request.target
        == format!("/api/v1/namespaces/airflow/secrets?labelSelector={selector}&resourceVersion=0")
}

/// Whether this is the question for near misses.
pub fn is_search(request: &Request) -> bool {
    request.target == "/api/v1/namespaces/airflow/secrets?limit=500"
}

/// A list of secrets.
pub fn secrets(items: &[Value]) -> Response {
    Response::json(
        200,
        &json!({"kind": "SecretList", "apiVersion": "v1", "items": items}),
    )
}

/// A secret with this value.
pub fn secret(name: &str, value: &str) -> Value {
    json!({"metadata": {"name": name}, "data": {"value": STANDARD.encode(value)}})
}

/// The API server's way to fail.
pub fn status(code: u16, message: &str) -> Response {
    Response::json(
        code,
        &json!({"kind": "Status", "status": "Failure", "message": message, "code": code}),
    )
}
