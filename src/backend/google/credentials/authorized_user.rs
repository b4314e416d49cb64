//! A user's login: what `gcloud auth application-default login` leaves behind, for Google's own users and for those of a
//! workforce pool.
//!
//! Mirrors `google.oauth2.credentials` and `google.auth.external_account_authorized_user`. The surprising rule: `token_uri` in
//! the file of a Google user is ignored; the refresh token goes to Google or to gcloud's `CLOUDSDK_AUTH_TOKEN_HOST` only.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::servers::{access_token, form};
use super::{CredentialsProblem, GoogleError, Scopes, TokenServer, TokenServers, required};
use crate::python::json::Dict;
use crate::secret::SecretText;

const TOKEN_ENDPOINT: &str = "https://oauth2.googleapis.com/token";
const FORM: &str = "application/x-www-form-urlencoded";

/// `authorized_user`
#[derive(Clone, Debug)]
pub struct AuthorizedUser {
    client: OAuthClient,
    refresh_token: SecretText,
    scopes: Scopes,
}

/// `external_account_authorized_user`
#[derive(Clone, Debug)]
pub struct ExternalAccountAuthorizedUser {
    client: OAuthClient,
    refresh_token: SecretText,
    token_url: String,
}

/// An application that is known to an OAuth server.
#[derive(Clone, Debug)]
pub struct OAuthClient {
    id: SecretText,
    secret: SecretText,
}

impl OAuthClient {
    /// `client_id` and `client_secret`.
    ///
    /// # Errors
    /// One of the two is missing.
    pub fn from_dict(info: &Dict) -> Result<Self, CredentialsProblem> {
        Ok(Self {
            id: required(info, "client_id")?,
            secret: required(info, "client_secret")?,
        })
    }

    /// The value of `Authorization` that proves who this is.
    pub fn basic_authorization(&self) -> SecretText {
        let pair = SecretText::from(format!("{}:{}", self.id.expose(), self.secret.expose()));
        format!("Basic {}", STANDARD.encode(pair.expose())).into()
    }

    /// What must not show.
    pub fn secret(&self) -> &str {
        self.secret.expose()
    }
}

impl AuthorizedUser {
    /// `Credentials.from_authorized_user_info`
    ///
    /// # Errors
    /// A part is missing.
    pub fn from_dict(info: &Dict) -> Result<Self, CredentialsProblem> {
        Ok(Self {
            client: OAuthClient::from_dict(info)?,
            refresh_token: required(info, "refresh_token")?,
            scopes: Scopes::of_file(info.get("scopes")),
        })
    }

    /// An access token for the refresh token. Scopes that are not set are not sent: the login has its own.
    ///
    /// # Errors
    /// The login is no longer good, or the server cannot be asked.
    pub async fn token(
        &self,
        scopes: &Scopes,
        servers: &TokenServers<'_>,
    ) -> Result<SecretText, GoogleError> {
        let host = servers.env.get("CLOUDSDK_AUTH_TOKEN_HOST")?;
        let url = host
            .filter(|host| !host.is_empty())
            .unwrap_or(TOKEN_ENDPOINT);
        let scopes = scopes
            .or(&self.scopes)
            .list()
            .map(|scopes| scopes.join(" "));
        let mut fields = vec![
            ("grant_type", "refresh_token"),
            ("client_id", self.client.id.expose()),
            ("client_secret", self.client.secret.expose()),
            ("refresh_token", self.refresh_token.expose()),
        ];
        fields.extend(scopes.as_deref().map(|scopes| ("scope", scopes)));
        let request = servers
            .http
            .post(url)
            .header("Content-Type", FORM)
            .body(form(&fields));
        let server = TokenServer::Google;
        let hidden = [self.client.secret(), self.refresh_token.expose()];
        let answer = servers.ask_for_token(server, request, &hidden).await?;
        access_token(&answer, "access_token", server)
    }
}

impl ExternalAccountAuthorizedUser {
    /// `external_account_authorized_user.Credentials.from_info`
    ///
    /// # Errors
    /// A part is missing.
    pub fn from_dict(info: &Dict) -> Result<Self, CredentialsProblem> {
        Ok(Self {
            client: OAuthClient::from_dict(info)?,
            refresh_token: required(info, "refresh_token")?,
            token_url: required(info, "token_url")?.expose().to_owned(),
        })
    }

    /// An access token for the refresh token.
    ///
    /// # Errors
    /// The login is no longer good, or the server cannot be asked.
    pub async fn token(&self, servers: &TokenServers<'_>) -> Result<SecretText, GoogleError> {
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", self.refresh_token.expose()),
        ];
        let request = servers
            .http
            .post(&self.token_url)
            .header("Content-Type", FORM)
            .header("Authorization", self.client.basic_authorization().expose())
            .body(form(&fields));
        let server = TokenServer::ExternalAccount;
        let hidden = [self.client.secret(), self.refresh_token.expose()];
        let answer = servers.ask_for_token(server, request, &hidden).await?;
        access_token(&answer, "access_token", server)
    }
}
