//! Names in Vault that may have been meant, found by LIST where the token may list.
//!
//! Vault compares names to the letter: case, blanks and all.

use super::path::SecretPath;
use super::reply::{self, text};
use super::session::VaultSession;
use crate::deadline::Deadline;
use crate::nearest::nearest;
use crate::python::json::Value;

/// How many folders are listed at most, from the secret's own upwards.
const FOLDERS: usize = 3;
/// How many names are compared at most.
const COMPARED: usize = 10_000;
/// How many folders are named at most.
const NAMED: usize = 5;

/// A name that may have been meant in place of one on the way to `path`.
pub async fn in_folder(
    session: &VaultSession,
    path: &SecretPath,
    deadline: Deadline,
) -> Option<String> {
    let (mut folder, mut wanted) = path.split_last();
    for depth in 0..FOLDERS {
        let question = folder.list_api_path(session.settings().kv_version);
        let reply = session.learn(&question, deadline).await.ok()?;
        let place = folder.below_mount()?;
        let shown = place.trim_end_matches('/');
        match (reply.status.as_u16(), reply::success(&reply)) {
            (_, Some(answer)) => {
                return hint(session, shown, &wanted, depth == 0, &names(&answer));
            }
            (404, None) if !folder.path.is_empty() => (folder, wanted) = folder.split_last(),
            (403, None) => return unlisted(shown, &wanted),
            _ => return None,
        }
    }
    None
}

fn names(answer: &Value) -> Vec<&str> {
    match answer.at(&["data", "keys"]) {
        Some(Value::List(keys)) => keys.iter().filter_map(text).take(COMPARED).collect(),
        _ => Vec::new(),
    }
}

/// What a folder that is there tells of a name that is not in it.
fn hint(
    session: &VaultSession,
    folder: &str,
    wanted: &str,
    is_secret: bool,
    names: &[&str],
) -> Option<String> {
    if let Some(near) = similar(wanted, names) {
        let near = session.servers_words(near);
        return Some(format!(
            "`{folder}/` has `{near}`; Vault wants the very same name, case and blanks included"
        ));
    }
    if is_secret {
        return None;
    }
    let folders = names.iter().filter(|name| name.ends_with('/')).take(NAMED);
    let folders: Vec<String> = folders
        .map(|name| format!("`{}`", session.servers_words(name)))
        .collect();
    (!folders.is_empty()).then(|| {
        format!(
            "`{folder}/` has no folder `{wanted}/`; it has {}",
            folders.join(", ")
        )
    })
}

/// The name that only case, blanks or a slash keep apart from `wanted`, else the one most like it.
fn similar<'a>(wanted: &str, names: &[&'a str]) -> Option<&'a str> {
    let folded = |name: &str| name.trim_end_matches('/').trim().to_lowercase();
    let is_same = |name: &&&str| folded(name) == folded(wanted);
    let same = names.iter().find(is_same).copied();
    same.or_else(|| nearest(wanted, names))
        .filter(|name| *name != wanted)
}

/// What can be said of a name without a look into its folder: only what it does not look like everybody's.
fn unlisted(folder: &str, wanted: &str) -> Option<String> {
    let is_plain = wanted.trim() == wanted && wanted.to_lowercase() == wanted;
    (!is_plain).then(|| {
        format!(
            "Vault's names are told apart by case and blanks, and this token may not list `{folder}/` to see which there are"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_may_have_been_meant() {
        let names = ["SMTP_default", "aws_default", "hello", "team/", "x"];
        for (wanted, expected) in [
            ("smtp_default", Some("SMTP_default")),
            ("hello ", Some("hello")),
            ("helo", Some("hello")),
            ("Team", Some("team/")),
            ("aws_defualt", Some("aws_default")),
            ("zzz", None),
            ("x", None),
        ] {
            assert_eq!(similar(wanted, &names), expected, "{wanted}");
        }
        assert_eq!(similar(&"hello".repeat(100), &names), None);
    }
}
