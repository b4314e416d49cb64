//! One lookup's requests to Google: sent over the shared client, repeated while that may help, bounded by the deadline.
//!
//! The surprising rule: google-auth repeats even the POST that asks for a token, which changes nothing at the other end.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, Request, RequestBuilder, StatusCode};
use tokio::sync::OnceCell;

use super::{GoogleError, TokenProblem, object, text};
use crate::env::{Env, EnvError};
use crate::error::{Error, Result};
use crate::http::{self, Client, Deadline, RetryRule, SendError};
use crate::python::json::{self, Dict, Value};
use crate::python::urllib::quote_plus;
use crate::secret::SecretText;
use crate::trace::Trace;

/// `ExponentialBackoff` of google-auth and the retry of `access_secret_version`, both with shorter pauses.
const RETRIES: RetryRule = RetryRule {
    retries: 4,
    backoff: Duration::from_millis(200),
    statuses: &[408, 429, 500, 502, 503, 504],
};

/// What one lookup asks Google with.
pub struct Exchange<'a> {
    /// The client, with proxies and CAs as the environment wants them.
    pub http: &'a Client,
    /// The environment, env files included.
    pub env: &'a Env,
    deadline: Deadline,
    trace: Trace,
    /// Whether there is a metadata server; found out once.
    pub(super) on_google: OnceCell<bool>,
}

/// What a server of Google's answered.
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    headers: HeaderMap,
    body: SecretText,
}

impl<'a> Exchange<'a> {
    /// An exchange that ends at `deadline`.
    pub fn new(http: &'a Client, env: &'a Env, deadline: Deadline, trace: Trace) -> Self {
        Self {
            http,
            env,
            deadline,
            trace,
            on_google: OnceCell::new(),
        }
    }

    /// Sends a request, again where that may help, until the deadline.
    ///
    /// # Errors
    /// No answer, or one that cannot be read. Every status is an answer.
    pub async fn send(&self, request: RequestBuilder) -> Result<Reply> {
        let request = built(request)?;
        let mut tried = 0;
        loop {
            tried += 1;
            let again = copy_of(&request)?;
            let (outcome, pause) = match self.execute(again, self.deadline.left()).await {
                Ok(response) => {
                    let (status, headers) = (response.status(), response.headers());
                    let pause = RETRIES.pause(tried, &Method::GET, status, headers);
                    (Ok(response), pause)
                }
                Err(error) => {
                    let again = error.never_sent() || error.was_cut();
                    let pause = RETRIES
                        .pause_before_reconnecting(tried)
                        .filter(|_| again && tried < 3);
                    (Err(error.failed()), pause)
                }
            };
            match pause {
                Some(pause) if self.deadline.wait(pause).await => {}
                _ => return Reply::read(outcome?).await,
            }
        }
    }

    /// Sends a request once, for `limit` at most.
    ///
    /// # Errors
    /// As [`Exchange::send`].
    pub async fn send_once(&self, request: RequestBuilder, limit: Duration) -> Result<Reply> {
        let request = built(request)?;
        let response = self.execute(request, self.deadline.left().min(limit)).await;
        Reply::read(response.map_err(|error| error.failed())?).await
    }

    async fn execute(
        &self,
        request: Request,
        limit: Duration,
    ) -> Result<reqwest::Response, SendError> {
        let mut request = request;
        *request.timeout_mut() = Some(limit);
        let name = format!(
            "{} {}{}",
            request.method(),
            http::server_name(request.url()),
            request.url().path()
        );
        let response = self.http.execute(request).await;
        self.tell(&name, &response);
        response
    }

    /// The name has no query: a query may hold an id, and never says more.
    fn tell(&self, name: &str, response: &Result<reqwest::Response, SendError>) {
        self.trace.detail(|| match response {
            Ok(response) => format!("  {name}: {}", response.status().as_str()),
            Err(error) => format!("  {name}: {}", error.failed()),
        });
    }

    /// Sends a request for a token and gives the members of the answer.
    ///
    /// # Errors
    /// As [`Exchange::ask`], and an answer that is no JSON object.
    pub(super) async fn ask_for_token(
        &self,
        by: &str,
        request: RequestBuilder,
        hidden: &[&str],
    ) -> Result<Dict> {
        let reply = self.ask(by, request, hidden).await?;
        reply
            .members()
            .ok_or_else(|| no_token(by, TokenProblem::NotAToken))
    }

