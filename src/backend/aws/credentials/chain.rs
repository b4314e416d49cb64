//! boto3's chain of credential sources, in boto3's order, with a word on every one passed over. The official SDK asks STS, single
//! sign-on and the metadata endpoints.
//!
//! Mirrors `create_credential_resolver` of botocore 1.44.5. The surprising rule: a role's profile comes before a web identity
//! of the environment, and that before everything else a profile can name; keys in the credentials file come before a process,
//! and keys in the config file after it. A source that is set up and fails ends the chain.

use std::collections::{BTreeMap, HashMap};
use std::error::Error as StdError;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_sdk_sts::error::ProvideErrorMetadata;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use tokio::runtime::Handle;

use super::super::error::AwsError;
use super::super::session::BaseSession;
use super::profile::{Profile, Stored};
use super::{CredentialsWithOrigin, assume_role, process, profile_file};
use crate::deadline::Deadline;
use crate::python::json::{Dict, Value};

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
const EXPIRATION: &str = "AWS_CREDENTIAL_EXPIRATION";

/// The first source that gives credentials; `profile_kwarg` tells of the kwarg `profile`, which Airflow ignores.
///
/// # Errors
/// A source that is set up and fails, or none at all.
pub(in super::super) async fn first(
    base: &BaseSession,
    profile_kwarg: bool,
    deadline: Deadline,
) -> Result<CredentialsWithOrigin, AwsError> {
    let mut chain = Chain {
        base,
        deadline,
        tried: vec!["the kwargs hold no keys".to_owned()],
    };
    let has_role_profile = base.profile.get("role_arn").is_some()
        && base.profile.get("web_identity_token_file").is_none();
    if let Some(found) = chain.environment()? {
        return Ok(found);
    }
    if has_role_profile && let Some(found) = chain.profile().await? {
        return Ok(found);
    }
    if let Some(found) = chain.web_identity().await? {
        return Ok(found);
    }
    if let Some(found) = chain.profile().await? {
        return Ok(found);
    }
    chain.refuse_boto2().await?;
    if let Some(found) = chain.container().await? {
        return Ok(found);
    }
    match chain.instance().await? {
        Some(found) => Ok(found),
        None => Err(AwsError::NoCredentials {
            tried: chain.tried,
            profile_kwarg,
        }),
    }
}

struct Chain<'a> {
    base: &'a BaseSession,
    deadline: Deadline,
    tried: Vec<String>,
}

/// What one source has; `None`: it is not set up.
type Source = Result<Option<CredentialsWithOrigin>, AwsError>;

/// What the SDK's own chain has.
type SdkAnswer = Result<Credentials, Box<dyn StdError + Send + Sync>>;

