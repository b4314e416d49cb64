//! Google's token servers, as one lookup asks them: over the shared client, again while that may help, until the deadline.
//!
//! The surprising rule: google-auth repeats even the POST that asks for a token, which changes nothing at the other end.

use std::time::Duration;

use reqwest::RequestBuilder;
use tokio::sync::OnceCell;

use super::{GoogleError, TokenProblem, TokenServer, object, text};
use crate::backend::Surroundings;
use crate::deadline::Deadline;
use crate::env::{Env, EnvError};
use crate::http::{self, Client, HttpError, HttpSettings, Proxies, Reply, RetryRule, Verify};
use crate::python::json::Dict;
use crate::python::urllib::quote_plus;
use crate::secret::SecretText;

/// `ExponentialBackoff` of google-auth and the retry of `access_secret_version`, both with shorter pauses.
const RETRIES: RetryRule = RetryRule {
    retries: 4,
    reconnects: 2,
    backoff: Duration::from_millis(200),
    statuses: &[408, 429, 500, 502, 503, 504],
    repeats_posts: true,
};

/// What one lookup asks for a token with.
pub(crate) struct TokenServers<'a> {
    /// The client, with proxies and CAs as the environment wants them.
    pub http: &'a Client,
    /// The environment, env files included.
    pub env: &'a Env,
    /// When the token must be there.
    pub deadline: Deadline,
    /// Whether a server may be asked who asks, for a message alone.
    pub(super) diagnoses: bool,
    /// Whether there is a metadata server; found out once.
    pub(super) on_google: OnceCell<bool>,
}

/// The connections of google-auth, whatever the service that the token is for. No redirect is followed: Google's servers send
/// none.
pub(crate) fn http_settings(verify: Verify, proxies: Proxies) -> HttpSettings {
    HttpSettings {
        verify,
        client_certificate: None,
        proxies,
        timeout: None,
        follow_redirects: false,
    }
}

/// Asks a server of Google's, again where that may help. The name that `-vv` tells has no query, which could hold an id.
///
/// # Errors
/// No answer. Every status is an answer.
pub(crate) async fn ask(
    http: &Client,
    deadline: Deadline,
    request: RequestBuilder,
) -> Result<Reply, HttpError> {
    http.ask(&RETRIES, deadline, &name_of(&request), request)
        .await
}

fn name_of(request: &RequestBuilder) -> String {
    let built = request.try_clone().and_then(|copy| copy.build().ok());
    built.map_or_else(String::new, |request| {
        let (server, path) = (http::server_name(request.url()), request.url().path());
        format!("{} {server}{path}", request.method())
    })
}

impl<'a> TokenServers<'a> {
    /// The servers, to be asked until `deadline`.
    pub(crate) fn new(
        http: &'a Client,
        surroundings: &'a Surroundings,
        deadline: Deadline,
    ) -> Self {
        Self {
            http,
            env: &surroundings.env,
            deadline,
            diagnoses: surroundings.diagnoses,
            on_google: OnceCell::new(),
        }
    }

    /// Sends a request on the way to a token.
    ///
    /// # Errors
    /// No answer. Every status is an answer.
    pub(super) async fn send(
        &self,
        server: TokenServer,
        request: RequestBuilder,
    ) -> Result<Reply, GoogleError> {
        ask(self.http, self.deadline, request)
            .await
            .map_err(|error| GoogleError::NoAnswer { server, error })
    }

    /// Sends a request to a server that answers in its own form and gives what it answers. `hidden` never shows.
    ///
    /// # Errors
    /// No answer, or anything but success.
    pub(super) async fn ask(
        &self,
        server: TokenServer,
        request: RequestBuilder,
        hidden: &[&str],
    ) -> Result<Reply, GoogleError> {
        let reply = self.send(server, request).await?;
        match reply.status.is_success() {
            true => Ok(reply),
            false => Err(no_token(server, problem_of(&reply, hidden))),
        }
    }

    /// Sends a request to a server that answers as OAuth wants it and gives the members of the answer.
    ///
    /// # Errors
    /// As [`members_of`], and no answer.
    pub(super) async fn ask_for_token(
        &self,
        server: TokenServer,
        request: RequestBuilder,
        hidden: &[&str],
    ) -> Result<Dict, GoogleError> {
        let reply = self.send(server, request).await?;
        members_of(&reply, server, hidden)
    }

    /// The address of a Google API: gcloud's override for it, else `default`.
    pub(super) fn endpoint(&self, api: &str, default: String) -> Result<String, EnvError> {
        endpoint(self.env, api, default)
    }
}

/// The members of a token server's answer. `hidden` never shows.
///
/// # Errors
/// Anything but success, and an answer that is not a token server's.
pub(super) fn members_of(
    reply: &Reply,
    server: TokenServer,
    hidden: &[&str],
) -> Result<Dict, GoogleError> {
    let members = reply.members();
    match members {
        Some(members) if reply.status.is_success() => Ok(members),
        Some(members) if members.contains_key("error") => {
            Err(no_token(server, problem_of(reply, hidden)))
        }
        _ => match problem_of(reply, hidden) {
            TokenProblem::Refused { status, .. } => {
                Err(no_token(server, TokenProblem::Foreign(status)))
            }
            outage => Err(no_token(server, outage)),
        },
    }
}

/// What an answer stands for that brings no token.
fn problem_of(reply: &Reply, hidden: &[&str]) -> TokenProblem {
    match reply.status.as_u16() {
        429 => TokenProblem::Throttled,
        status @ 500..=599 => TokenProblem::Down(status),
        status => TokenProblem::Refused {
            status,
            invalid_grant: reply.members().is_some_and(|members| {
                text(&members, "error").is_some_and(|code| code.expose() == "invalid_grant")
            }),
            said: servers_words(reply, hidden),
        },
    }
}

/// The address of a Google API, without a slash at its end: `CLOUDSDK_API_ENDPOINT_OVERRIDES_<API>`, else `default`.
pub(crate) fn endpoint(env: &Env, api: &str, default: String) -> Result<String, EnvError> {
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

/// The token in an answer.
pub(super) fn access_token(
    answer: &Dict,
    name: &str,
    server: TokenServer,
) -> Result<SecretText, GoogleError> {
    let token = text(answer, name).filter(|token| !token.expose().is_empty());
    token
        .cloned()
        .ok_or_else(|| no_token(server, TokenProblem::Foreign(200)))
}

/// The error for a token that `server` did not give.
pub(super) fn no_token(server: TokenServer, problem: TokenProblem) -> GoogleError {
    GoogleError::NoToken { server, problem }
}

/// The short message of an error as Google's APIs and OAuth servers write it, without `hidden`.
pub(crate) fn servers_words(reply: &Reply, hidden: &[&str]) -> Option<String> {
    let members = reply.members()?;
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
