//! The kwargs of `VaultBackend`: which there are, what they default to, and which of them Airflow would not start with.
//!
//! The surprising rule: a wrong `auth_type` or `kv_engine_version` stops Airflow at start-up, but a misspelt kwarg only fails
//! each lookup, which then falls through to the next layer. Such faults are kept here until a lookup asks for them.

use std::fmt;

use super::address::{AddressFault, VaultServer};
use super::auth::Auth;
use super::error::VaultError;
use super::transport;
use crate::backend::kwargs::{self, KwargError, Kwargs};
use crate::env::Env;
use crate::finding::Finding;
use crate::http::{HttpSettings, Verify};
use crate::python::json::Value;
use crate::secret::SecretText;
use crate::secret_kind::{PerKind, SecretKind};
use crate::source::Source;

/// Faults that wait for a lookup, since Airflow starts with them.
pub type Faults = kwargs::Faults<VaultError>;

/// Every kwarg of the constructor, then those that it passes on to hvac's client.
pub const KWARGS: &[&str] = &[
    "connections_path",
    "variables_path",
    "config_path",
    "use_team_secrets_path",
    "global_secrets_path",
    "url",
    "auth_type",
    "auth_mount_point",
    "mount_point",
    "kv_engine_version",
    "token",
    "token_path",
    "username",
    "password",
    "key_id",
    "secret_id",
    "role_id",
    "assume_role_kwargs",
    "region",
    "kubernetes_role",
    "kubernetes_jwt_path",
    "gcp_key_path",
    "gcp_keyfile_dict",
    "gcp_scopes",
    "azure_tenant_id",
    "azure_resource",
    "radius_host",
    "radius_secret",
    "radius_port",
    "jwt_role",
    "jwt_token",
    "jwt_token_path",
    "verify",
    "cert",
    "timeout",
    "proxies",
    "allow_redirects",
    "namespace",
    "strict_http",
    "request_header",
    "ignore_exceptions",
];

/// A version of the KV engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KvVersion {
    /// Without versions of a secret.
    One,
    /// With versions; paths have `data/` after the mount.
    Two,
}

impl fmt::Display for KvVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            KvVersion::One => "1",
            KvVersion::Two => "2",
        })
    }
}

/// Kwargs that Vault's own tools have, and this class has under the name `url`.
const ADDRESS_ELSEWHERE: &[&str] = &[
    "addr",
    "address",
    "host",
    "vault_addr",
    "vault_address",
    "vault_url",
];

/// The kwargs, read.
#[derive(Clone, Debug)]
pub struct VaultSettings {
    /// The base paths of each kind, in order; `None`: Vault is not asked for it.
    pub base_paths: PerKind<Option<Vec<String>>>,
    /// Whether teams have paths of their own under `[core] multi_team`.
    pub use_team_secrets_path: bool,
    /// The KV mount; `None`: the id names it.
    pub mount_point: Option<String>,
    /// The KV engine's version.
    pub kv_version: KvVersion,
    /// How to log in.
    pub auth: Auth,
    /// The server.
    pub server: VaultServer,
    /// `X-Vault-Namespace`
    pub namespace: Option<String>,
    /// Whether `X-Vault-Request` is sent.
    pub request_header: bool,
    /// Whether hvac takes every answer for good, so that Airflow trips over all but those of status 200.
    pub ignore_exceptions: bool,
    /// How to connect.
    pub http: HttpSettings,
    address: Address,
    has_global_path: bool,
    faults: Faults,
}

/// `url`, else `VAULT_ADDR`, else hvac's default.
#[derive(Clone, Debug)]
struct Address {
    text: String,
    origin: &'static str,
    source: Option<Source>,
}

/// The kwarg that holds the base paths of a kind.
pub fn path_kwarg(kind: SecretKind) -> &'static str {
    match kind {
        SecretKind::Connection => "connections_path",
        SecretKind::Variable => "variables_path",
        SecretKind::Config => "config_path",
    }
}

impl VaultSettings {
    /// Reads the kwargs as the constructors of `VaultBackend` and `_VaultClient` do.
    ///
    /// # Errors
    /// What one of them raises on.
    pub fn from_kwargs(kwargs: Kwargs<'_>, env: &Env) -> Result<Self, VaultError> {
        let mut faults = Faults::default();
        faults.note(refuse_unknown(kwargs));
        let address = Address::from_kwargs(kwargs, env, &mut faults)?;
        let server = faults.note(address.server());
        let namespace = faults
            .note(kwargs.text("namespace"))
            .flatten()
            .filter(|name| !name.is_empty());
        Ok(Self {
            base_paths: PerKind::try_from_fn(|kind| base_paths(kwargs, kind))?,
            use_team_secrets_path: kwargs.truthy("use_team_secrets_path", true),
            mount_point: mount_point(kwargs, &mut faults),
            kv_version: kv_version(kwargs)?,
            auth: Auth::from_kwargs(kwargs, env, &mut faults)?,
            server: server.unwrap_or_else(VaultServer::unusable),
            namespace,
            request_header: kwargs.truthy("request_header", true),
            ignore_exceptions: kwargs.truthy("ignore_exceptions", false),
            http: transport::http_settings(kwargs, env, &address.text, &mut faults)?,
            address,
            has_global_path: kwargs
                .get("global_secrets_path")
                .is_some_and(|path| *path != Value::None),
            faults,
        })
    }

