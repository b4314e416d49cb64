//! The entries about HashiCorp Vault.

use serde_json::{Value, json};

use super::silence::VAULT;
use crate::support::cli::{Output, Secretctl};
use crate::support::fake_server::{FakeServer, Request, Response};

const TOKEN: &str = "s.the-token-of-these-tests";

/// A Vault that lets everybody in and whose secrets all look like this.
fn vault(secret: Value) -> FakeServer {
    let body = json!({"data": {"data": secret}, "auth": {"client_token": TOKEN}});
    FakeServer::start(move |_: &Request| Some(Response::json(200, &body)))
}

fn lookup(server: &FakeServer, more: Value) -> Secretctl {
    let mut kwargs = json!({"url": server.url()});
    let members = kwargs.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    Secretctl::new().backend(VAULT).kwargs(&kwargs)
}

/// A lookup that must not end in the value of the next layer.
fn refused(server: &FakeServer, kwargs: Value) -> Output {
    lookup(server, kwargs)
        .env("AIRFLOW_VAR_HELLO", "of the environment")
        .args(["get-var", "hello"])
        .run()
}

#[test]
fn an_address_that_is_hard_to_tell_is_refused() {
    let server = vault(json!({"value": "the value"}));
    let port = server.port();
    for address in [
        format!("http://127.0.0.1:{port}?a=b"),
        format!("http://127.0.0.1:{port}/#f"),
        format!("http://0x7f.1:{port}"),
        format!("http://2130706433:{port}"),
        format!("http://l\u{f3}calhost:{port}"),
        format!("http://127.0.0.1:{port}/%2e%2e/x"),
    ] {
        refused(&server, json!({"url": address, "token": TOKEN}))
            .fails_with(7)
            .says("kwarg `url` is not");
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn a_control_character_is_refused() {
    let server = vault(json!({"value": "the value"}));
    for (kwargs, name) in [
        (json!({"token": "a\u{1}b"}), "`token`"),
        (
            json!({"token": TOKEN, "namespace": "a\u{7f}b"}),
            "`namespace`",
        ),
    ] {
        let run = lookup(&server, kwargs).args(["get-var", "hello"]);
        run.run().fails_with(7).says(name);
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn a_users_name_that_cannot_be_sent_is_refused() {
    let server = vault(json!({"value": "the value"}));
    for username in ["%2e%2e", "%2E/x", "u?a'b"] {
        let kwargs = json!({"auth_type": "userpass", "username": username, "password": "p"});
        refused(&server, kwargs)
            .fails_with(7)
            .says("cannot be sent as Airflow sends it");
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn a_secret_without_its_key_is_no_absent_one() {
    let server = vault(json!({"password": "the value"}));
    for command in ["get-var", "get-config"] {
        lookup(&server, json!({"token": TOKEN}))
            .args([command, "hello"])
            .run()
            .fails_with(8)
            .says("it has no key `value`");
    }
}
