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
