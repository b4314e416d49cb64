//! The choice of gRPC 1.85: the first of `grpc_proxy`, `https_proxy` and `http_proxy` that is set, whatever the scheme.
//!
//! The surprising rule: names in upper case do not count, and a proxy that gRPC cannot use is passed over.

use reqwest::Url;

use super::{Target, address};
use crate::python::urllib::request::{ProxyVariables, is_below};

/// The proxy for `target`.
pub(super) fn choose(variables: &ProxyVariables, target: &Target<'_>) -> Option<Url> {
    let first = |names: &[&str]| names.iter().find_map(|name| variables.value(name));
    let proxy = first(&["grpc_proxy", "https_proxy", "http_proxy"])?;
    let no_proxy = first(&["no_grpc_proxy", "no_proxy"]).unwrap_or_default();
    let host = target.host.to_lowercase();
    let mut entries = no_proxy
        .split(',')
        .map(|entry| entry.trim_ascii().trim_start_matches('.').to_lowercase());
    let is_listed = entries.any(|entry| !entry.is_empty() && is_below(&host, &entry));
    if is_listed {
        return None;
    }
    address::with_login(proxy).filter(|proxy| proxy.scheme() == "http")
}
