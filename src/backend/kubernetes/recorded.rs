//! What Airflow's own `KubernetesSecretsBackend` (cncf-kubernetes provider 10.25.0, kubernetes 37.0.1) sent and got in a
//! pod, replayed against a stand-in for the API server.
//!
//! `tests/data/kubernetes_wire.json` holds one lookup per entry: the kwargs, every request, and the result or the exception.
//! What the server answered follows from the name and the result of each entry. The backend is opened as a library, because
//! the folder of the service account is no setting of the program.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{KubernetesError, KubernetesSecretsBackend};
use crate::airflow_version::AirflowVersion;
use crate::backend::kwargs::Kwargs;
use crate::backend::{Answer, Backend, BackendError, Location, Secret, Surroundings};
use crate::console::Console;
use crate::deadline::Deadline;
use crate::env::Env;
use crate::failure::Failure;
use crate::python::json;
use crate::secret_kind::{SecretId, SecretKind};
use crate::testing::block_on;
use crate::testing::fake_server::{FakeServer, Request, Response};
use crate::testing::tls::CertificateAuthority;

/// One recorded lookup.
#[derive(Clone, Deserialize)]
struct Recording {
    case: String,
    backend_kwargs: Value,
    #[serde(default)]
    result: Option<String>,
    #[serde(default)]
    exception: Option<String>,
    requests: Vec<RecordedRequest>,
}

/// One request of a recorded lookup.
#[derive(Clone, Deserialize)]
struct RecordedRequest {
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
}

fn recordings() -> Vec<Recording> {
    serde_json::from_str(include_str!("../../../tests/data/kubernetes_wire.json")).unwrap()
}

#[test]
fn every_recorded_lookup_is_repeated() {
    for recording in recordings() {
        eprintln!("== {}", recording.case);
        let answers = recording.clone();
        let pod = Pod::new(move |_| Some(answer(&answers)));
        assert_same_end(&recording, pod.get(&recording));
        assert_same_requests(&recording, &pod.server.requests());
    }
}

/// A pod with a service account, and the API server of its cluster.
struct Pod {
    folder: TempDir,
    server: FakeServer,
}

impl Pod {
    fn new(handler: impl Fn(&Request) -> Option<Response> + Send + Sync + 'static) -> Self {
        let authority = CertificateAuthority::new();
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("ca.crt"), authority.pem()).unwrap();
        std::fs::write(folder.path().join("token"), "tok").unwrap();
        let server = FakeServer::start_tls(authority.server(), handler);
        Self { folder, server }
    }

    fn with_file(self, name: &str, text: &str) -> Self {
        std::fs::write(self.folder.path().join(name), text).unwrap();
        self
    }

    fn get(&self, recording: &Recording) -> Result<Answer, BackendError> {
        let (kind, id) = secret(recording);
        self.ask(&recording.backend_kwargs, kind, id)
    }

    fn ask(&self, kwargs: &Value, kind: SecretKind, id: &str) -> Result<Answer, BackendError> {
        let backend = self.open(kwargs)?;
        let deadline = Deadline::after(Duration::from_secs(20));
        match backend.locate(&SecretId::new(kind, id)) {
            Location::At(secret) => block_on(backend.get(&secret, deadline)),
            Location::Skipped(why) => Ok(Answer::Absent(Some(why))),
        }
    }

    fn open(&self, kwargs: &Value) -> Result<KubernetesSecretsBackend, KubernetesError> {
        let Ok(json::Value::Dict(kwargs)) = json::loads(&kwargs.to_string()) else {
            panic!("kwargs are an object")
        };
        let surroundings = Surroundings {
            env: Env::from_pairs([
                ("KUBERNETES_SERVICE_HOST", "127.0.0.1".to_owned()),
                ("KUBERNETES_SERVICE_PORT", self.server.port().to_string()),
                ("NO_PROXY", "127.0.0.1".to_owned()),
            ]),
            multi_team: false,
            version: AirflowVersion::default(),
            diagnoses: true,
            console: Console::silent(),
        };
        let given = Kwargs::new("KubernetesSecretsBackend", &kwargs);
        let folder = self.folder.path().to_owned();
        Ok(KubernetesSecretsBackend::open_in_pod(given, &surroundings, folder)?.0)
    }
}

/// What was looked up; the recordings do not say it in so many words.
fn secret(recording: &Recording) -> (SecretKind, &'static str) {
    match recording.case.as_str() {
        "conn" => (SecretKind::Connection, "smtp_default"),
        "team-like id refused" => (SecretKind::Variable, "_team___x"),
        "special" => (SecretKind::Variable, "a b,c=d/é"),
        _ => (SecretKind::Variable, "hello_World"),
    }
}

fn answer(recording: &Recording) -> Response {
    let value = recording.result.clone().unwrap_or_default();
    let items = match recording.case.as_str() {
        "403" => return forbidden(),
        "none" | "special" => json!([]),
        "multi" => json!([item("value", &value), item("value", "the second one's")]),
        "no key" => json!([item("other", "x")]),
        "custom data key/label" => json!([item("dk", &value)]),
        _ => json!([item("value", &value)]),
    };
    Response::json(200, &json!({"kind": "SecretList", "items": items}))
}

fn item(data_key: &str, value: &str) -> Value {
    json!({"metadata": {"name": "some-secret"}, "data": {data_key: STANDARD.encode(value)}})
}

fn forbidden() -> Response {
    let message = r#"secrets is forbidden: User "system:serviceaccount:ns:worker" cannot list resource "secrets""#;
    Response::json(
        403,
        &json!({"kind": "Status", "message": message, "code": 403}),
    )
}

