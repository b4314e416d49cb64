//! Files that credentials rest on and that do not end: each is given up in time, by name, and is an outage.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::cli::{Secretctl, path_text};
use crate::support::fake_server::FakeServer;
use crate::support::secret_manager::lookup;

const SOON: Duration = Duration::from_secs(15);

/// A pipe that nobody writes to, in the home of a run.
fn pipe(run: &Secretctl, name: &str) -> PathBuf {
    let path = run.home().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(&path)
            .status()
            .unwrap()
            .success()
    );
    path
}

fn run(server: &FakeServer, kwargs: &Value) -> Secretctl {
    lookup(server)
        .kwargs(kwargs)
        .args(["get-var", "hello", "--timeout", "1"])
}

#[track_caller]
fn is_given_up(run: Secretctl, name: &str) {
    let output = run.run();
    output.fails_with(6).says(name).says("no answer within 1 s");
    assert!(output.took < SOON, "{output}");
}

fn nobody() -> FakeServer {
    FakeServer::start(|_| None)
}

#[test]
fn a_key_file() {
    let server = nobody();
    let run = run(&server, &Value::Null);
    let path = path_text(pipe(&run, "key.json"));
    let run = run.kwargs(&json!({"gcp_key_path": path}));
    is_given_up(run, &path);
}

#[test]
fn a_config_file() {
    let server = nobody();
    let run = run(&server, &Value::Null);
    let path = path_text(pipe(&run, "config.json"));
    let run = run.kwargs(&json!({"project_id": "p", "gcp_credential_config_file": path}));
    is_given_up(run, &path);
}

#[test]
fn the_file_of_the_variable() {
    let server = nobody();
    let run = run(&server, &json!({"project_id": "p"}));
    let path = path_text(pipe(&run, "adc.json"));
    is_given_up(run.env("GOOGLE_APPLICATION_CREDENTIALS", &path), &path);
}

#[test]
fn the_token_of_an_external_account() {
    let server = nobody();
    let run = run(&server, &Value::Null);
    let path = path_text(pipe(&run, "token"));
    let account = json!({
        "type": "external_account", "audience": "a", "token_url": format!("{}/sts", server.url()),
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "credential_source": {"file": path},
    });
    let run = run.kwargs(&json!({"project_id": "p", "gcp_credential_config_file": account}));
    is_given_up(run, &path);
}

/// gcloud's own files are read for the project alone, and only where gcloud is installed.
#[test]
fn the_configuration_of_gcloud() {
    let server = nobody();
    let run = run(&server, &json!({}));
    let active = path_text(pipe(&run, ".config/gcloud/active_config"));
    std::fs::create_dir(run.home().join("bin")).unwrap();
    let user = json!({"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r"});
    let bin = path_text(run.home().join("bin"));
    let run = run
        .file("bin/gcloud", "")
        .file(
            ".config/gcloud/application_default_credentials.json",
            user.to_string(),
        )
        .env("PATH", &bin);
    is_given_up(run, &active);
}
