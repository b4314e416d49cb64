//! Kubernetes outside a pod: `secretctl` with a `KUBECONFIG`, against a stand-in for the API server.
//!
//! `failures` has what the server refuses or holds in a wrong form, `kubeconfig` the ways to a server and to credentials.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod failures;
mod kubeconfig;
#[path = "../support/mod.rs"]
mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use support::cli::{Secretctl, path_text};
use support::fake_server::{FakeServer, Request, Response};

const BACKEND: &str =
    "airflow.providers.cncf.kubernetes.secrets.kubernetes_secrets_backend.KubernetesSecretsBackend";
const TOKEN: &str = "the-token-of-the-kubernetes-tests";

/// `get-var hello` with this kubeconfig, which lies in the home of the run. The token may not show up anywhere.
fn lookup(kubeconfig: &Value) -> Secretctl {
    let run = Secretctl::new()
        .backend(BACKEND)
        .file("config", kubeconfig.to_string())
        .secret(TOKEN);
    let path = path_text(run.home().join("config"));
    run.env("KUBECONFIG", &path).args(["get-var", "hello"])
}

/// A kubeconfig with one of each.
fn kubeconfig(cluster: Value, user: Value) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "ci",
        "contexts": [{"name": "ci", "context": {"cluster": "test", "user": "robot", "namespace": "airflow"}}],
        "clusters": [{"name": "test", "cluster": cluster}],
        "users": [{"name": "robot", "user": user}],
    })
}

/// A kubeconfig that leads to a server without TLS, with the token.
fn config_for(server: &FakeServer) -> Value {
    kubeconfig(json!({"server": server.url()}), json!({"token": TOKEN}))
}

/// An API server that knows variable `hello` and whoever shows the token.
fn api_server(request: &Request) -> Option<Response> {
    if request.header("authorization") != Some(&format!("Bearer {TOKEN}")) {
        return Some(status(401, "Unauthorized"));
    }
    anybodys_server(request)
}

/// An API server that knows variable `hello` and asks for no token.
fn anybodys_server(request: &Request) -> Option<Response> {
    is_read(request).then(|| secrets(&[secret("hello-secret", "the value")]))
}

fn is_read(request: &Request) -> bool {
    let selector = "airflow.apache.org%2Fvariable-key%3Dhello%2C%21airflow.apache.org%2Fteam";
    request.target
        == format!("/api/v1/namespaces/airflow/secrets?labelSelector={selector}&resourceVersion=0")
}

fn is_search(request: &Request) -> bool {
    request.target == "/api/v1/namespaces/airflow/secrets?limit=500"
}

fn secrets(items: &[Value]) -> Response {
    Response::json(
        200,
        &json!({"kind": "SecretList", "apiVersion": "v1", "items": items}),
    )
}

fn secret(name: &str, value: &str) -> Value {
    json!({"metadata": {"name": name}, "data": {"value": STANDARD.encode(value)}})
}

/// The API server's way to fail.
fn status(code: u16, message: &str) -> Response {
    Response::json(
        code,
        &json!({"kind": "Status", "status": "Failure", "message": message, "code": code}),
    )
}
