//! Airflow's configuration: where an option is looked for, and what it then is.
//!
//! Mirrors `airflow.configuration` and `airflow._shared.configuration.parser` of Airflow 3.3.2, for reading. Surprising
//! rules: an environment variable that is set to nothing wins over airflow.cfg; and what a command or a secrets backend
//! gives is not expanded, while all else is.

pub(crate) mod cfg_file;
pub(crate) mod command;
mod error;
mod kwargs;
mod origin;
#[cfg(test)]
mod recorded;
mod secrets_section;
mod sensitive;
mod startup;
mod unconfigured;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cfg_file::{CfgFault, CfgFile};
pub use error::ConfigError;
pub use origin::{Indirection, Origin, Place, SettingUse};
pub use secrets_section::{BackendSetting, Section, configured_backend, unread_settings};

use crate::deadline::Deadline;
use crate::env::{Env, expand_env_var};
use crate::secret::SecretText;
use crate::source::Source;
use crate::text_file::{self, TextFileError};

/// The largest airflow.cfg that is read, in bytes; the one that Airflow writes has some 150,000.
const LARGEST_CFG: u64 = 16 * 1024 * 1024;

/// The environment and airflow.cfg, read once.
#[derive(Debug)]
pub struct AirflowConfig {
    env: Env,
    cfg_path: Arc<PathBuf>,
    cfg: CfgFile,
    cfg_exists: bool,
    /// Whether commands that an env file names may run.
    runs_files_commands: bool,
}

/// The value of an option.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The value, expanded.
    pub value: SecretText,
    /// The value before `$NAME` and `~` were expanded; of a command, what it printed.
    pub unexpanded: SecretText,
    /// Where it comes from.
    pub origin: Origin,
}

/// What the configuration says of an option.
#[derive(Clone, Debug)]
pub enum Found {
    /// Its value.
    Value(Setting),
    /// Its value is kept in the custom secrets backend.
    InBackend(BackendRequest),
}

/// A value that the custom secrets backend must be asked for, with its `get_config`.
#[derive(Clone, Debug)]
pub struct BackendRequest {
    /// What to ask for.
    pub key: String,
    /// The `_SECRET` setting that says so.
    pub origin: Origin,
    /// How many places were looked at, this one included.
    places: usize,
}

/// The places where an option is looked for, in order.
#[derive(Clone, Copy)]
enum Step {
    Environment,
    Cfg,
    CfgCommand,
    CfgSecret,
}

/// An option: its section and name in lower case.
#[derive(Clone, Copy)]
struct OptionName<'a> {
    section: &'a str,
    key: &'a str,
}

impl AirflowConfig {
    /// Finds airflow.cfg as Airflow does and reads it; a file that does not exist is an empty one. With `[core] unit_test_mode`
    /// Airflow goes by its test configuration instead, and nothing in the file counts.
    ///
    /// # Errors
    /// It cannot be read, be it in time or at all, or is not a configuration file.
    ///
    /// `runs_files_commands`: the environment and airflow.cfg are the operator's own, an env file may be anybody's who can open a
    /// pull request; so its commands run only if that is wanted.
    pub async fn load(
        env: Env,
        runs_files_commands: bool,
        deadline: Deadline,
    ) -> Result<Self, ConfigError> {
        let path = cfg_path(&env)?;
        let mut config = Self {
            env,
            cfg_path: Arc::new(path),
            cfg: CfgFile::default(),
            cfg_exists: false,
            runs_files_commands,
        };
        if config.flag("core", "unit_test_mode", deadline).await? == Some(true) {
            return Ok(config);
        }
        config.read_cfg(deadline).await?;
        if config.flag("core", "unit_test_mode", deadline).await? == Some(true) {
            config.cfg = CfgFile::default();
        }
        Ok(config)
    }

