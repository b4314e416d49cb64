//! Google Cloud Secret Manager.
//!
//! Mirrors `airflow.providers.google.cloud.secrets.secret_manager.CloudSecretManagerBackend` of
//! apache-airflow-providers-google 22.8.0. Airflow calls `AccessSecretVersion` over gRPC, secretctl calls the same method over
//! REST. Its surprising rule: Airflow takes a refused permission and an impossible name for "no such secret".
//!
//! After "not found" up to six requests follow that Airflow does not send: `secrets.get` for the name and for up to five names
//! that a person may have meant. They read no value, and end at the first that is not answered.

pub(crate) mod credentials;
mod diagnosis;
mod error;
mod naming;
mod service;
mod session;
mod settings;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;

use super::kwargs::Kwargs;
use super::{Answer, Backend, BackendError, Location, Once, Place, SecretRef, Surroundings};
use crate::deadline::Deadline;
use crate::finding::Finding;
use crate::http;
use crate::secret_kind::{SecretId, SecretKind};
use error::CloudSecretManagerError;
use session::SecretManagerSession;
use settings::SecretManagerSettings;

/// The backend, with the token of its first lookup.
pub struct CloudSecretManagerBackend {
    settings: SecretManagerSettings,
    surroundings: Surroundings,
    session: Once<SecretManagerSession, CloudSecretManagerError>,
}

impl CloudSecretManagerBackend {
    /// Every kwarg of the constructor; any other is a TypeError.
    pub const KWARGS: &'static [&'static str] = settings::KWARGS;

    /// Builds the backend as the constructor does, and says what is odd about its settings. Reads a credentials file that
    /// the settings name, as the constructor does, but asks nobody.
    ///
    /// # Errors
    /// What the constructor raises on. Credentials whose lack it only logs are kept until the first lookup.
    pub(super) async fn open(
        kwargs: Kwargs<'_>,
        surroundings: &Surroundings,
        deadline: Deadline,
    ) -> Result<(Self, Vec<Finding>), CloudSecretManagerError> {
        kwargs.refuse_unknown(Self::KWARGS)?;
        let settings =
            SecretManagerSettings::from_kwargs(kwargs, &surroundings.env, deadline).await?;
        let findings = settings.findings();
        let backend = Self {
            settings,
            surroundings: surroundings.clone(),
            session: Once::default(),
        };
        Ok((backend, findings))
    }

    /// Why Secret Manager is not asked for a secret, if it is not.
    fn why_skipped(&self, secret: &SecretId) -> Option<String> {
        let kind = secret.kind;
        if self.settings.prefixes.get(kind).is_none() {
            let (kwarg, _) = settings::prefix_kwarg(kind);
            return Some(format!(
                "`{kwarg}` is null, so Secret Manager is not asked for a {kind}"
            ));
        }
        let is_guarded = kind != SecretKind::Config && self.surroundings.multi_team;
        (is_guarded && naming::names_a_team(&secret.id)).then(|| {
            "with [core] multi_team an id with `--` could name a team's secret, so it is not looked up".to_owned()
        })
    }

    /// The session of this run, getting a token if there is none yet.
    async fn session(
        &self,
        deadline: Deadline,
    ) -> Result<Arc<SecretManagerSession>, CloudSecretManagerError> {
        let open = SecretManagerSession::open(&self.settings, &self.surroundings, deadline);
        self.session.get_or_open(open).await
    }
}

#[async_trait]
impl Backend for CloudSecretManagerBackend {
    fn name(&self) -> &'static str {
        "CloudSecretManagerBackend"
    }

    fn locate(&self, secret: &SecretId) -> Location {
        if let Some(why) = self.why_skipped(secret) {
            return Location::Skipped(why);
        }
        let prefix = self.settings.prefixes.get(secret.kind).as_deref();
        let name = naming::secret_id(prefix.unwrap_or_default(), &self.settings.sep, &secret.id);
        let place = Place {
            shown: naming::place(self.settings.project_name(), &name),
            name,
        };
        let server = http::server_name(&self.settings.endpoint);
        Location::At(SecretRef::remote(secret, place, Some(server)))
    }

    async fn get(&self, secret: &SecretRef, deadline: Deadline) -> Result<Answer, BackendError> {
        // Airflow's client fails before the name is looked at.
        self.settings.credentials()?;
        if let Some(why) = naming::why_impossible(secret.name()) {
            return Ok(Answer::Absent(Some(why)));
        }
        let session = self.session(deadline).await?;
        Ok(session.access(secret.name(), deadline).await?)
    }

    async fn asked_as(&self, deadline: Deadline) -> Option<String> {
        let session = self.session.opened().await?;
        let identity = session.identity(deadline).await;
        Some(format!("as {identity}, in project `{}`", session.project()))
    }

    async fn near_misses(&self, secret: &SecretRef, deadline: Deadline) -> Vec<String> {
        let SecretId { kind, id } = &secret.secret;
        let (Some(prefix), Ok(session)) = (
            self.settings.prefixes.get(*kind),
            self.session(deadline).await,
        ) else {
            return Vec::new();
        };
        let names = naming::look_alikes(prefix, &self.settings.sep, id);
        diagnosis::near_misses(&session, secret.name(), names, deadline).await
    }
}
