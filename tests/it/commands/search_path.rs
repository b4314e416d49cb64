//! Which layers are asked (by `get-config` only one), what becomes of one that fails, and classes and kwargs that stop the run.

use serde_json::json;

use super::{LOCAL, environment, local};
use crate::support::cli::Secretctl;

#[test]
fn get_config_asks_the_custom_backend_alone() {
    local(&["get-config", "fernet"]).run().prints("the-key");
    local(&["get-config", "nope"])
        .run()
        .fails_with(3)
        .says("config `nope` is not defined");
    environment(&["get-config", "x"])
        .env("AIRFLOW_VAR_X", "v")
        .run()
        .fails_with(3)
        .says("no secrets backend is configured");
}

#[test]
fn what_is_defined_nowhere_names_every_layer() {
    let output = local(&["get-conn", "nope"]).run();
    output.fails_with(3);
    assert_eq!(
        output.stderr,
        "error: connection `nope` is not defined\n  \
         LocalFilesystemBackend: connections.json#nope: not found\n  \
         EnvironmentVariablesBackend: AIRFLOW_CONN_NOPE: not set\n  \
         MetastoreBackend: not asked: secretctl does not read Airflow's database\n"
    );
}

#[test]
fn a_worker_has_another_last_layer() {
    let output = environment(&["get-var", "nope", "--context", "worker"]).run();
    output
        .fails_with(3)
        .says("ExecutionAPISecretsBackend: not asked");
}

#[test]
fn a_failing_layer_is_told_when_a_later_one_answers() {
    let run = || {
        local(&["get-conn", "smtp_default"])
            .file("connections.json", "{")
            .env("AIRFLOW_CONN_SMTP_DEFAULT", "smtp://env")
    };
    run()
        .run()
        .prints("smtp://env")
        .says("warning: LocalFilesystemBackend")
        .says("uses the value of EnvironmentVariablesBackend");
    run().args(["--strict"]).run().fails_with(8);
}

#[test]
fn an_unusable_connection_is_passed_over_like_a_missing_one() {
    let bad = || {
        environment(&["get-conn", "bad"])
            .secret("hunter2hunter2")
            .env("AIRFLOW_CONN_BAD", "mysql://u:hunter2hunter2@h:port/")
    };
    bad()
        .run()
        .fails_with(8)
        .says("connection `bad` could not be resolved")
        .says("port");
    let empty = environment(&["get-conn", "e"]).env("AIRFLOW_CONN_E", "");
    empty.run().fails_with(3);
    environment(&["get-conn", "w"])
        .env("AIRFLOW_CONN_W", "  ")
        .run()
        .fails_with(8);
}

#[test]
fn a_fernet_key_that_is_none_makes_connections_with_a_password_unusable_on_the_server() {
    let run = |uri: &str, key: &str| {
        let run = environment(&["get-conn", "c"]).env("AIRFLOW_CONN_C", uri);
        run.env("AIRFLOW__CORE__FERNET_KEY", key)
    };
    let key = "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg=";
    run("mysql://u:p@h", "bad")
        .run()
        .fails_with(7)
        .says("AIRFLOW__CORE__FERNET_KEY")
        .says("Fernet key");
    run("mysql://h/?a=b", "bad").run().fails_with(7);
    run("mysql://u@h", "bad").run().prints("mysql://u@h");
    run("mysql://u:p@h", "").run().prints("mysql://u:p@h");
    run("mysql://u:p@h", key).run().prints("mysql://u:p@h");
    run("mysql://u:p@h", "bad")
        .args(["--context", "worker"])
        .run()
        .prints("mysql://u:p@h");
    let kept =
        local(&["get-conn", "smtp_default"]).env("AIRFLOW__CORE__FERNET_KEY_SECRET", "fernet");
    kept.run()
        .fails_with(7)
        .says("AIRFLOW__CORE__FERNET_KEY_SECRET");
    let absent =
        local(&["get-conn", "smtp_default"]).env("AIRFLOW__CORE__FERNET_KEY_SECRET", "nope");
    absent
        .run()
        .prints("smtps://user:host@relay.example.com:465");
}

#[test]
fn a_class_that_airflow_cannot_import_is_exit_7_with_the_nearest() {
    let run = |class: &str| environment(&["get-var", "a"]).backend(class).run();
    run("airflow.providers.hashicorp.secrets.vault.VaultBackned")
        .fails_with(7)
        .says("environment variable `AIRFLOW__SECRETS__BACKEND`")
        .says("did you mean `airflow.providers.hashicorp.secrets.vault.VaultBackend`?")
        .says("secretctl serves VaultBackend, LocalFilesystemBackend");
    run("airflow.secrets.local_filesystem.LocalFilesystemBackend ")
        .fails_with(7)
        .says("without quotes and spaces");
    run("airflow.providers.yandex.secrets.lockbox.LockboxSecretBackend")
        .fails_with(7)
        .says("does not serve");
    run("airflow.secrets.metastore.MetastoreBackend")
        .fails_with(7)
        .says("does not serve");
    run("").fails_with(3);
}

#[test]
fn a_kwarg_that_the_constructor_does_not_know_is_exit_7() {
    let kwargs = json!({"connection_file_path": "c.json"});
    let run = environment(&["get-var", "a"])
        .backend(LOCAL)
        .kwargs(&kwargs)
        .run();
    run.fails_with(7)
        .says("has no kwarg `connection_file_path`")
        .says("did you mean `connections_file_path`?");
    let environment_class = "airflow.secrets.environment_variables.EnvironmentVariablesBackend";
    environment(&["get-var", "a"])
        .backend(environment_class)
        .kwargs(&json!({"a": 1}))
        .run()
        .fails_with(7);
    environment(&["get-var", "a"])
        .backend(environment_class)
        .env("AIRFLOW_VAR_A", "1")
        .run()
        .prints("1");
}

/// `initialize_config`: the CI images that set it mean to have no configuration.
#[test]
fn in_unit_test_mode_there_is_no_airflow_cfg() {
    const FILE: &str = "[secrets]\nbackend = airflow.secrets.local_filesystem.LocalFilesystemBackend\n\
                        backend_kwargs = {\"variables_file_path\": \"$HOME/v.json\"}\n";
    let run = |cfg: &str| {
        Secretctl::new()
            .file("airflow.cfg", cfg)
            .file("v.json", r#"{"v": "of the file"}"#)
            .env("AIRFLOW_VAR_V", "of the environment")
            .args(["get-var", "v"])
    };
    run(FILE).run().prints("of the file");
    for mode in ["True", "1", "t # x"] {
        let run = |cfg: &str| run(cfg).env("AIRFLOW__CORE__UNIT_TEST_MODE", mode);
        run(FILE).run().prints("of the environment");
        run("[[no such form\n").run().prints("of the environment");
    }
    let in_file = format!("{FILE}[core]\nunit_test_mode = True\nmulti_team = maybe\n");
    run(&in_file).run().prints("of the environment");
}
