//! Kubernetes secrets, found by their labels.
//!
//! Mirrors `airflow.providers.cncf.kubernetes.secrets.kubernetes_secrets_backend.KubernetesSecretsBackend` of
//! apache-airflow-providers-cncf-kubernetes 10.25.0 over kubernetes 37.0.1. Its surprising rule: a secret's name counts for
//! nothing; the label `airflow.apache.org/connection-id` holds the id. Beyond Airflow it reads `KUBECONFIG` outside a pod.

mod client;
mod cluster;
mod diagnosis;
mod error;
mod kubeconfig;
mod label;
mod secret_list;
mod service_account;
mod settings;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::StatusCode;
use tokio::sync::Mutex;

pub use error::KubernetesError;

use super::kwargs::Kwargs;
use super::{Answer, Backend, Location, Secret, Surroundings};
use crate::error::{Error, Result};
use crate::http::Deadline;
use crate::secret_kind::SecretKind;
use client::{Reply, Session};
use cluster::Source;
use diagnosis::Wanted;
use settings::Settings;

/// The backend, with the session of its first lookup.
pub struct KubernetesSecretsBackend {
    settings: Settings,
    source: Source,
    surroundings: Surroundings,
    session: Mutex<Option<Arc<Session>>>,
}

impl KubernetesSecretsBackend {
    /// Every kwarg that the provider's constructor knows.
    pub const KWARGS: &'static [&'static str] = settings::KWARGS;

    /// Builds the backend as the provider's constructor does, and says what is odd about its settings.
    ///
    /// # Errors
    /// A kwarg that the constructor does not know.
    pub fn open(kwargs: Kwargs<'_>, surroundings: &Surroundings) -> Result<(Self, Vec<String>)> {
        Self::open_in_pod(kwargs, surroundings, service_account::FOLDER.into())
    }

    /// The same, in a pod that has the files of its service account in `folder`.
    ///
    /// # Errors
    /// A kwarg that the constructor does not know.
    pub fn open_in_pod(
        kwargs: Kwargs<'_>,
        surroundings: &Surroundings,
        folder: PathBuf,
    ) -> Result<(Self, Vec<String>)> {
        let settings = Settings::from_kwargs(kwargs)?;
        let source = Source::from_env(&surroundings.env, folder)?;
        let mut warnings = settings.warnings();
        warnings.extend(source.warning(&surroundings.env));
        let backend = Self {
            settings,
            source,
            surroundings: surroundings.clone(),
            session: Mutex::new(None),
        };
        Ok((backend, warnings))
    }

    /// The session of this run; the first lookup reads the credentials, as in Airflow.
    async fn session(&self, deadline: Deadline) -> Result<Arc<Session>> {
        let mut session = self.session.lock().await;
        if let Some(session) = session.as_ref() {
            return Ok(Arc::clone(session));
        }
        let Surroundings {
            env,
            timeout,
            trace,
            ..
        } = &self.surroundings;
        let cluster = self.source.cluster(env, deadline.left())?;
        let namespace = match &self.settings.namespace {
            Some(namespace) => namespace.clone(),
            None => self.source.namespace(&cluster)?,
        };
        let opened = Arc::new(Session::open(cluster, namespace, env, *timeout, *trace)?);
        *session = Some(Arc::clone(&opened));
        Ok(opened)
    }

    /// The value in a list of secrets: that of the first.
    fn value_in(
        &self,
        session: &Session,
        kind: SecretKind,
        selector: &str,
        reply: &Reply,
    ) -> Result<Answer> {
        let not_kubernetes = || KubernetesError::NotKubernetes {
            status: reply.status.as_u16(),
        };
        let secrets = reply
            .object()
            .and_then(secret_list::secrets)
            .ok_or_else(not_kubernetes)?;
        let Some(first) = secrets.first() else {
            return Ok(Answer::Absent(self.where_it_is_not(session)));
        };
        if secrets.len() > 1 {
            session.warn(&format!(
                "{} secrets of namespace `{}` have the label `{selector}`; like Airflow, secretctl takes the first, `{}`",
                secrets.len(),
                session.namespace(),
                first.name()
            ));
        }
        Ok(Answer::Found(Secret::Text(
            first.value(&self.settings.keys(kind).data_key)?,
        )))
    }

    /// What [`Backend::locate`] could not tell without reading a file.
    fn where_it_is_not(&self, session: &Session) -> Option<String> {
        let is_told = self.settings.namespace.is_some() && self.source.server_name().is_some();
        let (namespace, server) = (session.namespace(), session.server_name());
        (!is_told)
            .then(|| format!("no secret of namespace `{namespace}` at {server} has this label"))
    }

    /// The same for an error.
    fn with_server(&self, session: &Session, error: Error) -> Error {
        match (error, self.source.server_name()) {
            (Error::Unreachable { because }, None) => KubernetesError::Unreachable {
                server: session.server_name(),
                because,
            }
            .into(),
            (other, _) => other,
        }
    }

    /// What 400 means: a label that cannot be, be it by the id or by a kwarg.
    fn why_bad(
        &self,
        session: &Session,
        kind: SecretKind,
        id: &str,
        reply: &Reply,
    ) -> Result<Answer> {
        if let Some(problem) = label::problem_with_value(id) {
            return Ok(Answer::Absent(Some(format!(
                "no secret can have this id in a label: {problem}"
            ))));
        }
        Err(match self.settings.impossible_label(kind) {
            Some(kwarg) => KubernetesError::LabelKey { kwarg }.into(),
            None => session.error(reply).into(),
        })
    }
}

