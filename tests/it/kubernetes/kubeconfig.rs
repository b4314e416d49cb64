//! The ways a kubeconfig leads to a server and to credentials, and those that are refused.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{BACKEND, TOKEN, config_for, kubeconfig, lookup};
use crate::support::cli::{Secretctl, path_text};
use crate::support::fake_server::FakeServer;
use crate::support::kubernetes::{anybodys_server, api_server, secret, secrets};
use crate::support::tls::CertificateAuthority;

fn with_token(cluster: Value) -> Value {
    kubeconfig(cluster, json!({"token": TOKEN}))
}

#[test]
fn a_certificate_authority_is_a_file_beside_the_kubeconfig_or_data_in_it() {
    let authority = CertificateAuthority::new();
    let server = FakeServer::start_tls(authority.server(), api_server);
    let data = json!({"server": server.url(), "certificate-authority-data": STANDARD.encode(authority.pem())});
    lookup(&with_token(data))
        .run()
        .prints("the value")
        .quietly();

    let file = with_token(json!({"server": server.url(), "certificate-authority": "ca.pem"}));
    lookup(&file)
        .file("ca.pem", authority.pem())
        .run()
        .prints("the value")
        .quietly();
    lookup(&file)
        .run()
        .fails_with(7)
        .says("ca.pem")
        .says("cluster `test`");

    let untrusted = with_token(json!({"server": server.url()}));
    lookup(&untrusted)
        .run()
        .fails_with(6)
        .says("certificate")
        .says("comes from this machine");
}

#[test]
fn verification_can_be_switched_off_but_not_in_silence() {
    let server = FakeServer::start_tls(CertificateAuthority::new().server(), api_server);
    let config = with_token(json!({"server": server.url(), "insecure-skip-tls-verify": true}));
    lookup(&config)
        .run()
        .prints("the value")
        .says("warning: `insecure-skip-tls-verify` is true");
}

#[test]
fn a_client_certificate_is_presented() {
    let authority = CertificateAuthority::new();
    let server = FakeServer::start_tls(authority.server_for_known_clients(), anybodys_server);
    let client = authority.issue_client("robot");
    let cluster = json!({"server": server.url(), "certificate-authority-data": STANDARD.encode(authority.pem())});
    let data = json!({
        "client-certificate-data": STANDARD.encode(&client.certificate),
        "client-key-data": STANDARD.encode(&client.key),
    });
    let run = lookup(&kubeconfig(cluster.clone(), data)).secret(&client.key);
    run.run().prints("the value").quietly();

    let files = json!({"client-certificate": "robot.crt", "client-key": "robot.key"});
    let run = lookup(&kubeconfig(cluster.clone(), files));
    let run = run
        .file("robot.crt", &client.certificate)
        .file("robot.key", &client.key);
    run.run().prints("the value").quietly();

    let without_key = json!({"client-certificate-data": STANDARD.encode(&client.certificate)});
    lookup(&kubeconfig(cluster, without_key))
        .run()
        .fails_with(7)
        .says("client certificate");
}

#[test]
fn a_token_file_wins_over_a_token() {
    let server = FakeServer::start(api_server);
    let cluster = json!({"server": server.url()});
    let config = kubeconfig(
        cluster,
        json!({"token": "another-token", "tokenFile": "token"}),
    );
    let run = lookup(&config).file("token", format!("{TOKEN}\n"));
    run.run().prints("the value").quietly();
    lookup(&config).run().fails_with(7).says("the token file `");
}

#[test]
fn a_server_may_have_a_path_of_its_own() {
    let server = FakeServer::start(|request| {
        let below = request.target.strip_prefix("/k8s/clusters/c-1")?;
        api_server(&crate::support::fake_server::Request {
            target: below.to_owned(),
            ..request.clone()
        })
    });
    let config = with_token(json!({"server": format!("{}/k8s/clusters/c-1/", server.url())}));
    lookup(&config).run().prints("the value").quietly();
}

#[test]
fn of_several_files_the_first_counts_and_a_missing_one_does_not() {
    let server = FakeServer::start(api_server);
    let mut contexts = config_for(&server);
    let mut others = config_for(&server);
    contexts["users"] = json!([]);
    others["current-context"] = json!("elsewhere");
    others["clusters"][0]["cluster"]["server"] = json!("http://127.0.0.1:1");
    let run = lookup(&contexts).file("others", others.to_string());
    let path = |name: &str| path_text(run.home().join(name));
    let list = format!("{}:{}:{}", path("missing"), path("config"), path("others"));
    run.env("KUBECONFIG", &list)
        .run()
        .prints("the value")
        .quietly();
}

fn plugin(server: &FakeServer) -> Value {
    let exec = json!({
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "./plugin",
        "args": ["get token", "--cluster"],
        "env": [{"name": "FROM_THE_ENTRY", "value": TOKEN}],
        "provideClusterInfo": true,
    });
    kubeconfig(json!({"server": server.url()}), json!({"exec": exec}))
}

#[test]
fn a_credential_plugin_is_run_in_the_environment_of_the_snapshot() {
    let server = FakeServer::start(api_server);
    let script = r#"
        case "$KUBERNETES_EXEC_INFO" in *'"server": "http://'*) ;; *) exit 3 ;; esac
        [ "$1:$2:$FROM_THE_SNAPSHOT" = "get token:--cluster:yes" ] || exit 4
        echo "{\"apiVersion\": \"client.authentication.k8s.io/v1\", \"kind\": \"ExecCredential\", \"status\": {\"token\": \"$FROM_THE_ENTRY\"}}""#;
    let run = lookup(&plugin(&server))
        .program("plugin", script)
        .file(".env", "FROM_THE_SNAPSHOT=yes\n");
    run.args(["--env-file", ".env"])
        .run()
        .prints("the value")
        .quietly();
}

