//! The profile of a session: which one, and what it says. The files are `~/.aws/config` and `~/.aws/credentials`.
//!
//! Mirrors botocore 1.44.5. The surprising rule: `AWS_DEFAULT_PROFILE` wins over `AWS_PROFILE`, either of them names a profile
//! even when it is empty, and only a profile that the kwargs name turns off the keys in the environment.

use aws_config::profile::{Profile as Section, ProfileSet};
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_types::os_shim_internal::{Env as SdkEnv, Fs};

use super::error::AwsError;
use crate::env::Env;

/// The selected profile among the others.
pub struct Profile {
    /// Its name.
    pub name: String,
    /// The setting that names it; `None`: it is the default one.
    pub origin: Option<&'static str>,
    profiles: ProfileSet,
}

impl Profile {
    /// Reads the profile files and selects the profile.
    ///
    /// # Errors
    /// Files that cannot be read, and a profile that is named and not there.
    pub async fn load(
        env: &Env,
        sdk_env: &SdkEnv,
        profile_name: Option<&str>,
    ) -> Result<Self, AwsError> {
        let (name, origin) = selected(env, profile_name)?;
        let files = EnvConfigFiles::default();
        let profiles =
            aws_config::profile::load(&Fs::real(), sdk_env, &files, Some(name.clone().into()))
                .await;
        let profile = Self {
            name,
            origin,
            profiles: profiles.map_err(|_| AwsError::ProfileFiles)?,
        };
        match (profile.section(), profile.origin) {
            (None, Some(origin)) => Err(AwsError::ProfileNotFound {
                name: profile.name,
                origin,
            }),
            _ => Ok(profile),
        }
    }

    /// Whether the kwargs name it.
    pub fn is_explicit(&self) -> bool {
        self.origin == Some(KWARG)
    }

    /// A setting of it.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.section()?.get(name)
    }

    /// Whether the files have it.
    pub fn exists(&self) -> bool {
        self.section().is_some()
    }

    fn section(&self) -> Option<&Section> {
        self.profiles.get_profile(&self.name)
    }

    /// The profile that a role of this one, or of its sources, wants a one-time password for.
    pub fn wants_mfa(&self) -> Option<String> {
        let mut name = self.name.clone();
        for _ in self.profiles.profiles() {
            let section = self.profiles.get_profile(&name)?;
            if section.get("role_arn").is_some() && section.get("mfa_serial").is_some() {
                return Some(name);
            }
            name = section.get("source_profile")?.to_owned();
        }
        None
    }
}

const KWARG: &str = "kwarg `profile_name`";

fn selected(
    env: &Env,
    profile_name: Option<&str>,
) -> Result<(String, Option<&'static str>), AwsError> {
    if let Some(name) = profile_name {
        return Ok((name.to_owned(), Some(KWARG)));
    }
    for (variable, origin) in [
        ("AWS_DEFAULT_PROFILE", "`AWS_DEFAULT_PROFILE`"),
        ("AWS_PROFILE", "`AWS_PROFILE`"),
    ] {
        if let Some(name) = env.get(variable)? {
            return Ok((name.to_owned(), Some(origin)));
        }
    }
    Ok(("default".into(), None))
}
