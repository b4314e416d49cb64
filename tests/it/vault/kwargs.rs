//! The corners of `VaultBackend`'s kwargs: what the real provider (hashicorp 4.8.4, hvac 2.4.0, requests 2.34) sends for each,
//! and where it fails before it sends anything.

use crate::support::cli::{Output, Secretctl};
use crate::support::fake_server::{FakeServer, Request, Response};
use serde_json::{Value, json};

const TOKEN: &str = "s.the-token";

/// A Vault that holds a variable at each path, and lets everybody in.
fn vault() -> FakeServer {
    FakeServer::start(answer)
}

fn answer(request: &Request) -> Option<Response> {
    Some(Response::json(
        200,
        &json!({"data": {"data": {"value": "world"}}, "auth": {"client_token": TOKEN}}),
    ))
    .filter(|_| ["GET", "POST"].contains(&request.method.as_str()))
}

fn lookup(server: &FakeServer, mut kwargs: Value) -> Secretctl {
    if kwargs.get("url").is_none() {
        kwargs["url"] = server.url().into();
    }
    let run = Secretctl::new().backend("airflow.providers.hashicorp.secrets.vault.VaultBackend");
    run.kwargs(&kwargs).args(["get-var", "hello"])
}

/// Airflow fails with these before it sends anything, and so does `secretctl`.
#[track_caller]
fn is_refused(server: &FakeServer, kwargs: Value, says: &str) -> Output {
    let output = lookup(server, kwargs.clone()).run();
    output.fails_with(7).says(says);
    assert_eq!(server.targets(), [""; 0], "{kwargs}");
    output
}

#[test]
fn an_address_is_not_repaired() {
    let server = vault();
    let authority = server.url().replace("http://", "");
    for url in [
        format!("http:/{authority}"),
        format!("http:{authority}"),
        format!("http:///{authority}"),
        format!("http:\\\\{authority}"),
        format!("http://{authority}\n"),
        format!("http://{authority} "),
        format!("ht\ntp://{authority}"),
        format!("http://{authority}?a=b"),
        format!("http://{authority}#f"),
    ] {
        let kwargs = json!({"url": url, "token": TOKEN});
        let output = is_refused(&server, kwargs, "kwarg `url` is not");
        output
            .says("repairs nothing")
            .says("secret/data/variables/hello: kwarg");
        // Airflow goes on to the next layer where it sends nothing; what it asks for behind a `?` or `#` is hard to tell.
        let next = lookup(&server, json!({"url": url, "token": TOKEN}))
            .env("AIRFLOW_VAR_HELLO", "of the environment")
            .run();
        match url.contains(['?', '#']) {
            true => next.fails_with(7),
            false => next.prints("of the environment"),
        };
        lookup(&server, json!({"url": "", "token": TOKEN}))
            .env("VAULT_ADDR", &url)
            .run()
            .fails_with(7)
            .says("`VAULT_ADDR` is not");
    }
    assert_eq!(server.targets(), [""; 0]);
    let url = format!("\t{}/a b/%61//", server.url());
    lookup(&server, json!({"url": url, "token": TOKEN}))
        .run()
        .prints("world");
    assert_eq!(
        server.targets(),
        ["/a%20b/a/v1/secret/data/variables/hello"]
    );
}

#[test]
fn a_user_in_the_address_is_sent() {
    let server = vault();
    let url = server
        .url()
        .replace("http://", "http://u%C3%A4:pass-word-1@");
    let run = lookup(&server, json!({"url": url, "token": TOKEN})).secret("pass-word-1");
    run.run().prints("world");
    let requests = server.requests();
    assert_eq!(
        requests[0].header("authorization"),
        Some("Basic deQ6cGFzcy13b3JkLTE=")
    );
}

#[test]
fn a_token_or_namespace_that_requests_refuses() {
    let server = vault();
    for text in [" t", "\tt", "\nt", "t\n", "a\nb", "\u{a0}t", "€", "a\u{1}b"] {
        is_refused(
            &server,
            json!({"token": text}),
            "the token from kwarg `token`",
        );
        is_refused(
            &server,
            json!({"token": TOKEN, "namespace": text}),
            "`namespace`",
        );
        let kwargs = json!({"auth_type": "token", "token_path": "token"});
        let inner = format!("a{}b", if text.contains('€') { "€" } else { "\n" });
        lookup(&server, kwargs)
            .file("token", inner)
            .run()
            .fails_with(7)
            .says("the file `token`");
    }
    assert_eq!(server.targets(), [""; 0]);
    // A token that is never sent is nobody's business.
    lookup(&server, json!({"token": TOKEN}))
        .env("VAULT_TOKEN", " t")
        .run()
        .prints("world");
    // Airflow fails on such a token, and goes on to the next layer.
    lookup(&server, json!({"token": "t\n"}))
        .env("AIRFLOW_VAR_HELLO", "of the environment")
        .run()
        .prints("of the environment")
        .says("the token from kwarg `token`");
}

