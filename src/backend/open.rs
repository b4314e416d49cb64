//! From a class and its kwargs to a backend: the one place that knows them all.

use super::aws::{SecretsManagerBackend, SystemsManagerParameterStoreBackend};
use super::azure::AzureKeyVaultBackend;
use super::environment_variables::EnvironmentVariablesBackend;
use super::google::CloudSecretManagerBackend;
use super::kind::BackendKind;
use super::kubernetes::KubernetesSecretsBackend;
use super::kwargs::Kwargs;
use super::local_filesystem::LocalFilesystemBackend;
use super::vault::VaultBackend;
use super::{Backend, BackendError, Surroundings, local_filesystem, lockbox};
use crate::deadline::Deadline;
use crate::finding::Finding;
use crate::python::json::Dict;

/// A backend ready to be asked, and what a person should know about its settings.
pub struct OpenedBackend {
    /// The backend; `None` for a class that secretctl knows and cannot ask.
    pub backend: Option<Box<dyn Backend>>,
    /// What is odd about its settings; never a value.
    pub findings: Vec<Finding>,
}

impl<B: Backend + 'static> From<(B, Vec<Finding>)> for OpenedBackend {
    fn from((backend, findings): (B, Vec<Finding>)) -> Self {
        OpenedBackend {
            backend: Some(Box::new(backend)),
            findings,
        }
    }
}

/// The names of the kwargs that the constructor of a class knows.
pub fn kwarg_names(kind: BackendKind) -> &'static [&'static str] {
    match kind {
        BackendKind::Vault => VaultBackend::KWARGS,
        BackendKind::SystemsManagerParameterStore => SystemsManagerParameterStoreBackend::KWARGS,
        BackendKind::SecretsManager => SecretsManagerBackend::KWARGS,
        BackendKind::AzureKeyVault => AzureKeyVaultBackend::KWARGS,
        BackendKind::CloudSecretManager => CloudSecretManagerBackend::KWARGS,
        BackendKind::LocalFilesystem => local_filesystem::KWARGS,
        BackendKind::KubernetesSecrets => KubernetesSecretsBackend::KWARGS,
        BackendKind::Lockbox => lockbox::KWARGS,
        BackendKind::EnvironmentVariables | BackendKind::Metastore => &[],
    }
}

/// Builds the backend of a class from its kwargs, as its constructor would. Sends nothing; reads at most the credentials file
/// that a constructor reads.
///
/// # Errors
/// What would stop Airflow at start-up.
pub async fn open(
    kind: BackendKind,
    kwargs: &Dict,
    surroundings: &Surroundings,
    deadline: Deadline,
) -> Result<OpenedBackend, BackendError> {
    let given = Kwargs::new(kind.class_name(), kwargs);
    Ok(match kind {
        BackendKind::EnvironmentVariables => {
            given.refuse_unknown(&[])?;
            let (env, guard) = (surroundings.env.clone(), surroundings.team_guard());
            (EnvironmentVariablesBackend::new(env, guard), Vec::new()).into()
        }
        BackendKind::LocalFilesystem => {
            given.refuse_unknown(local_filesystem::KWARGS)?;
            let backend = LocalFilesystemBackend::open(given, surroundings.version)?
                .telling(surroundings.console.clone());
            (backend, Vec::new()).into()
        }
        BackendKind::Vault => VaultBackend::open(given, surroundings)?.into(),
        BackendKind::SystemsManagerParameterStore => {
            SystemsManagerParameterStoreBackend::open(given, surroundings)?.into()
        }
        BackendKind::SecretsManager => SecretsManagerBackend::open(given, surroundings)?.into(),
        BackendKind::AzureKeyVault => AzureKeyVaultBackend::open(given, surroundings)?.into(),
        BackendKind::KubernetesSecrets => {
            KubernetesSecretsBackend::open(given, surroundings)?.into()
        }
        BackendKind::CloudSecretManager => {
            CloudSecretManagerBackend::open(given, surroundings, deadline)
                .await?
                .into()
        }
        BackendKind::Lockbox => {
            lockbox::check(given)?;
            not_served()
        }
        BackendKind::Metastore => not_served(),
    })
}

fn not_served() -> OpenedBackend {
    OpenedBackend {
        backend: None,
        findings: Vec::new(),
    }
}
