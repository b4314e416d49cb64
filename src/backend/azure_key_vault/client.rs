//! Requests to the vault, with the token that it asks for.
//!
//! Mirrors `ChallengeAuthPolicy` of azure-keyvault-secrets 4.12.0. The surprising rule: a request is first sent without a
//! token; the 401 says what token is wanted, and that token then serves all further requests.

use std::sync::{Arc, OnceLock};

use reqwest::StatusCode;
use reqwest::header::WWW_AUTHENTICATE;
use tokio::sync::{Mutex, MutexGuard};

use super::challenge::Challenge;
use super::credentials::{self, AccessToken, Context, TokenRequest};
use super::error::AzureKeyVaultError;
use super::exchange::{Exchange, RETRIES, Reply, text_at};
use super::settings::{READ_TIMEOUT, Settings, Vault, http_settings};
use crate::backend::Surroundings;
use crate::error::Result;
use crate::http::{self, Client, Deadline, RetryRule, Verify};
use crate::python::urllib::quote;
use crate::secret::SecretText;

/// What is kept from one lookup to the next.
#[derive(Default)]
pub struct VaultClient {
    http: OnceLock<Client>,
    token: Mutex<Option<Arc<AccessToken>>>,
}

/// The requests of one lookup.
pub struct Session<'a> {
    settings: &'a Settings,
    surroundings: &'a Surroundings,
    vault: &'a Vault,
    http: Client,
    token: &'a Mutex<Option<Arc<AccessToken>>>,
    deadline: Deadline,
}

impl VaultClient {
    /// As whom the vault was asked, once it has wanted to know.
    pub async fn identity(&self) -> Option<String> {
        let token = self.token.lock().await;
        token.as_ref().map(|token| format!("as {}", token.identity))
    }

    /// The requests that end by `deadline`. Sends nothing yet.
    ///
    /// # Errors
    /// Settings that fail every lookup.
    pub fn session<'a>(
        &'a self,
        settings: &'a Settings,
        surroundings: &'a Surroundings,
        deadline: Deadline,
    ) -> Result<Session<'a>> {
        let vault = settings.usable_vault()?;
        let http = match self.http.get() {
            Some(http) => http.clone(),
            None => {
                let http = http::client(&surroundings.env, &settings.http)?;
                self.http.get_or_init(|| http).clone()
            }
        };
        Ok(Session {
            settings,
            surroundings,
            vault,
            http,
            token: &self.token,
            deadline,
        })
    }
}

