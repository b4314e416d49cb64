//! What Vault answered, read as requests 2.34 and hvac 2.4.0 read it, and how its own answers are told from anybody else's.
//!
//! The surprising rule: the `charset` of the Content-Type decides, and bytes that are not of it become U+FFFD; nothing but
//! the secret's own text has to be whole.

use reqwest::header::CONTENT_TYPE;

use crate::http::{self, Reply};
use crate::python::json::{self, JsonError, Problem, Value};
use crate::secret::SecretText;

/// The JSON of an answer.
pub struct Json {
    /// The whole of it.
    pub value: Value,
    /// Half of a surrogate pair somewhere in it, in whose place U+FFFD stands.
    pub half_surrogate: Option<JsonError>,
}

/// Why an answer could not be read as JSON.
pub enum Unread {
    /// It is in a charset that is not read.
    Charset(String),
    /// It is JSON beyond what is read.
    TooMuch(JsonError),
    /// It is something else.
    NotJson,
}

/// The body as JSON, whatever the status.
///
/// # Errors
/// Another charset, or not JSON.
pub fn json(reply: &Reply) -> Result<Json, Unread> {
    let charset = content_type(reply).map_or(Charset::Unknown, charset_of);
    let body = decoded(reply.bytes(), charset).map_err(Unread::Charset)?;
    match json::loads_replacing(body.expose()) {
        Ok((value, half_surrogate)) => Ok(Json {
            value,
            half_surrogate,
        }),
        Err(error) if is_a_limit(error.problem) => Err(Unread::TooMuch(error)),
        Err(_) => Err(Unread::NotJson),
    }
}

/// The JSON of an answer that says yes.
pub fn success(reply: &Reply) -> Option<Value> {
    let is_success = reply.status == reqwest::StatusCode::OK;
    is_success.then(|| Some(json(reply).ok()?.value)).flatten()
}

/// The `errors` of Vault's own error body, which is empty where Vault has no more to say; `None` for a body that Vault does not
/// write.
pub fn errors(reply: &Reply) -> Option<Vec<String>> {
    texts(json(reply).ok()?.value.at(&["errors"])?)
}

/// The `warnings` of an answer without data, which is how a mount of version 2 answers to a path of version 1; `None` for a body
/// that Vault does not write.
pub fn warnings(reply: &Reply) -> Option<Vec<String>> {
    let body = json(reply).ok()?.value;
    body.at(&["request_id"]).and_then(text)?;
    match (body.at(&["data"])?, body.at(&["warnings"])?) {
        (Value::None, Value::None) => Some(Vec::new()),
        (Value::None, warnings) => texts(warnings),
        _ => None,
    }
}

/// A list of texts.
fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::List(items) => items
            .iter()
            .map(|item| text(item).map(str::to_owned))
            .collect(),
        _ => None,
    }
}

/// What a 404 of KV 2 says of a secret that was there: only then it comes with metadata.
pub fn deleted_version(reply: &Reply) -> Option<&'static str> {
    let body = json(reply).ok()?.value;
    match body.at(&["data", "metadata", "destroyed"])? {
        Value::Bool(true) => Some("its latest version is destroyed"),
        _ => Some("its latest version is deleted; `vault kv undelete` brings it back"),
    }
}

/// The media type of an answer, if it looks like one.
pub fn media_type(reply: &Reply) -> Option<&str> {
    let (media_type, _) = content_type(reply)?
        .split_once(';')
        .unwrap_or((content_type(reply)?, ""));
    let is_of_a_type = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '+' | '.');
    let media_type = media_type.trim();
    (media_type.len() <= 64 && media_type.chars().all(is_of_a_type)).then_some(media_type)
}

/// Whether a server that wants TLS says so to a request without: Go's own words, which Vault sends, and nginx's.
pub fn wants_tls(reply: &Reply) -> bool {
    const WORDS: [&str; 2] = [
        "Client sent an HTTP request to an HTTPS server",
        "The plain HTTP request was sent to HTTPS port",
    ];
    let body = reply.text();
    let says = |words: &&str| body.expose().contains(*words);
    reply.status.as_u16() == 400 && WORDS.iter().any(says)
}

fn content_type(reply: &Reply) -> Option<&str> {
    reply.headers.get(CONTENT_TYPE)?.to_str().ok()
}

/// JSON that is refused for its size, whoever wrote it.
fn is_a_limit(problem: Problem) -> bool {
    matches!(
        problem,
        Problem::IntegerTooLong | Problem::NestedTooDeeply | Problem::TooManyValues
    )
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
