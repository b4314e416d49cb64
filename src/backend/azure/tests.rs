//! Who is asked for a token, how often, and with which claims: the vault and the login are one server, which has to speak TLS.

use std::sync::Mutex;
use std::time::Duration;

use serde_json::json;
use tempfile::NamedTempFile;

use super::*;
use crate::airflow_version::AirflowVersion;
use crate::console::Console;
use crate::env::Env;
use crate::failure::Failure;
use crate::python::json::{Value, loads};
use crate::secret_kind::SecretKind;
use crate::testing::block_on;
use crate::testing::fake_server::{FakeServer, Request, Response};
use crate::testing::tls::CertificateAuthority;

const DEADLINE: Duration = Duration::from_secs(20);
/// `{"access_token":{"nbf":{"essential":true}}}`
const CLAIMS: &str = "eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZX19fQ==";

/// A vault and the login it trusts, which gives out `t1`, then `t2`, and so on.
struct Cloud {
    server: FakeServer,
    ca: NamedTempFile,
}

impl Cloud {
    /// `vault` answers to the token that is shown.
    fn start(vault: impl Fn(Option<&str>) -> Response + Send + Sync + 'static) -> Self {
        Self::with_login(vault, |count| {
            let token = json!({"access_token": format!("t{count}"), "expires_in": 3599});
            Response::json(200, &token)
        })
    }

    fn with_login(
        vault: impl Fn(Option<&str>) -> Response + Send + Sync + 'static,
        login: impl Fn(usize) -> Response + Send + Sync + 'static,
    ) -> Self {
        let authority = CertificateAuthority::new();
        let ca = NamedTempFile::new().unwrap();
        std::fs::write(ca.path(), authority.pem()).unwrap();
        let logins = Mutex::new(0);
        let handler = move |request: &Request| {
            if request.method == "POST" {
                let mut count = logins.lock().unwrap();
                *count += 1;
                return Some(login(*count));
            }
            Some(vault(shown(request)))
        };
        let server = FakeServer::start_tls(authority.server(), handler);
        Self { server, ca }
    }

    fn backend(&self) -> AzureKeyVaultBackend {
        let kwargs = json!({
            "vault_url": self.server.url(), "verify_challenge_resource": false, "retry_total": 0,
            "tenant_id": "own", "client_id": "client", "client_secret": "s",
        });
        let Ok(Value::Dict(kwargs)) = loads(&kwargs.to_string()) else {
            panic!("{kwargs} is not an object")
        };
        let (url, ca) = (self.server.url(), self.ca.path().to_str().unwrap());
        let env = [
            ("AZURE_AUTHORITY_HOST", url.as_str()),
            ("SSL_CERT_FILE", ca),
        ];
        let surroundings = Surroundings {
            env: Env::from_pairs(env),
            multi_team: false,
            version: AirflowVersion::default(),
            diagnoses: true,
            console: Console::silent(),
        };
        let given = Kwargs::new("AzureKeyVaultBackend", &kwargs);
        AzureKeyVaultBackend::open(given, &surroundings).unwrap().0
    }

    /// What was asked, in order: the logins, and which tokens were shown to the vault.
    fn asked(&self) -> Vec<String> {
        let requests = self.server.requests();
        let asked = requests.iter().map(|request| match shown(request) {
            _ if request.method == "POST" => "login".to_owned(),
            Some(token) => token.to_owned(),
            None => "nothing".to_owned(),
        });
        asked.collect()
    }

    fn logins(&self) -> usize {
        let asked = self.asked();
        asked.iter().filter(|asked| *asked == "login").count()
    }

    /// The claims that the last login asked for.
    fn claims(&self) -> String {
        let requests = self.server.requests();
        let last = requests.iter().rfind(|request| request.method == "POST");
        let fields = url::form_urlencoded::parse(&last.unwrap().body);
        let claims = fields.into_owned().find(|(name, _)| name == "claims");
        claims.unwrap().1
    }
}

fn shown(request: &Request) -> Option<&str> {
    request.header("authorization")?.strip_prefix("Bearer ")
}

fn secrets(backend: &AzureKeyVaultBackend, count: usize) -> Vec<SecretRef> {
    let located = (0..count).map(|number| {
        let secret = SecretId::new(SecretKind::Variable, format!("v{number}"));
        match backend.locate(&secret) {
            Location::At(secret) => secret,
            Location::Skipped(why) => panic!("{why}"),
        }
    });
    located.collect()
}

async fn ask(backend: &AzureKeyVaultBackend, count: usize) -> Vec<Result<Answer, BackendError>> {
    let secrets = secrets(backend, count);
    backend.get_many(&secrets, Deadline::after(DEADLINE)).await
}

fn look_up(backend: &AzureKeyVaultBackend, count: usize) -> Vec<Result<Answer, BackendError>> {
    block_on(ask(backend, count))
}

fn are_found(answers: &[Result<Answer, BackendError>]) -> bool {
    let is_found = |answer| matches!(answer, &Ok(Answer::Found(_)));
    answers.iter().all(is_found)
}

fn kinds(answers: &[Result<Answer, BackendError>]) -> Vec<Failure> {
    let failed = answers.iter().filter_map(|answer| answer.as_ref().err());
    failed.map(|error| error.failure()).collect()
}

fn secret() -> Response {
    Response::json(
        200,
        &json!({"value": "v", "id": "https://vault/secrets/v/1"}),
    )
}

fn unauthorized() -> Response {
    let error = json!({"error": {"code": "Unauthorized", "message": "AKV10000"}});
    Response::json(401, &error)
}

