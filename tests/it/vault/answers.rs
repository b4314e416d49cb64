//! What Vault, or what stands in front of it, may answer: charsets, halves of characters, redirects, and the answers to the
//! questions that follow a failure. The real provider (hashicorp 4.8.4, hvac 2.4.0, requests 2.34) got the same.

use crate::support::cli::{Output, Secretctl};
use crate::support::fake_server::{FakeServer, Response};
use serde_json::{Value, json};

const READ: &str = "/v1/secret/data/variables/hello";

fn run(server: &FakeServer, arguments: &[&str]) -> Output {
    let kwargs = json!({"url": server.url(), "token": "s.the-token"});
    let run = Secretctl::new().backend("airflow.providers.hashicorp.secrets.vault.VaultBackend");
    run.kwargs(&kwargs).args(arguments.iter().copied()).run()
}

/// A Vault that answers the same to everything.
fn answering(content_type: &'static str, body: impl AsRef<[u8]>) -> FakeServer {
    let body = body.as_ref().to_vec();
    FakeServer::start(move |_| Some(Response::new(200, content_type, body.clone())))
}

fn get_hello(server: &FakeServer) -> Output {
    run(server, &["get-var", "hello"])
}

#[test]
fn the_charset_of_the_content_type_counts() {
    let utf8 = "{\"data\": {\"data\": {\"value\": \"wörld\"}}}".as_bytes();
    let latin1 = b"{\"data\": {\"data\": {\"value\": \"w\xf6rld\"}}}";
    for (content_type, body, expected) in [
        ("application/json", utf8, "wörld"),
        ("application/json; charset=latin-1", utf8, "wÃ¶rld"),
        ("text/plain", utf8, "wÃ¶rld"),
        ("application/octet-stream", utf8, "wörld"),
        ("application/json", latin1, "w\u{fffd}rld"),
        ("application/json; charset=us-ascii", latin1, "w\u{fffd}rld"),
        ("application/json; charset=\"ISO-8859-1\"", latin1, "wörld"),
        ("text/html", latin1, "wörld"),
    ] {
        get_hello(&answering(content_type, body)).prints(expected);
    }
    for (content_type, name) in [
        ("application/json; charset=utf-16", "utf-16"),
        ("application/octet-stream", "unknown"),
    ] {
        get_hello(&answering(content_type, latin1))
            .fails_with(8)
            .says(&format!("a charset that secretctl does not read: {name}"));
    }
}

