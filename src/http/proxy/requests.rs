//! The choice of requests 2.34.2: `Session.merge_environment_settings`, `should_bypass_proxies` and `select_proxy`.
//!
//! The surprising rule: `NO_PROXY` takes away the environment's proxies only; one that the caller names is used all the same.

use super::{Chosen, SettingFault, Target, from_environment};
use crate::python::json::{Dict, Value};
use crate::python::number::int_from_text;
use crate::python::socket::inet_aton;
use crate::python::urllib::request::{ProxyVariables, is_below, proxy_bypass_environment};
use crate::secret::SecretText;

/// `proxies` as a caller of requests gives them, by key: `http`, `https`, `all`, `http://HOST`, `all://HOST`, `no_proxy`.
#[derive(Clone, Debug, Default)]
pub struct KwargProxies(Vec<(String, KwargProxy)>);

/// What stands under one key.
#[derive(Clone, Debug)]
enum KwargProxy {
    /// `null`: no proxy under this key, whatever the environment says.
    Null,
    /// An address, or for `no_proxy` a list of hosts. An empty address is no proxy.
    Text(SecretText),
    /// Something that requests fails on.
    Unusable,
}

impl From<&Dict> for KwargProxies {
    fn from(by_key: &Dict) -> Self {
        let entries = by_key.iter();
        let entries = entries.map(|(key, value)| (key.clone(), KwargProxy::new(key, value)));
        KwargProxies(entries.collect())
    }
}

impl KwargProxy {
    fn new(key: &str, value: &Value) -> Self {
        match value {
            Value::None => KwargProxy::Null,
            Value::Text(text) => KwargProxy::Text(text.clone()),
            value if key != "no_proxy" && !value.is_truthy() => {
                KwargProxy::Text(SecretText::default())
            }
            _ => KwargProxy::Unusable,
        }
    }
}

impl KwargProxies {
    fn get(&self, key: &str) -> Option<&KwargProxy> {
        let mut entries = self.0.iter();
        entries.find(|(own, _)| own == key).map(|(_, proxy)| proxy)
    }
}

/// The proxy for `target`.
///
/// # Errors
/// A kwarg of the wrong type.
pub(super) fn choose<'a>(
    kwargs: &'a KwargProxies,
    variables: &'a ProxyVariables,
    target: &Target<'_>,
) -> Result<Option<Chosen<'a>>, SettingFault> {
    let no_proxy = match kwargs.get("no_proxy") {
        None | Some(KwargProxy::Null) => None,
        Some(KwargProxy::Text(hosts)) => Some(hosts.expose()),
        Some(KwargProxy::Unusable) => return Err(wrong_kwarg("no_proxy")),
    };
    let bypass = should_bypass_proxies(target, no_proxy, variables);
    let (scheme, host) = (target.scheme, &target.host);
    for key in [
        format!("{scheme}://{host}"),
        scheme.to_owned(),
        format!("all://{host}"),
        "all".to_owned(),
    ] {
        let chosen = match kwargs.get(&key) {
            None if bypass => None,
            None => from_environment(variables, &key),
            Some(KwargProxy::Null) => None,
            Some(KwargProxy::Unusable) => return Err(wrong_kwarg(&key)),
            Some(KwargProxy::Text(address)) => Some(Chosen {
                origin: origin_of(&key),
                address: address.expose(),
            }),
        };
        if let Some(chosen) = chosen {
            return Ok((!chosen.address.is_empty()).then_some(chosen));
        }
    }
    Ok(None)
}

fn origin_of(key: &str) -> String {
    format!("`proxies` in the kwargs, for `{key}`")
}

fn wrong_kwarg(key: &str) -> SettingFault {
    SettingFault::Proxy {
        origin: origin_of(key),
    }
}

/// `should_bypass_proxies`; `no_proxy` of the caller stands in for the environment's.
fn should_bypass_proxies(
    target: &Target<'_>,
    no_proxy: Option<&str>,
    variables: &ProxyVariables,
) -> bool {
    let from_environment = || {
        let set = |name| variables.value(name).filter(|hosts| !hosts.is_empty());
        set("no_proxy").or_else(|| set("NO_PROXY"))
    };
    let listed = no_proxy
        .or_else(from_environment)
        .is_some_and(|hosts| is_listed(target, &hosts.replace(' ', "")));
    // requests puts its caller's list in the place of the variable `no_proxy` while urllib looks.
    let for_urllib = match no_proxy {
        Some(hosts) => Some(hosts).filter(|hosts| !hosts.is_empty()),
        None => variables.proxy("no").map(|(_, hosts)| hosts),
    };
    listed || proxy_bypass_environment(&target.host, for_urllib)
}

fn is_listed(target: &Target<'_>, hosts: &str) -> bool {
    let mut entries = hosts.split(',').filter(|entry| !entry.is_empty());
    let host = target.host.as_str();
    match inet_aton(host) {
        Some(address) => entries.any(|entry| match network(entry) {
            Some((network, mask)) => address & mask == network & mask,
            None => entry == host,
        }),
        None => {
            let with_port = match target.port.filter(|port| *port != 0) {
                Some(port) => format!("{host}:{port}"),
                None => host.to_owned(),
            };
            entries.any(|entry| {
                let entry = entry.trim_start_matches('.');
                is_below(host, entry) || is_below(&with_port, entry)
            })
        }
    }
}

/// A network as `is_valid_cidr` takes it: an address, one slash and from 1 to 32 bits.
fn network(entry: &str) -> Option<(u32, u32)> {
    let (address, bits) = entry.split_once('/')?;
    let bits: u32 = int_from_text(bits)?.parse().ok()?;
    (1..=32)
        .contains(&bits)
        .then(|| Some((inet_aton(address)?, u32::MAX << (32 - bits))))?
}
