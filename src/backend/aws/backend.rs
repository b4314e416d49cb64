//! What Parameter Store and Secrets Manager have in common as secrets backends, which is nearly everything: kwargs, names, the
//! session of the first lookup, batches and near misses.
//!
//! The surprising rule: the constructor of either class can fail on a prefix only; whatever else is wrong fails each lookup.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use aws_config::SdkConfig;

use super::batch;
use super::connector::AskedServer;
use super::error::AwsError;
use super::naming::Naming;
use super::near_misses;
use super::refusal;
use super::sdk_failure::SdkFailure;
use super::session::AwsSession;
use super::settings::{AwsSettings, ServiceFacts};
use crate::backend::kwargs::{KwargError, Kwargs};
use crate::backend::{
    Answer, Backend, BackendError, Location, Once, Place, SecretRef, Surroundings,
};
use crate::deadline::Deadline;
use crate::finding::Finding;
use crate::secret_kind::{SecretId, SecretKind};

/// What differs between the two services.
pub trait AwsService: Sized + Send + Sync + 'static {
    /// What the class is called and knows.
    const FACTS: ServiceFacts;
    /// How many names are looked for at once.
    const MOST_NAMES: usize;
    /// The SDK's client.
    type Client: Send + Sync;

    /// Reads the kwargs that only this class has.
    ///
    /// # Errors
    /// What the constructor raises on.
    fn from_kwargs(kwargs: Kwargs<'_>) -> Result<Self, KwargError>;

    /// The prefix that a kwarg names; `None`: the service is never asked.
    ///
    /// # Errors
    /// What the constructor raises on.
    fn prefix(&self, kwargs: Kwargs<'_>, name: &'static str) -> Result<Option<String>, KwargError>;

    /// The name of `id` below a prefix.
    fn name(&self, prefix: &str, id: &str) -> String;

    /// Names near this one, whatever the id.
    fn variants(&self, name: &str) -> Vec<String>;

    /// The client of this service.
    fn client(config: &SdkConfig) -> Self::Client;

    /// Reads one secret.
    fn read(
        &self,
        opened: &Opened<Self::Client>,
        kind: SecretKind,
        name: &str,
        deadline: Deadline,
    ) -> impl Future<Output = Result<Answer, AwsError>> + Send;

    /// Whether the answer of a batch names this one as it is named here.
    fn goes_in_batch(name: &str) -> bool;

    /// Reads several at once, and gives what is certain of them.
    fn read_batch(
        &self,
        client: &Self::Client,
        kind: SecretKind,
        names: &[String],
        deadline: Deadline,
    ) -> impl Future<Output = Result<HashMap<String, Answer>, SdkFailure>> + Send;

    /// Which of these there are, as far as that can be found out; no value is read.
    fn existing(
        client: &Self::Client,
        names: Vec<String>,
        deadline: Deadline,
    ) -> impl Future<Output = Vec<Existing>> + Send;

    /// What the other service has under this name, in words.
    fn in_the_other_service(
        config: &SdkConfig,
        name: &str,
        deadline: Deadline,
    ) -> impl Future<Output = Option<String>> + Send;
}

/// A secret that exists.
pub struct Existing {
    /// Its name.
    pub name: String,
    /// Whether it is scheduled for deletion.
    pub is_deleted: bool,
}

/// The session of the first lookup, with the service's client.
pub struct Opened<C> {
    /// Who is asking.
    pub session: AwsSession,
    /// Who is asked.
    pub client: C,
}

/// A backend of AWS.
pub struct AwsBackend<S: AwsService> {
    pub(super) service: S,
    naming: Naming,
    settings: AwsSettings,
    surroundings: Surroundings,
    asked: AskedServer,
    opened: Once<Opened<S::Client>, AwsError>,
}