#[test]
fn a_header_is_latin_1() {
    let server = FakeServer::start(|request| {
        // The fake server reads Latin-1 too.
        assert_eq!(request.header("X-Vault-Token"), Some("a bä\u{a0}"));
        assert_eq!(request.header("X-Vault-Namespace"), Some("ñ\u{85}x"));
        answer(request)
    });
    let kwargs = json!({"token": "a bä\u{a0}", "namespace": "ñ\u{85}x"});
    lookup(&server, kwargs).run().prints("world");
}

#[test]
fn a_login_that_gives_a_token_which_cannot_be_sent() {
    for (token, code) in [(" x", 8), ("x\n", 8), ("€", 8), ("", 5)] {
        let server = FakeServer::start(move |request| {
            let login = json!({"auth": {"client_token": token}});
            (request.method == "POST").then(|| Response::json(200, &login))
        });
        let kwargs = json!({"auth_type": "approle", "role_id": "r"});
        lookup(&server, kwargs).run().fails_with(code).says("token");
    }
}

/// hvac then hands out every answer, and Airflow trips over all but those of status 200.
#[test]
fn ignore_exceptions() {
    let missing_at_first = |status: u16| {
        FakeServer::start(move |request| match request.path() {
            "/v1/secret/data/a/hello" => Some(Response::json(status, &json!({"errors": []}))),
            "/v1/auth/token/lookup-self" => Some(Response::json(403, &json!({"errors": []}))),
            _ => answer(request),
        })
    };
    let kwargs = |ignored: Value| json!({"token": TOKEN, "variables_path": ["a", "b"], "ignore_exceptions": ignored});
    for ignored in [json!(true), json!(1), json!("false")] {
        let server = missing_at_first(404);
        let run = lookup(&server, kwargs(ignored.clone())).run();
        run.fails_with(7).says("\"ignore_exceptions\"");
        assert_eq!(server.targets(), ["/v1/secret/data/a/hello"]);

        let server = missing_at_first(403);
        lookup(&server, kwargs(ignored)).run().fails_with(5);
        let expected = ["/v1/secret/data/a/hello", "/v1/auth/token/lookup-self"];
        assert_eq!(server.targets(), expected, "no second try");
    }
    let server = missing_at_first(404);
    lookup(&server, kwargs(json!(0))).run().prints("world");
    let server = vault();
    lookup(&server, kwargs(json!(true))).run().prints("world");
}

#[test]
fn strict_http_changes_nothing_that_is_read() {
    let server = vault();
    lookup(&server, json!({"token": TOKEN, "strict_http": true}))
        .run()
        .prints("world");
    assert_eq!(server.targets(), ["/v1/secret/data/variables/hello"]);
}

#[test]
fn a_timeout_that_python_cannot_wait_for() {
    let server = vault();
    for timeout in [
        "1e10",
        "9223372037",
        "1e400",
        "2147484",
        "0",
        "-1",
        "1e999",
        "NaN",
        "true",
        "\"30\"",
        "[]",
    ] {
        let kwargs = format!(
            r#"{{"url": "{}", "token": "t", "timeout": {timeout}}}"#,
            server.url()
        );
        lookup(&server, json!({}))
            .env("AIRFLOW__SECRETS__BACKEND_KWARGS", &kwargs)
            .run()
            .fails_with(7)
            .says("`timeout`");
    }
    assert_eq!(server.targets(), [""; 0]);
    for timeout in [json!(2_147_483), json!(0.5), json!(null)] {
        let kwargs = json!({"token": TOKEN, "timeout": timeout});
        lookup(&server, kwargs).run().prints("world");
    }
}

#[test]
fn a_client_certificate_that_is_none() {
    let server = vault();
    for cert in [
        json!([]),
        json!({}),
        json!(["a", "b"]),
        json!(true),
        json!(5),
    ] {
        is_refused(&server, json!({"token": TOKEN, "cert": cert}), "`cert`");
    }
    let with_variable = |cert: Value| {
        let run = lookup(&server, json!({"token": TOKEN, "cert": cert}));
        run.env("VAULT_CLIENT_CERT", "no-such-file.pem").run()
    };
    for cert in [json!(""), json!(false), json!(0)] {
        with_variable(cert).prints("world");
    }
    with_variable(json!(null))
        .fails_with(7)
        .says("VAULT_CLIENT_CERT");
}

