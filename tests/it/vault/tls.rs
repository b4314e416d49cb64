//! Vault over TLS: whom `secretctl` trusts, and with which certificate it presents itself.
//!
//! The rules are those of requests and hvac 2.4.0, as Airflow's `VaultBackend` calls them: `VAULT_CACERT` counts only with
//! `"verify": null`.

use serde_json::{Value, json};

use crate::support::cli::{Output, Secretctl};
use crate::support::fake_server::{FakeServer, Request, Response};
use crate::support::tls::CertificateAuthority;

const TOKEN: &str = "s.the-token-of-the-tls-tests";

fn vault(request: &Request) -> Option<Response> {
    (request.path() == "/v1/secret/data/variables/hello")
        .then(|| Response::json(200, &json!({"data": {"data": {"value": "over TLS"}}})))
}

/// A lookup with the CA in `$HOME/ca.pem` and these kwargs.
fn lookup(authority: &CertificateAuthority, server: &FakeServer, kwargs: Value) -> Secretctl {
    let mut all = json!({"url": server.url(), "token": TOKEN});
    for (name, value) in kwargs.as_object().unwrap() {
        all[name] = value.clone();
    }
    Secretctl::new()
        .file("ca.pem", authority.pem())
        .secret(TOKEN)
        .backend("airflow.providers.hashicorp.secrets.vault.VaultBackend")
        .kwargs(&all)
        .args(["get-var", "hello"])
}

/// The same, with a variable that names the CA.
fn lookup_with_variable(name: &str, kwargs: Value) -> Output {
    let authority = CertificateAuthority::new();
    let server = FakeServer::start_tls(authority.server(), vault);
    lookup(&authority, &server, kwargs)
        .env(name, "ca.pem")
        .run()
}

fn assert_untrusted(output: &Output) {
    output.fails_with(6).says("certificate");
}

#[test]
fn a_ca_file_is_trusted() {
    let authority = CertificateAuthority::new();
    let server = FakeServer::start_tls(authority.server(), vault);
    lookup(&authority, &server, json!({"verify": "$HOME/ca.pem"}))
        .run()
        .prints("over TLS")
        .quietly();
}

#[test]
fn an_unknown_authority_is_not() {
    let authority = CertificateAuthority::new();
    let server = FakeServer::start_tls(authority.server(), vault);
    assert_untrusted(&lookup(&authority, &server, json!({})).run());
    assert_untrusted(&lookup(&authority, &server, json!({"verify": true})).run());

    let another = CertificateAuthority::new();
    assert_untrusted(&lookup(&another, &server, json!({"verify": "$HOME/ca.pem"})).run());
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn verification_can_be_switched_off_but_not_in_silence() {
    let authority = CertificateAuthority::new();
    let server = FakeServer::start_tls(authority.server(), vault);
    lookup(&authority, &server, json!({"verify": false}))
        .run()
        .prints("over TLS")
        .says("warning")
        .says("verify");
}

#[test]
fn requests_ca_bundle_counts() {
    for name in ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"] {
        lookup_with_variable(name, json!({})).prints("over TLS");
    }
}

#[test]
fn vault_cacert_counts_only_when_verify_is_null() {
    assert_untrusted(&lookup_with_variable("VAULT_CACERT", json!({})));
    lookup_with_variable("VAULT_CACERT", json!({"verify": null})).prints("over TLS");
}

