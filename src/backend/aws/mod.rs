//! The AWS session that Airflow's providers build with boto3, over the official Rust SDK.
//!
//! Mirrors boto3 1.44.5. The surprising rule: boto3 takes its region from `AWS_DEFAULT_REGION` and the profile, and reads
//! `AWS_DEFAULT_PROFILE` before `AWS_PROFILE`; it knows no `AWS_REGION`, which every other AWS SDK reads first.

pub mod assume_role;
pub mod batch;
mod connector;
mod credentials;
pub mod error;
pub mod naming;
mod profile;
pub mod refusal;
mod role;
pub mod sdk_failure;
pub mod session;
pub mod settings;
pub mod spellings;

use std::collections::HashMap;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_types::os_shim_internal::{Env as SdkEnv, Fs};

pub use session::http_settings;

use crate::env::{Env, EnvError};
use crate::http::{Client, Deadline};
use connector::Connector;

/// boto3's default session: `boto3.Session()`.
///
/// # Errors
/// An environment variable that is not UTF-8, or a profile file that cannot be read.
pub async fn default_session(
    http: &Client,
    env: &Env,
    deadline: Deadline,
) -> Result<SdkConfig, SessionError> {
    let sdk_env = SdkEnv::from(boto_environment(env)?);
    let region = region(env, &sdk_env).await?;
    let timeouts = TimeoutConfig::builder()
        .operation_timeout(deadline.left())
        .build();
    let loader = aws_config::defaults(BehaviorVersion::latest())
        .env(sdk_env)
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
    /// The files of `~/.aws`.
    #[error("the AWS profile files cannot be read")]
    Profile,
}

/// The environment with boto3's names where the SDK reads others.
fn boto_environment(env: &Env) -> Result<HashMap<String, String>, EnvError> {
    let mut variables = HashMap::new();
    for name in env.names().filter(|name| *name != "AWS_REGION") {
        if let Some(value) = env.get(name)? {
            variables.insert(name.to_owned(), value.to_owned());
        }
    }
    if let Some(profile) = variables.get("AWS_DEFAULT_PROFILE").cloned() {
        variables.insert("AWS_PROFILE".into(), profile);
    }
    Ok(variables)
}

/// `session.region_name`: `AWS_DEFAULT_REGION`, else the profile's.
async fn region(env: &Env, sdk_env: &SdkEnv) -> Result<Option<String>, SessionError> {
    if let Some(region) = env
        .get("AWS_DEFAULT_REGION")?
        .filter(|region| !region.is_empty())
    {
        return Ok(Some(region.to_owned()));
    }
    let profiles =
        aws_config::profile::load(&Fs::real(), sdk_env, &EnvConfigFiles::default(), None).await;
    let profiles = profiles.map_err(|_| SessionError::Profile)?;
    Ok(profiles.get("region").map(str::to_owned))
}
