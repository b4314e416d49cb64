//! What gcloud leaves on a machine: the login for application default credentials, and the active project.
//!
//! Mirrors `google.auth._cloud_sdk`. The surprising rule: google-auth gets the project by running `gcloud config get project`,
//! so without gcloud on the path there is none. secretctl reads the same files and settings, on the same condition.

use std::path::{Path, PathBuf};

use super::GoogleError;
use crate::deadline::Deadline;
use crate::env::{Env, EnvError};
use crate::text_file::{self, TextFileError};

/// The largest configuration file that is read, in bytes.
const CONFIGURATION_LIMIT: u64 = 1024 * 1024;

/// `application_default_credentials.json` in gcloud's folder, whether it is there or not.
pub fn credentials_path(env: &Env) -> Result<Option<PathBuf>, EnvError> {
    Ok(folder(env)?.map(|folder| folder.join("application_default_credentials.json")))
}

/// `$CLOUDSDK_CONFIG`, else `~/.config/gcloud`.
fn folder(env: &Env) -> Result<Option<PathBuf>, EnvError> {
    match env.get("CLOUDSDK_CONFIG")? {
        Some(folder) => Ok(Some(folder.into())),
        None => Ok(env
            .get("HOME")?
            .map(|home| Path::new(home).join(".config/gcloud"))),
    }
}

/// What `gcloud config get project` prints.
///
/// # Errors
/// A variable that is not UTF-8, or a file that does not end in time.
pub async fn project(env: &Env, deadline: Deadline) -> Result<Option<String>, GoogleError> {
    if !is_installed(env, deadline).await? {
        return Ok(None);
    }
    if let Some(project) = env.get("CLOUDSDK_CORE_PROJECT")? {
        return Ok(Some(project.to_owned()).filter(|project| !project.is_empty()));
    }
    let Some(folder) = folder(env)? else {
        return Ok(None);
    };
    let active = match env.get("CLOUDSDK_ACTIVE_CONFIG_NAME")? {
        Some(name) => Some(name.to_owned()),
        None => read(&folder.join("active_config"), deadline)
            .await?
            .map(|name| name.trim().to_owned()),
    };
    let name = format!(
        "configurations/config_{}",
        active.as_deref().unwrap_or("default")
    );
    let configuration = read(&folder.join(name), deadline).await?;
    Ok(configuration.and_then(|configuration| project_in(&configuration)))
}

/// A file of gcloud's; what cannot be read counts as not there, but for one that does not end.
async fn read(path: &Path, deadline: Deadline) -> Result<Option<String>, GoogleError> {
    match text_file::read(path, CONFIGURATION_LIMIT, deadline).await {
        Ok(text) => Ok(Some(text)),
        Err(error @ TextFileError::TimedOut { .. }) => Err(GoogleError::Gcloud(error)),
        Err(_) => Ok(None),
    }
}

async fn is_installed(env: &Env, deadline: Deadline) -> Result<bool, GoogleError> {
    for folder in env.get("PATH")?.unwrap_or_default().split(':') {
        let path = Path::new(folder).join("gcloud");
        let kind = text_file::kind_of(&path, deadline).await.map_err(|error| {
            let path = path.clone();
            GoogleError::Gcloud(TextFileError::TimedOut { path, error })
        })?;
        if kind.is_some_and(|kind| kind.is_file()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `project` in the section `[core]`.
fn project_in(configuration: &str) -> Option<String> {
    let mut in_core = false;
    for line in configuration.lines().map(str::trim) {
        if line.starts_with('[') {
            in_core = line == "[core]";
        } else if let Some((name, value)) = line.split_once('=')
            && in_core
            && name.trim() == "project"
        {
            return Some(value.trim().to_owned()).filter(|project| !project.is_empty());
        }
    }
    None
}
