//! Answers that are not Google's: a proxy's page, a login portal, a server of another kind. None of them is a missing secret or
//! a refused permission.

use serde_json::json;

use crate::support::cli::{Secretctl, path_text};
use crate::support::fake_server::{FakeServer, Response};
use crate::support::secret_manager::{error, key, lookup};
use crate::support::tls::CertificateAuthority;

fn get_hello(server: &FakeServer) -> Secretctl {
    lookup(server)
        .kwargs(&json!({"gcp_keyfile_dict": key()}))
        .args(["get-var", "hello"])
}

#[test]
fn a_page_in_the_place_of_secret_manager_is_told_whatever_its_status() {
    for status in [200, 301, 400, 401, 403, 404] {
        let server = FakeServer::start(move |_| Some(Response::html(status)));
        get_hello(&server)
            .run()
            .fails_with(6)
            .says(&format!(
                "the answer, of status {status}, is not Secret Manager's"
            ))
            .says("a proxy or a login page");
    }
}

#[test]
fn a_page_in_the_place_of_a_token_server_is_told_whatever_its_status() {
    let user = json!({
        "type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "1//the-refresh-token",
    });
    for status in [200, 301, 400, 401, 403, 404] {
        let server = FakeServer::start(move |_| Some(Response::html(status)));
        let run = lookup(&server)
            .kwargs(&json!({"project_id": "p"}))
            .file("adc.json", user.to_string());
        let path = path_text(run.home().join("adc.json"));
        run.env("GOOGLE_APPLICATION_CREDENTIALS", &path)
            .args(["get-var", "hello"])
            .run()
            .fails_with(6)
            .says(&format!(
                "no access token: Google's token endpoint answered with status {status}, but not as a token server does"
            ));
    }
}

/// The advice is for the library that asks: gRPC for Secret Manager, requests for the token servers.
#[test]
fn the_variable_that_trusts_a_private_ca_is_the_right_one() {
    let authority = CertificateAuthority::new();
    let server = FakeServer::start_tls(authority.server(), |_| None);
    get_hello(&server)
        .run()
        .fails_with(6)
        .says("name its PEM file with GRPC_DEFAULT_SSL_ROOTS_FILE_PATH");

    let kwargs =
        json!({"gcp_keyfile_dict": key(), "impersonation_chain": "a@p.iam.gserviceaccount.com"});
    lookup(&server)
        .kwargs(&kwargs)
        .args(["get-var", "hello"])
        .run()
        .fails_with(6)
        .says("Google's IAM")
        .says("name its PEM file with REQUESTS_CA_BUNDLE");
    assert_eq!(server.requests().len(), 0);
}

/// Google has no code for "another project was meant", so that the advice names the one that was asked.
#[test]
fn a_wrong_project_is_named() {
    let lookup = |server: &FakeServer| {
        let kwargs = json!({"gcp_keyfile_dict": key(), "project_id": "the-wrong-one"});
        lookup(server)
            .kwargs(&kwargs)
            .args(["get-var", "hello"])
            .run()
    };
    let denied = FakeServer::start(|_| Some(error(403, "PERMISSION_DENIED", "no")));
    lookup(&denied)
        .fails_with(4)
        .says("where project `the-wrong-one` has no such secret or is not the one that was meant");

    let body = json!({"error": {"code": 403, "status": "PERMISSION_DENIED", "message": "...", "details": [
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "CONSUMER_INVALID"},
    ]}});
    let unknown = FakeServer::start(move |_| Some(Response::json(403, &body)));
    lookup(&unknown)
        .fails_with(4)
        .says("Google knows no project `the-wrong-one`");
}
