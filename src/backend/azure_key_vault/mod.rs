//! Azure Key Vault.
//!
//! Mirrors `airflow.providers.microsoft.azure.secrets.key_vault.AzureKeyVaultBackend` of
//! apache-airflow-providers-microsoft-azure 15.2.1 over azure-keyvault-secrets 4.12.0 and azure-identity 1.27.0. Its
//! surprising rule: the vault itself says whose token it wants, so the first request is always sent without one.
//!
//! Azure's Rust crates are not used: they drop the tenant that the vault names, which decides whether Airflow's login
//! succeeds, have no `DefaultAzureCredential`, and read the process environment past the env files.

mod challenge;
mod client;
mod credentials;
mod error;
mod exchange;
mod naming;
mod settings;

use async_trait::async_trait;
use reqwest::StatusCode;

pub use error::AzureKeyVaultError;

use super::kwargs::Kwargs;
use super::{Answer, Backend, Location, Secret, Surroundings};
use crate::error::Result;
use crate::http::Deadline;
use crate::secret_kind::SecretKind;
use client::VaultClient;
use exchange::text_at;
use settings::Settings;

/// The backend, with the token of its first lookup.
pub struct AzureKeyVaultBackend {
    settings: Settings,
    surroundings: Surroundings,
    client: VaultClient,
}

impl AzureKeyVaultBackend {
    /// Every kwarg that has an effect.
    pub const KWARGS: &'static [&'static str] = settings::KWARGS;

    /// Builds the backend as the provider's constructor does, and says what is odd about its settings.
    ///
    /// # Errors
    /// What the constructor raises on. What fails only at the first lookup is kept until then, as in Airflow.
    pub fn open(kwargs: Kwargs<'_>, surroundings: &Surroundings) -> Result<(Self, Vec<String>)> {
        let settings = Settings::from_kwargs(kwargs, surroundings.multi_team)?;
        let warnings = settings.warnings().to_vec();
        let client = VaultClient::default();
        let backend = Self {
            settings,
            surroundings: surroundings.clone(),
            client,
        };
        Ok((backend, warnings))
    }

    fn deadline(&self) -> Deadline {
        Deadline::after(self.surroundings.timeout)
    }

    /// Whether the vault has a deleted secret of that name that can be brought back.
    async fn is_soft_deleted(&self, name: &str) -> bool {
        let path = format!("deletedsecrets/{name}");
        let session = self
            .client
            .session(&self.settings, &self.surroundings, self.deadline());
        match session {
            Ok(session) => session
                .get(&path)
                .await
                .is_ok_and(|reply| reply.status == StatusCode::OK),
            Err(_) => false,
        }
    }
}

#[async_trait]
impl Backend for AzureKeyVaultBackend {
    fn name(&self) -> &'static str {
        "AzureKeyVaultBackend"
    }

    fn locate(&self, kind: SecretKind, id: &str) -> Location {
        match self.settings.naming.secret_name(kind, id) {
            Ok(name) => Location::At {
                places: vec![name],
                server: self.settings.vault.as_ref().map(|vault| vault.name.clone()),
            },
            Err(reason) => Location::Skipped(reason),
        }
    }

    async fn get(&self, kind: SecretKind, id: &str) -> Result<Answer> {
        let name = match self.settings.naming.secret_name(kind, id) {
            Ok(name) => name,
            Err(reason) => return Ok(Answer::Absent(Some(reason))),
        };
        let session = self
            .client
            .session(&self.settings, &self.surroundings, self.deadline())?;
        // The empty version, with the slash in front of it, is the latest one.
        let reply = session.get(&format!("secrets/{name}/")).await?;
        let body = reply.json();
        match (reply.status, body) {
            (StatusCode::NOT_FOUND, Some(_)) => Ok(Answer::Absent(None)),
            // The SDK fails on a body that it cannot read, but not on one that is not there.
            (StatusCode::NOT_FOUND, None) if reply.is_empty() => Ok(Answer::Absent(Some(
                "but the answer is not Key Vault's; check `vault_url`".into(),
            ))),
            (StatusCode::NOT_FOUND, None) => {
                Err(AzureKeyVaultError::NotKeyVault { status: 404 }.into())
            }
            (StatusCode::OK, Some(bundle)) => match text_at(&bundle, &["value"]) {
                Some(value) => Ok(Answer::Found(Secret::Text(value.clone()))),
                None => Err(AzureKeyVaultError::NoValue.into()),
            },
            _ => Err(session.refusal(&reply).await.into()),
        }
    }

    async fn asked_as(&self) -> Option<String> {
        self.client.identity().await
    }

    async fn near_misses(&self, kind: SecretKind, id: &str) -> Vec<String> {
        let Ok(name) = self.settings.naming.secret_name(kind, id) else {
            return Vec::new();
        };
        let mut hints: Vec<String> = self.settings.naming.remark(id).into_iter().collect();
        if self.is_soft_deleted(&name).await {
            hints.push(format!(
                "`{name}` was deleted but not purged; `az keyvault secret recover` brings it back"
            ));
        }
        hints
    }
}
