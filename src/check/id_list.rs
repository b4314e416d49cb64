//! A list of ids in a file: one a line, `conn:ID`, `var:KEY` or `config:KEY`; `#` begins a comment line.

use crate::failure::{Failure, Fault};
use crate::secret_kind::{SecretId, SecretKind};

/// A line of an id list that names no id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} line {line} names no id")]
pub struct IdListError {
    /// The list, as it was named.
    pub name: String,
    /// The line, from 1.
    pub line: usize,
}

impl Fault for IdListError {
    fn failure(&self) -> Failure {
        Failure::Usage
    }

    fn hint(&self) -> Option<String> {
        Some("write one id a line: `conn:ID`, `var:KEY` or `config:KEY`".into())
    }
}

/// The ids of a list that people know as `name`.
///
/// # Errors
/// A line names none.
pub fn ids_in(text: &str, name: &str) -> Result<Vec<SecretId>, IdListError> {
    let lines = text.lines().enumerate();
    lines
        .map(|(index, line)| (index + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(line, text)| {
            id_of(text).ok_or_else(|| IdListError {
                name: name.to_owned(),
                line,
            })
        })
        .collect()
}

fn id_of(line: &str) -> Option<SecretId> {
    let (kind, id) = line.split_once(':')?;
    let kind = match kind {
        "conn" | "connection" => SecretKind::Connection,
        "var" | "variable" => SecretKind::Variable,
        "config" => SecretKind::Config,
        _ => return None,
    };
    (!id.is_empty()).then(|| SecretId::new(kind, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_id_a_line() {
        let ids = ids_in("# ids\nconn:a:b\n\n  variable:x # y\r\nconfig:c\n", "list").unwrap();
        let expected = [
            SecretId::new(SecretKind::Connection, "a:b"),
            SecretId::new(SecretKind::Variable, "x # y"),
            SecretId::new(SecretKind::Config, "c"),
        ];
        assert_eq!(ids, expected);
    }

    #[test]
    fn a_line_without_an_id_is_told_by_its_number() {
        for line in ["smtp_default", "conn:", "secret:x", ":x"] {
            let error = ids_in(&format!("conn:a\n{line}\n"), "`ids.txt`").unwrap_err();
            assert_eq!(error.to_string(), "`ids.txt` line 2 names no id");
        }
    }
}
