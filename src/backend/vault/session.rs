//! One session with a Vault server: requests as hvac's adapter sends them, with the provider's retries, and what is found out
//! about a failure.
//!
//! The surprising rule: a login carries `X-Vault-Token` when the environment or `~/.vault-token` has a token.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::Method;
use reqwest::header::HeaderMap;
use tokio::sync::Mutex;
use url::Url;

use super::error::{VaultError, in_namespace};
use super::foreign::ForeignAnswer;
use super::header;
use super::reply;
use super::settings::VaultSettings;
use super::stored::{self, Stored};
use crate::deadline::Deadline;
use crate::http::{self, Client, Reply, RetryRule};
use crate::python::json::{self, Value};
use crate::secret::SecretText;

/// `Retry(total=3, backoff_factor=0.1, status_forcelist=[412, 500, 502, 503])` of `_VaultClient._client`.
const RETRIES: RetryRule = RetryRule {
    retries: 3,
    reconnects: 3,
    backoff: Duration::from_millis(100),
    statuses: &[412, 500, 502, 503],
    repeats_posts: false,
};

/// The longest that giving up a token may take.
const LONGEST_REVOCATION: Duration = Duration::from_secs(1);

/// A token, and where it comes from.
#[derive(Clone, Debug)]
pub struct Token {
    /// The token, which may be empty.
    pub text: SecretText,
    /// The setting, file or login that gave it, in words.
    pub origin: String,
    /// Whether this run has logged in for it.
    pub is_of_own_login: bool,
}

/// A client with the token it shows.
pub struct VaultSession {
    http: Client,
    settings: Arc<VaultSettings>,
    token: Option<Token>,
    /// What was sent before this token, and must not come back into sight.
    spent: Vec<SecretText>,
    /// Whether Vault has taken the token for good once.
    was_accepted: AtomicBool,
    /// The answers to questions after a failure, by path.
    learnt: Mutex<HashMap<String, Result<Arc<Reply>, VaultError>>>,
}

impl VaultSession {
    /// A session that shows `token`, the one that hvac starts with, or none.
    pub fn new(http: Client, settings: Arc<VaultSettings>, token: Option<Token>) -> Self {
        Self {
            http,
            settings,
            token: token.filter(is_something),
            spent: Vec::new(),
            was_accepted: AtomicBool::new(false),
            learnt: Mutex::default(),
        }
    }

    /// The same client showing another token.
    pub fn with_token(mut self, token: Option<Token>) -> Self {
        self.spent.extend(self.token.take().map(|token| token.text));
        self.token = token.filter(is_something);
        self
    }

    /// Keeps what is about to be sent out of everything that the server says from now on.
    pub fn hide(&mut self, secrets: impl IntoIterator<Item = SecretText>) {
        self.spent.extend(secrets);
    }

    /// The token that is shown, if there is one.
    pub fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    /// The settings that this session goes by.
    pub fn settings(&self) -> &VaultSettings {
        &self.settings
    }

    /// Whether Vault has taken the token for good once.
    pub fn was_accepted(&self) -> bool {
        self.was_accepted.load(Ordering::Relaxed)
    }

    /// Takes over from an earlier session that its token was good, if this one shows the same.
    pub fn succeed(&self, earlier: &Self) {
        let text = |session: &Self| session.token().map(|token| token.text.clone());
        if earlier.was_accepted() && text(self) == text(earlier) {
            self.was_accepted.store(true, Ordering::Relaxed);
        }
    }

    /// Names and other short words of the server's, fit to be shown.
    pub fn servers_words(&self, words: &str) -> String {
        let mut hidden = self.settings.auth.secrets();
        hidden.extend(self.token.iter().map(|token| token.text.expose()));
        hidden.extend(self.spent.iter().map(SecretText::expose));
        hidden.extend(self.settings.server.secrets());
        http::servers_words(words, &hidden)
    }

    /// Reads the secret at a path below `/v1/`.
    ///
    /// # Errors
    /// No answer, a refusal, or an answer that is not Vault's or holds no secret.
    pub async fn read(&self, api_path: &str, deadline: Deadline) -> Result<Stored, VaultError> {
        let reply = self.send(Method::GET, api_path, None, deadline).await?;
        let read = match reply.status.as_u16() {
            200 => stored::secret_in(&reply, self.settings.kv_version)
                .unwrap_or_else(|| Err(self.foreign(api_path, &reply))),
            404 => self.absence(api_path, &reply),
            _ => Err(self.refusal(api_path, &reply)),
        };
        if read.is_ok() {
            self.was_accepted.store(true, Ordering::Relaxed);
        }
        read
    }

    /// A 404, if it is Vault's own word.
    fn absence(&self, api_path: &str, reply: &Reply) -> Result<Stored, VaultError> {
        let said = || reply::errors(reply).or_else(|| reply::warnings(reply));
        let why = match reply::deleted_version(reply) {
            Some(deleted) => Some(deleted.to_owned()),
            None => match said() {
                Some(words) => self
                    .said(&words)
                    .map(|said| format!("Vault says \"{said}\"")),
                None => return Err(self.foreign(api_path, reply)),
            },
        };
        match self.settings.ignore_exceptions {
            true => Err(VaultError::AbsenceIgnored),
            false => Ok(Stored::Absent(why)),
        }
    }

