//! Every command, output and exit code of the command line, over secrets in local files and in the environment.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use serde_json::json;
use support::cli::Secretctl;

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

#[test]
fn get_conn_prints_the_uri() {
    local(&["get-conn", "smtp_default"])
        .run()
        .prints("smtps://user:host@relay.example.com:465")
        .quietly();
    local(&["get-conn", "smtp_default", "-o", "uri"])
        .run()
        .prints("smtps://user:host@relay.example.com:465");
}

#[test]
fn get_conn_prints_json() {
    local(&["get-conn", "warehouse", "-o", "json"]).run().prints_json(&json!({
        "conn_id": "warehouse", "conn_type": "postgres", "description": "the warehouse", "host": "db", "login": "etl",
        "password": "p@ss word", "schema": "sales", "port": 5432, "extra": {"sslmode": "require", "n": 1},
        "uri": "postgres://etl:p%40ss%20word@db:5432/sales?__extra__=%7B%22sslmode%22%3A+%22require%22%2C+%22n%22%3A+1%7D",
    }));
    local(&["get-conn", "smtp_default", "-o", "json"]).run().prints_json(&json!({
        "conn_id": "smtp_default", "conn_type": "smtps", "description": null, "host": "relay.example.com", "login": "user",
        "password": "host", "schema": "", "port": 465, "extra": null, "uri": "smtps://user:host@relay.example.com:465",
    }));
}

#[test]
fn get_conn_prints_the_stored_text_untouched() {
    let stored = " mysql://u:p@h/db?a=%41 ";
    let run = environment(&["get-conn", "my", "-o", "raw"]).env("AIRFLOW_CONN_MY", stored);
    run.run().prints(stored);
    environment(&["get-conn", "my"])
        .env("AIRFLOW_CONN_MY", stored)
        .run()
        .prints("mysql://u:p@h/db?a=A");
}

#[test]
fn get_conn_prints_an_assignment_for_a_shell() {
    local(&["get-conn", "smtp_default", "-o", "env"])
        .run()
        .prints("AIRFLOW_CONN_SMTP_DEFAULT=smtps://user:host@relay.example.com:465");
    let run =
        environment(&["get-conn", "a.b", "-o", "env"]).env("AIRFLOW_CONN_A.B", "http://h?x=a'b");
    run.run()
        .prints("AIRFLOW_CONN_A.B='http://h/?x=a%27b'")
        .says("a name that Airflow reads but a shell cannot set");
}

#[test]
fn the_table_hides_password_and_extra_unless_told_to_reveal() {
    let hidden = local(&["get-conn", "warehouse", "-o", "table"])
        .secret("p@ss word")
        .run();
    hidden.succeeds();
    assert!(hidden.stdout.contains("password       ****\n"), "{hidden}");
    assert!(hidden.stdout.contains("extra.sslmode  ****\n"), "{hidden}");
    assert!(!hidden.stdout.contains("uri"), "{hidden}");
    let shown = local(&["get-conn", "warehouse", "-o", "table", "--reveal"]).run();
    assert!(
        shown.stdout.contains("password       p@ss word\n"),
        "{shown}"
    );
    assert!(shown.stdout.contains("extra.sslmode  require\n"), "{shown}");
    assert!(
        shown.stdout.contains("uri            postgres://"),
        "{shown}"
    );
}

