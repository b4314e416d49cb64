//! The HTTP client that backends share: TLS roots, proxies, redirects, bounded bodies.
//!
//! It behaves as Python's `requests` 2.34 does by default, with two departures: the system's CA certificates stand in for
//! certifi's, and a redirect to another host is refused, because it would carry the token along. Proxies alone are chosen by
//! whichever library Airflow's own backend sends its requests with.

mod allowed_hosts;
mod client;
mod error;
mod exchange;
mod proxy;
mod redirect;
mod reply;
mod servers_words;
mod tls;

use url::Url;

pub use allowed_hosts::VARIABLE as ALLOW_HOSTS;
pub use client::{Client, HttpSettings, SettingFault};
pub use error::{Cause, HttpError};
pub use exchange::RetryRule;
pub use proxy::{KwargProxies, Proxies};
pub use reply::Reply;
pub use servers_words::{in_quotes, servers_words};
pub use tls::{ClientCertificate, PemSource, Verify};

/// Scheme, host and port of an address: what may be shown of it.
pub fn server_name(url: &Url) -> String {
    url.origin().ascii_serialization()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_user_path_and_query() {
        let url = Url::parse("https://user:pw@vault.example:8200/v1/x?y=z").unwrap();
        assert_eq!(server_name(&url), "https://vault.example:8200");
    }
}
