//! What Azure's client is given to work with: our connections as its transport, our credentials as its token.
//!
//! The surprising rule: Azure's client asks a credential for a scope only, while the vault names a tenant as well, which
//! decides whether Airflow's login succeeds (Azure/azure-sdk-for-rust#3471). The transport sees the vault's challenge first, so
//! it keeps it for the credential, and hands the client no more of it than the scope.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use azure_core::Bytes;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::{Error as SdkError, ErrorKind};
use azure_core::http::headers::{HeaderName, Headers, WWW_AUTHENTICATE};
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{AsyncRawResponse, Context, Request};
use azure_core::time::OffsetDateTime;
use reqwest::Method;

use super::challenge::Challenge;
use super::credentials::{self, TokenRequest};
use super::error::AzureKeyVaultError;
use super::settings::{AzureSettings, Vault, http_settings};
use crate::backend::Surroundings;
use crate::deadline::Deadline;
use crate::http::{Client, Reply, Verify};
use crate::secret::SecretText;

/// How long a token counts as good; the vault says 401 before that if it is not.
const TOKEN_LIFETIME: Duration = Duration::from_secs(3600);

/// The transport and the credential of one vault's client.
pub struct Wire {
    settings: AzureSettings,
    surroundings: Surroundings,
    vault: Vault,
    http: Client,
    known: Mutex<Known>,
}

/// What has come to light so far.
#[derive(Default)]
struct Known {
    /// What the vault's last 401 asks for.
    challenge: Option<Challenge>,
    /// The token, and whose it is.
    token: Option<Arc<credentials::AccessToken>>,
    /// Why there is none: a login that failed is not repeated.
    refusal: Option<AzureKeyVaultError>,
}

impl Wire {
    /// Builds the transport to a vault. Reads certificate files; sends nothing.
    ///
    /// # Errors
    /// Settings that fail every lookup.
    pub async fn open(
        settings: &AzureSettings,
        surroundings: &Surroundings,
        deadline: Deadline,
    ) -> Result<Self, AzureKeyVaultError> {
        let Surroundings { env, console, .. } = surroundings;
        Ok(Self {
            vault: settings.usable_vault()?.clone(),
            http: Client::open(env, &settings.http, console, deadline).await?,
            settings: settings.clone(),
            surroundings: surroundings.clone(),
            known: Mutex::default(),
        })
    }

    /// The token of the last login, if there was one.
    pub fn token(&self) -> Option<Arc<credentials::AccessToken>> {
        self.with_known(|known| known.token.clone())
    }

    /// Why the last login failed, if it did.
    pub fn refusal(&self) -> Option<AzureKeyVaultError> {
        self.with_known(|known| known.refusal.clone())
    }

