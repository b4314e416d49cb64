//! Vault behind a proxy: the kwargs' first, then the environment's, as `requests` chooses.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use serde_json::{Value, json};
use support::cli::Secretctl;
use support::fake_server::{FakeServer, Response};

/// A proxy that answers for Vault itself, so that nothing leaves this machine.
fn proxy() -> FakeServer {
    FakeServer::start(|request| {
        assert_eq!(
            request.target,
            "http://vault.invalid:8200/v1/secret/data/variables/hello"
        );
        Some(Response::json(
            200,
            &json!({"data": {"data": {"value": "through the proxy"}}}),
        ))
    })
}

fn lookup(more: Value) -> Secretctl {
    let mut kwargs = json!({"url": "http://vault.invalid:8200", "token": "a-token-0123"});
    kwargs
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let run = Secretctl::new().backend("airflow.providers.hashicorp.secrets.vault.VaultBackend");
    run.kwargs(&kwargs)
        .secret("a-token-0123")
        .args(["get-var", "hello", "--timeout", "5"])
}

#[test]
fn the_environments_proxy_is_used() {
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        let proxy = proxy();
        lookup(json!({}))
            .env(name, &proxy.url())
            .run()
            .prints("through the proxy")
            .quietly();
        assert_eq!(proxy.requests().len(), 1, "{name}");
    }
}

#[test]
fn lower_case_wins_over_upper_case_and_the_kwargs_over_both() {
    let (wanted, other) = (proxy(), FakeServer::start(|_| None));
    lookup(json!({}))
        .env("http_proxy", &wanted.url())
        .env("HTTP_PROXY", &other.url())
        .run()
        .prints("through the proxy");
    let kwargs = json!({"proxies": {"http": wanted.url()}});
    lookup(kwargs)
        .env("http_proxy", &other.url())
        .run()
        .prints("through the proxy");
    assert_eq!((wanted.requests().len(), other.requests().len()), (2, 0));
}

#[test]
fn an_env_files_proxy_is_used_too() {
    let proxy = proxy();
    let file = format!("HTTP_PROXY={}\n", proxy.url());
    lookup(json!({}))
        .file("proxy.env", file)
        .args(["--env-file", "proxy.env"])
        .run()
        .prints("through the proxy");
}

#[test]
fn no_proxy_names_the_hosts_that_are_asked_directly() {
    let (direct, other) = (
        FakeServer::start(|_| {
            Some(Response::json(
                200,
                &json!({"data": {"data": {"value": "directly"}}}),
            ))
        }),
        FakeServer::start(|_| None),
    );
    let run = lookup(json!({"url": direct.url()})).env("http_proxy", &other.url());
    run.env("no_proxy", "127.0.0.1").run().prints("directly");
}

#[test]
fn a_dead_proxy_is_told_and_shows_no_password() {
    let run = lookup(json!({}))
        .secret("proxy-password")
        .env("http_proxy", "http://user:proxy-password@127.0.0.1:1");
    run.run().fails_with(6).says("could not be reached");
    let wrong = lookup(json!({}))
        .secret("proxy-password")
        .env("http_proxy", "http://user:proxy-password@:x");
    wrong
        .run()
        .fails_with(7)
        .says("the proxy given by `http_proxy`");
}
