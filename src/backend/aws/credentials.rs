//! boto3's chain of credential sources, in boto3's order, with a word on every one passed over. The official SDK asks STS, single
//! sign-on and the metadata endpoints.
//!
//! Mirrors `create_credential_resolver` of botocore 1.44.5. The surprising rule: a role's profile comes before a web identity
//! of the environment, and that before everything else a profile can name; keys in the credentials file come before a process,
//! and keys in the config file after it. A source that is set up and fails ends the chain.

use std::collections::{BTreeMap, HashMap};
use std::error::Error as StdError;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;

use super::assume_role;
use super::client_settings;
use super::credential_process;
use super::error::AwsError;
use super::profile::{Profile, Stored, keys_of_boto2};
use super::sdk_failure::profile_failed;
use super::session::Base;
use super::settings::Keys;
use crate::env::Env;
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
    client_settings::check_chain(&base.variables, &base.profile)?;
    let mut tried = vec!["the kwargs hold no keys".to_owned()];
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
    if let Some(found) = chain.boto2(&mut tried)? {
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
        client_settings::check_environment_keys(&self.base.variables)?;
        // The older name comes first.
        let token = self
            .variable("AWS_SECURITY_TOKEN")
            .or(self.variable("AWS_SESSION_TOKEN"));
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

    /// What a profile can name: a role, single sign-on, keys, a process.
    async fn profile(&self, tried: &mut Vec<String>) -> Source {
        let profile = &self.base.profile;
        let origin = format!("the profile `{}`", profile.name);
        if profile.get("role_arn").is_some() || profile.has_sso() {
            let credentials = self.by_role_or_sso(&origin).await?;
            return Ok(Some(Sourced {
                credentials,
                origin,
            }));
        }
        let keys = match profile.stored(&profile.name)? {
            Some(Stored::Keys(keys)) => keys,
            Some(Stored::Process(command)) => {
                let base = self.base;
                credential_process::keys(&base.env, base.limit, &profile.name, &command).await?
            }
            None => {
                let why = if profile.exists() {
                    "names no credentials"
                } else {
                    "does not exist"
                };
                tried.push(format!("{origin} {why}"));
                return Ok(None);
            }
        };
        Ok(Some(Sourced::new(&keys, origin)))
    }

    /// By the official SDK, which is handed the keys of the source profiles.
    async fn by_role_or_sso(&self, origin: &str) -> Result<Credentials, AwsError> {
        let profile = &self.base.profile;
        self.refuse_unserved_profile()?;
        let keys = stored_keys(&self.base.env, profile, self.base.limit).await?;
        let removed: Vec<&str> = [KEYS, WEB_IDENTITY].concat();
        let found = self.ask_sdk(&removed, false, &keys).await?;
        found.map_err(|error| profile_failed(profile, origin, &*error))
    }

    fn refuse_unserved_profile(&self) -> Result<(), AwsError> {
        let profile = &self.base.profile;
        let not_served = |what: String| Err(AwsError::NotServed { what });
        if let Some(name) = profile.wants_mfa() {
            return not_served(format!(
                "`mfa_serial` in the AWS profile `{name}`, for which boto3 asks for a code; put the keys of `aws sts assume-role` into the environment"
            ));
        }
        if profile.get("credential_source") == Some("Environment") {
            return not_served(format!(
                "`credential_source = Environment` in the AWS profile `{}`",
                profile.name
            ));
        }
        Ok(())
    }

    /// `OriginalEC2Provider` and `BotoProvider`, of which few people know that they are still there.
    fn boto2(&self, tried: &mut Vec<String>) -> Source {
        if self.variable("AWS_CREDENTIAL_FILE").is_some() {
            return Err(AwsError::NotServed {
                what: "`AWS_CREDENTIAL_FILE`".into(),
            });
        }
        match keys_of_boto2(&self.base.env)? {
            Some(keys) => Ok(Some(Sourced::new(&keys, "the files of boto 2"))),
            None => {
                tried.push("the files of boto 2 hold no keys".into());
                Ok(None)
            }
        }
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
        let found = self.ask_sdk(&removed, false, &BTreeMap::new()).await?;
        let failed = |because: &str| {
            AwsError::CredentialSource {
            origin: origin.clone(),
            because: because.into(),
            advice: Some("check that the task or pod has a role, and that the endpoint is reachable from here".into()),
        }
        };
        let credentials = found.map_err(|_| failed("it gave no credentials"))?;
        if has_expired(&credentials) {
            return Err(failed("it gave keys that have expired"));
        }
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
        match self.ask_sdk(&removed, true, &BTreeMap::new()).await? {
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
        keys: &BTreeMap<&str, Keys>,
    ) -> Result<Result<Credentials, SdkError>, AwsError> {
        let mut variables: HashMap<String, String> = self.base.variables.clone();
        variables.retain(|name, _| !removed.contains(&name.as_str()));
        let by_role = self.base.profile.get("credential_source").is_some();
        if !instance && !by_role {
            variables.insert(METADATA_DISABLED.into(), "true".into());
        }
        let config = self.base.load(variables, keys).await?;
        let Some(provider) = config.credentials_provider() else {
            return Ok(Err("no provider".into()));
        };
        Ok(provider.provide_credentials().await.map_err(Into::into))
    }
}

fn has_expired(credentials: &Credentials) -> bool {
    credentials
        .expiry()
        .is_some_and(|end| end <= SystemTime::now())
}

type SdkError = Box<dyn StdError + Send + Sync>;

/// The keys that the profile and its sources hold themselves, by profile; commands are run for them.
///
/// # Errors
/// Half a key pair, or a command that fails.
pub async fn stored_keys<'a>(
    env: &Env,
    profile: &'a Profile,
    limit: Duration,
) -> Result<BTreeMap<&'a str, Keys>, AwsError> {
    let mut found = BTreeMap::new();
    for name in profile.with_sources() {
        let keys = match profile.stored(name)? {
            Some(Stored::Keys(keys)) => keys,
            Some(Stored::Process(command)) => {
                credential_process::keys(env, limit, name, &command).await?
            }
            None => continue,
        };
        found.insert(name, keys);
    }
    Ok(found)
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
