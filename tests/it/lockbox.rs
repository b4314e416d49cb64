//! Yandex Lockbox: its class is known, its kwargs are judged as Airflow judges them, and it is not asked.

use serde_json::{Value, json};

use crate::support::cli::{Output, Secretctl};

const LOCKBOX: &str = "airflow.providers.yandex.secrets.lockbox.LockboxSecretBackend";
const TOKEN: &str = "y3_the-token-of-the-lockbox-tests";

fn lookup(kwargs: &Value) -> Output {
    let run = Secretctl::new()
        .backend(LOCKBOX)
        .kwargs(kwargs)
        .secret(TOKEN);
    // A later layer may not answer in its place: it is not known what Lockbox holds.
    let run = run.env("AIRFLOW_VAR_HELLO", "from the environment");
    run.args(["get-var", "hello"]).run()
}

#[test]
fn lockbox_is_known_and_not_served() {
    let output = lookup(&json!({"yc_oauth_token": TOKEN, "folder_id": "b1g"}));
    output
        .fails_with(7)
        .says("LockboxSecretBackend, which secretctl does not serve")
        .says("AIRFLOW__SECRETS__BACKEND");
}

#[test]
fn a_kwarg_that_would_stop_airflow_is_told_first() {
    lookup(&json!({"yc_oauth_tokn": TOKEN}))
        .fails_with(7)
        .says("did you mean `yc_oauth_token`?");
    let both = json!({"yc_oauth_token": TOKEN, "yc_connection_id": "yandexcloud_default"});
    lookup(&both)
        .fails_with(7)
        .says("either kwarg `yc_connection_id` or kwarg `yc_oauth_token`, not both");
}
