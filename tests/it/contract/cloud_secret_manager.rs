//! `CloudSecretManagerBackend` with an external account, whose token the same server gives out.

use serde_json::{Value, json};

use super::{BackendUnderTest, Credential};
use crate::support::fake_server::{FakeServer, Request, Response};
use crate::support::secret_manager;

const TOKEN: &str = "ya29.the-token-of-the-contract-suite";

pub const BACKEND: BackendUnderTest = BackendUnderTest {
    class: secret_manager::CLASS,
    start: |handler| FakeServer::start(handler),
    kwargs,
    surroundings: |run, url| run.env("CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER", url),
    variables_kwarg: "variables_prefix",
    credential: TOKEN,
    is_read: |request| {
        let path = secret_manager::access_path("p", "airflow-variables-hello");
        request.method == "GET" && request.target == path
    },
    found: |text| secret_manager::payload(text),
    absent: || secret_manager::error(404, "NOT_FOUND", "Secret not found or has no versions."),
    failure: |status| failure(status, "something of the service's own"),
    failure_saying: failure,
    explanation,
};

fn failure(status: u16, message: &str) -> Response {
    let code = match status {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        429 => "RESOURCE_EXHAUSTED",
        _ => "INTERNAL",
    };
    secret_manager::error(status, code, message)
}

fn kwargs(url: &str) -> Value {
    let account = json!({
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": format!("{url}/sts"),
        "credential_source": {"url": format!("{url}/subject-token")},
    });
    json!({"project_id": "p", "gcp_credential_config_file": account})
}

/// The token, which is asked for before the read, and what is asked about the secret's neighbours afterwards.
fn explanation(request: &Request, credential: Credential) -> Option<Response> {
    match (request.path(), credential) {
        ("/subject-token", _) => Some(Response::text(200, "the-subject-token")),
        ("/sts", Credential::Good) => Some(Response::json(
            200,
            &json!({"access_token": TOKEN, "expires_in": 3600}),
        )),
        ("/sts", Credential::Bad) => Some(Response::json(
            400,
            &json!({"error": "invalid_grant", "error_description": "the token has expired"}),
        )),
        (path, _) if path.starts_with("/v1/projects/p/secrets/") => {
            Some(secret_manager::error(404, "NOT_FOUND", "no such secret"))
        }
        _ => None,
    }
}
