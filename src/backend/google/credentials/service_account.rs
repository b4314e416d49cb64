//! A service account's key, and the JWT that is signed with it.
//!
//! Mirrors `google.oauth2.service_account` and `google.auth.jwt`. The surprising rule: the JWT is sent to the service itself
//! in place of an access token (AIP-4111), naming the service as its audience where no scopes are set, and no server is asked
//! for a token.

use serde_json::{Value as Json, json};

use super::{Access, CredentialsProblem, GOOGLES_UNIVERSE, required, text};
use crate::jwt::{self, CannotSign, SigningKey};
use crate::python::json::Dict;
use crate::secret::SecretText;

/// How long a JWT is good for, in seconds.
const LIFETIME: u64 = 3600;

/// A key as Google hands it out, of which google-auth needs four parts.
#[derive(Clone, Debug)]
pub struct ServiceAccountKey {
    client_email: String,
    private_key_id: String,
    key: SigningKey,
    project_id: Option<String>,
    universe_domain: String,
}

impl ServiceAccountKey {
    /// `service_account.Credentials.from_service_account_info`
    ///
    /// # Errors
    /// A part is missing, or the key cannot be signed with.
    pub fn from_dict(info: &Dict) -> Result<Self, CredentialsProblem> {
        let optional = |name: &str| text(info, name).map(|text| text.expose().to_owned());
        let client_email = required(info, "client_email")?.expose().to_owned();
        // It is never asked, but google-auth insists on its address.
        required(info, "token_uri")?;
        // Python's PEM reader passes over blanks around the key.
        let pem = required(info, "private_key")?;
        let key = SigningKey::from_pem(pem.expose().trim());
        Ok(Self {
            client_email,
            private_key_id: optional("private_key_id").unwrap_or_default(),
            key: key.map_err(|_| CredentialsProblem::PrivateKey)?,
            project_id: optional("project_id"),
            universe_domain: optional("universe_domain")
                .unwrap_or_else(|| GOOGLES_UNIVERSE.to_owned()),
        })
    }

    /// The account's e-mail address.
    pub fn client_email(&self) -> &str {
        &self.client_email
    }

    /// The project that the account belongs to.
    pub fn project_id(&self) -> Option<String> {
        self.project_id.clone()
    }

    /// The universe that the account belongs to.
    pub fn universe_domain(&self) -> &str {
        &self.universe_domain
    }

    /// A JWT to be sent as a bearer token.
    ///
    /// # Errors
    /// The key does not sign.
    pub fn token(&self, access: &Access) -> Result<SecretText, CannotSign> {
        let header = json!({ "kid": self.private_key_id });
        self.key.sign(header, &self.claims(access, jwt::now()))
    }

    fn claims(&self, access: &Access, now: u64) -> Json {
        let mut claims = json!({
            "iss": self.client_email, "sub": self.client_email, "iat": now, "exp": now + LIFETIME,
        });
        match access.scopes.list() {
            Some(scopes) => claims["scope"] = scopes.join(" ").into(),
            None => claims["aud"] = access.audience.as_str().into(),
        }
        claims
    }
}
