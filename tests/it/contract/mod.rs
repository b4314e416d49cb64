//! What every secrets backend that speaks over the network owes its user, whichever service is behind it: a value only when
//! there is one, "not found" only when the service said so, a failure's own exit code within bounded time and memory, and no
//! credential where it does not belong.
//!
//! A backend joins with a [`BackendUnderTest`] and a line at the end of this file.

mod aws;
mod azure_key_vault;
mod cloud_secret_manager;
mod kubernetes;
mod vault;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::cli::{Output, Secretctl};
use crate::support::fake_server::{FakeServer, Request, Response};

/// The text that variable `hello` holds.
const VALUE: &str = "the-value-of-hello";

/// Time for a lookup that is given one second: the program starts, the second passes, the machine is busy.
const SOON: Duration = Duration::from_secs(10);

/// Every backend that is asked over the network.
pub const BACKENDS: &[BackendUnderTest] = &[
    azure_key_vault::BACKEND,
    kubernetes::BACKEND,
    cloud_secret_manager::BACKEND,
    vault::BACKEND,
    aws::PARAMETER_STORE,
    aws::SECRETS_MANAGER,
];

/// What turns a request into a response.
pub type Handler = Box<dyn Fn(&Request) -> Option<Response> + Send + Sync>;

/// What the suite has to know of one backend.
pub struct BackendUnderTest {
    /// The class path for `[secrets] backend`.
    pub class: &'static str,
    /// Starts the service, with TLS where the backend insists on it.
    pub start: fn(Handler) -> FakeServer,
    /// The kwargs that lead to the server at a URL.
    pub kwargs: fn(&str) -> Value,
    /// Adds the environment and the files that lead to the server at a URL, where the kwargs alone do not.
    surroundings: fn(Secretctl, &str) -> Secretctl,
    /// The kwarg whose `null` means "never ask for variables".
    variables_kwarg: &'static str,
    /// What it proves itself with, as it stands in a request. Never to be printed, never for another host.
    credential: &'static str,
    /// Whether a request is the one that reads variable `hello`.
    pub is_read: fn(&Request) -> bool,
    /// The service's answer for a variable with this text.
    found: fn(&str) -> Response,
    /// The service's answer when there is no such secret.
    pub absent: fn() -> Response,
    /// The service's own way to fail with a status.
    pub failure: fn(u16) -> Response,
    /// The same, with a message.
    failure_saying: fn(u16, &str) -> Response,
    /// The service's answer to whatever else is asked: for a token, or after a failed read to explain it.
    pub explanation: fn(&Request, Credential) -> Option<Response>,
}

/// What the service thinks of the credential.
#[derive(Clone, Copy)]
pub enum Credential {
    Good,
    Bad,
}

impl BackendUnderTest {
    /// A service that answers the read like this.
    fn answering(&self, credential: Credential, response: Response) -> FakeServer {
        let (is_read, explanation) = (self.is_read, self.explanation);
        (self.start)(Box::new(move |request| {
            if is_read(request) {
                Some(response.clone())
            } else {
                explanation(request, credential)
            }
        }))
    }

    /// A service that nothing may be asked of.
    fn unasked(&self) -> FakeServer {
        (self.start)(Box::new(|_| None))
    }

    fn lookup(&self, server: &FakeServer) -> Secretctl {
        self.lookup_at(&server.url(), &(self.kwargs)(&server.url()))
    }

    fn lookup_at(&self, url: &str, kwargs: &Value) -> Secretctl {
        self.run_at(url, kwargs).args(["get-var", "hello"])
    }

    pub fn run_at(&self, url: &str, kwargs: &Value) -> Secretctl {
        let run = Secretctl::new().backend(self.class).kwargs(kwargs);
        (self.surroundings)(run, url).secret(self.credential)
    }

    /// `get-var` fails with `code`, and `explain` calls the outcome by its name.
    fn assert_failure(&self, server: &FakeServer, code: i32, outcome: &str) -> Output {
        let output = self.lookup(server).run();
        output.fails_with(code);
        assert_eq!(
            self.explained(server)["layers"][0]["outcome"],
            outcome,
            "{output}"
        );
        output
    }

    /// What `explain` says of the same lookup.
    fn explained(&self, server: &FakeServer) -> Value {
        self.run_at(&server.url(), &(self.kwargs)(&server.url()))
            .secret(VALUE)
            .args(["explain", "var", "hello", "-o", "json"])
            .run()
            .json()
    }

    fn reads(&self, server: &FakeServer) -> usize {
        server
            .requests()
            .iter()
            .filter(|request| (self.is_read)(request))
            .count()
    }
}

fn found(backend: &BackendUnderTest) {
    let server = backend.answering(Credential::Good, (backend.found)(VALUE));
    backend.lookup(&server).run().prints(VALUE).quietly();
    assert_eq!(backend.reads(&server), 1);
    let explained = backend.explained(&server);
    assert_eq!(
        (&explained["outcome"], &explained["layers"][0]["outcome"]),
        (&json!("found"), &json!("found"))
    );
}

