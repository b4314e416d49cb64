//! Whom the session trusts: `verify` of the kwargs, else `AWS_CA_BUNDLE`.

use serde_json::json;

use super::{VALUE, answer, lookup, with_environment_keys};
use crate::support::cli::path_text;
use crate::support::fake_server::FakeServer;
use crate::support::tls::CertificateAuthority;

#[test]
fn the_bundle_of_the_environment_is_trusted_unless_the_kwargs_say_otherwise() {
    let authority = CertificateAuthority::new();
    let server = FakeServer::start_tls(authority.server(), answer);
    let run = with_environment_keys(lookup(&server, &json!({}))).file("ca.pem", authority.pem());
    let bundle = path_text(run.home().join("ca.pem"));
    run.env("AWS_CA_BUNDLE", &bundle)
        .run()
        .prints(VALUE)
        .quietly();

    let run = with_environment_keys(lookup(&server, &json!({"verify": true})))
        .file("ca.pem", authority.pem());
    let bundle = path_text(run.home().join("ca.pem"));
    run.env("AWS_CA_BUNDLE", &bundle)
        .run()
        .fails_with(6)
        .says("certificate");

    with_environment_keys(lookup(&server, &json!({"verify": false})))
        .run()
        .prints(VALUE)
        .says("\"verify\" is false");
    with_environment_keys(lookup(&server, &json!({})))
        .env("AWS_CA_BUNDLE", "/nowhere.pem")
        .run()
        .fails_with(7)
        .says("`AWS_CA_BUNDLE`");
}

#[test]
fn a_bundle_that_cannot_be_used_is_no_matter_to_an_endpoint_without_tls() {
    let server = FakeServer::start(answer);
    with_environment_keys(lookup(&server, &json!({})))
        .env("AWS_CA_BUNDLE", "/nowhere.pem")
        .run()
        .prints(VALUE);
}