    async fn read_cfg(&mut self, deadline: Deadline) -> Result<(), ConfigError> {
        let path = &self.cfg_path;
        let text = match text_file::read(path, LARGEST_CFG, deadline).await {
            Ok(text) => SecretText::new(text),
            Err(TextFileError::Missing { .. }) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        self.cfg = CfgFile::parse(text.expose()).map_err(|fault| cfg_error(path, fault))?;
        self.cfg_exists = true;
        Ok(())
    }

    /// The environment.
    pub fn env(&self) -> &Env {
        &self.env
    }

    /// Where airflow.cfg is, or would be.
    pub fn cfg_path(&self) -> &Path {
        &self.cfg_path
    }

    /// Whether there is an airflow.cfg.
    pub fn cfg_exists(&self) -> bool {
        self.cfg_exists
    }

    /// What the configuration says of an option; `None` leaves Airflow's default. Runs its command, if it has one.
    ///
    /// `section` and `key` are in lower case.
    pub async fn option(
        &self,
        section: &str,
        key: &str,
        deadline: Deadline,
    ) -> Result<Option<Found>, ConfigError> {
        self.option_from(0, OptionName { section, key }, deadline)
            .await
    }

    /// What the configuration says of an option besides the request that the secrets backend had no answer for.
    pub async fn option_after_secret(
        &self,
        section: &str,
        key: &str,
        request: &BackendRequest,
        deadline: Deadline,
    ) -> Result<Option<Found>, ConfigError> {
        self.option_from(request.places, OptionName { section, key }, deadline)
            .await
    }

    /// Whether `[core] multi_team` is on.
    pub async fn multi_team(&self, deadline: Deadline) -> Result<bool, ConfigError> {
        Ok(self.flag("core", "multi_team", deadline).await? == Some(true))
    }

    /// An option that is true or false, if it is set.
    ///
    /// # Errors
    /// It is neither.
    pub async fn flag(
        &self,
        section: &str,
        key: &str,
        deadline: Deadline,
    ) -> Result<Option<bool>, ConfigError> {
        match self.option(section, key, deadline).await? {
            Some(Found::Value(setting)) => match to_bool(setting.value.expose()) {
                None => Err(ConfigError::NotBool {
                    origin: setting.origin,
                }),
                is_on => Ok(is_on),
            },
            _ => Ok(None),
        }
    }

    /// Looks at the places but the first `skipped`; each is tried under today's name and then under the former one.
    async fn option_from(
        &self,
        skipped: usize,
        name: OptionName<'_>,
        deadline: Deadline,
    ) -> Result<Option<Found>, ConfigError> {
        let names = name.with_former();
        let steps = [
            Step::Environment,
            Step::Cfg,
            Step::CfgCommand,
            Step::CfgSecret,
        ];
        let places = steps
            .iter()
            .flat_map(|&step| names.iter().map(move |&name| (step, name)));
        for (index, (step, name)) in places.enumerate().skip(skipped) {
            match self.look_at(step, name, deadline).await? {
                None => {}
                Some(Found::InBackend(request)) => {
                    let places = index + 1;
                    return Ok(Some(Found::InBackend(BackendRequest { places, ..request })));
                }
                found => return Ok(found),
            }
        }
        Ok(None)
    }

    async fn look_at(
        &self,
        step: Step,
        name: OptionName<'_>,
        deadline: Deadline,
    ) -> Result<Option<Found>, ConfigError> {
        let may_be_indirect = sensitive::is_sensitive(name.section, name.key);
        match step {
            Step::Environment => self.in_environment(name, deadline).await,
            Step::Cfg => self.in_cfg(name),
            Step::CfgCommand if may_be_indirect => self.in_cfg_command(name, deadline).await,
            Step::CfgSecret if may_be_indirect => self.in_cfg_secret(name),
            _ => Ok(None),
        }
    }

    async fn in_environment(
        &self,
        name: OptionName<'_>,
        deadline: Deadline,
    ) -> Result<Option<Found>, ConfigError> {
        let variable = name.variable();
        if let Some(text) = self.env.get(&variable)? {
            let origin = self.environment_origin(variable.clone(), Indirection::None);
            return self.expanded(text, origin).map(Some);
        }
        if !sensitive::is_sensitive(name.section, name.key) {
            return Ok(None);
        }
        let command = format!("{variable}_CMD");
        if let Some(text) = self.env.get(&command)? {
            let origin = self.environment_origin(command.clone(), Indirection::Command);
            let setting = self.printed(text, origin, deadline).await?;
            return Ok(Some(Found::Value(setting)));
        }
        let secret = format!("{variable}_SECRET");
        Ok(self.env.get(&secret)?.map(|key| {
            let origin = self.environment_origin(secret.clone(), Indirection::Secret);
            Found::InBackend(BackendRequest {
                key: key.to_owned(),
                origin,
                places: 0,
            })
        }))
    }

    fn in_cfg(&self, name: OptionName) -> Result<Option<Found>, ConfigError> {
        match self.cfg_value(name.section, name.key, Indirection::None)? {
            Some((text, origin)) => self.expanded(text.expose(), origin).map(Some),
            None => Ok(None),
        }
    }

    /// A command in airflow.cfg that prints nothing does not count.
    async fn in_cfg_command(
        &self,
        name: OptionName<'_>,
        deadline: Deadline,
    ) -> Result<Option<Found>, ConfigError> {
        let key = format!("{}_cmd", name.key);
        let Some((text, origin)) = self.cfg_value(name.section, &key, Indirection::Command)? else {
            return Ok(None);
        };
        let setting = self.printed(text.expose(), origin, deadline).await?;
        Ok((!setting.value.expose().is_empty()).then_some(Found::Value(setting)))
    }

    fn in_cfg_secret(&self, name: OptionName) -> Result<Option<Found>, ConfigError> {
        let key = format!("{}_secret", name.key);
        let found = self.cfg_value(name.section, &key, Indirection::Secret)?;
        Ok(found.map(|(text, origin)| {
            let key = text.expose().to_owned();
            Found::InBackend(BackendRequest {
                key,
                origin,
                places: 0,
            })
        }))
    }

    fn cfg_value(
        &self,
        section: &str,
        key: &str,
        indirection: Indirection,
    ) -> Result<Option<(SecretText, Origin)>, ConfigError> {
        let value = self
            .cfg
            .get(section, key)
            .map_err(|fault| cfg_error(&self.cfg_path, fault))?;
        Ok(value.map(|value| {
            let place = Place::Cfg {
                path: self.cfg_path.clone(),
                section: section.to_owned(),
                key: key.to_owned(),
                line: value.line,
            };
            (value.text, Origin { place, indirection })
        }))
    }

    fn environment_origin(&self, name: String, indirection: Indirection) -> Origin {
        Origin {
            place: Place::of_variable(&self.env, name),
            indirection,
        }
    }

    fn expanded(&self, text: &str, origin: Origin) -> Result<Found, ConfigError> {
        match expand_env_var(&self.env, text) {
            Ok(value) => Ok(Found::Value(Setting {
                value: value.into(),
                unexpanded: text.into(),
                origin,
            })),
            Err(error) => Err(ConfigError::Expansion {
                origin,
                error: error.into(),
            }),
        }
    }

    /// Whether an env file holds the setting, or leads to the airflow.cfg that does.
    fn is_of_a_file(&self, place: &Place) -> bool {
        let is_file = |source: &Source| matches!(source, Source::File { .. });
        match place {
            Place::Environment { source, .. } => is_file(source),
            Place::Cfg { .. } => LEADING_TO_CFG
                .iter()
                .any(|name| self.env.source_of(name).is_some_and(is_file)),
        }
    }

    async fn printed(
        &self,
        command: &str,
        origin: Origin,
        deadline: Deadline,
    ) -> Result<Setting, ConfigError> {
        if self.is_of_a_file(&origin.place) && !self.runs_files_commands {
            return Err(ConfigError::CommandNotAllowed { origin });
        }
        match command::run(&self.env, command, deadline).await {
            Ok(output) => Ok(Setting {
                unexpanded: output.clone(),
                value: output,
                origin,
            }),
            Err(error) => Err(ConfigError::Command { origin, error }),
        }
    }
}

impl BackendRequest {
    /// Whether the backend's answer is the value: in airflow.cfg an empty answer is none.
    pub fn is_answered_by(&self, answer: Option<&str>) -> bool {
        match answer {
            Some("") => matches!(self.origin.place, Place::Environment { .. }),
            Some(_) => true,
            None => false,
        }
    }
}

impl<'a> OptionName<'a> {
    /// Today's name, and then the former one, which is still read.
    fn with_former(self) -> Vec<OptionName<'a>> {
        let former = sensitive::former_place(self.section, self.key)
            .map(|(section, key)| OptionName { section, key });
        [self].into_iter().chain(former).collect()
    }