    /// Sends a request on the way to a token and gives the answer.
    ///
    /// # Errors
    /// Anything but success; `by` names who was asked, and `hidden` never shows.
    pub(super) async fn ask(
        &self,
        by: &str,
        request: RequestBuilder,
        hidden: &[&str],
    ) -> Result<Reply> {
        let reply = self.send(request).await.map_err(|error| match error {
            Error::Unreachable { because } => no_token(by, TokenProblem::Unreachable(because)),
            other => other,
        })?;
        match reply.status.as_u16() {
            200..=299 => Ok(reply),
            429 => Err(no_token(by, TokenProblem::Throttled)),
            status @ 500..=599 => Err(no_token(by, TokenProblem::Down(status))),
            status => {
                let said = reply.servers_words(hidden);
                Err(no_token(by, TokenProblem::Refused { status, said }))
            }
        }
    }

    /// The address of a Google API: gcloud's override for it, else `default`.
    pub(super) fn endpoint(&self, api: &str, default: String) -> Result<String, EnvError> {
        endpoint(self.env, api, default)
    }
}

fn built(request: RequestBuilder) -> Result<Request> {
    http::built(request).map_err(|error| error.failed())
}

/// A copy to send; there is always one, as no body is a stream.
fn copy_of(request: &Request) -> Result<Request> {
    request.try_clone().ok_or_else(|| Error::Unreachable {
        because: "the request cannot be sent twice".to_owned(),
    })
}

/// The address of a Google API, without a slash at its end: `CLOUDSDK_API_ENDPOINT_OVERRIDES_<API>`, else `default`.
pub fn endpoint(env: &Env, api: &str, default: String) -> Result<String, EnvError> {
    let name = format!("CLOUDSDK_API_ENDPOINT_OVERRIDES_{api}");
    let given = env.get(&name)?.filter(|address| !address.is_empty());
    Ok(given.map_or(default, |address| address.trim_end_matches('/').to_owned()))
}

/// A form as `urllib.parse.urlencode` writes it.
pub(super) fn form(fields: &[(&str, &str)]) -> String {
    let pairs = fields
        .iter()
        .map(|(name, value)| format!("{}={}", quote_plus(name), quote_plus(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// `access_token` of an answer.
pub(super) fn access_token(answer: &Dict, name: &str, by: &str) -> Result<SecretText> {
    let token = text(answer, name).filter(|token| !token.expose().is_empty());
    token
        .cloned()
        .ok_or_else(|| no_token(by, TokenProblem::NotAToken))
}

/// The error for a token that `by` did not give.
pub(super) fn no_token(by: &str, problem: TokenProblem) -> Error {
    let by = by.to_owned();
    GoogleError::NoToken { by, problem }.into()
}

impl Reply {
    async fn read(response: reqwest::Response) -> Result<Reply> {
        let (status, headers) = (response.status(), response.headers().clone());
        let body = http::read_body(response).await?;
        let body = SecretText::from(String::from_utf8_lossy(&body).into_owned());
        Ok(Reply {
            status,
            headers,
            body,
        })
    }

    /// The body.
    pub fn body(&self) -> &SecretText {
        &self.body
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The members of the body, if it is a JSON object.
    pub fn members(&self) -> Option<Dict> {
        match json::loads(self.body.expose()) {
            Ok(Value::Dict(members)) => Some(members),
            _ => None,
        }
    }

    /// The short message of an error as Google's APIs and OAuth servers write it, without `hidden`.
    pub fn servers_words(&self, hidden: &[&str]) -> Option<String> {
        let members = self.members()?;
        let words = match object(&members, "error") {
            Some(error) => text(error, "message")?.expose().to_owned(),
            None => {
                let code = text(&members, "error")?.expose();
                let description = text(&members, "error_description").map(SecretText::expose);
                description.map_or(code.to_owned(), |description| {
                    format!("{code}: {description}")
                })
            }
        };
        Some(http::servers_words(&words, hidden))
    }
}
