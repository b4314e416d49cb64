//! The `.env` format of `LocalFilesystemBackend` (`_parse_env_file` of Airflow 3.3.2).
//!
//! The surprising rule: it is not the format of other `.env` files: no `export`, no quotes, no comment after a value, no
//! space trimmed, and not one line of nothing but spaces.

use indexmap::IndexMap;
use thiserror::Error;

use crate::airflow_version::AirflowVersion;
use crate::python::json::MAX_VALUES;
use crate::python::text::{is_space, splitlines};
use crate::secret::SecretText;

/// Every value of each key, in order.
pub(super) type EnvEntries = IndexMap<String, Vec<EnvValue>>;

pub(super) struct EnvValue {
    pub text: SecretText,
    /// The line, from 1.
    pub line: usize,
}

/// What a line lacks to be an assignment that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MissingPart {
    /// A `=`, in a line that is neither empty nor a comment.
    #[error("there is no `=`")]
    EqualSign,
    /// Something before the `=`.
    #[error("there is no key before the `=`")]
    Key,
    /// Something after the `=`.
    #[error("there is no value after the `=`")]
    Value,
    /// Room for it: Airflow has no such limit.
    #[error("more than {MAX_VALUES} lines are assignments")]
    Room,
}

impl MissingPart {
    pub(super) fn hint(self) -> &'static str {
        match self {
            Self::EqualSign => {
                "Airflow wants `KEY=VALUE` in one line; not even a line of spaces is allowed"
            }
            Self::Key => "write the id before the `=`",
            Self::Room => "split the file",
            Self::Value => "Airflow has no empty values in this format; JSON and YAML do",
        }
    }
}

/// Reads the whole text, up to the first bad line, which is named from 1.
pub(super) fn parse(
    text: &str,
    version: AirflowVersion,
) -> Result<EnvEntries, (usize, MissingPart)> {
    let mut entries = EnvEntries::new();
    let mut assignments = 0;
    for (line, content) in (1..).zip(splitlines(text)) {
        if content.is_empty() || is_comment(content, version) {
            continue;
        }
        let (key, value) = assignment(content, version).map_err(|problem| (line, problem))?;
        assignments += 1;
        if assignments > MAX_VALUES {
            return Err((line, MissingPart::Room));
        }
        let value = EnvValue {
            text: value.into(),
            line,
        };
        entries.entry(key.to_owned()).or_default().push(value);
    }
    Ok(entries)
}

/// `COMMENT_PATTERN`
fn is_comment(line: &str, version: AirflowVersion) -> bool {
    let is_indent = |c: char| match version.has_ascii_comments() {
        true => matches!(c, ' ' | '\t'), // re2 knows more, but they end a line
        false => is_space(c),
    };
    line.trim_start_matches(is_indent).starts_with('#')
}

fn assignment(line: &str, version: AirflowVersion) -> Result<(&str, &str), MissingPart> {
    match line.split_once('=') {
        None => Err(MissingPart::EqualSign),
        Some(("", _)) if version.refuses_empty_key() => Err(MissingPart::Key),
        Some((_, "")) => Err(MissingPart::Value),
        Some(assignment) => Ok(assignment),
    }
}
