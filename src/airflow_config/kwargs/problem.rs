//! What can be wrong with backend kwargs, in words. No problem holds any of the text but names of variables that are set
//! and words of JSON and Python.

use super::LARGEST_TEXT;

/// What is wrong with the text of backend kwargs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KwargsProblem {
    /// More than any kwargs.
    #[error("they are larger than {LARGEST_TEXT} bytes")]
    TooLarge,
    /// White space and nothing else.
    #[error("there is only white space")]
    Blank,
    /// `'{"url": "x"}'`, quotes that a shell would have taken away.
    #[error("the JSON stands in an extra pair of quotes")]
    ExtraQuotes,
    /// `{{"url": "x"}}`
    #[error("the opening brace is doubled")]
    DoubledBrace,
    /// Text that starts with no brace: `url=x`, `"url": "x"`.
    #[error("there is no JSON object in braces")]
    NoBraces,
    /// `url:x`, what a shell leaves of `{"url":"x","token":"y"}`.
    #[error("there is no JSON object in braces, and no quote")]
    BracesEaten,
    /// JSON, but a list, a number, a text or `true`.
    #[error("the JSON is {found}, not an object in braces")]
    NotAnObject {
        /// What it is.
        found: &'static str,
    },
    /// `{"url": $NAME}` where `NAME` is not set.
    #[error("{} stands without quotes and is not set", variable(name))]
    UnsetVariable {
        /// Its name, when it cannot be a part of a secret.
        name: Option<String>,
    },
    /// `{"url": $NAME}` under `--strict`.
    #[error("the variable `${name}` stands without quotes")]
    UnquotedVariable {
        /// Its name.
        name: String,
    },
    /// `{"url": "$NAME"}` where the value of `NAME` holds what JSON cannot have in a string.
    #[error("the value of the variable `${name}` holds {found}")]
    VariableBreaksText {
        /// Its name.
        name: String,
        /// What its value holds.
        found: &'static str,
    },
    /// Several variables that only together make the JSON invalid.
    #[error("with the values of its variables the text is no longer JSON")]
    VariablesBreakText,
    /// `{'url': 'x'}`
    #[error("a single quote where JSON has a double quote")]
    SingleQuote,
    /// `{“url”: “x”}`
    #[error("a typographic quote where JSON has a plain double quote")]
    TypographicQuote,
    /// `{\"url\": \"x\"}`
    #[error("a backslash before the quote")]
    EscapedQuote,
    /// `{"a": 1,}`
    #[error("a comma after the last item")]
    TrailingComma,
    /// `{"a": 1,, "b": 2}`, `{,`
    #[error("a comma with nothing before it")]
    ExtraComma,
    /// `None`, `True`, `False`, or JSON's own in the wrong case.
    #[error("`{found}` where JSON has `{json}`")]
    Constant {
        /// What stands there.
        found: &'static str,
        /// What JSON has instead.
        json: &'static str,
    },
    /// `//`, `/*` or `#`
    #[error("a comment, which JSON does not have")]
    Comment,
    /// U+FEFF before the first brace.
    #[error("a byte order mark (U+FEFF) before the JSON")]
    ByteOrderMark,
    /// A no-break space and the like, which look like a space or like nothing.
    #[error("a character that cannot be seen (U+{code:04X})")]
    InvisibleCharacter {
        /// The character.
        code: u32,
    },
    /// `{"url": http}`
    #[error("a text without quotes")]
    UnquotedText,
    /// `{url: "x"}`
    #[error("a name without quotes")]
    UnquotedName,
    /// `{url: x}`
    #[error("a name without quotes, and no double quote anywhere")]
    QuotesEaten,
    /// `{"url": <your-url>}`
    #[error("a placeholder in angle brackets was not filled in")]
    Placeholder,
    /// `{"url": , ...`
    #[error("a value is missing")]
    MissingValue,
    /// `{"url", ...`
    #[error("the name has no value")]
    NameWithoutValue,
    /// `{"url" = "x"}`
    #[error("`=` where JSON has `:`")]
    EqualsSign,
    /// `{"url" "x"}`
    #[error("`:` is missing after the name")]
    MissingColon,
    /// `{"a": 1 "b": 2}`
    #[error("a comma is missing")]
    MissingComma,
    /// `{"a": "x"y"}`
    #[error("text goes on after a closing quote")]
    TextAfterQuote,
    /// `{"a": [1}`
    #[error("a closing bracket that does not match the opening one")]
    WrongBracket,
    /// `{"a": "x}`
    #[error("the quote that opens here is not closed")]
    UnterminatedText,
    /// A line break, a tab or another control character between quotes.
    #[error("{found} inside a text in quotes")]
    ControlCharacter {
        /// What it is.
        found: &'static str,
    },
    /// `"\x"`
    #[error("a backslash that JSON does not know")]
    BadEscape,
    /// `{"a": 1`
    #[error("the text ends before the JSON is complete")]
    Incomplete,
    /// `{"a": 1}}`
    #[error("one closing brace too many")]
    ExtraBrace,
    /// `{"a": 1} x`
    #[error("text goes on after the closing brace")]
    TextAfterEnd,
    /// More digits than Python reads.
    #[error("a number is too long")]
    NumberTooLong,
    /// Deeper than Python reads.
    #[error("the JSON is nested too deeply")]
    NestedTooDeeply,
    /// More values than memory is kept for.
    #[error("the JSON holds too many values")]
    TooManyValues,
    /// `"\ud800"`
    #[error("a `\\u` escape is half of a pair")]
    HalfSurrogate,
    /// Anything else.
    #[error("a character that JSON cannot have here")]
    Unexpected,
}

