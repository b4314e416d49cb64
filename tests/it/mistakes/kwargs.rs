//! Kwargs that are not JSON, and kwargs that a backend does not know or cannot use.

use serde_json::{Value, json};

use super::{Mistake, mistake};
use crate::support::cli::Secretctl;
use crate::support::fake_server::{FakeServer, Response};

const VAULT: &str = "airflow.providers.hashicorp.secrets.vault.VaultBackend";
const TOKEN: &str = "s.the-token-of-this-test";
const KWARGS: &str = "AIRFLOW__SECRETS__BACKEND_KWARGS";

/// A Vault that has variable `hello` at a version 2 mount `secret/`.
fn vault() -> FakeServer {
    FakeServer::start(|request| match request.path() {
        "/v1/secret/data/variables/hello" => Some(Response::json(
            200,
            &json!({"data": {"data": {"value": "world"}}}),
        )),
        _ => Some(Response::json(404, &json!({"errors": []}))),
    })
}

/// A run with these kwargs, in which `URL` and `TOKEN` stand for those of the server.
fn lookup(server: &FakeServer, kwargs: &str) -> Secretctl {
    let kwargs = kwargs.replace("URL", &server.url()).replace("TOKEN", TOKEN);
    Secretctl::new()
        .backend(VAULT)
        .secret(TOKEN)
        .env(KWARGS, &kwargs)
        .args(["get-var", "hello"])
}

const RIGHT: &str = r#"{"url": "URL", "token": "TOKEN"}"#;

pub fn mistakes() -> Vec<Mistake> {
    let mut mistakes = not_json();
    mistakes.extend(not_known());
    mistakes
}

/// Kwargs that are not JSON: who writes them as the hint says is understood.
fn not_json() -> Vec<Mistake> {
    let case = |done, kwargs: &str, named: &str, advice: &str| {
        let server = vault();
        let right = RIGHT.replace("URL", &server.url()).replace("TOKEN", TOKEN);
        let mistake = mistake(done, 7, lookup(&server, kwargs))
            .names(format!(
                "environment variable `{KWARGS}` cannot be used: {named}"
            ))
            .obeyed(0, move |run| run.env(KWARGS, &right))
            .keeps(server);
        match advice {
            "" => mistake.tells(named),
            advice => mistake.advises(advice),
        }
    };
    let unquoted = {
        let server = vault();
        let (url, token) = (server.url(), TOKEN);
        let run = lookup(&server, r#"{"url": $ADDRESS, "token": $ROOT}"#);
        mistake(
            "`$NAME` without quotes",
            0,
            run.env("ADDRESS", &url).env("ROOT", token),
        )
        .names(format!("`{KWARGS}`"))
        .tells("have no quotes around `$ADDRESS`, `$ROOT`")
        .obeyed(0, |run| {
            run.env(KWARGS, r#"{"url": "$ADDRESS", "token": "$ROOT"}"#)
        })
        .keeps(server)
    };
    vec![
        unquoted,
        case(
            "quotes that a shell has taken away",
            "{url: URL, token: TOKEN}",
            "a name without quotes",
            "shell",
        ),
        case(
            "braces that a shell has taken away",
            "url:URL",
            "there is no JSON object in braces, and no quote",
            "put single quotes around the whole",
        ),
        case(
            "a placeholder left in",
            r#"{"url": "URL", "token": <your-token>}"#,
            "a placeholder in angle brackets was not filled in",
            "write the value in its place",
        ),
        case(
            "single quotes",
            "{'url': 'URL', 'token': 'TOKEN'}",
            "a single quote",
            "double quotes",
        ),
        case(
            "a comma at the end",
            r#"{"url": "URL", "token": "TOKEN",}"#,
            "a comma after the last item",
            "take the comma away",
        ),
        case(
            "Python's `None`",
            r#"{"url": "URL", "token": "TOKEN", "mount_point": None}"#,
            "`None` where JSON has `null`",
            "",
        ),
        case(
            "kwargs that are cut off",
            r#"{"url": "URL", "token": "TOKEN""#,
            "the text ends before the JSON is complete",
            "look for a missing brace",
        ),
        case(
            "quotes around the whole",
            r#"'{"url": "URL", "token": "TOKEN"}'"#,
            "the JSON stands in an extra pair of quotes",
            "take the outer quotes away",
        ),
        case(
            "typographic quotes",
            "{“url”: “URL”, “token”: “TOKEN”}",
            "a typographic quote",
            "use double quotes inside the braces",
        ),
    ]
}

/// Kwargs that the class does not take as they are: the same without the mistake finds the variable.
fn not_known() -> Vec<Mistake> {
    let case = |done, name: &str, value: Value, right: Option<(&'static str, Value)>| {
        let server = vault();
        let kwargs = json!({"url": server.url(), "token": TOKEN});
        let mut wrong = kwargs.clone();
        wrong[name] = value;
        let run = lookup(&server, "").kwargs(&wrong);
        mistake(done, 7, run)
            .names(format!("`{name}`"))
            .obeyed(0, move |run| {
                let mut kwargs = kwargs;
                if let Some((name, value)) = right {
                    kwargs[name] = value;
                }
                run.kwargs(&kwargs)
            })
            .keeps(server)
    };
    let addr = {
        let server = vault();
        let right = json!({"url": server.url(), "token": TOKEN});
        let run = lookup(&server, r#"{"addr": "URL", "token": "TOKEN"}"#);
        mistake("`addr` for `url`", 7, run)
            .names("VaultBackend has no kwarg `addr`")
            .advises("did you mean `url`?")
            .obeyed(0, move |run| run.kwargs(&right))
            .keeps(server)
    };
    vec![
        addr,
        case(
            "`mount` for `mount_point`",
            "mount",
            json!("secret"),
            Some(("mount_point", json!("secret"))),
        )
        .names("VaultBackend has no kwarg `mount`")
        .advises("did you mean `mount_point`?"),
        case(
            "`connection_prefix` for `connections_path`",
            "connections_prefix",
            json!("connections"),
            Some(("connections_path", json!("connections"))),
        )
        .names("VaultBackend has no kwarg `connections_prefix`")
        .advises("did you mean `connections_path`?"),
        case(
            "a version of the KV engine that does not exist",
            "kv_engine_version",
            json!(3),
            Some(("kv_engine_version", json!(2))),
        )
        .names("must be the number 1 or 2, not another number")
        .advises("write \"kv_engine_version\": N, where N is the number 1 or 2"),
        case(
            "the version of the KV engine as text",
            "kv_engine_version",
            json!("2"),
            Some(("kv_engine_version", json!(2))),
        )
        .names("must be the number 1 or 2, not text")
        .advises("without quotes"),
        case(
            "`app_role` for `approle`",
            "auth_type",
            json!("app_role"),
            Some(("auth_type", json!("token"))),
        )
        .names("must be one of approle")
        .advises("did you mean `approle`?"),
    ]
}
