//! How a lookup is made: by whose rules, of which release, and for how long.
//!
//! The surprising rule: before Airflow 3.0 a task has the search path and the connection model of the server.

use std::time::Duration;

use super::LayerError;
use crate::airflow_config::{AirflowConfig, ConfigError, unread_settings};
use crate::airflow_version::AirflowVersion;
use crate::connection::{ConnectionError, Model};
use crate::deadline::Deadline;
use crate::failure::Fault;
use crate::finding::Finding;

/// Which of Airflow's processes to stand in for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// The CLI, the scheduler, the API server.
    Server,
    /// A task.
    Worker,
}

/// How a lookup is made, besides what Airflow's settings say.
#[derive(Clone, Copy, Debug)]
pub struct LookupOptions {
    /// Whose search path.
    pub context: Context,
    /// The release whose rules are followed.
    pub version: AirflowVersion,
    /// The longest one lookup may take in one backend.
    pub timeout: Duration,
    /// Whether a failing layer is final, and kwargs are never repaired.
    pub strict: bool,
    /// Whether kwargs are read as they are meant, where a guide that many follow leaves the quotes out.
    pub repairs_kwargs: bool,
    /// Whether more is asked after a failed lookup: near misses, and who asked.
    pub diagnoses: bool,
}

impl Default for LookupOptions {
    /// A lookup as the command line makes it without options.
    fn default() -> Self {
        Self {
            context: Context::Server,
            version: AirflowVersion::default(),
            timeout: Duration::from_secs(30),
            strict: false,
            repairs_kwargs: true,
            diagnoses: true,
        }
    }
}

impl LookupOptions {
    /// The context, which before Airflow 3.0 is always the server's.
    pub(super) fn context(&self) -> Context {
        match self.version.has_worker_settings() {
            true => self.context,
            false => Context::Server,
        }
    }

    /// When one lookup that begins now must be over in one backend.
    pub(super) fn deadline(&self) -> Deadline {
        Deadline::after(self.timeout)
    }

    /// Whether no later layer is asked after this failure: nothing gives way where a failure is final, and nothing stands in
    /// for a connection that Airflow goes on with.
    pub(super) fn ends_search(&self, error: &LayerError) -> bool {
        let writes_uri =
            self.context() == Context::Server || self.version.tasks_write_uri_in_lookup();
        let is_used = match error {
            LayerError::Connection(ConnectionError::NoUri(_)) if !writes_uri => true,
            error if error.is_about_json() => self.context() == Context::Server,
            _ => false,
        };
        self.strict || is_used || error.is_own_refusal()
    }

    /// The connection model.
    pub(super) fn model(&self) -> Model {
        match self.context() {
            Context::Server => Model::server(self.version),
            Context::Worker => Model::worker(self.version),
        }
    }
}

/// What to say of settings and options that the release does not have.
pub(super) async fn unknown_to_release(
    config: &AirflowConfig,
    options: LookupOptions,
    multi_team: bool,
    deadline: Deadline,
) -> Result<Vec<Finding>, ConfigError> {
    let version = options.version;
    let is_worker = options.context == Context::Worker;
    let unknown = |sentence: String| Finding::warning("setting-of-another-release", sentence);
    let mut findings = Vec::new();
    if options.context != options.context() {
        findings.push(unknown(format!(
            "a task of Airflow {version} has the server's search path and connection model, which are followed"
        )));
    }
    findings.extend(unread_settings(config, is_worker, version, deadline).await?);
    if multi_team && !version.has_multi_team() {
        findings.push(unknown(format!(
            "Airflow {version} has no `[core] multi_team`: only a provider's secrets backend heeds it"
        )));
    }
    Ok(findings)
}
