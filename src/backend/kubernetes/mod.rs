//! Kubernetes secrets, found by their labels.
//!
//! Mirrors `airflow.providers.cncf.kubernetes.secrets.kubernetes_secrets_backend.KubernetesSecretsBackend` of
//! apache-airflow-providers-cncf-kubernetes 10.25.0 over kubernetes 37.0.1. Its surprising rule: a secret's name counts for
//! nothing; the label `airflow.apache.org/connection-id` holds the id. Beyond Airflow it reads `KUBECONFIG` outside a pod.

mod batch;
mod client;
mod cluster;
mod diagnosis;
mod error;
mod kubeconfig;
mod label;
#[cfg(test)]
mod recorded;
mod secret_list;
mod service_account;
mod settings;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::StatusCode;

pub use error::KubernetesError;

use super::kwargs::Kwargs;
use super::{
    Answer, Backend, BackendError, Location, Once, Place, Secret, SecretRef, Surroundings,
};
use crate::deadline::Deadline;
use crate::finding::Finding;
use crate::http::Reply;
use crate::secret_kind::SecretId;
use client::KubernetesSession;
use cluster::ClusterSource;
use diagnosis::Wanted;
use secret_list::ListedSecret;
use settings::KubernetesSettings;

/// The backend, with the session of its first lookup.
pub struct KubernetesSecretsBackend {
    settings: KubernetesSettings,
    source: ClusterSource,
    surroundings: Surroundings,
    session: Once<KubernetesSession, KubernetesError>,
}

impl KubernetesSecretsBackend {
    /// Every kwarg that the provider's constructor knows.
    pub const KWARGS: &'static [&'static str] = settings::KWARGS;

    /// Builds the backend as the provider's constructor does, and says what is odd about its settings.
    ///
    /// # Errors
    /// A kwarg that the constructor does not know.
    pub fn open(
        kwargs: Kwargs<'_>,
        surroundings: &Surroundings,
    ) -> Result<(Self, Vec<Finding>), KubernetesError> {
        Self::open_in_pod(kwargs, surroundings, service_account::FOLDER.into())
    }

    /// The same, in a pod that has the files of its service account in `folder`.
    fn open_in_pod(
        kwargs: Kwargs<'_>,
        surroundings: &Surroundings,
        folder: PathBuf,
    ) -> Result<(Self, Vec<Finding>), KubernetesError> {
        let settings = KubernetesSettings::from_kwargs(kwargs)?;
        let source = ClusterSource::from_env(&surroundings.env, folder)?;
        let mut findings = settings.findings();
        findings.extend(source.findings(&surroundings.env, settings.namespace.is_some()));
        let backend = Self {
            settings,
            source,
            surroundings: surroundings.clone(),
            session: Once::default(),
        };
        Ok((backend, findings))
    }

    /// The session of this run; the first lookup reads the credentials, as in Airflow.
    async fn session(&self, deadline: Deadline) -> Result<Arc<KubernetesSession>, KubernetesError> {
        self.session.get_or_open(self.open_session(deadline)).await
    }

    async fn open_session(&self, deadline: Deadline) -> Result<KubernetesSession, KubernetesError> {
        let surroundings = &self.surroundings;
        let cluster = self.source.cluster(&surroundings.env, deadline).await?;
        let namespace = match &self.settings.namespace {
            Some(namespace) => namespace.clone(),
            None => self.source.namespace(&cluster, deadline).await?,
        };
        KubernetesSession::open(cluster, namespace, surroundings, deadline).await
    }

    /// The value in a list of secrets: that of the first.
    fn value_in(
        &self,
        session: &KubernetesSession,
        secret: &SecretRef,
        reply: &Reply,
    ) -> Result<Answer, KubernetesError> {
        let not_kubernetes = || KubernetesError::NotKubernetes {
            status: reply.status.as_u16(),
        };
        let secrets = reply
            .members()
            .and_then(secret_list::secrets)
            .ok_or_else(not_kubernetes)?;
        self.first_of(session, secret, &secrets)
    }

    /// The value of the first of the secrets that have the label of `secret`.
    fn first_of(
        &self,
        session: &KubernetesSession,
        secret: &SecretRef,
        secrets: &[ListedSecret],
    ) -> Result<Answer, KubernetesError> {
        let Some(first) = secrets.first() else {
            return Ok(Answer::Absent(self.where_it_is_not(session)));
        };
        if secrets.len() > 1 {
            let sentence = format!(
                "{} secrets of namespace `{}` have the label `{}`; like Airflow, secretctl takes the first, `{}`",
                secrets.len(),
                session.namespace(),
                secret.name(),
                first.name()
            );
            session.tell(&Finding::warning("several-secrets", sentence));
        }
        let data_key = &self.settings.keys(secret.secret.kind).data_key;
        Ok(Answer::Found(Secret::Text(first.value(data_key)?)))
    }

    /// What [`Backend::locate`] could not tell without reading a file.
    fn where_it_is_not(&self, session: &KubernetesSession) -> Option<String> {
        let is_told = self.settings.namespace.is_some() && self.source.server_name().is_some();
        let (namespace, server) = (session.namespace(), session.server_name());
        (!is_told)
            .then(|| format!("no secret of namespace `{namespace}` at {server} has this label"))
    }

    /// What 400 means: a label that cannot be, be it by the id or by a kwarg.
    fn why_bad(
        &self,
        session: &KubernetesSession,
        secret: &SecretId,
        reply: &Reply,
    ) -> Result<Answer, KubernetesError> {
        if let Some(problem) = label::problem_with_value(&secret.id) {
            return Ok(Answer::Absent(Some(format!(
                "no secret can have this id in a label: {problem}"
            ))));
        }
        Err(match self.settings.impossible_label(secret.kind) {
            Some(kwarg) => KubernetesError::LabelKey { kwarg },
            None => session.error(reply),
        })
    }

    /// `_get_secret`: the list of the secrets with the label.
    async fn read(
        &self,
        secret: &SecretRef,
        deadline: Deadline,
    ) -> Result<Answer, KubernetesError> {
        self.settings.usable()?;
        let session = self.session(deadline).await?;
        let query = [("labelSelector", secret.name()), ("resourceVersion", "0")];
        let reply = session.list_secrets(&query, client::JSON, deadline).await?;
        match reply.status {
            StatusCode::OK => self.value_in(&session, secret, &reply),
            StatusCode::BAD_REQUEST => self.why_bad(&session, &secret.secret, &reply),
            StatusCode::FORBIDDEN => {
                let deadline = deadline.for_diagnosis();
                Err(diagnosis::why_forbidden(&session, &reply, deadline).await)
            }
            _ => Err(session.error(&reply)),
        }
    }
}