/// Of these only a mount point that is false has the id name its mount; any other is a mistake, not an absence.
#[test]
fn a_kwarg_of_another_type_is_no_missing_secret() {
    let server = vault();
    for name in ["mount_point", "namespace", "url", "auth_mount_point"] {
        for value in [
            json!(5),
            json!(true),
            json!(1.5),
            json!(["x"]),
            json!({"a": "b"}),
        ] {
            let mut kwargs = json!({"token": TOKEN});
            kwargs[name] = value;
            is_refused(&server, kwargs, &format!("`{name}`"));
        }
    }
    for name in [
        "connections_path",
        "variables_path",
        "config_path",
        "global_secrets_path",
    ] {
        for value in [json!(5), json!(false), json!([5])] {
            let mut kwargs = json!({"token": TOKEN});
            kwargs[name] = value;
            is_refused(&server, kwargs, &format!("`{name}`"));
        }
    }
    for nothing in [json!(0), json!([]), json!({}), json!(""), json!(null)] {
        let kwargs = json!({"token": TOKEN, "mount_point": nothing});
        lookup(&server, kwargs)
            .run()
            .fails_with(3)
            .says("must begin with the mount");
    }
}

#[test]
fn a_users_name_in_the_path_of_a_login() {
    for (auth_type, username, expected) in [
        ("userpass", json!("u#x"), "u"),
        ("userpass", json!("u?x#y"), "u?x"),
        ("userpass", json!("u%41 b/"), "uA%20b"),
        ("userpass", json!("../x"), "../x"),
        ("userpass", json!(null), "None"),
        ("userpass", json!(""), ""),
        ("ldap", json!("u#x%41"), "u%23x%2541"),
        ("ldap", json!(null), "None"),
        ("ldap", json!(""), ""),
    ] {
        let server = vault();
        let kwargs = json!({"auth_type": auth_type, "username": username, "password": "p"});
        lookup(&server, kwargs).run().prints("world");
        let login = format!("/v1/auth/{auth_type}/login/{expected}");
        let login = login.trim_end_matches('/').replace("login/../", "");
        assert_eq!(server.targets()[0], login, "{username}");
    }
}

/// Airflow sends `null`, and Vault answers that with an error.
#[test]
fn a_password_that_is_not_given() {
    let server = vault();
    for auth_type in ["userpass", "ldap"] {
        for kwargs in [
            json!({"auth_type": auth_type, "username": "u"}),
            json!({"auth_type": auth_type, "username": "u", "password": null}),
        ] {
            is_refused(&server, kwargs.clone(), "needs `password`");
            lookup(&server, kwargs)
                .env("AIRFLOW_VAR_HELLO", "of the environment")
                .run()
                .prints("of the environment");
        }
    }
}

#[test]
fn a_misspelling_is_answered_with_what_was_meant() {
    let server = vault();
    for (kwargs, sentence, hint) in [
        (
            json!({"auth_type": "app_role", "role_id": "r"}),
            "one of approle, aws_iam, azure, github, gcp, jwt, kubernetes, ldap, radius, token, userpass",
            "did you mean `approle`?",
        ),
        (
            json!({"auth_type": "Kubernetes"}),
            "not another word",
            "did you mean `kubernetes`?",
        ),
        (
            json!({"token": TOKEN, "addr": "http://127.0.0.1:1"}),
            "no kwarg `addr`",
            "did you mean `url`?",
        ),
        (
            json!({"token": TOKEN, "address": "http://127.0.0.1:1"}),
            "no kwarg `address`",
            "did you mean `url`?",
        ),
        (
            json!({"token": TOKEN, "kv_engine_version": 3}),
            "must be the number 1 or 2, not another number",
            "",
        ),
        (
            json!({"token": TOKEN, "kv_engine_version": "2"}),
            "must be the number 1 or 2, not text",
            "without quotes",
        ),
    ] {
        is_refused(&server, kwargs, sentence).says(hint);
    }
}

#[test]
fn what_makes_a_token_readable_on_the_way_is_said() {
    let server = vault();
    lookup(&server, json!({"token": TOKEN, "verify": false}))
        .run()
        .prints("world")
        .says("certificate is not checked");
    let far = json!({"token": TOKEN, "url": "http://vault.invalid:8200", "proxies": {"http": server.url()}});
    lookup(&server, far)
        .run()
        .prints("world")
        .says("kwarg `url` is http:// and not this machine");
    lookup(&server, json!({"token": TOKEN}))
        .run()
        .prints("world")
        .quietly();
}
