//! Why Airflow cannot use a connection, told without any of its values.

use thiserror::Error;

use crate::airflow_version::AirflowVersion;
use crate::failure::{Failure, Fault};
use crate::nearest::nearest;
use crate::python::json::{JsonError, Value};
use crate::python::urllib::SplitError;

/// Why a value is no connection that Airflow would use.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConnectionError {
    /// Nothing is left after white space is stripped.
    #[error("the value is nothing but white space")]
    OnlyWhiteSpace,
    /// The text starts with `{` and is not JSON.
    #[error("the value starts with `{{` but cannot be read as JSON: {0}")]
    Json(JsonError),
    /// The text is JSON of another kind.
    #[error("the value is JSON of type `{found}`, not an object")]
    NotAnObject {
        /// Python's name of the type.
        found: &'static str,
    },
    /// A key that is no argument of the constructor.
    #[error("{} is not a field of a connection", shown(key.as_deref()))]
    UnknownKey {
        /// The key, if it looks like a name.
        key: Option<String>,
    },
    /// The key `conn_id`, which Airflow gives itself.
    #[error("`conn_id` must not stand in the JSON of a connection")]
    HoldsConnId,
    /// A `uri` and other fields.
    #[error("`uri` cannot stand beside other fields")]
    UriAndFields,
    /// A `uri` in JSON, which the Task SDK of this release does not take.
    #[error("a task of Airflow {version} takes no `uri` in the JSON of a connection")]
    UriInJson {
        /// The release.
        version: AirflowVersion,
    },
    /// An extra in such a `uri`, which no task of this release can read.
    #[error("a task of Airflow {version} cannot read the extra of a `uri` in JSON")]
    ExtraOfUriLost {
        /// The release.
        version: AirflowVersion,
    },
    /// A field that must be text.
    #[error("`{field}` is of type `{found}`, not text")]
    NotText {
        /// The field's name.
        field: &'static str,
        /// Python's name of the type.
        found: &'static str,
    },
    /// A port that is a list or an object, which Airflow writes into the URI as Python shows it.
    #[error("`port`, of type `{found}`, has no form in a URI")]
    PortHasNoForm {
        /// Its type.
        found: &'static str,
    },
    /// A `port` field that is no whole number.
    #[error("`port`, of type `{found}`, is not a whole number")]
    PortNotANumber {
        /// Python's name of the type.
        found: &'static str,
    },
    /// An extra that is not JSON.
    #[error("the extra cannot be read as JSON: {0}")]
    ExtraNotJson(JsonError),
    /// An extra that is JSON of another kind.
    #[error("the extra is JSON of type `{found}`, not an object")]
    ExtraNotAnObject {
        /// Python's name of the type.
        found: &'static str,
    },
    /// A YAML date in the extra.
    #[error("the extra holds a date, which JSON cannot hold")]
    ExtraHoldsDate,
    /// A query value that stops Airflow's JSON reader, instead of being no JSON.
    #[error("a value in the query of the URI is JSON that Airflow cannot read: {0}")]
    QueryValue(JsonError),
    /// More than two `://`.
    #[error("`://` stands in the URI more than twice")]
    TooManySchemes,
    /// User or port between the first and the second `://`.
    #[error("an `@` or `:` stands before the second `://` of the URI")]
    UserBeforeProtocol,
    /// Airflow has the connection, and cannot write its URI.
    #[error("{0}")]
    NoUri(Box<ConnectionError>),
    /// The URI cannot be split.
    #[error("the URI cannot be read: {0}")]
    Uri(#[from] SplitError),
}

impl ConnectionError {
    /// The error for a key, which is only kept if it looks like a name.
    pub(super) fn unknown_key(key: &str) -> Self {
        let is_name = key.len() <= 40
            && key
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        Self::UnknownKey {
            key: (is_name && !key.is_empty()).then(|| key.to_string()),
        }
    }

    /// The error for a value that should be text.
    pub(super) fn not_text(field: &'static str, value: &Value) -> Self {
        Self::NotText {
            field,
            found: value.type_name(),
        }
    }
}

