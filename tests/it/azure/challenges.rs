//! What the vault says before it gives a secret, as a whole run meets it.

use serde_json::json;
use tempfile::NamedTempFile;

use crate::support::azure::BACKEND;
use crate::support::cli::{Secretctl, path_text};
use crate::support::fake_server::{FakeServer, Request, Response};
use crate::support::tls::CertificateAuthority;

const CLIENT_SECRET: &str = "Zk4~8Qj.9x7vLw2mRt5";
/// `{"access_token":{"nbf":{"essential":true}}}`
const CLAIMS: &str = "eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZX19fQ==";

fn unauthorized(challenge: &str) -> Response {
    let error = json!({"error": {"code": "Unauthorized", "message": "AKV10000"}});
    Response::json(401, &error).header("WWW-Authenticate", challenge)
}

/// A vault whose tokens have to say since when they are good, and the login that gives them.
fn answer(request: &Request) -> Option<Response> {
    let has_claims = String::from_utf8_lossy(&request.body).contains("nbf");
    let token = match has_claims {
        true => "with-the-claims-of-the-vault",
        false => "without-any-claims",
    };
    Some(match request.header("authorization") {
        _ if request.method == "POST" => {
            Response::json(200, &json!({"access_token": token, "expires_in": 3599}))
        }
        None => unauthorized(
            r#"Bearer authorization="https://login/own", resource="https://vault.azure.net""#,
        ),
        Some("Bearer with-the-claims-of-the-vault") => Response::json(
            200,
            &json!({"value": "there", "id": "https://v/secrets/v/1"}),
        ),
        Some(_) => unauthorized(&format!(
            r#"Bearer authorization="https://login/", error="insufficient_claims", claims="{CLAIMS}""#
        )),
    })
}

/// Continuous access evaluation: a token may be taken back before its time, and at once.
#[test]
fn a_vault_that_wants_claims_gets_them() {
    let authority = CertificateAuthority::new();
    let ca = NamedTempFile::new().unwrap();
    std::fs::write(ca.path(), authority.pem()).unwrap();
    let server = FakeServer::start_tls(authority.server(), answer);
    let kwargs = json!({
        "vault_url": server.url(), "verify_challenge_resource": false,
        "tenant_id": "own", "client_id": "client", "client_secret": CLIENT_SECRET,
    });
    Secretctl::new()
        .backend(BACKEND)
        .kwargs(&kwargs)
        .env("AZURE_AUTHORITY_HOST", &server.url())
        .env("SSL_CERT_FILE", &path_text(ca.path()))
        .secret(CLIENT_SECRET)
        .secret("with-the-claims-of-the-vault")
        .secret("without-any-claims")
        .args(["get-var", "hello"])
        .run()
        .prints("there")
        .quietly();
    assert_eq!(server.requests().len(), 5);
}
