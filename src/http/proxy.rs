//! Which proxy a request goes through, as `requests` decides it: the kwargs first, then the environment.
//!
//! The surprising rule: lower-case variables win over upper-case ones (`https_proxy` over `HTTPS_PROXY`).

use reqwest::{ClientBuilder, NoProxy, Proxy};

use crate::env::Env;
use crate::error::{Error, Result};
use crate::secret::SecretText;

/// Proxies by the scheme they serve. An address may hold a password.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    /// For `http://` addresses.
    pub http: Option<SecretText>,
    /// For `https://` addresses.
    pub https: Option<SecretText>,
    /// For whatever the other two leave open.
    pub all: Option<SecretText>,
}

/// Gives `builder` the proxies of the kwargs and the environment, minus the hosts of `NO_PROXY`.
pub fn configure(
    mut builder: ClientBuilder,
    env: &Env,
    from_kwargs: &Proxies,
) -> Result<ClientBuilder> {
    let no_proxy = either_case(env, "no_proxy")?.and_then(|(_, hosts)| NoProxy::from_string(hosts));
    for (scheme, kwarg) in [
        ("http", &from_kwargs.http),
        ("https", &from_kwargs.https),
        ("all", &from_kwargs.all),
    ] {
        let (origin, address) = match kwarg {
            Some(address) => (
                format!("`proxies` in the kwargs, for `{scheme}`"),
                address.expose(),
            ),
            None => match either_case(env, &format!("{scheme}_proxy"))? {
                Some((name, address)) if !address.is_empty() => (format!("`{name}`"), address),
                _ => continue,
            },
        };
        let proxy = match scheme {
            "http" => Proxy::http(address),
            "https" => Proxy::https(address),
            _ => Proxy::all(address),
        };
        let proxy = proxy.map_err(|_| Error::Proxy { origin })?;
        builder = builder.proxy(proxy.no_proxy(no_proxy.clone()));
    }
    Ok(builder)
}

/// The variable in lower case or, failing that, in upper case, with the name it was found under.
fn either_case<'a>(env: &'a Env, name: &str) -> Result<Option<(String, &'a str)>> {
    for name in [name.to_owned(), name.to_uppercase()] {
        if let Some(value) = env.get(&name)? {
            return Ok(Some((name, value)));
        }
    }
    Ok(None)
}
