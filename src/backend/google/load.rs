//! Finding credentials and reading them: `_CredentialProvider` of the google provider 22.8.0 and
//! `google.auth.load_credentials_from_file` of google-auth 2.62.2.
//!
//! The surprising rule: which exception Airflow's constructor catches differs by the way in. A key that is no key raises where
//! a kwarg names the key file, and is only logged where it comes by `GOOGLE_APPLICATION_CREDENTIALS`.

use std::path::Path;

use super::authorized_user::{AuthorizedUser, ExternalAccountAuthorizedUser};
use super::external_account::ExternalAccount;
use super::impersonation::Impersonation;
use super::service_account::ServiceAccountKey;
use super::{
    Credentials, CredentialsProblem, GoogleError, KeyKwargs, Project, Source, application_default,
    text,
};
use crate::env::Env;
use crate::error::Result;
use crate::python::json::{self, Dict, Value};
use crate::secret::SecretText;
use crate::text_file::{self, TextFileError};

/// The largest credentials file that is read, in bytes; a real one has a few thousand.
pub const FILE_LIMIT: u64 = 1024 * 1024;

impl Credentials {
    /// Finds the credentials as `_CredentialProvider` does: those of the kwargs, else application default credentials. Reads
    /// files and sends nothing; whether there is a metadata server shows only when a token is asked for.
    ///
    /// # Errors
    /// No credentials, or some that cannot be used.
    pub fn open(kwargs: &KeyKwargs, env: &Env) -> Result<Credentials> {
        match kwargs {
            KeyKwargs::None => application_default::credentials(env),
            KeyKwargs::KeyPath(path) => Self::from_key_path(path),
            KeyKwargs::KeyfileDict(key) => Self::from_keyfile_dict(key),
            KeyKwargs::CredentialConfigFile(config) => Self::from_config_file(config, env),
        }
    }

    /// `_get_credentials_using_key_path`; the `type` in the file is not looked at.
    fn from_key_path(path: &str) -> Result<Credentials> {
        if !path.ends_with(".json") {
            return Err(GoogleError::NotAJsonKeyFile.into());
        }
        let origin = format!("`{path}`, named by kwarg `gcp_key_path`");
        let raised = |problem| GoogleError::unusable(&origin, problem, false);
        let key = match read_json(Path::new(path)) {
            Ok(Value::Dict(key)) => key,
            Ok(_) => return Err(raised(CredentialsProblem::NotAnObject).into()),
            // Only a missing file is a FileNotFoundError, which the constructor logs.
            Err(problem) => {
                let logged = matches!(problem, CredentialsProblem::Missing);
                return Err(GoogleError::unusable(&origin, problem, logged).into());
            }
        };
        Self::from_key(&key, origin)
    }

    /// `_get_credentials_using_keyfile_dict`; here alone an escaped newline is unescaped.
    fn from_keyfile_dict(key: &Dict) -> Result<Credentials> {
        let origin = "kwarg `gcp_keyfile_dict`".to_owned();
        let mut key = key.clone();
        match key.get_mut("private_key") {
            Some(Value::Text(pem)) => *pem = pem.expose().replace("\\n", "\n").into(),
            _ => {
                let problem = CredentialsProblem::Lacks("private_key");
                return Err(GoogleError::unusable(&origin, problem, false).into());
            }
        }
        Self::from_key(&key, origin)
    }

    fn from_key(key: &Dict, origin: String) -> Result<Credentials> {
        let key = ServiceAccountKey::from_dict(key).map_err(|problem| {
            // A missing part is a MalformedError, which the constructor logs; an unreadable key is a plain ValueError.
            let logged = matches!(problem, CredentialsProblem::Lacks(_));
            GoogleError::unusable(&origin, problem, logged)
        })?;
        Ok(Credentials {
            project: key.project_id().into(),
            source: Source::ServiceAccount(key),
            quota_project: None,
            origin,
        })
    }

    /// `_get_credentials_using_credential_config_file`: an object, the path of a file, or else JSON text.
    fn from_config_file(config: &Value, env: &Env) -> Result<Credentials> {
        let kwarg = "kwarg `gcp_credential_config_file`";
        match config {
            Value::Dict(info) => Self::from_info(info, kwarg.to_owned(), env),
            Value::Text(text) if Path::new(text.expose()).exists() => {
                let path = text.expose();
                Self::from_file(Path::new(path), format!("`{path}`, named by {kwarg}"), env)
            }
            Value::Text(text) => {
                let info = parse(text.expose());
                Self::from_parsed(info, kwarg.to_owned(), env)
            }
            _ => Err(GoogleError::unusable(kwarg, CredentialsProblem::NotAnObject, true).into()),
        }
    }

