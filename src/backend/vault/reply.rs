//! What Vault answered, read as requests 2.34 and hvac 2.4.0 read it.
//!
//! The surprising rule: the `charset` of the Content-Type decides, and bytes that are not of it become U+FFFD; nothing but
//! the secret's own text has to be whole.

use reqwest::header::CONTENT_TYPE;
use reqwest::{Response, StatusCode};

use super::error::VaultError;
use crate::error::Result;
use crate::http;
use crate::python::json::{self, JsonError, Problem, Value};
use crate::secret::SecretText;

/// What Vault answered.
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The body, or the charset that it cannot be read in.
    body: Result<SecretText, String>,
}

/// The JSON of an answer.
pub struct Answer {
    /// The whole of it.
    pub value: Value,
    /// Half of a surrogate pair somewhere in it, in whose place U+FFFD stands.
    pub half_surrogate: Option<JsonError>,
}

impl Reply {
    /// Reads an answer to its end.
    ///
    /// # Errors
    /// A cut connection, a time-out, or a body that is too large.
    pub async fn read(response: Response) -> Result<Self> {
        let status = response.status();
        let content_type = response.headers().get(CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let charset = content_type.map(charset_of);
        let body = http::read_body(response).await?;
        Ok(Self {
            status,
            body: decoded(&body, charset.unwrap_or(Charset::Unknown)),
        })
    }

    /// The body as JSON, where Vault says it is: with status 200.
    ///
    /// # Errors
    /// Another status, another charset, or no JSON; each named for what it is.
    pub fn answer(&self) -> Result<Answer, VaultError> {
        let not_vault = VaultError::NotVault {
            status: self.status.as_u16(),
        };
        if self.status != StatusCode::OK {
            return Err(not_vault);
        }
        let body = self.body.as_ref().map_err(|charset| VaultError::Charset {
            charset: charset.clone(),
        })?;
        match json::loads_replacing(body.expose()) {
            Ok((value, half_surrogate)) => Ok(Answer {
                value,
                half_surrogate,
            }),
            Err(error) if is_a_limit(error.problem) => Err(VaultError::Unreadable(error)),
            Err(_) => Err(not_vault),
        }
    }

    /// The body as JSON, for a closer look at what failed.
    pub fn json(&self) -> Option<Value> {
        self.answer().ok().map(|answer| answer.value)
    }

    /// The answer if it is a success, else the error that its status stands for.
    ///
    /// `login` is the path of a login that was asked for.
    pub fn or_error(self, login: Option<&str>, hidden: &[&str]) -> Result<Reply> {
        if self.status.is_success() {
            return Ok(self);
        }
        Err(VaultError::from_status(self.status.as_u16(), self.servers_words(hidden), login).into())
    }

    /// The `errors` of Vault's own error body, without `hidden`; nothing else of a failed body is ever shown.
    fn servers_words(&self, hidden: &[&str]) -> Option<String> {
        let Value::Dict(mut body) = self.any_json()? else {
            return None;
        };
        let Some(Value::List(errors)) = body.shift_remove("errors") else {
            return None;
        };
        let words: Vec<&str> = errors.iter().filter_map(text).collect();
        (!words.is_empty()).then(|| http::servers_words(&words.join("; "), hidden))
    }

    /// What a 404 of KV 2 says of a secret that was there: only then it comes with metadata.
    pub fn deleted_version(&self) -> Option<&'static str> {
        let body = self.any_json()?;
        match body.at(&["data", "metadata", "destroyed"])? {
            Value::Bool(true) => Some("its latest version is destroyed"),
            _ => Some("its latest version is deleted; `vault kv undelete` brings it back"),
        }
    }

    /// The body as JSON, whatever the status.
    fn any_json(&self) -> Option<Value> {
        let body = self.body.as_ref().ok()?;
        let (value, _) = json::loads_replacing(body.expose()).ok()?;
        Some(value)
    }
}

/// JSON that is refused for its size, whoever wrote it.
fn is_a_limit(problem: Problem) -> bool {
    matches!(problem, Problem::IntegerTooLong | Problem::NestedTooDeeply)
}

/// What requests makes of a Content-Type.
#[derive(Debug, PartialEq, Eq)]
enum Charset {
    Ascii,
    Utf8,
    Latin1,
    /// requests guesses; for UTF-8 it guesses right.
    Unknown,
    Other(String),
}

/// `requests.utils.get_encoding_from_headers`
fn charset_of(content_type: &str) -> Charset {
    const AROUND: [char; 3] = ['"', '\'', ' '];
    let (media_type, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    // Of several the last one counts.
    let charset = parameters.rsplit(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_charset = name.trim_matches(AROUND).eq_ignore_ascii_case("charset");
        is_charset.then(|| value.trim_matches(AROUND).to_ascii_lowercase())
    });
    match charset.as_deref() {
        Some("utf-8" | "utf8" | "utf_8") => Charset::Utf8,
        Some("latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" | "iso_8859-1" | "l1") => {
            Charset::Latin1
        }
        Some("ascii" | "us-ascii") => Charset::Ascii,
        Some(other) => Charset::Other(http::servers_words(other, &[])),
        None if media_type.contains("text") => Charset::Latin1,
        None if media_type.contains("application/json") => Charset::Utf8,
        None => Charset::Unknown,
    }
}

/// `Response.text` with `errors="replace"`; the charset's name where it is none that can be read.
fn decoded(body: &[u8], charset: Charset) -> Result<SecretText, String> {
    let each_byte = |character: fn(u8) -> char| -> SecretText {
        body.iter()
            .copied()
            .map(character)
            .collect::<String>()
            .into()
    };
    match charset {
        Charset::Ascii => Ok(each_byte(|byte| match byte {
            0..128 => char::from(byte),
            _ => char::REPLACEMENT_CHARACTER,
        })),
        Charset::Utf8 => Ok(String::from_utf8_lossy(body).into_owned().into()),
        Charset::Latin1 => Ok(each_byte(char::from)),
        Charset::Unknown => {
            let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
            let text = std::str::from_utf8(body).map_err(|_| "unknown".to_owned())?;
            Ok(text.into())
        }
        Charset::Other(name) => Err(name),
    }
}

/// A value's text, if it is text.
pub fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text.expose()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_type_names_a_charset_as_for_requests() {
        for (content_type, expected) in [
            ("application/json", Charset::Utf8),
            ("application/json;charset=UTF-8", Charset::Utf8),
            ("application/json; Charset = \"latin-1\"", Charset::Latin1),
            (
                "application/json; charset=utf8; charset=latin-1",
                Charset::Latin1,
            ),
            ("text/plain; charset=us-ascii", Charset::Ascii),
            ("text/plain", Charset::Latin1),
            ("text/html; charset=utf-8", Charset::Utf8),
            ("application/octet-stream", Charset::Unknown),
            (
                "application/json; charset=utf-16",
                Charset::Other("utf-16".into()),
            ),
        ] {
            assert_eq!(charset_of(content_type), expected, "{content_type}");
        }
    }
}
