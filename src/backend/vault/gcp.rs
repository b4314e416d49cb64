//! The `gcp` login: a JWT that Google's IAM signs for a service account and Vault checks.
//!
//! Mirrors `_VaultClient._auth_gcp` of the hashicorp provider 4.8.4 and the google provider's `get_credentials_and_project_id`.
//! The surprising rule: even with a key file in hand the JWT is signed by a call to IAM (`signJwt`), never with the key itself.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use google_cloud_auth::credentials::{impersonated, service_account};
use reqwest::Client;
use serde_json::{Value as Json, json};

use super::error::VaultError;
use super::settings::Faults;
use crate::backend::Surroundings;
use crate::backend::kwargs::{KwargError, Kwargs};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::http::{self, Deadline};
use crate::python::json::{self as python_json, Value};
use crate::python::text::strip;
use crate::secret::SecretText;
use crate::text_file;

const IAM: &str = "https://iam.googleapis.com";
/// How long the JWT is good for; Vault takes no longer one.
const LIFETIME: Duration = Duration::from_secs(900);

/// The kwargs of `gcp`.
#[derive(Clone, Debug)]
pub struct Gcp {
    role: String,
    scopes: Vec<String>,
    source: KeySource,
}

/// Where the service account comes from.
#[derive(Clone, Debug)]
enum KeySource {
    /// `gcp_keyfile_dict`, as JSON text.
    Inline(SecretText),
    /// `gcp_key_path`
    File(PathBuf),
    /// `google.auth.default()`
    Default,
}

/// Who signs: a service account with a token to call IAM.
struct ServiceAccount {
    email: String,
    project: String,
    token: SecretText,
}

impl Gcp {
    /// Reads the kwargs; the constructor insists on `gcp_scopes` and `role_id`.
    ///
    /// # Errors
    /// One of the two is missing.
    pub fn from_kwargs(kwargs: Kwargs<'_>, faults: &mut Faults) -> Result<Self, KwargError> {
        for (name, needs) in [("gcp_scopes", "`gcp_scopes`"), ("role_id", "`role_id`")] {
            if !kwargs.truthy(name, false) {
                return Err(kwargs.missing("gcp", needs));
            }
        }
        let role = faults
            .note(kwargs.text("role_id"))
            .flatten()
            .unwrap_or_default();
        let scopes = faults
            .note(kwargs.text("gcp_scopes"))
            .flatten()
            .unwrap_or_default();
        let scopes = scopes
            .split(',')
            .map(|scope| strip(scope).to_owned())
            .collect();
        let path = faults
            .note(kwargs.text("gcp_key_path"))
            .flatten()
            .filter(|path| !path.is_empty());
        let inline = match kwargs
            .get("gcp_keyfile_dict")
            .filter(|given| given.is_truthy())
        {
            None => None,
            Some(key @ Value::Dict(_)) => Some(SecretText::from(python_json::dumps(key))),
            Some(other) => faults.note(Err(kwargs.wrong_type(
                "gcp_keyfile_dict",
                "an object",
                other,
            ))),
        };
        let source = match (path, inline) {
            (Some(path), _) => KeySource::File(path.into()),
            (None, Some(key)) => KeySource::Inline(key),
            (None, None) => KeySource::Default,
        };
        Ok(Self {
            role,
            scopes,
            source,
        })
    }

    /// The Vault role to log in to.
    pub fn role(&self) -> &str {
        &self.role
    }

    /// The JWT to log in with.
    ///
    /// # Errors
    /// No service account, or IAM did not sign.
    pub async fn signed_jwt(
        &self,
        http: &Client,
        surroundings: &Surroundings,
        deadline: Deadline,
    ) -> Result<SecretText> {
        let account = self
            .service_account(http, &surroundings.env, deadline)
            .await?;
        let endpoint = surroundings
            .env
            .get("CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM")?
            .unwrap_or(IAM);
        let url = format!(
            "{}/v1/projects/{}/serviceAccounts/{}:signJwt?alt=json",
            endpoint.trim_end_matches('/'),
            account.project,
            account.email
        );
        let body = json!({ "payload": self.claims(&account, SystemTime::now()).to_string() });
        let request = http
            .post(url)
            .bearer_auth(account.token.expose())
            .header("Content-Type", "application/json")
            .body(body.to_string())
            .timeout(deadline.left());
        let answer = answer_of(request, &account.token).await?;
        match answer.get("signedJwt").and_then(Json::as_str) {
            Some(jwt) => Ok(jwt.into()),
            None => Err(not_signed("IAM's answer holds no signed JWT".into())),
        }
    }

