//! The entries about Kubernetes, outside a pod.

use serde_json::{Value, json};

use crate::support::cli::{Secretctl, path_text};
use crate::support::fake_server::{FakeServer, Response};

const BACKEND: &str =
    "airflow.providers.cncf.kubernetes.secrets.kubernetes_secrets_backend.KubernetesSecretsBackend";

/// An API server whose one secret, labelled for `hello`, has this data.
pub fn api_server(data: Value) -> FakeServer {
    let list = json!({"kind": "SecretList", "items": [{"metadata": {"name": "s"}, "data": data}]});
    FakeServer::start(move |request| {
        let is_read = request.path() == "/api/v1/namespaces/airflow/secrets";
        is_read.then(|| Response::json(200, &list))
    })
}

fn lookup(server: &FakeServer) -> Secretctl {
    backend(server).args(["get-var", "hello"])
}

/// A run that asks this server first.
pub fn backend(server: &FakeServer) -> Secretctl {
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
    run.env("KUBECONFIG", &path)
}

#[test]
fn outside_a_pod_kubeconfig_is_read() {
    let server = api_server(json!({"value": "dGhlIHZhbHVl"}));
    lookup(&server)
        .run()
        .prints("the value")
        .says("the kwargs have no `namespace`");
    let named = lookup(&server).kwargs(&json!({"namespace": "airflow"}));
    named.run().prints("the value").quietly();
}

/// An API server that answers the first read like this, and 406 to whoever asks for metadata and takes nothing else.
#[test]
fn after_a_failure_kubernetes_is_asked_for_the_cause() {
    let asked = |answer: Response| {
        let server = FakeServer::start(move |request| {
            let is_lookup = request.target.contains("labelSelector");
            is_lookup.then(|| answer.clone()).or_else(|| {
                let is_about_itself = request.path().ends_with("/selfsubjectreviews");
                let user = json!({"status": {"userInfo": {"username": "robot"}}});
                let metadata_only = Response::text(406, "only whole objects are served");
                let review = Response::json(201, &user);
                Some(if is_about_itself {
                    review
                } else {
                    metadata_only
                })
            })
        });
        let output = lookup(&server).run();
        let mut requests = server.requests();
        assert_eq!(requests.len(), 2, "{output}");
        (output, requests.remove(1))
    };
    let (absent, search) = asked(Response::json(
        200,
        &json!({"kind": "SecretList", "items": []}),
    ));
    absent.fails_with(3).says("hint: only namespace `airflow`");
    assert_eq!(
        search.target,
        "/api/v1/namespaces/airflow/secrets?limit=500"
    );
    assert_eq!(
        search.header("accept"),
        Some("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"),
        "whole objects would hold values"
    );
    let (refused, review) = asked(Response::json(403, &json!({"message": "no"})));
    refused.fails_with(4).says("`robot` may not list");
    assert!(
        review.target.ends_with("/selfsubjectreviews"),
        "{}",
        review.target
    );
}

#[test]
fn a_labelled_secret_without_its_data_key_is_no_absent_one() {
    let server = api_server(json!({"password": "dGhlIHZhbHVl"}));
    lookup(&server).run().fails_with(8).says("`value`");
}
