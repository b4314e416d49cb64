//! Kubernetes outside a pod: `secretctl` with a `KUBECONFIG`, against a stand-in for the API server.
//!
//! `failures` has what the server refuses or holds in a wrong form, `kubeconfig` the ways to a server and to credentials,
//! `foreign` what others answer in the server's place, `batches` many ids at once, `time_limits` what has no end.

mod batches;
mod failures;
mod foreign;
mod kubeconfig;
mod namespace;
mod near_misses;
mod time_limits;

use serde_json::{Value, json};

use crate::support::cli::{Secretctl, path_text};
use crate::support::fake_server::FakeServer;
use crate::support::kubernetes::TOKEN;

const BACKEND: &str =
    "airflow.providers.cncf.kubernetes.secrets.kubernetes_secrets_backend.KubernetesSecretsBackend";

/// `get-var hello` with this kubeconfig, which lies in the home of the run. The token may not show up anywhere.
fn lookup(kubeconfig: &Value) -> Secretctl {
    run_in(kubeconfig)
        .kwargs(&json!({"namespace": "airflow"}))
        .args(["get-var", "hello"])
}

/// A run with this kubeconfig and nothing in the kwargs.
fn run_in(kubeconfig: &Value) -> Secretctl {
    let run = Secretctl::new()
        .backend(BACKEND)
        .file("config", kubeconfig.to_string())
        .secret(TOKEN);
    let path = path_text(run.home().join("config"));
    run.env("KUBECONFIG", &path)
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
