//! Application default credentials: `google.auth.default()` of google-auth 2.62.2.
//!
//! The surprising rule: `GOOGLE_CLOUD_PROJECT` wins over the project in the credentials, but only here; a key that the kwargs
//! name keeps its own.

use std::path::Path;

use super::load::kind_of;
use super::{GoogleCredentials, GoogleError, GoogleProject, gcloud};
use crate::deadline::Deadline;
use crate::env::{Env, EnvError};

/// The credentials that the environment, gcloud's folder or this machine offers. Sends nothing.
///
/// # Errors
/// A file that cannot be used, or nothing to look at and `NO_GCE_CHECK`.
pub async fn credentials(env: &Env, deadline: Deadline) -> Result<GoogleCredentials, GoogleError> {
    let mut credentials = offered(env, deadline).await?;
    if let Some(project) = named_project(env)? {
        credentials.project = GoogleProject::Named(project);
    }
    Ok(credentials)
}

async fn offered(env: &Env, deadline: Deadline) -> Result<GoogleCredentials, GoogleError> {
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
        return GoogleCredentials::from_file(path, origin, env, deadline).await;
    }
    if let Some(path) = of_gcloud {
        let origin = format!("gcloud's `{}`", path.display());
        let kind = kind_of(&path, &origin, deadline).await?;
        if kind.is_some_and(|kind| kind.is_file()) {
            return with_gclouds_project(&path, origin, env, deadline).await;
        }
    }
    if env.get("NO_GCE_CHECK")? == Some("true") {
        return Err(GoogleError::NoCredentials {
            metadata_server: None,
        });
    }
    GoogleCredentials::of_the_machine(env)
}

async fn with_gclouds_project(
    path: &Path,
    origin: String,
    env: &Env,
    deadline: Deadline,
) -> Result<GoogleCredentials, GoogleError> {
    let mut credentials = GoogleCredentials::from_file(path, origin, env, deadline).await?;
    if credentials.project == GoogleProject::Unknown {
        credentials.project = gcloud::project(env, deadline).await?.into();
    }
    Ok(credentials)
}

/// `GOOGLE_CLOUD_PROJECT`, or where that is not set at all `GCLOUD_PROJECT`.
fn named_project(env: &Env) -> Result<Option<String>, EnvError> {
    let named = match env.get("GOOGLE_CLOUD_PROJECT")? {
        Some(project) => Some(project),
        None => env.get("GCLOUD_PROJECT")?,
    };
    Ok(named
        .filter(|project| !project.is_empty())
        .map(str::to_owned))
}
