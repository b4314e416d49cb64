//! One layer of a search path: a backend, or something that Airflow asks and secretctl cannot.

use super::error::LayerError;
use super::lookup::{LayerReport, Outcome};
use super::options::{Context, LookupOptions};
use crate::backend::kind::BackendKind;
use crate::backend::{Answer, Backend, BackendError, Location, SecretRef, Unanswered, ask};
use crate::deadline::Deadline;
use crate::secret_kind::{PerKind, SecretId, SecretKind};

/// One place in the search path.
pub(super) struct Layer {
    /// The class name.
    pub name: &'static str,
    /// The class path.
    pub class_path: &'static str,
    source: Source,
    /// Whether it is the custom backend, the only one that Airflow asks for config options.
    pub is_custom: bool,
}

enum Source {
    Served(Box<dyn Backend>),
    /// Airflow would ask it and secretctl cannot: why.
    NotServed(&'static str),
}

/// What a layer answered, before anybody looks into a value.
pub(super) struct LayerAnswer {
    /// Where it looked.
    pub location: Location,
    /// What it said; `Err` where it was not asked.
    pub answer: Result<Result<Answer, BackendError>, Outcome>,
}

impl Layer {
    /// A layer that can be asked.
    pub fn served(kind: BackendKind, backend: Box<dyn Backend>, is_custom: bool) -> Self {
        Self {
            name: kind.class_name(),
            class_path: kind.class_path(),
            source: Source::Served(backend),
            is_custom,
        }
    }

    /// The custom layer of a backend that Airflow does not ship.
    pub fn of_own_class(class_path: &'static str, backend: Box<dyn Backend>) -> Self {
        Self {
            name: backend.name(),
            class_path,
            source: Source::Served(backend),
            is_custom: true,
        }
    }

    /// What comes after the environment: a layer that needs a running Airflow.
    pub fn last(options: LookupOptions) -> Self {
        let (name, class_path, why) = match options.context() {
            Context::Server => (
                BackendKind::Metastore.class_name(),
                BackendKind::Metastore.class_path(),
                "secretctl does not read Airflow's database",
            ),
            Context::Worker if !options.version.has_execution_api_backend() => (
                "supervisor",
                "airflow.sdk.execution_time.supervisor.ActivitySubprocess",
                "Airflow's API server answers only its own running tasks",
            ),
            Context::Worker => (
                "ExecutionAPISecretsBackend",
                "airflow.sdk.execution_time.secrets.execution_api.ExecutionAPISecretsBackend",
                "Airflow's API server answers only its own running tasks",
            ),
        };
        Self {
            name,
            class_path,
            source: Source::NotServed(why),
            is_custom: false,
        }
    }

    /// The backend, if there is one to ask.
    pub fn backend(&self) -> Option<&dyn Backend> {
        match &self.source {
            Source::Served(backend) => Some(&**backend),
            Source::NotServed(_) => None,
        }
    }

    /// Asks for all of `secrets`; the answers are in their order.
    pub async fn ask(&self, secrets: &[&SecretId], deadline: Deadline) -> Vec<LayerAnswer> {
        let backend = match &self.source {
            Source::Served(backend) => backend,
            Source::NotServed(why) => {
                let not_served = |_: &&SecretId| LayerAnswer {
                    location: Location::Skipped((*why).into()),
                    answer: Err(Outcome::NotServed(why)),
                };
                return secrets.iter().map(not_served).collect();
            }
        };
        let locations: Vec<Location> = secrets
            .iter()
            .map(|secret| backend.locate(secret))
            .collect();
        let mut answers = PerKind::default();
        for kind in SecretKind::ALL {
            let of_kind = locations.iter().filter_map(served);
            let asked: Vec<SecretRef> = of_kind
                .filter(|secret| secret.secret.kind == kind)
                .collect();
            *answers.get_mut(kind) = self::answers(&**backend, &asked, deadline)
                .await
                .into_iter();
        }
        // Which server it is, a backend may know only once it has asked: its own configuration files may name it.
        let locations = secrets.iter().map(|secret| backend.locate(secret));
        let answer = |location| match location {
            Location::Skipped(ref why) => LayerAnswer {
                answer: Err(Outcome::Skipped(why.clone())),
                location,
            },
            Location::At(ref secret) => LayerAnswer {
                answer: Ok(answers
                    .get_mut(secret.secret.kind)
                    .next()
                    .unwrap_or_else(|| Err(Unanswered.into()))),
                location,
            },
        };
        locations.map(answer).collect()
    }

    /// The report of this layer on one secret.
    pub fn report(&self, location: Location, outcome: Outcome) -> LayerReport {
        LayerReport {
            backend: self.name,
            class_path: self.class_path,
            location,
            outcome,
            hints: Vec::new(),
            asked_as: None,
        }
    }

    /// What this layer says of a config option, if it is text.
    ///
    /// # Errors
    /// The layer fails.
    pub async fn config_text(
        &self,
        secret: &SecretId,
        deadline: Deadline,
    ) -> Result<Option<Answer>, LayerError> {
        let answer = self.ask(&[secret], deadline).await.into_iter().next();
        match answer.map(|answer| answer.answer) {
            Some(Ok(answer)) => Ok(Some(answer?)),
            _ => Ok(None),
        }
    }
}

fn served(location: &Location) -> Option<SecretRef> {
    match location {
        Location::At(secret) => Some(secret.clone()),
        Location::Skipped(_) => None,
    }
}

async fn answers(
    backend: &dyn Backend,
    secrets: &[SecretRef],
    deadline: Deadline,
) -> Vec<Result<Answer, BackendError>> {
    match secrets {
        [] => Vec::new(),
        [secret] => vec![ask(backend, secret, deadline).await],
        secrets => backend.get_many(secrets, deadline).await,
    }
}