    fn with_known<T>(&self, look: impl FnOnce(&mut Known) -> T) -> T {
        look(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn ask(
        &self,
        request: &Request,
        deadline: Deadline,
    ) -> Result<Reply, AzureKeyVaultError> {
        let url = request.url();
        let name = format!("GET {}{}", self.vault.name, url.path());
        let mut built = self.http.request(Method::GET, url.clone());
        for (header, value) in request.headers().iter() {
            built = built.header(header.as_str(), value.as_str());
        }
        let rule = self.settings.retry_rule();
        Ok(self.http.ask(&rule, deadline, &name, built).await?)
    }

    /// Keeps what a 401 asks for.
    ///
    /// # Errors
    /// Whoever answers is not a vault, or asks for a token that is not for it.
    fn note_challenge(&self, reply: &Reply) -> Result<Option<Challenge>, AzureKeyVaultError> {
        let headers = reply.headers.get_all(reqwest::header::WWW_AUTHENTICATE);
        let headers: Vec<&str> = headers
            .iter()
            .filter_map(|value| value.to_str().ok())
            .collect();
        let challenge = Challenge::parse(&headers.join(", "));
        if let Some(challenge) = &challenge
            && self.settings.verify_challenge_resource
        {
            challenge.verify_resource(&self.vault.host)?;
        }
        // A later answer without a challenge does not bring the earlier one back.
        self.with_known(|known| known.challenge = challenge.clone());
        Ok(challenge)
    }

    async fn log_in(
        &self,
        deadline: Deadline,
    ) -> Result<Arc<credentials::AccessToken>, AzureKeyVaultError> {
        let challenge = self.with_known(|known| known.challenge.clone());
        let challenge = challenge.ok_or_else(|| AzureKeyVaultError::NoChallenge {
            server: self.vault.name.clone(),
        })?;
        let request = TokenRequest {
            scope: &challenge.scope,
            tenant: challenge.tenant.as_deref(),
            claims: challenge.claims.as_deref(),
        };
        let http = self.http_of_credentials(deadline).await?;
        let context = credentials::Context {
            http: &http,
            env: &self.surroundings.env,
            deadline,
        };
        let token = credentials::token(&self.settings.credential, &request, &context).await?;
        Ok(Arc::new(token))
    }

    /// The kwargs of the vault's connection do not hold for the credentials', as in Airflow.
    async fn http_of_credentials(&self, deadline: Deadline) -> Result<Client, AzureKeyVaultError> {
        let Surroundings { env, console, .. } = &self.surroundings;
        Ok(match self.settings.http.verify {
            Verify::Trusted => self.http.clone(),
            _ => Client::open(env, &http_settings(Verify::Trusted), console, deadline).await?,
        })
    }
}

#[async_trait]
impl Policy for Wire {
    async fn send(
        &self,
        context: &Context,
        request: &mut Request,
        _next: &[Arc<dyn Policy>],
    ) -> PolicyResult {
        let reply = self.ask(request, deadline_of(context)).await.map_err(own)?;
        let mut headers = Headers::new();
        if reply.status == reqwest::StatusCode::UNAUTHORIZED
            && let Some(challenge) = self.note_challenge(&reply).map_err(own)?
        {
            let scope = format!("Bearer scope=\"{}\"", challenge.scope);
            headers.insert(WWW_AUTHENTICATE, scope);
        }
        if let Some(content_type) = reply.header("content-type") {
            let name = HeaderName::from_static("content-type");
            headers.insert(name, content_type.to_owned());
        }
        let status = reply.status.as_u16().into();
        let body = Bytes::from_owner(reply.into_bytes());
        Ok(AsyncRawResponse::from_bytes(status, headers, body))
    }
}

#[async_trait]
impl TokenCredential for Wire {
    async fn get_token(
        &self,
        _scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let context = options.map(|options| options.method_options.context.into_owned());
        let deadline = deadline_of(&context.unwrap_or_default());
        match self.log_in(deadline).await {
            Ok(token) => {
                self.with_known(|known| known.token = Some(Arc::clone(&token)));
                let text = token.text.expose().to_owned();
                let expiry = OffsetDateTime::now_utc() + TOKEN_LIFETIME;
                Ok(AccessToken::new(text, expiry))
            }
            Err(refusal) => {
                self.with_known(|known| known.refusal = Some(refusal.clone()));
                Err(own(refusal))
            }
        }
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire")
            .field("vault", &self.vault.name)
            .finish_non_exhaustive()
    }
}

/// The deadline that a call was made with.
fn deadline_of(context: &Context<'_>) -> Deadline {
    let given = context.value::<Deadline>().copied();
    given.unwrap_or_else(|| Deadline::after(Duration::ZERO))
}

/// Our own error, on its way through Azure's client.
fn own(error: AzureKeyVaultError) -> SdkError {
    SdkError::new(ErrorKind::Other, error)
}

/// What must not appear in anything that the vault says.
pub fn hidden(token: Option<&Arc<credentials::AccessToken>>) -> Vec<&str> {
    token
        .map(|token| SecretText::expose(&token.text))
        .into_iter()
        .collect()
}
