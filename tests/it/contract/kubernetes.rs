//! `KubernetesSecretsBackend` outside a pod, with the token of a kubeconfig.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{BackendUnderTest, Credential};
use crate::support::cli::{Secretctl, path_text};
use crate::support::fake_server::{FakeServer, Request, Response};

const TOKEN: &str = "the-token-of-the-contract-suite";
const SECRETS: &str = "/api/v1/namespaces/airflow/secrets";

pub const BACKEND: BackendUnderTest = BackendUnderTest {
    class: "airflow.providers.cncf.kubernetes.secrets.kubernetes_secrets_backend.KubernetesSecretsBackend",
    start: |handler| FakeServer::start(handler),
    kwargs: |_| json!({"namespace": "airflow"}),
    surroundings: with_kubeconfig,
    variables_kwarg: "variables_label",
    credential: TOKEN,
    is_read: |request| {
        request.path() == SECRETS
            && request
                .target
                .contains("labelSelector=airflow.apache.org%2Fvariable-key%3Dhello%2C")
    },
    found: |text| {
        list(&[json!({"metadata": {"name": "s"}, "data": {"value": STANDARD.encode(text)}})])
    },
    absent: || list(&[]),
    failure: |status| failure(status, "something of the service's own"),
    failure_saying: failure,
    explanation,
};

fn failure(status: u16, message: &str) -> Response {
    Response::json(
        status,
        &json!({"kind": "Status", "message": message, "code": status}),
    )
}

fn with_kubeconfig(run: Secretctl, url: &str) -> Secretctl {
    let config = json!({
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
        "clusters": [{"name": "k", "cluster": {"server": url}}],
        "users": [{"name": "u", "user": {"token": TOKEN}}],
    });
    let run = run.file("config", config.to_string());
    let path = path_text(run.home().join("config"));
    run.env("KUBECONFIG", &path)
}

fn explanation(request: &Request, credential: Credential) -> Option<Response> {
    let about_the_others = request.target == format!("{SECRETS}?limit=500");
    let about_the_token = request.path() == "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    match credential {
        Credential::Good if about_the_others => Some(list(&[])),
        Credential::Good if about_the_token => Some(Response::json(
            201,
            &json!({"status": {"userInfo": {"username": "robot"}}}),
        )),
        Credential::Bad if about_the_token => Some((BACKEND.failure)(401)),
        _ => None,
    }
}

fn list(items: &[Value]) -> Response {
    Response::json(200, &json!({"kind": "SecretList", "items": items}))
}
