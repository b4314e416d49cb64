//! `get-conn`: every output of a connection, and single fields of it.

use serde_json::json;

use super::{environment, local};

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
        .fails_with(8)
        .says("no shell can set a variable with the name `AIRFLOW_CONN_A.B`");
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
