//! `AzureKeyVaultBackend` with a client secret; vault and login are one server, which has to speak TLS.

use std::sync::LazyLock;

use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::{BackendUnderTest, Credential};
use crate::support::cli::{Secretctl, path_text};
use crate::support::fake_server::{FakeServer, Request, Response};
use crate::support::tls::CertificateAuthority;

const CLIENT_SECRET: &str = "~the-client-secret-of-the-contract-suite";
const TOKEN: &str = "the-token-of-the-contract-suite";
const OWN_WORDS: &str = "something of the service's own";
const TENANT: &str = "11111111-1111-1111-1111-111111111111";

/// Who vouches for the server, and the file that says so.
static AUTHORITY: LazyLock<(CertificateAuthority, NamedTempFile)> = LazyLock::new(|| {
    let authority = CertificateAuthority::new();
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), authority.pem()).unwrap();
    (authority, file)
});

pub const BACKEND: BackendUnderTest = BackendUnderTest {
    class: "airflow.providers.microsoft.azure.secrets.key_vault.AzureKeyVaultBackend",
    start: |handler| FakeServer::start_tls(AUTHORITY.0.server(), handler),
    kwargs,
    surroundings,
    variables_kwarg: "variables_prefix",
    credential: CLIENT_SECRET,
    is_read: |request| {
        let secret = request.path() == "/secrets/airflow-variables-hello/";
        secret && request.header("authorization").is_some()
    },
    found: |text| {
        Response::json(
            200,
            &json!({"value": text, "attributes": {"enabled": true}}),
        )
    },
    absent: || failure(404, OWN_WORDS),
    failure: |status| failure(status, OWN_WORDS),
    failure_saying: failure,
    explanation,
};

/// One repetition is enough to see that there are some.
fn kwargs(url: &str) -> Value {
    json!({
        "vault_url": url, "verify_challenge_resource": false, "retry_total": 1,
        "tenant_id": TENANT, "client_id": "client", "client_secret": CLIENT_SECRET,
    })
}

fn surroundings(run: Secretctl, url: &str) -> Secretctl {
    let ca = path_text(AUTHORITY.1.path());
    run.env("AZURE_AUTHORITY_HOST", url)
        .env("SSL_CERT_FILE", &ca)
}

fn failure(status: u16, message: &str) -> Response {
    let error = json!({"code": "Some", "message": message});
    Response::json(status, &json!({"error": error}))
}

fn explanation(request: &Request, credential: Credential) -> Option<Response> {
    let is_login = request.path() == format!("/{TENANT}/oauth2/v2.0/token");
    match credential {
        Credential::Good if is_login => {
            assert!(String::from_utf8_lossy(&request.body).contains("client_id=client"));
            Some(Response::json(
                200,
                &json!({"access_token": TOKEN, "expires_in": 3599}),
            ))
        }
        Credential::Bad if is_login => {
            Some(Response::json(401, &json!({"error": "invalid_client"})))
        }
        _ if request.path().starts_with("/deletedsecrets/") => Some(failure(404, OWN_WORDS)),
        _ if request.header("authorization").is_none() => Some(challenge()),
        _ => None,
    }
}

fn challenge() -> Response {
    let header = format!(
        "Bearer authorization=\"https://login.microsoftonline.com/{TENANT}\", resource=\"https://vault.azure.net\""
    );
    failure(401, OWN_WORDS).header("WWW-Authenticate", &header)
}
