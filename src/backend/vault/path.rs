//! Where a secret lies in Vault: mount, base path and id joined as the provider joins them, and as a request's path.
//!
//! The surprising rule: slashes are never trimmed from an id, doubled ones collapse, and `..` climbs.

use url::Url;

use super::settings::KvVersion;
use crate::http;
use crate::python::urllib::quote;

/// A mount and the path of a secret in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretPath {
    /// The mount of the KV engine.
    pub mount: String,
    /// The path below it.
    pub path: String,
}

impl SecretPath {
    /// `VaultBackend._get_secret_with_base` and `_VaultClient._parse_secret_path`; `None` where the id should name its mount
    /// and has no `/`.
    pub fn new(mount_point: Option<&str>, base: &str, id: &str) -> Option<Self> {
        let below = |part: &str| {
            if base.is_empty() {
                part.to_owned()
            } else {
                format!("{base}/{part}")
            }
        };
        if let Some(mount) = mount_point {
            return Some(Self {
                mount: mount.to_owned(),
                path: below(id),
            });
        }
        let whole = match id.split_once('/')? {
            ("", rest) => below(rest),
            (mount, rest) => format!("{mount}/{}", below(rest)),
        };
        let (mount, path) = whole.split_once('/')?;
        Some(Self {
            mount: mount.to_owned(),
            path: path.to_owned(),
        })
    }

    /// The request's path below `/v1/`, percent-encoded.
    pub fn api_path(&self, version: KvVersion) -> String {
        let (mount, path) = (quote(&self.mount, "/"), quote(&self.path, "/"));
        match version {
            KvVersion::One => format!("{mount}/{path}"),
            KvVersion::Two => format!("{mount}/data/{path}"),
        }
    }

    /// Mount and path as Vault's own tools take them.
    pub fn below_mount(&self) -> String {
        collapse(&format!("{}/{}", self.mount, self.path))
    }
}

/// A Vault server's address.
#[derive(Clone, Debug)]
pub struct Server {
    base: Url,
}

impl Server {
    /// Reads an address; `None` if it is none that HTTP can reach.
    pub fn parse(address: &str) -> Option<Self> {
        let base = Url::parse(address.trim_start()).ok()?;
        (matches!(base.scheme(), "http" | "https") && base.has_host()).then_some(Self { base })
    }

    /// A stand-in for an address that cannot be used; nothing is ever sent to it.
    pub fn unusable() -> Self {
        let base = Url::parse("http://invalid.")
            .unwrap_or_else(|_| unreachable!("a constant that parses"));
        Self { base }
    }

    /// Scheme, host and port.
    pub fn name(&self) -> String {
        http::server_name(&self.base)
    }

    /// The full address of a path below `/v1/`; dot segments are resolved as urllib3 does.
    pub fn url(&self, api_path: &str) -> Url {
        let mut url = self.base.clone();
        let base_path = self.base.path().trim_matches('/');
        let path = collapse(&format!("/v1/{api_path}"));
        let (path, query) = path
            .split_once('?')
            .map_or((path.as_str(), None), |(path, query)| (path, Some(query)));
        url.set_path(&format!("{base_path}/{}", path.trim_matches('/')));
        url.set_query(query);
        url.set_fragment(None);
        url
    }

    /// What a request for this path asks for, readable: the path below `/v1/`.
    pub fn place(&self, api_path: &str) -> String {
        let url = self.url(api_path);
        let path = url.path().trim_start_matches('/');
        let path = path
            .strip_prefix(self.base.path().trim_matches('/'))
            .unwrap_or(path)
            .trim_start_matches('/');
        let path = path.strip_prefix("v1/").unwrap_or(path);
        crate::python::urllib::unquote(path)
    }
}

/// hvac's adapter: `while "//" in url: url = url.replace("//", "/")`.
fn collapse(path: &str) -> String {
    let mut collapsed = String::with_capacity(path.len());
    for c in path.chars() {
        if c != '/' || !collapsed.ends_with('/') {
            collapsed.push(c);
        }
    }
    collapsed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(mount: Option<&str>, base: &str, id: &str) -> Option<String> {
        SecretPath::new(mount, base, id).map(|path| path.api_path(KvVersion::Two))
    }

    #[test]
    fn mount_base_and_id_are_joined() {
        assert_eq!(
            path(Some("secret"), "connections", "a").unwrap(),
            "secret/data/connections/a"
        );
        assert_eq!(path(Some("secret"), "", "a").unwrap(), "secret/data/a");
        assert_eq!(
            path(Some("kv/team"), "c", "a b@é").unwrap(),
            "kv/team/data/c/a%20b%40%C3%A9"
        );
    }

    #[test]
    fn without_a_mount_point_the_id_names_it() {
        assert_eq!(
            path(None, "variables", "m1/hello").unwrap(),
            "m1/data/variables/hello"
        );
        assert_eq!(
            path(None, "variables", "m1/p/hello").unwrap(),
            "m1/data/variables/p/hello"
        );
        assert_eq!(path(None, "", "m1/hello").unwrap(), "m1/data/hello");
        assert_eq!(path(None, "variables", "hello"), None);
        assert_eq!(
            path(None, "variables", "/hello").unwrap(),
            "variables/data/hello"
        );
        assert_eq!(path(None, "", "/hello"), None);
    }

    #[test]
    fn the_address_keeps_its_own_path_and_resolves_dots() {
        let server = Server::parse("https://v.example/vault/").unwrap();
        assert_eq!(
            server.url("secret/data/a//b").as_str(),
            "https://v.example/vault/v1/secret/data/a/b"
        );
        assert_eq!(
            server.place("secret/data/variables/../x%20y"),
            "secret/data/x y"
        );
        assert_eq!(server.name(), "https://v.example");
        assert!(Server::parse("127.0.0.1:8200").is_none());
        assert!(Server::parse("file:///etc").is_none());
    }
}
