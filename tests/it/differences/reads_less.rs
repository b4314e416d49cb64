//! What Airflow reads and secretctl does not, and what it reads only up to a limit.

use serde_json::{Value, json};

use super::silence::VAULT;
use crate::support::cli::{Secretctl, path_text};
use crate::support::fake_server::{FakeServer, Request, Response};
use crate::support::tls::CertificateAuthority;

const LOCAL: &str = "airflow.secrets.local_filesystem.LocalFilesystemBackend";

fn vault(request: &Request) -> Option<Response> {
    let body = json!({"data": {"data": {"value": "the value"}}});
    (request.path() == "/v1/secret/data/variables/hello").then(|| Response::json(200, &body))
}

fn lookup(server: &FakeServer, more: Value) -> Secretctl {
    let mut kwargs = json!({"url": server.url(), "token": "s.the-token-of-these-tests"});
    let members = kwargs.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    Secretctl::new()
        .backend(VAULT)
        .kwargs(&kwargs)
        .secret("s.the-token-of-these-tests")
        .args(["get-var", "hello"])
}

/// Fails what secretctl refuses and Airflow may read, though a later layer has a value: Airflow might never ask it.
#[test]
fn no_later_layer_stands_in_for_what_is_refused() {
    let other = FakeServer::start(vault);
    let target = format!("{}/v1/secret/data/variables/hello", other.url());
    let redirecting = FakeServer::start(move |_| {
        Some(Response::text(307, "elsewhere").header("Location", &target))
    });
    let large = FakeServer::start(|_| Some(Response::text(200, &" ".repeat((32 << 20) + 1))));
    let aws = |kwargs: Value| {
        let class = "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend";
        Secretctl::new()
            .backend(class)
            .kwargs(&kwargs)
            .env("AWS_DEFAULT_REGION", "eu-west-1")
            .args(["get-var", "hello"])
    };
    let iam_with_tags = json!({
        "auth_type": "aws_iam", "region": "eu-west-1", "assume_role_kwargs": {"Tags": []},
    });
    let saml =
        json!({"role_arn": "arn:aws:iam::1:role/r", "assume_role_method": "assume_role_with_saml"});
    let variable =
        |name, content: &str| local("variables", name, content).args(["get-var", "hello"]);
    for run in [
        lookup(&redirecting, json!({})),
        lookup(&large, json!({})),
        lookup(&large, json!({"proxies": {"http": "socks5://127.0.0.1:1"}})),
        lookup(&large, iam_with_tags)
            .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "an-aws-secret-key"),
        aws(saml),
        aws(json!({"variables_lookup_pattern": r"(a)\1"})),
        variable("v.json", r#"{"hello": "\ud800"}"#),
        variable("v.json", &" ".repeat((16 << 20) + 1)),
        variable("v.yaml", "hello: !!set {a, b}\n"),
        local(
            "connections",
            "c.json",
            r#"{"hello": {"conn_type": "http", "port": [1]}}"#,
        )
        .args(["get-conn", "hello"]),
    ] {
        let run = run
            .env("AIRFLOW_VAR_HELLO", "of the environment")
            .env("AIRFLOW_CONN_HELLO", "http://of-the-environment");
        let output = run.run();
        assert_eq!(output.stdout, "", "{output}");
        assert!(matches!(output.code, Some(5..=8)), "{output}");
    }
}

/// A lookup in a local file of variables or connections.
fn local(kind: &str, name: &str, content: &str) -> Secretctl {
    let kwargs = json!({format!("{kind}_file_path"): name});
    Secretctl::new()
        .backend(LOCAL)
        .kwargs(&kwargs)
        .file(name, content)
}

#[test]
fn what_needs_a_running_airflow_is_named_as_not_asked() {
    for (context, layer) in [
        ("server", "MetastoreBackend: not asked: "),
        ("worker", "ExecutionAPISecretsBackend: not asked: "),
    ] {
        Secretctl::new()
            .args(["get-var", "hello", "--context", context])
            .run()
            .fails_with(3)
            .says(layer);
        let run = Secretctl::new().args(["explain", "var", "hello", "--context", context]);
        let output = run.run();
        assert_eq!(output.code, Some(3), "{output}");
        assert!(output.stdout.contains(layer), "{output}");
    }
}

#[test]
fn what_no_lookup_needs_is_not_checked() {
    let cfg = "[core]\nparallelism = many\nexecutor = NoSuchExecutor\n[database]\nsql_alchemy_conn_cmd = touch run\n";
    let server = FakeServer::start(vault);
    let run = lookup(&server, json!({}))
        .file("airflow.cfg", cfg)
        .env("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_SECRET", "conn");
    let marker = run.home().join("run");
    run.run().prints("the value");
    assert!(!marker.exists());
    assert_eq!(server.requests().len(), 1);
    // What is checked: an option that logs hide.
    let hidden = "[database]\nsql_alchemy_conn = 5%\n";
    let run = lookup(&server, json!({})).file("airflow.cfg", hidden);
    run.run().fails_with(7).says("airflow.cfg` line 2");
}

