//! Why text is not YAML that PyYAML loads, told without the text.
//!
//! The surprising rule: neither an anchor nor a tag is ever named, since a password that begins with `*`, `&` or `!`
//! and stands without quotes is read as one.

use thiserror::Error;

use super::{MAX_DEPTH, MAX_INT_DIGITS, MAX_MERGED, MAX_SIZE, MAX_SIZE_OF_ALL, MAX_TAG_DIRECTIVES};
use crate::python::json::MAX_VALUES;

/// A problem and the line it is in. It never holds any of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{problem} (line {line})")]
pub struct YamlError {
    /// What is wrong.
    pub problem: Problem,
    /// The line, from 1.
    pub line: usize,
}

/// What is wrong with the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Problem {
    /// It does not follow YAML's grammar, in libyaml's words.
    #[error("{0}")]
    Syntax(&'static str),
    /// A character that YAML does not allow, such as NUL.
    #[error("a control character")]
    ControlCharacter,
    /// `[!tag, x]`: valid, but the YAML parser in use cannot read it.
    #[error("a `!` tag with a comma right after it")]
    TagBeforeComma,
    /// A second `---` document.
    #[error("a second YAML document, where one is expected")]
    SecondDocument,
    /// `*name` without `&name` before it.
    #[error("an alias (`*`) of an anchor that is not defined")]
    UndefinedAlias,
    /// `&name` twice.
    #[error("an anchor (`&`) that is defined twice")]
    DuplicateAnchor,
    /// A tag that `safe_load` does not know, `<<` or `=` where no key is.
    #[error("a tag (`!`, or a bare `<<` or `=`) that `yaml.safe_load` does not know")]
    UnknownTag,
    /// A tag on the wrong kind of node, such as `!!int [1]`.
    #[error("a tag (`!`) that does not fit: {expected} is expected")]
    WrongNode {
        /// `a scalar`, `a sequence`, `a mapping` or `a mapping of one key`.
        expected: &'static str,
    },
    /// Text that the tag says, or that looks like, a number, date or the like, and is none.
    #[error("text that is read as a `{type_name}`, and is none")]
    NotA {
        /// Python's name of the type.
        type_name: &'static str,
    },
    /// A whole number of more digits than Python writes.
    #[error("a whole number of more than {MAX_INT_DIGITS} digits")]
    IntegerTooLong,
    /// A list, dict or set as a key.
    #[error("a key that is a `{type_name}`, which Python cannot hash")]
    UnhashableKey {
        /// Python's name of the type.
        type_name: &'static str,
    },
    /// `<<` with something else than a mapping or a list of mappings.
    #[error("`<<` merges something that is not a mapping")]
    MergeOfNoMapping,
    /// A mapping that merges itself.
    #[error("a mapping that merges itself (`<<`)")]
    MergesItself,
    /// Merges that multiply beyond any use.
    #[error("`<<` makes more than {MAX_MERGED} entries")]
    TooManyMerged,
    /// More values than are kept in memory.
    #[error("it holds more than {MAX_VALUES} values")]
    TooManyValues,
    /// More `%TAG` lines than anybody writes.
    #[error("more than {MAX_TAG_DIRECTIVES} lines begin with `%TAG`")]
    TooManyTagDirectives,
    /// Lists and mappings nested too deeply.
    #[error("lists and mappings are nested more than {MAX_DEPTH} deep")]
    NestedTooDeeply,
    /// A list or mapping inside itself.
    #[error("a list or mapping that holds itself")]
    HoldsItself,
    /// Aliases that multiply beyond any use.
    #[error("with its aliases (`*`) in full the value is larger than {MAX_SIZE} bytes")]
    TooLarge,
    /// The same of all values of a document together.
    #[error("with their aliases (`*`) in full the values are larger than {MAX_SIZE_OF_ALL} bytes")]
    AllTooLarge,
    /// A type that JSON has no form for.
    #[error("a Python `{type_name}`, which has no form in JSON")]
    NoJsonForm {
        /// Python's name of the type.
        type_name: &'static str,
    },
    /// Keys that are different to Python and the same text in JSON, such as `1` and `'1'`.
    #[error("two keys that JSON writes alike")]
    KeysAlike,
    /// A date or bytes as a key inside a value.
    #[error("a key that is a `{type_name}`, which JSON does not allow")]
    NoJsonKey {
        /// Python's name of the type.
        type_name: &'static str,
    },
}

impl YamlError {
    pub(super) fn new(problem: Problem, line: usize) -> Self {
        Self { problem, line }
    }

    /// Whether PyYAML may load the text all the same: what it loads cannot be told in JSON, or is larger than it should be.
    pub fn may_be_read_by_python(&self) -> bool {
        let has_no_form_here = matches!(
            self.problem,
            Problem::MergesItself
                | Problem::HoldsItself
                | Problem::KeysAlike
                | Problem::IntegerTooLong
                | Problem::NoJsonForm { .. }
                | Problem::NoJsonKey { .. }
        );
        has_no_form_here || self.is_a_limit()
    }

    /// Whether it is more than is kept in memory here.
    pub fn is_a_limit(&self) -> bool {
        matches!(
            self.problem,
            Problem::TooManyMerged
                | Problem::TooManyValues
                | Problem::TooManyTagDirectives
                | Problem::NestedTooDeeply
                | Problem::TooLarge
                | Problem::AllTooLarge
        )
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self.problem {
            Problem::Syntax(_) => {
                "check that this line is indented as the one before it, or put quotes around a value that begins with one of ``!&*@`%|>{[`` or holds `: ` or ` #`"
            }
            Problem::UndefinedAlias | Problem::DuplicateAnchor | Problem::UnknownTag => {
                "put quotes around a value that begins with one of ``!&*@`%|>{[`` or holds `: ` or ` #`"
            }
            Problem::TagBeforeComma => "write a space before the comma, or quotes around the value",
            Problem::NotA { .. } => "put quotes around a value that is meant as text",
            Problem::SecondDocument => "remove the line `---`",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}
