//! What an API server refuses, lacks, or holds in a form that Airflow cannot use.

use serde_json::{Value, json};

use super::{config_for, kubeconfig, lookup, run_in};
use crate::support::fake_server::{FakeServer, Response};
use crate::support::kubernetes::{api_server, is_read, is_search, secret, secrets, status};

/// A server that answers the read like this.
fn server(response: Response) -> FakeServer {
    FakeServer::start(move |request| is_read(request).then(|| response.clone()))
}

/// A server without variable `hello`, that has these secrets in its namespace.
fn server_with(others: Value) -> FakeServer {
    let others = others.as_array().unwrap().clone();
    FakeServer::start(move |request| {
        if is_search(request) {
            assert!(
                request
                    .header("accept")
                    .unwrap()
                    .contains("PartialObjectMetadataList")
            );
            return Some(secrets(&others));
        }
        is_read(request).then(|| secrets(&[]))
    })
}

#[test]
fn a_missing_role_is_named_with_its_rule_and_who_lacks_it() {
    let message = r#"secrets is forbidden: User "system:serviceaccount:ci:robot" cannot list resource "secrets" in API group "" in the namespace "airflow""#;
    let server = server(status(403, message));
    let output = lookup(&config_for(&server)).run();
    output
        .fails_with(4)
        .says("`system:serviceaccount:ci:robot` may not list the secrets of namespace `airflow`")
        .says(r#"{apiGroups: [""], resources: ["secrets"], verbs: ["list"]}"#);
}

#[test]
fn nobody_is_told_apart_from_somebody_without_a_role() {
    let message = r#"secrets is forbidden: User "system:anonymous" cannot list resource "secrets""#;
    let server = server(status(403, message));
    let nobody = kubeconfig(json!({"server": server.url()}), json!({}));
    lookup(&nobody)
        .run()
        .fails_with(5)
        .says("without credentials")
        .says("user `robot`");
}

#[test]
fn a_token_that_is_not_accepted_is_told_by_its_place() {
    let server = FakeServer::start(api_server);
    let stale = kubeconfig(
        json!({"server": server.url()}),
        json!({"token": "a-token-of-last-year"}),
    );
    let output = lookup(&stale).secret("a-token-of-last-year").run();
    output
        .fails_with(5)
        .says("the credentials of user `robot` in `")
        .says("/config`")
        .says("expired");
}

#[test]
fn a_servers_words_never_hold_the_token() {
    for code in [400, 401, 403, 409, 429, 500] {
        let echo = format!("what is Bearer {}?", super::TOKEN);
        let server = FakeServer::start(move |request| {
            (is_read(request) || request.method == "POST").then(|| status(code, &echo))
        });
        let output = lookup(&config_for(&server)).args(["-vv"]).run();
        assert_ne!(output.code, Some(0), "{output}");
    }
}

#[test]
fn of_several_secrets_the_first_counts_and_that_is_told() {
    let server = server(secrets(&[secret("first", "one"), secret("second", "two")]));
    let output = lookup(&config_for(&server)).run();
    output
        .prints("one")
        .says("warning: 2 secrets of namespace `airflow`")
        .says("the first, `first`");
}

#[test]
fn a_value_that_is_not_usable_is_told_by_secret_and_key() {
    let with_data = |data: Value| {
        let server = server(secrets(&[json!({"metadata": {"name": "s"}, "data": data})]));
        let output = lookup(&config_for(&server))
            .secret("bm90IHRvIGJlIHNlZW4")
            .run();
        output.fails_with(8);
        output
    };
    with_data(json!({"uri": "bm90IHRvIGJlIHNlZW4="}))
        .says("no data key `value`")
        .says("`uri`");
    with_data(json!(null)).says("no data key `value`");
    with_data(json!({"value": "bm90IHRvIGJlIHNlZW4"}))
        .says("data key `value` of secret `s` is not base64");
    with_data(json!({"value": "/w=="})).says("not UTF-8");
}

/// An empty variable is a variable; an empty connection is none.
#[test]
fn an_empty_value_is_a_value() {
    let server = server(secrets(&[secret("s", "")]));
    lookup(&config_for(&server)).run().prints("").quietly();
}

#[test]
fn an_id_that_no_label_can_hold_is_asked_for_and_explained() {
    let refuse = |request: &crate::support::fake_server::Request| {
        let is_asked = request.target.contains("variable-key%3Da+b%2C%21");
        is_asked.then(|| status(400, "unable to parse requirement: invalid label value"))
    };
    let server = FakeServer::start(refuse);
    let output = run_in(&config_for(&server)).args(["get-var", "a b"]).run();
    output
        .fails_with(3)
        .says("a label value holds ASCII letters, digits");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_label_kwarg_that_can_be_no_label_is_a_wrong_configuration() {
    let server = FakeServer::start(|_| Some(status(400, "unable to parse requirement")));
    let run = lookup(&config_for(&server)).kwargs(&json!({"variables_label": "a label"}));
    run.run().fails_with(7).says("kwarg `variables_label`");
}

#[test]
fn a_near_miss_is_told() {
    let told = |others: Value, hint: &str| {
        let server = server_with(others);
        lookup(&config_for(&server)).run().fails_with(3).says(hint);
    };
    let labelled = |labels: Value| json!([{"metadata": {"name": "s", "labels": labels}}]);
    let (label, team) = ("airflow.apache.org/variable-key", "airflow.apache.org/team");
    told(
        labelled(json!({label: "hello", team: "blue"})),
        "only that team's tasks find it",
    );
    told(
        labelled(json!({label: "Hello"})),
        "`airflow.apache.org/variable-key=Hello`; is that the id?",
    );
    told(
        labelled(json!({"variable-key": "hello"})),
        "its label `variable-key`",
    );
    told(
        json!([{"metadata": {"name": "hello"}}]),
        "finds secrets by label, not by name",
    );
    told(json!([]), "only namespace `airflow` was asked");
}

#[test]
fn an_absent_secret_is_told_with_the_selector_and_the_namespace() {
    let server = server_with(json!([]));
    let output = lookup(&config_for(&server)).run();
    output
        .fails_with(3)
        .says("KubernetesSecretsBackend: secrets -n airflow -l 'airflow.apache.org/variable-key=hello,!airflow.apache.org/team': not found: no secret")
        .says(&format!("no secret of namespace `airflow` at {} has this label", server.url()));
}

#[test]
fn a_connection_and_a_config_have_labels_of_their_own() {
    let server = FakeServer::start(|request| {
        let target = request.target.as_str();
        let value = if target.contains("connection-id%3Dhello%2C") {
            "http://api.example.com"
        } else if target.contains("config-key%3Dhello%2C") {
            "an option"
        } else {
            return None;
        };
        Some(secrets(&[secret("s", value)]))
    });
    let run = |command: &'static str| {
        let run = run_in(&config_for(&server));
        run.args([command, "hello"]).run()
    };
    run("get-conn").prints("http://api.example.com");
    run("get-config").prints("an option");
}

/// The selector's place does not tell it: no file was read for that.
#[test]
fn a_server_that_is_not_there_is_named() {
    let server = FakeServer::start(|_| None);
    let (run, url) = (lookup(&config_for(&server)), server.url());
    drop(server);
    let output = run.run();
    output
        .fails_with(6)
        .says(&format!("{url} could not be reached: "))
        .says("nothing listens");
}

/// Airflow asks with such a label as text; it is not switched off by it, so nothing is "not found".
#[test]
fn a_label_of_the_wrong_type_is_told_and_is_no_null_one() {
    let server = FakeServer::start(|_| None);
    for label in [json!(5), json!(false), json!(["a"])] {
        lookup(&config_for(&server))
            .kwargs(&json!({"namespace": "airflow", "variables_label": label}))
            .run()
            .fails_with(7)
            .says("kwarg `variables_label` of KubernetesSecretsBackend must be text");
    }
}

#[test]
fn explain_names_whose_credentials_and_which_namespace() {
    let server = FakeServer::start(api_server);
    let output = run_in(&config_for(&server))
        .args(["explain", "var", "hello"])
        .run();
    let words = format!("in namespace `airflow` at {}", server.url());
    let line = output
        .stdout
        .lines()
        .find(|line| line.contains("asked with "));
    assert!(
        line.is_some_and(|line| line.contains("`robot`") && line.ends_with(&words)),
        "{output}"
    );
}
