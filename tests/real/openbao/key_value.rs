//! Connections, variables and config options in both versions of the key/value engine.

use serde_json::{Value, json};

use super::lookup;
use crate::support::cli::Secretctl;
use crate::support::openbao::OpenBao;

/// A connection as separate keys, the form that Airflow reads as JSON.
fn connection_in_keys() -> Value {
    json!({
        "conn_type": "postgres", "host": "db.example.com", "port": 5432, "schema": "app",
        "login": "user", "password": "p@ss/word:1", "extra": "{\"sslmode\": \"require\"}",
    })
}

const URI: &str = "postgres://user:p%40ss%2Fword%3A1@db.example.com:5432/app?sslmode=require";

/// The mount in this version, with one secret of each kind.
fn with_root_token(server: &OpenBao, mount: &str, version: u8) -> impl Fn(&[&str]) -> Secretctl {
    let admin = server.admin();
    admin.mount_kv(mount, version);
    let secrets = [
        ("connections/by_uri", json!({"conn_uri": URI})),
        ("connections/by_keys", connection_in_keys()),
        ("variables/text", json!({"value": " two\nlines ünd €"})),
        (
            "variables/object",
            json!({"value": {"a": [1, 2.5, null, true]}}),
        ),
        (
            "config/sql_alchemy_conn",
            json!({"value": "postgresql://db/airflow"}),
        ),
    ];
    for (path, secret) in secrets {
        match version {
            1 => admin.write_v1(mount, path, &secret),
            _ => admin.write_v2(mount, path, &secret),
        }
    }
    let token = server.root_token();
    let kwargs = json!({"token": token, "mount_point": mount, "kv_engine_version": version});
    move |arguments| {
        lookup(OpenBao::shared().expect("the shared server runs"), &kwargs)
            .args(arguments.iter().copied())
    }
}

#[test]
fn version_1() {
    let Some(server) = OpenBao::shared() else {
        return;
    };
    assert_everything_is_read(&with_root_token(server, "version-1", 1));
}

#[test]
fn version_2() {
    let Some(server) = OpenBao::shared() else {
        return;
    };
    assert_everything_is_read(&with_root_token(server, "version-2", 2));
}

fn assert_everything_is_read(run: &impl Fn(&[&str]) -> Secretctl) {
    for conn_id in ["by_uri", "by_keys"] {
        run(&["get-conn", conn_id]).run().prints(URI).quietly();
        run(&["get-conn", conn_id, "-o", "uri"])
            .run()
            .prints(URI)
            .quietly();
        run(&["get-conn", conn_id, "--field", "password"])
            .run()
            .prints("p@ss/word:1")
            .quietly();
        run(&["get-conn", conn_id, "--field", "extra.sslmode"])
            .run()
            .prints("require")
            .quietly();
        run(&["get-conn", conn_id, "-o", "json"])
            .run()
            .prints_json(&fields_of(conn_id))
            .quietly();
    }
    run(&["get-conn", "by_uri", "-o", "raw"])
        .run()
        .prints(URI)
        .quietly();
    run(&["get-conn", "by_keys", "-o", "raw"])
        .run()
        .prints_json(&connection_in_keys())
        .quietly();

    run(&["get-var", "text"])
        .run()
        .prints(" two\nlines ünd €")
        .quietly();
    run(&["get-var", "object"])
        .run()
        .prints_json(&json!({"a": [1, 2.5, null, true]}))
        .quietly();
    run(&["get-config", "sql_alchemy_conn"])
        .run()
        .prints("postgresql://db/airflow")
        .quietly();

    let without_newline = run(&["get-config", "-n", "sql_alchemy_conn"]).run();
    assert_eq!(without_newline.succeeds().stdout, "postgresql://db/airflow");
}

fn fields_of(conn_id: &str) -> Value {
    json!({
        "conn_id": conn_id, "conn_type": "postgres", "description": null, "host": "db.example.com",
        "login": "user", "password": "p@ss/word:1", "schema": "app", "port": 5432,
        "extra": {"sslmode": "require"}, "uri": URI,
    })
}

