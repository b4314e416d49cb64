//! Every kind of Google credentials, from where it is found to the token that reaches Secret Manager.
//!
//! The rules are those of google-auth 2.62.2 as Airflow's `CloudSecretManagerBackend` calls it. A server of Google's that is
//! not expected fails the test, the metadata server above all.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::cli::{Secretctl, path_text};
use crate::support::fake_server::{FakeServer, Request, Response};
use crate::support::secret_manager::{access_path, assert_signed, error, key, lookup, payload};

const REFRESH_TOKEN: &str = "1//the-refresh-token";
const CLIENT_SECRET: &str = "GOCSPX-the-client-secret";
const SUBJECT_TOKEN: &str = "eyJ.the-subject-token";
const ACCESS_TOKEN: &str = "ya29.the-access-token";

/// Google's servers but for the one that gives the token in question.
fn google(token: impl Fn(&Request) -> Option<Response> + Send + Sync + 'static) -> FakeServer {
    FakeServer::start(move |request| {
        if request.path() != access_path("p", "airflow-variables-hello") {
            return token(request);
        }
        let authorization = request.header("authorization").unwrap().to_owned();
        assert_eq!(authorization, format!("Bearer {ACCESS_TOKEN}"));
        Some(payload("found"))
    })
}

fn run(server: &FakeServer, kwargs: &Value) -> Secretctl {
    let mut run = lookup(server).kwargs(kwargs).args(["get-var", "hello"]);
    for secret in [REFRESH_TOKEN, CLIENT_SECRET, SUBJECT_TOKEN, ACCESS_TOKEN] {
        run = run.secret(secret);
    }
    run
}

/// A run with these credentials in the file that `GOOGLE_APPLICATION_CREDENTIALS` names.
fn run_with_file(server: &FakeServer, credentials: &Value) -> Secretctl {
    let run = run(server, &json!({"project_id": "p"})).file("adc.json", credentials.to_string());
    let path = path_text(run.home().join("adc.json"));
    run.env("GOOGLE_APPLICATION_CREDENTIALS", &path)
}

fn user() -> Value {
    json!({
        "type": "authorized_user", "client_id": "the-client", "client_secret": CLIENT_SECRET,
        "refresh_token": REFRESH_TOKEN, "quota_project_id": "payer", "token_uri": "http://127.0.0.1:1/ignored",
    })
}

fn form(request: &Request) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(&request.body)
        .into_owned()
        .collect()
}

fn token_answer() -> Response {
    Response::json(
        200,
        &json!({"access_token": ACCESS_TOKEN, "expires_in": 3599, "token_type": "Bearer"}),
    )
}

#[test]
fn a_users_login_is_exchanged_for_a_token_and_names_who_pays() {
    let server = google(|request| {
        assert_eq!(request.path(), "/oauth");
        let form = form(request);
        assert_eq!(
            (form["grant_type"].as_str(), form["refresh_token"].as_str()),
            ("refresh_token", REFRESH_TOKEN)
        );
        assert_eq!(
            (form["client_id"].as_str(), form["client_secret"].as_str()),
            ("the-client", CLIENT_SECRET)
        );
        assert!(!form.contains_key("scope"));
        Some(token_answer())
    });
    run_with_file(&server, &user())
        .run()
        .prints("found")
        .quietly();
    let payer = |request: &Request| request.header("x-goog-user-project").map(str::to_owned);
    assert_eq!(
        payer(server.requests().last().unwrap()),
        Some("payer".to_owned())
    );
}

#[test]
fn an_expired_login_is_told_without_its_secrets() {
    let server = google(|_| {
        let words = format!("Token {REFRESH_TOKEN} has been expired or revoked.");
        Some(Response::json(
            400,
            &json!({"error": "invalid_grant", "error_description": words}),
        ))
    });
    run_with_file(&server, &user())
        .run()
        .fails_with(5)
        .says("invalid_grant")
        .says("gcloud auth application-default login");
}

