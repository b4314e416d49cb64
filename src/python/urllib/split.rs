//! `urllib.parse.urlsplit` (CPython 3.11.7).
//!
//! The surprising rule: the host is lower-cased, a `/`, `?` or `#` in the user or password ends the host part early, and
//! what then stands after the first `:` is taken for the port.

use std::net::Ipv6Addr;

use thiserror::Error;
use zeroize::Zeroizing;

use crate::python::number::MAX_INT_DIGITS;
use crate::secret::SecretText;

/// Where Python raises ValueError.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SplitError {
    /// Only one of `[` and `]` in the host part.
    #[error("the host part has a `[` without `]` or a `]` without `[`")]
    UnbalancedBracket,
    /// Brackets around something that is no IPv6 address.
    #[error("what stands between `[` and `]` in the host part is not an IPv6 address")]
    NotAnIpv6Address,
    /// A character that Unicode's NFKC form turns into one of `/?#@:`, as U+FF0F does.
    #[error("the host part has a Unicode character that stands for one of `/?#@:`")]
    DisguisedDelimiter,
    /// Something other than ASCII digits.
    #[error("the port is not a number")]
    PortNotANumber,
    /// Above 65535.
    #[error("the port is greater than 65535")]
    PortOutOfRange,
}

/// The parts of a URL, still percent-encoded.
pub struct SplitResult {
    /// In lower case; "" if the text starts with no valid scheme.
    pub scheme: SecretText,
    /// User, password, host and port.
    pub netloc: SecretText,
    /// With its leading `/`, if it has one.
    pub path: SecretText,
    /// Without its `?`.
    pub query: SecretText,
}

/// `urlsplit(url)`, the fragment left out.
pub fn urlsplit(url: &str) -> Result<SplitResult, SplitError> {
    let url = without_unsafe_characters(url);
    let (scheme, rest) = split_scheme(&url);
    let (netloc, rest) = split_netloc(rest);
    check_brackets(netloc)?;
    let rest = rest.split_once('#').map_or(rest, |(before, _)| before);
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    check_disguised_delimiters(netloc)?;
    Ok(SplitResult {
        scheme: SecretText::new(scheme.to_ascii_lowercase()),
        netloc: netloc.into(),
        path: path.into(),
        query: query.into(),
    })
}

impl SplitResult {
    /// What stands before the last `@` and before the first `:` there; nothing without an `@`.
    pub fn username(&self) -> Option<&str> {
        let userinfo = self.userinfo()?;
        Some(
            userinfo
                .split_once(':')
                .map_or(userinfo, |(username, _)| username),
        )
    }

    /// What stands after the first `:` before the last `@`.
    pub fn password(&self) -> Option<&str> {
        self.userinfo()?
            .split_once(':')
            .map(|(_, password)| password)
    }

    /// The host in lower case, but for an IPv6 zone; "" where Python has `None`.
    pub fn hostname(&self) -> SecretText {
        let hostname = self.hostinfo().0;
        let zone_start = hostname.find('%').unwrap_or(hostname.len());
        let (address, zone) = hostname.split_at(zone_start);
        SecretText::new(address.to_lowercase() + zone)
    }

    /// The port; a bare `:` is no port.
    pub fn port(&self) -> Result<Option<u16>, SplitError> {
        match self.hostinfo().1 {
            "" => Ok(None),
            port if !port.bytes().all(|byte| byte.is_ascii_digit()) => {
                Err(SplitError::PortNotANumber)
            }
            port if port.len() > MAX_INT_DIGITS => Err(SplitError::PortOutOfRange),
            port => port
                .parse()
                .map(Some)
                .map_err(|_| SplitError::PortOutOfRange),
        }
    }

    fn userinfo(&self) -> Option<&str> {
        self.netloc
            .expose()
            .rsplit_once('@')
            .map(|(userinfo, _)| userinfo)
    }

    /// Host and port. Brackets keep the colons of an IPv6 address; text before them is dropped.
    fn hostinfo(&self) -> (&str, &str) {
        let netloc = self.netloc.expose();
        let hostinfo = netloc
            .rsplit_once('@')
            .map_or(netloc, |(_, hostinfo)| hostinfo);
        match hostinfo.split_once('[') {
            Some((_, bracketed)) => {
                let (hostname, rest) = bracketed.split_once(']').unwrap_or((bracketed, ""));
                (hostname, rest.split_once(':').map_or("", |(_, port)| port))
            }
            None => hostinfo.split_once(':').unwrap_or((hostinfo, "")),
        }
    }
}

/// Leading control characters and spaces, and every tab and line break.
fn without_unsafe_characters(url: &str) -> Zeroizing<String> {
    let url = url.trim_start_matches(|c| c <= ' ');
    Zeroizing::new(
        url.chars()
            .filter(|c| !matches!(c, '\t' | '\r' | '\n'))
            .collect(),
    )
}

fn split_scheme(url: &str) -> (&str, &str) {
    match url.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => (scheme, rest),
        _ => ("", url),
    }
}

fn is_scheme(text: &str) -> bool {
    let is_scheme_character =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.bytes().all(is_scheme_character)
}

/// What stands between a leading `//` and the first of `/?#`, and what follows.
fn split_netloc(url: &str) -> (&str, &str) {
    match url.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len())),
        None => ("", url),
    }
}

fn check_brackets(netloc: &str) -> Result<(), SplitError> {
    match (netloc.split_once('['), netloc.contains(']')) {
        (None, false) => Ok(()),
        (Some((_, bracketed)), true) => {
            let host = bracketed
                .split_once(']')
                .map_or(bracketed, |(host, _)| host);
            is_bracketed_host(host)
                .then_some(())
                .ok_or(SplitError::NotAnIpv6Address)
        }
        _ => Err(SplitError::UnbalancedBracket),
    }
}

/// An IPv6 address, with a zone or not, or the `v1.something` form kept for later kinds of address.
fn is_bracketed_host(host: &str) -> bool {
    if let Some(future) = host.strip_prefix('v') {
        let version_and_address = future.split_once('.');
        return version_and_address.is_some_and(|(version, address)| {
            !version.is_empty()
                && version.bytes().all(|byte| byte.is_ascii_hexdigit())
                && !address.is_empty()
        });
    }
    let (address, zone_is_valid) = match host.split_once('%') {
        Some((address, zone)) => (address, !zone.is_empty() && !zone.contains('%')),
        None => (host, true),
    };
    zone_is_valid && address.parse::<Ipv6Addr>().is_ok()
}

/// Python compares with the NFKC form. These are all the characters whose NFKC form holds one of `/?#@:`, and no
/// following mark composes them away.
fn check_disguised_delimiters(netloc: &str) -> Result<(), SplitError> {
    let is_disguised = |c| {
        matches!(
            c,
            '\u{2047}'
                ..='\u{2049}'
                    | '\u{2100}'
                    | '\u{2101}'
                    | '\u{2105}'
                    | '\u{2106}'
                    | '\u{2a74}'
                    | '\u{fe13}'
                    | '\u{fe16}'
                    | '\u{fe55}'
                    | '\u{fe56}'
                    | '\u{fe5f}'
                    | '\u{fe6b}'
                    | '\u{ff03}'
                    | '\u{ff0f}'
                    | '\u{ff1a}'
                    | '\u{ff1f}'
                    | '\u{ff20}'
        )
    };
    if netloc.contains(is_disguised) {
        Err(SplitError::DisguisedDelimiter)
    } else {
        Ok(())
    }
}
