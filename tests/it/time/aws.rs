//! What boto3's chain of credentials and its connection rest on.

use serde_json::json;

use super::{Case, NOBODY, NOBODY_WITH_TLS, check_all};
use crate::support::cli::Secretctl;

const CLASS: &str = "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend";

const CASES: &[Case] = &[
    Case::file("config", |run| run.env_path("AWS_CONFIG_FILE", "config")),
    Case::file("credentials", |run| {
        run.env_path("AWS_SHARED_CREDENTIALS_FILE", "credentials")
    }),
    Case::file(".aws/config", |run| run),
    Case::file("identity", |run| {
        run.env_path("AWS_WEB_IDENTITY_TOKEN_FILE", "identity")
            .env("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/pod")
    }),
    Case::file("container-token", |run| {
        run.env_path("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "container-token")
            .env(
                "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                "http://127.0.0.1:9/keys",
            )
    })
    .named("AWS_CONTAINER_CREDENTIALS_FULL_URI"),
    Case::program("helper", |run| {
        let helper = run.path_of("helper");
        run.file(
            "profile",
            format!("[default]\ncredential_process = {helper}\n"),
        )
        .env_path("AWS_CONFIG_FILE", "profile")
    })
    .named("the `credential_process` of the AWS profile `default`"),
];

#[test]
fn credentials() {
    check_all(CASES, || {
        Secretctl::new()
            .backend(CLASS)
            .kwargs(&json!({"region_name": "eu-west-1"}))
            .env("AWS_ENDPOINT_URL", NOBODY)
    });
}

#[test]
fn certificates() {
    const FILES: &[Case] = &[Case::file("bundle.pem", |run| {
        run.env_path("AWS_CA_BUNDLE", "bundle.pem")
    })
    .refused("it is not a regular file")];
    check_all(FILES, || {
        Secretctl::new()
            .backend(CLASS)
            .kwargs(&json!({"region_name": "eu-west-1", "aws_access_key_id": "AK", "aws_secret_access_key": "the-key"}))
            .env("AWS_ENDPOINT_URL", NOBODY_WITH_TLS)
    });
}
