//! Secrets backends: the trait they share, the kinds there are, and how one is opened from its class path and kwargs.
//!
//! Mirrors `airflow.secrets.base_secrets.BaseSecretsBackend` of Airflow 3.3.2. Its surprising rule: Airflow's backends differ
//! in how they *name* a secret far more than in how they read it, so naming is a function of its own, [`Backend::locate`].

pub mod aws;
pub mod azure_key_vault;
pub mod class_path;
pub mod cloud_secret_manager;
pub mod environment_variables;
pub mod google;
pub mod kubernetes_secrets;
pub mod kwargs;
pub mod local_filesystem;
pub mod lockbox;
pub mod provider_release;
pub mod secrets_manager;
pub mod systems_manager;
pub mod vault;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;

use crate::airflow_version::{AirflowVersion, TeamGuard};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::python::json::{Dict, Value};
use crate::secret::SecretText;
use crate::secret_kind::SecretKind;
use crate::trace::Trace;
use azure_key_vault::AzureKeyVaultBackend;
use class_path::BackendKind;
use cloud_secret_manager::CloudSecretManagerBackend;
use environment_variables::EnvironmentVariablesBackend;
use kubernetes_secrets::KubernetesSecretsBackend;
use kwargs::Kwargs;
use local_filesystem::LocalFilesystemBackend;
use secrets_manager::SecretsManagerBackend;
use systems_manager::SystemsManagerParameterStoreBackend;
use vault::VaultBackend;

/// A place that Airflow can read secrets from.
#[async_trait]
pub trait Backend: Send + Sync {
    /// The Airflow class this stands in for, such as `VaultBackend`.
    fn name(&self) -> &'static str;

    /// Where this backend keeps `id`, or why it does not serve it. Does no I/O.
    fn locate(&self, kind: SecretKind, id: &str) -> Location;

    /// Reads the value of `id` as it is stored.
    ///
    /// [`Answer::Absent`] means that the backend answered and has no such secret; every `Err` is a failure to find out, or
    /// something found that Airflow cannot use.
    async fn get(&self, kind: SecretKind, id: &str) -> Result<Answer>;

    /// Reads many at once, with the answers in the order of `ids`; by default one by one, a few at a time.
    async fn get_many(&self, kind: SecretKind, ids: &[String]) -> Vec<Result<Answer>> {
        one_by_one(self, kind, ids).await
    }

    /// Who asked, and what of the place a [`Location`] cannot tell without asking, such as a region: the rest of a sentence that
    /// begins with "asked". `None`: nothing was asked, or there is no such thing as who asks.
    async fn asked_as(&self) -> Option<String> {
        None
    }

    /// Why `id` may be absent although somebody expects it: near misses worth a look. Asked only once a lookup has failed.
    async fn near_misses(&self, _kind: SecretKind, _id: &str) -> Vec<String> {
        Vec::new()
    }
}

/// How many secrets are asked for at a time.
const AT_ONCE: usize = 4;

/// Asks for each of `ids` alone, a few at a time.
async fn one_by_one<B: Backend + ?Sized>(
    backend: &B,
    kind: SecretKind,
    ids: &[String],
) -> Vec<Result<Answer>> {
    let mut questions: Vec<_> = ids.iter().map(|id| backend.get(kind, id)).collect();
    let mut answers = Vec::with_capacity(ids.len());
    while !questions.is_empty() {
        let later = questions.split_off(questions.len().min(AT_ONCE));
        answers.extend(join_all(std::mem::replace(&mut questions, later)).await);
    }
    answers
}

/// Where a backend keeps a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// The places it is looked for, in order.
    At {
        /// Names as the backend's own tools write them: a path, a variable, a file.
        places: Vec<String>,
        /// Scheme, host and port of the server that is asked, if there is one.
        server: Option<String>,
    },
    /// The backend is not asked, and why.
    Skipped(String),
}

impl Location {
    /// One place on this machine.
    pub fn local(place: impl Into<String>) -> Self {
        Location::At {
            places: vec![place.into()],
            server: None,
        }
    }

