//! What of the settings may not be as the mount is: advice, told where a secret is absent or refused.

use std::fmt;

use super::path::SecretPath;
use super::reply::text;
use super::session::VaultSession;
use super::settings::{KvVersion, VaultSettings};
use crate::python::json::Value;

/// How many mounts are named at most.
const NAMED: usize = 5;

/// What may be wrong with where Vault is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// `url` ends in `/v1`.
    EndsInV1,
    /// `mount_point` ends in the `data` of KV 2's own paths.
    DataInMountPoint {
        /// The mount as it should be.
        mount: String,
    },
    /// The path begins with the mount's own name.
    MountRepeated {
        /// The mount.
        mount: String,
    },
    /// The path begins with the `data` of KV 2's own paths.
    DataInPath,
    /// The mount is not a KV engine's.
    NotKv {
        /// The mount.
        mount: String,
        /// What it is.
        kind: String,
    },
    /// The mount goes on where `mount_point` ends, or ends before it.
    OtherMount {
        /// The mount as it is.
        mount: String,
    },
    /// The mount is of the other version.
    OtherVersion {
        /// The mount.
        mount: String,
        /// Its version.
        version: KvVersion,
    },
    /// The token sees nothing there.
    NotSeen {
        /// The mount as it was asked for.
        mount: String,
        /// The KV mounts that it sees.
        seen: Vec<String>,
    },
}

impl Mismatch {
    /// What the settings alone tell; none of it is certain, as a mount or a folder may have any name.
    pub fn in_settings(settings: &VaultSettings, path: &SecretPath) -> Option<Self> {
        let begins_with = |name: &str| {
            let rest = path.path.strip_prefix(name);
            rest.is_some_and(|rest| rest.starts_with('/'))
        };
        let mount = path.mount.trim_matches('/');
        if settings.server.ends_in_v1() {
            return Some(Mismatch::EndsInV1);
        }
        if settings.mount_point.is_some() && begins_with(mount) {
            return Some(Mismatch::MountRepeated {
                mount: mount.to_owned(),
            });
        }
        (begins_with("data") || begins_with("metadata")).then_some(Mismatch::DataInPath)
    }

    /// What a mount tells of itself (`data` of `sys/internal/ui/mounts/PATH`).
    pub fn with_mount(session: &VaultSession, path: &SecretPath, answer: &Value) -> Option<Self> {
        let mount = session.servers_words(answer.at(&["data", "path"]).and_then(text)?);
        let mount = mount.trim_matches('/').to_owned();
        let kind = answer.at(&["data", "type"]).and_then(text);
        let kind = session.servers_words(kind.unwrap_or_default());
        if !is_kv(&kind) {
            return Some(Mismatch::NotKv { mount, kind });
        }
        let asked = path.mount.trim_matches('/');
        if asked == format!("{mount}/data") {
            return Some(Mismatch::DataInMountPoint { mount });
        }
        if mount != asked {
            return Some(Mismatch::OtherMount { mount });
        }
        let version = match answer.at(&["data", "options", "version"]).and_then(text) {
            Some("2") => KvVersion::Two,
            _ => KvVersion::One,
        };
        let is_other = version != session.settings().kv_version;
        is_other.then_some(Mismatch::OtherVersion { mount, version })
    }

    /// What a token tells that sees no mount at `path`, by the mounts that it sees (`sys/internal/ui/mounts`).
    pub fn without_mount(
        session: &VaultSession,
        path: &SecretPath,
        mounts: Option<&Value>,
    ) -> Self {
        let mounts = match mounts.and_then(|answer| answer.at(&["data", "secret"])) {
            Some(Value::Dict(mounts)) => mounts.iter().collect(),
            _ => Vec::new(),
        };
        let kv =
            |(_, mount): &(&String, &Value)| mount.at(&["type"]).and_then(text).is_some_and(is_kv);
        let seen = mounts.into_iter().filter(kv);
        let seen = seen.map(|(name, _)| session.servers_words(name.trim_matches('/')));
        Mismatch::NotSeen {
            mount: path.mount.trim_matches('/').to_owned(),
            seen: seen.take(NAMED).collect(),
        }
    }

    /// Whether the read cannot have been meant as it was.
    pub fn is_certain(&self) -> bool {
        match self {
            Mismatch::EndsInV1
            | Mismatch::DataInMountPoint { .. }
            | Mismatch::NotKv { .. }
            | Mismatch::OtherMount { .. }
            | Mismatch::OtherVersion { .. } => true,
            Mismatch::MountRepeated { .. } | Mismatch::DataInPath | Mismatch::NotSeen { .. } => {
                false
            }
        }
    }
}

fn is_kv(kind: &str) -> bool {
    matches!(kind, "kv" | "generic")
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mismatch::EndsInV1 => f.write_str("Airflow adds /v1 itself; take it from \"url\""),
            Mismatch::DataInMountPoint { mount } => write!(
                f,
                "the KV mount here is `{mount}/`; Airflow adds `data/` itself, so take it from \"mount_point\""
            ),
            Mismatch::MountRepeated { mount } => write!(
                f,
                "the path begins with the mount's own name, `{mount}/`, which \"mount_point\" adds; take it from the path"
            ),
            Mismatch::DataInPath => f.write_str(
                "the path begins with `data/` or `metadata/`: Airflow adds `data/` itself for a KV version 2 mount, and a KV version 1 mount has none; take it from the path",
            ),
            Mismatch::NotKv { mount, kind } => write!(
                f,
                "`{mount}/` is a mount of type {kind}, not a KV mount; \"mount_point\" names the KV mount"
            ),
            Mismatch::OtherMount { mount } => write!(
                f,
                "the KV mount here is `{mount}/`; write it whole in \"mount_point\""
            ),
            Mismatch::OtherVersion { mount, version } => write!(
                f,
                "`{mount}/` is a KV version {version} mount; set \"kv_engine_version\": {version}"
            ),
            Mismatch::NotSeen { mount, seen } => {
                write!(
                    f,
                    "nothing is mounted at `{mount}/`, or this token may not see it; \"mount_point\" names the KV mount"
                )?;
                let seen: Vec<String> = seen.iter().map(|mount| format!("`{mount}/`")).collect();
                match seen.is_empty() {
                    true => Ok(()),
                    false => write!(f, " (this token sees {})", seen.join(", ")),
                }
            }
        }
    }
}
