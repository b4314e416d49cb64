//! Reading a proxy's address as each library does.
//!
//! The surprising rule: to requests `proxy.example:3128` is a host and a port, and `proxy:3128` a scheme without a host.

use reqwest::Url;

/// `prepend_scheme_if_needed` of requests, and urllib3's `proxy_from_url`; a user without a password is not shown.
pub fn of_requests(text: &str) -> Option<Url> {
    let is_scheme_character = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-');
    let has_scheme = text.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(is_scheme_character)
    });
    match text.strip_prefix("//") {
        Some(rest) => with_login(&format!("http://{rest}")),
        None if has_scheme => with_login(text),
        None => with_login(&format!("http://{text}")),
    }
}

/// `_fix_proxy_url` of botocore; a user with an empty password is not shown either.
pub fn of_botocore(text: &str) -> Option<Url> {
    let mut url = match text.strip_prefix("//") {
        _ if text.starts_with("http:") || text.starts_with("https:") => with_login(text),
        Some(rest) => with_login(&format!("http://{rest}")),
        None => with_login(&format!("http://{text}")),
    }?;
    if url.password().is_none() {
        without_user(&mut url);
    }
    Some(url)
}

/// The address of an HTTP proxy, with the user and password that it is shown, if there are both; the password may be empty.
pub fn with_login(text: &str) -> Option<Url> {
    let (scheme, rest) = text.split_once("://")?;
    let is_http = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let begins_with_host = !rest.starts_with(['/', '\\', '?', '#']);
    if !is_http || !begins_with_host || text.contains(|c: char| c.is_whitespace() || c.is_control())
    {
        return None;
    }
    let mut url = Url::parse(text).ok().filter(Url::has_host)?;
    let userinfo = rest.rsplit_once('@').map_or("", |(userinfo, _)| userinfo);
    if url.username().is_empty() || !userinfo.contains(':') {
        without_user(&mut url);
    }
    Some(url)
}

/// The address of an HTTP proxy that is shown no user and no password, as urllib3 alone shows none.
pub fn without_login(text: &str) -> Option<Url> {
    let mut url = with_login(text)?;
    without_user(&mut url);
    Some(url)
}

/// Whether requests and the Kubernetes client take the address to PySocks.
pub fn is_socks(text: &str) -> bool {
    text.get(..5)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("socks"))
        && text.contains("://")
}

/// An http address can always lose its user.
fn without_user(url: &mut Url) {
    let _ = url.set_username("");
    let _ = url.set_password(None);
}
