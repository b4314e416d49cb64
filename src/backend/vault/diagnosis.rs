//! Telling apart what Vault does not: an expired token from a missing policy, an absent secret from a wrong KV version.
//!
//! Every question here is asked only after a lookup has failed, so that a good run sends what Airflow sends and no more.

use reqwest::Method;

use super::client::Session;
use super::error::VaultError;
use super::path::SecretPath;
use super::reply::text;
use super::settings::{KvVersion, Settings};
use crate::error::Error;
use crate::http::Deadline;
use crate::python::json::Value;

/// What a second 403 for `api_path` means, by asking the token about itself.
pub async fn why_forbidden(
    session: &Session,
    settings: &Settings,
    api_path: &str,
    said: Option<String>,
    deadline: Deadline,
) -> Error {
    let token = session
        .send(Method::GET, "auth/token/lookup-self", None, deadline)
        .await;
    let reply = match token {
        Ok(reply) => reply,
        Err(error) => {
            let because = error.to_string();
            return VaultError::Refused { said, because }.into();
        }
    };
    let status = reply.status.as_u16();
    match (status, reply.json()) {
        (_, Some(token)) => VaultError::Denied {
            identity: identity(session, &token),
            path: settings.server.place(api_path),
        },
        // 401 is the word of a proxy in front, and as clear.
        (401 | 403, None) => VaultError::TokenRejected {
            origin: settings.token_origin(),
            said,
        },
        (_, None) => VaultError::Refused {
            said,
            because: format!("`auth/token/lookup-self` was answered with status {status}"),
        },
    }
    .into()
}

/// A token as its owner would know it: by display name and policies, which are no secrets.
fn identity(session: &Session, token: &Value) -> String {
    let name = token.at(&["data", "display_name"]).and_then(text);
    let name = session.servers_words(name.unwrap_or("token"));
    let policies = match token.at(&["data", "policies"]) {
        Some(Value::List(policies)) => policies
            .iter()
            .filter_map(text)
            .collect::<Vec<_>>()
            .join(", "),
        _ => String::new(),
    };
    let policies = session.servers_words(&policies);
    format!("the token `{name}` with the policies [{policies}]")
}

/// What may be the matter with a secret that Vault does not have at `path`.
pub async fn why_absent(
    session: &Session,
    settings: &Settings,
    path: &SecretPath,
    deadline: Deadline,
) -> Vec<String> {
    let Some(place) = path.below_mount() else {
        return vec!["a `.` or `..` in the path is resolved before Vault sees it, and may lead out of the mount".into()];
    };
    let question = format!(
        "sys/internal/ui/mounts/{}",
        crate::python::urllib::quote(&place, "/")
    );
    let Ok(reply) = session.send(Method::GET, &question, None, deadline).await else {
        return Vec::new();
    };
    match (reply.status.as_u16(), reply.json()) {
        (_, Some(answer)) => mismatch(session, &answer, settings, path)
            .into_iter()
            .collect(),
        (403, _) => vec![format!(
            "nothing is mounted at `{}/`, or this token may not see it; \"mount_point\" names the KV mount",
            path.mount.trim_matches('/')
        )],
        _ => Vec::new(),
    }
}

/// A mount that is not what the kwargs take it for.
fn mismatch(
    session: &Session,
    answer: &Value,
    settings: &Settings,
    path: &SecretPath,
) -> Option<String> {
    let mount = session.servers_words(answer.at(&["data", "path"]).and_then(text)?);
    let kind = answer
        .at(&["data", "type"])
        .and_then(text)
        .unwrap_or_default();
    if !matches!(kind, "kv" | "generic") {
        let kind = session.servers_words(kind);
        return Some(format!(
            "`{mount}` is a mount of type {kind}, not a KV mount; \"mount_point\" names the KV mount"
        ));
    }
    if mount.trim_matches('/') != path.mount.trim_matches('/') {
        return Some(format!(
            "the KV mount here is `{mount}`; write it whole in \"mount_point\""
        ));
    }
    let version = match answer.at(&["data", "options", "version"]).and_then(text) {
        Some("2") => KvVersion::Two,
        _ => KvVersion::One,
    };
    (version != settings.kv_version).then(|| {
        format!("`{mount}` is a KV version {version} mount; set \"kv_engine_version\": {version}")
    })
}
