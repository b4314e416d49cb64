//! Where a secret lies in Vault: mount, base path and id joined as the provider joins them, and as a request's path.
//!
//! The surprising rule: slashes are never trimmed from an id, doubled ones collapse, and `..` climbs.

use super::address::collapse;
use super::settings::{KvVersion, VaultSettings};
use crate::python::urllib::{quote, unquote};

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

    /// The path that a request's path below `/v1/` stands for: the way back from [`SecretPath::api_path`].
    pub fn from_api_path(api_path: &str, settings: &VaultSettings) -> Option<Self> {
        let whole = unquote(api_path);
        let mount = match &settings.mount_point {
            Some(mount) => mount.as_str(),
            None => whole.split_once('/')?.0,
        };
        let below = whole.strip_prefix(mount)?.strip_prefix('/')?;
        let path = match settings.kv_version {
            KvVersion::One => below,
            KvVersion::Two => below.strip_prefix("data/")?,
        };
        Some(Self {
            mount: mount.to_owned(),
            path: path.to_owned(),
        })
    }

    /// The folder that it lies in, and its name there.
    pub fn split_last(&self) -> (Self, String) {
        let path = collapse(self.path.trim_matches('/'));
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
        let folder = Self {
            mount: self.mount.clone(),
            path: folder.to_owned(),
        };
        (folder, name.to_owned())
    }

    /// The request's path below `/v1/` that lists this folder.
    pub fn list_api_path(&self, version: KvVersion) -> String {
        let (mount, path) = (quote(&self.mount, "/"), quote(&self.path, "/"));
        let kind = match version {
            KvVersion::One => "",
            KvVersion::Two => "metadata/",
        };
        let folder = format!("{mount}/{kind}{path}");
        format!("{}?list=true", folder.trim_end_matches('/'))
    }

    /// Mount and path as Vault's own tools take them; `None` where `.` or `..` is a part of either, which the client would
    /// resolve before Vault sees it.
    pub fn below_mount(&self) -> Option<String> {
        let place = collapse(&format!("{}/{}", self.mount, self.path));
        let climbs = place.split('/').any(|part| matches!(part, "." | ".."));
        (!climbs).then_some(place)
    }
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
}
