//! Azure Key Vault.
//!
//! Mirrors `airflow.providers.microsoft.azure.secrets.key_vault.AzureKeyVaultBackend` of
//! apache-airflow-providers-microsoft-azure 15.2.1 over azure-keyvault-secrets 4.12.0 and azure-identity 1.27.0. Its
//! surprising rule: the vault itself says whose token it wants, so the first request is always sent without one.
//!
//! Requests are made by Azure's own `SecretClient`, over our connections. The credentials are ours: `azure_identity` has no
//! `DefaultAzureCredential`, reads the process environment past the env files, does not probe the metadata address, takes
//! certificates through OpenSSL only, and does not learn the tenant that the vault names. After "not found" the vault is asked,
//! with a token or not at all, whether a deleted secret has the name (`deletedsecrets/NAME`), for a hint.

mod challenge;
mod client;
mod credentials;
mod error;
mod naming;
mod refusal;
mod session;
mod settings;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;

use error::AzureKeyVaultError;

use super::kwargs::{KwargError, Kwargs};
use super::{Answer, Backend, BackendError, Location, Once, Secret, SecretRef, Surroundings};
use crate::deadline::Deadline;
use crate::finding::Finding;
use crate::secret_kind::SecretId;
use client::VaultClient;
use credentials::text_at;
use settings::AzureSettings;

/// The backend, with the client of its first lookup.
pub struct AzureKeyVaultBackend {
    settings: AzureSettings,
    surroundings: Surroundings,
    client: Once<VaultClient, AzureKeyVaultError>,
}

impl AzureKeyVaultBackend {
    /// Every kwarg that has an effect.
    pub const KWARGS: &'static [&'static str] = settings::KWARGS;

    /// Builds the backend as the provider's constructor does, and says what is odd about its settings.
    ///
    /// # Errors
    /// What the constructor raises on. What fails only at the first lookup is kept until then, as in Airflow.
    pub fn open(
        kwargs: Kwargs<'_>,
        surroundings: &Surroundings,
    ) -> Result<(Self, Vec<Finding>), KwargError> {
        let settings = AzureSettings::from_kwargs(kwargs, surroundings.multi_team)?;
        let findings = settings.findings().to_vec();
        let backend = Self {
            settings,
            surroundings: surroundings.clone(),
            client: Once::default(),
        };
        Ok((backend, findings))
    }

    async fn client(&self, deadline: Deadline) -> Result<Arc<VaultClient>, AzureKeyVaultError> {
        let open = VaultClient::open(&self.settings, &self.surroundings, deadline);
        self.client.get_or_open(open).await
    }

    /// `_get_secret`
    async fn read(&self, name: &str, deadline: Deadline) -> Result<Answer, AzureKeyVaultError> {
        let client = self.client(deadline).await?;
        let answer = client.secret(name, deadline).await?;
        match (answer.status, &answer.body) {
            (404, _) if answer.is_own_error() => Ok(Answer::Absent(None)),
            (200, Some(bundle)) => match text_at(bundle, &["value"]) {
                Some(value) => Ok(Answer::Found(Secret::Text(value.clone()))),
                // Whatever Key Vault hands out has an id.
                None if bundle.at(&["id"]).is_none() => {
                    Err(AzureKeyVaultError::NotKeyVault { status: 200 })
                }
                None => Err(AzureKeyVaultError::NoValue),
            },
            _ => Err(client.refusal(&answer)),
        }
    }
}

#[async_trait]
impl Backend for AzureKeyVaultBackend {
    fn name(&self) -> &'static str {
        "AzureKeyVaultBackend"
    }

    fn locate(&self, secret: &SecretId) -> Location {
        match self.settings.naming.secret_name(secret) {
            Ok(name) => {
                let vault = self.settings.vault.as_ref();
                let server = vault.map(|vault| vault.name.clone());
                Location::At(SecretRef::remote(secret, name, server))
            }
            Err(reason) => Location::Skipped(reason),
        }
    }

    async fn get(&self, secret: &SecretRef, deadline: Deadline) -> Result<Answer, BackendError> {
        Ok(self.read(secret.name(), deadline).await?)
    }

    async fn asked_as(&self, _deadline: Deadline) -> Option<String> {
        self.client.opened().await?.identity()
    }

    async fn near_misses(&self, secret: &SecretRef, deadline: Deadline) -> Vec<String> {
        let remark = self.settings.naming.remark(&secret.secret.id);
        let mut hints: Vec<String> = remark.into_iter().collect();
        let name = secret.name();
        if let Some(client) = self.client.opened().await
            && client.is_soft_deleted(name, deadline).await
        {
            hints.push(format!(
                "`{name}` was deleted but not purged; `az keyvault secret recover` brings it back"
            ));
        }
        hints
    }
}
