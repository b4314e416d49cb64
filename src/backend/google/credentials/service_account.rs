//! A service account's key, and the JWT that is signed with it.
//!
//! The official crate signs. The surprising rule: the JWT is sent to the service itself in place of an access token
//! (AIP-4111), naming the service as its audience where no scopes are set, and no server is asked for a token.

use google_cloud_auth::credentials::service_account::{AccessSpecifier, Builder};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use serde_json::json;

use super::{
    Access, CredentialsProblem, GOOGLES_UNIVERSE, GoogleCredentialsError, required, text,
};
use crate::python::json::Dict;
use crate::secret::SecretText;

/// A key as Google hands it out, of which google-auth needs four parts.
#[derive(Clone, Debug)]
pub struct ServiceAccountKey {
    client_email: String,
    private_key_id: String,
    private_key: SecretText,
    project_id: Option<String>,
    universe_domain: String,
}

impl ServiceAccountKey {
    /// `service_account.Credentials.from_service_account_info`
    ///
    /// # Errors
    /// A part is missing, or the key is none.
    pub fn from_dict(info: &Dict) -> Result<Self, CredentialsProblem> {
        let optional = |name: &str| text(info, name).map(|text| text.expose().to_owned());
        let client_email = required(info, "client_email")?.expose().to_owned();
        // It is never asked, but google-auth insists on its address.
        required(info, "token_uri")?;
        // Python's PEM reader passes over blanks around the key.
        let private_key = SecretText::from(required(info, "private_key")?.expose().trim());
        if !is_private_key(&private_key) {
            return Err(CredentialsProblem::PrivateKey);
        }
        Ok(Self {
            client_email,
            private_key_id: optional("private_key_id").unwrap_or_default(),
            private_key,
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
    pub async fn token(&self, access: &Access, origin: &str) -> Result<SecretText, GoogleCredentialsError> {
        let specifier = match access.scopes.list() {
            Some(scopes) => AccessSpecifier::from_scopes(scopes),
            None => AccessSpecifier::from_audience(access.audience.as_str()),
        };
        let key = json!({
            "client_email": self.client_email,
            "private_key_id": self.private_key_id,
            "private_key": self.private_key.expose(),
            "project_id": self.project_id.as_deref().unwrap_or_default(),
        });
        let unusable = || GoogleCredentialsError::unusable(origin, CredentialsProblem::PrivateKey, false);
        let credentials = Builder::new(key)
            .with_access_specifier(specifier)
            .build_access_token_credentials()
            .map_err(|_| unusable())?;
        let token = credentials.access_token().await.map_err(|_| unusable())?;
        Ok(token.token.into())
    }
}

/// Whether this is a private key that can be signed with.
fn is_private_key(pem: &SecretText) -> bool {
    PrivateKeyDer::from_pem_slice(pem.expose().as_bytes()).is_ok_and(|key| {
        default_provider()
            .key_provider
            .load_private_key(key)
            .is_ok()
    })
}
