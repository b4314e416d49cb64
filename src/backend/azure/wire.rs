//! What Azure's client is given to work with: our connections as its transport, our credentials as its token.
//!
//! The surprising rule: Azure's client asks a credential for a scope only, while the vault names a tenant as well, which
//! decides whether Airflow's login succeeds (Azure/azure-sdk-for-rust#3471), and perhaps claims. The transport sees the vault's
//! challenge first, so it keeps it for the credential, and hands the client no more of it than the scope.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::Bytes;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::{Error as SdkError, ErrorKind};
use azure_core::http::headers::{AUTHORIZATION, HeaderName, Headers, WWW_AUTHENTICATE};
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{AsyncRawResponse, Context, Request, StatusCode};
use azure_core::time::OffsetDateTime;
use reqwest::Method;

use super::challenge::Challenge;
use super::credentials::{self, TokenRequest};
use super::error::AzureKeyVaultError;
use super::session::AzureSession;
use super::settings::{AzureSettings, Vault, http_settings};
use crate::backend::Surroundings;
use crate::deadline::Deadline;
use crate::http::{Client, Reply, Verify};
use crate::secret::SecretText;

/// How long a token counts as good; the vault says 401 before that if it is not.
const TOKEN_LIFETIME: Duration = Duration::from_secs(3600);
/// What the header of a challenge ends in where the vault takes a token back.
const WITH_CLAIMS: &str = ", error=insufficient_claims";

/// The transport and the credential of one vault's client.
pub(crate) struct Wire {
    settings: AzureSettings,
    surroundings: Surroundings,
    vault: Vault,
    http: Client,
    session: AzureSession,
}

impl Wire {
    /// Builds the transport to a vault. Reads certificate files; sends nothing.
    ///
    /// # Errors
    /// Settings that fail every lookup.
    pub(crate) async fn open(
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
            session: AzureSession::default(),
        })
    }

    /// Who asks, as far as that has come to light.
    pub(super) fn session(&self) -> &AzureSession {
        &self.session
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

    /// Keeps what a 401 to the token `shown` asks for.
    ///
    /// # Errors
    /// It asks for a token that is not for this vault.
    fn note_challenge(
        &self,
        reply: &Reply,
        shown: Option<&str>,
    ) -> Result<Option<Challenge>, AzureKeyVaultError> {
        let headers = reply.headers.get_all(reqwest::header::WWW_AUTHENTICATE);
        let headers: Vec<&str> = headers
            .iter()
            .filter_map(|value| value.to_str().ok())
            .collect();
        let challenge = Challenge::parse(&headers.join(", "));
        let challenge = challenge.map(|challenge| self.session.completed(challenge));
        if let Some(challenge) = &challenge
            && self.settings.verify_challenge_resource
        {
            challenge.verify_resource(&self.vault.host)?;
        }
        self.session.keep_challenge(challenge.clone(), shown);
        Ok(challenge)
    }

    /// The token that the vault has asked for last. Azure's client waits with every other request meanwhile.
    async fn wanted_token(
        &self,
        deadline: Deadline,
    ) -> Result<Arc<credentials::AccessToken>, AzureKeyVaultError> {
        if let Some(refusal) = self.session.refusal() {
            return Err(refusal);
        }
        match (self.session.open_challenge(), self.session.token()) {
            (Some(challenge), _) => self.log_in(&challenge, deadline).await,
            (None, Some(token)) => Ok(token),
            (None, None) => Err(AzureKeyVaultError::NoChallenge {
                server: self.vault.name.clone(),
            }),
        }
    }

    async fn log_in(
        &self,
        challenge: &Challenge,
        deadline: Deadline,
    ) -> Result<Arc<credentials::AccessToken>, AzureKeyVaultError> {
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
        let shown = shown(request);
        if let Some(challenge) = self.session.challenge_of_refused(shown) {
            // So that the client drops its token, though it does not look at a second 401 in one call.
            let headers = headers_of(&challenge);
            let status = StatusCode::Unauthorized;
            return Ok(AsyncRawResponse::from_bytes(status, headers, Bytes::new()));
        }
        let reply = self.ask(request, deadline_of(context)).await.map_err(own)?;
        let mut headers = Headers::new();
        if reply.status == reqwest::StatusCode::UNAUTHORIZED
            && let Some(challenge) = self.note_challenge(&reply, shown).map_err(own)?
        {
            headers = headers_of(&challenge);
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
        match self.wanted_token(deadline).await {
            Ok(token) => {
                self.session.keep_token(Arc::clone(&token));
                let text = token.text.expose().to_owned();
                let expiry = OffsetDateTime::now_utc() + TOKEN_LIFETIME;
                Ok(AccessToken::new(text, expiry))
            }
            Err(refusal) => {
                self.session.keep_refusal(refusal.clone());
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

/// The token that a request shows.
fn shown(request: &Request) -> Option<&str> {
    let header = request.headers().get_optional_str(&AUTHORIZATION)?;
    header.strip_prefix("Bearer ")
}

/// What Azure's client sees of a challenge, which is enough for it to ask for a token.
fn headers_of(challenge: &Challenge) -> Headers {
    let mut header = format!("Bearer scope=\"{}\"", challenge.scope);
    if challenge.claims.is_some() {
        header.push_str(WITH_CLAIMS);
    }
    let mut headers = Headers::new();
    headers.insert(WWW_AUTHENTICATE, header);
    headers
}

/// Whether the vault has taken back the token of a call.
pub(super) fn wants_claims(headers: &Headers) -> bool {
    let header = headers.get_optional_str(&WWW_AUTHENTICATE);
    header.is_some_and(|header| header.ends_with(WITH_CLAIMS))
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
pub(crate) fn hidden(token: Option<&Arc<credentials::AccessToken>>) -> Vec<&str> {
    token
        .map(|token| SecretText::expose(&token.text))
        .into_iter()
        .collect()
}
