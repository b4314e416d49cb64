//! The client: `reqwest`'s, and what the settings say of an address before anything is sent there.
//!
//! The surprising rule: a setting that cannot be used fails the requests that it is for and no others, as in Airflow. A bad
//! CA bundle is no matter to an `http://` address, nor is a bad `https_proxy`.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{IntoUrl, Method, Proxy, Request, RequestBuilder, Response};
use url::Url;

use super::allowed_hosts::AllowedHosts;
use super::error::{Cause, HttpError};
use super::proxy::{Proxies, ProxyRules};
use super::tls::{self, ClientCertificate, TlsFault, Verify};
use super::{redirect, server_name};
use crate::console::Console;
use crate::deadline::Deadline;
use crate::env::Env;

/// What a backend's kwargs say of its connections.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// How the server's certificate is verified.
    pub verify: Verify,
    /// What the client proves itself with.
    pub client_certificate: Option<ClientCertificate>,
    /// Whose rules choose the proxy, and what the kwargs say of it.
    pub proxies: Proxies,
    /// The longest one request may take, where that is less than the whole lookup.
    pub timeout: Option<Duration>,
    /// Whether redirects are followed at all.
    pub follow_redirects: bool,
}

/// A client that goes by one backend's settings.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    proxies: Arc<ProxyRules>,
    allowed: Arc<AllowedHosts>,
    tls_fault: Option<Arc<TlsFault>>,
    timeout: Option<Duration>,
    console: Console,
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
    /// A host that is not on the list of those that may be asked.
    #[error("`{host}` was not asked: it is not on the list of allowed hosts")]
    HostNotAllowed {
        /// Host and port.
        host: String,
    },
    /// A proxy.
    #[error("the proxy given by {origin} is not a usable address")]
    Proxy {
        /// The setting that names it.
        origin: String,
    },
}

impl SettingFault {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            SettingFault::TlsFile { origin, .. } => Some(format!(
                "name a PEM file that is there with {}",
                as_written(origin)
            )),
            SettingFault::HostNotAllowed { host } => Some(format!(
                "if a token may go there, add `--allow-host {host}`; else look who changed the address"
            )),
            SettingFault::SocksProxy { .. } => {
                Some("name an http:// proxy, or except the server with NO_PROXY".into())
            }
            SettingFault::Proxy { .. } => {
                Some("write it as in `http://proxy.example.com:3128`".into())
            }
        }
    }
}

/// A setting as a hint writes it: a kwarg in the quotes that it has in JSON.
fn as_written(origin: &str) -> String {
    match origin.strip_prefix("kwarg ") {
        Some(name) => name.replace('`', "\""),
        None => origin.to_owned(),
    }
}

/// Why there is no answer to a request that was tried once.
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
    /// Builds a client. Reads certificate files; sends nothing. A file or a proxy that cannot be used fails the requests that it
    /// is for. What is asked is told to `console`.
    ///
    /// # Errors
    /// A variable that is not UTF-8, or files that do not end in time.
    pub async fn open(
        env: &Env,
        settings: &HttpSettings,
        console: &Console,
        deadline: Deadline,
    ) -> Result<Client, HttpError> {
        // One provider for the whole process, named here because only here it is needed; a second call changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = reqwest::Client::builder()
            .user_agent(concat!("secretctl/", env!("CARGO_PKG_VERSION")))
            .no_proxy()
            .redirect(redirect::policy(settings.follow_redirects));
        let (builder, tls_fault) = tls::configure(builder, env, settings, deadline).await?;
        let proxies = Arc::new(ProxyRules::new(env, &settings.proxies)?);
        let http = builder.proxy(proxy_of(&proxies)).build();
        let http = http.map_err(|error| {
            HttpError::unreachable(Cause::Request, super::error::innermost(&error))
        })?;
        Ok(Self {
            http,
            proxies,
            allowed: Arc::new(AllowedHosts::of(env)?),
            tls_fault: tls_fault.map(Arc::new),
            timeout: settings.timeout,
            console: console.clone(),
        })
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

    /// Scheme, host and port of the proxy that passes requests for `url` on, if there is one.
    pub fn proxy_name(&self, url: &Url) -> Option<String> {
        let proxy = self.proxies.proxy_for(url).ok().flatten();
        proxy.as_ref().map(server_name)
    }

    /// Where what is asked is told.
    pub fn console(&self) -> &Console {
        &self.console
    }

    /// Sends a request once, for as long as the client's own limit and `deadline` allow.
    ///
    /// # Errors
    /// No answer. Every status is an answer.
    pub async fn execute(
        &self,
        mut request: Request,
        deadline: Deadline,
    ) -> Result<Response, SendError> {
        let limits = [*request.timeout_mut(), self.timeout];
        let limit = limits
            .into_iter()
            .flatten()
            .fold(deadline.left(), Duration::min);
        *request.timeout_mut() = Some(limit);
        let proxy = self.checked_proxy(request.url())?;
        let sent = self.http.execute(request).await;
        sent.map_err(|error| SendError::Exchange {
            error,
            proxy: proxy.as_ref().map(server_name),
        })
    }

    /// The proxy for an address, if the settings that the connection rests on can be used.
    fn checked_proxy(&self, url: &Url) -> Result<Option<Url>, SettingFault> {
        self.allowed.check(url)?;
        if let Some(fault) = &self.tls_fault {
            fault.check(url)?;
        }
        let proxy = self.proxies.proxy_for(url)?;
        // A proxy that an env file names could read along.
        proxy
            .iter()
            .try_for_each(|proxy| self.allowed.check(proxy))?;
        Ok(proxy)
    }
}

/// A redirect may lead to where the rules find no usable proxy: that is a dead end, and never a direct way.
fn proxy_of(rules: &Arc<ProxyRules>) -> Proxy {
    let rules = Arc::clone(rules);
    Proxy::custom(move |url| match rules.proxy_for(url) {
        Ok(proxy) => proxy.map(String::from),
        Err(_) => Some("http://invalid.".to_owned()),
    })
}

impl SendError {
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

impl From<SendError> for HttpError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Setting(fault) => fault.into(),
            SendError::Exchange { error, proxy } => HttpError::from_exchange(&error, proxy),
        }
    }
}
