//! AWS: the session that Airflow's providers build with boto3, over the official Rust SDK, and the two backends on it.
//!
//! Mirrors boto3 1.44.5 and apache-airflow-providers-amazon 9.39.0. The surprising rule: boto3 takes its region from
//! `AWS_DEFAULT_REGION` and the profile, and reads `AWS_DEFAULT_PROFILE` before `AWS_PROFILE`; it knows no `AWS_REGION`, which
//! every other AWS SDK reads first.
//!
//! What boto3 fails on or does, and what is not done here, as it changes no value that is read:
//! * values that boto3's client refuses: of `AWS_RETRY_MODE`, `AWS_MAX_ATTEMPTS`, `AWS_DEFAULTS_MODE`,
//!   `AWS_STS_REGIONAL_ENDPOINTS`, `AWS_S3_US_EAST_1_REGIONAL_ENDPOINT`, `AWS_ACCOUNT_ID_ENDPOINT_MODE`, the checksum and
//!   compression settings, the time-outs of the metadata address, and of their twins in a profile;
//! * options in kwarg `config_kwargs` that botocore's `Config` does not know;
//! * `AWS_STS_REGIONAL_ENDPOINTS=legacy`: the region's own STS is asked, never the global one;
//! * pseudo-regions such as `fips-us-east-1`, which boto3 writes out as a region and a flag;
//! * `duration_seconds` of a profile's role is not sent, and its session has another name than `botocore-session-SECONDS`;
//! * botocore's limits on the length of `ExternalId` and `SerialNumber`.

mod backend;
mod batch;
mod connector;
mod credentials;
mod error;
mod naming;
mod near_misses;
mod refusal;
mod sdk_failure;
mod secrets_manager;
mod session;
mod settings;
mod systems_manager;
#[cfg(test)]
mod tests;

pub use backend::AwsBackend;
pub use error::AwsError;

use crate::backend::Surroundings;
use crate::deadline::Deadline;
use crate::python::json::Dict;
use aws_credential_types::Credentials;
use credentials::{CredentialsWithOrigin, assume_role, chain};
use session::BaseSession;
use settings::SessionSettings;

/// AWS Systems Manager Parameter Store.
pub type SystemsManagerParameterStoreBackend = AwsBackend<systems_manager::ParameterStore>;

/// AWS Secrets Manager.
pub type SecretsManagerBackend = AwsBackend<secrets_manager::SecretsManager>;

/// boto3's default session, `boto3.Session()`: the environment, the profile files, and whatever they lead to.
pub(crate) struct DefaultSession {
    base: BaseSession,
}

/// Opens boto3's default session: reads the profile files, and sends nothing.
///
/// # Errors
/// What boto3 fails on, a file that is not read in time, and what is not served.
pub(crate) async fn default_session(
    surroundings: &Surroundings,
    deadline: Deadline,
) -> Result<DefaultSession, AwsError> {
    let base = BaseSession::open(&SessionSettings::default(), surroundings, deadline).await?;
    Ok(DefaultSession { base })
}

impl DefaultSession {
    /// `session.region_name`
    pub fn region(&self) -> Option<&str> {
        self.base.region.as_deref()
    }

    /// `session.get_credentials()`: the first source of boto3's chain that gives some. Every one of their characters can stand
    /// in a header.
    ///
    /// # Errors
    /// No source gives credentials, or one that is set up fails.
    pub async fn credentials(&self, deadline: Deadline) -> Result<Credentials, AwsError> {
        Ok(self.own(deadline).await?.credentials)
    }

    /// `session.client("sts").assume_role(**parameters)`
    ///
    /// # Errors
    /// No credentials to ask with, a parameter that is not served, and what STS refuses.
    pub async fn assume_role(
        &self,
        parameters: &Dict,
        deadline: Deadline,
    ) -> Result<Credentials, AwsError> {
        let own = self.own(deadline).await?;
        let granted = assume_role::session_role(&self.base, &own, parameters, deadline).await?;
        Ok(granted.credentials)
    }

    async fn own(&self, deadline: Deadline) -> Result<CredentialsWithOrigin, AwsError> {
        chain::first(&self.base, false, deadline).await
    }
}
