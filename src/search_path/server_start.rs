//! What a task's process does before it looks at its own settings: it builds the server's search path.
//!
//! Mirrors `import airflow`, which imports `airflow.configuration` of Airflow 3.3.2, in the process of a task. The surprising
//! rule: with `[workers] secrets_backend` set, `[secrets] backend` is never asked by a task, and still a class path or kwargs
//! there that stop a server stop the task.

use super::kind_of;
use crate::airflow_config::{AirflowConfig, BackendSetting, ConfigError, configured_backend};
use crate::backend::class_path::BackendKind;
use crate::backend::{self, Surroundings};
use crate::error::{Error, Result};
use crate::python::json::Dict;

/// Builds the custom backend of the server and drops it.
///
/// # Errors
/// What would stop a server, and with it the task.
pub(super) fn check(config: &AirflowConfig, surroundings: &Surroundings) -> Result<()> {
    let Some(setting) = configured_backend(config, false, surroundings.version)? else {
        return Ok(());
    };
    let kind = kind_of(&setting)?;
    let kwargs = kwargs(config, &setting, kind)?;
    let origin = setting.origin.to_string();
    match backend::open(kind, &kwargs, surroundings, &origin) {
        Ok(_) | Err(Error::NotServed { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Kwargs that are no JSON object do not stop a server: it goes on with those that have a variable each.
fn kwargs(config: &AirflowConfig, setting: &BackendSetting, kind: BackendKind) -> Result<Dict> {
    match setting.parse_kwargs(config.env(), kind.kwarg_names(), true) {
        Ok(parsed) => Ok(parsed.kwargs),
        Err(ConfigError::Kwargs(_)) => Ok(setting.overriding_kwargs()),
        Err(error) => Err(error.into()),
    }
}
