//! The settings that every command starts from: the environment with env files under it, and airflow.cfg.
//!
//! Loading them asks no backend. [`Settings::open`] turns them into a search path.

use std::path::PathBuf;

use crate::airflow_config::{AirflowConfig, ConfigError};
use crate::console::Console;
use crate::deadline::Deadline;
use crate::env::{Env, EnvFile};
use crate::search_path::{LookupOptions, OpenError, OpenedSearchPath, SearchPath};

/// What is set, and how lookups are to be made.
#[derive(Debug)]
pub struct Settings {
    config: AirflowConfig,
    options: LookupOptions,
    console: Console,
    deadline: Deadline,
}

impl Settings {
    /// Lays `env_files` under `env` and reads airflow.cfg, within the time limit of `options`. `console` hears what is odd.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub async fn load(
        env: Env,
        env_files: &[PathBuf],
        options: LookupOptions,
        console: Console,
    ) -> Result<Self, ConfigError> {
        let deadline = Deadline::after(options.timeout);
        let mut files = Vec::with_capacity(env_files.len());
        for path in env_files {
            files.push(EnvFile::read(path, deadline).await?);
        }
        let env = env.lay_under(&files)?;
        env.findings()
            .iter()
            .for_each(|finding| console.finding(finding));
        let config = AirflowConfig::load(env, deadline).await?;
        Ok(Self {
            config,
            options,
            console,
            deadline,
        })
    }

    /// Builds the search path. Sends nothing. The console hears what is odd about the settings.
    ///
    /// # Errors
    /// What would stop Airflow at start-up, and kwargs that it would silently drop.
    pub async fn open(self) -> Result<SearchPath, OpenError> {
        let OpenedSearchPath {
            search_path,
            findings,
        } = SearchPath::open(self.config, self.options, &self.console, self.deadline).await?;
        findings
            .iter()
            .for_each(|finding| self.console.finding(finding));
        Ok(search_path)
    }
}
