//! The entries about Kubernetes, outside a pod.

use serde_json::{Value, json};

use super::support::cli::{Secretctl, path_text};
use super::support::fake_server::{FakeServer, Response};

const BACKEND: &str =
    "airflow.providers.cncf.kubernetes.secrets.kubernetes_secrets_backend.KubernetesSecretsBackend";

/// An API server whose one secret, labelled for `hello`, has this data.
fn api_server(data: Value) -> FakeServer {
    let list = json!({"kind": "SecretList", "items": [{"metadata": {"name": "s"}, "data": data}]});
    FakeServer::start(move |request| {
        let is_read = request.path() == "/api/v1/namespaces/airflow/secrets";
        is_read.then(|| Response::json(200, &list))
    })
}

fn lookup(server: &FakeServer) -> Secretctl {
    let kubeconfig = json!({
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u", "namespace": "airflow"}}],
        "clusters": [{"name": "k", "cluster": {"server": server.url()}}],
        "users": [{"name": "u", "user": {"token": "the-token-of-these-tests"}}],
    });
    let run = Secretctl::new()
        .backend(BACKEND)
        .secret("the-token-of-these-tests")
        .file("config", kubeconfig.to_string());
    let path = path_text(run.home().join("config"));
    run.env("KUBECONFIG", &path).args(["get-var", "hello"])
}

#[test]
fn outside_a_pod_kubeconfig_is_read() {
    let server = api_server(json!({"value": "dGhlIHZhbHVl"}));
    lookup(&server).run().prints("the value").quietly();
}

#[test]
fn a_labelled_secret_without_its_data_key_is_no_absent_one() {
    let server = api_server(json!({"password": "dGhlIHZhbHVl"}));
    lookup(&server).run().fails_with(8).says("`value`");
}
