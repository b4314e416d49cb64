//! Why a server could not be asked, told apart once from the errors of the libraries below.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use rustls::CertificateError;

use super::client::SettingFault;
use super::redirect::RedirectRefused;
use crate::deadline::TimedOut;
use crate::env::EnvError;
use crate::failure::{Failure, Fault};
use crate::python::json::MAX_VALUES;

/// Why a server could not be asked. Shows nothing of an address but scheme, host and port.
#[derive(Clone, Debug, thiserror::Error)]
pub enum HttpError {
    /// A CA bundle, a client certificate or a proxy that the settings name cannot be used.
    #[error(transparent)]
    Setting(#[from] SettingFault),
    /// A variable that the connection rests on cannot be read.
    #[error(transparent)]
    Env(#[from] EnvError),
    /// There is no connection, or it ended before the answer did.
    #[error("could not be reached: {words}{}", on_the_way(.proxy))]
    Unreachable {
        /// What went wrong.
        cause: Cause,
        /// The network's or TLS's own words.
        words: String,
        /// Scheme, host and port of the proxy that was to pass the request on.
        proxy: Option<String>,
    },
    /// A server sends its client to another host.
    #[error(
        "could not be reached: it redirects to {target}, which was not asked because the token would go with the request"
    )]
    RedirectRefused {
        /// Scheme, host and port of the other one.
        target: String,
    },
    /// A server's answer is larger than any secret.
    #[error("the answer is larger than {} MiB", .limit / (1024 * 1024))]
    AnswerTooLarge {
        /// The most that is read, in bytes.
        limit: usize,
    },
    /// A server's answer is JSON of more values than any secret.
    #[error("the answer holds more than {MAX_VALUES} values")]
    TooManyValues,
    /// The files of the trusted CAs or of the client certificate do not end in time.
    #[error("the certificates from {origin} cannot be read: {error}")]
    Certificates {
        /// The settings that name them.
        origin: String,
        /// How long was waited.
        error: TimedOut,
    },
    /// There was no answer in time.
    #[error(transparent)]
    TimedOut(#[from] TimedOut),
}

/// What kept a server from being asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Nothing listens there.
    Refused,
    /// The name of the host is not known.
    UnknownHost,
    /// The server's certificate is signed by a CA that is not trusted.
    UntrustedCa,
    /// The server's certificate is not valid for this address or this day.
    BadCertificate,
    /// The server does not speak TLS.
    NoTls,
    /// The connection ended, or brought something that is not HTTP.
    Cut,
    /// The request itself cannot be sent.
    Request,
    /// It redirects in a circle.
    Circle,
}

fn on_the_way(proxy: &Option<String>) -> String {
    proxy.as_ref().map_or_else(String::new, |proxy| {
        format!(", on the way through the proxy {proxy}")
    })
}

impl HttpError {
    /// What a failed exchange of `reqwest` comes to; `proxy` is the one that was to pass the request on.
    pub(super) fn from_exchange(error: &reqwest::Error, proxy: Option<String>) -> Self {
        let innermost = innermost(error);
        if let Some(RedirectRefused::ToAnotherHost(target)) = innermost.downcast_ref() {
            return HttpError::RedirectRefused {
                target: target.clone(),
            };
        }
        HttpError::Unreachable {
            cause: cause_of(error, innermost),
            words: match error.is_timeout() {
                true => "no answer in time".to_owned(),
                false => innermost.to_string(),
            },
            proxy: proxy.filter(|_| error.is_connect()),
        }
    }

    /// A server that could not be reached, for a library's own `words`.
    pub fn unreachable(cause: Cause, words: impl fmt::Display) -> Self {
        HttpError::Unreachable {
            cause,
            words: words.to_string(),
            proxy: None,
        }
    }

    /// What went wrong with the connection, if that is what went wrong.
    pub fn cause(&self) -> Option<Cause> {
        match self {
            HttpError::Unreachable { cause, .. } => Some(*cause),
            _ => None,
        }
    }

