//! boto3's chain of credential sources, in boto3's order, each from the official SDK, with a word on every one passed over.
//!
//! Mirrors `create_credential_resolver` of botocore 1.44.5. The surprising rule: a role's profile comes before a web identity
//! of the environment, and that before everything else a profile can name. A source that is set up and fails ends the chain.

use std::collections::HashMap;
use std::error::Error as StdError;

use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;

use super::assume_role;
use super::error::AwsError;
use super::profile::Profile;
use super::session::Base;
use super::settings::Keys;
use crate::error::Error;
use crate::python::json::{Dict, Value};
use crate::secret::SecretText;

const WEB_IDENTITY: &[&str] = &[
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
];
const KEYS: &[&str] = &[
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
];
const CONTAINER: &[&str] = &[
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];
const METADATA_DISABLED: &str = "AWS_EC2_METADATA_DISABLED";
/// What makes a profile more than a region.
const PROFILE_SOURCES: &[&str] = &[
    "aws_access_key_id",
    "role_arn",
    "sso_session",
    "sso_start_url",
    "sso_account_id",
    "credential_process",
    "login_session",
];

/// Credentials, and where they come from.
#[derive(Clone)]
pub struct Sourced {
    /// The keys.
    pub credentials: Credentials,
    /// The source, in words.
    pub origin: String,
}

impl Sourced {
    /// The keys of the kwargs.
    pub fn from_kwargs(keys: &Keys) -> Self {
        Self::new(keys, "the kwargs")
    }

    fn new(keys: &Keys, origin: impl Into<String>) -> Self {
        let token = keys.token.as_ref().map(|token| token.expose().to_owned());
        let credentials =
            Credentials::new(&keys.id, keys.secret.expose(), token, None, "secretctl");
        Self {
            credentials,
            origin: origin.into(),
        }
    }
}

/// The first source that gives credentials.
///
/// # Errors
/// A source that is set up and fails, or none at all.
pub async fn from_chain(base: &Base, profile_kwarg: bool) -> Result<Sourced, AwsError> {
    let mut tried = Vec::new();
    let chain = Chain { base };
    let role_profile = base.profile.get("role_arn").is_some()
        && base.profile.get("web_identity_token_file").is_none();
    if let Some(found) = chain.environment(&mut tried)? {
        return Ok(found);
    }
    if role_profile && let Some(found) = chain.profile(&mut tried).await? {
        return Ok(found);
    }
    if let Some(found) = chain.web_identity(&mut tried).await? {
        return Ok(found);
    }
    if let Some(found) = chain.profile(&mut tried).await? {
        return Ok(found);
    }
    if let Some(found) = chain.container(&mut tried).await? {
        return Ok(found);
    }
    match chain.instance(&mut tried).await? {
        Some(found) => Ok(found),
        None => Err(AwsError::NoCredentials {
            tried,
            profile_kwarg,
        }),
    }
}

struct Chain<'a> {
    base: &'a Base,
}

type Source = Result<Option<Sourced>, AwsError>;

