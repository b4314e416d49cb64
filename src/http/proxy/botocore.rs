//! The choice of botocore 1.44.5: `get_environ_proxies`, and `ProxyConfiguration.proxy_url_for`.
//!
//! The surprising rule: `ALL_PROXY` does not count, and networks in `NO_PROXY` are names like any other.

use super::{Chosen, Target, from_environment};
use crate::python::urllib::request::{ProxyVariables, proxy_bypass_environment};

/// The proxy for `target`, unless it is one of the hosts that are asked directly.
pub(super) fn choose<'a>(
    direct: &[String],
    variables: &'a ProxyVariables,
    target: &Target<'_>,
) -> Option<Chosen<'a>> {
    let no_proxy = variables.proxy("no").map(|(_, hosts)| hosts);
    if direct.contains(&target.host) || proxy_bypass_environment(&target.netloc(), no_proxy) {
        return None;
    }
    from_environment(variables, target.scheme)
}
