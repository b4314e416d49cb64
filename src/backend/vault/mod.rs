//! HashiCorp Vault's KV engines, versions 1 and 2.
//!
//! Mirrors `airflow.providers.hashicorp.secrets.vault.VaultBackend` of apache-airflow-providers-hashicorp 4.8.4 over hvac 2.4.0.
//! Its surprising rule: with `"mount_point": null` the mount is the first part of the id itself.

mod address;
mod auth;
mod aws_iam;
mod client;
mod diagnosis;
mod error;
mod gcp;
mod header;
mod path;
mod reply;
mod settings;
mod transport;

use std::sync::Arc;

use async_trait::async_trait;
use reqwest::{Method, StatusCode};
use tokio::sync::Mutex;

pub use error::VaultError;

use super::kwargs::Kwargs;
use super::{Answer, Backend, Location, Secret, Surroundings};
use crate::error::{Error, Result};
use crate::http::Deadline;
use crate::python::json::{self, Dict, JsonError, Value};
use crate::secret_kind::SecretKind;
use client::Session;
use path::SecretPath;
use reply::Reply;
use settings::{KvVersion, Settings};

/// What reading one path gave.
enum Read {
    /// The secret's keys and values, and what of the answer has no UTF-8 form.
    Found(Value, Option<JsonError>),
    /// There is none, and what more there is to say of that.
    Absent(Option<&'static str>),
}

/// The backend, with the session of its first login.
pub struct VaultBackend {
    settings: Settings,
    surroundings: Surroundings,
    session: Mutex<Option<Arc<Session>>>,
}

impl VaultBackend {
    /// Every kwarg that the provider's constructor or hvac's client knows.
    pub const KWARGS: &'static [&'static str] = settings::KWARGS;

    /// Builds the backend as the provider's constructor does, and says what is odd about its settings.
    ///
    /// # Errors
    /// What the constructor raises on. What fails only at the first lookup is kept until then, as in Airflow.
    pub fn open(
        kwargs: Kwargs<'_>,
        surroundings: &Surroundings,
    ) -> Result<(VaultBackend, Vec<String>)> {
        let settings = Settings::from_kwargs(kwargs, &surroundings.env)?;
        let warnings = settings.warnings();
        let backend = VaultBackend {
            settings,
            surroundings: surroundings.clone(),
            session: Mutex::new(None),
        };
        Ok((backend, warnings))
    }

    /// The paths at which a secret is looked for, in order; `Err` says why Vault is not asked.
    fn secret_paths(&self, kind: SecretKind, id: &str) -> Result<Vec<SecretPath>, String> {
        let settings = &self.settings;
        let Some(bases) = settings.base_paths(kind).filter(|bases| !bases.is_empty()) else {
            return Err(format!(
                "`{}` is null, so Vault is not asked for a {kind}",
                settings::path_kwarg(kind)
            ));
        };
        if kind != SecretKind::Config && self.names_a_team(id) {
            return Err("with [core] multi_team an id with `/` could name a team's secret, so it is not looked up".into());
        }
        let mount_point = settings.mount_point.as_deref();
        let paths = bases
            .iter()
            .filter_map(|base| SecretPath::new(mount_point, base, id));
        let paths: Vec<SecretPath> = paths.collect();
        if paths.is_empty() {
            return Err("with \"mount_point\": null the id must begin with the mount, as in `MOUNT/ID`, and this one has no `/`".into());
        }
        Ok(paths)
    }

    /// `VaultBackend._names_a_team_namespace`, for a caller that has no team.
    fn names_a_team(&self, id: &str) -> bool {
        let own_part = match self.settings.mount_point {
            Some(_) => Some(id),
            None => id.split_once('/').map(|(_, rest)| rest),
        };
        self.surroundings.multi_team
            && self.settings.use_team_secrets_path
            && own_part.is_some_and(|part| part.contains('/'))
    }

    /// The place a path stands for, as `vault read` would take it.
    fn place(&self, path: &SecretPath) -> String {
        self.settings
            .server
            .place(&path.api_path(self.settings.kv_version))
    }

    /// Reads one path, logging in again once when Vault says 403, as `_VaultClient._run_with_reauth` does.
    async fn read(&self, path: &SecretPath, deadline: Deadline) -> Result<Read> {
        let api_path = path.api_path(self.settings.kv_version);
        let reply = match self.read_once(&api_path, deadline).await {
            Err(Error::Vault(VaultError::Forbidden { .. })) if !self.settings.ignore_exceptions => {
                *self.session.lock().await = None;
                self.read_once(&api_path, deadline).await
            }
            first => first,
        };
        match reply {
            Ok(reply) if reply.status == StatusCode::NOT_FOUND => {
                Ok(Read::Absent(reply.deleted_version()))
            }
            Ok(reply) => self.secret_in(&reply),
            Err(Error::Vault(VaultError::Forbidden { login: None, said })) => {
                Err(self.why_forbidden(&api_path, said, deadline).await)
            }
            Err(Error::Vault(VaultError::Forbidden {
                login: Some(path),
                said,
            })) => Err(VaultError::LoginRefused {
                path,
                status: 403,
                said,
            }
            .into()),
            Err(other) => Err(other),
        }
    }

    async fn read_once(&self, api_path: &str, deadline: Deadline) -> Result<Reply> {
        let session = self.session(deadline).await?;
        let reply = session.send(Method::GET, api_path, None, deadline).await?;
        match reply.status {
            StatusCode::NOT_FOUND if self.settings.ignore_exceptions => {
                Err(VaultError::AbsenceIgnored.into())
            }
            StatusCode::NOT_FOUND => Ok(reply),
            _ => reply.or_error(None, &session.hidden()),
        }
    }

