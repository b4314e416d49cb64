//! Home directories, as `os.path.expanduser` of CPython 3.11.7 finds them.
//!
//! The surprising rule: `HOME` stands for `~` only; `~user`, the own name included, is looked up in the password file.
//! Users that only a directory service knows are not found, and their `~user` is left as it is.

use std::path::Path;

use super::{Env, EnvError};
use crate::text_file;

const PASSWORD_FILE: &str = "/etc/passwd";
const PASSWORD_FILE_LIMIT: u64 = 16 * 1024 * 1024;

/// The first path part of `text`, `~` or `~user`, replaced by a home directory; `None` when there is nothing to replace.
pub(super) fn expand_user(env: &Env, text: &str) -> Result<Option<String>, EnvError> {
    let Some(after_tilde) = text.strip_prefix('~') else {
        return Ok(None);
    };
    let (user, rest) = after_tilde.split_at(after_tilde.find('/').unwrap_or(after_tilde.len()));
    let home = match (user, env.get("HOME")?) {
        ("", Some(home)) => Some(home.to_owned()),
        ("", None) => home_in_password_file(|entry| entry.user_id == own_user_id()),
        _ => home_in_password_file(|entry| entry.name == user),
    };
    Ok(home.map(|home| join(&home, rest)))
}

/// Python strips the slashes of the home directory and never makes an empty path.
fn join(home: &str, rest: &str) -> String {
    let joined = format!("{}{rest}", home.trim_end_matches('/'));
    if joined.is_empty() {
        "/".to_owned()
    } else {
        joined
    }
}

fn own_user_id() -> String {
    rustix::process::getuid().as_raw().to_string()
}

struct PasswordEntry<'a> {
    name: &'a str,
    user_id: &'a str,
    home: &'a str,
}

fn home_in_password_file(wanted: impl Fn(&PasswordEntry) -> bool) -> Option<String> {
    let text = text_file::read_now(Path::new(PASSWORD_FILE), PASSWORD_FILE_LIMIT).ok()?;
    home_of(&text, wanted)
}

fn home_of(passwords: &str, wanted: impl Fn(&PasswordEntry) -> bool) -> Option<String> {
    let entry = passwords.lines().filter_map(parse_entry).find(wanted)?;
    Some(entry.home.to_owned())
}

fn parse_entry(line: &str) -> Option<PasswordEntry<'_>> {
    let fields: Vec<&str> = line.split(':').collect();
    let [name, _password, user_id, _group_id, _comment, home, _shell] = fields[..] else {
        return None;
    };
    Some(PasswordEntry {
        name,
        user_id,
        home,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWORDS: &str = "root:x:0:0:root:/root:/bin/sh\nbroken\nann:x:7:7::/home/ann:/bin/sh\n";

    #[test]
    fn finds_users_by_name_and_by_id() {
        assert_eq!(
            home_of(PASSWORDS, |e| e.name == "ann").as_deref(),
            Some("/home/ann")
        );
        assert_eq!(
            home_of(PASSWORDS, |e| e.user_id == "0").as_deref(),
            Some("/root")
        );
        assert_eq!(home_of(PASSWORDS, |e| e.name == "bob"), None);
    }

    #[test]
    fn only_a_tilde_at_the_start_stands_for_a_home_directory() {
        let env = Env::from_pairs([("HOME", "/home/ann/")]);
        assert_eq!(
            expand_user(&env, "~/x").unwrap().as_deref(),
            Some("/home/ann/x")
        );
        assert_eq!(
            expand_user(&env, "~").unwrap().as_deref(),
            Some("/home/ann")
        );
        assert_eq!(expand_user(&env, " ~/x").unwrap(), None);
        assert_eq!(expand_user(&env, "~no such user/x").unwrap(), None);
    }

    #[test]
    fn an_empty_home_is_the_root_directory() {
        let env = Env::from_pairs([("HOME", "")]);
        assert_eq!(expand_user(&env, "~").unwrap().as_deref(), Some("/"));
        assert_eq!(expand_user(&env, "~/x").unwrap().as_deref(), Some("/x"));
    }

    #[test]
    fn without_home_the_password_file_is_asked() {
        assert_eq!(
            expand_user(&Env::default(), "~root").unwrap().as_deref(),
            Some("/root")
        );
        assert!(expand_user(&Env::default(), "~").unwrap().is_some());
    }
}
