//! The kwargs of `CloudSecretManagerBackend`: which there are, what they default to, and which of them Airflow would not start
//! with.
//!
//! The surprising rule: credentials that are missing stop Airflow only where no `project_id` is given; with one, Airflow
//! starts and fails each lookup in silence.

use url::Url;

use super::error::CloudSecretManagerError;
use super::naming;
use crate::backend::google::{
    Access, Credentials, GoogleError, KeyKwargs, Project, Scopes, endpoint,
};
use crate::backend::kwargs::{KwargError, Kwargs};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::python::json::Value;
use crate::secret_kind::SecretKind;

/// Every kwarg of the constructor.
pub const KWARGS: &[&str] = &[
    "connections_prefix",
    "variables_prefix",
    "config_prefix",
    "gcp_keyfile_dict",
    "gcp_key_path",
    "gcp_credential_config_file",
    "gcp_scopes",
    "project_id",
    "sep",
    "impersonation_chain",
];

/// The kwargs, read.
#[derive(Debug)]
pub struct Settings {
    connections_prefix: Option<String>,
    variables_prefix: Option<String>,
    config_prefix: Option<String>,
    /// What stands between prefix and id.
    pub sep: String,
    /// Where the API is.
    pub endpoint: Url,
    scopes: Scopes,
    universe_domain: String,
    use_mtls: Option<UseMtls>,
    /// `Err` fails each lookup, though Airflow starts with it.
    credentials: Result<Credentials, GoogleError>,
    project: Project,
}

/// The kwarg that holds the prefix of a kind.
pub fn prefix_kwarg(kind: SecretKind) -> &'static str {
    match kind {
        SecretKind::Connection => "connections_prefix",
        SecretKind::Variable => "variables_prefix",
        SecretKind::Config => "config_prefix",
    }
}

impl Settings {
    /// Reads the kwargs as the constructor does.
    ///
    /// # Errors
    /// What the constructor raises on, and an endpoint that is none.
    pub fn from_kwargs(kwargs: Kwargs<'_>, env: &Env) -> Result<Settings> {
        let sep = kwargs.text("sep")?;
        let sep = match kwargs.get("sep") {
            Some(value @ Value::None) => {
                return Err(kwargs.wrong_type("sep", "text", value).into());
            }
            _ => sep.unwrap_or_else(|| "-".to_owned()),
        };
        let connections_prefix = prefix(kwargs, "connections_prefix", "airflow-connections")?;
        if let Some(prefix) = &connections_prefix
            && !naming::matches_pattern(&format!("{prefix}{sep}"))
        {
            return Err(CloudSecretManagerError::Prefix.into());
        }
        let universe_domain = universe_domain(env)?;
        let use_mtls = use_mtls(env)?;
        let project_id = kwargs
            .text("project_id")?
            .filter(|project| !project.is_empty());
        let credentials = credentials(kwargs, env, project_id.is_some())?;
        Ok(Settings {
            connections_prefix,
            variables_prefix: prefix(kwargs, "variables_prefix", "airflow-variables")?,
            config_prefix: prefix(kwargs, "config_prefix", "airflow-config")?,
            sep,
            endpoint: service_endpoint(env, &universe_domain, use_mtls)?,
            scopes: scopes(kwargs)?,
            universe_domain,
            use_mtls,
            project: project(project_id, &credentials)?,
            credentials,
        })
    }

    /// The prefix of a kind; `None`: Secret Manager is not asked for it.
    pub fn prefix(&self, kind: SecretKind) -> Option<&str> {
        match kind {
            SecretKind::Connection => self.connections_prefix.as_deref(),
            SecretKind::Variable => self.variables_prefix.as_deref(),
            SecretKind::Config => self.config_prefix.as_deref(),
        }
    }

    /// The project by name, unless only the metadata server knows it.
    pub fn project_name(&self) -> Option<&str> {
        match &self.project {
            Project::Named(project) => Some(project),
            Project::OfTheMachine | Project::Unknown => None,
        }
    }

    /// Who asks.
    ///
    /// # Errors
    /// What fails each lookup, though Airflow starts with it.
    pub fn credentials(&self) -> Result<&Credentials> {
        let credentials = match &self.credentials {
            Ok(credentials) => credentials,
            Err(error) => return Err(error.clone().into()),
        };
        if self.use_mtls.is_none() {
            return Err(CloudSecretManagerError::MtlsEndpoint.into());
        }
        match credentials.universe_domain() {
            Some(own) if own != self.universe_domain => {
                let (own, asked) = (own.to_owned(), self.universe_domain.clone());
                Err(CloudSecretManagerError::Universe { own, asked }.into())
            }
            _ => Ok(credentials),
        }
    }

    /// What a token is asked for. The audience stays the public address, as in Airflow, wherever the requests go.
    pub fn access(&self) -> Access {
        Access {
            scopes: self.scopes.clone(),
            audience: format!("https://secretmanager.{}/", self.universe_domain),
        }
    }