impl Chain<'_> {
    fn variable(&self, name: &str) -> Option<&str> {
        self.base
            .variables
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// `EnvProvider`
    fn environment(&self, tried: &mut Vec<String>) -> Source {
        if self.base.profile.is_explicit() {
            tried.push("the environment is passed over because the kwargs name a profile".into());
            return Ok(None);
        }
        let Some(id) = self.variable("AWS_ACCESS_KEY_ID") else {
            tried.push("AWS_ACCESS_KEY_ID is not set".into());
            return Ok(None);
        };
        let origin = "AWS_ACCESS_KEY_ID in the environment";
        let missing = AwsError::PartialCredentials {
            origin: origin.into(),
            missing: "AWS_SECRET_ACCESS_KEY",
        };
        let secret = self.variable("AWS_SECRET_ACCESS_KEY").ok_or(missing)?;
        let token = self
            .variable("AWS_SESSION_TOKEN")
            .or(self.variable("AWS_SECURITY_TOKEN"));
        let keys = Keys {
            id: id.to_owned(),
            secret: secret.into(),
            token: token.map(SecretText::from),
        };
        Ok(Some(Sourced::new(&keys, origin)))
    }

    /// `AssumeRoleWithWebIdentityProvider`: each setting from the environment, else from the profile.
    async fn web_identity(&self, tried: &mut Vec<String>) -> Source {
        let setting = |variable, name| {
            let from_env = self
                .variable(variable)
                .filter(|_| !self.base.profile.is_explicit());
            from_env
                .or_else(|| self.base.profile.get(name))
                .map(str::to_owned)
        };
        let Some(file) = setting("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file") else {
            tried.push("AWS_WEB_IDENTITY_TOKEN_FILE is not set".into());
            return Ok(None);
        };
        let role = setting("AWS_ROLE_ARN", "role_arn");
        let missing = AwsError::PartialCredentials {
            origin: "the web identity token file".into(),
            missing: "AWS_ROLE_ARN",
        };
        let role = role.ok_or(missing)?;
        let mut parameters = Dict::new();
        if let Some(name) = setting("AWS_ROLE_SESSION_NAME", "role_session_name") {
            parameters.insert("RoleSessionName".into(), Value::text(name));
        }
        assume_role::web_identity_role(self.base, &role, &file, parameters)
            .await
            .map(Some)
    }

    /// What a profile can name: a role, SSO, a process, keys.
    async fn profile(&self, tried: &mut Vec<String>) -> Source {
        let profile = &self.base.profile;
        let in_words = format!("the profile `{}`", profile.name);
        if !PROFILE_SOURCES
            .iter()
            .any(|name| profile.get(name).is_some())
        {
            let why = if profile.exists() {
                "names no credentials"
            } else {
                "does not exist"
            };
            tried.push(format!("{in_words} {why}"));
            return Ok(None);
        }
        self.refuse_unserved_profile()?;
        let removed: Vec<&str> = [KEYS, WEB_IDENTITY].concat();
        let found = self.ask_sdk(&removed, false).await;
        let credentials = found.map_err(|error| profile_failed(profile, &in_words, &*error))?;
        Ok(Some(Sourced {
            credentials,
            origin: in_words,
        }))
    }

    fn refuse_unserved_profile(&self) -> Result<(), AwsError> {
        let profile = &self.base.profile;
        let not_served = |what: String| Err(AwsError::NotServed { what });
        if let Some(name) = profile.wants_mfa() {
            return not_served(format!(
                "`mfa_serial` in the AWS profile `{name}`, for which boto3 asks for a code; put the keys of `aws sts assume-role` into the environment"
            ));
        }
        if profile.get("login_session").is_some() {
            return not_served(format!(
                "`login_session` in the AWS profile `{}`",
                profile.name
            ));
        }
        if profile.get("credential_source") == Some("Environment") {
            return not_served(format!(
                "`credential_source = Environment` in the AWS profile `{}`",
                profile.name
            ));
        }
        let partial = profile.get("aws_access_key_id").is_some()
            && profile.get("aws_secret_access_key").is_none();
        if partial {
            let origin = format!("the profile `{}`", profile.name);
            return Err(AwsError::PartialCredentials {
                origin,
                missing: "`aws_secret_access_key`",
            });
        }
        Ok(())
    }

    /// `ContainerProvider`
    async fn container(&self, tried: &mut Vec<String>) -> Source {
        let Some(variable) = CONTAINER.iter().find(|name| self.variable(name).is_some()) else {
            tried.push(format!(
                "{} is not set, so this is no ECS or EKS container",
                CONTAINER.join(" or ")
            ));
            return Ok(None);
        };
        let origin = format!("the container endpoint of {variable}");
        let removed: Vec<&str> = [KEYS, WEB_IDENTITY].concat();
        let credentials = self.ask_sdk(&removed, false).await.map_err(|_| AwsError::CredentialSource {
            origin: origin.clone(),
            because: "it gave no credentials".into(),
            advice: Some("check that the task or pod has a role, and that the endpoint is reachable from here".into()),
        })?;
        Ok(Some(Sourced {
            credentials,
            origin,
        }))
    }

    /// `InstanceMetadataProvider`, which gives up without a word.
    async fn instance(&self, tried: &mut Vec<String>) -> Source {
        if self
            .variable(METADATA_DISABLED)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
        {
            tried.push(format!(
                "the instance metadata is switched off by {METADATA_DISABLED}"
            ));
            return Ok(None);
        }
        let removed: Vec<&str> = [KEYS, WEB_IDENTITY, CONTAINER].concat();
        match self.ask_sdk(&removed, true).await {
            Ok(credentials) => Ok(Some(Sourced {
                credentials,
                origin: "the instance's role".into(),
            })),
            Err(_) => {
                tried.push("the instance metadata does not answer, or there is no role, so this is no EC2 instance with one".into());
                Ok(None)
            }
        }
    }

    /// The SDK's own chain, in an environment that leaves the one source in question.
    async fn ask_sdk(
        &self,
        removed: &[&str],
        instance: bool,
    ) -> Result<Credentials, Box<dyn StdError + Send + Sync>> {
        let mut variables: HashMap<String, String> = self.base.variables.clone();
        variables.retain(|name, _| !removed.contains(&name.as_str()));
        let by_role = self.base.profile.get("credential_source").is_some();
        if !instance && !by_role {
            variables.insert(METADATA_DISABLED.into(), "true".into());
        }
        let config = self.base.load(variables).await;
        let provider = config.credentials_provider().ok_or("no provider")?;
        Ok(provider.provide_credentials().await?)
    }
}