fn absent(backend: &BackendUnderTest) {
    let server = backend.answering(Credential::Good, (backend.absent)());
    backend.assert_failure(&server, 3, "not_found");
    backend
        .lookup(&server)
        .args(["--default", "fallback"])
        .run()
        .prints("fallback");
    backend
        .lookup(&server)
        .env("AIRFLOW_VAR_HELLO", "from the environment")
        .run()
        .prints("from the environment");
}

/// A null path or prefix means that the service is never asked, not even for a token.
fn kind_switched_off(backend: &BackendUnderTest) {
    let server = backend.unasked();
    let mut kwargs = (backend.kwargs)(&server.url());
    kwargs[backend.variables_kwarg] = Value::Null;
    backend
        .lookup_at(&server.url(), &kwargs)
        .run()
        .fails_with(3);
}

fn credential_refused(backend: &BackendUnderTest) {
    let server = backend.answering(Credential::Bad, (backend.failure)(401));
    backend.assert_failure(&server, 5, "unauthenticated");
}

/// A 403 stands for "you may not" and for "who are you"; the two are told apart.
fn forbidden(backend: &BackendUnderTest) {
    let server = backend.answering(Credential::Good, (backend.failure)(403));
    backend.assert_failure(&server, 4, "denied");
    let server = backend.answering(Credential::Bad, (backend.failure)(403));
    // AWS looks at the signature first: who is refused a secret has been recognised, whatever STS says afterwards.
    match backend.class.contains(".amazon.") {
        true => backend.assert_failure(&server, 4, "denied"),
        false => backend.assert_failure(&server, 5, "unauthenticated"),
    };
}

fn throttled(backend: &BackendUnderTest) {
    let server = backend.answering(Credential::Good, (backend.failure)(429));
    backend.assert_failure(&server, 6, "throttled");
}

fn broken_service(backend: &BackendUnderTest) {
    let server = backend.answering(Credential::Good, (backend.failure)(500));
    backend.assert_failure(&server, 6, "unreachable");
}

/// The next layer answers, as in Airflow, but not in silence; `--strict` makes the failure final.
fn failure_falls_through_loudly(backend: &BackendUnderTest) {
    let server = backend.answering(Credential::Good, (backend.failure)(500));
    let later_layer = || {
        backend
            .lookup(&server)
            .env("AIRFLOW_VAR_HELLO", "from the environment")
    };
    later_layer()
        .run()
        .prints("from the environment")
        .says("warning");
    later_layer().args(["--strict"]).run().fails_with(6);
    // A default is for a variable that is defined nowhere, not for one that could not be asked for.
    backend
        .lookup(&server)
        .args(["--default", "fallback"])
        .run()
        .fails_with(6);
}

/// A service that repeats what it was sent, in whichever form, makes nobody else hear it.
fn echo(backend: &BackendUnderTest) {
    for form in ECHOES {
        for status in [400, 401, 403] {
            for credential in [Credential::Good, Credential::Bad] {
                let (is_read, explanation) = (backend.is_read, backend.explanation);
                let failure = backend.failure_saying;
                let server = (backend.start)(Box::new(move |request| {
                    match explanation(request, credential) {
                        Some(answer) if !is_read(request) => Some(answer),
                        _ => Some(failure(status, &form(&sent(request)))),
                    }
                }));
                let output = backend
                    .lookup(&server)
                    .args(["-vv", "--timeout", "1"])
                    .run();
                assert!(
                    ![Some(0), Some(3), Some(70)].contains(&output.code),
                    "{output}"
                );
                assert!(backend.reads(&server) > 0 || matches!(credential, Credential::Bad));
            }
        }
    }
}

/// The credentials of a request as they were sent, and its body.
fn sent(request: &Request) -> String {
    let headers = ["authorization", "x-vault-token", "x-amz-security-token"];
    let headers = headers.iter().filter_map(|name| request.header(name));
    let body = String::from_utf8_lossy(&request.body);
    format!("no: {} {body}", headers.collect::<Vec<_>>().join(" "))
}

/// The forms in which a service may repeat a text.
const ECHOES: [fn(&str) -> String; 6] = [
    str::to_owned,
    |text| json!(text).to_string(),
    |text| {
        text.chars()
            .map(|c| format!("\\u{:04x}", u32::from(c)))
            .collect()
    },
    |text| text.bytes().map(|byte| format!("%{byte:02X}")).collect(),
    |text| STANDARD.encode(text),
    |text| {
        text.chars()
            .map(|c| format!("&#{};", u32::from(c)))
            .collect()
    },
];

fn nobody_listens(backend: &BackendUnderTest) {
    let server = backend.unasked();
    let lookup = backend.lookup(&server);
    drop(server);
    lookup.run().fails_with(6);
}

fn connection_cut(backend: &BackendUnderTest) {
    for length in [0, 12, 90] {
        let server = backend.answering(Credential::Good, (backend.found)(VALUE).cut_after(length));
        backend.assert_failure(&server, 6, "unreachable");
    }
}

