//! The profile of a session: which one, what it says, and how the official SDK is told of it.
//!
//! Mirrors botocore 1.44.5. The surprising rule: `AWS_DEFAULT_PROFILE` wins over `AWS_PROFILE`, either of them names a profile
//! even when it is empty, and only a profile that the kwargs name turns off the keys in the environment.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use aws_credential_types::Credentials;
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};

use super::super::error::AwsError;
use super::super::settings::is_address;
use super::CredentialsWithOrigin;
use super::profile_file::{ProfileFiles, Sections, Settings};
use crate::deadline::Deadline;
use crate::env::Env;
use crate::secret::SecretText;

const KWARG: &str = "kwarg `profile_name`";
/// What the SDK is told of a profile, besides its keys. The rest is read here, or means nothing.
const FOR_SDK: &[&str] = &[
    "role_arn",
    "credential_source",
    "external_id",
    "role_session_name",
    "duration_seconds",
    "web_identity_token_file",
    "sso_session",
    "sso_account_id",
    "sso_role_name",
    "sso_region",
    "sso_start_url",
    "sso_registration_scopes",
    "use_fips_endpoint",
    "use_dualstack_endpoint",
    "ec2_metadata_service_endpoint",
    "ec2_metadata_service_endpoint_mode",
];

/// What the SDK is told besides, unless endpoints of files count for nothing.
const ENDPOINTS: &[&str] = &["services", "endpoint_url"];

/// The selected profile among the others.
pub(in super::super) struct Profile {
    /// Its name.
    pub name: String,
    /// The setting that names it; `None`: it is the default one.
    pub origin: Option<&'static str>,
    files: ProfileFiles,
}

/// What a profile holds of its own, without a role or single sign-on.
pub(super) enum Stored {
    /// A key pair.
    Keys(CredentialsWithOrigin),
    /// The command that prints one.
    Process(SecretText),
}

