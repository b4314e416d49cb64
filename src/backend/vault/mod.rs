//! HashiCorp Vault's KV engines, versions 1 and 2.
//!
//! Mirrors `airflow.providers.hashicorp.secrets.vault.VaultBackend` of apache-airflow-providers-hashicorp 4.8.4 over hvac 2.4.0.
//! Its surprising rule: with `"mount_point": null` the mount is the first part of the id itself.

mod address;
mod auth;
mod diagnosis;
mod error;
mod header;
mod logins;
mod mismatch;
mod near_miss;
mod path;
mod reply;
mod session;
mod settings;
mod stored;
mod transport;

use std::sync::Arc;

use async_trait::async_trait;

pub(crate) use error::VaultError;

use super::kwargs::Kwargs;
use super::{Answer, Backend, BackendError, Location, Place, SecretRef, Surroundings};
use crate::deadline::Deadline;
use crate::finding::Finding;
use crate::secret_kind::{SecretId, SecretKind};
use logins::Logins;
use path::SecretPath;
use session::VaultSession;
use settings::VaultSettings;
use stored::Stored;

/// The most hints that an absent secret is given.
const HINTS: usize = 3;

/// The backend, with the sessions of its logins.
pub struct VaultBackend {
    settings: Arc<VaultSettings>,
    surroundings: Surroundings,
    logins: Logins,
}

impl VaultBackend {
    /// Every kwarg that the provider's constructor or hvac's client knows.
    pub(crate) const KWARGS: &'static [&'static str] = settings::KWARGS;

    /// Builds the backend as the provider's constructor does, and says what is odd about its settings.
    ///
    /// # Errors
    /// What the constructor raises on. What fails only at the first lookup is kept until then, as in Airflow.
    pub(crate) fn open(
        kwargs: Kwargs<'_>,
        surroundings: &Surroundings,
    ) -> Result<(Self, Vec<Finding>), VaultError> {
        let settings = VaultSettings::from_kwargs(kwargs, &surroundings.env)?;
        let findings = settings.findings();
        let backend = Self {
            settings: Arc::new(settings),
            surroundings: surroundings.clone(),
            logins: Logins::default(),
        };
        Ok((backend, findings))
    }

    /// The paths at which a secret is looked for, in order; `Err` says why Vault is not asked.
    fn secret_paths(&self, secret: &SecretId) -> Result<Vec<SecretPath>, String> {
        let settings = &self.settings;
        let kind = secret.kind;
        let bases = settings.base_paths.get(kind).as_deref();
        let Some(bases) = bases.filter(|bases| !bases.is_empty()) else {
            return Err(format!(
                "`{}` is null, so Vault is not asked for a {kind}",
                settings::path_kwarg(kind)
            ));
        };
        if kind != SecretKind::Config && self.names_a_team(&secret.id) {
            return Err("with [core] multi_team an id with `/` could name a team's secret, so it is not looked up".into());
        }
        let mount_point = settings.mount_point.as_deref();
        let paths = bases
            .iter()
            .filter_map(|base| SecretPath::new(mount_point, base, &secret.id));
        let paths: Vec<SecretPath> = paths.collect();
        if paths.is_empty() {
            return Err("with \"mount_point\": null the id must begin with the mount, as in `MOUNT/ID`, and this one has no `/`".into());
        }
        Ok(paths)
    }

    /// `VaultBackend._names_a_team_namespace`, for a caller that has no team.
    fn names_a_team(&self, id: &str) -> bool {
        let own_part = match self.settings.mount_point {
            Some(_) => Some(id),
            None => id.split_once('/').map(|(_, rest)| rest),
        };
        self.surroundings.multi_team
            && self.settings.use_team_secrets_path
            && own_part.is_some_and(|part| part.contains('/'))
    }

    /// The place of a path: what is asked for, and what `vault read` would take.
    fn place(&self, path: &SecretPath) -> Place {
        let name = path.api_path(self.settings.kv_version);
        Place {
            shown: self.settings.server.place(&name),
            name,
        }
    }

    /// Reads one path. When Vault says 403, it is asked again with the token of the run's second login.
    async fn read(&self, api_path: &str, deadline: Deadline) -> Result<Stored, VaultError> {
        let session = self.session(deadline).await?;
        let said = match session.read(api_path, deadline).await {
            Err(VaultError::Forbidden { said }) => said,
            read => return read,
        };
        if self.settings.ignore_exceptions {
            return Err(diagnosis::why_forbidden(&session, api_path, said, deadline).await);
        }
        match self.logins.second(self.log_in(deadline)).await {
            Ok(second) if Arc::ptr_eq(&second, &session) => {
                Err(diagnosis::why_forbidden(&session, api_path, said, deadline).await)
            }
            Ok(second) => {
                second.succeed(&session);
                match second.read(api_path, deadline).await {
                    Err(VaultError::Forbidden { said }) => {
                        Err(diagnosis::why_forbidden(&second, api_path, said, deadline).await)
                    }
                    read => read,
                }
            }
            Err(login) => {
                let denied = diagnosis::why_forbidden(&session, api_path, said, deadline).await;
                Err(VaultError::after_second_login(denied, login))
            }
        }
    }

    /// The newest session of this run. A login that is answered 403 is sent once more, as a read is.
    async fn session(&self, deadline: Deadline) -> Result<Arc<VaultSession>, VaultError> {
        match self.logins.newest(self.log_in(deadline)).await {
            Err(error) if error.is_forbidden() && !self.settings.ignore_exceptions => {
                self.logins.second(self.log_in(deadline)).await
            }
            session => session,
        }
    }

    async fn log_in(&self, deadline: Deadline) -> Result<VaultSession, VaultError> {
        auth::log_in(&self.settings, &self.surroundings, deadline).await
    }
}

#[async_trait]
impl Backend for VaultBackend {
    fn name(&self) -> &'static str {
        "VaultBackend"
    }

    fn locate(&self, secret: &SecretId) -> Location {
        match self.secret_paths(secret) {
            Ok(paths) => Location::At(SecretRef {
                secret: secret.clone(),
                places: paths.iter().map(|path| self.place(path)).collect(),
                server: self.settings.server.name(),
            }),
            Err(reason) => Location::Skipped(reason),
        }
    }

    async fn get(&self, secret: &SecretRef, deadline: Deadline) -> Result<Answer, BackendError> {
        self.settings.usable()?;
        let mut why_absent = None;
        for place in &secret.places {
            match self.read(&place.name, deadline).await? {
                Stored::Secret(json) => return Ok(stored::answer(secret.secret.kind, json)?),
                Stored::Absent(why) => why_absent = why_absent.or(why),
            }
        }
        Ok(Answer::Absent(why_absent))
    }

    async fn near_misses(&self, secret: &SecretRef, deadline: Deadline) -> Vec<String> {
        let Ok(session) = self.session(deadline).await else {
            return Vec::new();
        };
        let mut hints = Vec::new();
        for place in &secret.places {
            for hint in diagnosis::why_absent(&session, &place.name, deadline).await {
                if !hints.contains(&hint) {
                    hints.push(hint);
                }
            }
        }
        hints.truncate(HINTS);
        hints
    }

    async fn close(&self, deadline: Deadline) {
        for session in self.logins.all().await {
            session.revoke(deadline).await;
        }
    }
}