#[test]
fn cookies_are_not_kept() {
    let server = FakeServer::start(|request| match request.path() {
        "/v1/auth/approle/login" => {
            let login = json!({"auth": {"client_token": "s.the-token-of-these-tests"}});
            Some(Response::json(200, &login).header("Set-Cookie", "node=1; Path=/"))
        }
        "/v1/auth/token/revoke-self" => Some(Response::new(204, "application/json", "")),
        _ => vault(request),
    });
    let kwargs = json!({"auth_type": "approle", "role_id": "r"});
    lookup(&server, kwargs).run().prints("the value");
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    assert_eq!(requests[1].header("cookie"), None);
}

#[test]
fn the_systems_certificates_are_trusted() {
    let authority = CertificateAuthority::new();
    let server = FakeServer::start_tls(authority.server(), vault);
    lookup(&server, json!({}))
        .run()
        .fails_with(6)
        .says("certificate");
    let run = || lookup(&server, json!({})).file("ca.pem", authority.pem());
    run()
        .env("SSL_CERT_FILE", "ca.pem")
        .run()
        .prints("the value");

    let run = run();
    let folder = run.home().join("certificates");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("own.pem"), authority.pem()).unwrap();
    run.env("SSL_CERT_DIR", &path_text(folder))
        .run()
        .prints("the value");
}

#[test]
fn the_netrc_is_not_read() {
    let server = FakeServer::start(vault);
    let netrc = "machine 127.0.0.1 login somebody password the-netrc-password\n";
    lookup(&server, json!({}))
        .file(".netrc", netrc)
        .secret("the-netrc-password")
        .run()
        .prints("the value");
    let requests = server.requests();
    assert_eq!(requests[0].header("authorization"), None);
}

