//! The AWS session that Airflow's providers build with boto3, over the official Rust SDK.
//!
//! Mirrors boto3 1.44.5. The surprising rule: boto3 takes its region from `AWS_DEFAULT_REGION` and the profile, and reads
//! `AWS_DEFAULT_PROFILE` before `AWS_PROFILE`; it knows no `AWS_REGION`, which every other AWS SDK reads first.

pub mod assume_role;
pub mod batch;
mod client_settings;
mod config_kwargs;
mod connector;
mod credential_process;
mod credentials;
pub mod error;
pub mod naming;
mod profile;
mod profile_file;
pub mod refusal;
mod role;
pub mod sdk_failure;
pub mod session;
pub mod settings;
pub mod spellings;

use std::collections::{BTreeMap, HashMap};

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_types::os_shim_internal::Env as SdkEnv;

pub use session::http_settings;

use crate::env::{Env, EnvError};
use crate::http::{Client, Deadline};
use connector::Connector;
use profile::Profile;

/// boto3's default session: `boto3.Session()`.
///
/// # Errors
/// An environment variable that is not UTF-8, or a profile file that cannot be read.
pub async fn default_session(
    http: &Client,
    env: &Env,
    deadline: Deadline,
) -> Result<SdkConfig, SessionError> {
    let variables = boto_environment(env)?;
    let profile = Profile::load(env, None).map_err(|_| SessionError::Profile)?;
    // Keys in the environment come before whatever a profile names.
    let has_keys = variables
        .get("AWS_ACCESS_KEY_ID")
        .is_some_and(|id| !id.is_empty());
    let keys = match has_keys {
        true => BTreeMap::new(),
        false => credentials::stored_keys(env, &profile, deadline.left())
            .await
            .map_err(|_| SessionError::Profile)?,
    };
    let files = profile.for_sdk(&keys).map_err(|_| SessionError::Profile)?;
    let region = region(env, &profile)?;
    let timeouts = TimeoutConfig::builder()
        .operation_timeout(deadline.left())
        .build();
    let loader = aws_config::defaults(BehaviorVersion::latest())
        .env(SdkEnv::from(variables))
        .profile_files(files)
        .profile_name(profile::SDK_NAME)
        .http_client(Connector::new(http.clone()))
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(3));
    // A region that is set here keeps the SDK from asking the metadata address for one.
    let loader = loader.region(Region::new(
        region.clone().unwrap_or_else(|| "us-east-1".into()),
    ));
    let config = loader.load().await;
    Ok(match region {
        Some(_) => config,
        None => config.into_builder().region(None).build(),
    })
}

/// Why a session cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// A variable that is not UTF-8.
    #[error(transparent)]
    Env(#[from] EnvError),
    /// The files of `~/.aws`, or the profile that is asked for.
    #[error("the AWS profile cannot be read")]
    Profile,
}

/// The environment with boto3's names where the SDK reads others, and without what boto3 takes for not set.
fn boto_environment(env: &Env) -> Result<HashMap<String, String>, EnvError> {
    let mut variables = HashMap::new();
    for name in env.names().filter(|name| *name != "AWS_REGION") {
        let value = env.get(name)?;
        let value = value.filter(|value| !(value.is_empty() && name.starts_with(ENDPOINT)));
        if let Some(value) = value {
            variables.insert(name.to_owned(), value.to_owned());
        }
    }
    Ok(variables)
}

/// The variable that sets every service's endpoint, and the beginning of those that set one.
const ENDPOINT: &str = "AWS_ENDPOINT_URL";

/// `session.region_name`: `AWS_DEFAULT_REGION`, else the profile's.
fn region(env: &Env, profile: &Profile) -> Result<Option<String>, EnvError> {
    let from_env = env.get("AWS_DEFAULT_REGION")?;
    let region = from_env.filter(|region| !region.is_empty());
    Ok(region.or_else(|| profile.get("region")).map(str::to_owned))
}
