//! The choice of the Kubernetes client 37.0.1: `Configuration._env_proxy` and `rest.should_bypass_proxies`.
//!
//! The surprising rule: a `*` among other entries of `NO_PROXY` already means every host.

use std::net::IpAddr;

use super::{Chosen, Target, from_environment};
use crate::python::text::strip;
use crate::python::urllib::request::{ProxyVariables, is_below};
use crate::secret::SecretText;

/// The proxy for `target`: `proxy_url`, else the environment's.
pub(super) fn choose<'a>(
    proxy_url: Option<&'a SecretText>,
    variables: &'a ProxyVariables,
    target: &Target<'_>,
) -> Option<Chosen<'a>> {
    let no_proxy = variables.proxy("no").map_or("", |(_, hosts)| hosts);
    if should_bypass_proxies(target, no_proxy) {
        return None;
    }
    match proxy_url {
        Some(address) => Some(Chosen {
            origin: "`proxy-url` of the kubeconfig".to_owned(),
            address: address.expose(),
        }),
        None => from_environment(variables, target.scheme)
            .or_else(|| from_environment(variables, "all")),
    }
}

fn should_bypass_proxies(target: &Target<'_>, no_proxy: &str) -> bool {
    let host = target.host.to_lowercase();
    let address: Option<IpAddr> = host.parse().ok();
    let with_port = target.netloc();
    let mut entries = no_proxy.split(',').map(|entry| strip(entry).to_lowercase());
    entries.any(|entry| {
        let name = entry.trim_start_matches('.');
        match entry.as_str() {
            "" => false,
            "*" => true,
            network if address.is_some_and(|address| is_in(address, network)) => true,
            _ => is_below(&host, name) || is_below(&with_port, name),
        }
    })
}

/// `address in ipaddress.ip_network(network, strict=False)`
fn is_in(address: IpAddr, network: &str) -> bool {
    let (base, mask) = network.split_once('/').unwrap_or((network, ""));
    let covers = |width: u32| match mask {
        "" if network.contains('/') => None,
        "" => Some(width),
        bits if bits.bytes().all(|byte| byte.is_ascii_digit()) => {
            bits.parse().ok().filter(|bits| *bits <= width)
        }
        mask if width == 32 => bits_of_mask(mask),
        _ => None,
    };
    match (address, base.parse()) {
        (IpAddr::V4(address), Ok(IpAddr::V4(base))) => covers(32).is_some_and(|bits| {
            let differing = u32::from(address) ^ u32::from(base);
            differing.leading_zeros() >= bits
        }),
        (IpAddr::V6(address), Ok(IpAddr::V6(base))) => covers(128).is_some_and(|bits| {
            let differing = u128::from(address) ^ u128::from(base);
            differing.leading_zeros() >= bits
        }),
        _ => false,
    }
}

/// `255.255.0.0`, or `0.0.255.255` as routers write it.
fn bits_of_mask(mask: &str) -> Option<u32> {
    let mask: std::net::Ipv4Addr = mask.parse().ok()?;
    let mask = u32::from(mask);
    let is_run_of_ones = |mask: u32| mask.leading_ones() + mask.trailing_zeros() >= 32;
    match mask {
        mask if is_run_of_ones(mask) => Some(mask.leading_ones()),
        mask if is_run_of_ones(!mask) => Some(mask.leading_zeros()),
        _ => None,
    }
}