#[test]
fn a_socks_proxy_is_refused() {
    let server = FakeServer::start(|_| None);
    for address in ["socks5://127.0.0.1:1", "socks4a://127.0.0.1:1"] {
        let run = lookup(&server, json!({})).env("NO_PROXY", "");
        run.env("ALL_PROXY", address)
            .run()
            .fails_with(7)
            .says("the proxy given by `ALL_PROXY` speaks SOCKS");
        lookup(&server, json!({"proxies": {"http": address}}))
            .run()
            .fails_with(7)
            .says("`proxies` in the kwargs");
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn what_is_too_large_or_too_deep_is_refused() {
    let endless = FakeServer::start(|_| Some(Response::text(200, &" ".repeat((32 << 20) + 1))));
    lookup(&endless, json!({}))
        .run()
        .fails_with(8)
        .says("larger than 32 MiB");

    let kwargs = format!("{{\"token\": \"{}\"}}", "x".repeat(1 << 20));
    Secretctl::new()
        .backend(VAULT)
        .file(
            ".env",
            format!("AIRFLOW__SECRETS__BACKEND_KWARGS='{kwargs}'\n"),
        )
        .args(["--env-file", ".env", "get-var", "hello"])
        .run()
        .fails_with(7)
        .says("are larger than");

    let large = " ".repeat((16 << 20) + 1);
    for (file, run) in [
        ("v.json", local("variables", "v.json", &large)),
        ("airflow.cfg", Secretctl::new().file("airflow.cfg", &large)),
    ] {
        let output = run.args(["get-var", "hello"]).run();
        output.fails_with(7).says(file).says("16777216 bytes");
    }

    let references = |count: usize| {
        let value = "%(x)s".repeat(count);
        let text = format!("[secrets]\nx = \nbackend = {value}\n");
        let run = Secretctl::new().env("AIRFLOW_VAR_HELLO", "x");
        run.file("airflow.cfg", text)
            .args(["get-var", "hello"])
            .run()
    };
    references(10_000).succeeds();
    references(10_001)
        .fails_with(7)
        .says("bring in too much text");

    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let json_of = |depth| {
        Secretctl::new()
            .env("AIRFLOW_VAR_HELLO", &nested(depth))
            .args(["get-var", "hello", "-o", "json"])
            .run()
    };
    json_of(900).succeeds();
    json_of(901).fails_with(8).says("nested too deeply");
    let yaml_of = |depth| {
        let run = local(
            "variables",
            "v.yaml",
            &format!("hello: {}\n", nested(depth)),
        );
        run.args(["get-var", "hello"]).run()
    };
    yaml_of(255).succeeds();
    yaml_of(256).fails_with(8).says("nested");
}

#[test]
fn more_values_than_memory_is_kept_for_are_refused() {
    const MANY: usize = 100_001;
    let list = format!("[{}0]", "[],".repeat(MANY));
    let answer = format!(r#"{{"data": {{"data": {{"value": {list}}}}}}}"#);
    let server = FakeServer::start(move |_| Some(Response::text(200, &answer)));
    lookup(&server, json!({}))
        .run()
        .fails_with(8)
        .says("the answer holds more than 100000 values");
    let lines: String = (0..MANY).map(|n| format!("v{n}=x\n")).collect();
    for (file, content, words) in [
        (
            "v.json",
            format!(r#"{{"hello": {list}}}"#),
            "more than 100000 values",
        ),
        (
            "v.yaml",
            format!("hello: {list}\n"),
            "more than 100000 values",
        ),
        ("v.env", lines, "more than 100000 lines are assignments"),
    ] {
        local("variables", file, &content)
            .env("AIRFLOW_VAR_HELLO", "of the environment")
            .args(["get-var", "hello"])
            .run()
            .fails_with(8)
            .says(words);
    }
}

#[test]
fn an_unpaired_surrogate_is_refused() {
    local("variables", "v.json", r#"{"hello": "\ud800"}"#)
        .args(["get-var", "hello"])
        .run()
        .fails_with(8)
        .says("surrogate");
}

#[test]
fn a_port_that_is_a_list_or_an_object_is_refused() {
    for port in [json!([1]), json!({"a": 1})] {
        let connection = json!({"conn_type": "http", "host": "h", "port": port}).to_string();
        Secretctl::new()
            .env("AIRFLOW_CONN_HELLO", &connection)
            .args(["get-conn", "hello"])
            .run()
            .fails_with(8)
            .says("`port`");
    }
}

#[test]
fn merges_are_those_of_one_release_and_a_doubt_is_told() {
    let yaml = "base: &base {conn_type: postgres, host: db, login: svc}\n\
                prod: &prod {conn_type: postgres, host: prod-db}\n\
                hello: {<<: [*prod, *base], password: p}\n\
                other: {<<: [*prod, *base], host: h}\n";
    let run = |id: &str| {
        local("connections", "c.yaml", yaml)
            .args(["get-conn", id])
            .run()
    };
    run("hello")
        .prints("postgres://svc:p@prod-db")
        .says("`hello` in `c.yaml` line 3 merges");
    let other = run("other");
    other.prints("postgres://svc@h");
    assert!(!run("other").stderr.contains("merges"));
}

#[test]
fn an_executor_in_kwargs_is_the_one_that_is_set() {
    let kwargs = json!({"variables_file_path": "$AIRFLOW__CORE__EXECUTOR.json"});
    Secretctl::new()
        .backend(LOCAL)
        .kwargs(&kwargs)
        .env("AIRFLOW__CORE__EXECUTOR", "SequentialExecutor")
        .file("SequentialExecutor.json", r#"{"hello": "sequential"}"#)
        .file("LocalExecutor.json", r#"{"hello": "local"}"#)
        .args(["get-var", "hello", "--context", "worker"])
        .run()
        .prints("sequential");
}

#[test]
fn letters_are_those_of_todays_unicode() {
    // U+A7CB, the capital of U+0264 since Unicode 16
    let run = Secretctl::new().env("AIRFLOW_VAR_\u{a7cb}", "found");
    run.args(["get-var", "\u{264}"]).run().prints("found");
}

#[test]
fn text_around_brackets_is_passed_over() {
    for uri in ["http://x[::1]:80", "http://[::1]x:80"] {
        let run = Secretctl::new().env("AIRFLOW_CONN_A", uri);
        run.args(["get-conn", "a"])
            .run()
            .prints("http://%3A%3A1:80");
    }
}

#[test]
fn a_date_that_is_a_key_is_text() {
    let run = local("variables", "v.yaml", "hello: {2024-01-01: [2024-01-02]}\n");
    run.args(["get-var", "hello"])
        .run()
        .prints("{\"2024-01-01\":[\"2024-01-02\"]}");
}

#[test]
fn numbers_that_json_does_not_have() {
    for (yaml, printed) in [
        ("hello: .nan\n", "nan"),
        ("hello: -.inf\n", "-inf"),
        ("hello: [.nan, .inf]\n", "[\"NaN\",\"Infinity\"]"),
    ] {
        let run = local("variables", "v.yaml", yaml);
        run.args(["get-var", "hello"]).run().prints(printed);
    }
}

#[test]
fn yaml_without_a_form_in_json_is_refused() {
    for (yaml, word) in [
        ("hello: !!set {a, b}\n", "`set`"),
        ("hello: !!binary aGVsbG8=\n", "`bytes`"),
        ("hello: &a\n  <<: *a\n", "merges itself"),
        ("hello: {1: a, '1': b}\n", "alike"),
        ("hello: &a [*a]\n", "holds itself"),
        (&format!("hello: 0x{}\n", "f".repeat(4000)), "4300 digits"),
    ] {
        let run = local("variables", "v.yaml", yaml);
        run.args(["get-var", "hello"])
            .run()
            .fails_with(8)
            .says(word);
    }
}