#[test]
fn get_conn_prints_one_field_bare() {
    for (field, value) in [
        ("host", "db"),
        ("login", "etl"),
        ("password", "p@ss word"),
        ("port", "5432"),
        ("schema", "sales"),
        ("conn_type", "postgres"),
        ("description", "the warehouse"),
        ("extra", r#"{"sslmode": "require", "n": 1}"#),
        ("extra.sslmode", "require"),
        ("extra.n", "1"),
    ] {
        local(&["get-conn", "warehouse", "--field", field])
            .run()
            .prints(value);
    }
}

#[test]
fn a_field_without_a_value_is_empty_and_an_unknown_one_an_error() {
    local(&["get-conn", "smtp_default", "--field", "description"])
        .run()
        .prints("");
    local(&["get-conn", "warehouse", "--field", "extra.nope"])
        .run()
        .fails_with(8)
        .says("has no key `nope`");
    local(&["get-conn", "warehouse", "--field", "passwort"])
        .run()
        .fails_with(2)
        .says("did you mean `password`?");
    local(&["get-conn", "warehouse", "--field", "host", "-o", "json"])
        .run()
        .fails_with(2);
}

#[test]
fn no_newline_is_printed_when_none_is_wanted() {
    let output = local(&["get-conn", "smtp_default", "--field", "host", "-n"]).run();
    assert_eq!(output.succeeds().stdout, "relay.example.com");
    assert_eq!(
        local(&["get-var", "test", "--no-newline"]).run().stdout,
        "my-test-variable"
    );
    assert_eq!(
        local(&["get-config", "fernet", "-n"]).run().stdout,
        "the-key"
    );
}

#[test]
fn get_var_prints_the_text() {
    local(&["get-var", "test"])
        .run()
        .prints("my-test-variable")
        .quietly();
    local(&["get-var", "empty"]).run().prints("");
    local(&["get-var", "test", "-o", "env"])
        .run()
        .prints("AIRFLOW_VAR_TEST=my-test-variable");
}

#[test]
fn get_var_prints_what_is_not_text_as_json() {
    local(&["get-var", "object"])
        .run()
        .prints(r#"{"rows":1000,"é":[1.5,null]}"#);
}

#[test]
fn get_var_reads_json_as_airflow_does() {
    environment(&["get-var", "limits", "-o", "json"])
        .env("AIRFLOW_VAR_LIMITS", r#" {"rows": 1, "rows": 2} "#)
        .run()
        .prints_json(&json!({"rows": 2}));
    local(&["get-var", "test", "-o", "json"])
        .run()
        .fails_with(8)
        .says("is not JSON");
    local(&["get-var", "object", "-o", "json"])
        .run()
        .fails_with(8)
        .says("JSON is read from text, and this is a dict")
        .says("hint: leave `-o json` out");
}

/// Airflow's server reads the JSON of the first layer that has the variable; a task asks the next layer for what is none.
#[test]
fn what_is_not_json_leaves_a_worker_to_the_next_layer_and_fails_a_server() {
    for key in ["test", "object"] {
        let name = format!("AIRFLOW_VAR_{}", key.to_uppercase());
        let run = |context, value| {
            let arguments = ["get-var", key, "-o", "json", "--context", context];
            local(&arguments).env(&name, value)
        };
        run("worker", r#"{"from": "env"}"#)
            .run()
            .prints_json(&json!({"from": "env"}))
            .says("warning: LocalFilesystemBackend: ")
            .says("Airflow logs it, goes on and uses the value of EnvironmentVariablesBackend");
        run("server", r#"{"from": "env"}"#)
            .run()
            .fails_with(8)
            .says(&format!("error: variable `{key}` could not be resolved"))
            .says("  LocalFilesystemBackend: ");
        run("worker", "not JSON either")
            .run()
            .fails_with(8)
            .says("  LocalFilesystemBackend: ")
            .says("  EnvironmentVariablesBackend: ");
        let strict = run("worker", r#"{"from": "env"}"#).args(["--strict"]);
        strict.run().fails_with(8);
    }
}

/// Python reads it, so that Airflow uses it; secretctl cannot print it, and must not print another layer's value.
#[test]
fn json_that_only_python_can_hold_is_never_passed_over() {
    let run = local(&["get-var", "half", "-o", "json", "--context", "worker"]);
    run.file("variables.json", r#"{"half": "\"\\ud800\""}"#)
        .env("AIRFLOW_VAR_HALF", "1")
        .run()
        .fails_with(8)
        .says("surrogate");
}

#[test]
fn a_default_stands_in_for_what_is_defined_nowhere_only() {
    local(&["get-var", "nope", "--default", "d"])
        .run()
        .prints("d")
        .quietly();
    local(&["get-var", "nope", "--default", ""])
        .run()
        .prints("");
    local(&["get-var", "test", "--default", "d"])
        .run()
        .prints("my-test-variable");
    local(&["get-var", "nope", "--default", "d", "-o", "json"])
        .run()
        .prints("d");
    let broken = local(&["get-var", "nope", "--default", "d"]).file("variables.json", "{");
    broken.run().fails_with(8);
}

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
fn explain_shows_every_layer_and_what_is_shadowed_without_a_value() {
    let run = |output: &str| {
        let run = local(&["explain", "conn", "smtp_default", "-o", output])
            .secret("smtps://user:host@relay");
        run.secret("smtp://env-value")
            .env("AIRFLOW_CONN_SMTP_DEFAULT", "smtp://env-value")
            .run()
    };
    assert_eq!(
        run("text").succeeds().stdout,
        "connection `smtp_default` is found in LocalFilesystemBackend\n  \
         1. LocalFilesystemBackend: connections.json#smtp_default: found\n  \
         2. EnvironmentVariablesBackend: AIRFLOW_CONN_SMTP_DEFAULT: found, but shadowed by an earlier layer\n  \
         3. MetastoreBackend: not asked: secretctl does not read Airflow's database\n"
    );
    run("json").prints_json(&json!({
        "schema": "secretctl.explain/v1", "kind": "conn", "id": "smtp_default", "outcome": "found",
        "found_in": "LocalFilesystemBackend",
        "layers": [
            {"backend": "LocalFilesystemBackend", "class": LOCAL, "location": "connections.json#smtp_default", "outcome": "found",
             "message": null, "hints": []},
            {"backend": "EnvironmentVariablesBackend",
             "class": "airflow.secrets.environment_variables.EnvironmentVariablesBackend",
             "location": "AIRFLOW_CONN_SMTP_DEFAULT", "outcome": "found", "message": "shadowed by an earlier layer", "hints": []},
            {"backend": "MetastoreBackend", "class": "airflow.secrets.metastore.MetastoreBackend", "location": null,
             "outcome": "not_served", "message": "secretctl does not read Airflow's database", "hints": []},
        ],
    }));
}

#[test]
fn explain_ends_with_the_exit_code_of_the_lookup() {
    let nowhere = environment(&["explain", "var", "nope", "-o", "json"]).run();
    assert_eq!(nowhere.code, Some(3));
    assert_eq!(nowhere.json()["outcome"], "not_found");
    assert_eq!(nowhere.json()["found_in"], json!(null));
    let broken = local(&["explain", "var", "nope", "-o", "json"])
        .file("variables.json", "[]")
        .run();
    assert_eq!(broken.code, Some(8));
    assert_eq!(broken.json()["layers"][0]["outcome"], "malformed");
}

#[test]
fn a_wrong_command_line_is_exit_2() {
    for arguments in [
        vec!["get-conn"],
        vec!["get-conn", "a", "b"],
        vec!["frobnicate"],
        vec!["get-conn", "a", "-o", "xml"],
        vec!["explain", "thing", "a"],
        vec!["--timeout", "0", "get-var", "a"],
        vec!["--timeout", "soon", "get-var", "a"],
        vec!["--context", "nobody", "get-var", "a"],
        vec![],
    ] {
        assert_eq!(environment(&arguments).run().code, Some(2), "{arguments:?}");
    }
    assert_eq!(
        environment(&["--version"]).run().succeeds().stdout,
        format!("secretctl {}\n", env!("CARGO_PKG_VERSION"))
    );
    assert!(
        environment(&["--help"])
            .run()
            .succeeds()
            .stdout
            .contains("Exit codes: 0 resolved")
    );
}

#[test]
fn global_options_stand_before_or_after_the_command() {
    for arguments in [
        ["--strict", "get-var", "test"],
        ["get-var", "--strict", "test"],
        ["get-var", "test", "--strict"],
    ] {
        local(&arguments).run().prints("my-test-variable");
    }
}

#[test]
fn verbose_tells_the_steps_but_no_value() {
    let run = local(&["-v", "get-var", "test"])
        .secret("my-test-variable")
        .may_print()
        .run();
    run.prints("my-test-variable")
        .says("LocalFilesystemBackend: variables.json#test: found");
}

#[test]
fn colour_is_for_those_who_ask_for_it() {
    environment(&["get-var", "nope", "--color", "always"])
        .run()
        .says("\u{1b}[1;31merror:\u{1b}[0m");
    for color in ["auto", "never"] {
        let output = environment(&["get-var", "nope", "--color", color]).run();
        assert!(output.stderr.starts_with("error: "), "{output}");
    }
}

#[test]
fn an_id_cannot_steer_the_terminal() {
    let output = environment(&["get-var", "a\u{1b}[2Jb"]).run();
    assert!(!output.stderr.contains('\u{1b}'), "{output}");
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
