//! The settings that every command starts from: the environment with env files under it, and airflow.cfg.
//!
//! Loading them asks no backend. [`Settings::open`] turns them into a search path.

use std::path::PathBuf;

use crate::airflow_config::{AirflowConfig, ConfigError};
use crate::console::Console;
use crate::deadline::Deadline;
use crate::env::{Env, EnvFile, EnvFileFormat};
use crate::search_path::{LookupOptions, OpenError, SearchPath};

/// What is set, and how lookups are to be made.
#[derive(Debug)]
pub struct Settings {
    config: AirflowConfig,
    options: LookupOptions,
    console: Console,
    deadline: Deadline,
}

/// The files that settings are read from besides airflow.cfg, and how far they are trusted.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// Env files; a later one wins over an earlier one.
    pub env_files: Vec<PathBuf>,
    /// How they are read.
    pub format: EnvFileFormat,
    /// Whether commands that they name (`…_CMD`) may run.
    pub may_run_commands: bool,
}

impl Settings {
    /// Lays the env files under `env` and reads airflow.cfg, within the time limit of `options`. `console` hears what is odd.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub async fn load(
        env: Env,
        files: &Files,
        options: LookupOptions,
        console: Console,
    ) -> Result<Self, ConfigError> {
        let deadline = Deadline::after(options.timeout);
        let mut env_files = Vec::with_capacity(files.env_files.len());
        for path in &files.env_files {
            env_files.push(EnvFile::read(path, files.format, deadline).await?);
        }
        let env = env.lay_under(&env_files)?;
        env.findings()
            .iter()
            .for_each(|finding| console.finding(finding));
        let config = AirflowConfig::load(env, files.may_run_commands, deadline).await?;
        Ok(Self {
            config,
            options,
            console,
            deadline,
        })
    }

    /// What Airflow's configuration says, for those who need no search path.
    pub(crate) fn config(&self) -> &AirflowConfig {
        &self.config
    }

    /// How lookups are made.
    pub fn options(&self) -> LookupOptions {
        self.options
    }

    /// When reading settings must be over.
    pub(crate) fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// Builds the search path. Sends nothing. The console hears what is odd about the settings.
    ///
    /// # Errors
    /// What would stop Airflow at start-up, kwargs that it would silently drop, and with `strict` what is doubtful.
    pub async fn open(self) -> Result<SearchPath, OpenError> {
        let search_path =
            SearchPath::open(self.config, self.options, &self.console, self.deadline).await?;
        search_path.tell(search_path.findings())?;
        Ok(search_path)
    }
}