    fn claims(&self, account: &ServiceAccount, now: SystemTime) -> Json {
        let now = now
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        json!({
            "iat": now.as_secs(),
            "exp": (now + LIFETIME).as_secs(),
            "sub": account.email,
            "aud": format!("vault/{}", self.role),
        })
    }

    async fn service_account(
        &self,
        http: &Client,
        env: &Env,
        deadline: Deadline,
    ) -> Result<ServiceAccount> {
        match &self.source {
            KeySource::Inline(text) => {
                self.account_of_key(parsed(text.expose(), "\"gcp_keyfile_dict\"")?, None)
                    .await
            }
            KeySource::File(path)
                if path.extension().is_none_or(|extension| extension != "json") =>
            {
                Err(not_signed(
                    "\"gcp_key_path\" must name a file that ends in .json".into(),
                ))
            }
            KeySource::File(path) => {
                self.account_of_key(read_key(path, "\"gcp_key_path\"").await?, None)
                    .await
            }
            KeySource::Default => match default_file(env)? {
                Some((path, origin)) => {
                    self.account_of_key(read_key(&path, &origin).await?, project_override(env)?)
                        .await
                }
                None => self.account_of_machine(http, env, deadline).await,
            },
        }
    }

    /// A service account's key, or in application default credentials an impersonated one.
    async fn account_of_key(
        &self,
        mut key: Json,
        project: Option<String>,
    ) -> Result<ServiceAccount> {
        let text = |key: &Json, name: &str| key.get(name).and_then(Json::as_str).map(str::to_owned);
        let unusable = |_| {
            not_signed(
                "the Google credentials file lacks a part that Google's library needs".into(),
            )
        };
        let own_project = project.or_else(|| text(&key, "project_id"));
        let (email, credentials) = match text(&key, "type").as_deref() {
            Some("service_account") => {
                if let Some(private_key) = text(&key, "private_key") {
                    key["private_key"] = private_key.replace("\\n", "\n").into();
                }
                let email = text(&key, "client_email");
                let scopes = service_account::AccessSpecifier::from_scopes(self.scopes.clone());
                let builder = service_account::Builder::new(key).with_access_specifier(scopes);
                (email, builder.build_access_token_credentials().map_err(unusable)?)
            }
            Some("impersonated_service_account") => {
                let email = text(&key, "service_account_impersonation_url").and_then(|url| impersonated_email(&url));
                let builder = impersonated::Builder::new(key).with_scopes(self.scopes.clone());
                (email, builder.build_access_token_credentials().map_err(unusable)?)
            }
            _ => return Err(not_signed("the Google credentials are not a service account's, and only those have an address to sign for".into())),
        };
        let email = email
            .ok_or_else(|| not_signed("the Google credentials name no service account".into()))?;
        let token = credentials.access_token().await;
        let token = token
            .map_err(|_| not_signed("Google gave no access token for these credentials".into()))?;
        let project = own_project.unwrap_or_default();
        Ok(ServiceAccount {
            email,
            project,
            token: token.token.into(),
        })
    }

    /// The service account of the machine, from Google's metadata server.
    async fn account_of_machine(
        &self,
        http: &Client,
        env: &Env,
        deadline: Deadline,
    ) -> Result<ServiceAccount> {
        if env
            .get("NO_GCE_CHECK")?
            .is_some_and(|value| value == "true")
        {
            return Err(not_signed(
                "no Google credentials: none in the kwargs, GOOGLE_APPLICATION_CREDENTIALS or gcloud's folder, and NO_GCE_CHECK forbids to ask the metadata server".into(),
            ));
        }
        let host = env
            .get("GCE_METADATA_HOST")?
            .filter(|host| !host.is_empty())
            .unwrap_or("metadata.google.internal");
        let ask = async |path: &str| -> Result<String> {
            let url = format!("http://{host}/computeMetadata/v1/{path}");
            let request = http
                .get(url)
                .header("Metadata-Flavor", "Google")
                .timeout(deadline.left().min(METADATA_TIMEOUT));
            let response = request.send().await.map_err(|_| not_signed(format!("no Google credentials: none in the kwargs, GOOGLE_APPLICATION_CREDENTIALS or gcloud's folder, and no metadata server at {host}")))?;
            if !response.status().is_success() {
                return Err(not_signed(format!(
                    "Google's metadata server answered status {}",
                    response.status().as_u16()
                )));
            }
            let body = http::read_body(response).await?;
            String::from_utf8(body)
                .map_err(|_| not_signed("Google's metadata server answered no text".into()))
        };
        let email = ask("instance/service-accounts/default/email").await?;
        let project = match project_override(env)? {
            Some(project) => project,
            None => ask("project/project-id").await?,
        };
        let scopes = self.scopes.join(",");
        let token = ask(&format!(
            "instance/service-accounts/default/token?scopes={scopes}"
        ))
        .await?;
        let token = parsed(&token, "the metadata server's token")?;
        match token.get("access_token").and_then(Json::as_str) {
            Some(token) => Ok(ServiceAccount {
                email,
                project,
                token: token.into(),
            }),
            None => Err(not_signed("Google's metadata server gave no token".into())),
        }
    }
}

