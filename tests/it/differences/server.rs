//! What Airflow does to a server and secretctl does not, and the other way round; and class paths of Airflow 2.

use serde_json::json;

use super::silence::VAULT;
use crate::support::cli::Secretctl;
use crate::support::fake_server::{FakeServer, Request, Response};

const TOKEN: &str = "s.the-token-of-these-tests";

fn lookup(server: &FakeServer) -> Secretctl {
    Secretctl::new()
        .backend(VAULT)
        .kwargs(&json!({"url": server.url(), "token": TOKEN}))
        .secret(TOKEN)
        .args(["get-var", "hello"])
}

fn hello(request: &Request) -> Option<Response> {
    let body = json!({"data": {"data": {"value": "the value"}}});
    (request.path() == "/v1/secret/data/variables/hello").then(|| Response::json(200, &body))
}

#[test]
fn class_paths_of_airflow_2_work_with_a_warning() {
    let server = FakeServer::start(hello);
    lookup(&server)
        .backend("airflow.contrib.secrets.hashicorp_vault.VaultBackend")
        .run()
        .prints("the value")
        .says("warning: Airflow 3 does not start with `airflow.contrib.secrets.hashicorp_vault.VaultBackend`")
        .says(VAULT);
}

#[test]
fn a_redirect_to_another_host_is_refused() {
    let other = FakeServer::start(hello);
    let target = format!("{}/v1/secret/data/variables/hello", other.url());
    let server = FakeServer::start(move |_| {
        Some(Response::text(307, "elsewhere").header("Location", &target))
    });
    lookup(&server)
        .run()
        .fails_with(6)
        .says("it redirects to")
        .says("the token would go with the request");
    assert_eq!(other.requests().len(), 0);
}

#[test]
fn after_a_failure_vault_is_asked_for_the_cause() {
    let asked = |status: u16, words: &'static [&'static str]| {
        let server = FakeServer::start(move |request| match request.path() {
            "/v1/secret/data/variables/hello" => {
                Some(Response::json(status, &json!({ "errors": words })))
            }
            "/v1/auth/token/lookup-self" => Some(Response::json(
                200,
                &json!({"data": {"display_name": "token-ci", "policies": ["ci"]}}),
            )),
            path if path.starts_with("/v1/sys/internal/ui/mounts/secret") => Some(Response::json(
                200,
                &json!({"data": {"type": "kv", "path": "secret/", "options": {"version": "1"}}}),
            )),
            _ => None,
        });
        let output = lookup(&server).run();
        let paths: Vec<String> = server
            .requests()
            .iter()
            .map(|request| request.path().to_owned())
            .collect();
        (output, paths)
    };
    let (denied, paths) = asked(403, &["permission denied"]);
    denied.fails_with(4).says("hint: ");
    assert!(
        paths.contains(&"/v1/auth/token/lookup-self".to_owned()),
        "{paths:?}"
    );
    let (absent, paths) = asked(404, &[]);
    absent
        .fails_with(3)
        .says("hint: `secret/` is a KV version 1 mount");
    let mounts = "/v1/sys/internal/ui/mounts/secret";
    assert!(
        paths.iter().any(|path| path.starts_with(mounts)),
        "{paths:?}"
    );
}