    /// # Errors
    /// What fails each lookup, though Airflow starts with it.
    pub fn usable(&self) -> Result<(), VaultError> {
        self.faults.check()
    }

    /// What a person should know about these settings.
    pub fn findings(&self) -> Vec<Finding> {
        let unchecked = (self.http.verify == Verify::Off).then(|| {
            Finding::warning(
                "certificate-not-verified",
                "\"verify\" is false: the server's certificate is not checked, so anyone on the way can read the token",
            )
        });
        let plain = self.server.is_plain_and_far().then(|| {
            let origin = self.address.origin;
            let sentence = format!(
                "{origin} is http:// and not this machine, so anyone on the way can read the token"
            );
            Finding::warning("plain-http", sentence)
                .with_hint("write https:// where Vault has a certificate")
                .at(self.address.source.clone())
        });
        let deprecated = self.has_global_path.then(|| {
            Finding::warning(
                "deprecated-kwarg",
                "\"global_secrets_path\" is deprecated; give \"connections_path\" and the others a list of paths",
            )
        });
        let own = [unchecked, plain, deprecated].into_iter().flatten();
        own.chain(self.auth.finding()).collect()
    }
}

impl Address {
    fn from_kwargs(kwargs: Kwargs<'_>, env: &Env, faults: &mut Faults) -> Result<Self, VaultError> {
        let given = faults
            .note(kwargs.text("url"))
            .flatten()
            .filter(|url| !url.is_empty());
        Ok(match (given, env.get("VAULT_ADDR")?) {
            (Some(text), _) => Self {
                text,
                origin: "kwarg `url`",
                source: None,
            },
            (None, Some(address)) => Self {
                text: address.to_owned(),
                origin: "`VAULT_ADDR`",
                source: env.source_of("VAULT_ADDR").cloned(),
            },
            (None, None) => Self {
                text: "http://localhost:8200".to_owned(),
                origin: "hvac's default",
                source: None,
            },
        })
    }

    fn server(&self) -> Result<VaultServer, VaultError> {
        VaultServer::parse(&self.text).map_err(|fault| VaultError::Address {
            origin: self.origin,
            is_own_refusal: fault == AddressFault::Refused,
        })
    }
}

/// An unknown kwarg fails each lookup, where hvac's client is made.
fn refuse_unknown(kwargs: Kwargs<'_>) -> Result<(), KwargError> {
    kwargs.refuse_unknown(KWARGS).map_err(|error| match error {
        KwargError::Unknown { class, name, .. } if ADDRESS_ELSEWHERE.contains(&name.as_str()) => {
            KwargError::Unknown {
                class,
                name,
                nearest: Some("url"),
            }
        }
        other => other,
    })
}

/// `VaultBackend._normalize_paths`, then `_append_path` for `global_secrets_path`.
fn base_paths(kwargs: Kwargs<'_>, kind: SecretKind) -> Result<Option<Vec<String>>, KwargError> {
    let name = path_kwarg(kind);
    let default = name.trim_end_matches("_path");
    let wrong = |value| kwargs.wrong_type(name, "text, a list of texts, or null", value);
    let trimmed = |text: &SecretText| text.expose().trim_end_matches('/').to_owned();
    let own = match kwargs.get(name) {
        None => Some(vec![default.to_owned()]),
        Some(Value::None) => None,
        Some(Value::Text(path)) => Some(vec![trimmed(path)]),
        Some(Value::List(paths)) => Some(
            paths
                .iter()
                .map(|path| match path {
                    Value::Text(path) => Ok(trimmed(path)),
                    other => Err(wrong(other)),
                })
                .collect::<Result<_, _>>()?,
        ),
        Some(other) => return Err(wrong(other)),
    };
    match kwargs.secret("global_secrets_path")? {
        Some(global) => Ok(Some(
            [own.unwrap_or_default(), vec![trimmed(&global)]].concat(),
        )),
        None => Ok(own),
    }
}

/// `mount_point`: absent is `secret`, anything false is "the id names it".
fn mount_point(kwargs: Kwargs<'_>, faults: &mut Faults) -> Option<String> {
    match kwargs.get("mount_point") {
        None => Some("secret".into()),
        Some(value) if !value.is_truthy() => None,
        // A mount of another type fails the lookup, which a missing one would only skip.
        Some(_) => Some(
            faults
                .note(kwargs.text("mount_point"))
                .flatten()
                .unwrap_or_else(|| "?".into()),
        ),
    }
}

/// `kv_engine_version`: Python's `in [1, 2]`, so 1.0 and true are 1; anything false is 2.
fn kv_version(kwargs: Kwargs<'_>) -> Result<KvVersion, KwargError> {
    match kwargs.get("kv_engine_version") {
        None => Ok(KvVersion::Two),
        Some(value) if !value.is_truthy() => Ok(KvVersion::Two),
        Some(Value::Bool(true)) => Ok(KvVersion::One),
        Some(Value::Int(digits)) if digits == "1" => Ok(KvVersion::One),
        Some(Value::Int(digits)) if digits == "2" => Ok(KvVersion::Two),
        Some(Value::Float(version)) if *version == 1.0 => Ok(KvVersion::One),
        Some(Value::Float(version)) if *version == 2.0 => Ok(KvVersion::Two),
        Some(other) => Err(kwargs.other_number("kv_engine_version", "the number 1 or 2", other)),
    }
}
