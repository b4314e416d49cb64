//! Values that are found and are not what Airflow reads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::{Mistake, mistake};
use crate::support::cli::{Secretctl, path_text};
use crate::support::fake_server::{FakeServer, Response};

const VAULT: &str = "airflow.providers.hashicorp.secrets.vault.VaultBackend";
const LOCAL: &str = "airflow.secrets.local_filesystem.LocalFilesystemBackend";
const TOKEN: &str = "s.the-token-of-this-test";
const PASSWORD: &str = "hunter2hunter2";
const URI: &str = "postgres://airflow:hunter2hunter2@db:5432/airflow";

/// A connection that is stored in Vault as `wrong`, and as `right` by who has read the hint.
fn in_vault(done: &'static str, code: i32, wrong: Value, right: Value) -> Mistake {
    let is_mended = Arc::new(AtomicBool::new(false));
    let mended = Arc::clone(&is_mended);
    let server = FakeServer::start(move |_| {
        let secret = match mended.load(Ordering::SeqCst) {
            true => &right,
            false => &wrong,
        };
        Some(Response::json(200, &json!({"data": {"data": secret}})))
    });
    let run = Secretctl::new()
        .backend(VAULT)
        .kwargs(&json!({"url": server.url(), "token": TOKEN}))
        .secret(TOKEN);
    mistake(done, code, run.args(["get-conn", "db", "--field", "host"]))
        .obeyed(0, move |run| {
            is_mended.store(true, Ordering::SeqCst);
            run
        })
        .keeps(server)
}

/// A connection in the environment, and what it is to whoever has read the hint.
fn in_environment(done: &'static str, code: i32, wrong: &str, right: &'static str) -> Mistake {
    let run = Secretctl::new().secret(PASSWORD).may_print();
    let run = run.env("AIRFLOW_CONN_DB", wrong).args(["get-conn", "db"]);
    mistake(done, code, run).obeyed(0, move |run| run.env("AIRFLOW_CONN_DB", right))
}

pub fn mistakes() -> Vec<Mistake> {
    let right = json!({"conn_uri": URI});
    let mut mistakes = vec![
        in_vault(
            "`conn_url` for `conn_uri`",
            8,
            json!({"conn_url": URI}),
            right.clone(),
        )
        .names("`conn_url` is not a field of a connection")
        .advises("did you mean the key `conn_uri`?"),
        in_vault(
            "a `conn_uri` that is empty",
            8,
            json!({"conn_uri": ""}),
            right.clone(),
        )
        .names("`conn_uri` is empty")
        .advises("`conn_uri`"),
        in_vault(
            "a connection under `value`",
            8,
            json!({"value": URI}),
            right.clone(),
        )
        .names("`value` is not a field of a connection")
        .advises("did you mean the key `conn_uri`?"),
        in_vault(
            "a field that is misspelt",
            8,
            json!({"conn_type": "postgres", "hostname": "db"}),
            json!({"conn_type": "postgres", "host": "db"}),
        )
        .names("`hostname` is not a field of a connection")
        .advises("did you mean `host`?"),
    ];
    mistakes.extend([
        in_environment(
            "a URI in quotes, which `docker --env-file` keeps",
            0,
            &format!("\"{URI}\""),
            URI,
        )
        .names("the value begins and ends with a quote")
        .advises("take both away"),
        in_environment(
            "a URI without its scheme",
            0,
            "airflow:hunter2hunter2@db:5432/airflow",
            URI,
        )
        .names("the URI has no `://`")
        .tells("there is no host"),
        in_environment(
            "a `/` in the password",
            8,
            "postgres://airflow:hunter2/hunter2hunter2@db:5432/airflow",
            "postgres://airflow:hunter2%2Fhunter2hunter2@db:5432/airflow",
        )
        .names("the URI cannot be read")
        .advises("escape it, `/` as `%2F`"),
        in_environment(
            "a `#` in the password",
            8,
            "postgres://airflow:hunter2#hunter2hunter2@db:5432/airflow",
            "postgres://airflow:hunter2%23hunter2hunter2@db:5432/airflow",
        )
        .names("the URI cannot be read")
        .advises("`#` as `%23`"),
        yaml(),
    ]);
    mistakes
}

fn yaml() -> Mistake {
    let run = Secretctl::new()
        .backend(LOCAL)
        .file(
            "connections.yaml",
            "db:\n  conn_type: postgres\n   host: db\n",
        )
        .args(["get-conn", "db"]);
    let path = path_text(run.home().join("connections.yaml"));
    mistake(
        "a line of YAML that is indented too far",
        8,
        run.kwargs(&json!({"connections_file_path": path})),
    )
    .names("connections.yaml` cannot be loaded as YAML")
    .advises("check that this line is indented as the one before it")
    .obeyed(0, |run| {
        run.file(
            "connections.yaml",
            "db:\n  conn_type: postgres\n  host: db\n",
        )
    })
}
