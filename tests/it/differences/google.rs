//! The entries about Google Cloud, against a fake Secret Manager.

use serde_json::{Value, json};

use crate::support::cli::{Secretctl, path_text};
use crate::support::fake_server::{FakeServer, Response};
use crate::support::secret_manager::{PROJECT, access_path, error, key, lookup, payload};
use crate::support::tls::CertificateAuthority;

fn get_hello(server: &FakeServer) -> Secretctl {
    lookup(server)
        .kwargs(&json!({"gcp_keyfile_dict": key()}))
        .args(["get-var", "hello"])
}

#[test]
fn secret_manager_is_asked_over_rest() {
    let server = FakeServer::start(|_| Some(payload("the value")));
    get_hello(&server).run().prints("the value");
    let requests = server.requests();
    let [request] = requests.as_slice() else {
        panic!("{requests:?}")
    };
    let path = access_path(PROJECT, "airflow-variables-hello");
    assert_eq!(
        (request.method.as_str(), request.path()),
        ("GET", path.as_str())
    );
}

#[test]
fn a_refused_permission_is_no_absent_secret() {
    let server = FakeServer::start(|_| Some(error(403, "PERMISSION_DENIED", "no")));
    get_hello(&server).run().fails_with(4);
}

#[test]
fn a_name_that_no_secret_can_have_is_not_asked_for() {
    let server = FakeServer::start(|_| None);
    let run = lookup(&server).kwargs(&json!({"gcp_keyfile_dict": key()}));
    run.args(["get-conn", "my.connection"])
        .run()
        .fails_with(3)
        .says("no secret can have this name");
    let asked = server
        .requests()
        .iter()
        .any(|request| request.path().contains("my.connection"));
    assert!(!asked);
}

/// A user's login that acts as a service account asks all of Google's servers but the one that signs.
#[test]
fn gclouds_variables_are_followed() {
    let secrets = FakeServer::start(|_| Some(payload("the value")));
    let iam_credentials = FakeServer::start(|request| {
        assert!(request.path().ends_with(":generateAccessToken"));
        let token =
            json!({"accessToken": "ya29.of-the-account", "expireTime": "2100-01-01T00:00:00Z"});
        Some(Response::json(200, &token))
    });
    let token_host = FakeServer::start(|_| {
        let token = json!({"access_token": "ya29.of-the-user", "expires_in": 3599});
        Some(Response::json(200, &token))
    });
    let user = json!({
        "type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "1//the-refresh-token",
    });
    let kwargs = json!({"project_id": "p", "impersonation_chain": "a@p.iam.gserviceaccount.com"});
    let run = lookup(&secrets)
        .kwargs(&kwargs)
        .file("adc.json", user.to_string());
    let adc = path_text(run.home().join("adc.json"));
    run.env("GOOGLE_APPLICATION_CREDENTIALS", &adc)
        .env(
            "CLOUDSDK_AUTH_TOKEN_HOST",
            &format!("{}/token", token_host.url()),
        )
        .env(
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS",
            &iam_credentials.url(),
        )
        .args(["get-var", "hello"])
        .run()
        .prints("the value");
    for server in [&secrets, &iam_credentials, &token_host] {
        assert_eq!(server.requests().len(), 1);
    }

    let iam = FakeServer::start(|request| {
        assert!(request.path().ends_with(":signJwt"));
        Some(Response::json(200, &json!({"signedJwt": "the.signed.jwt"})))
    });
    let vault = FakeServer::start(|request| {
        let answer = match request.path() {
            "/v1/auth/gcp/login" => json!({"auth": {"client_token": "s.logged-in-0123"}}),
            _ => json!({"data": {"data": {"value": "of Vault"}}}),
        };
        Some(Response::json(200, &answer))
    });
    lookup(&iam)
        .backend(super::silence::VAULT)
        .kwargs(&json!({
            "url": vault.url(), "auth_type": "gcp", "role_id": "r", "gcp_scopes": "a", "gcp_keyfile_dict": key(),
        }))
        .args(["get-var", "hello"])
        .run()
        .prints("of Vault");
    assert_eq!(iam.requests().len(), 1);
}

#[test]
fn credentials_that_are_not_served_are_refused() {
    let server = FakeServer::start(|_| None);
    let external = |source: Value| {
        json!({
            "type": "external_account", "audience": "a", "token_url": "https://sts.googleapis.com/v1/token",
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "credential_source": source,
        })
    };
    for (credentials, name) in [
        (
            external(json!({"environment_id": "aws1"})),
            "an external account of AWS",
        ),
        (
            external(json!({"executable": {"command": "c"}})),
            "a command prints",
        ),
        (external(json!({"certificate": {}})), "with a certificate"),
        (
            json!({"type": "gdch_service_account"}),
            "gdch_service_account",
        ),
    ] {
        let run = lookup(&server)
            .kwargs(&json!({"project_id": "p"}))
            .file("adc.json", credentials.to_string());
        let adc = path_text(run.home().join("adc.json"));
        run.env("GOOGLE_APPLICATION_CREDENTIALS", &adc)
            .args(["get-var", "hello"])
            .run()
            .fails_with(7)
            .says("secretctl does not serve")
            .says(name);
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn no_client_certificate_is_shown_to_google() {
    let authority = CertificateAuthority::new();
    let server = FakeServer::start_tls(authority.server_for_known_clients(), |_| None);
    let run = lookup(&server)
        .kwargs(&json!({"gcp_keyfile_dict": key()}))
        .env("GOOGLE_API_USE_CLIENT_CERTIFICATE", "true")
        .file("ca.pem", authority.pem());
    let ca = path_text(run.home().join("ca.pem"));
    run.env("SSL_CERT_FILE", &ca)
        .args(["--timeout", "5", "get-var", "hello"])
        .run()
        .fails_with(6);
    assert_eq!(server.requests().len(), 0);
}
