//! Which hosts may be asked at all, where somebody has said so.
//!
//! The kwargs decide where a token goes, and in CI a pull request can change the kwargs. A list of hosts in the environment of
//! the process, which a pull request cannot change, keeps tokens at home.

use url::Url;

use super::SettingFault;
use crate::env::{Env, EnvError};
use crate::source::Source;

/// The variable that holds the list: hosts between commas, each with a port or without.
pub const VARIABLE: &str = "SECRETCTL_ALLOW_HOSTS";

/// The hosts that may be asked; without a list, every host.
#[derive(Clone, Debug)]
pub struct AllowedHosts(Option<Vec<String>>);

impl AllowedHosts {
    /// The list in the environment. One that a file gives does not count: the file is what it guards against.
    ///
    /// # Errors
    /// The variable is not UTF-8.
    pub fn of(env: &Env) -> Result<Self, EnvError> {
        if !matches!(env.source_of(VARIABLE), Some(Source::Environment)) {
            return Ok(Self(None));
        }
        let hosts = env.get(VARIABLE)?.map(|list| {
            let hosts = list.split(',').map(|host| host.trim().to_lowercase());
            hosts.filter(|host| !host.is_empty()).collect()
        });
        Ok(Self(hosts))
    }

    /// # Errors
    /// The host of `url` is not on the list.
    pub fn check(&self, url: &Url) -> Result<(), SettingFault> {
        let Some(allowed) = &self.0 else {
            return Ok(());
        };
        let host = url.host_str().unwrap_or_default().to_lowercase();
        let with_port = url
            .port_or_known_default()
            .map(|port| format!("{host}:{port}"));
        let is_allowed = |listed: &String| *listed == host || Some(listed) == with_port.as_ref();
        match allowed.iter().any(is_allowed) {
            true => Ok(()),
            false => Err(SettingFault::HostNotAllowed {
                host: with_port.unwrap_or(host),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(list: &str, url: &str) -> bool {
        let env = Env::from_pairs([(VARIABLE, list)]);
        let url = Url::parse(url).unwrap();
        AllowedHosts::of(&env).unwrap().check(&url).is_ok()
    }

    #[test]
    fn a_host_is_allowed_by_name_and_if_wanted_by_port() {
        assert!(allows("vault.example, other", "https://VAULT.example/v1"));
        assert!(allows("vault.example:8200", "http://vault.example:8200/"));
        assert!(allows("vault.example:443", "https://vault.example/"));
        assert!(!allows("vault.example:8200", "https://vault.example/"));
        assert!(!allows("vault.example", "https://vault.example.evil/"));
        assert!(!allows("", "https://vault.example/"));
    }

    #[test]
    fn without_a_list_every_host_may_be_asked() {
        let url = Url::parse("http://anywhere").unwrap();
        assert!(
            AllowedHosts::of(&Env::default())
                .unwrap()
                .check(&url)
                .is_ok()
        );
    }
}