/// The vault's first word.
fn challenge() -> Response {
    let header = r#"Bearer authorization="https://login/own", resource="https://vault.azure.net""#;
    unauthorized().header("WWW-Authenticate", header)
}

/// A token that was good is not any more: the vault names neither tenant nor resource again.
fn claims_challenge(error: &str) -> Response {
    let header =
        format!(r#"Bearer authorization="https://login/", error="{error}", claims="{CLAIMS}""#);
    unauthorized().header("WWW-Authenticate", &header)
}

/// One secret is looked up in a vault that answers `t1` like this, and gives the secret for any other token.
fn after_the_first_token(to_first: fn() -> Response) -> (Cloud, Vec<Result<Answer, BackendError>>) {
    let cloud = Cloud::start(move |shown| match shown {
        None => challenge(),
        Some("t1") => to_first(),
        Some(_) => secret(),
    });
    let answers = look_up(&cloud.backend(), 1);
    (cloud, answers)
}

#[test]
fn claims_right_after_the_first_token_are_met_as_in_python() {
    for to_first in [
        || claims_challenge("insufficient_claims"),
        || claims_challenge("invalid_token"),
    ] {
        let (cloud, answers) = after_the_first_token(to_first);
        assert!(are_found(&answers), "{answers:?}");
        assert_eq!(cloud.asked(), ["nothing", "login", "t1", "login", "t2"]);
        assert_eq!(
            cloud.claims(),
            r#"{"access_token": {"nbf": {"essential": true}, "xms_cc": {"values": ["CP1"]}}}"#
        );
    }
}

#[test]
fn claims_that_are_never_met_end_the_lookup() {
    let cloud = Cloud::start(|shown| match shown {
        None => challenge(),
        Some(_) => claims_challenge("insufficient_claims"),
    });
    let answers = look_up(&cloud.backend(), 3);
    assert_eq!(kinds(&answers), [Failure::Unauthenticated; 3]);
    assert_eq!(cloud.asked(), ["nothing", "login", "t1", "login", "t2"]);
}

#[test]
fn a_second_401_without_a_challenge_does_not_reuse_the_first_one_s() {
    let (cloud, answers) = after_the_first_token(unauthorized);
    assert_eq!(kinds(&answers), [Failure::Unauthenticated]);
    assert_eq!(cloud.asked(), ["nothing", "login", "t1"]);
}

#[test]
fn a_token_that_is_refused_at_once_is_not_asked_for_again() {
    let (cloud, answers) = after_the_first_token(challenge);
    assert_eq!(kinds(&answers), [Failure::Unauthenticated]);
    assert_eq!(cloud.asked(), ["nothing", "login", "t1"]);
}

#[test]
fn many_lookups_at_once_log_in_once() {
    let cloud = Cloud::start(|shown| shown.map_or_else(challenge, |_| secret()));
    let answers = look_up(&cloud.backend(), 20);
    assert!(are_found(&answers), "{answers:?}");
    let asked = cloud.asked();
    assert_eq!(asked[..3], ["nothing", "login", "t1"]);
    assert_eq!((asked.len(), cloud.logins()), (22, 1));
}

#[test]
fn a_login_that_fails_is_not_repeated() {
    let refused =
        json!({"error": "invalid_client", "error_description": "AADSTS7000215: Invalid."});
    let cloud = Cloud::with_login(|_| challenge(), move |_| Response::json(401, &refused));
    let answers = look_up(&cloud.backend(), 20);
    assert_eq!(kinds(&answers), [Failure::Unauthenticated; 20]);
    assert_eq!(cloud.asked(), ["nothing", "login"]);
}

#[test]
fn a_token_that_is_taken_back_is_replaced_once_for_all() {
    let served = Mutex::new(0);
    let cloud = Cloud::start(move |shown| match shown {
        None => challenge(),
        Some("t1") => {
            let mut served = served.lock().unwrap();
            *served += 1;
            match *served {
                1 => secret(),
                _ => claims_challenge("insufficient_claims"),
            }
        }
        Some(_) => secret(),
    });
    let backend = cloud.backend();
    block_on(async {
        assert!(are_found(&ask(&backend, 1).await));
        let answers = ask(&backend, 8).await;
        assert!(are_found(&answers), "{answers:?}");
    });
    assert_eq!(cloud.logins(), 2);
}

/// A gateway on the way has words of its own, in JSON as well.
#[test]
fn an_error_that_is_not_in_key_vault_s_form_is_nobody_s_word() {
    for status in [403, 404, 500] {
        let cloud = Cloud::start(move |shown| match shown {
            None => challenge(),
            Some(_) => Response::json(status, &json!({"message": "no Route matched"})),
        });
        let answers = look_up(&cloud.backend(), 1);
        assert_eq!(kinds(&answers), [Failure::Unreachable], "{status}");
        let words = format!("the answer, of status {status}, is not Key Vault's");
        assert_eq!(answers[0].as_ref().unwrap_err().to_string(), words);
    }
}

/// A vault that answers "not found" to anybody has not asked who that is.
#[test]
fn without_a_token_nobody_asks_for_deleted_secrets() {
    let absent = json!({"error": {"code": "SecretNotFound", "message": "m"}});
    let cloud = Cloud::start(move |_| Response::json(404, &absent));
    let backend = cloud.backend();
    let secrets = secrets(&backend, 1);
    block_on(async {
        let deadline = Deadline::after(DEADLINE);
        let answer = backend.get(&secrets[0], deadline).await;
        assert!(matches!(answer, Ok(Answer::Absent(_))), "{answer:?}");
        assert!(backend.near_misses(&secrets[0], deadline).await.is_empty());
    });
    assert_eq!(cloud.asked(), ["nothing"]);
}
