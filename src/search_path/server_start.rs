//! What a task's process does before it looks at its own settings: it builds the server's search path.
//!
//! Mirrors `import airflow`, which imports `airflow.configuration` of Airflow 3.3.2, in the process of a task. The surprising
//! rule: with `[workers] secrets_backend` set, `[secrets] backend` is never asked by a task, and still a class path or kwargs
//! there that stop a server stop the task.

use super::{OpenError, kind_of};
use crate::airflow_config::{AirflowConfig, BackendSetting, ConfigError, configured_backend};
use crate::backend::Surroundings;
use crate::backend::kind::BackendKind;
use crate::backend::open::{kwarg_names, open};
use crate::deadline::Deadline;
use crate::python::json::Dict;

/// Builds the custom backend of the server and drops it.
///
/// # Errors
/// What would stop a server, and with it the task.
pub(super) async fn check(
    config: &AirflowConfig,
    surroundings: &Surroundings,
    deadline: Deadline,
) -> Result<(), OpenError> {
    let setting = configured_backend(config, false, surroundings.version, deadline).await?;
    let Some(setting) = setting else {
        return Ok(());
    };
    let kind = kind_of(&setting)?;
    let kwargs = kwargs(config, &setting, kind)?;
    open(kind, &kwargs, surroundings, deadline).await?;
    Ok(())
}

/// Kwargs that are no JSON object do not stop a server: it goes on with those that have a variable each.
fn kwargs(
    config: &AirflowConfig,
    setting: &BackendSetting,
    kind: BackendKind,
) -> Result<Dict, OpenError> {
    match setting.parse_kwargs(config.env(), kwarg_names(kind), true) {
        Ok(parsed) => Ok(parsed.kwargs),
        Err(ConfigError::Kwargs(_)) => Ok(setting.overriding_kwargs()),
        Err(error) => Err(error.into()),
    }
}
