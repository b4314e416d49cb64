//! A secret that is not there, or that the server keeps back: each has its own exit code, and says what to do.

use serde_json::json;

use super::{HELLO, lookup, mount_with_hello};
use crate::support::openbao::OpenBao;

#[test]
fn a_path_that_holds_nothing() {
    let Some(server) = OpenBao::shared() else {
        return;
    };
    mount_with_hello(server, "absent");
    let kwargs = json!({"token": server.root_token(), "mount_point": "absent"});
    lookup(server, &kwargs)
        .args(["get-conn", "smtp_default"])
        .run()
        .fails_with(3)
        .says("connection `smtp_default` is not defined")
        .says("absent/data/connections/smtp_default")
        .says("AIRFLOW_CONN_SMTP_DEFAULT");
    lookup(server, &kwargs)
        .args(["get-var", "Hello"])
        .run()
        .fails_with(3);
    lookup(server, &kwargs)
        .args(["get-config", "hello"])
        .run()
        .fails_with(3);
}

#[test]
fn a_deleted_version_and_a_destroyed_one() {
    let Some(server) = OpenBao::shared() else {
        return;
    };
    mount_with_hello(server, "deleted");
    let admin = server.admin();
    let get_hello = || {
        let kwargs = json!({"token": server.root_token(), "mount_point": "deleted"});
        lookup(server, &kwargs)
            .secret(HELLO)
            .args(["get-var", "hello"])
    };
    admin.delete("deleted/data/variables/hello");
    get_hello().run().fails_with(3);

    admin.post(
        "deleted/undelete/variables/hello",
        &json!({"versions": [1]}),
    );
    get_hello().may_print().run().prints(HELLO);
    admin.post("deleted/destroy/variables/hello", &json!({"versions": [1]}));
    get_hello().run().fails_with(3);
}

#[test]
fn the_newest_version_counts() {
    let Some(server) = OpenBao::shared() else {
        return;
    };
    mount_with_hello(server, "versions");
    server.admin().write_v2(
        "versions",
        "variables/hello",
        &json!({"value": "the second version"}),
    );
    let kwargs = json!({"token": server.root_token(), "mount_point": "versions"});
    lookup(server, &kwargs)
        .args(["get-var", "hello"])
        .run()
        .prints("the second version")
        .quietly();
}

/// The hint is the policy that is missing, ready to be pasted.
#[test]
fn a_policy_that_does_not_allow_it() {
    let Some(server) = OpenBao::shared() else {
        return;
    };
    mount_with_hello(server, "denied");
    let token = server.admin().new_token(&["default"], "1h");
    let run = |arguments: &[&str]| {
        let kwargs = json!({"token": token, "mount_point": "denied"});
        lookup(server, &kwargs)
            .secret(&token)
            .secret(HELLO)
            .args(arguments.iter().copied())
            .run()
    };
    run(&["get-conn", "smtp_default"])
        .fails_with(4)
        .says(r#"path "denied/data/connections/smtp_default""#)
        .says("read");
    run(&["get-var", "hello"])
        .fails_with(4)
        .says(r#"path "denied/data/variables/hello""#)
        .says("read");
    let explained = run(&["explain", "var", "hello", "-o", "json"]).json();
    assert_eq!(explained["layers"][0]["outcome"], "denied", "{explained}");
}

/// What is denied here may be defined in a later layer, and Airflow uses that.
#[test]
fn a_denied_secret_and_a_later_layer() {
    let Some(server) = OpenBao::shared() else {
        return;
    };
    mount_with_hello(server, "denied-later");
    let token = server.admin().new_token(&["default"], "1h");
    let run = || {
        let kwargs = json!({"token": token, "mount_point": "denied-later"});
        lookup(server, &kwargs)
            .env("AIRFLOW_VAR_HELLO", "from the environment")
            .args(["get-var", "hello"])
    };
    run()
        .secret(&token)
        .run()
        .prints("from the environment")
        .says("warning");
    run().secret(&token).args(["--strict"]).run().fails_with(4);
}

#[test]
fn a_sealed_server() {
    let Some(server) = OpenBao::start() else {
        return;
    };
    server.admin().post("sys/seal", &json!({}));
    let run = |arguments: &[&str]| {
        lookup(&server, &json!({"token": server.root_token()}))
            .args(arguments.iter().copied())
            .run()
    };
    run(&["get-var", "hello"]).fails_with(6).says("sealed");
    let explained = run(&["explain", "var", "hello", "-o", "json"]).json();
    assert_eq!(
        explained["layers"][0]["outcome"], "unreachable",
        "{explained}"
    );
}

#[test]
fn a_server_that_throttles() {
    let Some(server) = OpenBao::shared() else {
        return;
    };
    mount_with_hello(server, "throttled");
    let admin = server.admin();
    let quota = json!({"path": "throttled/", "rate": 1, "interval": "3600s"});
    admin.post("sys/quotas/rate-limit/throttled", &quota);
    while admin.status_of("throttled/data/variables/hello") != 429 {}

    let run = |arguments: &[&str]| {
        let kwargs = json!({"token": server.root_token(), "mount_point": "throttled"});
        lookup(server, &kwargs)
            .secret(HELLO)
            .args(arguments.iter().copied())
            .run()
    };
    run(&["get-var", "hello"]).fails_with(6);
    let explained = run(&["explain", "var", "hello", "-o", "json"]).json();
    assert_eq!(
        explained["layers"][0]["outcome"], "throttled",
        "{explained}"
    );
    admin.delete("sys/quotas/rate-limit/throttled");
}

#[test]
fn a_secret_without_the_expected_key() {
    let Some(server) = OpenBao::shared() else {
        return;
    };
    let admin = server.admin();
    admin.mount_kv("unusable", 2);
    admin.write_v2(
        "unusable",
        "variables/hello",
        &json!({"text": "not under the key `value`"}),
    );
    admin.write_v2(
        "unusable",
        "connections/typo",
        &json!({"conn_typ": "http", "host": "kept-back.example.com"}),
    );
    let run = |arguments: &[&str]| {
        let kwargs = json!({"token": server.root_token(), "mount_point": "unusable"});
        let run = lookup(server, &kwargs)
            .secret("not under the key")
            .secret("kept-back.example.com");
        run.args(arguments.iter().copied()).run()
    };
    run(&["get-var", "hello"]).fails_with(8).says("value");
    run(&["get-conn", "typo"]).fails_with(8).says("conn_typ");
}
