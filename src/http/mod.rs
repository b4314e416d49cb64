//! The HTTP client that backends share: TLS roots, proxies, redirects, bounded bodies.
//!
//! It behaves as Python's `requests` 2.34 does by default, with two departures: the system's CA certificates stand in for
//! certifi's, and a redirect to another host is refused, because it would carry the token along. Proxies alone are chosen by
//! whichever library Airflow's own backend sends its requests with.

mod client;
mod proxy;
mod retry;
mod servers_words;
mod tls;

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::{Attempt, Policy};
use reqwest::{Proxy, Response};
use url::Url;

pub use client::{Client, SendError, SettingFault, built};
pub use proxy::{KwargProxies, Proxies};
pub use retry::{Deadline, RetryRule};
pub use servers_words::{in_quotes, servers_words};
pub use tls::{ClientCertificate, PemSource, Verify};

use self::proxy::ProxyRules;
use crate::env::Env;
use crate::error::{Error, Result};

/// The largest answer that is read, in bytes. Vault's own limit for one secret is 1 MiB by default.
pub const MAX_BODY: usize = 32 * 1024 * 1024;

/// How many redirects `requests` follows.
const MAX_REDIRECTS: usize = 30;

/// What a backend's kwargs say of its connections.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// How the server's certificate is verified.
    pub verify: Verify,
    /// What the client proves itself with.
    pub client_certificate: Option<ClientCertificate>,
    /// Whose rules choose the proxy, and what the kwargs say of it.
    pub proxies: Proxies,
    /// The longest one request may take.
    pub timeout: Duration,
    /// Whether redirects are followed at all.
    pub follow_redirects: bool,
}

/// Builds a client. Reads certificate files; sends nothing. A file or a proxy that cannot be used fails the requests that it is
/// for.
///
/// # Errors
/// A variable that is not UTF-8.
pub fn client(env: &Env, settings: &HttpSettings) -> Result<Client> {
    // One provider for the whole process, named here because only here it is needed; a second call changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder()
        .user_agent(concat!("secretctl/", env!("CARGO_PKG_VERSION")))
        .no_proxy()
        .timeout(settings.timeout)
        .redirect(redirect_policy(settings.follow_redirects));
    let (builder, tls_fault) = tls::configure(builder, env, settings)?;
    let proxies = Arc::new(ProxyRules::new(env, &settings.proxies)?);
    let http = builder.proxy(proxy_of(&proxies)).build();
    let http = http.map_err(|error| Error::Unreachable {
        because: innermost(&error).to_string(),
    })?;
    Ok(Client::new(http, proxies, tls_fault))
}

/// A redirect may lead to where the rules find no usable proxy: that is a dead end, and never a direct way.
fn proxy_of(rules: &Arc<ProxyRules>) -> Proxy {
    let rules = Arc::clone(rules);
    Proxy::custom(move |url| match rules.proxy_for(url) {
        Ok(proxy) => proxy.map(String::from),
        Err(_) => Some("http://invalid.".to_owned()),
    })
}

fn redirect_policy(follow: bool) -> Policy {
    if follow {
        Policy::custom(same_host_only)
    } else {
        Policy::none()
    }
}

/// Follows a redirect to another address of the same host and port, never from https to http.
fn same_host_only(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let next = attempt.url();
    let stays = attempt.previous().first().is_none_or(|first| {
        let downgrade = first.scheme() == "https" && next.scheme() != "https";
        !downgrade
            && first.host() == next.host()
            && first.port_or_known_default() == next.port_or_known_default()
    });
    if !stays {
        let target = server_name(next);
        return attempt.error(RedirectRefused::ToAnotherHost(target));
    }
    // An empty Location too comes out as the address that was asked, and `requests` does not follow it.
    let leads_nowhere = attempt.previous().last() == Some(next);
    if leads_nowhere || attempt.previous().len() > MAX_REDIRECTS {
        return attempt.error(RedirectRefused::InACircle);
    }
    attempt.follow()
}

/// A redirect that is not followed.
#[derive(Debug, thiserror::Error)]
enum RedirectRefused {
    /// It would have carried the token along.
    #[error("it redirects to {0}")]
    ToAnotherHost(String),
    /// It leads to where it comes from, at once or after many others.
    #[error("it redirects in a circle")]
    InACircle,
}

/// Scheme, host and port of an address: what may be shown of it.
pub fn server_name(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// Turns a failed exchange into an error that shows nothing of the address.
fn failed(error: &reqwest::Error) -> Error {
    let innermost = innermost(error);
    match innermost.downcast_ref() {
        Some(RedirectRefused::ToAnotherHost(target)) => Error::RedirectRefused {
            target: target.clone(),
        },
        _ if error.is_timeout() => Error::Unreachable {
            because: "no answer in time".to_owned(),
        },
        _ => Error::Unreachable {
            because: innermost.to_string(),
        },
    }
}

/// The last error of the chain: the network's or TLS's own words, without the address.
fn innermost<'a>(error: &'a (dyn StdError + 'static)) -> &'a (dyn StdError + 'static) {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last
}

/// Reads a whole body, up to [`MAX_BODY`].
///
/// # Errors
/// A cut connection, a time-out, or a body that is larger.
pub async fn read_body(mut response: Response) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failed(&error))? {
        if body.len() + chunk.len() > MAX_BODY {
            return Err(Error::AnswerTooLarge { limit: MAX_BODY });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_user_path_and_query() {
        let url = Url::parse("https://user:pw@vault.example:8200/v1/x?y=z").unwrap();
        assert_eq!(server_name(&url), "https://vault.example:8200");
    }
}