#[test]
fn a_token_server_that_is_down_is_no_refusal() {
    for (response, code) in [
        (Response::html(503), 6),
        (Response::text(429, "slowly"), 6),
        (Response::html(200), 6),
        (Response::html(403), 6),
        (Response::json(200, &json!({"id_token": "x"})), 6),
    ] {
        let server = google(move |_| Some(response.clone()));
        run_with_file(&server, &user()).run().fails_with(code);
    }
}

fn external_account(url: &str, source: &Value) -> Value {
    json!({
        "type": "external_account", "audience": "//iam.googleapis.com/x", "token_url": format!("{url}/sts"),
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "credential_source": source,
    })
}

/// A token in JSON at a URL, exchanged at Google's STS, then used to act as a service account.
#[test]
fn an_external_account_acts_as_a_service_account() {
    let server = google(|request| match request.path() {
        "/subject" => {
            assert_eq!(request.header("metadata"), Some("true"));
            Some(Response::json(200, &json!({"value": SUBJECT_TOKEN})))
        }
        "/sts" => {
            let form = form(request);
            assert_eq!(
                form["grant_type"],
                "urn:ietf:params:oauth:grant-type:token-exchange"
            );
            assert_eq!(
                form["requested_token_type"],
                "urn:ietf:params:oauth:token-type:access_token"
            );
            assert_eq!(
                (form["subject_token"].as_str(), form["scope"].as_str()),
                (SUBJECT_TOKEN, IAM)
            );
            Some(Response::json(
                200,
                &json!({"access_token": "federated", "expires_in": 9}),
            ))
        }
        "/act/x@p.iam.gserviceaccount.com:generateAccessToken" => {
            assert_eq!(request.header("authorization"), Some("Bearer federated"));
            Some(Response::json(
                200,
                &json!({"accessToken": ACCESS_TOKEN, "expireTime": "2100-01-01T00:00:00Z"}),
            ))
        }
        _ => None,
    });
    let url = server.url();
    let format = json!({"type": "json", "subject_token_field_name": "value"});
    let source =
        json!({"url": format!("{url}/subject"), "headers": {"Metadata": "true"}, "format": format});
    let mut account = external_account(&url, &source);
    account["service_account_impersonation_url"] =
        format!("{url}/act/x@p.iam.gserviceaccount.com:generateAccessToken").into();
    run_with_file(&server, &account)
        .run()
        .prints("found")
        .quietly();

    let kwargs = json!({"project_id": "p", "gcp_credential_config_file": account.to_string()});
    run(&server, &kwargs).run().prints("found").quietly();
}

/// What the headers of `credential_source` prove is as secret as the token that they are for.
#[test]
fn the_headers_for_an_external_accounts_token_are_never_shown() {
    const KEY: &str = "the-key-to-the-subject-token";
    let server = google(|request| {
        let heard = request.header("x-key").unwrap();
        assert_eq!(heard, KEY);
        let answer = json!({"error": "denied", "error_description": format!("no: {heard}")});
        Some(Response::json(400, &answer))
    });
    let source = json!({"url": format!("{}/subject", server.url()), "headers": {"X-Key": KEY}});
    run_with_file(&server, &external_account(&server.url(), &source))
        .secret(KEY)
        .run()
        .fails_with(5)
        .says("denied: no: ****");
}

const IAM: &str = "https://www.googleapis.com/auth/iam";

/// A token file keeps its newline, as google-auth takes it.
#[test]
fn an_external_accounts_token_file_is_taken_as_it_is() {
    let server = google(|request| {
        let form = form(request);
        assert_eq!(form["subject_token"], format!("{SUBJECT_TOKEN}\n"));
        assert_eq!(
            form["scope"],
            "https://www.googleapis.com/auth/cloud-platform"
        );
        Some(token_answer())
    });
    let run = run(&server, &Value::Null).file("token", format!("{SUBJECT_TOKEN}\n"));
    let source = json!({"file": path_text(run.home().join("token"))});
    let account = external_account(&server.url(), &source);
    let kwargs = json!({"project_id": "p", "gcp_credential_config_file": account});
    run.kwargs(&kwargs).run().prints("found").quietly();

    let account = external_account(&server.url(), &json!({"file": "/nope"}));
    run_with_file(&server, &account)
        .run()
        .fails_with(5)
        .says("/nope");
}

