//! A Vault server's address and the addresses of requests to it, as hvac 2.4.0, requests 2.34 and urllib3 2 build them.
//!
//! The surprising rule: nothing is repaired. `http:/host`, a line break behind the port or a tab in the host stop Airflow, so
//! they are not addresses here either, though a browser would mend them.

use std::net::{Ipv4Addr, Ipv6Addr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::{Host, Url};
use zeroize::Zeroizing;

use super::header;
use crate::http;
use crate::python::text::is_space;
use crate::python::urllib::unquote;
use crate::secret::SecretText;

/// A Vault server's address.
#[derive(Clone, Debug)]
pub struct VaultServer {
    /// Scheme, host and port; none for an address that cannot be used.
    origin: Option<Url>,
    /// The path before `/v1/`, as it was written; empty or with a slash in front.
    base_path: String,
    /// The user and the password in the address, as the header that requests makes of them.
    authorization: Option<SecretText>,
    /// The password in the address.
    password: Option<SecretText>,
}

/// Why a text is not the address of a Vault server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressFault {
    /// Airflow sends nothing to it.
    Unusable,
    /// Airflow may send something, but not a question for the secret, or not one that this client can send.
    Refused,
}

impl VaultServer {
    /// Reads an address.
    ///
    /// # Errors
    /// What Airflow does not ask for the secret at, or not as this client would.
    pub fn parse(address: &str) -> Result<Self, AddressFault> {
        // hvac takes off the slashes, requests the white space in front.
        let address = address.trim_matches('/').trim_start_matches(is_space);
        let (scheme, rest) = address.split_once("://").ok_or(AddressFault::Unusable)?;
        let is_http = ["http", "https"]
            .iter()
            .any(|http| scheme.eq_ignore_ascii_case(http));
        if !is_http {
            return Err(AddressFault::Unusable);
        }
        // Behind a query or a fragment the path of a secret would be no path.
        if rest.contains(['?', '#']) {
            return Err(AddressFault::Refused);
        }
        let (authority, path) = rest.split_at(rest.find(['/', '\\']).unwrap_or(rest.len()));
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        let server = Self {
            origin: Some(origin(scheme, host)?),
            base_path: match path.strip_prefix('\\') {
                Some(_) => format!("/{path}"),
                None => path.to_owned(),
            },
            authorization: match user {
                Some(user) => authorization(user).ok_or(AddressFault::Unusable)?,
                None => None,
            },
            password: user
                .and_then(|user| user.split_once(':'))
                .map(|(_, password)| unquote(password).into()),
        };
        match server.url("") {
            Some(_) => Ok(server),
            None => Err(AddressFault::Refused),
        }
    }

    /// A stand-in for an address that cannot be used; nothing is ever sent to it.
    pub fn unusable() -> Self {
        Self {
            origin: None,
            base_path: String::new(),
            authorization: None,
            password: None,
        }
    }

    /// Scheme, host and port, and the path before `/v1/` if there is one.
    pub fn name(&self) -> Option<String> {
        let origin = self.origin.as_ref().map(http::server_name)?;
        Some(format!("{origin}{}", self.base_path))
    }

    /// Whether requests cross a network as anybody on it can read them.
    pub fn is_plain_and_far(&self) -> bool {
        let Some(origin) = self
            .origin
            .as_ref()
            .filter(|origin| origin.scheme() == "http")
        else {
            return false;
        };
        match origin.host() {
            Some(Host::Domain(name)) => name != "localhost" && !name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => !address.is_loopback(),
            Some(Host::Ipv6(address)) => !address.is_loopback(),
            None => false,
        }
    }

    /// Whether the address ends in the `/v1` that Airflow adds itself.
    pub fn ends_in_v1(&self) -> bool {
        self.base_path.trim_end_matches('/').ends_with("/v1")
    }

    /// What requests makes of a user and a password in the address.
    pub fn authorization(&self) -> Option<&SecretText> {
        self.authorization.as_ref()
    }

    /// What of the address must not appear in anything the server says.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let encoded = self.authorization.iter();
        let encoded = encoded.map(|text| text.expose().trim_start_matches("Basic "));
        encoded.chain(self.password.iter().map(SecretText::expose))
    }

    /// The full address of a path below `/v1/`; `None` where the path has a form that cannot be sent as Airflow sends it:
    /// a `..` that comes to light only when an escape is undone.
    pub fn url(&self, api_path: &str) -> Option<Url> {
        let (path, query) = self.target(api_path);
        let mut url = self.origin.clone()?;
        url.set_path(&path);
        url.set_query(query.as_deref());
        (url.path() == path && url.query() == query.as_deref()).then_some(url)
    }

    /// What a request for this path asks for, readable: the path below `/v1/`.
    pub fn place(&self, api_path: &str) -> String {
        let (path, _) = self.target(api_path);
        let (top, _) = self.target("");
        let below = path.strip_prefix(&format!("{top}/"));
        unquote(below.unwrap_or(path.trim_start_matches('/')))
    }

    /// Path and query of a request, escaped.
    fn target(&self, api_path: &str) -> (String, Option<String>) {
        let api_path = collapse(&format!("/v1/{api_path}"));
        let whole = format!("{}/{}", self.base_path, api_path.trim_matches('/'));
        let whole = whole.split('#').next().unwrap_or_default();
        let (path, query) = match whole.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (whole, None),
        };
        let path = requoted(&without_dot_segments(path), "@/");
        (path, query.map(|query| requoted(query, "@/?")))
    }
}

