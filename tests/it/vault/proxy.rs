//! Vault behind a proxy: the kwargs' first, then the environment's, as `requests` chooses.
//!
//! Every choice there is stands in `tests/data/proxy_choice.json`; here are those that send the token the right way.

use crate::support::cli::Secretctl;
use crate::support::fake_server::{FakeServer, Response};
use serde_json::{Value, json};

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
            .says("http:// and not this machine");
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

/// A Vault that is asked directly.
fn vault() -> FakeServer {
    FakeServer::start(|request| {
        assert_eq!(request.target, "/v1/secret/data/variables/hello");
        Some(Response::json(
            200,
            &json!({"data": {"data": {"value": "directly"}}}),
        ))
    })
}

#[test]
fn a_host_that_no_proxy_names_in_any_way_gets_the_token_without_a_proxy_in_between() {
    let (vault, other) = (vault(), FakeServer::start(|_| None));
    let named = format!("http://localhost:{}", vault.port());
    for (url, no_proxy) in [
        (vault.url(), "*".to_owned()),
        (vault.url(), "127.0.0.0/8".to_owned()),
        (named.clone(), "*".to_owned()),
        (named.clone(), format!("localhost:{}", vault.port())),
        (named, ".LOCALHOST".to_owned()),
    ] {
        let run = lookup(json!({"url": url})).env("http_proxy", &other.url());
        run.env("NO_PROXY", &no_proxy).run().prints("directly");
    }
    assert_eq!(other.requests().len(), 0);
}

#[test]
fn a_proxy_of_the_kwargs_is_used_whatever_no_proxy_says() {
    let proxy = proxy();
    for kwargs in [
        json!({"proxies": {"http": proxy.url()}}),
        json!({"proxies": {"all": proxy.url()}}),
        json!({"proxies": {"http://vault.invalid": proxy.url(), "http": "http://127.0.0.1:1"}}),
        json!({"proxies": {"all://vault.invalid": proxy.url(), "all": "http://127.0.0.1:1"}}),
        json!({"proxies": {"http": null, "all": proxy.url()}}),
    ] {
        let run = lookup(kwargs).env("NO_PROXY", "*");
        run.run().prints("through the proxy");
    }
    assert_eq!(proxy.requests().len(), 5);
}

#[test]
fn the_kwargs_can_switch_the_environments_proxy_off() {
    let (vault, other) = (vault(), FakeServer::start(|_| None));
    for proxies in [
        json!({"http": null}),
        json!({"http": ""}),
        json!({"http://127.0.0.1": ""}),
        json!({"no_proxy": "127.0.0.1"}),
        json!({"ftp": 5, "no_proxy": "*"}),
    ] {
        let run = lookup(json!({"url": vault.url(), "proxies": proxies}));
        let run = run.env("http_proxy", &other.url()).env("NO_PROXY", "");
        run.run().prints("directly");
    }
    assert_eq!(other.requests().len(), 0);
}

#[test]
fn a_variable_counts_in_any_case_unless_a_web_server_may_have_set_it() {
    let proxy = proxy();
    let run = lookup(json!({})).env("Http_Proxy", &proxy.url());
    run.run().prints("through the proxy");

    let (vault, other) = (vault(), FakeServer::start(|_| None));
    let run = lookup(json!({"url": vault.url()})).env("HTTP_PROXY", &other.url());
    let run = run.env("NO_PROXY", "").env("REQUEST_METHOD", "GET");
    run.run().prints("directly");
    assert_eq!(other.requests().len(), 0);
}

#[test]
fn only_the_proxy_that_counts_has_to_be_usable() {
    let proxy = proxy();
    let run = lookup(json!({})).env("http_proxy", &proxy.url());
    let run = run
        .env("https_proxy", "socks5://127.0.0.1:1")
        .env("all_proxy", "ftp:x");
    let output = run.run();
    output.prints("through the proxy");
    assert!(!output.stderr.contains("proxy"), "{output}");
    for (proxies, key) in [
        (json!({"http": ["x"]}), "http"),
        (json!({"http": "socks5://127.0.0.1:1"}), "http"),
        (json!({"no_proxy": 5}), "no_proxy"),
    ] {
        let run = lookup(json!({"proxies": proxies})).run();
        run.fails_with(7).says(&format!("for `{key}`"));
    }
}

#[test]
fn a_login_with_google_goes_its_own_way() {
    let iam = FakeServer::start(|request| match request.path() {
        "/token" => Some(Response::json(
            200,
            &json!({"access_token": "ya29.token-0123", "expires_in": 60}),
        )),
        path if path.ends_with(":signJwt") => {
            Some(Response::json(200, &json!({"signedJwt": "the.signed.jwt"})))
        }
        _ => None,
    });
    let proxy = FakeServer::start(|request| {
        let answer = match request
            .target
            .strip_prefix("http://vault.invalid:8200/v1/")?
        {
            "auth/gcp/login" => json!({"auth": {"client_token": "s.logged-in-0123"}}),
            _ => json!({"data": {"data": {"value": "through the proxy"}}}),
        };
        Some(Response::json(200, &answer))
    });
    let key = json!({
        "type": "service_account", "client_email": "sa@project-1.iam.gserviceaccount.com", "project_id": "project-1",
        "private_key_id": "k", "private_key": include_str!("../../data/service_account_test_key.pem"),
        "token_uri": format!("{}/token", iam.url()),
    });
    let login = json!({
        "auth_type": "gcp", "role_id": "r", "gcp_scopes": "https://www.googleapis.com/auth/cloud-platform",
        "gcp_keyfile_dict": key, "proxies": {"http": proxy.url()}, "verify": "/no/such/ca.pem",
    });
    lookup(login)
        .secret("ya29.token-0123")
        .env("CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM", &iam.url())
        .run()
        .prints("through the proxy");
    assert_eq!((iam.requests().len(), proxy.requests().len()), (1, 3));
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