#[test]
fn a_client_certificate_is_presented() {
    let authority = CertificateAuthority::new();
    let server = FakeServer::start_tls(authority.server_for_known_clients(), vault);
    let client = authority.issue_client("worker");
    let lookup = |kwargs: Value| {
        let both = format!("{}{}", client.certificate, client.key);
        let run = lookup(&authority, &server, kwargs);
        run.file("client.pem", &client.certificate)
            .file("client.key", &client.key)
            .file("both.pem", &both)
    };

    lookup(json!({"verify": "$HOME/ca.pem", "cert": "$HOME/both.pem"}))
        .run()
        .prints("over TLS")
        .quietly();

    lookup(json!({"verify": "$HOME/ca.pem"}))
        .env("VAULT_CLIENT_CERT", "client.pem")
        .env("VAULT_CLIENT_KEY", "client.key")
        .run()
        .prints("over TLS")
        .quietly();

    lookup(json!({"verify": "$HOME/ca.pem"}))
        .run()
        .fails_with(6);
}

/// JSON has no tuple, and requests takes a list for one path, which urllib3 then cannot hash.
#[test]
fn a_client_certificate_as_a_list_fails_as_in_airflow() {
    let authority = CertificateAuthority::new();
    let server = FakeServer::start_tls(authority.server_for_known_clients(), vault);
    let client = authority.issue_client("worker");
    let two_files =
        json!({"verify": "$HOME/ca.pem", "cert": ["$HOME/client.pem", "$HOME/client.key"]});
    lookup(&authority, &server, two_files)
        .file("client.pem", &client.certificate)
        .file("client.key", &client.key)
        .run()
        .fails_with(7)
        .says("cert");
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn a_client_certificate_of_a_stranger_is_refused() {
    let authority = CertificateAuthority::new();
    let server = FakeServer::start_tls(authority.server_for_known_clients(), vault);
    let stranger = CertificateAuthority::new().issue_client("stranger");
    let both = format!("{}{}", stranger.certificate, stranger.key);
    let run = lookup(
        &authority,
        &server,
        json!({"verify": "$HOME/ca.pem", "cert": "$HOME/both.pem"}),
    );
    run.file("both.pem", &both)
        .secret(&stranger.key)
        .run()
        .fails_with(6);
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn tls_and_plain_http_do_not_meet() {
    let authority = CertificateAuthority::new();
    let server = FakeServer::start_tls(authority.server(), vault);
    let plain = server.url().replace("https://", "http://");
    lookup(&authority, &server, json!({"url": plain}))
        .run()
        .fails_with(6);

    let server = FakeServer::start(vault);
    let tls = server.url().replace("http://", "https://");
    lookup(&authority, &server, json!({"url": tls, "verify": false}))
        .run()
        .fails_with(6);
}

#[test]
fn a_ca_setting_that_cannot_be_used_is_no_matter_to_an_address_without_tls() {
    let plain = FakeServer::start(vault);
    let authority = CertificateAuthority::new();
    let settings = [
        ("REQUESTS_CA_BUNDLE", json!({})),
        ("CURL_CA_BUNDLE", json!({})),
        ("VAULT_CACERT", json!({"verify": null})),
        ("VAULT_CAPATH", json!({"verify": null})),
        ("UNUSED", json!({"verify": "/no/such/ca.pem"})),
    ];
    for (name, kwargs) in settings {
        let run = |server: &FakeServer| {
            lookup(&authority, server, kwargs.clone()).env(name, "/no/such/ca.pem")
        };
        run(&plain).run().prints("over TLS").quietly();
        let tls = FakeServer::start_tls(authority.server(), vault);
        run(&tls).run().fails_with(7).says("/no/such/ca.pem");
        assert_eq!(tls.requests().len(), 0);
    }
}

/// requests looks for the files of a client certificate whatever the address, and reads them for https alone.
#[test]
fn a_client_certificate_must_be_there_even_for_an_address_without_tls() {
    let plain = FakeServer::start(vault);
    let authority = CertificateAuthority::new();
    lookup(&authority, &plain, json!({"cert": "/no/such/client.pem"}))
        .run()
        .fails_with(7)
        .says("/no/such/client.pem");
    lookup(&authority, &plain, json!({"cert": "$HOME/not-a-key.pem"}))
        .file("not-a-key.pem", "no certificate at all")
        .run()
        .prints("over TLS");
}
