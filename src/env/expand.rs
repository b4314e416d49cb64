//! `expand_env_var`: `$NAME`, `${NAME}` and a leading `~`, expanded until nothing changes.
//!
//! Mirrors `airflow._shared.configuration.parser.expand_env_var` of Airflow 3.3.2 over `os.path.expandvars` and
//! `os.path.expanduser` of CPython 3.11.7. The surprising rule: a name that is not set stays as it stands, `$` and all.
//! Where Airflow never stops (`A=$B`, `B=$A`), this is an error.

use std::collections::HashSet;

use zeroize::Zeroizing;

use super::reference::references;
use super::user_home::expand_user;
use super::{Env, EnvError};

/// How many rounds are made before a circle is looked for.
const ROUNDS_BEFORE_DOUBT: usize = 100;
/// Far more than any setting: the kernel passes no single variable of this size.
const LARGEST_TEXT: usize = 1024 * 1024;
/// How many variables an error names when it cannot tell the circle.
const MOST_NAMES: usize = 8;

/// Expands the variables and the home directory in `text`, in Airflow's way.
///
/// An error names the variables that never end, or the one that is not UTF-8.
pub fn expand_env_var(env: &Env, text: &str) -> Result<String, EnvError> {
    let mut before = Zeroizing::new(text.to_owned());
    for _ in 0..most_rounds(env) {
        let expanded = expand_once(env, &before)?;
        if expanded == before {
            return Ok(std::mem::take(&mut *before));
        }
        before = expanded;
    }
    Err(EnvError::EndlessExpansion {
        names: endless_names(env, text),
    })
}

/// A chain is no longer than there are variables, each of which may begin with a `~`: what goes on after that is a circle.
fn most_rounds(env: &Env) -> usize {
    ROUNDS_BEFORE_DOUBT + 2 * env.names().count()
}

fn expand_once(env: &Env, text: &str) -> Result<Zeroizing<String>, EnvError> {
    let expanded = expand_variables(env, text)?;
    Ok(match expand_user(env, &expanded)? {
        Some(with_home) => Zeroizing::new(with_home),
        None => expanded,
    })
}

/// `os.path.expandvars`: one pass from left to right; what a variable brings in is not looked at again.
fn expand_variables(env: &Env, text: &str) -> Result<Zeroizing<String>, EnvError> {
    let mut expanded = Zeroizing::new(String::with_capacity(text.len()));
    let mut copied = 0;
    for reference in references(text) {
        let Some(value) = env.get(reference.name)? else {
            continue;
        };
        expanded.push_str(&text[copied..reference.range.start]);
        expanded.push_str(value);
        copied = reference.range.end;
        if expanded.len() > LARGEST_TEXT {
            return Err(EnvError::ExpansionTooLarge {
                limit: LARGEST_TEXT,
            });
        }
    }
    expanded.push_str(&text[copied..]);
    Ok(expanded)
}

/// The variables to blame for an expansion that does not end.
fn endless_names(env: &Env, text: &str) -> Vec<String> {
    let mentioned = set_names(env, text);
    circle(env, &mentioned).unwrap_or_else(|| {
        let home = text.starts_with('~').then(|| "HOME".to_owned());
        home.into_iter().chain(mentioned).take(MOST_NAMES).collect()
    })
}

/// The variables that `text` refers to and that are set, each once.
fn set_names(env: &Env, text: &str) -> Vec<String> {
    let mut seen = HashSet::new();
    references(text)
        .map(|reference| reference.name)
        .filter(|name| env.is_set(name) && seen.insert(*name))
        .map(str::to_owned)
        .collect()
}

