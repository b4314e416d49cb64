//! `urllib.request`: the proxies that the environment names, and the hosts that need none (CPython 3.11.7).
//!
//! The surprising rule: every variable counts whose name ends in `_proxy`, in any case; one that ends in lower-case `_proxy`
//! wins, and takes the proxy away if it is empty. Where `REQUEST_METHOD` is set, `HTTP_PROXY` may come from a request's
//! header and does not count.

use crate::python::text::strip;
use crate::secret::SecretText;

/// The variables whose names end in `_proxy`, in the environment's order. A value may hold a password.
#[derive(Clone, Debug, Default)]
pub struct ProxyVariables {
    variables: Vec<(String, SecretText)>,
    is_cgi: bool,
}

impl ProxyVariables {
    /// Keeps those of `variables` that matter; `is_cgi`: `REQUEST_METHOD` is set.
    pub fn new(variables: impl IntoIterator<Item = (String, SecretText)>, is_cgi: bool) -> Self {
        let variables = variables
            .into_iter()
            .filter(|(name, _)| Self::is_one(name))
            .collect();
        Self { variables, is_cgi }
    }

    /// Whether a variable of this name matters.
    pub fn is_one(name: &str) -> bool {
        name.to_lowercase().ends_with("_proxy")
    }

    /// `os.environ.get(name)`
    pub fn value(&self, name: &str) -> Option<&str> {
        let mut variables = self.variables.iter();
        variables
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.expose())
    }

    /// `getproxies_environment().get(scheme)`: the variable and its value, which is never empty.
    pub fn proxy(&self, scheme: &str) -> Option<(&str, &str)> {
        let wanted = format!("{scheme}_proxy");
        let named = || {
            let variables = self.variables.iter();
            variables.filter(|(name, _)| name.to_lowercase() == wanted)
        };
        let in_lower_case = named().rfind(|(name, _)| name.ends_with("_proxy"));
        let in_any_case = named()
            .rfind(|(_, value)| !value.expose().is_empty())
            .filter(|_| !(self.is_cgi && scheme == "http"));
        let (name, value) = in_lower_case.or(in_any_case)?;
        (!value.expose().is_empty()).then(|| (name.as_str(), value.expose()))
    }
}

/// Whether `host`, with its port or without, is one that `no_proxy` names.
pub fn proxy_bypass_environment(host: &str, no_proxy: Option<&str>) -> bool {
    let Some(no_proxy) = no_proxy else {
        return false;
    };
    if no_proxy == "*" {
        return true;
    }
    let host = host.to_lowercase();
    let host_only = without_port(&host);
    let names = no_proxy
        .split(',')
        .map(strip)
        .filter(|name| !name.is_empty());
    names.into_iter().any(|name| {
        let name = name.trim_start_matches('.').to_lowercase();
        is_below(host_only, &name) || is_below(&host, &name)
    })
}

/// Whether `host` is `domain`, or ends in a dot and `domain`.
pub fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// `_splitport`: digits, or nothing, after the last colon.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => host,
    }
}
