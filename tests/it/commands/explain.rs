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
