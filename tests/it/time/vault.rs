//! Files that a Vault token, a login or the connection rests on.

use serde_json::json;

use super::{Case, NOBODY, NOBODY_WITH_TLS, check_all, with_kwargs};
use crate::support::cli::Secretctl;

const CLASS: &str = "airflow.providers.hashicorp.secrets.vault.VaultBackend";

const FILES: &[Case] = &[
    Case::file(".vault-token", |run| {
        with_kwargs(
            run,
            json!({"url": NOBODY, "auth_type": "approle", "role_id": "r", "secret_id": "s"}),
        )
    }),
    Case::file("token", |run| {
        with_kwargs(run, json!({"url": NOBODY, "token_path": "$HOME/token"}))
    }),
    Case::file("jwt", |run| {
        with_kwargs(
            run,
            json!({"url": NOBODY, "auth_type": "jwt", "jwt_role": "r", "jwt_token_path": "$HOME/jwt"}),
        )
    }),
    Case::file("pod", |run| {
        with_kwargs(
            run,
            json!({"url": NOBODY, "auth_type": "kubernetes", "kubernetes_role": "r", "kubernetes_jwt_path": "$HOME/pod"}),
        )
    }),
    Case::file("key.json", |run| {
        with_kwargs(
            run,
            json!({"url": NOBODY, "auth_type": "gcp", "role_id": "r", "gcp_scopes": "s", "gcp_key_path": "$HOME/key.json"}),
        )
    }),
    Case::file("credentials", |run| {
        let run = run.env_path("AWS_SHARED_CREDENTIALS_FILE", "credentials");
        with_kwargs(
            run,
            json!({"url": NOBODY, "auth_type": "aws_iam", "role_id": "r", "region": "eu-west-1"}),
        )
    }),
    Case::file("system.pem", |run| {
        let run = run.env_path("SSL_CERT_FILE", "system.pem");
        with_kwargs(run, json!({"url": NOBODY_WITH_TLS, "token": "the-token"}))
    })
    .named("`SSL_CERT_FILE`"),
];

/// Certificates are looked at before they are read.
const CERTIFICATES: &[Case] = &[
    Case::file("ca.pem", |run| {
        with_kwargs(
            run,
            json!({"url": NOBODY_WITH_TLS, "token": "the-token", "verify": "$HOME/ca.pem"}),
        )
    })
    .refused("it is not a regular file"),
    Case::file("client.pem", |run| {
        with_kwargs(
            run,
            json!({"url": NOBODY_WITH_TLS, "token": "the-token", "cert": "$HOME/client.pem"}),
        )
    })
    .refused("it is not a regular file"),
    Case::file("bundle.pem", |run| {
        let run = run.env_path("REQUESTS_CA_BUNDLE", "bundle.pem");
        with_kwargs(run, json!({"url": NOBODY_WITH_TLS, "token": "the-token"}))
    })
    .refused("it is not a regular file"),
];

#[test]
fn files() {
    check_all(FILES, || Secretctl::new().backend(CLASS));
}

#[test]
fn certificates() {
    check_all(CERTIFICATES, || Secretctl::new().backend(CLASS));
}