impl Profile {
    /// Reads the profile files and selects the profile.
    ///
    /// # Errors
    /// Files that cannot be read, and a profile that is named and not there.
    pub async fn load(
        env: &Env,
        profile_name: Option<&str>,
        deadline: Deadline,
    ) -> Result<Self, AwsError> {
        let (name, origin) = selected(env, profile_name)?;
        let profile = Self {
            name,
            origin,
            files: ProfileFiles::read(env, deadline).await?,
        };
        match (profile.exists(), profile.origin) {
            (false, Some(origin)) => Err(AwsError::ProfileNotFound {
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
        Some(self.settings_of(&self.name)?.get(name)?.expose())
    }

    /// Whether the files have it.
    pub fn exists(&self) -> bool {
        self.settings_of(&self.name).is_some()
    }

    /// Whether it names an account and a role of single sign-on, which boto3 wants both.
    pub fn has_sso(&self) -> bool {
        self.get("sso_account_id").is_some() && self.get("sso_role_name").is_some()
    }

    fn settings_of(&self, name: &str) -> Option<&Settings> {
        self.files.profiles.get(name)
    }

    /// The profile that a role of this one, or of its sources, wants a one-time password for.
    pub fn wants_mfa(&self) -> Option<&str> {
        let wants = |name: &&str| {
            self.settings_of(name).is_some_and(|settings| {
                settings.contains_key("role_arn") && settings.contains_key("mfa_serial")
            })
        };
        self.with_sources().into_iter().find(wants)
    }

    /// Its name and those of its source profiles, each once.
    pub fn with_sources(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        let mut next = Some(self.name.as_str());
        while let Some(name) = next.filter(|name| !names.contains(name)) {
            names.push(name);
            let source = self
                .settings_of(name)
                .and_then(|own| own.get("source_profile"));
            next = source.map(SecretText::expose);
        }
        names
    }

    /// The keys of a profile, or the command for them: boto3 looks into the credentials file, then for a process, then into
    /// the config file.
    ///
    /// # Errors
    /// Half a key pair, and `login_session`, which is not served.
    pub(super) fn stored(&self, name: &str) -> Result<Option<Stored>, AwsError> {
        let origin = || format!("the profile `{name}`");
        if let Some(keys) = keys_in(self.files.of_credentials_file.get(name), origin)? {
            return Ok(Some(Stored::Keys(keys)));
        }
        let settings = self.settings_of(name);
        let setting = |option: &str| settings.and_then(|settings| settings.get(option));
        if setting("login_session").is_some() {
            return Err(AwsError::NotServed {
                what: format!("`login_session` in the AWS profile `{name}`"),
            });
        }
        if let Some(command) = setting("credential_process") {
            return Ok(Some(Stored::Process(command.clone())));
        }
        let keys = keys_in(self.files.of_config_file.get(name), origin)?;
        Ok(keys.map(Stored::Keys))
    }

    /// The profile and its sources as a file of the SDK's, where the selected one is called [`SDK_NAME`]; `keys` are those of
    /// some of them.
    ///
    /// # Errors
    /// A value that the SDK would read otherwise than boto3.
    pub fn for_sdk(
        &self,
        keys: &BTreeMap<&str, Credentials>,
        without_endpoints: bool,
    ) -> Result<EnvConfigFiles, AwsError> {
        let endpoints = match without_endpoints {
            true => &[],
            false => ENDPOINTS,
        };
        let names = self.with_sources();
        let alias = |name: &str| match names.iter().position(|own| *own == name) {
            None | Some(0) => SDK_NAME.to_owned(),
            Some(position) => format!("source-{position}"),
        };
        let mut text = String::new();
        for name in &names {
            let empty = Settings::default();
            let settings = self.settings_of(name).unwrap_or(&empty);
            let _ = writeln!(text, "[profile {}]", alias(name));
            for option in FOR_SDK.iter().chain(endpoints) {
                let value = settings.get(*option).map(SecretText::expose);
                write_setting(&mut text, option, value)?;
            }
            if let Some(source) = settings.get("source_profile") {
                let source = source.expose();
                let known = names.contains(&source) && self.settings_of(source).is_some();
                let source = if known { alias(source) } else { "none".into() };
                let _ = writeln!(text, "source_profile = {source}");
            }
            if let Some(keys) = keys.get(name) {
                let secret = keys.secret_access_key();
                write_setting(&mut text, "aws_access_key_id", Some(keys.access_key_id()))?;
                write_setting(&mut text, "aws_secret_access_key", Some(secret))?;
                write_setting(&mut text, "aws_session_token", keys.session_token())?;
            }
        }
        write_groups(
            &mut text,
            "sso-session",
            &self.files.sso_sessions,
            str::to_owned,
        )?;
        if !without_endpoints {
            write_groups(&mut text, "services", &self.files.services, sdk_service)?;
        }
        Ok(EnvConfigFiles::builder()
            .with_contents(EnvConfigFileKind::Config, text)
            .build())
    }
}

/// The sections of a kind, with their options as the SDK spells them.
fn write_groups(
    text: &mut String,
    kind: &str,
    sections: &Sections,
    spelt: fn(&str) -> String,
) -> Result<(), AwsError> {
    for (name, settings) in sections {
        let _ = writeln!(text, "[{kind} {name}]");
        for (option, value) in settings {
            write_setting(text, &spelt(option), Some(value.expose()))?;
        }
    }
    Ok(())
}

/// The SDK's name for a service: it writes `secrets-manager` where botocore, and AWS's documentation, write `secrets_manager`,
/// and knows no other spelling.
fn sdk_service(service: &str) -> String {
    match service.contains('-') {
        true => format!("unknown-to-botocore-{service}"),
        false => service.replace('_', "-"),
    }
}

/// What the selected profile is called where the SDK reads it: its own name may hold what the SDK takes in none.
pub(in super::super) const SDK_NAME: &str = "selected";

/// `name = value`, or a block of settings below `name =`.
fn write_setting(text: &mut String, name: &str, value: Option<&str>) -> Result<(), AwsError> {
    let Some(value) = value else {
        return Ok(());
    };
    let has_comment = [" #", "\t#", " ;", "\t;"]
        .iter()
        .any(|mark| value.contains(mark));
    let is_block = value.starts_with('\n');
    check_endpoints(name, value)?;
    if has_comment || (value.contains('\n') && !is_block) {
        return Err(AwsError::setting(
            format!("`{name}` in the AWS profile files"),
            "holds a comment or a second line, which boto3 takes for a part of the value",
        ));
    }
    let _ = writeln!(text, "{name} = {}", value.replace('\n', "\n  "));
    Ok(())
}

/// An endpoint, alone or in a block, that is not an address fails boto3's client.
fn check_endpoints(name: &str, value: &str) -> Result<(), AwsError> {
    let in_block = value
        .lines()
        .filter_map(|line| line.split_once('='))
        .filter(|(name, _)| name.trim() == "endpoint_url")
        .map(|(_, url)| url.trim());
    let mut alone = (name == "endpoint_url").then_some(value).into_iter();
    match alone.by_ref().chain(in_block).all(is_address) {
        true => Ok(()),
        false => Err(AwsError::setting(
            "`endpoint_url` in the AWS profile files",
            "is not an http:// or https:// address",
        )),
    }
}

/// `_extract_creds_from_mapping`; the older name of the token comes first.
fn keys_in(
    settings: Option<&Settings>,
    origin: impl Fn() -> String,
) -> Result<Option<CredentialsWithOrigin>, AwsError> {
    let setting = |name: &str| settings.and_then(|settings| settings.get(name));
    let Some(id) = setting("aws_access_key_id") else {
        return Ok(None);
    };
    let partial = |missing| AwsError::PartialCredentials {
        origin: origin(),
        missing,
    };
    let secret = setting("aws_secret_access_key")
        .filter(|secret| !secret.expose().is_empty())
        .ok_or_else(|| partial("`aws_secret_access_key`"))?;
    if id.expose().is_empty() {
        return Err(partial("`aws_access_key_id`"));
    }
    let token = setting("aws_security_token").or_else(|| setting("aws_session_token"));
    let token = token.map(SecretText::expose);
    CredentialsWithOrigin::of_keys(id.expose(), secret.expose(), token, origin()).map(Some)
}

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
