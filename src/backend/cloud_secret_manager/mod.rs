//! Google Cloud Secret Manager.
//!
//! Mirrors `airflow.providers.google.cloud.secrets.secret_manager.CloudSecretManagerBackend` of
//! apache-airflow-providers-google 22.8.0. Airflow calls `AccessSecretVersion` over gRPC, secretctl calls the same method over
//! REST. Its surprising rule: Airflow takes a refused permission and an impossible name for "no such secret".

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
use tokio::sync::Mutex;

pub use error::CloudSecretManagerError;

use super::kwargs::Kwargs;
use super::{Answer, Backend, Location, Surroundings};
use crate::error::Result;
use crate::http::{self, Deadline};
use crate::secret_kind::SecretKind;
use session::Session;
use settings::Settings;

/// The backend, with the token of its first lookup.
pub struct CloudSecretManagerBackend {
    settings: Settings,
    surroundings: Surroundings,
    session: Mutex<Option<Arc<Session>>>,
}

impl CloudSecretManagerBackend {
    /// Every kwarg of the constructor; any other is a TypeError.
    pub const KWARGS: &'static [&'static str] = settings::KWARGS;

    /// Builds the backend as the constructor does, and says what is odd about its settings. Reads a credentials file that
    /// the settings name, as the constructor does, but asks nobody.
    ///
    /// # Errors
    /// What the constructor raises on. Credentials whose lack it only logs are kept until the first lookup.
    pub fn open(
        kwargs: Kwargs<'_>,
        surroundings: &Surroundings,
    ) -> Result<(CloudSecretManagerBackend, Vec<String>)> {
        let settings = Settings::from_kwargs(kwargs, &surroundings.env)?;
        let warnings = settings.warnings();
        let backend = CloudSecretManagerBackend {
            settings,
            surroundings: surroundings.clone(),
            session: Mutex::new(None),
        };
        Ok((backend, warnings))
    }

    /// The name of the secret that holds `id`; `Err` says why Secret Manager is not asked.
    fn secret_id(&self, kind: SecretKind, id: &str) -> Result<String, String> {
        let Some(prefix) = self.settings.prefix(kind) else {
            let kwarg = settings::prefix_kwarg(kind);
            return Err(format!(
                "`{kwarg}` is null, so Secret Manager is not asked for a {kind}"
            ));
        };
        let guarded = kind != SecretKind::Config && self.surroundings.multi_team;
        if guarded && naming::names_a_team(id) {
            return Err("with [core] multi_team an id with `--` could name a team's secret, so it is not looked up".into());
        }
        Ok(naming::secret_id(prefix, &self.settings.sep, id))
    }

    /// The session of this run, getting a token if there is none yet.
    async fn session(&self, deadline: Deadline) -> Result<Arc<Session>> {
        let mut session = self.session.lock().await;
        if let Some(session) = session.as_ref() {
            return Ok(Arc::clone(session));
        }
        let opened = Arc::new(Session::open(&self.settings, &self.surroundings, deadline).await?);
        *session = Some(Arc::clone(&opened));
        Ok(opened)
    }

    fn deadline(&self) -> Deadline {
        Deadline::after(self.surroundings.timeout)
    }
}

#[async_trait]
impl Backend for CloudSecretManagerBackend {
    fn name(&self) -> &'static str {
        "CloudSecretManagerBackend"
    }

    fn locate(&self, kind: SecretKind, id: &str) -> Location {
        match self.secret_id(kind, id) {
            Ok(secret_id) => Location::At {
                places: vec![naming::place(self.settings.project_name(), &secret_id)],
                server: Some(http::server_name(&self.settings.endpoint)),
            },
            Err(reason) => Location::Skipped(reason),
        }
    }

    async fn get(&self, kind: SecretKind, id: &str) -> Result<Answer> {
        self.settings.credentials()?;
        let Ok(secret_id) = self.secret_id(kind, id) else {
            return Ok(Answer::Absent(None));
        };
        if let Some(why) = naming::why_impossible(&secret_id) {
            return Ok(Answer::Absent(Some(why)));
        }
        let deadline = self.deadline();
        let session = self.session(deadline).await?;
        session
            .access(&self.settings, &self.surroundings, &secret_id, deadline)
            .await
    }

    async fn asked_as(&self) -> Option<String> {
        let session = self.session.lock().await.clone()?;
        let credentials = self.settings.credentials().ok()?;
        let exchange = session.google_exchange(&self.surroundings, self.deadline());
        let identity = credentials.identity(&exchange).await;
        Some(format!("as {identity}, in project `{}`", session.project()))
    }

    async fn near_misses(&self, kind: SecretKind, id: &str) -> Vec<String> {
        let deadline = self.deadline();
        let (Some(prefix), Ok(session)) =
            (self.settings.prefix(kind), self.session(deadline).await)
        else {
            return Vec::new();
        };
        let asked = naming::secret_id(prefix, &self.settings.sep, id);
        let names = naming::look_alikes(prefix, &self.settings.sep, id);
        let exchange = session.exchange(&self.surroundings, deadline);
        diagnosis::near_misses(&session, &self.settings, &exchange, &asked, names).await
    }
}
