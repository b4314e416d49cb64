//! Answers that are not Vault's: a proxy's page, another server, a port that wants TLS. None of them says that a secret is
//! absent, although Airflow takes every 404 for that.

use serde_json::json;

use crate::support::cli::{Output, Secretctl};
use crate::support::fake_server::{FakeServer, Response};

const READ: &str = "/v1/secret/data/variables/hello";

fn lookup(url: &str) -> Secretctl {
    let kwargs = json!({"url": url, "token": "s.the-token"});
    let run = Secretctl::new().backend("airflow.providers.hashicorp.secrets.vault.VaultBackend");
    run.secret("s.the-token").kwargs(&kwargs)
}

fn get_hello(server: &FakeServer) -> Output {
    lookup(&server.url()).args(["get-var", "hello"]).run()
}

/// Neither "not found", nor the default, nor a second login: an error that shows where it was asked.
#[test]
fn a_404_that_vault_does_not_write() {
    for (content_type, body) in [
        ("text/html", "<html><title>404 Not Found</title></html>"),
        ("text/plain; charset=utf-8", "default backend - 404"),
        (
            "application/json",
            r#"{"message": "no Route matched with those values"}"#,
        ),
        (
            "application/json",
            r#"{"errors": [{"code": "NAME_UNKNOWN"}]}"#,
        ),
        ("application/json", r#"{"errors": null}"#),
        ("application/json", ""),
    ] {
        let server = FakeServer::start(move |_| Some(Response::new(404, content_type, body)));
        get_hello(&server)
            .fails_with(6)
            .says(&format!("{}{READ}, of status 404", server.url()))
            .says("is not Vault's")
            .says("check \"url\"");
        lookup(&server.url())
            .args(["get-var", "hello", "--default", "fallback"])
            .run()
            .fails_with(6);
        lookup(&server.url())
            .env("AIRFLOW_VAR_HELLO", "of the environment")
            .args(["get-var", "hello"])
            .run()
            .prints("of the environment")
            .says("is not Vault's");
        assert_eq!(server.targets(), [READ, READ, READ], "{body}");
    }
}

#[test]
fn a_404_that_vault_writes() {
    for body in [
        json!({"errors": []}),
        json!({"errors": [], "data": {"data": null, "metadata": {"destroyed": false}}}),
        json!({"data": {"data": null, "metadata": {"destroyed": true}}}),
    ] {
        let server = FakeServer::start(move |_| Some(Response::json(404, &body)));
        lookup(&server.url())
            .args(["get-var", "hello", "--default", "fallback"])
            .run()
            .prints("fallback");
    }
}

/// Vault's own words about a mount that does not exist are worth more than "not found".
#[test]
fn vaults_words_on_a_mount_that_is_not_there() {
    let server = FakeServer::start(|request| {
        let route = format!(
            "no handler for route \"{}\". route entry not found.",
            &request.path()[4..]
        );
        Some(Response::json(404, &json!({"errors": [route]})))
    });
    get_hello(&server)
        .fails_with(3)
        .says("no handler for route \"secret/data/variables/hello\"");
}

#[test]
fn pages_of_every_status() {
    for status in [200, 400, 401, 403, 500, 502, 503] {
        let server = FakeServer::start(move |_| Some(Response::html(status)));
        let output = get_hello(&server);
        output.fails_with(6).says(&format!(
            "of status {status} and type text/html, is not Vault's"
        ));
        assert!(!output.stderr.contains("<title>"), "{output}");
    }
}

#[test]
fn a_page_that_the_server_redirects_to() {
    let server = FakeServer::start(|request| {
        Some(match request.path() {
            "/login" => Response::html(200),
            _ => Response::redirect("/login?token=s.the-token&next=x"),
        })
    });
    get_hello(&server)
        .fails_with(6)
        .says(&format!("{}{READ}", server.url()))
        .says("redirects to")
        .says("/login, of status 200");
}

#[test]
fn a_proxy_that_answers_itself_is_named() {
    let proxy = FakeServer::start(|_| Some(Response::html(404)));
    lookup("http://user:pass-word-1@vault.invalid:8200")
        .secret("pass-word-1")
        .env("http_proxy", &proxy.url())
        .args(["get-var", "hello"])
        .run()
        .fails_with(6)
        .says(&format!(
            "http://vault.invalid:8200{READ}, through the proxy {}",
            proxy.url()
        ))
        .says("check the proxy");
}

#[test]
fn a_page_in_place_of_a_login() {
    for status in [200, 403, 404] {
        let server = FakeServer::start(move |_| Some(Response::html(status)));
        let kwargs = json!({"url": server.url(), "auth_type": "approle", "role_id": "r"});
        lookup("")
            .kwargs(&kwargs)
            .args(["get-var", "hello"])
            .run()
            .fails_with(6)
            .says("/v1/auth/approle/login")
            .says("is not Vault's");
        assert_eq!(server.targets(), ["/v1/auth/approle/login"]);
    }
}

#[test]
fn a_port_that_wants_tls() {
    let body = "Client sent an HTTP request to an HTTPS server.\n";
    let server = FakeServer::start(move |_| Some(Response::new(400, "text/plain", body)));
    get_hello(&server)
        .fails_with(6)
        .says("over TLS only")
        .says("write https://");
}

#[test]
fn an_answer_of_the_other_version() {
    let body = json!({"data": {"value": "of version 1"}});
    let server = FakeServer::start(move |_| Some(Response::json(200, &body)));
    get_hello(&server)
        .fails_with(8)
        .says("set \"kv_engine_version\": 1");
}