/// The largest credentials file that is read, in bytes.
const LARGEST_KEY: u64 = 1024 * 1024;

/// How long the metadata server, which is on this machine or nowhere, may take.
const METADATA_TIMEOUT: Duration = Duration::from_secs(3);

fn not_signed(because: String) -> Error {
    VaultError::NotSigned {
        auth_type: "gcp",
        because,
    }
    .into()
}

/// JSON that may hold a private key: an error names its origin only.
fn parsed(text: &str, origin: &str) -> Result<Json> {
    serde_json::from_str(text).map_err(|_| not_signed(format!("{origin} is not JSON")))
}

async fn read_key(path: &Path, origin: &str) -> Result<Json> {
    let text = text_file::read_apart(path, LARGEST_KEY).await;
    let text = text.map_err(|error| {
        not_signed(format!(
            "{origin} names a file that cannot be used: {error}"
        ))
    })?;
    parsed(SecretText::from(text).expose(), origin)
}

/// Application default credentials: the variable, else gcloud's folder.
fn default_file(env: &Env) -> Result<Option<(PathBuf, String)>> {
    if let Some(path) = env
        .get("GOOGLE_APPLICATION_CREDENTIALS")?
        .filter(|path| !path.is_empty())
    {
        return Ok(Some((
            path.into(),
            "`GOOGLE_APPLICATION_CREDENTIALS`".into(),
        )));
    }
    let folder = match env.get("CLOUDSDK_CONFIG")? {
        Some(folder) => Some(PathBuf::from(folder)),
        None => env.in_home(".config/gcloud")?,
    };
    let file = folder.map(|folder| folder.join("application_default_credentials.json"));
    Ok(file
        .filter(|file| file.is_file())
        .map(|file| (file, "gcloud".into())))
}

/// `google.auth.default()`'s project: the variables win over the credentials' own.
fn project_override(env: &Env) -> Result<Option<String>> {
    for name in ["GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT"] {
        if let Some(project) = env.get(name)? {
            return Ok(Some(project.to_owned()));
        }
    }
    Ok(None)
}

/// The address in `…/serviceAccounts/ADDRESS:generateAccessToken`.
fn impersonated_email(url: &str) -> Option<String> {
    let (_, rest) = url.rsplit_once('/')?;
    rest.split_once(':').map(|(email, _)| email.to_owned())
}

/// Sends a request to IAM and reads its JSON answer.
async fn answer_of(request: reqwest::RequestBuilder, token: &SecretText) -> Result<Json> {
    let response = request
        .send()
        .await
        .map_err(|error| not_signed(format!("IAM {}", http::failed(&error))))?;
    let status = response.status();
    let body =
        SecretText::from(String::from_utf8_lossy(&http::read_body(response).await?).into_owned());
    if status.is_success() {
        return parsed(body.expose(), "IAM's answer");
    }
    let said = parsed(body.expose(), "IAM's answer")
        .ok()
        .and_then(|answer| {
            answer
                .pointer("/error/message")
                .and_then(Json::as_str)
                .map(|words| http::servers_words(words, &[token.expose()]))
        });
    let said = said.map_or_else(String::new, |said| format!(": \"{said}\""));
    Err(not_signed(format!(
        "IAM refused signJwt with status {}{said}; it takes iam.serviceAccounts.signJwt",
        status.as_u16()
    )))
}
