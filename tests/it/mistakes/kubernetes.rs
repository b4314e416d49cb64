//! Kubernetes: who is asking, in which namespace, and labels that are not quite right.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::{Mistake, mistake};
use crate::support::cli::{Secretctl, path_text};
use crate::support::fake_server::{FakeServer, Request, Response};
use crate::support::kubernetes::{TOKEN, api_server, secret, secrets, status};

const BACKEND: &str =
    "airflow.providers.cncf.kubernetes.secrets.kubernetes_secrets_backend.KubernetesSecretsBackend";
const OLD_TOKEN: &str = "the-token-of-last-year-for-kubernetes";

fn kubeconfig(server: &FakeServer, token: &str) -> String {
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "ci",
        "contexts": [{"name": "ci", "context": {"cluster": "test", "user": "robot", "namespace": "airflow"}}],
        "clusters": [{"name": "test", "cluster": {"server": server.url()}}],
        "users": [{"name": "robot", "user": {"token": token}}],
    })
    .to_string()
}

fn lookup(server: &FakeServer, token: &str, kwargs: &Value) -> Secretctl {
    let run = Secretctl::new()
        .backend(BACKEND)
        .secret(TOKEN)
        .secret(OLD_TOKEN)
        .file("config", kubeconfig(server, token))
        .kwargs(kwargs)
        .args(["get-var", "hello"]);
    let path = path_text(run.home().join("config"));
    run.env("KUBECONFIG", &path)
}

fn in_airflow() -> Value {
    json!({"namespace": "airflow"})
}

/// An API server that has variable `hello` in namespace `airflow` and nothing in others.
fn with_namespaces(request: &Request) -> Option<Response> {
    match request.path() == "/api/v1/namespaces/airflow/secrets" {
        true => api_server(request),
        false => Some(secrets(&[])),
    }
}

pub fn mistakes() -> Vec<Mistake> {
    let (stale, namespace, no_config) = (
        FakeServer::start(api_server),
        FakeServer::start(with_namespaces),
        FakeServer::start(api_server),
    );
    let right = kubeconfig(&stale, TOKEN);
    let no_kubeconfig = lookup(&no_config, TOKEN, &in_airflow());
    let path = path_text(no_kubeconfig.home().join("config"));
    vec![
        mistake(
            "a token that has expired",
            5,
            lookup(&stale, OLD_TOKEN, &in_airflow()),
        )
        .names("the API server does not accept the credentials of user `robot` in `")
        .advises("get a new one: it may have expired, or belong to another cluster")
        .obeyed(0, move |run| run.file("config", right))
        .keeps(stale),
        mistake(
            "the wrong namespace",
            3,
            lookup(&namespace, TOKEN, &json!({"namespace": "default"})),
        )
        .names("no secret of namespace `default` at")
        .advises("\"namespace\"")
        .obeyed(0, |run| run.kwargs(&in_airflow()))
        .keeps(namespace),
        mistake(
            "outside a cluster, without a kubeconfig",
            5,
            no_kubeconfig.without("KUBECONFIG"),
        )
        .names("KubernetesSecretsBackend")
        .advises("outside a cluster, name a kubeconfig file with KUBECONFIG")
        .obeyed(0, move |run| run.env("KUBECONFIG", &path))
        .keeps(no_config),
        role(),
        label(),
    ]
}

/// A role that is bound when the hint has been read.
fn role() -> Mistake {
    let is_bound = Arc::new(AtomicBool::new(false));
    let bound = Arc::clone(&is_bound);
    let message = r#"secrets is forbidden: User "system:serviceaccount:ci:robot" cannot list resource "secrets" in API group "" in the namespace "airflow""#;
    let server = FakeServer::start(move |request| match bound.load(Ordering::SeqCst) {
        true => api_server(request),
        false => Some(status(403, message)),
    });
    mistake(
        "a role that is missing",
        4,
        lookup(&server, TOKEN, &in_airflow()),
    )
    .names("`system:serviceaccount:ci:robot` may not list the secrets of namespace `airflow`")
    .advises(r#"{apiGroups: [""], resources: ["secrets"], verbs: ["list"]}"#)
    .obeyed(0, move |run| {
        is_bound.store(true, Ordering::SeqCst);
        run
    })
    .keeps(server)
}

/// A secret that is labelled with the id in another case.
fn label() -> Mistake {
    let server = FakeServer::start(|request| {
        let mut labelled = secret("hello-secret", "world");
        labelled["metadata"]["labels"] = json!({"airflow.apache.org/variable-key": "Hello"});
        Some(match request.target.contains("limit=500") {
            true => secrets(&[labelled]),
            false => secrets(&[]),
        })
    });
    mistake(
        "a label in another case than the id",
        3,
        lookup(&server, TOKEN, &in_airflow()),
    )
    .names("airflow.apache.org/variable-key=hello")
    .advises("`hello-secret`")
    .keeps(server)
}
