//! What a server answered, read to its end.

use reqwest::header::HeaderMap;
use reqwest::{Response, StatusCode};
use url::Url;
use zeroize::Zeroizing;

use super::error::HttpError;
use crate::python::json::{self, Dict, Value};
use crate::secret::SecretText;

/// The largest answer that is read, in bytes. Vault's own limit for one secret is 1 MiB by default.
pub const MAX_BODY: usize = 32 * 1024 * 1024;

/// What a server answered.
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// Where the answer comes from, redirects followed.
    pub url: Url,
    body: Zeroizing<Vec<u8>>,
}

impl Reply {
    /// Reads an answer to its end.
    ///
    /// # Errors
    /// A cut connection, a time-out, or a body that is too large or holds too much.
    pub(super) async fn read(mut response: Response) -> Result<Self, HttpError> {
        let mut body = Zeroizing::new(Vec::new());
        let cut = |error| HttpError::from_exchange(&error, None);
        while let Some(chunk) = response.chunk().await.map_err(cut)? {
            if body.len() + chunk.len() > MAX_BODY {
                return Err(HttpError::AnswerTooLarge { limit: MAX_BODY });
            }
            body.extend_from_slice(&chunk);
        }
        let is_json = matches!(body.trim_ascii_start().first(), Some(b'{' | b'['));
        if is_json && json::holds_too_many(&body) {
            return Err(HttpError::TooManyValues);
        }
        Ok(Self {
            status: response.status(),
            headers: response.headers().clone(),
            url: response.url().clone(),
            body,
        })
    }

    /// The value of a header, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The bytes of the body.
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// The bytes of the body, for whoever keeps them wiped.
    pub fn into_bytes(self) -> Zeroizing<Vec<u8>> {
        self.body
    }

    /// The body as text, with U+FFFD for what is not UTF-8.
    pub fn text(&self) -> SecretText {
        String::from_utf8_lossy(&self.body).into_owned().into()
    }

    /// The members of the body, if it is a JSON object in UTF-8.
    pub fn members(&self) -> Option<Dict> {
        match json::loads(std::str::from_utf8(&self.body).ok()?) {
            Ok(Value::Dict(members)) => Some(members),
            _ => None,
        }
    }
}
