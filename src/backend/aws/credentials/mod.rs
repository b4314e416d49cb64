//! Who is asking: the keys of the kwargs, a role, or the first source of boto3's chain.
//!
//! Mirrors `BaseSessionFactory` of apache-airflow-providers-amazon 9.39.0. The surprising rule: a role that is proved by a token
//! in a file needs no other credentials, so none are looked for.

pub(super) mod assume_role;
pub(super) mod chain;
mod process;
pub(super) mod profile;
mod profile_file;
pub(super) mod role;

use std::fmt;

use aws_credential_types::Credentials;

use super::error::AwsError;
use super::session::BaseSession;
use super::settings::SessionSettings;
use crate::deadline::Deadline;
use role::RoleMethod;

/// Credentials, and where they come from. Every one of their characters can stand in a header.
#[derive(Clone)]
pub(crate) struct CredentialsWithOrigin {
    /// The keys.
    pub credentials: Credentials,
    /// The source, in words.
    pub origin: String,
}

impl CredentialsWithOrigin {
    /// A key pair, perhaps with a session's token.
    ///
    /// # Errors
    /// A control character, with which no request can be signed or sent.
    pub fn of_keys(
        id: &str,
        secret: &str,
        token: Option<&str>,
        origin: impl Into<String>,
    ) -> Result<Self, AwsError> {
        let credentials = Credentials::new(id, secret, token.map(str::to_owned), None, "secretctl");
        Self::new(credentials, origin)
    }

    /// What somebody handed out.
    ///
    /// # Errors
    /// A control character, with which no request can be signed or sent.
    pub fn new(credentials: Credentials, origin: impl Into<String>) -> Result<Self, AwsError> {
        let found = Self {
            credentials,
            origin: origin.into(),
        };
        match found.unusable_part() {
            None => Ok(found),
            Some(part) => Err(AwsError::ControlCharacter {
                part,
                origin: found.origin,
            }),
        }
    }

    /// The first part with a control character.
    fn unusable_part(&self) -> Option<&'static str> {
        let parts = [
            ("the access key id", self.credentials.access_key_id()),
            (
                "the secret access key",
                self.credentials.secret_access_key(),
            ),
            ("the session token", self.token()),
        ];
        let mut unusable = parts
            .into_iter()
            .filter(|(_, text)| text.chars().any(char::is_control));
        unusable.next().map(|(part, _)| part)
    }

    /// What must not appear in anything AWS says.
    pub fn secrets(&self) -> Vec<&str> {
        vec![self.credentials.secret_access_key(), self.token()]
    }

    fn token(&self) -> &str {
        self.credentials.session_token().unwrap_or_default()
    }
}

impl fmt::Debug for CredentialsWithOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialsWithOrigin")
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

/// The role's credentials, else the kwargs', else the chain's.
///
/// # Errors
/// No source gives credentials, one that is set up fails, or STS refuses the role.
pub(super) async fn of_session(
    base: &BaseSession,
    settings: &SessionSettings,
    deadline: Deadline,
) -> Result<CredentialsWithOrigin, AwsError> {
    let Some(role) = &settings.role else {
        return own(base, settings, deadline).await;
    };
    match &role.method {
        RoleMethod::WebIdentityFile(file) => {
            let from_env = || base.variables.get("AWS_WEB_IDENTITY_TOKEN_FILE").cloned();
            let file = file.clone().or_else(from_env).ok_or_else(|| {
                AwsError::setting(
                    "kwarg `assume_role_with_web_identity_token_file`",
                    "is missing, and AWS_WEB_IDENTITY_TOKEN_FILE is not set",
                )
            })?;
            assume_role::web_identity_role(base, &file, &role.parameters, deadline).await
        }
        RoleMethod::Session => {
            let own = own(base, settings, deadline).await?;
            assume_role::session_role(base, &own, &role.parameters, deadline).await
        }
    }
}

async fn own(
    base: &BaseSession,
    settings: &SessionSettings,
    deadline: Deadline,
) -> Result<CredentialsWithOrigin, AwsError> {
    match &settings.keys {
        Some(keys) => Ok(keys.clone()),
        None => chain::first(base, settings.has_profile, deadline).await,
    }
}