impl ConnectionError {
    /// What to do about a key of a secret of Vault's, where the whole connection may stand under `conn_uri`.
    pub fn hint_in_vault(&self) -> Option<String> {
        let Self::UnknownKey { key: Some(key) } = self else {
            return None;
        };
        let hint = match key.to_ascii_lowercase().as_str() {
            "conn_uri" => {
                "its `conn_uri` is empty, so Airflow reads the secret's keys as fields; write the connection's URI there"
            }
            "value" => "did you mean the key `conn_uri`? (`value` is for variables)",
            key if is_near_conn_uri(key) => "did you mean the key `conn_uri`?",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

impl Fault for ConnectionError {
    fn failure(&self) -> Failure {
        Failure::Malformed
    }

    fn is_own_refusal(&self) -> bool {
        match self {
            Self::Json(error) | Self::ExtraNotJson(error) | Self::QueryValue(error) => {
                error.may_be_read_by_python()
            }
            Self::PortHasNoForm { .. } | Self::ExtraOfUriLost { .. } => true,
            Self::NoUri(error) => error.is_own_refusal(),
            _ => false,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownKey { key: Some(key) } => Some(unknown_key_hint(key)),
            Self::UnknownKey { key: None } => {
                Some(format!("the fields are {}", names(&JSON_FIELDS)))
            }
            Self::HoldsConnId => {
                Some("take it out: the id is the name under which the value is stored".to_string())
            }
            Self::UriAndFields => Some("keep either the `uri` or the other fields".to_string()),
            Self::UriInJson { .. } | Self::ExtraOfUriLost { .. } => {
                Some("store the URI itself, without JSON around it".to_string())
            }
            Self::PortNotANumber { .. } => Some("write a whole number, such as 5432".to_string()),
            Self::NotText { .. } => Some("write it in double quotes".to_string()),
            Self::ExtraNotJson(_) | Self::ExtraNotAnObject { .. } => {
                Some("the extra must be a JSON object, or a text that holds one".to_string())
            }
            Self::ExtraHoldsDate => Some("write the date in quotes".to_string()),
            Self::TooManySchemes | Self::UserBeforeProtocol => Some(
                "escape `://` as `%3A%2F%2F` wherever it does not follow the scheme".to_string(),
            ),
            Self::NoUri(error) => error.hint(),
            Self::Json(error) => error.hint(),
            Self::Uri(error) => Some(split_hint(*error).to_string()),
            _ => None,
        }
    }
}

/// A name that [`Connection::field`](super::Connection::field) does not know.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{name}` is not a field of a connection; the fields are {}", names(&OUTPUT_FIELDS))]
pub struct UnknownField {
    name: String,
}

impl UnknownField {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_string(),
        }
    }

    /// The field that may have been meant.
    pub fn hint(&self) -> Option<String> {
        nearest_field(&self.name, &OUTPUT_FIELDS).map(|field| format!("did you mean `{field}`?"))
    }
}

/// What JSON may hold.
const JSON_FIELDS: [&str; 9] = [
    "conn_type",
    "description",
    "host",
    "login",
    "password",
    "schema",
    "port",
    "extra",
    "uri",
];

/// What can be asked for by name.
pub(super) const OUTPUT_FIELDS: [&str; 10] = [
    "host",
    "login",
    "password",
    "port",
    "schema",
    "conn_type",
    "description",
    "extra",
    "extra.KEY",
    "uri",
];

/// Other tools' words for Airflow's fields.
const OTHER_WORDS: [(&str, &str); 20] = [
    ("user", "login"),
    ("username", "login"),
    ("user_name", "login"),
    ("pass", "password"),
    ("passwd", "password"),
    ("pwd", "password"),
    ("type", "conn_type"),
    ("scheme", "conn_type"),
    ("engine", "conn_type"),
    ("hostname", "host"),
    ("server", "host"),
    ("db", "schema"),
    ("dbname", "schema"),
    ("database", "schema"),
    ("extra_dejson", "extra"),
    ("conn_uri", "uri"),
    ("conn_url", "uri"),
    ("connection_uri", "uri"),
    ("connection_url", "uri"),
    ("url", "uri"),
];

fn unknown_key_hint(key: &str) -> String {
    match nearest_field(key, &JSON_FIELDS) {
        Some(field) => format!("did you mean `{field}`? anything else goes into `extra`"),
        None => format!(
            "the fields are {}; anything else goes into `extra`",
            names(&JSON_FIELDS)
        ),
    }
}

/// Whether a key is nearer to `conn_uri` than to any field.
fn is_near_conn_uri(key: &str) -> bool {
    let names: Vec<&str> = JSON_FIELDS.into_iter().chain(["conn_uri"]).collect();
    nearest_field(key, &JSON_FIELDS) == Some("uri") || nearest(key, &names) == Some("conn_uri")
}

/// The field that another tool's word stands for, or whose name is spelt most alike.
fn nearest_field(name: &str, fields: &[&'static str]) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    if let Some((_, field)) = OTHER_WORDS.iter().find(|(word, _)| *word == name) {
        return Some(field);
    }
    nearest(&name, fields)
}

fn names(fields: &[&str]) -> String {
    fields
        .iter()
        .map(|field| format!("`{field}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn shown(key: Option<&str>) -> String {
    key.map_or_else(|| "a key of the JSON".to_string(), |key| format!("`{key}`"))
}

fn split_hint(error: SplitError) -> &'static str {
    match error {
        SplitError::PortNotANumber | SplitError::PortOutOfRange => {
            "an unescaped `/`, `?`, `#`, `:` or `@` in the user or password often causes this: escape it, `/` as `%2F`, \
             `#` as `%23`; more than one host and port cannot stand in a URI"
        }
        SplitError::UnbalancedBracket | SplitError::NotAnIpv6Address => {
            "brackets are for IPv6 addresses; elsewhere escape `[` as `%5B` and `]` as `%5D`"
        }
        SplitError::DisguisedDelimiter => "percent-encode that character in the user or password",
    }
}
