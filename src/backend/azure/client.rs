//! The vault's client: Azure's own, over our connections, and what its answers come to.
//!
//! Mirrors `SecretClient` of azure-keyvault-secrets 4.12.0. The surprising rule: a request is first sent without a token; the
//! 401 says what token is wanted, and that token then serves all further requests.

use std::sync::Arc;

use azure_core::error::ErrorKind;
use azure_core::http::{ClientMethodOptions, ClientOptions, Context, RetryOptions, Transport};
use azure_security_keyvault_secrets::models::{
    SecretClientGetDeletedSecretOptions, SecretClientGetSecretOptions,
};
use azure_security_keyvault_secrets::{SecretClient, SecretClientOptions};
use tokio::sync::Mutex;

use super::credentials::text_at;
use super::error::AzureKeyVaultError;
use super::refusal;
use super::settings::AzureSettings;
use super::wire::{self, Wire};
use crate::backend::Surroundings;
use crate::deadline::Deadline;
use crate::python::json::{self, Value};

/// A client of one vault, which logs in once.
pub(crate) struct VaultClient {
    secrets: SecretClient,
    wire: Arc<Wire>,
    /// Nobody else asks until there is a token, so that it is asked for once.
    greeting: Mutex<()>,
    vault: String,
}

/// What the vault answered.
pub(crate) struct VaultAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The JSON object, if the answer is one.
    pub body: Option<Value>,
    /// Whether the vault has taken the token back that it was shown.
    wants_claims: bool,
}

impl VaultAnswer {
    /// Whether it is an error as Key Vault writes them; a gateway on the way writes JSON of its own.
    pub(crate) fn is_own_error(&self) -> bool {
        let code = self
            .body
            .as_ref()
            .and_then(|body| text_at(body, &["error", "code"]));
        code.is_some()
    }

    fn new(status: u16, body: &[u8]) -> Self {
        let text = std::str::from_utf8(body).ok();
        let value = text.and_then(|text| json::loads(text).ok());
        Self {
            status,
            body: value.filter(|value| matches!(value, Value::Dict(_))),
            wants_claims: false,
        }
    }
}

impl VaultClient {
    /// A client of the vault that the settings name. Sends nothing.
    ///
    /// # Errors
    /// Settings that fail every lookup.
    pub(crate) async fn open(
        settings: &AzureSettings,
        surroundings: &Surroundings,
        deadline: Deadline,
    ) -> Result<Self, AzureKeyVaultError> {
        let vault = settings.usable_vault()?;
        let wire = Arc::new(Wire::open(settings, surroundings, deadline).await?);
        let client_options = ClientOptions {
            // Repetitions are ours, within the deadline.
            retry: RetryOptions::none(),
            transport: Some(Transport::with_policy(wire.clone())),
            ..ClientOptions::default()
        };
        let options = SecretClientOptions {
            api_version: settings.api_version.clone(),
            client_options,
            // Checked by Python's rule, ports included, before Azure's client sees the challenge.
            verify_challenge_resource: Some(false),
        };
        let secrets = SecretClient::new(&vault.url, wire.clone(), Some(options))
            .map_err(|_| AzureKeyVaultError::VaultUrl)?;
        Ok(Self {
            secrets,
            wire,
            greeting: Mutex::new(()),
            vault: vault.name.clone(),
        })
    }

    /// As whom the vault was asked, once it has wanted to know.
    pub(crate) fn identity(&self) -> Option<String> {
        Some(format!("as {}", self.wire.session().token()?.identity))
    }

    /// Asks for the latest version of a secret.
    ///
    /// # Errors
    /// No token to be had, or no answer. Every status is an answer.
    pub(crate) async fn secret(
        &self,
        name: &str,
        deadline: Deadline,
    ) -> Result<VaultAnswer, AzureKeyVaultError> {
        let session = self.wire.session();
        let greeting = match session.token() {
            Some(_) => None,
            None => Some(self.greeting.lock().await),
        };
        // Whoever has waited for the first token keeps nobody waiting.
        let _greeting = greeting.filter(|_| session.token().is_none());
        if let Some(refusal) = session.refusal() {
            return Err(refusal);
        }
        let mut answer = self.ask(name, deadline).await?;
        if answer.wants_claims {
            // Azure's client meets one challenge a call, and Python's one with claims right after the first as well.
            answer = self.ask(name, deadline).await?;
        }
        if answer.status == 401 {
            session.keep_refusal(self.refusal(&answer));
        }
        Ok(answer)
    }

    async fn ask(&self, name: &str, deadline: Deadline) -> Result<VaultAnswer, AzureKeyVaultError> {
        let options = SecretClientGetSecretOptions {
            method_options: method_options(deadline),
            ..SecretClientGetSecretOptions::default()
        };
        match self.secrets.get_secret(name, Some(options)).await {
            Ok(response) => {
                let (status, _, body) = response.deconstruct();
                Ok(VaultAnswer::new(u16::from(status), body.as_ref()))
            }
            Err(error) => self.answer_in(error),
        }
    }

    /// Whether the vault has a deleted secret of that name that can be brought back. Asked only with a token.
    pub(crate) async fn is_soft_deleted(&self, name: &str, deadline: Deadline) -> bool {
        let options = SecretClientGetDeletedSecretOptions {
            method_options: method_options(deadline),
        };
        let asked = self.secrets.get_deleted_secret(name, Some(options));
        self.wire.session().token().is_some() && asked.await.is_ok()
    }

    /// What an answer that is not a secret stands for.
    pub(crate) fn refusal(&self, answer: &VaultAnswer) -> AzureKeyVaultError {
        let token = self.wire.session().token();
        let identity = token
            .as_ref()
            .map_or_else(|| "nobody".to_owned(), |token| token.identity.clone());
        refusal::of(answer, identity, &self.vault, &wire::hidden(token.as_ref()))
    }

    /// The answer in what Azure's client takes for an error, or our own error.
    fn answer_in(&self, error: azure_core::Error) -> Result<VaultAnswer, AzureKeyVaultError> {
        let error = match error.into_downcast::<AzureKeyVaultError>() {
            Ok(own) => return Err(own),
            Err(error) => error,
        };
        match error.kind() {
            ErrorKind::HttpResponse {
                status,
                raw_response: Some(response),
                ..
            } => {
                let status = u16::from(*status);
                let answer = VaultAnswer {
                    wants_claims: wire::wants_claims(response.headers()),
                    ..VaultAnswer::new(status, response.body().as_ref())
                };
                match (status, self.wire.session().token()) {
                    (401, None) => Err(AzureKeyVaultError::NoChallenge {
                        server: self.vault.clone(),
                    }),
                    _ => Ok(answer),
                }
            }
            // Nothing but a challenge that the client cannot read is left.
            _ => Err(AzureKeyVaultError::NoChallenge {
                server: self.vault.clone(),
            }),
        }
    }
}

fn method_options(deadline: Deadline) -> ClientMethodOptions<'static> {
    ClientMethodOptions {
        context: Context::new().with_value(deadline),
    }
}
