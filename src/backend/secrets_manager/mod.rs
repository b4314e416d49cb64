//! AWS Secrets Manager.
//!
//! Mirrors `airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend` of apache-airflow-providers-amazon
//! 9.39.0. Its surprising rule: a connection that is stored as JSON keeps only the seven fields that the class knows by one of
//! their names; a `description` or a `uri` in it is lost.

mod fields;

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_secretsmanager::Client;
use tokio::sync::OnceCell;

use super::aws::batch::{Batches, in_batches};
use super::aws::error::AwsError;
use super::aws::naming::{Naming, Place};
use super::aws::refusal::{Needed, explain};
use super::aws::sdk_failure::SdkFailure;
use super::aws::session::Session;
use super::aws::settings::{self, AwsSettings, Service};
use super::aws::spellings;
use super::kwargs::{KwargError, Kwargs};
use super::{Answer, Backend, Location, Secret, Surroundings};
use crate::error::Result;
use crate::http;
use crate::python::json::Value;
use crate::secret_kind::SecretKind;
use fields::ConnectionWords;

const SERVICE: Service = Service {
    class: "SecretsManagerBackend",
    host: "secretsmanager",
    endpoint_variable: "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    api_version: "2017-10-17",
};

const OWN_KWARGS: &[&str] = &[
    "connections_prefix",
    "connections_lookup_pattern",
    "variables_prefix",
    "variables_lookup_pattern",
    "config_prefix",
    "config_lookup_pattern",
    "sep",
    "extra_conn_words",
];

/// The backend, with the client of its first lookup.
pub struct SecretsManagerBackend {
    naming: Naming,
    sep: String,
    words: ConnectionWords,
    settings: AwsSettings,
    surroundings: Surroundings,
    client: OnceCell<Result<Opened, AwsError>>,
}

struct Opened {
    session: Session,
    secrets: Client,
}

impl SecretsManagerBackend {
    /// Every kwarg that has an effect.
    pub const KWARGS: &'static [&'static str] =
        &settings::with_session_kwargs::<{ OWN_KWARGS.len() + settings::KWARGS.len() }>(OWN_KWARGS);

    /// Builds the backend as the provider's constructor does, and says what is odd about its settings.
    ///
    /// # Errors
    /// A prefix or `sep` that is no text. Everything else fails only the lookups, as in Airflow.
    pub fn open(kwargs: Kwargs<'_>, surroundings: &Surroundings) -> Result<(Self, Vec<String>)> {
        let sep = match kwargs.get("sep") {
            None => "/".to_owned(),
            Some(Value::Text(sep)) => sep.expose().to_owned(),
            Some(other) => return Err(kwargs.wrong_type("sep", "text", other).into()),
        };
        let naming = Naming::from_kwargs(kwargs, surroundings.multi_team, |name| {
            prefix(kwargs, name, &sep)
        })?;
        let settings = AwsSettings::from_kwargs(kwargs, SERVICE);
        let warnings = settings.warnings(kwargs, Self::KWARGS);
        let words = ConnectionWords::from_kwargs(kwargs);
        let backend = Self {
            naming,
            sep,
            words,
            settings,
            surroundings: surroundings.clone(),
            client: OnceCell::new(),
        };
        Ok((backend, warnings))
    }

    async fn opened(&self) -> Result<&Opened, AwsError> {
        let opened = self.client.get_or_init(|| async {
            let session = Session::open(&self.settings, &self.surroundings).await?;
            let mut config = aws_sdk_secretsmanager::config::Builder::from(&session.config);
            if let Some(url) = &self.settings.endpoint_url {
                // Beside an endpoint, boto3 passes over both.
                config = config.use_fips(false).use_dual_stack(false);
                config.set_endpoint_url(Some(url.clone()));
            }
            Ok(Opened {
                secrets: Client::from_conf(config.build()),
                session,
            })
        });
        opened.await.as_ref().map_err(Clone::clone)
    }

    /// A prefix that is empty has no separator after it.
    fn secret_name(&self, prefix: &str, id: &str) -> String {
        if prefix.is_empty() {
            id.to_owned()
        } else {
            format!("{prefix}{}{id}", self.sep)
        }
    }

    /// `_get_secret_value`. A fault of the service is told as one, though Airflow takes it for absent like the others.
    async fn read(&self, kind: SecretKind, name: &str) -> Result<Answer> {
        let opened = self.opened().await?;
        if name.is_empty() {
            return Err(
                AwsError::setting("the secret's name", "is empty, which boto3 refuses").into(),
            );
        }
        let failure = match opened
            .secrets
            .get_secret_value()
            .secret_id(name)
            .send()
            .await
        {
            Ok(found) => {
                return self.answer(kind, found.secret_string, found.secret_binary.is_some());
            }
            Err(error) => SdkFailure::new(&error),
        };
        match failure {
            SdkFailure::Service { code, .. } if code == "ResourceNotFoundException" => {
                Ok(Answer::Absent(None))
            }
            SdkFailure::Service { code, message, .. }
                if code == "InvalidRequestException" || code == "InvalidParameterException" =>
            {
                let said =
                    http::servers_words(&message.unwrap_or_default(), &opened.session.secrets());
                Ok(Answer::Absent(Some(format!(
                    "AWS says {code}: \"{said}\", which Airflow takes for absent"
                ))))
            }
            failure => {
                let needed = Needed {
                    permission: "secretsmanager:GetSecretValue",
                    resource: format!("secret:{name}-??????"),
                };
                Err(explain(&opened.session, failure, needed).await)
            }
        }
    }

    fn answer(&self, kind: SecretKind, text: Option<String>, is_binary: bool) -> Result<Answer> {
        match (text, kind) {
            (Some(text), SecretKind::Connection) => Ok(Answer::Found(Secret::Text(
                self.words.connection_text(text.into())?,
            ))),
            (Some(text), _) => Ok(Answer::Found(Secret::Text(text.into()))),
            (None, _) if is_binary => Ok(Answer::Absent(Some(
                "the secret is binary, which Airflow takes for absent; store it as text".into(),
            ))),
            (None, _) => Err(AwsError::NotAws { status: 200 }.into()),
        }
    }

    /// What is known of a secret besides its value.
    async fn described(&self, name: &str) -> Option<String> {
        let opened = self.opened().await.ok()?;
        let described = opened
            .secrets
            .describe_secret()
            .secret_id(name)
            .send()
            .await
            .ok()?;
        Some(match described.deleted_date {
            Some(_) => format!(
                "`{name}` is scheduled for deletion; `aws secretsmanager restore-secret` brings it back"
            ),
            None => spellings::hint(name),
        })
    }
}

