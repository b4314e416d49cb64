//! Secrets backends: what each of them can do, and what is common to all.
//!
//! Mirrors `airflow.secrets.base_secrets.BaseSecretsBackend` of Airflow 3.3.2. Its surprising rule: Airflow's backends differ
//! in how they *name* a secret far more than in how they read it, so naming is a function of its own, [`Backend::locate`].

pub mod aws;
pub mod azure;
pub mod environment_variables;
pub mod google;
pub mod kind;
pub mod kubernetes;
pub mod kwargs;
pub mod local_filesystem;
pub mod lockbox;
mod once;
mod one_by_one;
pub mod open;
pub mod provider_release;
pub mod vault;

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use async_trait::async_trait;

use crate::airflow_version::{AirflowVersion, TeamGuard};
use crate::console::Console;
use crate::deadline::{Deadline, TimedOut};
use crate::env::Env;
use crate::failure::{Failure, Fault};
use crate::python::json::{Dict, Value};
use crate::secret::SecretText;
use crate::secret_kind::SecretId;

pub use once::Once;
pub use one_by_one::one_by_one;

/// A place that Airflow can read secrets from.
#[async_trait]
pub trait Backend: Send + Sync {
    /// The Airflow class this stands in for, such as `VaultBackend`.
    fn name(&self) -> &'static str;

    /// Where this backend keeps a secret, or why it does not serve it. Does no I/O.
    fn locate(&self, secret: &SecretId) -> Location;

    /// Reads what [`Backend::locate`] found, as it is stored.
    ///
    /// [`Answer::Absent`] means that the service itself has answered and has no such secret; every `Err` is a failure to find
    /// out, or something found that Airflow cannot use.
    async fn get(&self, secret: &SecretRef, deadline: Deadline) -> Result<Answer, BackendError>;

    /// Reads many of one kind, with the answers in the order of `secrets`, each within the limit of `deadline`; by default one by one, a
    /// few at a time.
    async fn get_many(
        &self,
        secrets: &[SecretRef],
        deadline: Deadline,
    ) -> Vec<Result<Answer, BackendError>> {
        one_by_one(self, secrets, deadline).await
    }

    /// Who asked, and what of the place a [`Location`] cannot tell without asking, such as a region: the rest of a sentence that
    /// begins with "asked". `None`: nothing was asked, or there is no such thing as who asks.
    async fn asked_as(&self, _deadline: Deadline) -> Option<String> {
        None
    }

    /// Why a secret may be absent although somebody expects it: advice, one sentence each. Asked only once a lookup has failed.
    async fn near_misses(&self, _secret: &SecretRef, _deadline: Deadline) -> Vec<String> {
        Vec::new()
    }

    /// Undoes what this run did at the service, as far as `deadline` allows: a login of its own is given up. What comes of it
    /// is nobody's concern.
    async fn close(&self, _deadline: Deadline) {}
}

/// Asks for one secret, and waits until `deadline`.
pub async fn ask<B: Backend + ?Sized>(
    backend: &B,
    secret: &SecretRef,
    deadline: Deadline,
) -> Result<Answer, BackendError> {
    match deadline.backstop(backend.get(secret, deadline)).await {
        Ok(answer) => answer,
        Err(timed_out) => Err(timed_out.into()),
    }
}

/// A secret and where one backend keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretRef {
    /// Connection, variable or config, and its id.
    pub secret: SecretId,
    /// The places it is looked for, in order.
    pub places: Vec<Place>,
    /// Scheme, host and port of the server that is asked, if there is one.
    pub server: Option<String>,
}

/// One place of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// What the backend is asked for.
    pub name: String,
    /// The same as the backend's own tools write it: a path, a variable, a file.
    pub shown: String,
}

impl From<String> for Place {
    fn from(name: String) -> Self {
        Self {
            shown: name.clone(),
            name,
        }
    }
}

impl SecretRef {
    /// A secret with one place, on this machine.
    pub fn local(secret: &SecretId, place: impl Into<Place>) -> Self {
        Self {
            secret: secret.clone(),
            places: vec![place.into()],
            server: None,
        }
    }

    /// A secret with one place, on a server.
    pub fn remote(secret: &SecretId, place: impl Into<Place>, server: Option<String>) -> Self {
        Self {
            server,
            ..Self::local(secret, place)
        }
    }

    /// What the backend is asked for first; empty where there is no place.
    pub fn name(&self) -> &str {
        self.places.first().map_or("", |place| place.name.as_str())
    }
}

/// Where a backend keeps a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// There.
    At(SecretRef),
    /// The backend is not asked, and why.
    Skipped(String),
}

impl Location {
    /// The places as one text, empty when the backend is not asked.
    pub fn places(&self) -> String {
        match self {
            Location::At(secret) => {
                let shown: Vec<&str> = secret.places.iter().map(|place| &*place.shown).collect();
                shown.join(", ")
            }
            Location::Skipped(_) => String::new(),
        }
    }

    /// The server that is asked, if there is one.
    pub fn server(&self) -> Option<&str> {
        match self {
            Location::At(secret) => secret.server.as_deref(),
            Location::Skipped(_) => None,
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.places())?;
        match self.server() {
            Some(server) => write!(f, " at {server}"),
            None => Ok(()),
        }
    }
}

/// What a backend that answered said.
#[derive(Clone, Debug)]
pub enum Answer {
    /// It has the secret.
    Found(Secret),
    /// It has no such secret, and what more there is to say of that; never a value.
    Absent(Option<String>),
    /// That, provided that Airflow can encrypt: on the way to this answer it builds a connection with a password or an extra,
    /// perhaps another one than was asked for.
    IfEncrypted(Box<Answer>),
}

/// A secret as a backend stores it.
#[derive(Clone, Debug)]
pub enum Secret {
    /// Text. For a connection: its URI or JSON, read by `BaseSecretsBackend.deserialize_connection`.
    Text(SecretText),
    /// A variable or config that is not text: a Vault object, a number in a YAML file.
    Value(Value),
    /// A connection that is built as `Connection(uri=...)`.
    ConnectionUri(SecretText),
    /// A connection that is built as `Connection(**fields)`.
    ConnectionFields(Dict),
}

impl Secret {
    /// A Python value, text as text.
    pub fn from_value(value: Value) -> Self {
        match value {
            Value::Text(text) => Secret::Text(text),
            other => Secret::Value(other),
        }
    }
}

/// Why a backend could not find out: any backend's own error, which knows its kind and its advice.
#[derive(Clone)]
pub struct BackendError(Arc<dyn Fault>);

impl<E: Fault> From<E> for BackendError {
    fn from(error: E) -> Self {
        Self(Arc::new(error))
    }
}

impl Deref for BackendError {
    type Target = dyn Fault;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl fmt::Display for BackendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for BackendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for BackendError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

impl Fault for TimedOut {
    fn failure(&self) -> Failure {
        Failure::Unreachable
    }

    fn hint(&self) -> Option<String> {
        Some(
            "check that the server is up and that nothing on the way drops its packets; `--timeout` sets the limit"
                .into(),
        )
    }
}

/// What a backend needs to know besides its kwargs.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The environment, env files included.
    pub env: Env,
    /// `[core] multi_team`
    pub multi_team: bool,
    /// The release whose rules are followed.
    pub version: AirflowVersion,
    /// Whether more is asked after a failure: who asked, and what else may be the matter.
    pub diagnoses: bool,
    /// Where to tell what is being done.
    pub console: Console,
}

impl Surroundings {
    /// Which ids are not looked up in the environment.
    pub fn team_guard(&self) -> TeamGuard {
        self.version.team_guard(self.multi_team)
    }
}