    /// Sends a login, and takes `auth.client_token` out of the answer.
    ///
    /// # Errors
    /// No answer, a refusal, or an answer that is not Vault's.
    pub async fn log_in(
        &self,
        api_path: &str,
        body: &Value,
        deadline: Deadline,
    ) -> Result<SecretText, VaultError> {
        let sent = self.send(Method::POST, api_path, Some(body), deadline);
        let reply = sent.await?;
        if !reply.status.is_success() {
            let place = format!("{api_path}{}", in_namespace(&self.settings.namespace));
            let advice = self.settings.auth.advice();
            return Err(self.refusal(api_path, &reply).at_login(place, advice));
        }
        let answer = reply::success(&reply);
        let token = answer
            .as_ref()
            .and_then(|answer| answer.at(&["auth", "client_token"]));
        let token = token.and_then(Value::as_text).cloned();
        token.ok_or_else(|| self.foreign(api_path, &reply))
    }

    /// Asks a question after a failure; once, however many secrets have failed.
    ///
    /// # Errors
    /// No answer, then or now.
    pub async fn learn(
        &self,
        api_path: &str,
        deadline: Deadline,
    ) -> Result<Arc<Reply>, VaultError> {
        let ask = async {
            let mut learnt = self.learnt.lock().await;
            if let Some(known) = learnt.get(api_path) {
                return known.clone();
            }
            let asked = self.send(Method::GET, api_path, None, deadline).await;
            let asked = asked.map(Arc::new);
            learnt.insert(api_path.to_owned(), asked.clone());
            asked
        };
        match deadline.bound(ask).await {
            Ok(asked) => asked,
            Err(timed_out) => Err(http::HttpError::from(timed_out).into()),
        }
    }

    /// Gives up the token if this run has logged in for it.
    pub async fn revoke(&self, deadline: Deadline) {
        if self
            .token
            .as_ref()
            .is_some_and(|token| token.is_of_own_login)
        {
            let deadline = deadline.at_most(LONGEST_REVOCATION);
            let revoked = self.send(Method::POST, "auth/token/revoke-self", None, deadline);
            // A token that cannot be given up ends by itself.
            let _ = deadline.bound(revoked).await;
        }
    }

    /// Sends one request, again where the provider would, until `deadline`.
    async fn send(
        &self,
        method: Method,
        api_path: &str,
        body: Option<&Value>,
        deadline: Deadline,
    ) -> Result<Reply, VaultError> {
        let place = self.settings.server.place(api_path);
        let Some(url) = self.settings.server.url(api_path) else {
            return Err(VaultError::NotAPath { path: place });
        };
        let name = format!("{method} {place}");
        let request = self.http.request(method, url).headers(self.headers()?);
        let request = match body {
            Some(body) => request
                .header("Content-Type", "application/json")
                .body(json::dumps(body)),
            None => request,
        };
        Ok(self.http.ask(&RETRIES, deadline, &name, request).await?)
    }

    /// The headers of hvac's adapter, and the one that requests makes of a user in the address.
    fn headers(&self) -> Result<HeaderMap, VaultError> {
        let settings = &self.settings;
        let mut headers = HeaderMap::new();
        let mut insert = |name: &'static str, text: &str, what: &dyn Fn() -> String| {
            let value =
                header::value(text).ok_or_else(|| VaultError::NotAHeader { what: what() })?;
            headers.insert(name, value);
            Ok::<(), VaultError>(())
        };
        if settings.request_header {
            insert("x-vault-request", "true", &String::new)?;
        }
        if let Some(token) = &self.token {
            let what = || format!("the token from {}", token.origin);
            insert("x-vault-token", token.text.expose(), &what)?;
        }
        if let Some(namespace) = &settings.namespace {
            let what = || "kwarg `namespace`".to_owned();
            insert("x-vault-namespace", namespace, &what)?;
        }
        if let Some(user) = settings.server.authorization() {
            let what = || "the user in the address".to_owned();
            insert("authorization", user.expose(), &what)?;
        }
        Ok(headers)
    }

    /// Vault's own words, if it has any.
    fn said(&self, errors: &[String]) -> Option<String> {
        (!errors.is_empty()).then(|| self.servers_words(&errors.join("; ")))
    }

    /// The error that an answer other than a success stands for.
    fn refusal(&self, api_path: &str, reply: &Reply) -> VaultError {
        let status = reply.status.as_u16();
        match (status, reply::errors(reply)) {
            (429, errors) => VaultError::Throttled {
                said: self.said(&errors.unwrap_or_default()),
            },
            (_, Some(errors)) => VaultError::from_status(status, self.said(&errors)),
            (_, None) => self.foreign(api_path, reply),
        }
    }

    /// The error for an answer that Vault does not give.
    fn foreign(&self, api_path: &str, reply: &Reply) -> VaultError {
        let shown = |url: &Url| format!("{}{}", http::server_name(url), url.path());
        let Some(url) = self.settings.server.url(api_path) else {
            return VaultError::NotAPath {
                path: self.settings.server.place(api_path),
            };
        };
        if reply::wants_tls(reply) && url.scheme() == "http" {
            return VaultError::WantsTls { url: shown(&url) };
        }
        VaultError::NotVault(ForeignAnswer {
            url: shown(&url),
            redirected_to: (reply.url.path() != url.path())
                .then(|| self.servers_words(&shown(&reply.url))),
            proxy: self.http.proxy_name(&url),
            status: reply.status.as_u16(),
            media_type: reply::media_type(reply).map(str::to_owned),
            ends_in_v1: self.settings.server.ends_in_v1(),
        })
    }
}

fn is_something(token: &Token) -> bool {
    !token.text.expose().is_empty()
}
