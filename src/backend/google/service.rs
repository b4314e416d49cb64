//! What Secret Manager answers, and what Airflow makes of it.
//!
//! The surprising rule: protocol buffers in JSON leave out what is empty, so a secret that holds nothing has no `data`.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use zeroize::Zeroizing;

use super::credentials::servers_words;
use crate::backend::{Answer, Secret};
use crate::http::Reply;
use crate::python::json::{Dict, Value};
use crate::secret::SecretText;

/// An answer that is neither a value nor Airflow's "no such secret".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// One of Google's error codes.
    Error {
        /// The HTTP status.
        status: u16,
        /// The code by name, such as `PERMISSION_DENIED`.
        code: String,
        /// `reason` of an `ErrorInfo`, such as `SERVICE_DISABLED`.
        reason: Option<String>,
        /// Google's words.
        said: Option<String>,
    },
    /// Something else than Secret Manager answered.
    Foreign(u16),
    /// The value is not UTF-8 text.
    NotText,
}

/// Reads the answer to `AccessSecretVersion`. `hidden` never shows.
///
/// # Errors
/// Everything but a value, `NOT_FOUND` and `INVALID_ARGUMENT`, which `_SecretManagerClient.get_secret` returns `None` for.
pub(super) fn read(reply: &Reply, hidden: &[&str]) -> Result<Answer, Refusal> {
    let status = reply.status.as_u16();
    let members = reply.members().unwrap_or_default();
    if status == 200 {
        return value_in(&members).map(|text| Answer::Found(Secret::Text(text)));
    }
    let Some(Value::Dict(error)) = members.get("error") else {
        return Err(foreign(status));
    };
    let said = servers_words(reply, hidden);
    let code = text(error, "status").map_or_else(|| code_of(status).to_owned(), str::to_owned);
    match code.as_str() {
        "NOT_FOUND" => Ok(Answer::Absent(None)),
        "INVALID_ARGUMENT" => Ok(Answer::Absent(said)),
        _ => Err(Refusal::Error {
            status,
            code,
            reason: reason(error),
            said,
        }),
    }
}

/// An outage is told by the status alone, whoever answers.
fn foreign(status: u16) -> Refusal {
    match status {
        429 | 500..=599 => Refusal::Error {
            status,
            code: code_of(status).to_owned(),
            reason: None,
            said: None,
        },
        _ => Refusal::Foreign(status),
    }
}

/// `payload.data`: base64 of UTF-8, absent where it is empty.
fn value_in(members: &Dict) -> Result<SecretText, Refusal> {
    let foreign = Refusal::Foreign(200);
    let (Some(Value::Dict(payload)), Some(_)) = (members.get("payload"), text(members, "name"))
    else {
        return Err(foreign);
    };
    let data = match payload.get("data") {
        None => return Ok(SecretText::default()),
        Some(Value::Text(data)) => data.expose(),
        Some(_) => return Err(foreign),
    };
    let bytes = STANDARD.decode(data).or_else(|_| URL_SAFE.decode(data));
    let bytes = Zeroizing::new(bytes.map_err(|_| foreign)?);
    let value = std::str::from_utf8(&bytes).map_err(|_| Refusal::NotText)?;
    Ok(value.into())
}

/// `reason` of the first `ErrorInfo` among the details.
fn reason(error: &Dict) -> Option<String> {
    let Some(Value::List(details)) = error.get("details") else {
        return None;
    };
    let reason = details.iter().find_map(|detail| match detail {
        Value::Dict(detail) => text(detail, "reason"),
        _ => None,
    });
    reason.map(str::to_owned)
}

fn text<'a>(members: &'a Dict, name: &str) -> Option<&'a str> {
    members.get(name)?.as_text().map(SecretText::expose)
}

/// The code that goes with a status where the error does not name one.
fn code_of(status: u16) -> &'static str {
    match status {
        400 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        500..=599 => "UNAVAILABLE",
        _ => "UNKNOWN",
    }
}
