//! The client: `reqwest`'s, and what the settings say of an address before anything is sent there.
//!
//! The surprising rule: a setting that cannot be used fails the requests that it is for and no others, as in Airflow. A bad
//! CA bundle is no matter to an `http://` address, nor is a bad `https_proxy`.

use std::sync::Arc;

use reqwest::{IntoUrl, Method, Request, RequestBuilder, Response};
use url::Url;

use super::proxy::ProxyRules;
use super::tls::TlsFault;
use crate::error::Error;

/// A client that goes by one backend's settings.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    proxies: Arc<ProxyRules>,
    tls_fault: Option<Arc<TlsFault>>,
}

/// A setting that the connection to a server rests on, and that cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SettingFault {
    /// A file for TLS.
    #[error("`{path}`, given by {origin}, is not a usable {what}: {because}")]
    TlsFile {
        /// The file.
        path: String,
        /// The setting that names it.
        origin: String,
        /// What it should hold.
        what: &'static str,
        /// Why it cannot be used.
        because: String,
    },
    /// A proxy that speaks SOCKS.
    #[error("the proxy given by {origin} speaks SOCKS, which secretctl does not")]
    SocksProxy {
        /// The setting that names it.
        origin: String,
    },
    /// A proxy.
    #[error("the proxy given by {origin} is not a usable address")]
    Proxy {
        /// The setting that names it.
        origin: String,
    },
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// Nothing was sent, because of a setting.
    #[error(transparent)]
    Setting(#[from] SettingFault),
    /// The exchange failed.
    #[error("{error}")]
    Exchange {
        /// How.
        error: reqwest::Error,
        /// Scheme, host and port of the proxy that was to pass the request on.
        proxy: Option<String>,
    },
}

impl Client {
    /// A client over `http`, which must have been built with the same settings.
    pub(super) fn new(
        http: reqwest::Client,
        proxies: Arc<ProxyRules>,
        tls_fault: Option<TlsFault>,
    ) -> Self {
        Self {
            http,
            proxies,
            tls_fault: tls_fault.map(Arc::new),
        }
    }

    /// Begins a GET.
    pub fn get(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::GET, url)
    }

    /// Begins a POST.
    pub fn post(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::POST, url)
    }

    /// Begins a request.
    pub fn request(&self, method: Method, url: impl IntoUrl) -> RequestBuilder {
        self.http.request(method, url)
    }

    /// Sends a request.
    ///
    /// # Errors
    /// No answer. Every status is an answer.
    pub async fn send(&self, request: RequestBuilder) -> Result<Response, SendError> {
        let request = request
            .build()
            .map_err(|error| SendError::Exchange { error, proxy: None })?;
        self.execute(request).await
    }

    /// Sends a request that is built.
    ///
    /// # Errors
    /// No answer. Every status is an answer.
    pub async fn execute(&self, request: Request) -> Result<Response, SendError> {
        let proxy = self.checked_proxy(request.url())?;
        let sent = self.http.execute(request).await;
        sent.map_err(|error| SendError::Exchange {
            error,
            proxy: proxy.as_ref().map(super::server_name),
        })
    }

    /// The proxy for an address, if the settings that the connection rests on can be used.
    fn checked_proxy(&self, url: &Url) -> Result<Option<Url>, SettingFault> {
        if let Some(fault) = &self.tls_fault {
            fault.check(url)?;
        }
        self.proxies.proxy_for(url)
    }
}

/// The request as it will be sent.
///
/// # Errors
/// Something in it that HTTP cannot carry.
pub fn built(request: RequestBuilder) -> Result<Request, SendError> {
    let proxy = None;
    request
        .build()
        .map_err(|error| SendError::Exchange { error, proxy })
}

impl SendError {
    /// The error that is told, which shows nothing of the address.
    pub fn failed(&self) -> Error {
        match self {
            SendError::Setting(fault) => fault.clone().into(),
            SendError::Exchange { error, proxy } => {
                let proxy = proxy.as_deref().filter(|_| error.is_connect());
                match (super::failed(error), proxy) {
                    (Error::Unreachable { because }, Some(proxy)) => Error::Unreachable {
                        because: format!("{because}, on the way through the proxy {proxy}"),
                    },
                    (failed, _) => failed,
                }
            }
        }
    }

    /// Whether the request never reached the server, so that sending it again is safe and may help.
    pub fn never_sent(&self) -> bool {
        self.exchange()
            .is_some_and(|error| error.is_connect() && !error.is_timeout())
    }

    /// Whether the connection ended before an answer came, so that a request that changes nothing may be sent again.
    pub fn was_cut(&self) -> bool {
        self.exchange()
            .is_some_and(|error| error.is_request() && !error.is_timeout() && !error.is_redirect())
    }

    fn exchange(&self) -> Option<&reqwest::Error> {
        match self {
            SendError::Setting(_) => None,
            SendError::Exchange { error, .. } => Some(error),
        }
    }
}
