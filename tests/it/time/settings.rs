//! What Airflow itself is configured by: airflow.cfg, env files, commands, and local files of secrets.

use serde_json::json;

use super::{Case, check_all, ends_in_time, with_kwargs};
use crate::support::cli::Secretctl;

const LOCAL_FILES: &str = "airflow.secrets.local_filesystem.LocalFilesystemBackend";

/// Without them there is no configuration: whatever is wrong with these is exit 7.
const CONFIGURATION: &[Case] = &[
    Case::file("some.cfg", |run| run.env_path("AIRFLOW_CONFIG", "some.cfg")).with_code(7),
    // In `AIRFLOW_HOME`, which is the home.
    Case::file("airflow.cfg", |run| run).with_code(7),
    Case::file("some.env", |run| run.args(["--env-file", "some.env"])).with_code(7),
    Case::program("kwargs", |run| {
        run.backend(LOCAL_FILES)
            .env_path("AIRFLOW__SECRETS__BACKEND_KWARGS_CMD", "kwargs")
    })
    .named("AIRFLOW__SECRETS__BACKEND_KWARGS_CMD")
    .with_code(7),
];

#[test]
fn configuration() {
    check_all(CONFIGURATION, Secretctl::new);
}

#[test]
fn a_local_file_of_secrets() {
    const FILES: &[Case] = &[Case::file("variables.json", |run| {
        with_kwargs(run, json!({"variables_file_path": "$HOME/variables.json"}))
    })];
    check_all(FILES, || Secretctl::new().backend(LOCAL_FILES));
}

/// A command whose child keeps the pipe open does not keep the lookup.
#[test]
fn a_command_that_leaves_a_child() {
    let run = Secretctl::new()
        .backend(LOCAL_FILES)
        .program("kwargs", "sleep 60 &\necho '{}'")
        .env_path("AIRFLOW__SECRETS__BACKEND_KWARGS_CMD", "kwargs");
    ends_in_time(run)
        .fails_with(7)
        .says("did not end within 1 s");
}