    /// The environment variable that sets the option.
    fn variable(self) -> String {
        let section = self.section.replace('.', "_").to_uppercase();
        format!("AIRFLOW__{section}__{}", self.key.to_uppercase())
    }
}

/// The variables that say where airflow.cfg is.
const LEADING_TO_CFG: [&str; 3] = ["AIRFLOW_CONFIG", "AIRFLOW_HOME", "HOME"];

/// `AIRFLOW_CONFIG`, or `airflow.cfg` in `AIRFLOW_HOME`, or in `~/airflow`.
fn cfg_path(env: &Env) -> Result<PathBuf, ConfigError> {
    match env.get("AIRFLOW_CONFIG")? {
        Some("") => Err(ConfigError::EmptyConfigPath),
        Some(path) => Ok(expand_env_var(env, path)?.into()),
        None => {
            let home = env.get("AIRFLOW_HOME")?.unwrap_or("~/airflow");
            Ok(Path::new(&expand_env_var(env, home)?).join("airflow.cfg"))
        }
    }
}

fn cfg_error(path: &Path, fault: CfgFault) -> ConfigError {
    ConfigError::Cfg {
        path: path.to_owned(),
        fault,
    }
}

/// `getboolean`: what stands after `#` does not count.
fn to_bool(text: &str) -> Option<bool> {
    let text = text.to_lowercase();
    let word = text.split('#').next().unwrap_or_default();
    match crate::python::text::strip(word) {
        "t" | "true" | "1" => Some(true),
        "f" | "false" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