    /// `google.auth.load_credentials_from_file`
    pub(super) fn from_file(path: &Path, origin: String, env: &Env) -> Result<Credentials> {
        Self::from_parsed(read_json(path), origin, env)
    }

    fn from_parsed(
        info: Result<Value, CredentialsProblem>,
        origin: String,
        env: &Env,
    ) -> Result<Credentials> {
        match info {
            Ok(Value::Dict(info)) => Self::from_info(&info, origin, env),
            Ok(_) => {
                Err(GoogleError::unusable(&origin, CredentialsProblem::NotAnObject, false).into())
            }
            Err(problem) => {
                let logged = matches!(
                    problem,
                    CredentialsProblem::Missing | CredentialsProblem::NotJson
                );
                Err(GoogleError::unusable(&origin, problem, logged).into())
            }
        }
    }

    /// `google.auth._default._load_credentials_from_info`
    fn from_info(info: &Dict, origin: String, env: &Env) -> Result<Credentials> {
        let source = Source::from_info(info).map_err(|problem| {
            // google-auth looks into what is not there, an AttributeError.
            let logged = problem != CredentialsProblem::Lacks("source_credentials");
            GoogleError::unusable(&origin, problem, logged)
        })?;
        let project = match &source {
            Source::ServiceAccount(key) => key.project_id(),
            _ => None,
        };
        let own_quota_project = match &source {
            Source::ServiceAccount(_) => None,
            _ => text(info, "quota_project_id").map(|text| text.expose().to_owned()),
        };
        Ok(Credentials {
            source,
            project: project.into(),
            quota_project: quota_project(env)?.or(own_quota_project),
            origin,
        })
    }

    /// The credentials of the machine, to be had from the metadata server.
    pub(super) fn of_the_machine(env: &Env) -> Result<Credentials> {
        Ok(Credentials {
            source: Source::Machine,
            project: Project::OfTheMachine,
            quota_project: quota_project(env)?,
            origin: "Google's metadata server".to_owned(),
        })
    }
}

impl Source {
    pub(super) fn from_info(info: &Dict) -> Result<Source, CredentialsProblem> {
        match text(info, "type").map(SecretText::expose) {
            Some("service_account") => {
                ServiceAccountKey::from_dict(info).map(Source::ServiceAccount)
            }
            Some("authorized_user") => AuthorizedUser::from_dict(info).map(Source::AuthorizedUser),
            Some("external_account") => ExternalAccount::from_dict(info)
                .map(Box::new)
                .map(Source::ExternalAccount),
            Some("external_account_authorized_user") => {
                ExternalAccountAuthorizedUser::from_dict(info)
                    .map(Source::ExternalAccountAuthorizedUser)
            }
            Some("impersonated_service_account") => Impersonation::from_dict(info)
                .map(Box::new)
                .map(Source::Impersonated),
            Some("gdch_service_account") => {
                Err(CredentialsProblem::NotServed("a `gdch_service_account`"))
            }
            _ => Err(CredentialsProblem::UnknownType),
        }
    }
}

/// `GOOGLE_CLOUD_QUOTA_PROJECT`, which wins over the file's own.
fn quota_project(env: &Env) -> Result<Option<String>> {
    let project = env.get("GOOGLE_CLOUD_QUOTA_PROJECT")?;
    Ok(project
        .filter(|project| !project.is_empty())
        .map(str::to_owned))
}

fn read_json(path: &Path) -> Result<Value, CredentialsProblem> {
    let text = text_file::read(path, FILE_LIMIT).map_err(|error| match error {
        TextFileError::Missing { .. } => CredentialsProblem::Missing,
        other => CredentialsProblem::Unreadable(other.to_string()),
    })?;
    parse(SecretText::from(text).expose())
}

/// JSON that may hold a private key: the error says nothing of it.
pub fn parse(text: &str) -> Result<Value, CredentialsProblem> {
    json::loads(text).map_err(|_| CredentialsProblem::NotJson)
}