    /// The session of this run, logging in if there is none yet.
    async fn session(&self, deadline: Deadline) -> Result<Arc<Session>> {
        let mut session = self.session.lock().await;
        if let Some(session) = session.as_ref() {
            return Ok(Arc::clone(session));
        }
        let opened = Arc::new(auth::log_in(&self.settings, &self.surroundings, deadline).await?);
        *session = Some(Arc::clone(&opened));
        Ok(opened)
    }

    /// The secret's own data in a KV answer.
    fn secret_in(&self, reply: &Reply) -> Result<Read> {
        let answer = reply.answer()?;
        let data = member(answer.value, "data");
        let data = match self.settings.kv_version {
            KvVersion::One => data,
            KvVersion::Two => data.and_then(|data| member(data, "data")),
        };
        match data {
            Some(Value::None) => Ok(Read::Absent(Some("Vault's answer holds null in its place"))),
            Some(data) => Ok(Read::Found(data, answer.half_surrogate)),
            None => Err(VaultError::NotVault {
                status: reply.status.as_u16(),
            }
            .into()),
        }
    }

    async fn why_forbidden(
        &self,
        api_path: &str,
        said: Option<String>,
        deadline: Deadline,
    ) -> Error {
        match self.session(deadline).await {
            Ok(session) => {
                diagnosis::why_forbidden(&session, &self.settings, api_path, said, deadline).await
            }
            Err(error) => error,
        }
    }
}

#[async_trait]
impl Backend for VaultBackend {
    fn name(&self) -> &'static str {
        "VaultBackend"
    }

    fn locate(&self, kind: SecretKind, id: &str) -> Location {
        match self.secret_paths(kind, id) {
            Ok(paths) => Location::At {
                places: paths.iter().map(|path| self.place(path)).collect(),
                server: self.settings.server.name(),
            },
            Err(reason) => Location::Skipped(reason),
        }
    }

    async fn get(&self, kind: SecretKind, id: &str) -> Result<Answer> {
        self.settings.usable()?;
        let deadline = Deadline::after(self.surroundings.timeout);
        let mut why_absent = None;
        for path in self.secret_paths(kind, id).unwrap_or_default() {
            match (self.read(&path, deadline).await?, kind) {
                (Read::Found(data, half), SecretKind::Connection) => {
                    return connection_in(data, half);
                }
                (Read::Found(data, half), SecretKind::Variable | SecretKind::Config) => {
                    return value_in(data, half);
                }
                (Read::Absent(why), _) => why_absent = why_absent.or(why),
            }
        }
        Ok(Answer::Absent(why_absent.map(str::to_owned)))
    }

    async fn near_misses(&self, kind: SecretKind, id: &str) -> Vec<String> {
        let deadline = Deadline::after(self.surroundings.timeout);
        let (Ok(session), Ok(paths)) = (self.session(deadline).await, self.secret_paths(kind, id))
        else {
            return Vec::new();
        };
        let mut hints = Vec::new();
        for path in paths {
            for hint in diagnosis::why_absent(&session, &self.settings, &path, deadline).await {
                if !hints.contains(&hint) {
                    hints.push(hint);
                }
            }
        }
        hints
    }
}

/// `VaultBackend.get_conn_value`: a `conn_uri` that is not empty to the letter, else all fields as JSON.
fn connection_in(data: Value, half_surrogate: Option<JsonError>) -> Result<Answer> {
    let Value::Dict(fields) = data else {
        return Err(VaultError::NotAnObject.into());
    };
    match fields.get("conn_uri").filter(|uri| uri.is_truthy()) {
        Some(uri) => Ok(Answer::Found(Secret::from_value(whole(
            uri.clone(),
            half_surrogate,
        )?))),
        None => {
            let fields = whole(Value::Dict(fields), half_surrogate)?;
            Ok(Answer::Found(Secret::Text(json::dumps(&fields).into())))
        }
    }
}

/// `VaultBackend.get_variable` and `get_config`: the key `value`.
fn value_in(data: Value, half_surrogate: Option<JsonError>) -> Result<Answer> {
    let mut fields = match data {
        Value::Dict(fields) => fields,
        data if data.is_truthy() => return Err(VaultError::NotAnObject.into()),
        // Python takes every empty value for none.
        _ => return Ok(Answer::Absent(Some("the secret is empty".into()))),
    };
    match fields.shift_remove("value") {
        Some(Value::None) => Ok(Answer::Absent(Some(
            "the secret is there, but its key `value` is null".into(),
        ))),
        Some(value) => Ok(Answer::Found(Secret::from_value(whole(
            value,
            half_surrogate,
        )?))),
        None => Err(VaultError::NoValueKey.into()),
    }
}

/// The value that is used, unless half of a surrogate pair is in it; anywhere else in an answer it does no harm.
fn whole(value: Value, half_surrogate: Option<JsonError>) -> Result<Value> {
    match half_surrogate.filter(|_| holds_replacement(&value)) {
        Some(error) => Err(VaultError::Unreadable(error).into()),
        None => Ok(value),
    }
}

fn holds_replacement(value: &Value) -> bool {
    let holds = |text: &str| text.contains(char::REPLACEMENT_CHARACTER);
    match value {
        Value::Text(text) => holds(text.expose()),
        Value::List(items) => items.iter().any(holds_replacement),
        Value::Dict(members) => members
            .iter()
            .any(|(name, value)| holds(name) || holds_replacement(value)),
        Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Date(_) => false,
    }
}

/// A member of a JSON object; `None` if it is no object or has no such member.
fn member(value: Value, name: &str) -> Option<Value> {
    match value {
        Value::Dict(mut members) => Dict::shift_remove(&mut members, name),
        _ => None,
    }
}
