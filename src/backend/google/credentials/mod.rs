//! Google credentials and the access tokens that they give.
//!
//! Mirrors `credentials_provider` of the google provider 22.8.0 and google-auth 2.62.2. Every request goes through the HTTP
//! client that all backends share, so that proxies, CAs, the time limit and env files hold for it too. The surprising rule: a
//! service account's key is never exchanged for a token; a JWT signed with it is the token.

mod application_default;
mod authorized_user;
mod error;
mod external_account;
mod gcloud;
mod impersonation;
mod key_kwargs;
mod load;
mod metadata;
mod scopes;
mod servers;
mod service_account;
#[cfg(test)]
mod tests;

pub(crate) use error::GoogleError;
pub(crate) use key_kwargs::KeyKwargs;
pub(crate) use scopes::{Access, Scopes};
pub(crate) use servers::{TokenServers, ask, endpoint, http_settings, servers_words};

use authorized_user::{AuthorizedUser, ExternalAccountAuthorizedUser};
use error::{CredentialsProblem, TokenProblem, TokenServer};
use external_account::ExternalAccount;
use impersonation::Impersonation;
use service_account::ServiceAccountKey;

use crate::jwt::CannotSign;
use crate::python::json::{Dict, Value};
use crate::secret::SecretText;

/// The universe of whoever does not name one.
pub(crate) const GOOGLES_UNIVERSE: &str = "googleapis.com";

/// Who asks Google, and in which project.
#[derive(Clone, Debug)]
pub(crate) struct GoogleCredentials {
    kind: CredentialKind,
    project: GoogleProject,
    /// `x-goog-user-project`: who pays for a request, if not the project it is about.
    quota_project: Option<String>,
    /// The setting or file that they were found in.
    origin: String,
}

/// The kinds of credentials that google-auth knows, but for `gdch_service_account`.
#[derive(Clone, Debug)]
enum CredentialKind {
    ServiceAccount(ServiceAccountKey),
    AuthorizedUser(AuthorizedUser),
    ExternalAccount(Box<ExternalAccount>),
    ExternalAccountAuthorizedUser(ExternalAccountAuthorizedUser),
    Impersonated(Box<Impersonation>),
    /// The service account that Google's machine runs as.
    Machine,
}

/// The project that goes with credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GoogleProject {
    /// By name.
    Named(String),
    /// The one that the metadata server names.
    OfTheMachine,
    /// These credentials belong to none.
    Unknown,
}

impl From<Option<String>> for GoogleProject {
    fn from(name: Option<String>) -> Self {
        name.filter(|name| !name.is_empty())
            .map_or(GoogleProject::Unknown, GoogleProject::Named)
    }
}

impl GoogleCredentials {
    /// These credentials acting as the last service account of `chain`, as `impersonation_chain` asks for.
    ///
    /// # Errors
    /// The last one is not an e-mail address, from which Airflow takes the project.
    pub fn impersonating(self, mut chain: Vec<String>) -> Result<Self, GoogleError> {
        let Some(target) = chain.pop() else {
            return Ok(self);
        };
        let project =
            impersonation::project_in(&target).ok_or(GoogleError::NoProjectInImpersonationChain)?;
        let origin = self.origin.clone();
        let delegates = Some(chain).filter(|delegates| !delegates.is_empty());
        Ok(Self {
            kind: CredentialKind::Impersonated(Box::new(Impersonation::new(
                self, target, delegates,
            ))),
            project: Some(project).into(),
            quota_project: None,
            origin,
        })
    }

    /// The project, as far as it is known without asking anybody.
    pub fn project(&self) -> &GoogleProject {
        &self.project
    }

    /// The project by name, if there is one.
    ///
    /// # Errors
    /// There is no metadata server, or it names none.
    pub async fn project_id(
        &self,
        servers: &TokenServers<'_>,
    ) -> Result<Option<String>, GoogleError> {
        match &self.project {
            GoogleProject::Named(project) => Ok(Some(project.clone())),
            GoogleProject::OfTheMachine => Ok(Some(metadata::project_id(servers).await?)),
            GoogleProject::Unknown => Ok(None),
        }
    }

    /// The value of `x-goog-user-project`, if one is to be sent.
    pub fn quota_project(&self) -> Option<&str> {
        self.quota_project.as_deref()
    }

    /// The universe that the credentials belong to; Google's own unless a service account's key says otherwise.
    fn universe_domain(&self) -> &str {
        match &self.kind {
            CredentialKind::ServiceAccount(key) => key.universe_domain(),
            _ => GOOGLES_UNIVERSE,
        }
    }

    /// An access token.
    ///
    /// # Errors
    /// Google does not give one, or cannot be asked.
    pub async fn token(
        &self,
        access: &Access,
        servers: &TokenServers<'_>,
    ) -> Result<SecretText, GoogleError> {
        match &self.kind {
            CredentialKind::ServiceAccount(key) => key.token(access).map_err(|CannotSign| {
                let problem = CredentialsProblem::PrivateKey;
                GoogleError::unusable(&self.origin, problem, false)
            }),
            CredentialKind::AuthorizedUser(user) => user.token(&access.scopes, servers).await,
            CredentialKind::ExternalAccountAuthorizedUser(user) => user.token(servers).await,
            CredentialKind::ExternalAccount(account) => {
                Box::pin(account.token(access, &self.origin, servers)).await
            }
            CredentialKind::Impersonated(impersonation) => {
                Box::pin(impersonation.token(&access.scopes, servers)).await
            }
            CredentialKind::Machine => metadata::token(&access.scopes, servers).await,
        }
    }

    /// The e-mail address of the service account, if it is one that asks.
    ///
    /// # Errors
    /// There is no metadata server to ask.
    pub async fn service_account(
        &self,
        servers: &TokenServers<'_>,
    ) -> Result<Option<String>, GoogleError> {
        match &self.kind {
            CredentialKind::ServiceAccount(key) => Ok(Some(key.client_email().to_owned())),
            CredentialKind::Impersonated(impersonation) => {
                Ok(Some(impersonation.target().to_owned()))
            }
            CredentialKind::ExternalAccount(account) => Ok(account.service_account()),
            CredentialKind::Machine => Ok(Some(metadata::email(servers).await?)),
            CredentialKind::AuthorizedUser(_)
            | CredentialKind::ExternalAccountAuthorizedUser(_) => Ok(None),
        }
    }

    /// Who asks, in words, for somebody who has to grant a permission; never a secret.
    pub async fn identity(&self, servers: &TokenServers<'_>) -> String {
        let may_ask = servers.diagnoses || !matches!(self.kind, CredentialKind::Machine);
        if may_ask && let Ok(Some(email)) = self.service_account(servers).await {
            return format!("the service account `{email}`");
        }
        format!("the account of {}", self.origin)
    }
}

/// A member that is text.
fn text<'a>(members: &'a Dict, name: &str) -> Option<&'a SecretText> {
    members.get(name).and_then(Value::as_text)
}

/// A member that has to be there and be text.
fn required(members: &Dict, name: &'static str) -> Result<SecretText, CredentialsProblem> {
    text(members, name)
        .cloned()
        .ok_or(CredentialsProblem::Lacks(name))
}

/// A member that is an object.
fn object<'a>(members: &'a Dict, name: &str) -> Option<&'a Dict> {
    match members.get(name) {
        Some(Value::Dict(object)) => Some(object),
        _ => None,
    }
}