impl<'a> Chain<'a> {
    fn variable(&self, name: &str) -> Option<&'a str> {
        let value = self.base.variables.get(name).map(String::as_str);
        value.filter(|value| !value.is_empty())
    }

    fn passed_over(&mut self, why: impl Into<String>) -> Source {
        self.tried.push(why.into());
        Ok(None)
    }

    /// `EnvProvider`
    fn environment(&mut self) -> Source {
        if self.base.profile.is_explicit() {
            return self
                .passed_over("the environment is passed over because the kwargs name a profile");
        }
        let Some(id) = self.variable("AWS_ACCESS_KEY_ID") else {
            return self.passed_over("AWS_ACCESS_KEY_ID is not set");
        };
        let origin = "AWS_ACCESS_KEY_ID in the environment";
        let missing = AwsError::PartialCredentials {
            origin: origin.into(),
            missing: "AWS_SECRET_ACCESS_KEY",
        };
        let secret = self.variable("AWS_SECRET_ACCESS_KEY").ok_or(missing)?;
        self.check_expiration()?;
        // The older name comes first.
        let older = self.variable("AWS_SECURITY_TOKEN");
        let token = older.or(self.variable("AWS_SESSION_TOKEN"));
        CredentialsWithOrigin::of_keys(id, secret, token, origin).map(Some)
    }

    /// `AWS_CREDENTIAL_EXPIRATION`, the end of the keys in the environment.
    fn check_expiration(&self) -> Result<(), AwsError> {
        let Some(end) = self.variable(EXPIRATION) else {
            return Ok(());
        };
        process::check_expiration(end).map_err(|problem| AwsError::CredentialSource {
            origin: "the environment".into(),
            because: format!("`{EXPIRATION}` tells of {problem}"),
            advice: None,
        })
    }

    /// `AssumeRoleWithWebIdentityProvider`: each setting from the environment, else from the profile.
    async fn web_identity(&mut self) -> Source {
        let profile = &self.base.profile;
        let setting = |variable, name| {
            let from_env = self.variable(variable).filter(|_| !profile.is_explicit());
            from_env.or_else(|| profile.get(name))
        };
        let Some(file) = setting("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file") else {
            return self.passed_over("AWS_WEB_IDENTITY_TOKEN_FILE is not set");
        };
        let missing = AwsError::PartialCredentials {
            origin: "the web identity token file".into(),
            missing: "AWS_ROLE_ARN",
        };
        let role = setting("AWS_ROLE_ARN", "role_arn").ok_or(missing)?;
        let mut parameters = Dict::from([("RoleArn".to_owned(), Value::text(role))]);
        if let Some(name) = setting("AWS_ROLE_SESSION_NAME", "role_session_name") {
            parameters.insert("RoleSessionName".into(), Value::text(name));
        }
        let found =
            assume_role::web_identity_role(self.base, file, &parameters, self.deadline).await?;
        Ok(Some(found))
    }

    /// What a profile can name: a role, single sign-on, keys, a process.
    async fn profile(&mut self) -> Source {
        let profile = &self.base.profile;
        if profile.get("role_arn").is_some() || profile.has_sso() {
            return self.by_role_or_sso().await.map(Some);
        }
        match stored(self.base, &profile.name, self.deadline).await? {
            Some(found) => Ok(Some(found)),
            None => {
                let why = match profile.exists() {
                    true => "names no credentials",
                    false => "does not exist",
                };
                self.passed_over(format!("the profile `{}` {why}", profile.name))
            }
        }
    }

    /// By the official SDK, which is handed the keys of the source profiles.
    async fn by_role_or_sso(&self) -> Result<CredentialsWithOrigin, AwsError> {
        let profile = &self.base.profile;
        refuse_unserved(profile)?;
        let mut keys = BTreeMap::new();
        for name in profile.with_sources() {
            if let Some(found) = stored(self.base, name, self.deadline).await? {
                keys.insert(name, found.credentials);
            }
        }
        let removed: Vec<&str> = [KEYS, WEB_IDENTITY].concat();
        let found = self
            .ask_sdk(&origin_of(profile), &removed, false, &keys)
            .await?;
        let found = found.map_err(|error| profile_failed(profile, &*error))?;
        CredentialsWithOrigin::new(found, origin_of(profile))
    }

    /// `OriginalEC2Provider` and `BotoProvider`: files of boto 2, of which few people know that they still count. With one of
    /// them Airflow asks as somebody else than whatever comes next.
    async fn refuse_boto2(&self) -> Result<(), AwsError> {
        let not_served = |what: String| Err(AwsError::NotServed { what });
        if self.variable("AWS_CREDENTIAL_FILE").is_some() {
            return not_served("`AWS_CREDENTIAL_FILE`".into());
        }
        let paths = match self.base.env.get("BOTO_CONFIG")? {
            Some(path) => vec![path.into()],
            None => ["/etc/boto.cfg".into()]
                .into_iter()
                .chain(self.base.env.in_home(".boto")?)
                .collect(),
        };
        for path in paths {
            let sections = profile_file::sections(&path, self.deadline).await?;
            let keys = sections.get("Credentials");
            if keys.is_some_and(|keys| keys.contains_key("aws_access_key_id")) {
                return not_served(format!("keys of boto 2, in `{}`", path.display()));
            }
        }
        Ok(())
    }

    /// `ContainerProvider`
    async fn container(&mut self) -> Source {
        let Some(variable) = CONTAINER.iter().find(|name| self.variable(name).is_some()) else {
            return self.passed_over(format!(
                "{} is not set, so this is not an ECS or EKS container",
                CONTAINER.join(" or ")
            ));
        };
        let origin = format!("the container endpoint of {variable}");
        let failed = |because: &str| {
            AwsError::CredentialSource {
            origin: origin.clone(),
            because: because.into(),
            advice: Some(
                "check that the task or pod has a role, and that the endpoint is reachable from here".into(),
            ),
        }
        };
        let removed: Vec<&str> = [KEYS, WEB_IDENTITY].concat();
        let found = self
            .ask_sdk(&origin, &removed, false, &BTreeMap::new())
            .await?;
        let found = found.map_err(|_| failed("it gave no credentials"))?;
        match found.expiry().is_some_and(|end| end <= SystemTime::now()) {
            true => Err(failed("it gave keys that have expired")),
            false => CredentialsWithOrigin::new(found, origin).map(Some),
        }
    }

    /// `InstanceMetadataProvider`, which gives up without a word.
    async fn instance(&mut self) -> Source {
        let disabled = self.variable(METADATA_DISABLED);
        if disabled.is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return self.passed_over(format!(
                "the instance metadata is switched off by {METADATA_DISABLED}"
            ));
        }
        let removed: Vec<&str> = [KEYS, WEB_IDENTITY, CONTAINER].concat();
        let origin = "the instance's role";
        match self.ask_sdk(origin, &removed, true, &BTreeMap::new()).await? {
            Ok(found) => CredentialsWithOrigin::new(found, origin).map(Some),
            Err(_) => self.passed_over(
                "the instance metadata does not answer, or there is no role, so this is not an EC2 instance with one",
            ),
        }
    }

    /// The SDK's own chain, in an environment that leaves the one source in question. It reads files of its own (tokens of
    /// single sign-on and of containers), so that it runs on a thread of its own.
    async fn ask_sdk(
        &self,
        origin: &str,
        removed: &[&str],
        instance: bool,
        keys: &BTreeMap<&str, Credentials>,
    ) -> Result<SdkAnswer, AwsError> {
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
        let runtime = Handle::current();
        let asked = self.deadline.off_thread(move || {
            let answer = runtime.block_on(provider.provide_credentials());
            answer.map_err(Into::into)
        });
        asked.await.map_err(|error| AwsError::SlowCredentials {
            origin: origin.to_owned(),
            error,
        })
    }
}