#[async_trait]
impl Backend for KubernetesSecretsBackend {
    fn name(&self) -> &'static str {
        "KubernetesSecretsBackend"
    }

    /// The place as `kubectl get` takes it.
    fn locate(&self, secret: &SecretId) -> Location {
        let question = match self.settings.question(secret) {
            Ok(question) => question,
            Err(reason) => return Location::Skipped(reason),
        };
        let namespace = self.settings.namespace.as_ref();
        let namespace = namespace.map(|namespace| format!(" -n {namespace}"));
        let shown = format!(
            "secrets{} -l '{}'",
            namespace.unwrap_or_default(),
            question.selector
        );
        let place = Place {
            name: question.selector,
            shown,
        };
        Location::At(SecretRef::remote(secret, place, self.source.server_name()))
    }

    async fn get(&self, secret: &SecretRef, deadline: Deadline) -> Result<Answer, BackendError> {
        Ok(self.read(secret, deadline).await?)
    }

    async fn get_many(
        &self,
        secrets: &[SecretRef],
        deadline: Deadline,
    ) -> Vec<Result<Answer, BackendError>> {
        batch::read(self, secrets, deadline).await
    }

    async fn asked_as(&self, _deadline: Deadline) -> Option<String> {
        let session = self.session.opened().await?;
        Some(format!(
            "with {}, in namespace `{}` at {}",
            session.credential_origin(),
            session.namespace(),
            session.server_name()
        ))
    }

    async fn near_misses(&self, secret: &SecretRef, deadline: Deadline) -> Vec<String> {
        let question = self.settings.question(&secret.secret);
        let (Ok(question), Some(session)) = (question, self.session.opened().await) else {
            return Vec::new();
        };
        let wanted = Wanted {
            id: &secret.secret.id,
            label: question.label,
            team_label: self.settings.team_label.as_deref(),
        };
        diagnosis::why_absent(&session, &wanted, deadline).await
    }
}