impl Session<'_> {
    /// Asks for `path`, showing a token once the vault has said which.
    ///
    /// # Errors
    /// No token to be had, or no answer. Every status is an answer.
    pub async fn get(&self, path: &str) -> Result<Reply> {
        let mut known = self.token.lock().await;
        if let Some(token) = known.clone() {
            drop(known);
            let reply = self.send(path, Some(&token)).await?;
            known = self.token.lock().await;
            return self.with_new_token(path, reply, known).await;
        }
        // Nobody else asks until the token is there, so that it is asked for once.
        let reply = self.send(path, None).await?;
        self.with_new_token(path, reply, known).await
    }

    /// Asks once more if the vault wanted a token, or another one.
    async fn with_new_token(
        &self,
        path: &str,
        reply: Reply,
        mut known: MutexGuard<'_, Option<Arc<AccessToken>>>,
    ) -> Result<Reply> {
        if reply.status != StatusCode::UNAUTHORIZED {
            return Ok(reply);
        }
        let token = Arc::new(self.token_for(&reply).await?);
        *known = Some(Arc::clone(&token));
        drop(known);
        self.send(path, Some(&token)).await
    }

    async fn send(&self, path: &str, token: Option<&AccessToken>) -> Result<Reply> {
        let url = format!(
            "{}/{path}?api-version={}",
            self.vault.url,
            quote(&self.settings.api_version, "")
        );
        let rule = RetryRule {
            retries: self.settings.retries,
            ..RETRIES
        };
        let exchange = Exchange {
            rule,
            ..self.exchange()
        };
        let what = format!("GET {}/{path}", self.vault.name);
        exchange
            .send(&self.http, &what, || {
                let request = self.http.get(&url).header("Accept", "application/json");
                match token {
                    Some(token) => request.bearer_auth(token.text.expose()),
                    None => request,
                }
            })
            .await
    }

    fn exchange(&self) -> Exchange {
        Exchange {
            rule: RETRIES,
            limit: READ_TIMEOUT,
            deadline: self.deadline,
            trace: self.surroundings.trace,
        }
    }

    /// The token that a 401 asks for.
    async fn token_for(&self, reply: &Reply) -> Result<AccessToken> {
        let headers = reply.headers.get_all(WWW_AUTHENTICATE).iter();
        let header = headers
            .filter_map(|value| value.to_str().ok())
            .collect::<Vec<_>>()
            .join(", ");
        let Some(challenge) = Challenge::parse(&header) else {
            return Err(AzureKeyVaultError::NoChallenge {
                server: self.vault.name.clone(),
            }
            .into());
        };
        if self.settings.verify_challenge_resource {
            challenge.verify_resource(&self.vault.host)?;
        }
        let request = TokenRequest {
            scope: &challenge.scope,
            tenant: challenge.tenant.as_deref(),
        };
        let http = self.http_of_credentials()?;
        let context = Context {
            http: &http,
            env: &self.surroundings.env,
            exchange: self.exchange(),
        };
        credentials::token(&self.settings.credential, &request, &context).await
    }

    /// The kwargs of the vault's connection do not hold for the credentials', as in Airflow.
    fn http_of_credentials(&self) -> Result<Client> {
        match self.settings.http.verify {
            Verify::Trusted => Ok(self.http.clone()),
            _ => http::client(&self.surroundings.env, &http_settings(Verify::Trusted)),
        }
    }

    /// What an answer that is no secret stands for.
    pub async fn refusal(&self, reply: &Reply) -> AzureKeyVaultError {
        let token = self.token.lock().await.clone();
        let identity = token
            .as_ref()
            .map_or_else(|| "nobody".to_owned(), |token| token.identity.clone());
        let hidden: Vec<&str> = token.iter().map(|token| token.text.expose()).collect();
        let body = reply.json();
        let at = |path: &[&str]| {
            body.as_ref()
                .and_then(|body| text_at(body, path))
                .map(SecretText::expose)
        };
        let message = at(&["error", "message"]).unwrap_or_default();
        let said = Some(http::servers_words(message, &hidden)).filter(|said| !said.is_empty());
        let status = reply.status.as_u16();
        match status {
            401 => AzureKeyVaultError::Rejected { identity, said },
            403 => {
                let reason = at(&["error", "innererror", "code"]).unwrap_or_default();
                let vault = self.vault.name.clone();
                forbidden(reason, message).unwrap_or(match reason {
                    "ForbiddenByFirewall" | "ForbiddenByConnection" => {
                        AzureKeyVaultError::Firewall { said }
                    }
                    _ => AzureKeyVaultError::Denied {
                        identity,
                        vault,
                        said,
                    },
                })
            }
            429 => AzureKeyVaultError::Throttled { said },
            400..=599 => AzureKeyVaultError::Down { status, said },
            _ => AzureKeyVaultError::NotKeyVault { status },
        }
    }
}

/// A 403 that is about the secret and not about who asks.
fn forbidden(reason: &str, message: &str) -> Option<AzureKeyVaultError> {
    let about_the_secret = message.contains("is not allowed on");
    let is =
        |code: &str, word: &str| reason == code || (about_the_secret && message.contains(word));
    let state = match () {
        () if is("SecretDisabled", "disabled") => "disabled",
        () if is("SecretExpired", "expired") => "expired",
        () if is("SecretNotYetValid", "not yet valid") => "not yet valid",
        () => return None,
    };
    Some(AzureKeyVaultError::NotActive { state })
}
