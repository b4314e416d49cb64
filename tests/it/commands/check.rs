//! `check`: each id once, the worst first, and one exit code for all.

use serde_json::{Value, json};

use super::local;
use crate::support::cli::Secretctl;
use crate::support::fake_server::{FakeServer, Response};

const VAULT: &str = "airflow.providers.hashicorp.secrets.vault.VaultBackend";

const DAG: &str = "\
from airflow.sdk import DAG, BaseHook, Variable
from airflow.providers.amazon.aws.hooks.s3 import S3Hook

with DAG(\"report\"):
    BaseHook.get_connection(\"warehouse\")
    Variable.get(\"bucket\", default=None)
    S3Hook()
";

fn environment() -> Secretctl {
    Secretctl::new()
        .env("AIRFLOW_CONN_WAREHOUSE", "postgres://u:the-secret@host/db")
        .secret("the-secret")
        .file("dags/report.py", DAG)
}

fn report(run: Secretctl, code: i32) -> Value {
    let run = run.args(["-o", "json"]).run();
    assert_eq!(run.code, Some(code), "{run}");
    let report = run.json();
    assert_eq!(report["exit_code"], json!(code));
    report
}

/// Kind, id and status of each result.
fn results(report: &Value) -> Vec<String> {
    let results = report["results"].as_array().unwrap();
    let word = |result: &Value, key: &str| result[key].as_str().unwrap().to_owned();
    results
        .iter()
        .map(|result| {
            [
                word(result, "status"),
                word(result, "kind"),
                word(result, "id"),
            ]
            .join(" ")
        })
        .collect()
}

#[test]
fn what_dags_use_is_asked_for_once() {
    let run = environment();
    let report = report(run.args(["check", "--dags", "dags"]), 0);
    assert_eq!(
        results(&report),
        [
            "implicit_missing conn aws_default",
            "optional_missing var bucket",
            "ok conn warehouse"
        ]
    );
    let place = &report["results"][2]["references"][0];
    assert_eq!(place["line"], json!(5));
    assert_eq!(report["summary"]["ok"], json!(1));
}

#[test]
fn a_missing_id_is_exit_1() {
    let run = environment().args(["check", "--conn", "warehouse", "--conn", "nope"]);
    let report = report(run, 1);
    assert_eq!(results(&report), ["missing conn nope", "ok conn warehouse"]);
}

#[test]
fn what_somebody_names_is_neither_optional_nor_implicit() {
    let run = environment();
    let report = report(run.args(["check", "--dags", "dags", "--var", "bucket"]), 1);
    assert_eq!(results(&report)[0], "missing var bucket");
}

#[test]
fn default_ids_of_classes_fail_where_told_so() {
    for (word, code, count) in [("error", 1, 3), ("warn", 0, 3), ("skip", 0, 2)] {
        let run = environment();
        let report = report(
            run.args(["check", "--implicit", word, "--dags", "dags"]),
            code,
        );
        assert_eq!(results(&report).len(), count, "{word}");
    }
}

#[test]
fn lists_name_ids_that_are_needed_and_ids_that_are_known() {
    let run = environment()
        .file("ids.txt", "# needed\nconn:warehouse\nvar:in_database\n")
        .file("known.txt", "var:in_database\n");
    let report = report(
        run.args(["check", "--from", "ids.txt", "--known", "known.txt"]),
        0,
    );
    assert_eq!(
        results(&report),
        ["known var in_database", "ok conn warehouse"]
    );
    environment()
        .file("ids.txt", "warehouse\n")
        .args(["check", "--from", "ids.txt"])
        .run()
        .fails_with(2)
        .says("`ids.txt` line 1 names no id");
}

#[test]
fn what_cannot_be_read_is_malformed() {
    let run = environment().env("AIRFLOW_CONN_BROKEN", "{\"conn_type\":");
    let report = report(run.args(["check", "--conn", "broken"]), 1);
    assert_eq!(results(&report), ["malformed conn broken"]);
}

#[test]
fn an_outage_outranks_what_is_missing() {
    let server = FakeServer::start(|_| {
        Some(Response::new(
            503,
            "application/json",
            "{\"errors\":[\"Vault is sealed\"]}",
        ))
    });
    let run = environment()
        .backend(VAULT)
        .kwargs(&json!({"url": server.url(), "token": "token-of-the-test"}));
    let run = run.args([
        "check",
        "--timeout",
        "2",
        "--conn",
        "nope",
        "--var",
        "bucket",
    ]);
    let report = report(run, 6);
    assert_eq!(
        results(&report),
        ["unreachable conn nope", "unreachable var bucket"]
    );
}

#[test]
fn kwargs_that_airflow_drops_stop_the_check() {
    environment()
        .backend(VAULT)
        .env("AIRFLOW__SECRETS__BACKEND_KWARGS", "{\"url\":$URL}")
        .env("URL", "http://127.0.0.1:1")
        .args(["check", "--conn", "warehouse"])
        .run()
        .fails_with(7);
}

#[test]
fn nothing_to_check_is_a_wrong_command_line() {
    let run = Secretctl::new().args(["check"]).run();
    run.fails_with(2).says("there is no id to check");
}

#[test]
fn a_person_reads_what_is_wrong_and_one_line_that_sums_it_up() {
    let run = local(&["check", "--conn", "nope", "--conn", "smtp_default"]).run();
    assert_eq!(run.code, Some(1), "{run}");
    assert_eq!(
        run.stdout,
        "missing: conn nope\n  \
         LocalFilesystemBackend: connections.json#nope: not found\n  \
         EnvironmentVariablesBackend: AIRFLOW_CONN_NOPE: not set\n  \
         MetastoreBackend: not asked: secretctl does not read Airflow's database\n\
         2 ids: 1 ok, 1 missing\n"
    );
}

#[test]
fn ci_servers_read_it() {
    let run = || {
        let run = environment().file(
            "dags/a,b.py",
            "from airflow.sdk import DAG\nf(conn_id=\"nope\")\n",
        );
        run.args(["check", "--dags", "dags", "-o"])
    };
    let github = run().args(["github"]).run();
    assert_eq!(github.code, Some(1), "{github}");
    assert!(
        github
            .stdout
            .contains("a%2Cb.py,line=2,col=11,title=conn nope is missing::"),
        "{}",
        github.stdout
    );
    assert!(
        github.stdout.contains("::warning file="),
        "{}",
        github.stdout
    );
    let junit = run().args(["junit"]).run();
    assert_eq!(junit.code, Some(1), "{junit}");
    assert!(
        junit
            .stdout
            .contains("tests=\"4\" failures=\"1\" errors=\"0\" skipped=\"2\""),
        "{}",
        junit.stdout
    );
    assert!(
        junit
            .stdout
            .contains("<testcase classname=\"conn\" name=\"warehouse\" file=")
    );
}

#[test]
fn a_file_that_is_not_read_is_told() {
    let run = || {
        let run = environment().file(
            "dags/broken.py",
            "from airflow import DAG\nf(conn_id=\"warehouse\"\n",
        );
        run.args(["check", "--dags", "dags"])
    };
    let text = run().run();
    text.succeeds();
    let summary = text.stdout.lines().last().unwrap();
    assert!(summary.ends_with("1 not read"), "{summary}");
    let github = run().args(["-o", "github"]).run();
    assert!(
        github
            .stdout
            .contains("::warning file=dags/broken.py,line="),
        "{}",
        github.stdout
    );
}