/// Scheme, host and port, if the host is a name of ASCII letters, digits, `-`, `_` and `.`, or an IP address as it is always
/// written.
fn origin(scheme: &str, host_and_port: &str) -> Result<Url, AddressFault> {
    let (host, port) = match host_and_port.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (host_and_port, ""),
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let is_host = match host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
    {
        Some(literal) => literal.parse::<Ipv6Addr>().is_ok(),
        None => host.chars().all(is_name),
    };
    if fails_in_requests(host) || !port.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(AddressFault::Unusable);
    }
    if !is_host {
        return Err(AddressFault::Refused);
    }
    let origin = Url::parse(&format!("{scheme}://{host}:{port}")).map_err(|error| match error {
        url::ParseError::InvalidPort => AddressFault::Unusable,
        _ => AddressFault::Refused,
    })?;
    match origin.host() {
        Some(Host::Ipv4(_)) if host.parse::<Ipv4Addr>().is_err() => Err(AddressFault::Refused),
        _ => Ok(origin),
    }
}

/// Whether requests, or `http.client` below it, refuses the host.
fn fails_in_requests(host: &str) -> bool {
    let is_refused = |c: char| c.is_ascii_control() || c == ' ';
    let has_two_ports = !host.starts_with('[') && host.contains(':');
    host.is_empty() || host.starts_with(['.', '*']) || host.contains(is_refused) || has_two_ports
}

/// `requests.auth._basic_auth_str` of the user and the password in an address: nothing without a `:`, and `None` for what
/// has no Latin-1 form, on which Airflow fails.
fn authorization(user: &str) -> Option<Option<SecretText>> {
    let Some((user, password)) = user.split_once(':') else {
        return Some(None);
    };
    if user.is_empty() && password.is_empty() {
        return Some(None);
    }
    let pair = Zeroizing::new(format!("{}:{}", unquote(user), unquote(password)));
    let encoded = STANDARD.encode(&*header::latin_1(&pair)?);
    Some(Some(format!("Basic {encoded}").into()))
}

/// hvac's adapter: `while "//" in url: url = url.replace("//", "/")`.
pub fn collapse(path: &str) -> String {
    let mut collapsed = String::with_capacity(path.len());
    for c in path.chars() {
        if c != '/' || !collapsed.ends_with('/') {
            collapsed.push(c);
        }
    }
    collapsed
}

/// urllib3's `_remove_path_dot_segments`.
fn without_dot_segments(path: &str) -> String {
    let mut kept = Vec::new();
    for segment in path.split('/') {
        match segment {
            "." => {}
            ".." => {
                kept.pop();
            }
            segment => kept.push(segment),
        }
    }
    if path.starts_with('/') && kept.first().is_none_or(|first| !first.is_empty()) {
        kept.insert(0, "");
    }
    if path.ends_with("/.") || path.ends_with("/..") {
        kept.push("");
    }
    match kept.as_slice() {
        [""] => "/".to_owned(),
        kept => kept.join("/"),
    }
}

/// urllib3's `_encode_invalid_chars`, then requests' `requote_uri`: what may not stand there is escaped, an escape that need
/// not be is undone, and one `%` that is no escape makes all others none either.
fn requoted(part: &str, also_allowed: &str) -> String {
    let escapes = (0..part.len()).filter(|at| escaped_byte(part, *at).is_some());
    let all_are_escapes = escapes.count() == part.matches('%').count();
    let mut quoted = String::with_capacity(part.len());
    let mut at = 0;
    while let Some(byte) = part.as_bytes().get(at) {
        let (byte, length, is_escape) = match escaped_byte(part, at).filter(|_| all_are_escapes) {
            Some(byte) => (byte, 3, true),
            None => (*byte, 1, false),
        };
        let stays = if is_escape {
            is_unreserved(byte)
        } else {
            is_unreserved(byte)
                || b"!$&'()*+,;=:".contains(&byte)
                || also_allowed.as_bytes().contains(&byte)
        };
        if stays {
            quoted.push(char::from(byte));
        } else {
            quoted.push_str(&format!("%{byte:02X}"));
        }
        at += length;
    }
    quoted
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// The byte that an escape at this place stands for.
fn escaped_byte(text: &str, at: usize) -> Option<u8> {
    let escape = text.as_bytes().get(at..at + 3)?;
    let digits = std::str::from_utf8(&escape[1..]).ok()?;
    let are_digits = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    (escape[0] == b'%' && are_digits).then(|| u8::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests;