#[test]
fn a_credential_plugin_that_fails_is_no_credential() {
    let server = FakeServer::start(|_| None);
    let failing = |script: &str, code: i32, says: &str| {
        let run = lookup(&plugin(&server))
            .program("plugin", script)
            .args(["--timeout", "2"]);
        let output = run.run();
        output
            .fails_with(code)
            .says("the credential plugin `./plugin`")
            .says(says);
        assert!(output.took < Duration::from_secs(20), "{output}");
    };
    failing(
        "echo $FROM_THE_ENTRY >&2; exit 1",
        5,
        "failed (exit status: 1)",
    );
    failing("echo $FROM_THE_ENTRY", 5, "printed no `ExecCredential`");
    failing("sleep 60", 6, "did not end within");
    lookup(&plugin(&server))
        .run()
        .fails_with(5)
        .says("cannot be started");
}

#[test]
fn what_would_be_passed_over_in_silence_is_refused() {
    let server = FakeServer::start(|_| None);
    let cluster = json!({"server": server.url()});
    let refused = |cluster: &Value, user: Value, key: &str| {
        let output = lookup(&kubeconfig(cluster.clone(), user)).run();
        output
            .fails_with(7)
            .says(&format!("has `{key}` in "))
            .says("does not serve");
    };
    refused(
        &cluster,
        json!({"auth-provider": {"name": "oidc"}}),
        "auth-provider",
    );
    refused(
        &cluster,
        json!({"username": "u", "password": TOKEN}),
        "username",
    );
    refused(&cluster, json!({"token": TOKEN, "as": "admin"}), "as");
    let other_name = json!({"server": server.url(), "tls-server-name": "kubernetes"});
    refused(&other_name, json!({"token": TOKEN}), "tls-server-name");
}

#[test]
fn a_kubeconfig_that_lacks_something_is_told_what() {
    let server = FakeServer::start(|_| None);
    let broken = |change: fn(&mut Value), says: &str| {
        let mut config = config_for(&server);
        change(&mut config);
        lookup(&config).run().fails_with(7).says(says);
    };
    broken(
        |config| config["current-context"] = json!(""),
        "has no `current-context`",
    );
    broken(
        |config| config["current-context"] = json!("prod"),
        "has no context `prod`",
    );
    broken(
        |config| config["clusters"] = json!(null),
        "has no cluster `test`",
    );
    broken(
        |config| config["users"] = json!([{"name": "x"}]),
        "has no user `robot`",
    );
    broken(
        |config| config["clusters"][0]["cluster"] = json!(1),
        "has a cluster `test` without content",
    );
    broken(
        |config| config["clusters"][0]["cluster"]["server"] = json!("ftp://x"),
        "is not the address of an API server",
    );
    broken(
        |config| config["users"][0]["user"]["token"] = json!([1]),
        "`token` in user `robot` that is not text",
    );
    broken(
        |config| config["clusters"][0]["cluster"]["certificate-authority-data"] = json!("?"),
        "not PEM text in base64",
    );
    broken(|config| *config = json!([]), "is not a mapping");
}

#[test]
fn a_kubeconfig_that_is_no_yaml_is_told_by_line_and_without_its_text() {
    let run = lookup(&json!({})).file("config", format!("users:\n- token: \"{TOKEN}\n"));
    run.run()
        .fails_with(7)
        .says("the kubeconfig `")
        .says("line ");
    let deep = lookup(&json!({})).file("config", "[".repeat(100_000));
    deep.run().fails_with(7);
}

#[test]
fn without_a_pod_and_a_kubeconfig_there_is_no_cluster_to_ask() {
    let run = Secretctl::new().backend(BACKEND).args(["get-var", "hello"]);
    run.run()
        .fails_with(5)
        .says("KUBERNETES_SERVICE_HOST")
        .says("hint: outside a cluster");
    let run = Secretctl::new().backend(BACKEND).args(["get-var", "hello"]);
    run.env("KUBECONFIG", "/nowhere/config")
        .run()
        .fails_with(7)
        .says("`/nowhere/config` does not exist");
}

/// Airflow asks with the pod's service account, whatever `KUBECONFIG` says.
#[test]
fn in_a_pod_the_kubeconfig_is_not_used() {
    let server = FakeServer::start(|_| None);
    let run = lookup(&config_for(&server))
        .env("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        .env("KUBERNETES_SERVICE_PORT", "1");
    let output = run.run();
    output.says("warning: KUBECONFIG is not used in a pod");
    assert_ne!(output.code, Some(0), "{output}");
}

/// The Kubernetes client reads `NO_PROXY` in a way of its own, and shows the environment's proxy no login.
#[test]
fn the_environments_proxy_is_the_kubernetes_clients_choice() {
    let (server, other) = (FakeServer::start(api_server), FakeServer::start(|_| None));
    for no_proxy in ["a.example, *", "127.0.0.0/255.0.0.0"] {
        let run = lookup(&config_for(&server)).env("NO_PROXY", no_proxy);
        run.env("ALL_PROXY", &other.url()).run().prints("the value");
    }
    assert_eq!(other.requests().len(), 0);

    let proxy = FakeServer::start(|request| {
        assert_eq!(request.header("proxy-authorization"), None);
        let target = request
            .target
            .strip_prefix("http://cluster.invalid/api/v1/");
        target.map(|_| secrets(&[secret("hello-secret", "through the proxy")]))
    });
    let address = proxy
        .url()
        .replace("http://", "http://user:a-proxy-password@");
    lookup(&with_token(json!({"server": "http://cluster.invalid"})))
        .secret("a-proxy-password")
        .env("ALL_PROXY", &address)
        .run()
        .prints("through the proxy");
}
