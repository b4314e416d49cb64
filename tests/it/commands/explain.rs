//! `explain`: every layer and what it answered.

use serde_json::json;

use super::{LOCAL, environment, local};

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
         3. MetastoreBackend: not asked: secretctl does not read Airflow's database\n\
         setting: `AIRFLOW__SECRETS__BACKEND` from the environment\n\
         setting: `AIRFLOW__SECRETS__BACKEND_KWARGS` from the environment\n"
    );
    run("json").prints_json(&json!({
        "schema": "secretctl.explain/v1", "exit_code": 0, "kind": "conn", "id": "smtp_default", "outcome": "found",
        "found_in": "LocalFilesystemBackend", "warnings": [],
        "settings": [
            {"name": "AIRFLOW__SECRETS__BACKEND", "source": {"file": null, "line": null}, "overrides": []},
            {"name": "AIRFLOW__SECRETS__BACKEND_KWARGS", "source": {"file": null, "line": null}, "overrides": []},
        ],
        "layers": [
            {"backend": "LocalFilesystemBackend", "class": LOCAL, "endpoint": null,
             "location": "connections.json#smtp_default", "outcome": "found", "asked_as": null, "message": null, "hints": []},
            {"backend": "EnvironmentVariablesBackend",
             "class": "airflow.secrets.environment_variables.EnvironmentVariablesBackend", "endpoint": null,
             "location": "AIRFLOW_CONN_SMTP_DEFAULT", "outcome": "found", "asked_as": null,
             "message": "shadowed by an earlier layer", "hints": []},
            {"backend": "MetastoreBackend", "class": "airflow.secrets.metastore.MetastoreBackend", "endpoint": null,
             "location": null, "outcome": "not_served", "asked_as": null,
             "message": "secretctl does not read Airflow's database", "hints": []},
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
fn explain_takes_no_doubtful_value_for_a_good_one() {
    let quoted =
        |command: &[&str]| environment(command).env("AIRFLOW_CONN_A", "\"postgres://u:p@h/d\"");
    quoted(&["get-conn", "a", "--field", "schema"])
        .run()
        .succeeds();
    quoted(&["--strict", "get-conn", "a", "--field", "schema"])
        .run()
        .fails_with(8);
    let output = quoted(&["explain", "conn", "a", "-o", "json"]).run();
    assert_eq!(output.code, Some(8), "{output}");
    let explanation = output.json();
    assert_eq!(explanation["exit_code"], json!(8));
    assert_eq!(
        explanation["found_in"],
        json!("EnvironmentVariablesBackend")
    );
    assert!(!explanation["warnings"][0].is_null(), "{explanation}");
}

#[test]
fn a_run_that_ends_before_any_layer_is_asked_prints_an_object_too() {
    let output = environment(&["explain", "conn", "a", "-o", "json"])
        .backend("VaultBackend")
        .run();
    assert_eq!(output.code, Some(7), "{output}");
    let explanation = output.json();
    assert_eq!(explanation["exit_code"], json!(7));
    assert_eq!(explanation["layers"], json!([]));
    assert!(explanation["error"].is_string(), "{explanation}");
}

#[test]
fn explain_colours_what_each_layer_answered() {
    let green = |text: &str| format!(": \u{1b}[1;32m{text}\u{1b}[0m\n");
    let yellow = |text: &str| format!(": \u{1b}[1;33m{text}");
    let red = |text: &str| format!(": \u{1b}[1;31m{text}");
    let explain = |id| local(&["explain", "var", id, "--color", "always"]);
    let found = explain("test").run().stdout;
    assert!(found.contains(&green("found")), "{found}");
    assert!(found.contains(&yellow("not set")), "{found}");
    assert!(found.contains(&yellow("not asked: ")), "{found}");
    let broken = explain("test").file("variables.json", "[]").run().stdout;
    assert!(broken.contains(&red("")), "{broken}");
    assert!(!broken.contains("\u{1b}[1;32m"), "{broken}");
}

#[test]
fn an_id_cannot_steer_the_terminal_through_colour() {
    let output = environment(&["explain", "var", "a\u{1b}[2Jb", "--color", "always"]).run();
    assert!(!output.stdout.contains("\u{1b}[2J"), "{output}");
    assert!(output.stdout.contains("a\\u{1b}[2Jb"), "{output}");
}
