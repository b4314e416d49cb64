//! `get-var`: text, JSON, and what stands in for a variable that is defined nowhere.

use serde_json::json;

use super::{environment, local};

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
