//! What a lookup needs: the project, a token, and the clients for Google's token servers and for Secret Manager itself.
//!
//! The surprising rule: google-auth and gRPC trust different CAs, and know proxies by different variables.
//! `REQUESTS_CA_BUNDLE` is for the one, and `GRPC_DEFAULT_SSL_ROOTS_FILE_PATH` for the other; where the second is not set
//! secretctl uses the first for both.

use super::error::CloudSecretManagerError;
use super::naming;
use super::service::{self, Asked};
use super::settings::Settings;
use crate::backend::google::{Credentials, Exchange, GoogleError};
use crate::backend::{Answer, Surroundings};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::http::{self, Client, Deadline, HttpSettings, Proxies, Verify};
use crate::secret::SecretText;

/// A token and what it is used with.
pub struct Session {
    google: Client,
    service: Client,
    token: SecretText,
    project: String,
}

impl Session {
    /// Finds the project and gets a token.
    ///
    /// # Errors
    /// No project, no token, or no answer.
    pub async fn open(
        settings: &Settings,
        surroundings: &Surroundings,
        deadline: Deadline,
    ) -> Result<Session> {
        let env = &surroundings.env;
        let credentials = settings.credentials()?;
        let google = http_settings(surroundings, Verify::Trusted, Proxies::default());
        let google = http::client(env, &google)?;
        let service = http_settings(surroundings, service_roots(env)?, Proxies::Grpc);
        let service = http::client(env, &service)?;
        let exchange = Exchange::new(&google, env, deadline, surroundings.trace);
        let project = match settings.project_name() {
            Some(project) => project.to_owned(),
            None => project_of_the_machine(credentials, &exchange).await?,
        };
        let token = credentials.token(&settings.access(), &exchange).await?;
        Ok(Session {
            google,
            service,
            token,
            project,
        })
    }

    /// An exchange with Secret Manager.
    pub fn exchange<'a>(
        &'a self,
        surroundings: &'a Surroundings,
        deadline: Deadline,
    ) -> Exchange<'a> {
        Exchange::new(
            &self.service,
            &surroundings.env,
            deadline,
            surroundings.trace,
        )
    }

    /// An exchange with Google's token servers.
    pub fn google_exchange<'a>(
        &'a self,
        surroundings: &'a Surroundings,
        deadline: Deadline,
    ) -> Exchange<'a> {
        Exchange::new(
            &self.google,
            &surroundings.env,
            deadline,
            surroundings.trace,
        )
    }

    /// The project that is asked.
    pub fn project(&self) -> &str {
        &self.project
    }

    /// Reads the latest version of a secret.
    ///
    /// # Errors
    /// Everything but a value and Airflow's "no such secret".
    pub async fn access(
        &self,
        settings: &Settings,
        surroundings: &Surroundings,
        secret_id: &str,
        deadline: Deadline,
    ) -> Result<Answer> {
        let exchange = self.exchange(surroundings, deadline);
        let path = format!(
            "{}/versions/latest:access",
            naming::api_path(&self.project, secret_id)
        );
        let request = self.request(settings, &exchange, &path)?;
        let reply = exchange.send(request).await?;
        let hidden = [self.token.expose()];
        match service::read(&reply, &hidden) {
            Ok(answer) => Ok(answer),
            Err(refusal) => {
                let google = self.google_exchange(surroundings, deadline);
                let asked = Asked {
                    identity: settings.credentials()?.identity(&google).await,
                    project: self.project.clone(),
                    secret_id: secret_id.to_owned(),
                };
                Err(CloudSecretManagerError::from_refusal(refusal, asked).into())
            }
        }
    }

    /// Whether there is a secret of this name; `None` when that is not to be known.
    pub async fn has_secret(
        &self,
        settings: &Settings,
        exchange: &Exchange<'_>,
        secret_id: &str,
    ) -> Option<bool> {
        let path = naming::api_path(&self.project, secret_id);
        let request = self.request(settings, exchange, &path).ok()?;
        let reply = exchange.send(request).await.ok()?;
        match reply.status.as_u16() {
            200 => Some(reply.members()?.contains_key("name")),
            404 => Some(false),
            _ => None,
        }
    }

    fn request(
        &self,
        settings: &Settings,
        exchange: &Exchange<'_>,
        path: &str,
    ) -> Result<reqwest::RequestBuilder> {
        let base = settings.endpoint.as_str().trim_end_matches('/');
        let mut request = exchange
            .http
            .get(format!("{base}{path}"))
            .bearer_auth(self.token.expose());
        if let Some(project) = settings.credentials()?.quota_project() {
            request = request.header("x-goog-user-project", project);
        }
        Ok(request)
    }
}

/// The project that the metadata server names. Where there is neither, Airflow would not have started.
async fn project_of_the_machine(
    credentials: &Credentials,
    exchange: &Exchange<'_>,
) -> Result<String> {
    match credentials.project_id(exchange).await {
        Ok(Some(project)) => Ok(project),
        Ok(None) => Err(CloudSecretManagerError::NoProject.into()),
        Err(Error::Google(error @ GoogleError::NoCredentials { .. })) => {
            Err(CloudSecretManagerError::NotStarted(error).into())
        }
        Err(other) => Err(other),
    }
}

fn service_roots(env: &Env) -> Result<Verify> {
    let name = "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH";
    let path = env.get(name)?.filter(|path| !path.is_empty());
    Ok(path.map_or(Verify::Trusted, |path| Verify::Bundle {
        path: path.into(),
        origin: format!("`{name}`"),
    }))
}

/// No redirect is followed: neither Google's token servers nor gRPC send any.
fn http_settings(surroundings: &Surroundings, verify: Verify, proxies: Proxies) -> HttpSettings {
    HttpSettings {
        verify,
        client_certificate: None,
        proxies,
        timeout: surroundings.timeout,
        follow_redirects: false,
    }
}
