//! Finding credentials and reading them: `_CredentialProvider` of the google provider 22.8.0 and
//! `google.auth.load_credentials_from_file` of google-auth 2.62.2.
//!
//! The surprising rule: which exception Airflow's constructor catches differs by the way in. A key that is no key raises where
//! a kwarg names the key file, and is only logged where it comes by `GOOGLE_APPLICATION_CREDENTIALS`.

use std::fs::FileType;
use std::path::Path;

use super::authorized_user::{AuthorizedUser, ExternalAccountAuthorizedUser};
use super::external_account::ExternalAccount;
use super::impersonation::Impersonation;
use super::service_account::ServiceAccountKey;
use super::{
    CredentialKind, CredentialsProblem, GoogleCredentials, GoogleError, GoogleProject, KeyKwargs,
    application_default, text,
};
use crate::deadline::Deadline;
use crate::env::{Env, EnvError};
use crate::python::json::{self, Dict, Value};
use crate::secret::SecretText;
use crate::text_file::{self, TextFileError};

/// The largest credentials file that is read, in bytes; a real one has a few thousand.
pub(super) const FILE_LIMIT: u64 = 1024 * 1024;

impl GoogleCredentials {
    /// Finds the credentials as `_CredentialProvider` does: those of the kwargs, else application default credentials. Reads
    /// files and sends nothing; whether there is a metadata server shows only when a token is asked for.
    ///
    /// # Errors
    /// No credentials, or some that cannot be used.
    pub async fn open(
        kwargs: &KeyKwargs,
        env: &Env,
        deadline: Deadline,
    ) -> Result<Self, GoogleError> {
        match kwargs {
            KeyKwargs::None => application_default::credentials(env, deadline).await,
            KeyKwargs::KeyPath(path) => Self::from_key_path(path, deadline).await,
            KeyKwargs::KeyfileDict(key) => Self::from_keyfile_dict(key),
            KeyKwargs::CredentialConfigFile(config) => {
                Self::from_config_file(config, env, deadline).await
            }
        }
    }

    /// `_get_credentials_using_key_path`; the `type` in the file is not looked at.
    async fn from_key_path(path: &str, deadline: Deadline) -> Result<Self, GoogleError> {
        if !path.ends_with(".json") {
            return Err(GoogleError::NotAJsonKeyFile);
        }
        let origin = format!("`{path}`, named by kwarg `gcp_key_path`");
        let key = match read_json(Path::new(path), deadline).await {
            Ok(Value::Dict(key)) => key,
            Ok(_) => {
                return Err(GoogleError::unusable(
                    &origin,
                    CredentialsProblem::NotAnObject,
                    false,
                ));
            }
            // Only a missing file is a FileNotFoundError, which the constructor logs.
            Err(problem) => {
                let logged = is_missing(&problem);
                return Err(GoogleError::unusable(&origin, problem, logged));
            }
        };
        Self::from_key(&key, origin)
    }

    /// `_get_credentials_using_keyfile_dict`; here alone an escaped newline is unescaped.
    fn from_keyfile_dict(key: &Dict) -> Result<Self, GoogleError> {
        let origin = "kwarg `gcp_keyfile_dict`".to_owned();
        let mut key = key.clone();
        match key.get_mut("private_key") {
            Some(Value::Text(pem)) => *pem = pem.expose().replace("\\n", "\n").into(),
            _ => {
                let problem = CredentialsProblem::Lacks("private_key");
                return Err(GoogleError::unusable(&origin, problem, false));
            }
        }
        Self::from_key(&key, origin)
    }

    fn from_key(key: &Dict, origin: String) -> Result<Self, GoogleError> {
        let key = ServiceAccountKey::from_dict(key).map_err(|problem| {
            // A missing part is a MalformedError, which the constructor logs; an unreadable key is a plain ValueError.
            let logged = matches!(problem, CredentialsProblem::Lacks(_));
            GoogleError::unusable(&origin, problem, logged)
        })?;
        Ok(Self {
            project: key.project_id().into(),
            kind: CredentialKind::ServiceAccount(key),
            quota_project: None,
            origin,
        })
    }

    /// `_get_credentials_using_credential_config_file`: an object, the path of a file, or else JSON text.
    async fn from_config_file(
        config: &Value,
        env: &Env,
        deadline: Deadline,
    ) -> Result<Self, GoogleError> {
        let kwarg = "kwarg `gcp_credential_config_file`";
        let text = match config {
            Value::Dict(info) => return Self::from_info(info, kwarg.to_owned(), env),
            Value::Text(text) => text.expose(),
            _ => {
                return Err(GoogleError::unusable(
                    kwarg,
                    CredentialsProblem::NotAnObject,
                    true,
                ));
            }
        };
        let path = Path::new(text);
        match kind_of(path, kwarg, deadline).await? {
            Some(_) => {
                let origin = format!("`{text}`, named by {kwarg}");
                Self::from_file(path, origin, env, deadline).await
            }
            None => Self::from_parsed(parse(text), kwarg.to_owned(), env),
        }
    }

