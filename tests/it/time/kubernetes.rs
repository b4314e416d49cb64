//! What a kubeconfig is, and what it names.

use serde_json::{Value, json};

use super::{Case, NOBODY, NOBODY_WITH_TLS, check_all};
use crate::support::cli::Secretctl;

const CLASS: &str =
    "airflow.providers.cncf.kubernetes.secrets.kubernetes_secrets_backend.KubernetesSecretsBackend";

const CASES: &[Case] = &[
    Case::file("config", |run| run.env_path("KUBECONFIG", "config")),
    Case::file("token", |run| {
        kubeconfig(
            run,
            json!({"server": NOBODY}),
            json!({"tokenFile": "token"}),
        )
    }),
    Case::program("plugin", |run| {
        let exec = json!({
            "apiVersion": "client.authentication.k8s.io/v1", "command": "./plugin", "interactiveMode": "Never",
        });
        kubeconfig(run, json!({"server": NOBODY}), json!({ "exec": exec }))
    }),
];

const CERTIFICATES: &[Case] = &[
    Case::file("ca.pem", |run| {
        let cluster = json!({"server": NOBODY_WITH_TLS, "certificate-authority": "ca.pem"});
        kubeconfig(run, cluster, json!({"token": "the-token"}))
    })
    .refused("it is not a regular file"),
    Case::file("client.pem", |run| {
        let user = json!({"client-certificate": "client.pem", "client-key": "client.pem"});
        kubeconfig(run, json!({"server": NOBODY_WITH_TLS}), user)
    })
    .refused("it is not a regular file"),
];

fn kubeconfig(run: Secretctl, cluster: Value, user: Value) -> Secretctl {
    let config = json!({
        "current-context": "ci",
        "contexts": [{"name": "ci", "context": {"cluster": "test", "user": "robot"}}],
        "clusters": [{"name": "test", "cluster": cluster}],
        "users": [{"name": "robot", "user": user}],
    });
    run.file("kubeconfig", config.to_string())
        .env_path("KUBECONFIG", "kubeconfig")
}

fn lookup() -> Secretctl {
    Secretctl::new()
        .backend(CLASS)
        .kwargs(&json!({"namespace": "airflow"}))
}

#[test]
fn credentials() {
    check_all(CASES, lookup);
}

#[test]
fn certificates() {
    check_all(CERTIFICATES, lookup);
}