    /// Advice for a failure to connect, with the backend's own `trust`: how it is told which CA to trust.
    pub fn hint_with(&self, trust: &str) -> Option<String> {
        let (cause, proxy) = match self {
            HttpError::Setting(fault) => return fault.hint(),
            HttpError::Env(error) => return error.hint(),
            HttpError::TimedOut(_) => {
                return Some(
                    "check that the server is up and that nothing on the way drops its packets; `--timeout` sets the limit"
                        .into(),
                );
            }
            HttpError::Certificates { .. } => {
                return Some("check that the files are there and can be read to their end".into());
            }
            HttpError::Unreachable { cause, proxy, .. } => (cause, proxy),
            HttpError::RedirectRefused { .. }
            | HttpError::AnswerTooLarge { .. }
            | HttpError::TooManyValues => return None,
        };
        let advice = match (cause, proxy) {
            (Cause::Refused | Cause::UnknownHost, Some(_)) => {
                "the proxy does not answer; check HTTPS_PROXY, HTTP_PROXY and NO_PROXY, or \"proxies\" in the kwargs"
            }
            (Cause::UntrustedCa, _) => {
                return Some(format!(
                    "the server's certificate is signed by a CA that is not trusted here; {trust}"
                ));
            }
            (Cause::BadCertificate, _) => {
                "the server's certificate is not valid for this address or this day"
            }
            (Cause::Refused, None) => "nothing listens at this address; check host and port",
            (Cause::UnknownHost, None) => {
                "this host name is not known here; check its spelling and the network"
            }
            (Cause::NoTls, _) => {
                "the server does not speak TLS on this port; is it http:// rather than https://?"
            }
            (Cause::Cut | Cause::Request | Cause::Circle, _) => return None,
        };
        Some(advice.to_owned())
    }
}

/// How most libraries are told which CA to trust.
pub const TRUST_BY_VARIABLE: &str = "name its PEM file with REQUESTS_CA_BUNDLE";

impl Fault for HttpError {
    fn failure(&self) -> Failure {
        match self {
            HttpError::Setting(_) | HttpError::Env(_) => Failure::Configuration,
            HttpError::Unreachable { .. }
            | HttpError::RedirectRefused { .. }
            | HttpError::Certificates { .. }
            | HttpError::TimedOut(_) => Failure::Unreachable,
            HttpError::AnswerTooLarge { .. } | HttpError::TooManyValues => Failure::Malformed,
        }
    }

    fn hint(&self) -> Option<String> {
        self.hint_with(TRUST_BY_VARIABLE)
    }

    fn is_own_refusal(&self) -> bool {
        matches!(
            self,
            HttpError::RedirectRefused { .. }
                | HttpError::AnswerTooLarge { .. }
                | HttpError::TooManyValues
                | HttpError::Setting(
                    SettingFault::SocksProxy { .. } | SettingFault::HostNotAllowed { .. }
                )
        )
    }
}

fn cause_of(error: &reqwest::Error, innermost: &(dyn StdError + 'static)) -> Cause {
    if matches!(innermost.downcast_ref(), Some(RedirectRefused::InACircle)) {
        return Cause::Circle;
    }
    if let Some(tls) = chain(error).find_map(tls_error) {
        return match tls {
            rustls::Error::InvalidCertificate(
                CertificateError::UnknownIssuer | CertificateError::BadSignature,
            ) => Cause::UntrustedCa,
            rustls::Error::InvalidCertificate(_) => Cause::BadCertificate,
            rustls::Error::InvalidMessage(_) => Cause::NoTls,
            _ => Cause::Cut,
        };
    }
    let io = innermost.downcast_ref::<io::Error>().map(io::Error::kind);
    match io {
        Some(io::ErrorKind::ConnectionRefused) => Cause::Refused,
        // The connector of `hyper` has no type for a failed look-up of a name.
        _ if chain(error).any(|error| error.to_string() == "dns error") => Cause::UnknownHost,
        _ if error.is_builder() => Cause::Request,
        _ => Cause::Cut,
    }
}

/// The TLS error itself, or the one that an I/O error carries, which may carry it in another.
fn tls_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    match error.downcast_ref::<io::Error>() {
        Some(io) => tls_error(io.get_ref()?),
        None => error.downcast_ref(),
    }
}

/// An error, and what it comes from.
fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// The last error of the chain: the network's or TLS's own words, without the address.
pub(super) fn innermost<'a>(error: &'a (dyn StdError + 'static)) -> &'a (dyn StdError + 'static) {
    chain(error).last().unwrap_or(error)
}
