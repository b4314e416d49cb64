//! The sessions of a run: that of its first login, and that of the second, which the first 403 brings about.
//!
//! Mirrors `_VaultClient._run_with_reauth`, for a run that reads many secrets: Airflow logs in again for each 403, this once.
//! The surprising rule: a second login that fails takes nothing away, as the first token may still read other secrets.

use std::sync::Arc;

use super::error::VaultError;
use super::session::VaultSession;
use crate::backend::Once;

/// The sessions of a run.
#[derive(Default)]
pub struct Logins {
    first: Once<VaultSession, VaultError>,
    second: Once<VaultSession, VaultError>,
}

impl Logins {
    /// The newest session, or that of `log_in`, if there is none.
    ///
    /// # Errors
    /// The first login has failed, now or before.
    pub async fn newest(
        &self,
        log_in: impl Future<Output = Result<VaultSession, VaultError>>,
    ) -> Result<Arc<VaultSession>, VaultError> {
        match self.second.opened().await {
            Some(second) => Ok(second),
            None => self.first.get_or_open(log_in).await,
        }
    }

    /// The session of the second login, which `log_in` makes if nobody has.
    ///
    /// # Errors
    /// The second login has failed, now or before.
    pub async fn second(
        &self,
        log_in: impl Future<Output = Result<VaultSession, VaultError>>,
    ) -> Result<Arc<VaultSession>, VaultError> {
        self.second.get_or_open(log_in).await
    }

    /// Every session that there is.
    pub async fn all(&self) -> impl Iterator<Item = Arc<VaultSession>> {
        let sessions = [self.first.opened().await, self.second.opened().await];
        sessions.into_iter().flatten()
    }
}