    /// `google.auth.load_credentials_from_file`
    pub(super) async fn from_file(
        path: &Path,
        origin: String,
        env: &Env,
        deadline: Deadline,
    ) -> Result<Self, GoogleError> {
        Self::from_parsed(read_json(path, deadline).await, origin, env)
    }

    fn from_parsed(
        info: Result<Value, CredentialsProblem>,
        origin: String,
        env: &Env,
    ) -> Result<Self, GoogleError> {
        match info {
            Ok(Value::Dict(info)) => Self::from_info(&info, origin, env),
            Ok(_) => Err(GoogleError::unusable(
                &origin,
                CredentialsProblem::NotAnObject,
                false,
            )),
            Err(problem) => {
                let logged = is_missing(&problem) || matches!(problem, CredentialsProblem::NotJson);
                Err(GoogleError::unusable(&origin, problem, logged))
            }
        }
    }

    /// `google.auth._default._load_credentials_from_info`
    fn from_info(info: &Dict, origin: String, env: &Env) -> Result<Self, GoogleError> {
        let kind = CredentialKind::from_info(info).map_err(|problem| {
            // google-auth looks into what is not there, an AttributeError.
            let logged = !matches!(problem, CredentialsProblem::Lacks("source_credentials"));
            GoogleError::unusable(&origin, problem, logged)
        })?;
        let (project, own_quota_project) = match &kind {
            CredentialKind::ServiceAccount(key) => (key.project_id(), None),
            _ => (None, text(info, "quota_project_id")),
        };
        let own_quota_project = own_quota_project.map(|text| text.expose().to_owned());
        Ok(Self {
            project: project.into(),
            kind,
            quota_project: quota_project(env)?.or(own_quota_project),
            origin,
        })
    }

    /// The credentials of the machine, to be had from the metadata server.
    pub(super) fn of_the_machine(env: &Env) -> Result<Self, GoogleError> {
        Ok(Self {
            kind: CredentialKind::Machine,
            project: GoogleProject::OfTheMachine,
            quota_project: quota_project(env)?,
            origin: "Google's metadata server".to_owned(),
        })
    }
}

impl CredentialKind {
    pub(super) fn from_info(info: &Dict) -> Result<Self, CredentialsProblem> {
        Ok(match text(info, "type").map(SecretText::expose) {
            Some("service_account") => Self::ServiceAccount(ServiceAccountKey::from_dict(info)?),
            Some("authorized_user") => Self::AuthorizedUser(AuthorizedUser::from_dict(info)?),
            Some("external_account") => {
                Self::ExternalAccount(Box::new(ExternalAccount::from_dict(info)?))
            }
            Some("external_account_authorized_user") => {
                Self::ExternalAccountAuthorizedUser(ExternalAccountAuthorizedUser::from_dict(info)?)
            }
            Some("impersonated_service_account") => {
                Self::Impersonated(Box::new(Impersonation::from_dict(info)?))
            }
            Some("gdch_service_account") => {
                return Err(CredentialsProblem::NotServed("a `gdch_service_account`"));
            }
            _ => return Err(CredentialsProblem::UnknownType),
        })
    }
}

fn is_missing(problem: &CredentialsProblem) -> bool {
    matches!(
        problem,
        CredentialsProblem::File(TextFileError::Missing { .. })
    )
}

/// What stands at `path`. Where that takes too long `origin` alone is told: what was taken for a path may be a key.
pub(super) async fn kind_of(
    path: &Path,
    origin: &str,
    deadline: Deadline,
) -> Result<Option<FileType>, GoogleError> {
    text_file::kind_of(path, deadline)
        .await
        .map_err(|error| GoogleError::unusable(origin, CredentialsProblem::TimedOut(error), false))
}

/// `GOOGLE_CLOUD_QUOTA_PROJECT`, which wins over the file's own.
fn quota_project(env: &Env) -> Result<Option<String>, EnvError> {
    let project = env.get("GOOGLE_CLOUD_QUOTA_PROJECT")?;
    Ok(project
        .filter(|project| !project.is_empty())
        .map(str::to_owned))
}

async fn read_json(path: &Path, deadline: Deadline) -> Result<Value, CredentialsProblem> {
    let text = text_file::read(path, FILE_LIMIT, deadline)
        .await
        .map_err(CredentialsProblem::File)?;
    parse(SecretText::from(text).expose())
}

/// JSON that may hold a private key: the error says nothing of it.
pub(super) fn parse(text: &str) -> Result<Value, CredentialsProblem> {
    json::loads(text).map_err(|_| CredentialsProblem::NotJson)
}
