//! Every command, output and exit code of the command line, over secrets in local files and in the environment.
//!
//! `get_conn`, `get_var`, `explain`, `scan` and `check` have a command each; `search_path` has what they share, and `command_line` how they are called.

mod check;
mod command_line;
mod explain;
mod get_conn;
mod get_var;
mod scan;
mod search_path;

use crate::support::cli::Secretctl;
use serde_json::json;

const LOCAL: &str = "airflow.secrets.local_filesystem.LocalFilesystemBackend";

const CONNECTIONS: &str = r#"{
    "smtp_default": "smtps://user:host@relay.example.com:465",
    "warehouse": {"conn_type": "postgres", "host": "db", "login": "etl", "password": "p@ss word", "schema": "sales",
                  "port": 5432, "description": "the warehouse", "extra": {"sslmode": "require", "n": 1}}
}"#;

const VARIABLES: &str = r#"{"test": "my-test-variable", "empty": "", "object": {"rows": 1000, "é": [1.5, null]}, "json": "{\"a\": [1, NaN]}"}"#;

/// A run over the local files, and whatever else the environment of the test adds.
fn local(arguments: &[&str]) -> Secretctl {
    let run = Secretctl::new()
        .file("connections.json", CONNECTIONS)
        .file("variables.json", VARIABLES);
    let run = run.file("configs.json", r#"{"fernet": "the-key"}"#);
    let kwargs = json!({
        "connections_file_path": "connections.json",
        "variables_file_path": "variables.json",
        "configs_file_path": "configs.json",
    });
    run.backend(LOCAL)
        .kwargs(&kwargs)
        .args(arguments.iter().copied())
}

/// A run without a secrets backend.
fn environment(arguments: &[&str]) -> Secretctl {
    Secretctl::new().args(arguments.iter().copied())
}