    /// What a person should know about these settings.
    pub fn warnings(&self) -> Vec<String> {
        let splits_letters = matches!(self.scopes, Scopes::Text(_));
        let warning = "\"gcp_scopes\" as text makes Google refuse the credentials: Airflow sends its letters one by one; leave it out";
        splits_letters
            .then(|| warning.to_owned())
            .into_iter()
            .collect()
    }
}

fn prefix(
    kwargs: Kwargs<'_>,
    name: &'static str,
    default: &str,
) -> Result<Option<String>, KwargError> {
    match kwargs.get(name) {
        None => Ok(Some(default.to_owned())),
        Some(_) => kwargs.text(name),
    }
}

/// The credentials as far as they can be found without asking anybody. `Err` inside: the constructor logs it and goes on.
fn credentials(
    kwargs: Kwargs<'_>,
    env: &Env,
    has_project_id: bool,
) -> Result<Result<Credentials, GoogleError>> {
    let chain = impersonation_chain(kwargs)?;
    let key_kwargs = KeyKwargs::from_kwargs(kwargs)?;
    match Credentials::open(&key_kwargs, env) {
        Ok(credentials) => Ok(Ok(credentials.impersonating(chain)?)),
        Err(Error::Google(error)) if error.is_logged_by_airflow() => {
            if has_project_id {
                Ok(Err(error))
            } else {
                Err(CloudSecretManagerError::NotStarted(error).into())
            }
        }
        Err(other) => Err(other),
    }
}

/// `project_id`, else the project of the credentials.
fn project(
    given: Option<String>,
    credentials: &Result<Credentials, GoogleError>,
) -> Result<Project> {
    let own = credentials.as_ref().map(Credentials::project);
    match (given, own) {
        (Some(project), _) => Ok(Project::Named(project)),
        (None, Ok(Project::Unknown) | Err(_)) => Err(CloudSecretManagerError::NoProject.into()),
        (None, Ok(known)) => Ok(known.clone()),
    }
}

/// `impersonation_chain`: a text is one account, whatever commas it holds.
fn impersonation_chain(kwargs: Kwargs<'_>) -> Result<Vec<String>, KwargError> {
    let wrong = |value| kwargs.wrong_type("impersonation_chain", "text or a list of texts", value);
    match kwargs
        .get("impersonation_chain")
        .filter(|chain| chain.is_truthy())
    {
        None => Ok(Vec::new()),
        Some(Value::Text(target)) => Ok(vec![target.expose().to_owned()]),
        Some(Value::List(chain)) => texts(chain).map_err(wrong),
        Some(other) => Err(wrong(other)),
    }
}

/// `gcp_scopes`, which the constructor does not split.
fn scopes(kwargs: Kwargs<'_>) -> Result<Scopes, KwargError> {
    let wrong = |value| kwargs.wrong_type("gcp_scopes", "a list of texts", value);
    match kwargs.get("gcp_scopes").filter(|scopes| scopes.is_truthy()) {
        None => Ok(Scopes::Default),
        Some(Value::Text(scopes)) => Ok(Scopes::Text(scopes.expose().to_owned())),
        Some(Value::List(scopes)) => Ok(Scopes::List(texts(scopes).map_err(wrong)?)),
        Some(other) => Err(wrong(other)),
    }
}

/// The texts of a list, or the first item that is none.
fn texts(items: &[Value]) -> Result<Vec<String>, &Value> {
    let text = |item: &Value| item.as_text().map(|text| text.expose().to_owned());
    items.iter().map(|item| text(item).ok_or(item)).collect()
}

fn universe_domain(env: &Env) -> Result<String> {
    let given = env.get("GOOGLE_CLOUD_UNIVERSE_DOMAIN")?;
    Ok(given
        .filter(|domain| !domain.is_empty())
        .unwrap_or("googleapis.com")
        .to_owned())
}

/// `GOOGLE_API_USE_MTLS_ENDPOINT`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum UseMtls {
    /// Where there is a client certificate, which secretctl has none of.
    NeverOrAuto,
    /// In any case.
    Always,
}

/// What the variable says; `None`: nothing that Google's client takes, which fails each lookup.
fn use_mtls(env: &Env) -> Result<Option<UseMtls>> {
    let given = env.get("GOOGLE_API_USE_MTLS_ENDPOINT")?.unwrap_or("auto");
    Ok(match given.to_lowercase().as_str() {
        "never" | "auto" => Some(UseMtls::NeverOrAuto),
        "always" => Some(UseMtls::Always),
        _ => None,
    })
}

/// The public address, or what gcloud's variable says in its place.
fn service_endpoint(env: &Env, universe_domain: &str, use_mtls: Option<UseMtls>) -> Result<Url> {
    let service = match use_mtls {
        Some(UseMtls::Always) => "secretmanager.mtls",
        Some(UseMtls::NeverOrAuto) | None => "secretmanager",
    };
    let public = format!("https://{service}.{universe_domain}");
    let address = endpoint(env, "SECRETMANAGER", public)?;
    let url = Url::parse(&address).ok();
    url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| CloudSecretManagerError::Endpoint.into())
}
