//! Whether Airflow's server could encrypt a connection: `[core] fernet_key`, which may itself be kept in the custom backend.
//!
//! Mirrors `airflow.models.crypto.get_fernet` of Airflow 3.3.2. The surprising rule: without a key Airflow makes one of its own,
//! so that only a key that is not one does harm.

use super::{LayerError, SearchPath};
use crate::airflow_config::{Found, Origin};
use crate::backend::{Answer, Secret};
use crate::connection::fernet_key;
use crate::deadline::Deadline;
use crate::python::json::Value;
use crate::secret::SecretText;
use crate::secret_kind::{SecretId, SecretKind};

impl SearchPath {
    /// `[core] fernet_key` must be a key, if it is set. It is looked for once in a run.
    pub(super) async fn check_fernet_key(&self) -> Result<(), LayerError> {
        let checked = self
            .fernet_key
            .get_or_init(|| self.look_for_fernet_key(self.options.deadline()));
        checked.await.clone()
    }

    async fn look_for_fernet_key(&self, deadline: Deadline) -> Result<(), LayerError> {
        let config = &self.config;
        let mut found = config.option("core", "fernet_key", deadline).await?;
        while let Some(Found::InBackend(request)) = &found {
            let key = self.config_text(&request.key, deadline).await?;
            let key = key.filter(|key| request.is_answered_by(Some(key.expose())));
            if let Some(key) = key {
                return usable_fernet_key(&key, &request.origin);
            }
            found = config
                .option_after_secret("core", "fernet_key", request, deadline)
                .await?;
        }
        match found {
            Some(Found::Value(key)) => usable_fernet_key(&key.value, &key.origin),
            _ => Ok(()),
        }
    }

    /// What the custom backend's `get_config` gives, if it is text.
    async fn config_text(
        &self,
        key: &str,
        deadline: Deadline,
    ) -> Result<Option<SecretText>, LayerError> {
        let Some(layer) = self.layers.iter().find(|layer| layer.is_custom) else {
            return Ok(None);
        };
        let secret = SecretId::new(SecretKind::Config, key);
        Ok(match layer.config_text(&secret, deadline).await? {
            Some(Answer::Found(Secret::Text(text) | Secret::Value(Value::Text(text)))) => {
                Some(text)
            }
            _ => None,
        })
    }
}

fn usable_fernet_key(key: &SecretText, origin: &Origin) -> Result<(), LayerError> {
    match fernet_key::is_usable(key.expose()) {
        true => Ok(()),
        false => Err(LayerError::FernetKey {
            origin: origin.clone(),
        }),
    }
}