/// What became of a profile that names credentials. The SDK's words stay out: a process's output may be among them.
fn profile_failed(profile: &Profile, origin: &str, error: &(dyn StdError + 'static)) -> AwsError {
    let (because, advice) = if let Some(code) = sts_code(error) {
        (
            format!("STS refused its role with {code}"),
            Some("check `role_arn` and its trust policy".to_owned()),
        )
    } else if profile.get("sso_session").is_some() || profile.get("sso_start_url").is_some() {
        (
            "its SSO session is missing or expired".into(),
            Some(format!("run `aws sso login --profile {}`", profile.name)),
        )
    } else if profile.get("credential_process").is_some() {
        (
            "its `credential_process` failed or printed no credentials".into(),
            None,
        )
    } else if profile.get("role_arn").is_some() {
        (
            "its role could not be assumed".into(),
            Some("check `source_profile` or `credential_source` of the profile".to_owned()),
        )
    } else {
        ("it is incomplete".into(), None)
    };
    AwsError::CredentialSource {
        origin: origin.to_owned(),
        because,
        advice,
    }
}

/// The error code of STS, somewhere in the chain.
fn sts_code(error: &(dyn StdError + 'static)) -> Option<String> {
    use aws_sdk_sts::error::ProvideErrorMetadata;
    use aws_sdk_sts::operation::assume_role::AssumeRoleError;
    let mut error = Some(error);
    while let Some(current) = error {
        if let Some(refused) = current.downcast_ref::<AssumeRoleError>() {
            return refused.code().map(str::to_owned);
        }
        error = current.source();
    }
    None
}

impl From<&Sourced> for Vec<SecretText> {
    fn from(sourced: &Sourced) -> Self {
        let token = sourced.credentials.session_token().map(SecretText::from);
        [SecretText::from(sourced.credentials.secret_access_key())]
            .into_iter()
            .chain(token)
            .collect()
    }
}

impl From<crate::env::EnvError> for AwsError {
    fn from(error: crate::env::EnvError) -> Self {
        Error::from(error).into()
    }
}
