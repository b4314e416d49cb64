//! Application default credentials: `google.auth.default()` of google-auth 2.62.2.
//!
//! The surprising rule: `GOOGLE_CLOUD_PROJECT` wins over the project in the credentials, but only here; a key that the kwargs
//! name keeps its own.

use std::path::Path;

use super::{Credentials, GoogleError, Project, gcloud};
use crate::env::Env;
use crate::error::Result;

/// The credentials that the environment, gcloud's folder or this machine offers. Sends nothing.
///
/// # Errors
/// A file that cannot be used, or nothing to look at and `NO_GCE_CHECK`.
pub fn credentials(env: &Env) -> Result<Credentials> {
    let mut credentials = offered(env)?;
    if let Some(project) = named_project(env)? {
        credentials.project = Project::Named(project);
    }
    Ok(credentials)
}

fn offered(env: &Env) -> Result<Credentials> {
    let of_gcloud = gcloud::credentials_path(env)?;
    let explicit = env
        .get("GOOGLE_APPLICATION_CREDENTIALS")?
        .filter(|path| !path.is_empty())
        .map(Path::new);
    if let Some(path) = explicit.filter(|path| Some(*path) != of_gcloud.as_deref()) {
        let origin = format!(
            "`{}`, named by `GOOGLE_APPLICATION_CREDENTIALS`",
            path.display()
        );
        return Credentials::from_file(path, origin, env);
    }
    if let Some(path) = of_gcloud.filter(|path| path.is_file()) {
        return with_gclouds_project(&path, env);
    }
    if env.get("NO_GCE_CHECK")? == Some("true") {
        let machine = "NO_GCE_CHECK forbids to ask the metadata server".to_owned();
        return Err(GoogleError::NoCredentials { machine }.into());
    }
    Credentials::of_the_machine(env)
}

fn with_gclouds_project(path: &Path, env: &Env) -> Result<Credentials> {
    let origin = format!("gcloud's `{}`", path.display());
    let mut credentials = Credentials::from_file(path, origin, env)?;
    if credentials.project == Project::Unknown {
        credentials.project = gcloud::project(env)?.into();
    }
    Ok(credentials)
}

/// `GOOGLE_CLOUD_PROJECT`, or where that is not set at all `GCLOUD_PROJECT`.
fn named_project(env: &Env) -> Result<Option<String>> {
    let named = match env.get("GOOGLE_CLOUD_PROJECT")? {
        Some(project) => Some(project),
        None => env.get("GCLOUD_PROJECT")?,
    };
    Ok(named
        .filter(|project| !project.is_empty())
        .map(str::to_owned))
}
