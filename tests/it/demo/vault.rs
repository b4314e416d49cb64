//! A Vault that holds the connection `warehouse` in `kv/airflow/connections`, or almost.

use serde_json::{Value, json};

use crate::support::fake_server::{FakeServer, Request, Response};

/// What `warehouse` is when nothing is wrong.
pub const WAREHOUSE: &str = "postgres://etl:secret@db.example.com:5432/sales";
const FOLDER: &str = "airflow/connections";

/// With connections of these names.
pub fn with_names(names: &'static [&str]) -> FakeServer {
    FakeServer::start(move |request| Some(answer(request, names, "conn_uri")))
}

/// With the connection under another key than Airflow reads.
pub fn with_key(key: &'static str) -> FakeServer {
    FakeServer::start(move |request| Some(answer(request, &["warehouse"], key)))
}

/// With a token that may ask about itself and nothing else.
pub fn denying() -> FakeServer {
    FakeServer::start(|request| {
        let is_allowed = ["/v1/auth/", "/v1/sys/"]
            .iter()
            .any(|start| request.path().starts_with(start));
        Some(match is_allowed {
            true => answer(request, &[], ""),
            false => error(403, "permission denied"),
        })
    })
}

/// Not a Vault at all.
pub fn proxy() -> FakeServer {
    FakeServer::start(|_| {
        let page = "<html><head><title>404 Not Found</title></head></html>";
        Some(Response::new(404, "text/html", page))
    })
}

fn answer(request: &Request, names: &[&str], key: &str) -> Response {
    let path = request.path().strip_prefix("/v1/").unwrap_or_default();
    if path.starts_with("v1/") {
        let reason = format!("no handler for route \"{path}\". route entry not found.");
        return error(404, &reason);
    }
    match path {
        "auth/token/lookup-self" => {
            data(&json!({"display_name": "token-ci", "policies": ["ci", "default"]}))
        }
        "auth/approle/login" => error(400, "invalid role or secret ID"),
        _ if path.starts_with("sys/internal/ui/mounts/kv") => {
            data(&json!({"type": "kv", "path": "kv/", "options": {"version": "2"}}))
        }
        _ if request.target.ends_with("?list=true") => list(path, names),
        _ => secret(path, names, key),
    }
}

fn list(path: &str, names: &[&str]) -> Response {
    match path
        .strip_prefix("kv/metadata/")
        .map(|path| path.trim_end_matches('/'))
    {
        Some("") => data(&json!({"keys": ["airflow/"]})),
        Some("airflow") => data(&json!({"keys": ["connections/"]})),
        Some(FOLDER) => data(&json!({"keys": names})),
        _ => not_found(),
    }
}

fn secret(path: &str, names: &[&str], key: &str) -> Response {
    let name = path.strip_prefix(&format!("kv/data/{FOLDER}/"));
    match name.is_some_and(|name| names.contains(&name)) {
        true => data(&json!({"data": {key: WAREHOUSE}, "metadata": {"version": 1}})),
        false => not_found(),
    }
}

fn data(data: &Value) -> Response {
    Response::json(200, &json!({"data": data}))
}

fn not_found() -> Response {
    Response::json(404, &json!({"errors": []}))
}

fn error(status: u16, reason: &str) -> Response {
    Response::json(status, &json!({"errors": [reason]}))
}
