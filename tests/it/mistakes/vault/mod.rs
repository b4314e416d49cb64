//! Vault: a stand-in with two KV mounts, and the mistakes by where they lie: the server, or what is asked of it and as whom.

mod access;
mod servers;

use serde_json::{Value, json};

use super::{Mistake, mistake};
use crate::support::cli::Secretctl;
use crate::support::fake_server::{FakeServer, Request, Response};

const BACKEND: &str = "airflow.providers.hashicorp.secrets.vault.VaultBackend";
const TOKEN: &str = "s.the-token-of-this-test";
const SECRET_ID: &str = "the-secret-id-of-this-test";
const EXPIRED: &str = "s.the-token-of-last-year";

/// A Vault with a version 2 mount `kv/` and a version 1 mount `old/`, that each hold variable `hello`.
fn vault() -> FakeServer {
    FakeServer::start(|request| Some(answer(request)))
}

fn answer(request: &Request) -> Response {
    let path = request.path().trim_start_matches("/v1/");
    if request.method == "POST" {
        return login(path, request);
    }
    if request.header("x-vault-token") != Some(TOKEN) {
        return refusal(403, "permission denied");
    }
    if request.target.ends_with("?list=true") {
        return match path {
            "kv/metadata/variables" => Response::json(200, &json!({"data": {"keys": ["hello"]}})),
            "kv/metadata" => Response::json(200, &json!({"data": {"keys": ["variables/"]}})),
            _ => Response::json(404, &json!({"errors": []})),
        };
    }
    match path {
        "auth/token/lookup-self" => Response::json(
            200,
            &json!({"data": {"display_name": "token", "policies": ["default"]}}),
        ),
        "sys/internal/ui/mounts" => Response::json(
            200,
            &json!({"data": {"secret": {"kv/": mount("kv"), "old/": mount("old")}}}),
        ),
        "kv/data/variables/hello" => {
            Response::json(200, &json!({"data": {"data": {"value": "world"}}}))
        }
        "kv/data/variables/no_value" => {
            Response::json(200, &json!({"data": {"data": {"text": "world"}}}))
        }
        "kv/data/variables/deleted" => Response::json(
            404,
            &json!({"data": {"data": null, "metadata": {"deletion_time": "2026-01-01T00:00:00Z", "destroyed": false, "version": 1}}}),
        ),
        "old/variables/hello" => Response::json(200, &json!({"data": {"value": "world"}})),
        "kv/data/variables/denied" => refusal(403, "permission denied"),
        path => elsewhere(path),
    }
}

/// What Vault says of its mounts, and of paths where nothing is.
fn elsewhere(path: &str) -> Response {
    if let Some(place) = path.strip_prefix("sys/internal/ui/mounts/") {
        return match place.split('/').next() {
            Some(name @ ("kv" | "old")) => Response::json(200, &json!({"data": mount(name)})),
            _ => refusal(
                403,
                "preflight capability check returned 403, please ensure client's policies grant access to path",
            ),
        };
    }
    match path.split('/').next() {
        Some("kv") if path.starts_with("kv/variables") => Response::json(
            404,
            &json!({"request_id": "1", "lease_id": "", "data": null, "auth": null, "warnings": ["Invalid path for a versioned K/V secrets engine"]}),
        ),
        Some("kv" | "old") => Response::json(404, &json!({"errors": []})),
        _ => refusal(
            404,
            &format!("no handler for route \"{path}\". route entry not found."),
        ),
    }
}

fn login(path: &str, request: &Request) -> Response {
    let proof = request.json();
    match path {
        "auth/token/revoke-self" => Response::new(204, "application/json", ""),
        "auth/approle/login"
            if proof["secret_id"] == SECRET_ID && proof["role_id"] == "airflow" =>
        {
            Response::json(200, &json!({"auth": {"client_token": TOKEN}}))
        }
        "auth/approle/login" if proof["secret_id"] == "" => refusal(400, "missing secret_id"),
        "auth/approle/login" => refusal(400, "invalid role or secret ID"),
        _ => refusal(404, "no handler for route. route entry not found."),
    }
}

fn mount(name: &str) -> Value {
    let version = if name == "kv" { "2" } else { "1" };
    json!({"type": "kv", "path": format!("{name}/"), "options": {"version": version}})
}

fn refusal(status: u16, words: &str) -> Response {
    Response::json(status, &json!({"errors": [words]}))
}

/// The kwargs that find variable `hello` with a token, and `more`; what is `null` there is left out.
fn kwargs(url: &str, more: &Value) -> Value {
    let mut kwargs = json!({"url": url, "token": TOKEN, "mount_point": "kv"});
    let members = kwargs.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    members.retain(|_, value| !value.is_null());
    kwargs
}

fn lookup(url: &str, more: &Value) -> Secretctl {
    Secretctl::new()
        .backend(BACKEND)
        .secret(TOKEN)
        .secret(SECRET_ID)
        .secret(EXPIRED)
        .kwargs(&kwargs(url, more))
        .args(["get-var", "hello"])
}

/// A lookup at that Vault with kwargs of which `wrong` are mistaken, and `right` are what the hint says.
fn misplaced(done: &'static str, code: i32, wrong: Value, right: Value) -> Mistake {
    let server = vault();
    let url = server.url();
    mistake(done, code, lookup(&url, &wrong))
        .obeyed(0, move |run| run.kwargs(&kwargs(&url, &right)))
        .keeps(server)
}

/// A lookup of an id with right kwargs.
fn of_id(done: &'static str, code: i32, id: &str) -> Mistake {
    let server = vault();
    let run = Secretctl::new()
        .backend(BACKEND)
        .secret(TOKEN)
        .kwargs(&kwargs(&server.url(), &json!({})));
    mistake(done, code, run.args(["get-var", id])).keeps(server)
}

pub fn mistakes() -> Vec<Mistake> {
    let mut mistakes = servers::mistakes();
    mistakes.extend(access::mistakes());
    mistakes
}
