//! The kwargs of `VaultBackend`: which there are, what they default to, and which of them Airflow would not start with.
//!
//! The surprising rule: a wrong `auth_type` or `kv_engine_version` stops Airflow at start-up, but a misspelt kwarg only fails
//! each lookup, which then falls through to the next layer. Such faults are kept here until a lookup asks for them.

use std::fmt;

use super::address::{AddressFault, Server};
use super::auth::Auth;
use super::error::VaultError;
use super::transport;
use crate::backend::kwargs::{KwargError, Kwargs};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::http::{HttpSettings, Verify};
use crate::python::json::Value;
use crate::secret::SecretText;
use crate::secret_kind::SecretKind;

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

/// The kwargs, read.
#[derive(Clone, Debug)]
pub struct Settings {
    connections_path: Option<Vec<String>>,
    variables_path: Option<Vec<String>>,
    config_path: Option<Vec<String>>,
    /// Whether teams have paths of their own under `[core] multi_team`.
    pub use_team_secrets_path: bool,
    /// The KV mount; `None`: the id names it.
    pub mount_point: Option<String>,
    /// The KV engine's version.
    pub kv_version: KvVersion,
    /// How to log in.
    pub auth: Auth,
    /// The server.
    pub server: Server,
    /// `X-Vault-Namespace`
    pub namespace: Option<String>,
    /// Whether `X-Vault-Request` is sent.
    pub request_header: bool,
    /// Whether hvac takes every answer for good, so that Airflow trips over all but those of status 200.
    pub ignore_exceptions: bool,
    /// How to connect.
    pub http: HttpSettings,
    global_secrets_path: bool,
    fault: Option<Fault>,
}

/// What fails each lookup, though Airflow starts with it.
#[derive(Clone, Debug)]
enum Fault {
    Kwarg(KwargError),
    Address {
        origin: &'static str,
        fault: AddressFault,
    },
}

/// The kwarg that holds the base paths of a kind.
pub fn path_kwarg(kind: SecretKind) -> &'static str {
    match kind {
        SecretKind::Connection => "connections_path",
        SecretKind::Variable => "variables_path",
        SecretKind::Config => "config_path",
    }
}

impl Settings {
    /// Reads the kwargs as the constructors of `VaultBackend` and `_VaultClient` do.
    ///
    /// # Errors
    /// What one of them raises on.
    pub fn from_kwargs(kwargs: Kwargs<'_>, env: &Env) -> Result<Settings> {
        let mut faults = Faults::default();
        let unknown = kwargs.unknown(KWARGS).into_iter().next();
        faults.note(unknown.map_or(Ok(()), Err));
        let server = faults.server(kwargs, env)?;
        let namespace = faults
            .note(kwargs.text("namespace"))
            .flatten()
            .filter(|name| !name.is_empty());
        Ok(Settings {
            connections_path: base_paths(kwargs, "connections_path", "connections")?,
            variables_path: base_paths(kwargs, "variables_path", "variables")?,
            config_path: base_paths(kwargs, "config_path", "config")?,
            use_team_secrets_path: kwargs.truthy("use_team_secrets_path", true),
            mount_point: mount_point(kwargs, &mut faults),
            kv_version: kv_version(kwargs)?,
            auth: Auth::from_kwargs(kwargs, env, &mut faults)?,
            server,
            namespace,
            request_header: kwargs.truthy("request_header", true),
            ignore_exceptions: kwargs.truthy("ignore_exceptions", false),
            http: transport::http_settings(kwargs, env, &mut faults)?,
            global_secrets_path: matches!(kwargs.get("global_secrets_path"), Some(value) if *value != Value::None),
            fault: faults.first,
        })
    }

    /// # Errors
    /// What fails each lookup, though Airflow starts with it.
    pub fn usable(&self) -> Result<()> {
        match &self.fault {
            None => Ok(()),
            Some(Fault::Kwarg(error)) => Err(Error::Kwarg(error.clone())),
            Some(Fault::Address { origin, fault }) => {
                let is_own_refusal = *fault == AddressFault::Refused;
                Err(VaultError::Address {
                    origin,
                    is_own_refusal,
                }
                .into())
            }
        }
    }

    /// The base paths of a kind, in order; `None`: Vault is not asked for it.
    pub fn base_paths(&self, kind: SecretKind) -> Option<&[String]> {
        match kind {
            SecretKind::Connection => self.connections_path.as_deref(),
            SecretKind::Variable => self.variables_path.as_deref(),
            SecretKind::Config => self.config_path.as_deref(),
        }
    }

    /// Where the token comes from, for a person who has to replace it.
    pub fn token_origin(&self) -> String {
        self.auth.token_origin()
    }

    /// What a person should know about these settings.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.http.verify == Verify::Off {
            warnings.push("\"verify\" is false: the server's certificate is not checked, so anyone on the way can read the token".into());
        }
        if self.global_secrets_path {
            warnings.push("\"global_secrets_path\" is deprecated; give \"connections_path\" and the others a list of paths".into());
        }
        warnings.extend(self.auth.warning());
        warnings
    }
}

/// Faults that wait for a lookup: the first is kept, as Airflow would meet it first.
#[derive(Default)]
pub struct Faults {
    first: Option<Fault>,
}

impl Faults {
    /// Takes a kwarg's value, or keeps its fault and gives nothing.
    pub fn note<T>(&mut self, value: Result<T, KwargError>) -> Option<T> {
        value.map_err(|error| self.keep(Fault::Kwarg(error))).ok()
    }

    fn keep(&mut self, fault: Fault) {
        self.first.get_or_insert(fault);
    }

    /// `url`, else `VAULT_ADDR`, else hvac's default.
    fn server(&mut self, kwargs: Kwargs<'_>, env: &Env) -> Result<Server> {
        let given = self
            .note(kwargs.text("url"))
            .flatten()
            .filter(|url| !url.is_empty());
        let (origin, address) = match (given, env.get("VAULT_ADDR")?) {
            (Some(url), _) => ("kwarg `url`", url),
            (None, Some(address)) => ("`VAULT_ADDR`", address.to_owned()),
            (None, None) => ("hvac's default", "http://localhost:8200".to_owned()),
        };
        match Server::parse(&address) {
            Ok(server) => Ok(server),
            Err(fault) => {
                self.keep(Fault::Address { origin, fault });
                Ok(Server::unusable())
            }
        }
    }
}

/// `VaultBackend._normalize_paths`, then `_append_path` for `global_secrets_path`.
fn base_paths(
    kwargs: Kwargs<'_>,
    name: &'static str,
    default: &str,
) -> Result<Option<Vec<String>>, KwargError> {
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
        Some(other) => Err(kwargs.wrong_type("kv_engine_version", "the number 1 or 2", other)),
    }
}