#[test]
fn explain_shows_the_place_and_no_value() {
    let Some(server) = OpenBao::shared() else {
        return;
    };
    let run = with_root_token(server, "explained", 2);
    let places = [
        (
            ["explain", "conn", "by_keys"],
            "explained/data/connections/by_keys",
        ),
        (["explain", "var", "text"], "explained/data/variables/text"),
        (
            ["explain", "config", "sql_alchemy_conn"],
            "explained/data/config/sql_alchemy_conn",
        ),
    ];
    for (arguments, place) in places {
        let output = run(&arguments)
            .args(["-o", "json"])
            .secret("p@ss/word:1")
            .secret("postgresql://db")
            .run();
        let layer = &output.json()["layers"][0];
        assert_eq!(
            (&layer["outcome"], &layer["location"]),
            (&json!("found"), &json!(place)),
            "{output}"
        );
    }
}

#[test]
fn paths_of_ones_own() {
    let Some(server) = OpenBao::shared() else {
        return;
    };
    let admin = server.admin();
    admin.mount_kv("team/airflow", 2);
    let prod = json!({"conn_uri": "http://prod"});
    admin.write_v2("team/airflow", "conns/prod/a b/c", &prod);
    for path in ["hello", "second/only-here"] {
        admin.write_v2(
            "team/airflow",
            path,
            &json!({"value": format!("at {path}")}),
        );
    }
    let run = |kwarg: &str, path: Value, arguments: [&'static str; 2]| {
        let kwargs =
            json!({"token": server.root_token(), "mount_point": "team/airflow", kwarg: path});
        lookup(server, &kwargs).args(arguments).run()
    };

    run(
        "connections_path",
        json!("conns/prod"),
        ["get-conn", "a b/c"],
    )
    .prints("http://prod");
    run("variables_path", json!(""), ["get-var", "hello"]).prints("at hello");
    run(
        "variables_path",
        json!(["first", "second"]),
        ["get-var", "only-here"],
    )
    .prints("at second/only-here");
    run("variables_path", json!(null), ["get-var", "hello"]).fails_with(3);
}

#[test]
fn the_mount_can_stand_in_the_id() {
    let Some(server) = OpenBao::shared() else {
        return;
    };
    server.admin().mount_kv("from-the-id", 2);
    server.admin().write_v2(
        "from-the-id",
        "variables/deep/hello",
        &json!({"value": "found by its id"}),
    );
    let kwargs = json!({"token": server.root_token(), "mount_point": null});
    lookup(server, &kwargs)
        .args(["get-var", "from-the-id/deep/hello"])
        .run()
        .prints("found by its id")
        .quietly();
    lookup(server, &kwargs)
        .args(["get-var", "no-mount"])
        .run()
        .fails_with(3);
}

#[test]
fn a_namespace_has_secrets_of_its_own() {
    let Some(server) = OpenBao::shared() else {
        return;
    };
    let admin = server.admin();
    admin.post("sys/namespaces/tenant", &json!({}));
    let inside = admin.in_namespace("tenant");
    inside.mount_kv("secret", 2);
    inside.write_v2(
        "secret",
        "variables/hello",
        &json!({"value": "inside the namespace"}),
    );
    inside.allow_reading("reader", "secret/data");
    let token = inside.new_token(&["reader"], "1h");

    let run = |kwargs: Value| {
        lookup(server, &kwargs)
            .secret(&token)
            .args(["get-var", "hello"])
    };
    run(json!({"token": token, "namespace": "tenant"}))
        .run()
        .prints("inside the namespace")
        .quietly();
    // Airflow does not read this variable.
    run(json!({"token": token}))
        .env("VAULT_NAMESPACE", "tenant")
        .run()
        .fails_with(4);
    run(json!({"token": server.root_token()}))
        .run()
        .fails_with(3);
}
