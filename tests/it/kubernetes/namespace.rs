//! Which namespace is asked outside a pod, and that it may not be Airflow's.

use serde_json::json;

use super::{config_for, kubeconfig, run_in};
use crate::support::fake_server::FakeServer;
use crate::support::kubernetes::{TOKEN, api_server, secret, secrets};

const DOUBT: &str = "the kwargs have no `namespace`";

/// Airflow in its pod reads the pod's own, which no kubeconfig knows.
#[test]
fn a_namespace_of_the_kubeconfig_is_doubtful_and_fails_where_no_doubt_is_let_pass() {
    let server = FakeServer::start(api_server);
    let run = || run_in(&config_for(&server)).args(["get-var", "hello"]);
    run()
        .run()
        .prints("the value")
        .says(&format!("warning: {DOUBT}"))
        .says("hint: set \"namespace\" in the kwargs");
    let asked = server.requests().len();
    run()
        .args(["--strict"])
        .run()
        .fails_with(7)
        .says(&format!("error: {DOUBT}"))
        .says("hint: set \"namespace\" in the kwargs");
    assert_eq!(server.requests().len(), asked, "nothing is asked in doubt");

    let explained = run_in(&config_for(&server))
        .args(["explain", "var", "hello", "-o", "json"])
        .run();
    assert_eq!(explained.code, Some(7), "{explained}");
    let explained = explained.json();
    assert_eq!(explained["outcome"], "found");
    let warning = explained["warnings"][0].as_str().unwrap();
    assert!(warning.contains(DOUBT), "{warning}");
}

#[test]
fn a_namespace_of_the_kwargs_is_beyond_doubt() {
    let server = FakeServer::start(api_server);
    let run = run_in(&config_for(&server)).kwargs(&json!({"namespace": "airflow"}));
    let run = run.args(["get-var", "hello", "--strict"]);
    run.run().prints("the value").quietly();
}

#[test]
fn a_context_without_a_namespace_means_default() {
    let server = FakeServer::start(|request| {
        let is_default = request.path() == "/api/v1/namespaces/default/secrets";
        is_default.then(|| secrets(&[secret("s", "of the default namespace")]))
    });
    let mut config = kubeconfig(json!({"server": server.url()}), json!({"token": TOKEN}));
    config["contexts"][0]["context"]["namespace"] = json!(null);
    let run = run_in(&config).args(["get-var", "hello"]);
    run.run()
        .prints("of the default namespace")
        .says("that of the kubeconfig's context is asked, else `default`");
}

/// What is absent in a namespace in doubt may be there in Airflow's.
#[test]
fn what_is_absent_in_a_doubtful_namespace_is_a_wrong_configuration() {
    let server = FakeServer::start(|_| Some(secrets(&[])));
    let explained = run_in(&config_for(&server))
        .args(["explain", "var", "nowhere", "-o", "json"])
        .run();
    assert_eq!(explained.code, Some(7), "{explained}");
    let explained = explained.json();
    assert_eq!(explained["outcome"], "not_found");
    assert_eq!(explained["exit_code"], 7);
}
