//! Why text is not JSON, told without the text (`json.decoder.JSONDecodeError`, CPython 3.11.7).
//!
//! The surprising rule: `json.loads` raises a plain ValueError or a RecursionError for some text, and callers that only
//! catch JSONDecodeError then fail where they would have recovered.

use thiserror::Error;

use super::size::MAX_VALUES;

/// What is wrong with the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Problem {
    /// A byte order mark before the first value.
    #[error("it starts with a byte order mark")]
    ByteOrderMark,
    /// No value where one is due.
    #[error("expecting a value")]
    ExpectingValue,
    /// No key where one is due: a trailing comma, a bare word, single quotes.
    #[error("expecting a property name in double quotes")]
    ExpectingPropertyName,
    /// No colon after a key.
    #[error("expecting `:`")]
    ExpectingColon,
    /// Neither a comma nor the end of the object or array after a value.
    #[error("expecting `,`")]
    ExpectingComma,
    /// A string without its closing quote; the place is its opening quote.
    #[error("unterminated string")]
    UnterminatedString,
    /// A raw control character, such as a line break, inside a string.
    #[error("control character in a string")]
    ControlCharacter,
    /// A backslash before a character that cannot be escaped.
    #[error("invalid `\\` escape")]
    InvalidEscape,
    /// `\u` without four hexadecimal digits; the place is the `u`.
    #[error("invalid `\\u` escape")]
    InvalidUnicodeEscape,
    /// More text after the value.
    #[error("extra data after the value")]
    ExtraData,
    /// A whole number of more digits than Python reads.
    #[error("a whole number has more than 4300 digits")]
    IntegerTooLong,
    /// Objects and arrays nested deeper than Python reads.
    #[error("objects and arrays are nested too deeply")]
    NestedTooDeeply,
    /// More values than are kept in memory; the place is the start.
    #[error("it holds more than {MAX_VALUES} values")]
    TooManyValues,
    /// Half of a surrogate pair. Python makes a string of it, but no text encoding can hold that string.
    #[error("a `\\u` escape is half of a surrogate pair")]
    UnpairedSurrogate,
}

/// A problem and where it is. It never holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{problem} at line {line} column {column}")]
pub struct JsonError {
    /// What is wrong.
    pub problem: Problem,
    /// Where, in bytes from the start of the text.
    pub offset: usize,
    line: usize,
    column: usize,
}

impl JsonError {
    /// `offset` must be on a character boundary of `text`.
    pub(super) fn new(problem: Problem, text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let last_line = before.rsplit('\n').next().unwrap_or(before);
        Self {
            problem,
            offset,
            line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: last_line.chars().count() + 1,
        }
    }

    /// The line, from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The column in characters, from 1.
    pub fn column(&self) -> usize {
        self.column
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self.problem {
            Problem::ByteOrderMark => "save it as UTF-8 without a byte order mark",
            Problem::ExpectingValue => {
                "JSON wants double quotes around text, and no comma after the last value"
            }
            Problem::ExpectingPropertyName => {
                "JSON wants double quotes around names, and no comma before `}`"
            }
            Problem::ControlCharacter => "write a line break as `\\n` and a tab as `\\t`",
            Problem::InvalidEscape => "write a backslash as `\\\\`",
            _ => return None,
        };
        Some(hint.to_string())
    }

    /// Whether Python may read the text all the same: it holds half a surrogate pair, nests a little deeper and has no limit of values.
    pub fn may_be_read_by_python(&self) -> bool {
        matches!(
            self.problem,
            Problem::UnpairedSurrogate | Problem::NestedTooDeeply | Problem::TooManyValues
        )
    }

    /// Whether Python raises JSONDecodeError; it raises another exception, or none, for the rest.
    pub fn is_decode_error(&self) -> bool {
        !matches!(
            self.problem,
            Problem::IntegerTooLong
                | Problem::NestedTooDeeply
                | Problem::TooManyValues
                | Problem::UnpairedSurrogate
        )
    }
}
