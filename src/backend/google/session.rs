//! What a lookup needs: the project, a token, and the clients for Google's token servers and for Secret Manager itself.
//!
//! The surprising rule: google-auth and gRPC trust different CAs, and know proxies by different variables.
//! `REQUESTS_CA_BUNDLE` is for the one, and `GRPC_DEFAULT_SSL_ROOTS_FILE_PATH` for the other; where the second is not set
//! secretctl uses the first for both.

use tokio::sync::Mutex;

use super::credentials::{GoogleCredentials, GoogleError, TokenServers, ask, http_settings};
use super::error::CloudSecretManagerError;
use super::settings::SecretManagerSettings;
use super::{naming, service};
use crate::backend::{Answer, Surroundings};
use crate::deadline::Deadline;
use crate::env::{Env, EnvError};
use crate::http::{Client, HttpError, Proxies, Reply, Verify};
use crate::secret::SecretText;

/// A token and what it is used with.
pub(super) struct SecretManagerSession {
    /// For the token servers.
    google: Client,
    /// For Secret Manager.
    service: Client,
    /// The API's address, without a slash at its end.
    base: String,
    surroundings: Surroundings,
    credentials: GoogleCredentials,
    token: SecretText,
    project: String,
    /// Names that Google has said it does not take.
    invalid: Mutex<Vec<String>>,
}

impl SecretManagerSession {
    /// Finds the project and gets a token.
    ///
    /// # Errors
    /// No project, no token, or no answer.
    pub async fn open(
        settings: &SecretManagerSettings,
        surroundings: &Surroundings,
        deadline: Deadline,
    ) -> Result<Self, CloudSecretManagerError> {
        let Surroundings { env, console, .. } = surroundings;
        let credentials = settings.credentials()?;
        let google = http_settings(Verify::Trusted, Proxies::default());
        let google = Client::open(env, &google, console, deadline).await?;
        let service = http_settings(service_roots(env)?, Proxies::Grpc);
        let service = Client::open(env, &service, console, deadline).await?;
        let servers = TokenServers::new(&google, surroundings, deadline);
        let project = match settings.project_name() {
            Some(project) => project.to_owned(),
            None => project_of_the_machine(credentials, &servers).await?,
        };
        let token = credentials.token(&settings.access(), &servers).await?;
        Ok(Self {
            google,
            service,
            base: settings.endpoint.as_str().trim_end_matches('/').to_owned(),
            surroundings: surroundings.clone(),
            credentials: credentials.clone(),
            token,
            project,
            invalid: Mutex::default(),
        })
    }

    /// The project that is asked.
    pub fn project(&self) -> &str {
        &self.project
    }

    /// Who asks, in words.
    pub async fn identity(&self, deadline: Deadline) -> String {
        let servers = TokenServers::new(&self.google, &self.surroundings, deadline);
        self.credentials.identity(&servers).await
    }

    /// Reads the latest version of a secret.
    ///
    /// # Errors
    /// Everything but a value and Airflow's "no such secret".
    pub async fn access(
        &self,
        secret_id: &str,
        deadline: Deadline,
    ) -> Result<Answer, CloudSecretManagerError> {
        let path = naming::api_path(&self.project, secret_id);
        let path = format!("{path}/versions/latest:access");
        let reply = self.get(&path, deadline).await?;
        match service::read(&reply, &[self.token.expose()]) {
            Ok(answer) => {
                // Google's words on an invalid argument; "not found" has none.
                if let Answer::Absent(Some(_)) = &answer {
                    self.invalid.lock().await.push(secret_id.to_owned());
                }
                Ok(answer)
            }
            Err(refusal) => {
                let identity = self.identity(deadline.for_diagnosis());
                let project = &self.project;
                Err(
                    CloudSecretManagerError::from_refusal(refusal, project, secret_id, identity)
                        .await,
                )
            }
        }
    }

    /// Whether Google has called this name, or what goes with it, an invalid argument: then it being there says nothing.
    pub async fn is_invalid(&self, secret_id: &str) -> bool {
        self.invalid
            .lock()
            .await
            .iter()
            .any(|name| name == secret_id)
    }

    /// Whether there is a secret of this name; `None` when that is not to be known.
    pub async fn has_secret(&self, secret_id: &str, deadline: Deadline) -> Option<bool> {
        let path = naming::api_path(&self.project, secret_id);
        let reply = self.get(&path, deadline).await.ok()?;
        match reply.status.as_u16() {
            200 => Some(reply.members()?.contains_key("name")),
            404 => Some(false),
            _ => None,
        }
    }

    async fn get(&self, path: &str, deadline: Deadline) -> Result<Reply, HttpError> {
        let request = self
            .service
            .get(format!("{}{path}", self.base))
            .bearer_auth(self.token.expose());
        let request = match self.credentials.quota_project() {
            Some(project) => request.header("x-goog-user-project", project),
            None => request,
        };
        ask(&self.service, deadline, request).await
    }
}

/// The project that the metadata server names. Where there is neither, Airflow would not have started.
async fn project_of_the_machine(
    credentials: &GoogleCredentials,
    servers: &TokenServers<'_>,
) -> Result<String, CloudSecretManagerError> {
    match credentials.project_id(servers).await {
        Ok(project) => project.ok_or(CloudSecretManagerError::NoProject),
        Err(error @ GoogleError::NoCredentials { .. }) => {
            Err(CloudSecretManagerError::NotStarted(error))
        }
        Err(error) => Err(error.into()),
    }
}

fn service_roots(env: &Env) -> Result<Verify, EnvError> {
    let name = "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH";
    let path = env.get(name)?.filter(|path| !path.is_empty());
    Ok(path.map_or(Verify::Trusted, |path| Verify::Bundle {
        path: path.into(),
        origin: format!("`{name}`"),
    }))
}
