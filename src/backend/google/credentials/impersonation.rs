//! Acting as another service account, by a token that Google's IAM gives for it.
//!
//! Mirrors `google.auth.impersonated_credentials`. The surprising rule: of the URL in an `impersonated_service_account` file
//! only the e-mail address counts, while an external account's URL is asked as it stands.

use super::servers::{access_token, members_of, servers_words};
use super::{
    Access, CredentialKind, CredentialsProblem, GoogleCredentials, GoogleError, GoogleProject,
    Scopes, TokenServer, TokenServers, object, required, text,
};
use crate::python::json::{self, Dict, Value};
use crate::secret::SecretText;

/// `lifetime` of the token, in google-auth's words.
const LIFETIME: &str = "3600s";

/// Credentials that act as `target`.
#[derive(Clone, Debug)]
pub struct Impersonation {
    source: GoogleCredentials,
    target: String,
    delegates: Option<Vec<String>>,
    scopes: Scopes,
}

impl Impersonation {
    /// `source` acting as `target`, through `delegates`.
    pub fn new(source: GoogleCredentials, target: String, delegates: Option<Vec<String>>) -> Self {
        Self {
            source,
            target,
            delegates,
            scopes: Scopes::Default,
        }
    }

    /// `Credentials.from_impersonated_service_account_info`
    ///
    /// # Errors
    /// A part is missing, or the account behind it is of a kind that cannot impersonate.
    pub fn from_dict(info: &Dict) -> Result<Self, CredentialsProblem> {
        let source_info = object(info, "source_credentials")
            .ok_or(CredentialsProblem::Lacks("source_credentials"))?;
        let kind = match text(source_info, "type").map(SecretText::expose) {
            Some("authorized_user" | "service_account" | "external_account_authorized_user") => {
                CredentialKind::from_info(source_info)?
            }
            _ => return Err(CredentialsProblem::Odd("source_credentials")),
        };
        let url = required(info, "service_account_impersonation_url")?;
        let target = target_in(url.expose())
            .ok_or(CredentialsProblem::Odd("service_account_impersonation_url"))?;
        let source = GoogleCredentials {
            kind,
            project: GoogleProject::Unknown,
            quota_project: None,
            origin: "`source_credentials`".to_owned(),
        };
        Ok(Self {
            source,
            target,
            delegates: delegates(info)?,
            scopes: Scopes::of_file(info.get("scopes")),
        })
    }

    /// The account that is acted as.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// An access token of the target.
    ///
    /// # Errors
    /// The source has no token or may not impersonate, or IAM cannot be asked.
    pub async fn token(
        &self,
        scopes: &Scopes,
        servers: &TokenServers<'_>,
    ) -> Result<SecretText, GoogleError> {
        let token = self.source.token(&Access::to_iam(), servers).await?;
        let default = format!("https://iamcredentials.{}", self.source.universe_domain());
        let url = format!(
            "{}/v1/projects/-/serviceAccounts/{}:generateAccessToken",
            servers.endpoint("IAMCREDENTIALS", default)?,
            self.target
        );
        let request = TokenRequest {
            url: &url,
            token,
            quota_project: self.source.quota_project(),
            delegates: self.delegates.as_deref(),
            scopes: scopes.or(&self.scopes),
        };
        let identity = self.source.identity(servers);
        request.send(&self.target, identity, servers).await
    }
}

/// A call of `generateAccessToken`.
pub struct TokenRequest<'a> {
    /// The whole address.
    pub url: &'a str,
    /// The token of whoever asks.
    pub token: SecretText,
    /// `x-goog-user-project`
    pub quota_project: Option<&'a str>,
    /// The accounts in between.
    pub delegates: Option<&'a [String]>,
    /// What the new token is to be good for.
    pub scopes: &'a Scopes,
}

impl TokenRequest<'_> {
    /// The token that IAM gives for `target`; `identity` is who asks, should IAM refuse.
    ///
    /// # Errors
    /// Anything but a token.
    pub async fn send(
        self,
        target: &str,
        identity: impl Future<Output = String>,
        servers: &TokenServers<'_>,
    ) -> Result<SecretText, GoogleError> {
        let mut request = servers
            .http
            .post(self.url)
            .bearer_auth(self.token.expose())
            .header("Content-Type", "application/json")
            .body(self.body());
        if let Some(project) = self.quota_project {
            request = request.header("x-goog-user-project", project);
        }
        let reply = servers.send(TokenServer::Iam, request).await?;
        let hidden = [self.token.expose()];
        match servers_words(&reply, &hidden) {
            Some(said) if reply.status == 403 => Err(GoogleError::ImpersonationDenied {
                identity: identity.await,
                target: target.to_owned(),
                said: Some(said),
            }),
            _ => {
                let answer = members_of(&reply, TokenServer::Iam, &hidden)?;
                access_token(&answer, "accessToken", TokenServer::Iam)
            }
        }
    }

    fn body(&self) -> String {
        let delegates = self.delegates.map_or(Value::None, |delegates| {
            Value::List(delegates.iter().map(Value::text).collect())
        });
        let body = [
            ("delegates", delegates),
            ("scope", self.scopes.to_json()),
            ("lifetime", Value::text(LIFETIME)),
        ];
        let body = body.map(|(name, value)| (name.to_owned(), value));
        json::dumps(&Value::Dict(Dict::from_iter(body)))
    }
}

fn delegates(info: &Dict) -> Result<Option<Vec<String>>, CredentialsProblem> {
    let delegates = match info.get("delegates") {
        None | Some(Value::None) => return Ok(None),
        Some(Value::List(delegates)) => delegates,
        Some(_) => return Err(CredentialsProblem::Odd("delegates")),
    };
    let names = delegates.iter().map(|delegate| {
        let name = delegate.as_text().map(|name| name.expose().to_owned());
        name.ok_or(CredentialsProblem::Odd("delegates"))
    });
    names.collect::<Result<Vec<_>, _>>().map(Some)
}

/// The address in `…/serviceAccounts/ADDRESS:generateAccessToken`.
pub fn target_in(url: &str) -> Option<String> {
    let end = url.find(":generateAccessToken")?;
    let start = url.rfind('/')? + 1;
    url.get(start..end).map(str::to_owned)
}

/// What stands between `@` and the first dot after it: the project that Airflow takes an account for.
pub fn project_in(email: &str) -> Option<String> {
    let domain = email.split('@').nth(1)?;
    domain.split('.').next().map(str::to_owned)
}
