//! The `gcp` login: a JWT that Google's IAM signs for a service account and Vault checks.
//!
//! Mirrors `_VaultClient._auth_gcp` of the hashicorp provider 4.8.4 and the google provider's `get_credentials_and_project_id`.
//! The surprising rule: even with a key file in hand the JWT is signed by a call to IAM (`signJwt`), never with the key itself.

use std::time::{Duration, SystemTime};

use serde_json::{Value as Json, json};

use crate::backend::Surroundings;
use crate::backend::google::credentials::{
    Access, GoogleCredentials, GoogleError, KeyKwargs, Scopes, TokenServers, ask, endpoint,
    http_settings, servers_words,
};
use crate::backend::kwargs::{KwargError, Kwargs};
use crate::backend::vault::settings::Faults;
use crate::deadline::Deadline;
use crate::env::EnvError;
use crate::failure::{Failure, Fault};
use crate::http::{Client, HttpError, Proxies, Verify, in_quotes};
use crate::python::text::strip;
use crate::secret::SecretText;

const IAM: &str = "https://iam.googleapis.com";
/// How long the JWT is good for; Vault takes no longer one.
const LIFETIME: Duration = Duration::from_secs(900);

/// The kwargs of `gcp`.
#[derive(Clone, Debug)]
pub struct Gcp {
    role: String,
    scopes: Vec<String>,
    credentials: KeyKwargs,
}

/// Why there is no JWT to log in with.
#[derive(Clone, Debug, thiserror::Error)]
pub enum GcpLoginError {
    /// There are no credentials, or no token for them.
    #[error("the gcp login could not be signed: {0}")]
    Credentials(#[from] GoogleError),
    /// A variable cannot be read.
    #[error(transparent)]
    Env(#[from] EnvError),
    /// IAM cannot be asked.
    #[error("the gcp login could not be signed: Google's IAM {0}")]
    NoAnswer(#[from] HttpError),
    /// The credentials are a person's.
    #[error(
        "the gcp login could not be signed: the Google credentials are not a service account's, and only those have an address to sign for"
    )]
    NotAServiceAccount,
    /// IAM says no.
    #[error(
        "the gcp login could not be signed: IAM refused signJwt with status {status}{}; it takes iam.serviceAccounts.signJwt",
        in_quotes(.said)
    )]
    Refused {
        /// The HTTP status.
        status: u16,
        /// IAM's words.
        said: Option<String>,
    },
    /// IAM's answer is not one.
    #[error("the gcp login could not be signed: IAM's answer holds no signed JWT")]
    NoJwt,
}

impl Fault for GcpLoginError {
    fn failure(&self) -> Failure {
        match self {
            Self::Credentials(error) => error.failure(),
            Self::Env(error) => error.failure(),
            Self::NoAnswer(error) => error.failure(),
            Self::NotAServiceAccount | Self::Refused { .. } | Self::NoJwt => {
                Failure::Unauthenticated
            }
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Credentials(error) => error.hint(),
            Self::Env(error) => error.hint(),
            Self::NoAnswer(error) => error.hint(),
            Self::NotAServiceAccount | Self::Refused { .. } | Self::NoJwt => None,
        }
    }

    fn is_own_refusal(&self) -> bool {
        match self {
            Self::Credentials(error) => error.is_own_refusal(),
            Self::NoAnswer(error) => error.is_own_refusal(),
            _ => false,
        }
    }
}

/// Who signs: a service account with a token to call IAM.
struct ServiceAccount {
    email: String,
    project: String,
    token: SecretText,
}

impl Gcp {
    /// Reads the kwargs; the constructor insists on `gcp_scopes` and `role_id`.
    ///
    /// # Errors
    /// One of the two is missing.
    pub fn from_kwargs(kwargs: Kwargs<'_>, faults: &mut Faults) -> Result<Self, KwargError> {
        for (name, needs) in [("gcp_scopes", "`gcp_scopes`"), ("role_id", "`role_id`")] {
            if !kwargs.truthy(name, false) {
                return Err(kwargs.missing("gcp", needs));
            }
        }
        let role = faults
            .note(kwargs.text("role_id"))
            .flatten()
            .unwrap_or_default();
        let scopes = faults
            .note(kwargs.text("gcp_scopes"))
            .flatten()
            .unwrap_or_default();
        let scopes = scopes
            .split(',')
            .map(|scope| strip(scope).to_owned())
            .collect();
        let credentials = faults
            .note(KeyKwargs::from_kwargs(kwargs))
            .unwrap_or(KeyKwargs::None);
        Ok(Self {
            role,
            scopes,
            credentials,
        })
    }

    /// The Vault role to log in to.
    pub fn role(&self) -> &str {
        &self.role
    }

    /// The JWT to log in with.
    ///
    /// # Errors
    /// No service account, or IAM did not sign.
    pub async fn signed_jwt(
        &self,
        surroundings: &Surroundings,
        deadline: Deadline,
    ) -> Result<SecretText, GcpLoginError> {
        let Surroundings { env, console, .. } = surroundings;
        // google-auth's own connections, which the kwargs of Vault's do not touch.
        let settings = http_settings(Verify::Trusted, Proxies::default());
        let http = Client::open(env, &settings, console, deadline).await?;
        let servers = TokenServers::new(&http, surroundings, deadline);
        let account = self.service_account(&servers).await?;
        let url = format!(
            "{}/v1/projects/{}/serviceAccounts/{}:signJwt?alt=json",
            endpoint(env, "IAM", IAM.to_owned())?,
            account.project,
            account.email
        );
        let body = json!({ "payload": self.claims(&account, SystemTime::now()).to_string() });
        let request = http
            .post(url)
            .bearer_auth(account.token.expose())
            .header("Content-Type", "application/json")
            .body(body.to_string());
        let reply = ask(&http, deadline, request).await?;
        if !reply.status.is_success() {
            return Err(GcpLoginError::Refused {
                status: reply.status.as_u16(),
                said: servers_words(&reply, &[account.token.expose()]),
            });
        }
        let jwt = reply
            .members()
            .and_then(|answer| answer.get("signedJwt")?.as_text().cloned());
        jwt.ok_or(GcpLoginError::NoJwt)
    }

    fn claims(&self, account: &ServiceAccount, now: SystemTime) -> Json {
        let now = now
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        json!({
            "iat": now.as_secs(),
            "exp": (now + LIFETIME).as_secs(),
            "sub": account.email,
            "aud": format!("vault/{}", self.role),
        })
    }

    async fn service_account(
        &self,
        servers: &TokenServers<'_>,
    ) -> Result<ServiceAccount, GcpLoginError> {
        let (env, deadline) = (servers.env, servers.deadline);
        let credentials = GoogleCredentials::open(&self.credentials, env, deadline).await?;
        let access = Access {
            scopes: Scopes::List(self.scopes.clone()),
            audience: String::new(),
        };
        let email = credentials.service_account(servers).await?;
        let email = email.ok_or(GcpLoginError::NotAServiceAccount)?;
        let token = credentials.token(&access, servers).await?;
        let project = credentials.project_id(servers).await?.unwrap_or_default();
        Ok(ServiceAccount {
            email,
            project,
            token,
        })
    }
}