#[test]
fn a_chain_of_impersonations_ends_in_the_last_accounts_project() {
    let server = google(|request| {
        assert_eq!(
            request.path(),
            "/v1/projects/-/serviceAccounts/last@p.iam.gserviceaccount.com:generateAccessToken"
        );
        assert_signed(request, "scope", IAM);
        assert_eq!(request.json()["delegates"], json!(["first@p", "second@p"]));
        Some(Response::json(
            200,
            &json!({"accessToken": ACCESS_TOKEN, "expireTime": "2100-01-01T00:00:00Z"}),
        ))
    });
    let chain = json!(["first@p", "second@p", "last@p.iam.gserviceaccount.com"]);
    let kwargs = json!({"gcp_keyfile_dict": key(), "impersonation_chain": chain});
    run(&server, &kwargs).run().prints("found").quietly();
}

#[test]
fn who_may_not_impersonate_whom_is_told() {
    let server = google(|_| {
        Some(error(
            403,
            "PERMISSION_DENIED",
            "iam.serviceAccounts.getAccessToken denied",
        ))
    });
    let kwargs =
        json!({"gcp_keyfile_dict": key(), "impersonation_chain": "last@p.iam.gserviceaccount.com"});
    run(&server, &kwargs)
        .run()
        .fails_with(4)
        .says("`sa@proj.iam.gserviceaccount.com` may not impersonate `last@p.iam.gserviceaccount.com`")
        .says("roles/iam.serviceAccountTokenCreator");
}

/// Of the URL in the file only the account counts.
#[test]
fn an_impersonated_account_in_a_file_is_asked_of_iam() {
    let server = google(|request| match request.path() {
        "/oauth" => Some(Response::json(
            200,
            &json!({"access_token": "mine", "expires_in": 9}),
        )),
        "/v1/projects/-/serviceAccounts/x@p.iam.gserviceaccount.com:generateAccessToken" => {
            assert_eq!(request.header("authorization"), Some("Bearer mine"));
            assert_eq!(
                request.json()["scope"],
                json!(["https://www.googleapis.com/auth/cloud-platform"])
            );
            Some(Response::json(
                200,
                &json!({"accessToken": ACCESS_TOKEN, "expireTime": "2100-01-01T00:00:00Z"}),
            ))
        }
        _ => None,
    });
    let url = "http://127.0.0.1:1/v1/projects/-/serviceAccounts/x@p.iam.gserviceaccount.com:generateAccessToken";
    let credentials = json!({
        "type": "impersonated_service_account", "service_account_impersonation_url": url, "source_credentials": user(),
    });
    run_with_file(&server, &credentials)
        .run()
        .prints("found")
        .quietly();
}

fn metadata(request: &Request) -> Option<Response> {
    assert_eq!(request.header("metadata-flavor"), Some("Google"));
    match request.path() {
        "/" => Some(Response::text(200, "computeMetadata/").header("Metadata-Flavor", "Google")),
        "/computeMetadata/v1/project/project-id" => Some(Response::text(200, "p")),
        "/computeMetadata/v1/instance/service-accounts/default/token" => Some(token_answer()),
        "/computeMetadata/v1/instance/service-accounts/default/email" => {
            Some(Response::text(200, "machine@p.iam.gserviceaccount.com"))
        }
        _ => None,
    }
}

fn run_on_google(service: &FakeServer, metadata: &FakeServer) -> Secretctl {
    let host = metadata.url().replace("http://", "");
    run(service, &json!({}))
        .env("NO_GCE_CHECK", "")
        .env("GCE_METADATA_HOST", &host)
}

#[test]
fn a_machine_of_googles_has_a_project_and_a_token() {
    let (service, metadata) = (google(|_| None), FakeServer::start(metadata));
    run_on_google(&service, &metadata)
        .run()
        .prints("found")
        .quietly();
    let paths = metadata.targets();
    let token = "/computeMetadata/v1/instance/service-accounts/default/token\
                 ?scopes=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fcloud-platform";
    assert_eq!(
        paths,
        ["/", "/computeMetadata/v1/project/project-id", token]
    );
}

