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
use crate::secret_kind::SecretId;
use client::KubernetesSession;
use cluster::ClusterSource;
use diagnosis::Wanted;
use secret_list::{ListedSecret, SecretList};
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

    /// `_get_secret`: the secrets with the label. A refusal is told apart from not being known.
    async fn find(
        &self,
        session: &KubernetesSession,
        selector: &str,
        deadline: Deadline,
    ) -> Result<Vec<ListedSecret>, KubernetesError> {
        let query = [("labelSelector", selector), ("resourceVersion", "0")];
        let reply = session.list_secrets(&query, client::JSON, deadline).await?;
        match reply.status {
            StatusCode::OK => {
                let list = reply.members().and_then(SecretList::new);
                list.map(|list| list.secrets)
                    .ok_or_else(|| KubernetesError::NotKubernetes {
                        status: reply.status.as_u16(),
                    })
            }
            StatusCode::FORBIDDEN if reply.members().is_some() => {
                let is_asked = self.surroundings.diagnoses;
                let deadline = is_asked.then(|| deadline.for_diagnosis());
                Err(diagnosis::why_forbidden(session, &reply, deadline).await)
            }
            _ => Err(session.error(&reply)),
        }
    }

    /// What was found for one secret: the value of the first.
    fn answer(
        &self,
        session: &KubernetesSession,
        secret: &SecretRef,
        found: &[&ListedSecret],
    ) -> Result<Answer, KubernetesError> {
        let [first, rest @ ..] = found else {
            return Ok(Answer::Absent(self.why_absent(session, &secret.secret)));
        };
        if !rest.is_empty() {
            let sentence = format!(
                "{} secrets of namespace `{}` have the label `{}`; like Airflow, secretctl takes the first, `{}`",
                found.len(),
                session.namespace(),
                secret.name(),
                first.name()
            );
            session.tell(&Finding::warning("several-secrets", sentence));
        }
        let data_key = &self.settings.keys(secret.secret.kind).data_key;
        Ok(Answer::Found(Secret::Text(first.value(data_key)?)))
    }

    /// What [`Backend::locate`] could not tell: an id that no label holds, or a place that is known only now.
    fn why_absent(&self, session: &KubernetesSession, secret: &SecretId) -> Option<String> {
        let is_told = self.settings.namespace.is_some() && self.source.server_name().is_some();
        let (namespace, server) = (session.namespace(), session.server_name());
        label::why_no_secret_has(&secret.id).or_else(|| {
            (!is_told)
                .then(|| format!("no secret of namespace `{namespace}` at {server} has this label"))
        })
    }

    /// What a failed request means for one secret: the server refuses a label that cannot be, by the id or by a kwarg.
    fn answer_to_failure(
        &self,
        secret: &SecretId,
        error: KubernetesError,
    ) -> Result<Answer, KubernetesError> {
        if !matches!(error, KubernetesError::BadRequest { .. }) {
            return Err(error);
        }
        if let Some(why) = label::why_no_secret_has(&secret.id) {
            return Ok(Answer::Absent(Some(why)));
        }
        Err(match self.settings.impossible_label(secret.kind) {
            Some(kwarg) => KubernetesError::LabelKey { kwarg },
            None => error,
        })
    }

    async fn read(
        &self,
        secret: &SecretRef,
        deadline: Deadline,
    ) -> Result<Answer, KubernetesError> {
        self.settings.usable()?;
        let session = self.session(deadline).await?;
        match self.find(&session, secret.name(), deadline).await {
            Ok(found) => self.answer(&session, secret, &found.iter().collect::<Vec<_>>()),
            Err(error) => self.answer_to_failure(&secret.secret, error),
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
        batch::get_many(self, secrets, deadline).await
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
        // Nothing is near an id that no label can hold, and that is said already.
        if label::problem_with_value(&secret.secret.id).is_some() {
            return Vec::new();
        }
        let wanted = Wanted {
            id: &secret.secret.id,
            label: question.label,
            team_label: self.settings.team_label.as_deref(),
        };
        diagnosis::why_absent(&session, &wanted, deadline).await
    }
}
