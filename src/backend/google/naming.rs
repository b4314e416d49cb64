//! The names of secrets: how Airflow builds them, and which ones Secret Manager can hold at all.
//!
//! The surprising rule: the id is neither escaped nor checked, so an id with a dot or a slash makes a name that no secret can
//! have. The server would call it an invalid argument, which Airflow takes for absent.

use crate::python::urllib::quote;

/// The longest id of a secret, in characters.
const LONGEST: usize = 255;

/// `BaseSecretsBackend.build_path`; an empty prefix keeps its separator.
pub(super) fn secret_id(prefix: &str, sep: &str, id: &str) -> String {
    format!("{prefix}{sep}{id}")
}

/// Python's `re.match("^[a-zA-Z0-9-_]*$", text)`, whose `$` lets one newline pass at the end.
pub(super) fn matches_pattern(text: &str) -> bool {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.bytes().all(is_allowed)
}

/// Why no secret can have this id, if none can.
pub(super) fn why_impossible(secret_id: &str) -> Option<String> {
    let possible = secret_id.bytes().all(is_allowed) && secret_id.len() <= LONGEST;
    (!possible).then(|| {
        format!("no secret can have this name: Secret Manager takes letters, digits, `-` and `_`, at most {LONGEST} of them")
    })
}

fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// `CloudSecretManagerBackend._names_a_team_namespace` in multi-team mode.
pub(super) fn names_a_team(id: &str) -> bool {
    id.contains("--")
}

/// The resource as Google's own tools write it; without a project it is the one of this machine.
pub(super) fn place(project: Option<&str>, secret_id: &str) -> String {
    match project {
        Some(project) => format!("projects/{project}/secrets/{secret_id}/versions/latest"),
        None => format!("secrets/{secret_id}/versions/latest in the project of this machine"),
    }
}

/// The path of a secret below the API's address. A project may hold a `:`, as in `example.com:name`.
pub(super) fn api_path(project: &str, secret_id: &str) -> String {
    format!(
        "/v1/projects/{}/secrets/{}",
        quote(project, ":"),
        quote(secret_id, "")
    )
}

/// Names that a person may have given the secret instead: another separator, `_` for `-` or the other way round, no prefix.
pub(super) fn look_alikes(prefix: &str, sep: &str, id: &str) -> Vec<String> {
    let asked = secret_id(prefix, sep, id);
    let (dashes, underscores) = (id.replace('_', "-"), id.replace('-', "_"));
    let candidates = [
        secret_id(prefix, sep, &dashes),
        secret_id(prefix, sep, &underscores),
        secret_id(prefix, if sep == "-" { "_" } else { "-" }, id),
        secret_id(&prefix.replace('-', "_"), "_", &underscores),
        id.to_owned(),
    ];
    let mut names: Vec<String> = Vec::new();
    for name in candidates {
        if name != asked && why_impossible(&name).is_none() && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}