#[test]
fn a_refusal_on_a_machine_of_googles_names_its_account() {
    let metadata = FakeServer::start(metadata);
    let service = FakeServer::start(|_| Some(error(403, "PERMISSION_DENIED", "no")));
    run_on_google(&service, &metadata)
        .run()
        .fails_with(4)
        .says("machine@p.iam.gserviceaccount.com");
}

/// Its address is asked for in order to be told, and for nothing else.
#[test]
fn without_diagnosis_a_machine_of_googles_is_not_asked_for_its_account() {
    let metadata = FakeServer::start(metadata);
    let service = FakeServer::start(|_| Some(error(403, "PERMISSION_DENIED", "no")));
    run_on_google(&service, &metadata)
        .args(["--no-diagnose"])
        .run()
        .fails_with(4)
        .says("the account of Google's metadata server");
    let asked = metadata.targets();
    assert!(
        !asked.iter().any(|target| target.ends_with("/email")),
        "{asked:?}"
    );
}

/// Any other server at that address is no metadata server, and gets no further question.
#[test]
fn what_is_no_metadata_server_is_not_taken_for_one() {
    let service = google(|_| None);
    let stranger =
        FakeServer::start(|request| (request.path() == "/").then(|| Response::html(200)));
    run_on_google(&service, &stranger)
        .run()
        .fails_with(7)
        .says("no Google credentials");
    run_on_google(&service, &stranger)
        .kwargs(&json!({"project_id": "p"}))
        .run()
        .fails_with(5);
    assert_eq!(service.requests().len(), 0);
}

#[test]
fn named_credentials_keep_the_metadata_server_out() {
    let (service, metadata) = (
        google(|_| Some(token_answer())),
        FakeServer::start(|_| None),
    );
    let host = metadata.url().replace("http://", "");
    let on_google = |run: Secretctl| run.env("NO_GCE_CHECK", "").env("GCE_METADATA_HOST", &host);
    on_google(run_with_file(&service, &user()))
        .run()
        .prints("found");
    on_google(run(
        &service,
        &json!({"project_id": "p", "gcp_key_path": "/nope.json"}),
    ))
    .run()
    .fails_with(7);
    assert_eq!(metadata.requests().len(), 0);
}

/// Vault's `gcp` login: IAM signs a JWT for the account of the key, and Vault takes it.
#[test]
fn vault_logs_in_with_a_service_account() {
    let server = FakeServer::start(|request| match request.path() {
        "/v1/projects/proj-from-key/serviceAccounts/sa@proj.iam.gserviceaccount.com:signJwt" => {
            assert_signed(request, "scope", "a b");
            let claims: Value =
                serde_json::from_str(request.json()["payload"].as_str().unwrap()).unwrap();
            assert_eq!(
                (&claims["sub"], &claims["aud"]),
                (&json!("sa@proj.iam.gserviceaccount.com"), &json!("vault/r"))
            );
            Some(Response::json(200, &json!({"signedJwt": SUBJECT_TOKEN})))
        }
        "/v1/auth/gcp/login" => {
            assert_eq!(request.json(), json!({"role": "r", "jwt": SUBJECT_TOKEN}));
            Some(Response::json(
                200,
                &json!({"auth": {"client_token": ACCESS_TOKEN}}),
            ))
        }
        "/v1/auth/token/revoke-self" => Some(Response::new(204, "application/json", "")),
        "/v1/secret/data/variables/hello" => {
            assert_eq!(request.header("x-vault-token"), Some(ACCESS_TOKEN));
            Some(Response::json(
                200,
                &json!({"data": {"data": {"value": "of Vault"}}}),
            ))
        }
        _ => None,
    });
    let kwargs = json!({
        "url": server.url(), "auth_type": "gcp", "role_id": "r", "gcp_scopes": "a, b", "gcp_keyfile_dict": key(),
    });
    run(&server, &kwargs)
        .backend("airflow.providers.hashicorp.secrets.vault.VaultBackend")
        .run()
        .prints("of Vault")
        .quietly();
}