#[async_trait]
impl Backend for KubernetesSecretsBackend {
    fn name(&self) -> &'static str {
        "KubernetesSecretsBackend"
    }

    /// The place as `kubectl get` takes it.
    fn locate(&self, kind: SecretKind, id: &str) -> Location {
        let question = match self.settings.question(kind, id) {
            Ok(question) => question,
            Err(reason) => return Location::Skipped(reason),
        };
        let namespace = self
            .settings
            .namespace
            .as_ref()
            .map(|namespace| format!(" -n {namespace}"));
        let place = format!(
            "secrets{} -l '{}'",
            namespace.unwrap_or_default(),
            question.selector
        );
        Location::At {
            places: vec![place],
            server: self.source.server_name(),
        }
    }

    async fn get(&self, kind: SecretKind, id: &str) -> Result<Answer> {
        self.settings.usable()?;
        let question = match self.settings.question(kind, id) {
            Ok(question) => question,
            Err(reason) => return Ok(Answer::Absent(Some(reason))),
        };
        let deadline = Deadline::after(self.surroundings.timeout);
        let session = self.session(deadline).await?;
        let query = [
            ("labelSelector", question.selector.as_str()),
            ("resourceVersion", "0"),
        ];
        let reply = session.list_secrets(&query, client::JSON, deadline).await;
        let reply = reply.map_err(|error| self.with_server(&session, error))?;
        match reply.status {
            StatusCode::OK => self.value_in(&session, kind, &question.selector, &reply),
            StatusCode::BAD_REQUEST => self.why_bad(&session, kind, id, &reply),
            StatusCode::FORBIDDEN => Err(diagnosis::why_forbidden(&session, &reply, deadline)
                .await
                .into()),
            _ => Err(session.error(&reply).into()),
        }
    }

    async fn asked_as(&self) -> Option<String> {
        let session = self.session.lock().await.clone()?;
        Some(format!(
            "with {}, in namespace `{}` at {}",
            session.credential_origin(),
            session.namespace(),
            session.server_name()
        ))
    }

    async fn near_misses(&self, kind: SecretKind, id: &str) -> Vec<String> {
        let deadline = Deadline::after(self.surroundings.timeout);
        let (Ok(question), Ok(session)) = (
            self.settings.question(kind, id),
            self.session(deadline).await,
        ) else {
            return Vec::new();
        };
        let wanted = Wanted {
            id,
            label: question.label,
            team_label: self.settings.team_label.as_deref(),
        };
        diagnosis::why_absent(&session, &wanted, deadline).await
    }
}
