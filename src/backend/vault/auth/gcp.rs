//! The `gcp` login: a JWT that Google's IAM signs for a service account and Vault checks.
//!
//! Mirrors `_VaultClient._auth_gcp` of the hashicorp provider 4.8.4 and the google provider's `get_credentials_and_project_id`.
//! The surprising rule: even with a key file in hand the JWT is signed by a call to IAM (`signJwt`), never with the key itself.

use std::time::{Duration, SystemTime};

use serde_json::{Value as Json, json};

use super::error::VaultError;
use super::settings::Faults;
use crate::backend::Surroundings;
use crate::backend::google::{Access, Credentials, Exchange, KeyKwargs, Scopes, endpoint};
use crate::backend::kwargs::{KwargError, Kwargs};
use crate::error::{Error, Result};
use crate::http::{self, Client, Deadline, HttpSettings, Proxies, Verify};
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
    ) -> Result<SecretText> {
        let env = &surroundings.env;
        let http = own_client(surroundings)?;
        let exchange = Exchange::new(&http, env, deadline, surroundings.trace);
        let account = self.service_account(&exchange).await?;
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
        let reply = exchange.send(request).await?;
        if !reply.status.is_success() {
            let said = reply.servers_words(&[account.token.expose()]);
            let said = http::in_quotes(&said);
            let status = reply.status.as_u16();
            return Err(not_signed(format!(
                "IAM refused signJwt with status {status}{said}; it takes iam.serviceAccounts.signJwt"
            )));
        }
        let jwt = reply
            .members()
            .and_then(|answer| answer.get("signedJwt")?.as_text().cloned());
        jwt.ok_or_else(|| not_signed("IAM's answer holds no signed JWT".into()))
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

    async fn service_account(&self, exchange: &Exchange<'_>) -> Result<ServiceAccount> {
        let credentials = Credentials::open(&self.credentials, exchange.env)?;
        let access = Access {
            scopes: Scopes::List(self.scopes.clone()),
            audience: String::new(),
        };
        let email = credentials.service_account(exchange).await?.ok_or_else(|| {
            not_signed("the Google credentials are not a service account's, and only those have an address to sign for".into())
        })?;
        let token = credentials.token(&access, exchange).await?;
        let project = credentials.project_id(exchange).await?.unwrap_or_default();
        Ok(ServiceAccount {
            email,
            project,
            token,
        })
    }
}

/// google-auth's own connections, which the kwargs of Vault's do not touch.
fn own_client(surroundings: &Surroundings) -> Result<Client> {
    let settings = HttpSettings {
        verify: Verify::Trusted,
        client_certificate: None,
        proxies: Proxies::default(),
        timeout: surroundings.timeout,
        follow_redirects: false,
    };
    http::client(&surroundings.env, &settings)
}

fn not_signed(because: String) -> Error {
    VaultError::NotSigned {
        auth_type: "gcp",
        because,
        is_own_refusal: false,
    }
    .into()
}