/// A prefix without its trailing separators, of which `sep` is a set of characters; anything false is no prefix.
fn prefix(kwargs: Kwargs<'_>, name: &'static str, sep: &str) -> Result<Option<String>, KwargError> {
    match kwargs.get(name) {
        None => Ok(Some(
            format!("airflow/{}", name.trim_end_matches("_prefix"))
                .trim_end_matches(|c| sep.contains(c))
                .to_owned(),
        )),
        Some(Value::None) => Ok(None),
        Some(Value::Text(text)) => Ok(Some(
            text.expose()
                .trim_end_matches(|c| sep.contains(c))
                .to_owned(),
        )),
        Some(value) if !value.is_truthy() => Ok(Some(String::new())),
        Some(other) => Err(kwargs.wrong_type(name, "text or null", other)),
    }
}

#[async_trait]
impl Backend for SecretsManagerBackend {
    fn name(&self) -> &'static str {
        SERVICE.class
    }

    fn locate(&self, kind: SecretKind, id: &str) -> Location {
        let server = self.settings.server(&self.surroundings.env);
        self.naming
            .location(kind, id, server, |prefix| self.secret_name(prefix, id))
    }

    async fn get(&self, kind: SecretKind, id: &str) -> Result<Answer> {
        match self.naming.place(kind, id)? {
            Place::Skipped(reason) => Ok(Answer::Absent(Some(reason))),
            Place::Below(prefix) => self.read(kind, &self.secret_name(prefix, id)).await,
        }
    }

    async fn get_many(&self, kind: SecretKind, ids: &[String]) -> Vec<Result<Answer>> {
        in_batches(self, kind, ids).await
    }

    async fn asked_as(&self) -> Option<String> {
        let opened = self.client.get()?.as_ref().ok()?;
        Some(opened.session.asked_as())
    }

    async fn near_misses(&self, kind: SecretKind, id: &str) -> Vec<String> {
        let Ok(Place::Below(prefix)) = self.naming.place(kind, id) else {
            return Vec::new();
        };
        let asked = self.secret_name(prefix, id);
        let toggled = match asked.strip_prefix('/') {
            Some(rest) => rest.to_owned(),
            None => format!("/{asked}"),
        };
        let mut names = vec![asked.clone(), toggled];
        names.extend(
            spellings::of(id)
                .iter()
                .map(|id| self.secret_name(prefix, id)),
        );
        names.extend(
            self.naming
                .other_prefixes(kind)
                .map(|prefix| self.secret_name(prefix, id)),
        );
        let mut hints = Vec::new();
        for name in spellings::worth_asking(names, "", 6) {
            hints.extend(self.described(&name).await);
        }
        hints.extend(self.settings.other_region(&self.surroundings.env));
        hints
    }
}

#[async_trait]
impl Batches for SecretsManagerBackend {
    const SIZE: usize = 20;

    /// Only names: an ARN's answer names the secret otherwise, and an empty name spoils the whole batch.
    fn name_of(&self, kind: SecretKind, id: &str) -> Option<String> {
        let Ok(Place::Below(prefix)) = self.naming.place(kind, id) else {
            return None;
        };
        Some(self.secret_name(prefix, id)).filter(|name| !name.is_empty() && !name.contains(':'))
    }

    async fn read_batch(
        &self,
        kind: SecretKind,
        names: &[String],
    ) -> Option<HashMap<String, Answer>> {
        let opened = self.opened().await.ok()?;
        let request = opened
            .secrets
            .batch_get_secret_value()
            .set_secret_id_list(Some(names.to_vec()));
        let answer = request.send().await.ok()?;
        let mut answers = HashMap::new();
        for found in answer.secret_values.unwrap_or_default() {
            // What cannot be used is asked for once more, alone, so that its error is told.
            if let (Some(name), Ok(answer)) = (
                found.name,
                self.answer(kind, found.secret_string, found.secret_binary.is_some()),
            ) {
                answers.insert(name, answer);
            }
        }
        for error in answer.errors.unwrap_or_default() {
            if let (Some(name), Some("ResourceNotFoundException")) =
                (error.secret_id, error.error_code.as_deref())
            {
                answers.insert(name, Answer::Absent(None));
            }
        }
        Some(answers)
    }
}

#[cfg(test)]
mod tests;