/// The keys that a profile holds itself; its command is run for them.
async fn stored(base: &BaseSession, name: &str, deadline: Deadline) -> Source {
    match base.profile.stored(name)? {
        None => Ok(None),
        Some(Stored::Keys(keys)) => Ok(Some(keys)),
        Some(Stored::Process(command)) => {
            let keys = process::keys(&base.env, name, &command, deadline).await?;
            Ok(Some(keys))
        }
    }
}

fn origin_of(profile: &Profile) -> String {
    format!("the profile `{}`", profile.name)
}

fn refuse_unserved(profile: &Profile) -> Result<(), AwsError> {
    let what = if let Some(name) = profile.wants_mfa() {
        format!(
            "`mfa_serial` in the AWS profile `{name}`, for which boto3 asks for a code; put the keys of `aws sts assume-role` into the environment"
        )
    } else if profile.get("credential_source") == Some("Environment") {
        format!(
            "`credential_source = Environment` in the AWS profile `{}`",
            profile.name
        )
    } else {
        return Ok(());
    };
    Err(AwsError::NotServed { what })
}

/// What became of a profile that names credentials. The SDK's words stay out: they quote answers.
fn profile_failed(profile: &Profile, error: &(dyn StdError + 'static)) -> AwsError {
    let (because, advice) = if let Some(code) = sts_code(error) {
        (
            format!("STS refused its role with {code}"),
            "check `role_arn` and its trust policy".to_owned(),
        )
    } else if profile.has_sso() {
        (
            "its SSO session is missing or expired".into(),
            format!("run `aws sso login --profile {}`", profile.name),
        )
    } else {
        (
            "its role could not be assumed".into(),
            "check `source_profile` or `credential_source` of the profile".to_owned(),
        )
    };
    AwsError::CredentialSource {
        origin: origin_of(profile),
        because,
        advice: Some(advice),
    }
}

/// The error code of STS, somewhere in the chain.
fn sts_code(error: &(dyn StdError + 'static)) -> Option<String> {
    let mut error = Some(error);
    while let Some(current) = error {
        if let Some(refused) = current.downcast_ref::<AssumeRoleError>() {
            return refused.code().map(str::to_owned);
        }
        error = current.source();
    }
    None
}
