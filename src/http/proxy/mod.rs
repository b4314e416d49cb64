//! Which proxy a request goes through, as the library that Airflow's backend sends it with decides.
//!
//! The surprising rule: the libraries agree on the variables and on little else. `NO_PROXY=10.0.0.0/8` is a network to
//! requests and to the Kubernetes client, and only a name to boto3; `ALL_PROXY` means nothing to boto3; and gRPC reads names
//! in lower case alone.

mod address;
mod botocore;
mod grpc;
mod kubernetes;
mod requests;
#[cfg(test)]
mod tests;

use reqwest::Url;
use url::Host;

use super::SettingFault;
use crate::env::{Env, EnvError};
use crate::python::urllib::request::ProxyVariables;
use crate::secret::SecretText;

pub use requests::KwargProxies;

/// Whose rules choose the proxy.
#[derive(Clone, Debug)]
pub enum Proxies {
    /// Those of requests: hvac, google-auth, azure-core and msal.
    Requests {
        /// What the caller names.
        kwargs: KwargProxies,
        /// Whether the server's address names its port, though it be the scheme's own.
        port_is_written: bool,
    },
    /// Those of botocore; `direct` are the hosts that it never asks through a proxy.
    Botocore {
        /// Host names in lower case.
        direct: Vec<String>,
    },
    /// Those of gRPC.
    Grpc,
    /// Those of the Kubernetes client; `proxy_url` of a kubeconfig stands in for the environment's proxy.
    Kubernetes {
        /// The address.
        proxy_url: Option<SecretText>,
    },
}

impl Default for Proxies {
    fn default() -> Self {
        Proxies::Requests {
            kwargs: KwargProxies::default(),
            port_is_written: false,
        }
    }
}

/// The rules, with the environment that they look at.
#[derive(Clone, Debug)]
pub struct ProxyRules {
    rules: Proxies,
    variables: ProxyVariables,
}

/// A proxy as it is set, not yet known to be usable.
struct Chosen<'a> {
    origin: String,
    address: &'a str,
}

/// The server that is asked, as the rules see it.
struct Target<'a> {
    scheme: &'a str,
    /// Without the brackets of an IPv6 address.
    host: String,
    /// Only where the address is known to name it.
    port: Option<u16>,
    url: &'a Url,
}

impl ProxyRules {
    /// The rules `proxies` in this environment.
    ///
    /// # Errors
    /// A variable that is not UTF-8.
    pub fn new(env: &Env, proxies: &Proxies) -> Result<Self, EnvError> {
        let names = env.names().filter(|name| ProxyVariables::is_one(name));
        let variables = names
            .map(|name| Ok((name.to_owned(), env.get(name)?.unwrap_or_default().into())))
            .collect::<Result<Vec<_>, EnvError>>()?;
        Ok(Self {
            rules: proxies.clone(),
            variables: ProxyVariables::new(variables, env.is_set("REQUEST_METHOD")),
        })
    }

    /// The proxy that a request for `url` goes through; `None`: it goes directly.
    ///
    /// # Errors
    /// The setting that counts is no address of an HTTP proxy.
    pub fn proxy_for(&self, url: &Url) -> Result<Option<Url>, SettingFault> {
        let target = Target::new(url, &self.rules);
        let variables = &self.variables;
        let (chosen, read): (_, fn(&str) -> Option<Url>) = match &self.rules {
            Proxies::Requests { kwargs, .. } => (
                requests::choose(kwargs, variables, &target)?,
                address::of_requests,
            ),
            Proxies::Botocore { direct } => (
                botocore::choose(direct, variables, &target),
                address::of_botocore,
            ),
            Proxies::Grpc => return Ok(grpc::choose(variables, &target)),
            Proxies::Kubernetes { proxy_url } => (
                kubernetes::choose(proxy_url.as_ref(), variables, &target),
                if proxy_url.is_some() {
                    address::with_login
                } else {
                    address::without_login
                },
            ),
        };
        let Some(Chosen { origin, address }) = chosen else {
            return Ok(None);
        };
        let unusable = || match address::is_socks(address) {
            true => SettingFault::SocksProxy { origin },
            false => SettingFault::Proxy { origin },
        };
        read(address).map(Some).ok_or_else(unusable)
    }
}

impl<'a> Target<'a> {
    fn new(url: &'a Url, rules: &Proxies) -> Self {
        // A parsed address no longer knows whether it named the scheme's own port; an API server's always does.
        let port_is_written = match rules {
            Proxies::Requests {
                port_is_written, ..
            } => *port_is_written,
            Proxies::Kubernetes { .. } => true,
            Proxies::Botocore { .. } | Proxies::Grpc => false,
        };
        let own_port = url.port_or_known_default().filter(|_| port_is_written);
        let host = match url.host() {
            Some(Host::Ipv6(address)) => address.to_string(),
            host => host.map(|host| host.to_string()).unwrap_or_default(),
        };
        Target {
            scheme: url.scheme(),
            host,
            port: url.port().or(own_port),
            url,
        }
    }

    /// The part of the address that names host and port, as `urlparse(url).netloc`.
    fn netloc(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        match self.port {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }
}

/// The variable of the environment that names the proxy for `key`.
fn from_environment<'a>(variables: &'a ProxyVariables, key: &str) -> Option<Chosen<'a>> {
    let (name, address) = variables.proxy(key)?;
    Some(Chosen {
        origin: format!("`{name}`"),
        address,
    })
}
