//! What stops secretctl and leaves Airflow to go on in silence. Each run has a value in a later layer that must not be printed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::kubernetes;
use crate::support::cli::{Secretctl, path_text};
use crate::support::fake_server::{FakeServer, Response};

pub const VAULT: &str = "airflow.providers.hashicorp.secrets.vault.VaultBackend";

/// A lookup of a variable that the environment has.
fn lookup() -> Secretctl {
    Secretctl::new()
        .env("AIRFLOW_VAR_HELLO", "from the environment")
        .args(["get-var", "hello"])
}

#[test]
fn kwargs_that_are_no_object_stop_the_run() {
    for kwargs in ["{'url': 1}", "[1]", "\"text\"", "5", "{\"url\": \"x\""] {
        lookup()
            .backend(VAULT)
            .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs)
            .run()
            .fails_with(7)
            .says("AIRFLOW__SECRETS__BACKEND_KWARGS");
    }
}

#[test]
fn kwargs_are_not_asked_of_the_backend_that_they_open() {
    lookup()
        .backend(VAULT)
        .env("AIRFLOW__SECRETS__BACKEND_KWARGS_SECRET", "path")
        .run()
        .fails_with(7)
        .says("AIRFLOW__SECRETS__BACKEND_KWARGS_SECRET");
    lookup()
        .env("AIRFLOW__WORKERS__SECRETS_BACKEND", VAULT)
        .env("AIRFLOW__WORKERS__SECRETS_BACKEND_KWARGS_SECRET", "path")
        .args(["--context", "worker"])
        .run()
        .fails_with(7)
        .says("AIRFLOW__WORKERS__SECRETS_BACKEND_KWARGS_SECRET");
}

#[test]
fn an_airflow_cfg_that_cannot_be_read_stops_the_run() {
    let run = lookup();
    let home = path_text(run.home());
    run.env("AIRFLOW_CONFIG", &home)
        .run()
        .fails_with(7)
        .says("is a directory");

    // A link to itself can be read by nobody, not even by root.
    let run = lookup();
    let link = run.home().join("airflow.cfg");
    std::os::unix::fs::symlink("airflow.cfg", link).unwrap();
    run.run().fails_with(7).says("airflow.cfg");
}

#[test]
fn a_login_path_that_is_not_mounted_is_no_absent_secret() {
    let server = FakeServer::start(|_| {
        let message = "no handler for route \"auth/approle/login\". route entry not found.";
        Some(Response::json(404, &json!({ "errors": [message] })))
    });
    let kwargs = json!({
        "url": server.url(), "auth_type": "approle", "role_id": "a-role", "secret_id": "a-secret-id-0123",
    });
    Secretctl::new()
        .backend(VAULT)
        .kwargs(&kwargs)
        .secret("a-secret-id-0123")
        .args(["get-var", "hello"])
        .run()
        .fails_with(5)
        .says("auth/approle/login");
}

/// What fails the constructor stops Airflow too; what fails each lookup leaves the secret to the next layer there.
#[test]
fn a_kwarg_of_the_wrong_type_is_a_wrong_configuration() {
    let vault = |kwargs| {
        Secretctl::new()
            .backend(VAULT)
            .kwargs(&kwargs)
            .args(["get-var", "hello"])
    };
    let of_the_lookup = json!({"token": "t", "url": 8200});
    vault(of_the_lookup.clone())
        .run()
        .fails_with(7)
        .says("`url`");
    let with_a_later_layer = vault(of_the_lookup).env("AIRFLOW_VAR_HELLO", "of the environment");
    with_a_later_layer
        .run()
        .prints("of the environment")
        .says("warning: VaultBackend: ");

    let of_the_constructor = vault(json!({"token": "t", "connections_path": 5}));
    of_the_constructor
        .env("AIRFLOW_VAR_HELLO", "of the environment")
        .run()
        .fails_with(7)
        .says("`connections_path`");
}

#[test]
fn a_class_that_is_not_known_stops_the_run() {
    for class in [
        "my_company.secrets.CustomBackend",
        "airflow.secrets.BaseSecretsBackend",
        "airflow.sdk.execution_time.secrets.ExecutionAPISecretsBackend",
    ] {
        lookup()
            .backend(class)
            .run()
            .fails_with(7)
            .says("secretctl runs no Python");
        lookup()
            .backend(class)
            .env("AIRFLOW__WORKERS__SECRETS_BACKEND", VAULT)
            .args(["--context", "worker"])
            .run()
            .fails_with(7)
            .says("secretctl runs no Python");
    }
}

#[test]
fn a_multi_team_that_is_neither_true_nor_false_stops_the_run() {
    for value in ["yes", "", "2"] {
        lookup()
            .env("AIRFLOW__CORE__MULTI_TEAM", value)
            .run()
            .fails_with(7)
            .says("`AIRFLOW__CORE__MULTI_TEAM` is neither");
        for release in ["2.11", "3.0", "3.1", "3.2"] {
            lookup()
                .env("AIRFLOW__CORE__MULTI_TEAM", value)
                .args(["--airflow-version", release])
                .run()
                .prints("from the environment");
            lookup()
                .backend(VAULT)
                .kwargs(&json!({"token": "t"}))
                .env("AIRFLOW__CORE__MULTI_TEAM", value)
                .args(["--airflow-version", release])
                .run()
                .fails_with(7)
                .says("`AIRFLOW__CORE__MULTI_TEAM` is neither");
        }
    }
}

#[test]
fn a_task_fails_on_a_connection_that_it_uses() {
    let without_uri = Secretctl::new()
        .backend("airflow.secrets.local_filesystem.LocalFilesystemBackend")
        .kwargs(&json!({"connections_file_path": "c.json"}))
        .file("c.json", r#"{"hello": {"login": 5}}"#);
    let stored = STANDARD.encode(r#"{"uri": "x://h?a=b"}"#);
    let server = kubernetes::api_server(json!({ "value": stored }));
    for (release, run, says) in [
        ("3.0", without_uri, "`login`"),
        ("3.2", kubernetes::backend(&server), "extra"),
    ] {
        run.env("AIRFLOW_CONN_HELLO", "x://of-the-environment")
            .args(["--airflow-version", release, "--context", "worker"])
            .args(["get-conn", "hello"])
            .run()
            .fails_with(8)
            .says(says);
    }
}

#[test]
fn an_empty_id_is_no_id() {
    for command in ["get-conn", "get-var", "get-config", "explain"] {
        let run = Secretctl::new()
            .env("AIRFLOW_VAR_", "nameless")
            .args([command]);
        let run = if command == "explain" {
            run.args(["var"])
        } else {
            run
        };
        run.args([""])
            .run()
            .fails_with(2)
            .says("a value is required");
    }
}