    /// The places as one text, empty when the backend is not asked.
    pub fn places(&self) -> String {
        match self {
            Location::At { places, .. } => places.join(", "),
            Location::Skipped(_) => String::new(),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Location::At {
                server: Some(server),
                ..
            } => write!(f, "{} at {server}", self.places()),
            Location::At { server: None, .. } => f.write_str(&self.places()),
            Location::Skipped(_) => Ok(()),
        }
    }
}

/// What a backend that answered said.
#[derive(Debug)]
pub enum Answer {
    /// It has the secret.
    Found(Secret),
    /// It has no such secret, and what more there is to say of that; never a value.
    Absent(Option<String>),
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

/// What a backend needs to know besides its kwargs.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The environment, env files included.
    pub env: Env,
    /// `[core] multi_team`
    pub multi_team: bool,
    /// The release whose rules are followed.
    pub version: AirflowVersion,
    /// The longest one lookup may take, retries included.
    pub timeout: Duration,
    /// Where to tell what is being done.
    pub trace: Trace,
}

impl Surroundings {
    /// Which ids are not looked up in the environment.
    pub fn team_guard(&self) -> TeamGuard {
        self.version.team_guard(self.multi_team)
    }
}

/// A backend ready to be asked, and what a person should know about its settings.
pub struct Opened {
    /// The backend.
    pub backend: Box<dyn Backend>,
    /// Sentences for stderr; never a value.
    pub warnings: Vec<String>,
}

impl Opened {
    fn quietly(backend: impl Backend + 'static) -> Self {
        Opened {
            backend: Box::new(backend),
            warnings: Vec::new(),
        }
    }
}

impl<B: Backend + 'static> From<(B, Vec<String>)> for Opened {
    fn from((backend, warnings): (B, Vec<String>)) -> Self {
        Opened {
            backend: Box::new(backend),
            warnings,
        }
    }
}

/// Builds the backend of a class from its kwargs, as its constructor would. Sends nothing; reads at most the credentials file
/// that a constructor reads.
///
/// # Errors
/// What would stop Airflow at start-up, and a class that secretctl does not serve. `origin` says where the class is set.
pub fn open(
    kind: BackendKind,
    kwargs: &Dict,
    surroundings: &Surroundings,
    origin: &str,
) -> Result<Opened> {
    let given = Kwargs::new(kind.class_name(), kwargs);
    match kind {
        BackendKind::EnvironmentVariables => {
            refuse_unknown(given, &[])?;
            Ok(Opened::quietly(EnvironmentVariablesBackend::new(
                surroundings.env.clone(),
                surroundings.team_guard(),
            )))
        }
        BackendKind::LocalFilesystem => {
            refuse_unknown(given, local_filesystem::KWARGS)?;
            let backend = LocalFilesystemBackend::open(given, surroundings.version)?;
            Ok(Opened::quietly(backend))
        }
        BackendKind::Vault => Ok(Opened::from(VaultBackend::open(given, surroundings)?)),
        BackendKind::SystemsManagerParameterStore => Ok(Opened::from(
            SystemsManagerParameterStoreBackend::open(given, surroundings)?,
        )),
        BackendKind::SecretsManager => Ok(Opened::from(SecretsManagerBackend::open(
            given,
            surroundings,
        )?)),
        BackendKind::AzureKeyVault => Ok(Opened::from(AzureKeyVaultBackend::open(
            given,
            surroundings,
        )?)),
        BackendKind::KubernetesSecrets => Ok(Opened::from(KubernetesSecretsBackend::open(
            given,
            surroundings,
        )?)),
        BackendKind::Lockbox => {
            lockbox::check(given)?;
            Err(Error::NotServed {
                class: kind.class_name(),
                origin: origin.to_owned(),
            })
        }
        BackendKind::CloudSecretManager => {
            refuse_unknown(given, CloudSecretManagerBackend::KWARGS)?;
            Ok(Opened::from(CloudSecretManagerBackend::open(
                given,
                surroundings,
            )?))
        }
        BackendKind::Metastore => Err(Error::NotServed {
            class: kind.class_name(),
            origin: origin.to_owned(),
        }),
    }
}

/// A constructor without `**kwargs` raises on a name it does not know.
fn refuse_unknown(kwargs: Kwargs<'_>, known: &'static [&'static str]) -> Result<()> {
    match kwargs.unknown(known).into_iter().next() {
        Some(unknown) => Err(unknown.into()),
        None => Ok(()),
    }
}
