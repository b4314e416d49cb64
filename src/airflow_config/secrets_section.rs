//! The custom secrets backend that the configuration names, and the text of its kwargs.
//!
//! Mirrors `_get_custom_secret_backend` of `airflow._shared.configuration.parser` in Airflow 3.3.2. The surprising rule: a
//! task uses `[workers] secrets_backend` with its own kwargs, or `[secrets] backend` with those of `[secrets]`; the two
//! never mix. Older releases read less: see [`AirflowVersion`].

use super::kwargs::{ParsedKwargs, parse_kwargs};
use super::origin::{Indirection, Origin, Place, SettingUse};
use super::{AirflowConfig, ConfigError, Found, OptionName, Setting};
use crate::airflow_version::AirflowVersion;
use crate::deadline::Deadline;
use crate::env::{Env, EnvError};
use crate::finding::Finding;
use crate::python::json::{Dict, Value};
use crate::secret::SecretText;

/// The section of airflow.cfg that a backend is configured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// `[secrets]`, for everything but tasks, and for tasks without a backend of their own.
    Secrets,
    /// `[workers]`, for tasks.
    Workers,
}

/// The custom secrets backend, as configured.
#[derive(Clone, Debug)]
pub struct BackendSetting {
    /// The dotted path of its class, as it was written.
    pub class_path: String,
    /// Where the class path comes from.
    pub origin: Origin,
    /// The section that it and its kwargs stand in.
    pub section: Section,
    /// Its kwargs, if any are set.
    pub kwargs: Option<Setting>,
    /// The kwargs that have a variable each.
    pub overrides: Vec<KwargOverride>,
}

/// One kwarg from an environment variable of its own, such as `AIRFLOW__SECRETS__BACKEND_KWARG__ROLE_ID`.
#[derive(Clone, Debug)]
pub struct KwargOverride {
    /// The name of the kwarg, lower-cased from the name of the variable.
    pub name: String,
    /// Its value: always text, neither parsed nor expanded.
    pub value: SecretText,
    /// The variable.
    pub origin: Origin,
}

impl Section {
    /// Its name in airflow.cfg.
    pub fn name(self) -> &'static str {
        match self {
            Self::Secrets => "secrets",
            Self::Workers => "workers",
        }
    }

    /// The option that names the class.
    pub(super) fn backend_option(self) -> OptionName<'static> {
        OptionName {
            section: self.name(),
            key: self.backend_key(),
        }
    }

    /// The option that holds the kwargs.
    pub(super) fn kwargs_option(self) -> OptionName<'static> {
        OptionName {
            section: self.name(),
            key: self.kwargs_key(),
        }
    }

    fn backend_key(self) -> &'static str {
        match self {
            Self::Secrets => "backend",
            Self::Workers => "secrets_backend",
        }
    }

    fn kwargs_key(self) -> &'static str {
        match self {
            Self::Secrets => "backend_kwargs",
            Self::Workers => "secrets_backend_kwargs",
        }
    }

    fn kwarg_prefix(self) -> &'static str {
        match self {
            Self::Secrets => "AIRFLOW__SECRETS__BACKEND_KWARG__",
            Self::Workers => "AIRFLOW__WORKERS__SECRETS_BACKEND_KWARG__",
        }
    }
}

/// The custom secrets backend that is configured, if one is; `worker` follows the rules for tasks.
pub async fn configured_backend(
    config: &AirflowConfig,
    worker: bool,
    version: AirflowVersion,
    deadline: Deadline,
) -> Result<Option<BackendSetting>, ConfigError> {
    let sections: &[Section] = if worker && version.has_worker_settings() {
        &[Section::Workers, Section::Secrets]
    } else {
        &[Section::Secrets]
    };
    for &section in sections {
        if let Some(class_path) = class_path(config, section, deadline).await? {
            return backend_setting(config, section, class_path, version, deadline)
                .await
                .map(Some);
        }
    }
    Ok(None)
}

