//! The widely copied guide to Vault as Astronomer's secrets backend, followed to the letter.

use serde_json::json;

use super::VAULT;
use crate::support::cli::Secretctl;
use crate::support::openbao::{Admin, OpenBao};

const TOKEN_NAME: &str = "VAULT__ROOT_TOKEN";

/// A server as the guide has it: `secret/` is a version 1 mount, and so is `airflow/`, where it puts variables.
fn start_server() -> Option<OpenBao> {
    let server = OpenBao::start()?;
    let admin = server.admin();
    admin.delete("sys/mounts/secret");
    admin.mount_kv("secret", 1);
    admin.mount_kv("airflow", 1);
    admin.write_v1(
        "secret",
        "connections/smtp_default",
        &json!({"conn_uri": "smtps://user:host@relay.example.com:465"}),
    );
    admin.write_v1(
        "airflow",
        "variables/my_key",
        &json!({"value": "my-test-variable"}),
    );
    Some(server)
}

/// The guide's `.env` file and `Dockerfile` in one file: `$VAULT__URL` stands where JSON wants a string.
fn env_file(server: &OpenBao, more_kwargs: &str) -> Secretctl {
    let (token, url) = (server.root_token(), server.url());
    let kwargs = format!(
        r#"{{"url":$VAULT__URL,"token": ${TOKEN_NAME},"connections_path": "connections","variables_path": "variables","kv_engine_version":1{more_kwargs}}}"#
    );
    let text = format!(
        "{TOKEN_NAME}=\"{token}\"\nVAULT__URL=\"{url}\"\n\
         AIRFLOW__SECRETS__BACKEND=\"airflow.contrib.secrets.hashicorp_vault.VaultBackend\"\n\
         AIRFLOW__SECRETS__BACKEND_KWARGS='{kwargs}'\n"
    );
    let run = Secretctl::new().file("guide.env", &text).secret(token);
    run.args(["--env-file", "guide.env"])
}

#[test]
fn its_connection_is_found() {
    let Some(server) = start_server() else { return };
    let get = || env_file(&server, "").args(["get-conn", "smtp_default"]);
    get()
        .run()
        .prints("smtps://user:host@relay.example.com:465")
        .says("warning")
        .says("$VAULT__URL");
    for (field, value) in [
        ("login", "user"),
        ("password", "host"),
        ("host", "relay.example.com"),
        ("port", "465"),
    ] {
        get().args(["--field", field]).run().prints(value);
    }
    // Airflow itself drops these kwargs, which `--strict` calls the error that it is.
    get().args(["--strict"]).run().fails_with(7);
}

/// The guide writes variables to the mount `airflow`, and its kwargs read the mount `secret`.
#[test]
fn its_variable_needs_the_mount_named() {
    let Some(server) = start_server() else { return };
    env_file(&server, "")
        .args(["get-var", "my_key"])
        .run()
        .fails_with(3)
        .says("secret/variables/my_key");
    let mounted = env_file(&server, r#","mount_point":"airflow""#);
    mounted
        .args(["get-var", "my_key"])
        .run()
        .prints("my-test-variable");
}

/// Quoted as JSON wants it, and with today's class path, the same configuration is worth no warning.
#[test]
fn quoted_it_is_quiet() {
    let Some(server) = start_server() else { return };
    let kwargs = r#"{"url":"$VAULT__URL","token":"$VAULT__ROOT_TOKEN","kv_engine_version":1}"#;
    let run = Secretctl::new()
        .env("VAULT__URL", server.url())
        .env(TOKEN_NAME, server.root_token())
        .backend(VAULT)
        .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs)
        .secret(server.root_token());
    run.args(["get-conn", "smtp_default"])
        .run()
        .prints("smtps://user:host@relay.example.com:465")
        .quietly();
}

/// A development server as it starts: `secret/` is version 2 there, and the guide's kwargs say 1.
#[test]
fn a_server_with_version_2_is_told_apart() {
    let Some(server) = OpenBao::start() else {
        return;
    };
    let admin: Admin = server.admin();
    admin.write_v2(
        "secret",
        "connections/smtp_default",
        &json!({"conn_uri": "smtps://kept-back.example.com"}),
    );
    let run = env_file(&server, "")
        .secret("kept-back.example.com")
        .args(["get-conn", "smtp_default"]);
    run.run().fails_with(3).says("kv_engine_version");
}
