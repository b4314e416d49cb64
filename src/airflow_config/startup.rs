//! What Airflow reads whenever it starts, whatever it is asked for afterwards.
//!
//! Mirrors `mask_secrets` in `airflow.configuration` of Airflow 3.3.2 and 2.11.2. The surprising rule: every sensitive option is
//! read at start, so that logs can hide its value, and a fault in any of them in airflow.cfg keeps Airflow from starting. The
//! options' commands are run there too; secretctl runs only those of the options that a lookup needs.

use super::sensitive;
use super::{AirflowConfig, ConfigError, Indirection, OptionName};
use crate::airflow_version::AirflowVersion;

impl AirflowConfig {
    /// Reads the sensitive options that are written out in the environment or in airflow.cfg.
    ///
    /// # Errors
    /// A `%` that interpolation cannot take, and variables that name each other without end.
    pub fn check_start(&self, version: AirflowVersion) -> Result<(), ConfigError> {
        for &(section, key) in sensitive::read_at_start(version) {
            self.read_at_start(&OptionName { section, key }.with_former())?;
        }
        Ok(())
    }

    /// Reads one option under today's name or its former one. What a variable gives, airflow.cfg is not asked for.
    fn read_at_start(&self, names: &[OptionName]) -> Result<(), ConfigError> {
        for name in names {
            let variable = name.variable();
            if let Some(text) = self.env.get(&variable)? {
                let origin = self.environment_origin(variable, Indirection::None);
                return self.expanded(text, origin).map(drop);
            }
            for indirection in ["_CMD", "_SECRET"] {
                if self.env.get(&format!("{variable}{indirection}"))?.is_some() {
                    return Ok(());
                }
            }
        }
        for name in names {
            if self.in_cfg(*name)?.is_some() {
                return Ok(());
            }
        }
        for suffix in ["cmd", "secret"] {
            for OptionName { section, key } in names {
                let key = format!("{key}_{suffix}");
                if self.cfg_value(section, &key, Indirection::None)?.is_some() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::deadline::Deadline;
    use crate::env::Env;
    use crate::testing::block_on;

    fn start(cfg: &str, variables: &[(&str, &str)]) -> Result<(), ConfigError> {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("airflow.cfg"), cfg).unwrap();
        let home = home.path().to_str().unwrap();
        let variables = variables.iter().copied().chain([("AIRFLOW_HOME", home)]);
        let deadline = Deadline::after(Duration::from_secs(20));
        let config = block_on(AirflowConfig::load(
            Env::from_pairs(variables),
            true,
            deadline,
        ));
        config.unwrap().check_start(AirflowVersion::V3_3)
    }

    #[test]
    fn a_fault_in_any_sensitive_option_stops_airflow() {
        assert!(start("[secrets]\nbackend_kwargs = %\n", &[]).is_err());
        assert!(start("[sentry]\nsentry_dsn = 100%\n", &[]).is_err());
        assert!(start("[secrets]\nbackend_kwargs_cmd = %\n", &[]).is_err());
        assert!(start("[sentry]\nsentry_dsn_secret = 100%\n", &[]).is_err());
        assert!(start("[core]\nsql_alchemy_conn = p%w\n", &[]).is_err());
        let circle = [
            ("AIRFLOW__CORE__FERNET_KEY", "$A"),
            ("A", "$B"),
            ("B", "$A"),
        ];
        assert!(start("", &circle).is_err());
    }

    #[test]
    fn what_is_not_read_does_not_stop_it() {
        assert!(start("[core]\ndags_folder = %\n", &[]).is_ok());
        assert!(start("[core]\ndags_folder_cmd = %\n", &[]).is_ok());
        assert!(start("[sentry]\nsentry_dsn = x\nsentry_dsn_cmd = %\n", &[]).is_ok());
        for name in ["", "_CMD", "_SECRET"] {
            let variable = format!("AIRFLOW__SECRETS__BACKEND_KWARGS{name}");
            assert!(start("[secrets]\nbackend_kwargs = %\n", &[(&variable, "{}")]).is_ok());
        }
    }
}