/// What is set in the environment or airflow.cfg and is not read by this release, though newer ones do.
pub async fn unread_settings(
    config: &AirflowConfig,
    worker: bool,
    version: AirflowVersion,
    deadline: Deadline,
) -> Result<Vec<Finding>, ConfigError> {
    let mut unread = Vec::new();
    let workers = Section::Workers;
    if worker && !version.has_worker_settings() {
        let key = workers.backend_key();
        if let Some(Found::Value(setting)) = config.option(workers.name(), key, deadline).await? {
            unread.push(unread_setting(
                version,
                &setting.origin,
                "Airflow 3.0 brought it",
            ));
        }
    }
    if !version.reads_kwarg_variables() {
        let sections = [Section::Secrets, Section::Workers];
        for section in sections.into_iter().take(if worker { 2 } else { 1 }) {
            let variables = overrides(config.env(), section.kwarg_prefix())?;
            let since = "Airflow 3.2 brought variables for single kwargs";
            unread.extend(
                variables
                    .iter()
                    .map(|variable| unread_setting(version, &variable.origin, since)),
            );
        }
    }
    Ok(unread)
}

fn unread_setting(version: AirflowVersion, origin: &Origin, since: &str) -> Finding {
    let sentence = format!("Airflow {version} does not read {origin}: {since}");
    Finding::warning("setting-of-another-release", sentence).at(Some(origin.source()))
}

/// An empty class path is none.
async fn class_path(
    config: &AirflowConfig,
    section: Section,
    deadline: Deadline,
) -> Result<Option<Setting>, ConfigError> {
    let (section, key) = (section.name(), section.backend_key());
    Ok(match config.option(section, key, deadline).await? {
        Some(Found::Value(setting)) if !setting.value.expose().is_empty() => Some(setting),
        _ => None,
    })
}

async fn backend_setting(
    config: &AirflowConfig,
    section: Section,
    class_path: Setting,
    version: AirflowVersion,
    deadline: Deadline,
) -> Result<BackendSetting, ConfigError> {
    let (name, key) = (section.name(), section.kwargs_key());
    let kwargs = match config.option(name, key, deadline).await? {
        Some(Found::Value(setting)) => Some(setting),
        Some(Found::InBackend(request)) => {
            return Err(ConfigError::KwargsInBackend {
                origin: request.origin,
            });
        }
        None => None,
    };
    let overrides = match version.reads_kwarg_variables() {
        true => overrides(config.env(), section.kwarg_prefix())?,
        false => Vec::new(),
    };
    Ok(BackendSetting {
        class_path: class_path.value.expose().to_owned(),
        origin: class_path.origin,
        section,
        kwargs,
        overrides,
    })
}

/// The variables that start with `prefix`, in their order; one that is only the prefix does not count.
fn overrides(env: &Env, prefix: &str) -> Result<Vec<KwargOverride>, EnvError> {
    let mut overrides = Vec::new();
    for variable in env.names() {
        let Some(name) = variable
            .strip_prefix(prefix)
            .filter(|name| !name.is_empty())
        else {
            continue;
        };
        if let Some(value) = env.get(variable)? {
            let place = Place::of_variable(env, variable.to_owned());
            overrides.push(KwargOverride {
                name: name.to_lowercase(),
                value: value.into(),
                origin: Origin {
                    place,
                    indirection: Indirection::None,
                },
            });
        }
    }
    Ok(overrides)
}

impl BackendSetting {
    /// The kwargs that the backend's constructor gets: the JSON object, and over it the ones that have a variable each.
    ///
    /// `known` are the names that the class knows, which alone an error message may show. `strict` allows no repair.
    pub fn parse_kwargs(
        &self,
        env: &Env,
        known: &[&str],
        strict: bool,
    ) -> Result<ParsedKwargs, ConfigError> {
        let mut parsed = match &self.kwargs {
            Some(setting) => parse_kwargs(env, setting, known, strict)?,
            None => ParsedKwargs::default(),
        };
        parsed.kwargs.extend(self.overriding_kwargs());
        Ok(parsed)
    }

    /// The settings that it is made from, in the order in which they count.
    pub fn uses(&self, env: &Env) -> Vec<SettingUse> {
        let kwargs = self.kwargs.iter().map(|kwargs| &kwargs.origin);
        let overrides = self.overrides.iter().map(|kwarg| &kwarg.origin);
        let origins = [&self.origin].into_iter().chain(kwargs).chain(overrides);
        origins.map(|origin| SettingUse::of(origin, env)).collect()
    }

    /// The kwargs that have a variable each.
    pub fn overriding_kwargs(&self) -> Dict {
        let overrides = self.overrides.iter();
        overrides
            .map(|kwarg| (kwarg.name.clone(), Value::Text(kwarg.value.clone())))
            .collect()
    }
}