fn variable(name: &Option<String>) -> String {
    match name {
        Some(name) => format!("the variable `${name}`"),
        None => "a variable".to_owned(),
    }
}

impl KwargsProblem {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::UnsetVariable { name: Some(name) } => {
                return Some(format!(
                    "set `{name}`, and write \"${name}\" with the double quotes"
                ));
            }
            Self::UnquotedVariable { name } => {
                return Some(format!(
                    "write \"${name}\" with the double quotes; Airflow would ignore these kwargs"
                ));
            }
            Self::VariableBreaksText { name, .. } => {
                return Some(format!(
                    "in the value of `{name}`, escape it as in a JSON string: `\\\"`, `\\\\`, `\\n`"
                ));
            }
            Self::UnsetVariable { name: None } => {
                "set the variable, and put double quotes around it"
            }
            Self::ExtraQuotes => "take the outer quotes away: an env file or Docker keeps them",
            Self::DoubledBrace => "write each brace once, unless a template makes one of two",
            Self::BracesEaten => {
                "a shell split or stripped the braces: put single quotes around the whole"
            }
            Self::QuotesEaten => {
                "a shell may have eaten the double quotes: put single quotes around the whole"
            }
            Self::Placeholder => "write the value in its place, in double quotes",
            Self::NoBraces | Self::NotAnObject { .. } => "write {\"name\": \"value\"}",
            Self::SingleQuote | Self::TypographicQuote => {
                "use double quotes inside the braces, and single quotes around them if a shell reads it"
            }
            Self::EscapedQuote => "take the backslashes away: nothing removes them here",
            Self::TrailingComma | Self::ExtraComma => "take the comma away",
            Self::Comment => "take the comment away",
            Self::ByteOrderMark | Self::InvisibleCharacter { .. } => {
                "take it away; it may have come with copied text"
            }
            Self::UnquotedText | Self::UnquotedName => "put double quotes around it",
            Self::MissingValue => {
                "write the value, or `null`; in an env file an unset variable leaves nothing"
            }
            Self::TextAfterQuote => {
                "write `\\\"` for a quote inside a text, and close every text with a quote"
            }
            Self::MissingComma => {
                "put a comma between the items, or write `\\\"` for a quote inside a text"
            }
            Self::ControlCharacter { .. } => "write `\\n` for a line break and `\\t` for a tab",
            Self::BadEscape => "write `\\\\` for a backslash",
            Self::Incomplete => "look for a missing brace, or a place that cuts long text off",
            Self::UnterminatedText => "close it; or look for a place that cuts long text off",
            Self::ExtraBrace | Self::TextAfterEnd => "take away what follows the object",
            Self::Blank => "write {} for no kwargs, or unset it",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}
