//! What gcloud leaves on a machine: the login for application default credentials, and the active project.
//!
//! Mirrors `google.auth._cloud_sdk`. The surprising rule: google-auth gets the project by running `gcloud config get project`,
//! so without gcloud on the path there is none. secretctl reads the same files and settings, on the same condition.

use std::path::{Path, PathBuf};

use crate::env::{Env, EnvError};
use crate::text_file;

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
pub fn project(env: &Env) -> Result<Option<String>, EnvError> {
    if !is_installed(env)? {
        return Ok(None);
    }
    if let Some(project) = env.get("CLOUDSDK_CORE_PROJECT")? {
        return Ok(Some(project.to_owned()).filter(|project| !project.is_empty()));
    }
    let Some(folder) = folder(env)? else {
        return Ok(None);
    };
    let read = |path: &Path| text_file::read(path, CONFIGURATION_LIMIT).ok();
    let active = match env.get("CLOUDSDK_ACTIVE_CONFIG_NAME")? {
        Some(name) => Some(name.to_owned()),
        None => read(&folder.join("active_config")).map(|name| name.trim().to_owned()),
    };
    let name = format!(
        "configurations/config_{}",
        active.as_deref().unwrap_or("default")
    );
    Ok(read(&folder.join(name)).and_then(|configuration| project_in(&configuration)))
}

fn is_installed(env: &Env) -> Result<bool, EnvError> {
    let path = env.get("PATH")?.unwrap_or_default();
    Ok(path
        .split(':')
        .any(|folder| Path::new(folder).join("gcloud").is_file()))
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
