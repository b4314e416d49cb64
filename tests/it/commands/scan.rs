//! `scan`: what DAG files use, as text and JSON, without any backend.

use serde_json::json;

use crate::support::cli::Secretctl;

const DAG: &str = "\
from airflow.sdk import DAG, BaseHook, Variable

with DAG(\"report\"):
    BaseHook.get_connection(\"warehouse\")
    Variable.get(\"bucket\", default=None)
";

fn project() -> Secretctl {
    Secretctl::new().file("dags/report.py", DAG)
}

#[test]
fn a_line_for_each_use() {
    let run = project().args(["scan"]).run();
    run.succeeds();
    let expected = "\
        dags/report.py:4:29: conn warehouse (looked up at every parse)\n\
        dags/report.py:5:18: var bucket (optional, looked up at every parse)\n";
    assert_eq!(run.stdout, expected);
}

#[test]
fn the_same_as_json() {
    let scan = project().args(["scan", "dags", "-o", "json"]).run().json();
    assert_eq!(scan["schema"], json!("secretctl.scan/v1"));
    assert_eq!(scan["references"][0]["id"], json!("warehouse"));
    assert_eq!(scan["references"][1]["optional"], json!(true));
}

#[test]
fn no_backend_is_opened() {
    let run = project().backend("no.such.Backend").args(["scan"]);
    run.run().succeeds();
}

#[test]
fn airflows_settings_choose_the_files() {
    let files = |run: Secretctl| run.args(["scan", "-o", "json"]).run().json()["files"].clone();
    let with_plain_file = || project().file("dags/plain.py", "get_connection(\"x\")\n");
    assert_eq!(files(with_plain_file()), json!(1));
    let unsafe_mode = with_plain_file().env("AIRFLOW__CORE__DAG_DISCOVERY_SAFE_MODE", "false");
    assert_eq!(files(unsafe_mode), json!(2));
    let ignoring = || project().file("dags/.airflowignore", "^rep.*\n");
    assert_eq!(files(ignoring()), json!(1));
    let by_regexp = ignoring().env("AIRFLOW__CORE__DAG_IGNORE_FILE_SYNTAX", "regexp");
    assert_eq!(files(by_regexp), json!(0));
}

#[test]
fn a_path_that_leads_nowhere_is_a_wrong_command_line() {
    let run = Secretctl::new().args(["scan", "no/such/folder"]).run();
    run.fails_with(2).says("`no/such/folder` does not exist");
}