#[test]
fn half_a_character_spoils_only_what_is_used() {
    let json = "application/json";
    for body in [
        r#"{"data": {"data": {"value": "ok", "other": "\ud800"}}}"#,
        r#"{"lease": "\udfff", "data": {"data": {"value": "ok"}}}"#,
        r#"{"\ud800": 1, "data": {"data": {"value": "ok"}}}"#,
    ] {
        get_hello(&answering(json, body)).prints("ok").quietly();
    }
    for body in [
        r#"{"data": {"data": {"value": "\ud800"}}}"#,
        r#"{"data": {"data": {"value": {"a": ["\ud800"]}}}}"#,
        r#"{"data": {"data": {"value": {"\ud800": 1}}}}"#,
    ] {
        let output = get_hello(&answering(json, body));
        output.fails_with(8).says("half of a surrogate pair");
        assert!(
            !output.stderr.contains("something other than Vault"),
            "{output}"
        );
    }
    let get_conn = |body| run(&answering(json, body), &["get-conn", "c"]);
    get_conn(r#"{"data": {"data": {"conn_uri": "http://h", "other": "\ud800"}}}"#)
        .prints("http://h");
    get_conn(r#"{"data": {"data": {"conn_type": "http", "host": "\ud800"}}}"#)
        .fails_with(8)
        .says("half of a surrogate pair");
    // One that stands for itself is a character like any other.
    get_hello(&answering(
        json,
        "{\"data\": {\"data\": {\"value\": \"\u{fffd}\"}}}",
    ))
    .prints("\u{fffd}");
}

#[test]
fn a_number_without_end_is_named() {
    let digits = "9".repeat(5000);
    let body = format!(r#"{{"data": {{"data": {{"value": "ok", "n": {digits}}}}}}}"#);
    get_hello(&answering("application/json", body))
        .fails_with(8)
        .says("4300 digits");
}

#[test]
fn a_login_is_not_lost_by_half_a_character() {
    let server = FakeServer::start(|request| {
        let login = r#"{"x": "\ud800", "auth": {"client_token": "s.t"}}"#;
        let secret = r#"{"data": {"data": {"value": "ok"}}}"#;
        let body = if request.method == "POST" {
            login
        } else {
            secret
        };
        Some(Response::new(200, "application/json", body))
    });
    let kwargs = json!({"url": server.url(), "auth_type": "approle", "role_id": "r"});
    Secretctl::new()
        .backend("airflow.providers.hashicorp.secrets.vault.VaultBackend")
        .kwargs(&kwargs)
        .args(["get-var", "hello"])
        .run()
        .prints("ok");
}

/// After a 403 the token is asked about itself; only 200 and 403 say anything of it.
#[test]
fn an_answer_about_the_token_that_says_nothing() {
    let asked = |status: u16, body: Value| {
        let server = FakeServer::start(move |request| {
            let about_itself = request.path() == "/v1/auth/token/lookup-self";
            let refusal = Response::json(403, &json!({"errors": ["permission denied"]}));
            Some(if about_itself {
                Response::json(status, &body)
            } else {
                refusal
            })
        });
        get_hello(&server)
    };
    let errors = json!({"errors": ["x"]});
    for status in [400, 404, 429, 500, 503] {
        let output = asked(status, errors.clone());
        output
            .fails_with(4)
            .says("permission denied")
            .says(&format!("status {status}"));
        assert!(!output.stderr.contains("invalid or expired"), "{output}");
    }
    asked(403, errors)
        .fails_with(5)
        .says("invalid or expired, or may not ask about itself")
        .says("or a policy for this one");
    asked(
        200,
        json!({"data": {"display_name": "ci", "policies": ["p"]}}),
    )
    .fails_with(4)
    .says("the token `ci` with the policies [p]");
}

#[test]
fn after_a_redirect_the_target_alone_is_asked_again() {
    let tries = std::sync::atomic::AtomicUsize::new(0);
    let server = FakeServer::start(move |request| {
        if request.target == READ {
            return Some(Response::redirect("/v1/elsewhere"));
        }
        let tried = tries.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let found = json!({"data": {"data": {"value": "world"}}});
        Some(match tried {
            0..3 => Response::json(500, &json!({"errors": ["x"]})),
            _ => Response::json(200, &found),
        })
    });
    get_hello(&server).prints("world");
    let elsewhere = "/v1/elsewhere";
    assert_eq!(
        server.targets(),
        [READ, elsewhere, elsewhere, elsewhere, elsewhere]
    );
}

#[test]
fn a_redirect_to_nowhere_is_not_followed() {
    for location in ["", READ] {
        let server = FakeServer::start(move |_| Some(Response::redirect(location)));
        get_hello(&server)
            .fails_with(6)
            .says("redirects in a circle");
        assert_eq!(server.targets(), [READ], "{location:?}");
    }
}

/// Airflow asks where an id leads, and so does `secretctl`; what is asked about the mount afterwards never leaves it.
#[test]
fn an_id_that_climbs_out_of_its_mount() {
    for (id, asked) in [
        ("../../../../../x", "/x"),
        ("../../x", "/v1/secret/x"),
        ("a/../b", "/v1/secret/data/variables/b"),
        (".", "/v1/secret/data/variables/"),
    ] {
        let server = FakeServer::start(|_| Some(Response::json(404, &json!({"errors": []}))));
        run(&server, &["get-var", id])
            .fails_with(3)
            .says("may lead out of the mount");
        assert_eq!(server.targets(), [asked], "{id}");
    }
}

/// What people store in place of the `conn_uri` that Airflow looks for.
#[test]
fn a_connection_under_another_key_is_told_where_it_belongs() {
    for (data, hint) in [
        (
            json!({"conn_url": "x://h"}),
            "did you mean the key `conn_uri`?",
        ),
        (json!({"value": "x://h"}), "(`value` is for variables)"),
        (json!({"conn_uri": ""}), "its `conn_uri` is empty"),
    ] {
        let body = json!({"data": {"data": data}}).to_string();
        run(&answering("application/json", body), &["get-conn", "hello"])
            .fails_with(8)
            .says(hint);
    }
}