impl<S: AwsService> AwsBackend<S> {
    /// Every kwarg that has an effect.
    pub const KWARGS: &'static [&'static str] = S::FACTS.kwargs;

    /// Builds the backend as the provider's constructor does, and says what is odd about its settings.
    ///
    /// # Errors
    /// A prefix or separator that is not text. Everything else fails only the lookups, as in Airflow.
    pub fn open(
        kwargs: Kwargs<'_>,
        surroundings: &Surroundings,
    ) -> Result<(Self, Vec<Finding>), KwargError> {
        let service = S::from_kwargs(kwargs)?;
        let naming = Naming::from_kwargs(kwargs, surroundings.multi_team, |name| {
            service.prefix(kwargs, name)
        })?;
        let settings = AwsSettings::from_kwargs(kwargs, S::FACTS);
        let findings = settings.findings(kwargs, S::FACTS);
        let backend = Self {
            service,
            naming,
            settings,
            surroundings: surroundings.clone(),
            asked: AskedServer::default(),
            opened: Once::default(),
        };
        Ok((backend, findings))
    }

    /// The session, with the client.
    pub(super) async fn opened(
        &self,
        deadline: Deadline,
    ) -> Result<Arc<Opened<S::Client>>, AwsError> {
        let open = async {
            let asked = self.asked.clone();
            let session =
                AwsSession::open(&self.settings, &self.surroundings, asked, deadline).await?;
            Ok(Opened {
                client: S::client(&session.config),
                session,
            })
        };
        self.opened.get_or_open(open).await
    }

    /// Whether a secret can be read along with others.
    pub(super) fn goes_in_batch(&self, secret: &SecretRef) -> bool {
        self.naming.check(&secret.secret).is_ok() && S::goes_in_batch(secret.name())
    }

    async fn read(&self, secret: &SecretRef, deadline: Deadline) -> Result<Answer, AwsError> {
        self.naming.check(&secret.secret)?;
        let opened = self.opened(deadline).await?;
        let kind = secret.secret.kind;
        self.service
            .read(&opened, kind, secret.name(), deadline)
            .await
    }

    /// Similar names that exist, else what the other service has. An endpoint of the kwargs is the service's alone, so that
    /// beside one the other is not asked.
    async fn similar(&self, secret: &SecretRef, deadline: Deadline) -> Vec<String> {
        let Some(opened) = self.opened.opened().await else {
            return Vec::new();
        };
        let (config, asked) = (opened.session.without_retries(), secret.name());
        let names = near_misses::names(&self.service, &self.naming, &secret.secret, asked);
        let found = S::existing(&S::client(&config), names, deadline).await;
        match (found.as_slice(), &self.settings.endpoint_url) {
            ([], None) => {
                let elsewhere = S::in_the_other_service(&config, asked, deadline).await;
                elsewhere.into_iter().collect()
            }
            (found, _) => found.iter().map(near_misses::hint).collect(),
        }
    }

    /// Where and as whom the service was asked, for somebody who had another region or account in mind. Beside an endpoint of
    /// the kwargs nobody else is asked, and so not who that is.
    async fn where_asked(&self, deadline: Deadline) -> Option<String> {
        let session = &self.opened.opened().await?.session;
        let region = session.region();
        let identity = match self.settings.endpoint_url {
            Some(_) => None,
            None => refusal::caller_of(session, deadline).await,
        };
        let identity = identity.map_or_else(
            || format!("with the credentials from {}", session.origin()),
            |arn| format!("as {arn}"),
        );
        Some(format!(
            "asked in region {region} {identity}; for another region set \"region_name\" in the kwargs, or AWS_DEFAULT_REGION"
        ))
    }
}

#[async_trait]
impl<S: AwsService> Backend for AwsBackend<S> {
    fn name(&self) -> &'static str {
        S::FACTS.class
    }

    fn locate(&self, secret: &SecretId) -> Location {
        match self.naming.prefix_for(secret) {
            Ok(prefix) => {
                let place = Place::from(self.service.name(prefix, &secret.id));
                Location::At(SecretRef::remote(secret, place, self.asked.get().cloned()))
            }
            Err(reason) => Location::Skipped(reason),
        }
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
        Some(self.opened.opened().await?.session.asked_as())
    }

    async fn near_misses(&self, secret: &SecretRef, deadline: Deadline) -> Vec<String> {
        let mut hints = self.similar(secret, deadline).await;
        if hints.is_empty() {
            hints.extend(self.where_asked(deadline).await);
        }
        hints.extend(self.settings.other_region(&self.surroundings.env));
        hints
    }
}
