//! The kwargs of `CloudSecretManagerBackend`: which there are, what they default to, and which of them Airflow would not start
//! with.
//!
//! The surprising rule: credentials that are missing stop Airflow only where no `project_id` is given; with one, Airflow
//! starts and fails each lookup in silence.

use url::Url;

use super::credentials::{
    Access, GOOGLES_UNIVERSE, GoogleCredentials, GoogleError, GoogleProject, KeyKwargs, Scopes,
    endpoint,
};
use super::error::CloudSecretManagerError;
use super::naming;
use crate::backend::kwargs::{KwargError, Kwargs};
use crate::deadline::Deadline;
use crate::env::{Env, EnvError};
use crate::finding::Finding;
use crate::python::json::Value;
use crate::secret_kind::{PerKind, SecretKind};

/// Every kwarg of the constructor.
pub(super) const KWARGS: &[&str] = &[
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
pub(super) struct SecretManagerSettings {
    /// Prefixes; `None`: Secret Manager is not asked for this kind.
    pub prefixes: PerKind<Option<String>>,
    /// What stands between prefix and id.
    pub sep: String,
    /// Where the API is.
    pub endpoint: Url,
    scopes: Scopes,
    universe_domain: String,
    use_mtls: Option<UseMtls>,
    /// `Err` fails each lookup, though Airflow starts with it.
    credentials: Result<GoogleCredentials, GoogleError>,
    project: GoogleProject,
}

/// The kwarg that holds the prefix of a kind, and its default.
pub(super) fn prefix_kwarg(kind: SecretKind) -> (&'static str, &'static str) {
    match kind {
        SecretKind::Connection => ("connections_prefix", "airflow-connections"),
        SecretKind::Variable => ("variables_prefix", "airflow-variables"),
        SecretKind::Config => ("config_prefix", "airflow-config"),
    }
}

impl SecretManagerSettings {
    /// Reads the kwargs as the constructor does, and the credentials that they name.
    ///
    /// # Errors
    /// What the constructor raises on, an endpoint that is not an address, and files that do not end in time.
    pub async fn from_kwargs(
        kwargs: Kwargs<'_>,
        env: &Env,
        deadline: Deadline,
    ) -> Result<Self, CloudSecretManagerError> {
        let sep = kwargs.text("sep")?;
        let sep = match kwargs.get("sep") {
            Some(value @ Value::None) => {
                return Err(kwargs.wrong_type("sep", "text", value).into());
            }
            _ => sep.unwrap_or_else(|| "-".to_owned()),
        };
        let prefixes = PerKind::try_from_fn(|kind| prefix(kwargs, kind))?;
        if let Some(prefix) = &prefixes.connection
            && !naming::matches_pattern(&format!("{prefix}{sep}"))
        {
            return Err(CloudSecretManagerError::Prefix);
        }
        let universe_domain = universe_domain(env)?;
        let use_mtls = use_mtls(env)?;
        let project_id = kwargs
            .text("project_id")?
            .filter(|project| !project.is_empty());
        let credentials = credentials(kwargs, env, project_id.is_some(), deadline).await?;
        Ok(Self {
            prefixes,
            sep,
            endpoint: service_endpoint(env, &universe_domain, use_mtls)?,
            scopes: scopes(kwargs)?,
            universe_domain,
            use_mtls,
            project: project(project_id, &credentials)?,
            credentials,
        })
    }

    /// The project by name, unless only the metadata server knows it.
    pub fn project_name(&self) -> Option<&str> {
        match &self.project {
            GoogleProject::Named(project) => Some(project),
            GoogleProject::OfTheMachine | GoogleProject::Unknown => None,
        }
    }

    /// Who asks.
    ///
    /// # Errors
    /// What fails each lookup, though Airflow starts with it.
    pub fn credentials(&self) -> Result<&GoogleCredentials, CloudSecretManagerError> {
        let credentials = self.credentials.as_ref().map_err(Clone::clone)?;
        match self.use_mtls {
            Some(_) => Ok(credentials),
            None => Err(CloudSecretManagerError::MtlsEndpoint),
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
    pub fn findings(&self) -> Vec<Finding> {
        let splits_letters = Finding::warning(
            "wrong-kwarg-type",
            "\"gcp_scopes\" as text makes Google refuse the credentials: Airflow sends its letters one by one",
        );
        match self.scopes {
            Scopes::Text(_) => vec![splits_letters.with_hint("leave `gcp_scopes` out")],
            Scopes::Default | Scopes::List(_) => Vec::new(),
        }
    }
}

fn prefix(kwargs: Kwargs<'_>, kind: SecretKind) -> Result<Option<String>, KwargError> {
    let (name, default) = prefix_kwarg(kind);
    match kwargs.get(name) {
        None => Ok(Some(default.to_owned())),
        Some(_) => kwargs.text(name),
    }
}

/// The credentials as far as they can be found without asking anybody. `Err` inside: the constructor logs it and goes on.
async fn credentials(
    kwargs: Kwargs<'_>,
    env: &Env,
    has_project_id: bool,
    deadline: Deadline,
) -> Result<Result<GoogleCredentials, GoogleError>, CloudSecretManagerError> {
    let chain = impersonation_chain(kwargs)?;
    let key_kwargs = KeyKwargs::from_kwargs(kwargs)?;
    match GoogleCredentials::open(&key_kwargs, env, deadline).await {
        Ok(credentials) => Ok(Ok(credentials.impersonating(chain)?)),
        Err(error) if !error.is_logged_by_airflow() => Err(error.into()),
        Err(error) if has_project_id => Ok(Err(error)),
        Err(error) => Err(CloudSecretManagerError::NotStarted(error)),
    }
}

/// `project_id`, else the project of the credentials.
fn project(
    given: Option<String>,
    credentials: &Result<GoogleCredentials, GoogleError>,
) -> Result<GoogleProject, CloudSecretManagerError> {
    let own = credentials.as_ref().map(GoogleCredentials::project);
    match (given, own) {
        (Some(project), _) => Ok(GoogleProject::Named(project)),
        (None, Ok(GoogleProject::Unknown) | Err(_)) => Err(CloudSecretManagerError::NoProject),
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

/// The texts of a list, or the first item that is not text.
fn texts(items: &[Value]) -> Result<Vec<String>, &Value> {
    let text = |item: &Value| item.as_text().map(|text| text.expose().to_owned());
    items.iter().map(|item| text(item).ok_or(item)).collect()
}

/// The universe that is asked. That a key is for another one does not matter: Airflow's client has the comparison switched off.
fn universe_domain(env: &Env) -> Result<String, EnvError> {
    let given = env.get("GOOGLE_CLOUD_UNIVERSE_DOMAIN")?;
    Ok(given
        .filter(|domain| !domain.is_empty())
        .unwrap_or(GOOGLES_UNIVERSE)
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
fn use_mtls(env: &Env) -> Result<Option<UseMtls>, EnvError> {
    let given = env.get("GOOGLE_API_USE_MTLS_ENDPOINT")?.unwrap_or("auto");
    Ok(match given.to_lowercase().as_str() {
        "never" | "auto" => Some(UseMtls::NeverOrAuto),
        "always" => Some(UseMtls::Always),
        _ => None,
    })
}

/// The public address, or what gcloud's variable says in its place.
fn service_endpoint(
    env: &Env,
    universe_domain: &str,
    use_mtls: Option<UseMtls>,
) -> Result<Url, CloudSecretManagerError> {
    let service = match use_mtls {
        Some(UseMtls::Always) => "secretmanager.mtls",
        Some(UseMtls::NeverOrAuto) | None => "secretmanager",
    };
    let public = format!("https://{service}.{universe_domain}");
    let address = endpoint(env, "SECRETMANAGER", public)?;
    let url = Url::parse(&address).ok();
    url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or(CloudSecretManagerError::Endpoint)
}
