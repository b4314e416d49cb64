//! One logged-in session with a Vault server: requests as hvac's adapter sends them, with the provider's retries.
//!
//! The surprising rule: a login carries `X-Vault-Token` when the environment or `~/.vault-token` has a token.

use reqwest::Method;
use reqwest::header::HeaderMap;

use super::error::VaultError;
use super::header;
use super::reply::Reply;
use super::settings::Settings;
use crate::error::Result;
use crate::http::{self, Client, Deadline, RetryRule};
use crate::python::json::{self, Value};
use crate::secret::SecretText;
use crate::trace::Trace;

/// `Retry(total=3, backoff_factor=0.1, status_forcelist=[412, 500, 502, 503])` of `_VaultClient._client`.
const RETRIES: RetryRule = RetryRule {
    retries: 3,
    backoff: std::time::Duration::from_millis(100),
    statuses: &[412, 500, 502, 503],
};

/// A client with the token it shows.
pub struct Session {
    http: Client,
    settings: Settings,
    token: Option<SecretText>,
    /// Where the token comes from, in words.
    token_origin: String,
    /// What was sent before this token, and must not come back into sight.
    spent: Vec<SecretText>,
    trace: Trace,
}

impl Session {
    /// A session that shows `token`, the one that hvac starts with, or none.
    pub fn new(http: Client, settings: Settings, token: Option<SecretText>, trace: Trace) -> Self {
        Self {
            http,
            settings,
            token: token.filter(|token| !token.expose().is_empty()),
            token_origin: "`VAULT_TOKEN` or `~/.vault-token`".into(),
            spent: Vec::new(),
            trace,
        }
    }

    /// The same client showing another token.
    pub fn with_token(mut self, token: Option<SecretText>) -> Self {
        self.spent.extend(self.token.take());
        self.token = token.filter(|token| !token.expose().is_empty());
        self.token_origin = self.settings.token_origin();
        self
    }

    /// Keeps what is about to be sent out of everything that the server says from now on.
    pub fn hide(&mut self, secrets: impl IntoIterator<Item = SecretText>) {
        self.spent.extend(secrets);
    }

    /// Whether there is a token to show.
    pub fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// What must not appear in anything the server says.
    pub fn hidden(&self) -> Vec<&str> {
        let mut hidden = self.settings.auth.secrets();
        hidden.extend(self.token.iter().chain(&self.spent).map(SecretText::expose));
        hidden.extend(self.settings.server.secrets());
        hidden
    }

    /// Names and other short words of the server's, fit to be shown.
    pub fn servers_words(&self, words: &str) -> String {
        http::servers_words(words, &self.hidden())
    }

    /// Sends one request, again where the provider would, until `deadline`.
    ///
    /// # Errors
    /// No answer, or a body that cannot be read. Every status is an answer.
    pub async fn send(
        &self,
        method: Method,
        api_path: &str,
        body: Option<&Value>,
        deadline: Deadline,
    ) -> Result<Reply> {
        let url = self.settings.server.url(api_path);
        let url = url.ok_or_else(|| VaultError::NotAPath {
            path: self.settings.server.place(api_path),
        })?;
        let headers = self.headers()?;
        let request = || {
            let request = self.http.request(method.clone(), url.clone());
            let request = request
                .headers(headers.clone())
                .timeout(deadline.left().min(self.settings.http.timeout));
            match body {
                Some(body) => request
                    .header("Content-Type", "application/json")
                    .body(json::dumps(body)),
                None => request,
            }
        };
        let tell = |result: &str| self.tell(&method, api_path, result);
        let sent = RETRIES.send(&self.http, &method, deadline, request, tell);
        Reply::read(sent.await?).await
    }

    /// The headers of hvac's adapter, and the one that requests makes of a user in the address.
    fn headers(&self) -> Result<HeaderMap, VaultError> {
        let settings = &self.settings;
        let mut headers = HeaderMap::new();
        let mut insert = |name: &'static str, text: &str, what: &dyn Fn() -> String| {
            let value =
                header::value(text).ok_or_else(|| VaultError::NotAHeader { what: what() })?;
            headers.insert(name, value);
            Ok(())
        };
        if settings.request_header {
            insert("x-vault-request", "true", &String::new)?;
        }
        if let Some(token) = &self.token {
            let what = || format!("the token from {}", self.token_origin);
            insert("x-vault-token", token.expose(), &what)?;
        }
        if let Some(namespace) = &settings.namespace {
            insert("x-vault-namespace", namespace, &|| {
                "kwarg `namespace`".into()
            })?;
        }
        if let Some(user) = settings.server.authorization() {
            insert("authorization", user.expose(), &|| {
                "the user in the address".into()
            })?;
        }
        Ok(headers)
    }

    fn tell(&self, method: &Method, api_path: &str, result: &str) {
        self.trace.detail(|| {
            format!(
                "  {method} {}: {result}",
                self.settings.server.place(api_path)
            )
        });
    }
}