/// A circle of variables that can be reached from `starts`; its first variable stands again at its end.
fn circle(env: &Env, starts: &[String]) -> Option<Vec<String>> {
    let mut finished = HashSet::new();
    // the names on the way to where the search stands, each with the ones it refers to that are still to be tried
    let mut path: Vec<(String, Vec<String>)> = vec![(String::new(), starts.to_vec())];
    while let Some((_, untried)) = path.last_mut() {
        let Some(name) = untried.pop() else {
            finished.extend(path.pop().map(|(name, _)| name));
            continue;
        };
        if let Some(start) = path.iter().position(|(on_path, _)| *on_path == name) {
            let around = path[start..].iter().map(|(name, _)| name.clone());
            return Some(around.chain([name]).collect());
        }
        if !finished.contains(&name) {
            let value = env.get(&name).ok().flatten().unwrap_or_default();
            let next = set_names(env, value);
            path.push((name, next));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(pairs: &[(&str, &str)], text: &str) -> String {
        expand_env_var(&Env::from_pairs(pairs.iter().copied()), text).unwrap()
    }

    fn error(pairs: &[(&str, &str)], text: &str) -> String {
        let env = Env::from_pairs(pairs.iter().copied());
        expand_env_var(&env, text).unwrap_err().to_string()
    }

    #[test]
    fn set_names_are_replaced_and_others_stay() {
        let env = [("FOO", "bar"), ("EMPTY", "")];
        assert_eq!(
            expand(&env, "$FOO ${FOO} $UNSET ${UNSET} [$EMPTY]"),
            "bar bar $UNSET ${UNSET} []"
        );
        assert_eq!(expand(&env, "pa$$w0rd$1 $$FOO"), "pa$$w0rd$1 $bar");
        assert_eq!(expand(&env, "$FOOx${FOO"), "$FOOx${FOO");
    }

    #[test]
    fn expansion_goes_on_until_nothing_changes() {
        assert_eq!(expand(&[("A1", "$A2"), ("A2", "deep")], "$A1"), "deep");
        assert_eq!(expand(&[("A", "$"), ("FOO", "bar")], "${A}FOO"), "bar");
        assert_eq!(expand(&[("P", "~/x"), ("HOME", "/h")], "$P"), "/h/x");
        assert_eq!(expand(&[("P", "~/x"), ("HOME", "/h")], "a$P"), "a~/x");
    }

    #[test]
    fn a_long_chain_has_an_end() {
        let link = |n: usize| (format!("A{n}"), format!("$A{}", n + 1));
        let chain = (1..500).map(link);
        let env = Env::from_pairs(chain.chain([("A500".to_owned(), "end".to_owned())]));
        assert_eq!(expand_env_var(&env, "$A1/x").unwrap(), "end/x");
    }

    #[test]
    fn a_value_that_is_its_own_reference_ends() {
        assert_eq!(expand(&[("X", "$X")], "$X"), "$X");
    }

    #[test]
    fn a_circle_is_an_error_that_names_it() {
        let circle = [("A", "$B"), ("B", "x$C"), ("C", "${A}!"), ("D", "$A")];
        assert_eq!(
            error(&circle, "$D"),
            "environment variables refer to each other without end: `$A` -> `$B` -> `$C` -> `$A`"
        );
        assert_eq!(
            error(&[("X", "$X!")], "$X"),
            "environment variables refer to each other without end: `$X` -> `$X`"
        );
    }

    #[test]
    fn a_home_below_itself_is_endless_too() {
        assert_eq!(
            error(&[("HOME", "~/x")], "~/a"),
            "environment variables refer to each other without end: `$HOME`"
        );
    }

    #[test]
    fn a_text_that_doubles_is_stopped() {
        let message = error(&[("X", "$X$X")], "$X");
        assert_eq!(
            message,
            "expanding `$NAME` makes a text of more than 1048576 bytes"
        );
        let wide = "w".repeat(100_000);
        error(&[("W", &wide)], &"$W".repeat(500_000));
    }

    #[test]
    fn a_value_that_is_not_utf8_is_an_error_only_where_it_is_used() {
        use std::os::unix::ffi::OsStringExt;
        let latin = std::ffi::OsString::from_vec(vec![0xe9]);
        let env = Env::from_os([("LATIN".into(), latin)].into_iter());
        assert_eq!(expand_env_var(&env, "x").unwrap(), "x");
        assert!(matches!(
            expand_env_var(&env, "$LATIN"),
            Err(EnvError::NotUtf8 { .. })
        ));
    }
}
