//! Telling apart what Vault does not: an expired token from a missing policy, an absent secret from a wrong KV version.
//!
//! Every question here is asked only after a lookup has failed, and once however many have, so that a good run sends what
//! Airflow sends and no more.

use super::error::{VaultError, in_namespace};
use super::mismatch::Mismatch;
use super::near_miss;
use super::path::SecretPath;
use super::reply::{self, text};
use super::session::VaultSession;
use crate::deadline::Deadline;
use crate::python::json::Value;
use crate::python::urllib::quote;

/// What a token says of itself, when asked.
enum TokenWord {
    /// It is good, and this is who it is.
    Good { identity: String },
    /// Vault does not take it.
    Refused,
    /// There is no telling.
    Unclear { because: String },
}

/// What a 403 for `api_path` means, by asking the token about itself, and then about the mount.
pub async fn why_forbidden(
    session: &VaultSession,
    api_path: &str,
    said: Option<String>,
    deadline: Deadline,
) -> VaultError {
    let deadline = deadline.for_diagnosis();
    match ask_the_token(session, deadline).await {
        TokenWord::Good { identity } => VaultError::Denied {
            identity,
            path: session.settings().server.place(api_path),
            mismatch: mismatch(session, api_path, deadline).await,
        },
        TokenWord::Refused => refused_token(session, said),
        TokenWord::Unclear { because } => VaultError::Refused { said, because },
    }
}

async fn ask_the_token(session: &VaultSession, deadline: Deadline) -> TokenWord {
    let reply = match session.learn("auth/token/lookup-self", deadline).await {
        Ok(reply) => reply,
        Err(error) => {
            let because = error.to_string();
            return TokenWord::Unclear { because };
        }
    };
    let status = reply.status.as_u16();
    match (status, reply::success(&reply)) {
        (_, Some(token)) => TokenWord::Good {
            identity: identity(session, &token),
        },
        // 401 is the word of a proxy in front, and as clear.
        (401 | 403, None) => TokenWord::Refused,
        (_, None) => TokenWord::Unclear {
            because: format!("`auth/token/lookup-self` was answered with status {status}"),
        },
    }
}

fn refused_token(session: &VaultSession, said: Option<String>) -> VaultError {
    let token = session.token();
    let origin = token.map_or_else(String::new, |token| token.origin.clone());
    let text = token.map_or("", |token| token.text.expose());
    match session.was_accepted() {
        true => VaultError::TokenUsedUp { origin, said },
        false => VaultError::TokenRejected {
            namespace: session.settings().namespace.clone(),
            origin,
            is_quoted: is_quoted(text),
            said,
        },
    }
}

fn is_quoted(text: &str) -> bool {
    let mut inner = ['"', '\'']
        .iter()
        .filter_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote));
    inner.next().is_some()
}

/// A token as its owner would know it: by display name and policies, which are no secrets.
fn identity(session: &VaultSession, token: &Value) -> String {
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
    let namespace = in_namespace(&session.settings().namespace);
    format!("the token `{name}` with the policies [{policies}]{namespace}")
}

/// What of the settings is not as the mount is.
async fn mismatch(session: &VaultSession, api_path: &str, deadline: Deadline) -> Option<Mismatch> {
    let settings = session.settings();
    let path = SecretPath::from_api_path(api_path, settings)?;
    match Mismatch::in_settings(settings, &path) {
        Some(certain) if certain.is_certain() => Some(certain),
        uncertain => match ask_the_mount(session, &path, deadline).await {
            Some(Mount::Other(mismatch)) => Some(mismatch),
            Some(Mount::NotSeen) => match uncertain {
                Some(uncertain) => Some(uncertain),
                None => Some(who_is_there(session, &path, deadline).await),
            },
            Some(Mount::AsAsked) | None => uncertain,
        },
    }
}

/// What stands at a mount.
enum Mount {
    /// What the settings say.
    AsAsked,
    /// Something else.
    Other(Mismatch),
    /// Nothing that this token may see.
    NotSeen,
}

/// What is mounted where a secret was looked for; `None` where there is no telling.
async fn ask_the_mount(
    session: &VaultSession,
    path: &SecretPath,
    deadline: Deadline,
) -> Option<Mount> {
    let place = path.below_mount()?;
    let folder = place
        .rsplit_once('/')
        .map_or(place.as_str(), |(folder, _)| folder);
    let question = format!("sys/internal/ui/mounts/{}", quote(folder, "/"));
    let reply = session.learn(&question, deadline).await.ok()?;
    match (reply.status.as_u16(), reply::success(&reply)) {
        (_, Some(answer)) => Some(match Mismatch::with_mount(session, path, &answer) {
            Some(mismatch) => Mount::Other(mismatch),
            None => Mount::AsAsked,
        }),
        (403, None) => Some(Mount::NotSeen),
        _ => None,
    }
}

async fn who_is_there(session: &VaultSession, path: &SecretPath, deadline: Deadline) -> Mismatch {
    let mounts = session.learn("sys/internal/ui/mounts", deadline).await.ok();
    let mounts = mounts.and_then(|reply| reply::success(&reply));
    Mismatch::without_mount(session, path, mounts.as_ref())
}

/// What may be the matter with a secret that Vault does not have at `api_path`.
pub async fn why_absent(session: &VaultSession, api_path: &str, deadline: Deadline) -> Vec<String> {
    let settings = session.settings();
    let Some(path) = SecretPath::from_api_path(api_path, settings) else {
        return Vec::new();
    };
    if path.below_mount().is_none() {
        return vec!["a `.` or `..` in the path is resolved before Vault sees it, and may lead out of the mount".into()];
    }
    let in_settings = Mismatch::in_settings(settings, &path);
    if let Some(mismatch) = in_settings
        .as_ref()
        .filter(|mismatch| mismatch.is_certain())
    {
        return vec![mismatch.to_string()];
    }
    let mut hints: Vec<String> = in_settings.iter().map(Mismatch::to_string).collect();
    match ask_the_mount(session, &path, deadline).await {
        Some(Mount::Other(mismatch)) => hints.insert(0, mismatch.to_string()),
        Some(Mount::AsAsked) => hints.extend(near_miss::in_folder(session, &path, deadline).await),
        Some(Mount::NotSeen) => hints.push(why_not_seen(session, &path, deadline).await),
        None => {}
    }
    hints
}

/// A mount that is not seen: because the token is no good any more, which its own word tells, or because it is not there.
async fn why_not_seen(session: &VaultSession, path: &SecretPath, deadline: Deadline) -> String {
    match ask_the_token(session, deadline).await {
        TokenWord::Refused => {
            "the token was good for this answer and is not any more, so that nothing else could be asked: its uses (`num_uses`) are used up, or it has just expired".into()
        }
        TokenWord::Good { .. } | TokenWord::Unclear { .. } => {
            who_is_there(session, path, deadline).await.to_string()
        }
    }
}
