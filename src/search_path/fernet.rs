//! Whether Airflow's server could encrypt a connection: `[core] fernet_key`, which may itself be kept in the custom backend.
//!
//! Mirrors `airflow.models.crypto.get_fernet` of Airflow 3.3.2. The surprising rule: without a key Airflow makes one of its own,
//! so that only a key that is none does harm.

use super::{FoundValue, Outcome, SearchPath};
use crate::airflow_config::{self, Origin};
use crate::connection::fernet_key;
use crate::error::{Error, Result};
use crate::python::json::Value;
use crate::secret::SecretText;
use crate::secret_kind::SecretKind;

impl SearchPath {
    /// `[core] fernet_key` must be a key, if it is set; without one Airflow makes its own.
    pub(super) async fn check_fernet_key(&self) -> Result<()> {
        let mut found = self.config.option("core", "fernet_key")?;
        while let Some(airflow_config::Found::InBackend(request)) = &found {
            let key = self.config_value(&request.key).await?;
            let key = key.filter(|key| request.is_answered_by(Some(key.expose())));
            if let Some(key) = key {
                return usable_fernet_key(&key, &request.origin);
            }
            found = self
                .config
                .option_after_secret("core", "fernet_key", request)?;
        }
        match found {
            Some(airflow_config::Found::Value(key)) => usable_fernet_key(&key.value, &key.origin),
            _ => Ok(()),
        }
    }

    /// What the custom backend's `get_config` gives, if it is text.
    async fn config_value(&self, key: &str) -> Result<Option<SecretText>> {
        let Some(layer) = self.layers.iter().find(|layer| layer.is_custom) else {
            return Ok(None);
        };
        let (report, value) = layer.ask(SecretKind::Config, key, self.options).await;
        match (report.outcome, value) {
            (Outcome::Failed(error), _) => Err(error),
            (_, Some(FoundValue::Value(Value::Text(text)))) => Ok(Some(text)),
            _ => Ok(None),
        }
    }
}

fn usable_fernet_key(key: &SecretText, origin: &Origin) -> Result<()> {
    match fernet_key::is_usable(key.expose()) {
        true => Ok(()),
        false => Err(Error::FernetKey {
            origin: origin.to_string(),
        }),
    }
}