/// An exception is a failure, `None` is no value, and a value is that value.
fn assert_same_end(recording: &Recording, end: Result<Answer, BackendError>) {
    match (&recording.result, &recording.exception, end) {
        (Some(value), None, Ok(Answer::Found(Secret::Text(text)))) => {
            assert_eq!(text.expose(), value)
        }
        (None, None, Ok(Answer::Absent(_))) => assert_ne!(recording.case, "no key"),
        // Airflow takes it for absent; that something is there is worth an exit code of its own.
        (None, None, Err(error)) => {
            assert_eq!(recording.case, "no key");
            assert_eq!(error.failure(), Failure::Malformed);
        }
        (None, Some(_), Err(error)) => {
            assert_eq!(error.failure(), failure(&recording.case), "{error}")
        }
        (_, _, end) => panic!("{end:?}"),
    }
}

fn failure(case: &str) -> Failure {
    match case {
        "403" => Failure::Denied,
        "no namespace" | "unknown kw" => Failure::Configuration,
        other => panic!("{other} is not known to fail"),
    }
}

fn assert_same_requests(recording: &Recording, sent: &[Request]) {
    assert_eq!(sent.len(), recording.requests.len());
    for (expected, sent) in recording.requests.iter().zip(sent) {
        assert_eq!(
            (&sent.method, &sent.target),
            (&expected.method, &expected.path)
        );
        for name in ["authorization", "Accept"] {
            assert_eq!(
                sent.header(name),
                expected.headers.get(name).map(String::as_str)
            );
        }
    }
}

const VARIABLE: (SecretKind, &str) = (SecretKind::Variable, "hello");

fn ask(pod: &Pod, kwargs: Value) -> Result<Answer, BackendError> {
    pod.ask(&kwargs, VARIABLE.0, VARIABLE.1)
}

#[test]
fn the_namespace_is_the_pods_own_unless_the_kwargs_name_one() {
    let pod = Pod::new(|request| {
        let is_own = request.path() == "/api/v1/namespaces/own/secrets";
        is_own.then(|| Response::json(200, &json!({"kind": "SecretList", "items": []})))
    });
    let pod = pod.with_file("namespace", " own\n");
    let Ok(Answer::Absent(Some(why))) = ask(&pod, json!({})) else {
        panic!("not absent")
    };
    assert_eq!(
        why,
        format!(
            "no secret of namespace `own` at {} has this label",
            pod.server.url()
        )
    );
    assert!(matches!(
        ask(&pod, json!({"namespace": "own"})),
        Ok(Answer::Absent(None))
    ));

    let server = Some(pod.server.url());
    let place = |kwargs| {
        let backend = pod.open(&kwargs).unwrap();
        let location = backend.locate(&SecretId::new(SecretKind::Config, "k"));
        (location.places(), location.server().map(str::to_owned))
    };
    assert_eq!(
        place(json!({"namespace": "ns"})),
        (
            "secrets -n ns -l 'airflow.apache.org/config-key=k,!airflow.apache.org/team'"
                .to_owned(),
            server.clone()
        )
    );
    assert_eq!(
        place(json!({"team_label": null})),
        (
            "secrets -l 'airflow.apache.org/config-key=k'".to_owned(),
            server
        )
    );
}

/// A pipe without a writer has no end; a projected volume that hangs is the same.
#[test]
fn a_file_of_the_pod_that_does_not_end_in_time_is_named() {
    for name in ["token", "namespace"] {
        let pod = Pod::new(|_| None);
        let path = pod.folder.path().join(name);
        let _ = std::fs::remove_file(&path);
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        let backend = pod.open(&json!({})).unwrap();
        let Location::At(secret) = backend.locate(&SecretId::new(VARIABLE.0, VARIABLE.1)) else {
            panic!("not asked")
        };
        let error = block_on(async {
            let limit = Duration::from_millis(300);
            let error = backend
                .get(&secret, Deadline::after(limit))
                .await
                .unwrap_err();
            // The reader that is left behind would keep the runtime from ending.
            std::fs::OpenOptions::new().write(true).open(&path).unwrap();
            error
        });
        assert_eq!(error.failure(), Failure::Unreachable);
        let place = format!(
            "`{}` cannot be read: no answer within 0.3 s",
            path.display()
        );
        assert!(error.to_string().contains(&place), "{error}");
        assert_eq!(pod.server.requests().len(), 0);
    }
}

/// kubernetes' `load_incluster_config` reads the token as it is, and `http.client` refuses a header with a line break.
#[test]
fn a_service_account_without_a_usable_token_is_no_credential() {
    let error = |pod: Pod| ask(&pod, json!({"namespace": "ns"})).unwrap_err();
    let pod = || Pod::new(|_| None);
    for pod in [
        pod().with_file("token", ""),
        pod().with_file("token", "tok\n"),
    ] {
        assert_eq!(error(pod).failure(), Failure::Unauthenticated);
    }
    let without_token = pod();
    std::fs::remove_file(without_token.folder.path().join("token")).unwrap();
    let error = error(without_token);
    assert_eq!(error.failure(), Failure::Unauthenticated);
    assert!(
        error
            .hint()
            .unwrap()
            .contains("automountServiceAccountToken")
    );
}

#[test]
fn a_server_of_another_ca_is_not_asked() {
    let another = CertificateAuthority::new().pem();
    let pod = Pod::new(|_| None).with_file("ca.crt", &another);
    let error = ask(&pod, json!({"namespace": "ns"})).unwrap_err();
    assert_eq!(error.failure(), Failure::Unreachable);
    assert!(
        error.hint().unwrap().contains("ca.crt"),
        "{:?}",
        error.hint()
    );

    let pod = Pod::new(|_| None).with_file("ca.crt", "");
    assert_eq!(
        ask(&pod, json!({"namespace": "ns"})).unwrap_err().failure(),
        Failure::Configuration
    );
}