fn not_http(backend: &BackendUnderTest) {
    let server = backend.answering(
        Credential::Good,
        Response::garbage(b"220 mail.example.com ESMTP\r\n"),
    );
    backend.assert_failure(&server, 6, "unreachable");
}

fn not_json(backend: &BackendUnderTest) {
    let bodies = [
        "",
        "{",
        "null",
        "[]",
        "\"text\"",
        "{\"data\": 1}",
        "\u{0}\u{1}",
    ];
    for body in bodies.map(|body| Response::new(200, "application/json", body)) {
        let server = backend.answering(Credential::Good, body);
        backend.assert_failure(&server, 6, "unreachable");
    }
    // Deeper than Python reads: nobody's answer, or one that nobody can use.
    let nested = Response::new(200, "application/json", "[".repeat(200_000));
    let output = backend
        .lookup(&backend.answering(Credential::Good, nested))
        .run();
    assert!(matches!(output.code, Some(6 | 8)), "{output}");
}

/// A proxy or a login portal answers in the service's place; its page is not passed on.
fn web_page(backend: &BackendUnderTest) {
    let server = backend.answering(Credential::Good, Response::html(200));
    let output = backend.assert_failure(&server, 6, "unreachable");
    assert!(!output.stderr.contains("<title>"), "{output}");
    let server = backend.answering(Credential::Good, Response::html(502));
    let output = backend.assert_failure(&server, 6, "unreachable");
    assert!(!output.stderr.contains("<title>"), "{output}");
}

fn no_answer(backend: &BackendUnderTest) {
    let server = backend.answering(Credential::Good, Response::hang());
    assert_gives_up_in_time(backend, &server);
}

/// Every byte is in time, all of them together are not.
fn slow_answer(backend: &BackendUnderTest) {
    let slow = (backend.found)(VALUE).dripping(Duration::from_millis(300));
    assert_gives_up_in_time(backend, &backend.answering(Credential::Good, slow));
}

/// A service that keeps asking to try again does not stretch the time limit.
fn retries_in_time(backend: &BackendUnderTest) {
    let busy = (backend.failure)(429).header("Retry-After", "1");
    assert_gives_up_in_time(backend, &backend.answering(Credential::Good, busy));
}

fn assert_gives_up_in_time(backend: &BackendUnderTest, server: &FakeServer) {
    let output = backend.lookup(server).args(["--timeout", "1"]).run();
    output.fails_with(6);
    assert!(output.took < SOON, "{output}");
}

fn body_too_large(backend: &BackendUnderTest) {
    let server = backend.answering(Credential::Good, Response::endless("{\"data\": \""));
    let output = backend.lookup(&server).run();
    output.fails_with(8);
    assert!(output.took < SOON, "{output}");
}

/// Whoever answers at the redirect's target, the credential is not theirs.
fn redirect_to_another_host(backend: &BackendUnderTest) {
    let credential = backend.credential;
    let elsewhere = FakeServer::start(move |request| {
        let told = request
            .headers
            .iter()
            .any(|(_, value)| value.contains(credential));
        let told = told || String::from_utf8_lossy(&request.body).contains(credential);
        assert!(
            !told && !request.target.contains(credential),
            "the credential was sent to another host"
        );
        Some(Response::text(403, "who are you"))
    });
    let target = format!("http://localhost:{}/v1/elsewhere", elsewhere.port());
    let server = backend.answering(Credential::Good, Response::redirect(&target));
    let output = backend.lookup(&server).run();
    assert!(
        ![Some(0), Some(3), Some(70)].contains(&output.code),
        "{output}"
    );
    assert_eq!(output.stdout, "");
}

/// Two servers that send each other's clients back and forth.
fn endless_redirect(backend: &BackendUnderTest) {
    let (is_read, explanation) = (backend.is_read, backend.explanation);
    let server = (backend.start)(Box::new(move |request| {
        if is_read(request) {
            Some(Response::redirect(&request.target))
        } else {
            explanation(request, Credential::Good)
        }
    }));
    let output = backend.lookup(&server).run();
    output.fails_with(6);
    assert!(
        backend.reads(&server) <= 40,
        "{} requests",
        backend.reads(&server)
    );
}

/// Runs the whole suite against one backend.
macro_rules! contract {
    ($backend:ident) => {
        contract!($backend = super::super::$backend::BACKEND);
    };
    ($backend:ident = $under_test:path) => {
        contract!($backend = $under_test: found absent kind_switched_off credential_refused forbidden throttled broken_service
            failure_falls_through_loudly echo nobody_listens connection_cut not_http not_json web_page no_answer slow_answer
            retries_in_time body_too_large redirect_to_another_host endless_redirect);
    };
    ($backend:ident = $under_test:path: $($case:ident)*) => {
        mod $backend {
            $(#[test]
            fn $case() {
                super::$case(&$under_test);
            })*
        }
    };
}

mod contract_of {
    use super::*;

    contract!(azure_key_vault);
    contract!(kubernetes);
    contract!(cloud_secret_manager);
    contract!(vault);
    contract!(parameter_store = super::super::aws::PARAMETER_STORE);
    contract!(secrets_manager = super::super::aws::SECRETS_MANAGER);
}
