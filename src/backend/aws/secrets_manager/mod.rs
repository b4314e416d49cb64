//! AWS Secrets Manager.
//!
//! Mirrors `airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend` of apache-airflow-providers-amazon
//! 9.39.0. Its surprising rule: a connection that is stored as JSON keeps only the seven fields that the class knows by one of
//! their names; a `description` or a `uri` in it is lost.

mod fields;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;

use super::backend::{AwsService, Existing, Opened};
use super::error::AwsError;
use super::refusal::{Needed, explain};
use super::sdk_failure::{SdkFailure, answered};
use super::settings::{KWARGS, ServiceFacts};
use super::systems_manager::ParameterStore;
use crate::backend::kwargs::{KwargError, Kwargs};
use crate::backend::{Answer, Secret};
use crate::deadline::Deadline;
use crate::python::json::Value;
use crate::secret_kind::SecretKind;
use fields::ConnectionWords;

/// The kwargs of Parameter Store's class, and two of its own.
const ALL_KWARGS: [&str; KWARGS.len() + 2] = {
    let mut names = ["sep"; KWARGS.len() + 2];
    let mut index = 0;
    while index < KWARGS.len() {
        names[index] = KWARGS[index];
        index += 1;
    }
    names[index] = "extra_conn_words";
    names
};

/// The service, with what its class alone knows.
pub struct SecretsManager {
    sep: String,
    words: ConnectionWords,
}

impl SecretsManager {
    fn answer(
        &self,
        kind: SecretKind,
        text: Option<String>,
        is_binary: bool,
    ) -> Result<Answer, AwsError> {
        match (text, kind) {
            (Some(text), SecretKind::Connection) => {
                let text = self.words.connection_text(text.into())?;
                Ok(Answer::Found(Secret::Text(text)))
            }
            (Some(text), _) => Ok(Answer::Found(Secret::Text(text.into()))),
            (None, _) if is_binary => Ok(Answer::Absent(Some(
                "the secret is binary, which Airflow takes for absent; store it as text".into(),
            ))),
            (None, _) => Err(AwsError::NotAws { status: 200 }),
        }
    }
}

impl AwsService for SecretsManager {
    const FACTS: ServiceFacts = ServiceFacts {
        class: "SecretsManagerBackend",
        api_version: "2017-10-17",
        kwargs: &ALL_KWARGS,
    };
    const MOST_NAMES: usize = 20;
    type Client = Client;

    fn from_kwargs(kwargs: Kwargs<'_>) -> Result<Self, KwargError> {
        let sep = match kwargs.get("sep") {
            None => "/".to_owned(),
            Some(Value::Text(sep)) => sep.expose().to_owned(),
            Some(other) => return Err(kwargs.wrong_type("sep", "text", other)),
        };
        Ok(Self {
            sep,
            words: ConnectionWords::from_kwargs(kwargs),
        })
    }

    /// Without its trailing separators, of which `sep` is a set of characters; anything false is no prefix.
    fn prefix(&self, kwargs: Kwargs<'_>, name: &'static str) -> Result<Option<String>, KwargError> {
        let trimmed = |text: &str| Some(text.trim_end_matches(|c| self.sep.contains(c)).to_owned());
        match kwargs.get(name) {
            None => Ok(trimmed(&format!(
                "airflow/{}",
                name.trim_end_matches("_prefix")
            ))),
            Some(Value::None) => Ok(None),
            Some(Value::Text(text)) => Ok(trimmed(text.expose())),
            Some(value) if !value.is_truthy() => Ok(Some(String::new())),
            Some(other) => Err(kwargs.wrong_type(name, "text or null", other)),
        }
    }

    /// A prefix that is empty has no separator after it.
    fn name(&self, prefix: &str, id: &str) -> String {
        match prefix.is_empty() {
            true => id.to_owned(),
            false => format!("{prefix}{}{id}", self.sep),
        }
    }

    /// The name itself, which may be scheduled for deletion, and the same with or without a leading slash.
    fn variants(&self, name: &str) -> Vec<String> {
        let toggled = match name.strip_prefix('/') {
            Some(rest) => rest.to_owned(),
            None => format!("/{name}"),
        };
        vec![name.to_owned(), toggled]
    }

    fn client(config: &SdkConfig) -> Client {
        Client::new(config)
    }

    /// `_get_secret_value`. A fault of the service is told as one, though Airflow takes it for absent like the others.
    async fn read(
        &self,
        opened: &Opened<Client>,
        kind: SecretKind,
        name: &str,
        deadline: Deadline,
    ) -> Result<Answer, AwsError> {
        if name.is_empty() {
            let problem = "is empty, which boto3 refuses";
            return Err(AwsError::setting("the secret's name", problem));
        }
        let request = opened.client.get_secret_value().secret_id(name);
        let failure = match answered(request.send(), deadline).await {
            Ok(found) => {
                let is_binary = found.secret_binary.is_some();
                return self.answer(kind, found.secret_string, is_binary);
            }
            Err(failure) => failure,
        };
        match failure.code() {
            "ResourceNotFoundException" => Ok(Answer::Absent(None)),
            code @ ("InvalidRequestException" | "InvalidParameterException") => {
                let said = failure.said(&opened.session.secrets()).unwrap_or_default();
                Ok(Answer::Absent(Some(format!(
                    "AWS says {code}: \"{said}\", which Airflow takes for absent"
                ))))
            }
            _ => {
                let needed = Needed {
                    permission: "secretsmanager:GetSecretValue",
                    resource: format!("secret:{name}-??????"),
                };
                Err(explain(&opened.session, failure, needed, deadline).await)
            }
        }
    }

    /// Only names: an ARN's answer names the secret otherwise, and an empty name spoils the whole batch.
    fn goes_in_batch(name: &str) -> bool {
        !name.is_empty() && !name.contains(':')
    }

    async fn read_batch(
        &self,
        client: &Client,
        kind: SecretKind,
        names: &[String],
        deadline: Deadline,
    ) -> Result<HashMap<String, Answer>, SdkFailure> {
        let request = client
            .batch_get_secret_value()
            .set_secret_id_list(Some(names.to_vec()));
        let answer = answered(request.send(), deadline).await?;
        let mut answers = HashMap::new();
        for found in answer.secret_values.unwrap_or_default() {
            let is_binary = found.secret_binary.is_some();
            // What cannot be used is asked for once more, alone, so that its error is told.
            if let (Some(name), Ok(answer)) = (
                found.name,
                self.answer(kind, found.secret_string, is_binary),
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
        Ok(answers)
    }

    /// One question a name, and none after the first that is not answered.
    async fn existing(client: &Client, names: Vec<String>, deadline: Deadline) -> Vec<Existing> {
        let mut existing = Vec::new();
        for name in names
            .into_iter()
            .filter(|name| !name.is_empty())
            .take(MOST_DESCRIBED)
        {
            let request = client.describe_secret().secret_id(&name);
            match answered(request.send(), deadline).await {
                Ok(described) => existing.push(Existing {
                    name,
                    is_deleted: described.deleted_date.is_some(),
                }),
                Err(failure) if failure.code() == "ResourceNotFoundException" => {}
                Err(_) => break,
            }
        }
        existing
    }

    async fn in_the_other_service(
        config: &SdkConfig,
        name: &str,
        deadline: Deadline,
    ) -> Option<String> {
        let name = format!("/{}", name.trim_start_matches('/'));
        let client = ParameterStore::client(config);
        let found = ParameterStore::existing(&client, vec![name], deadline).await;
        let name = found.into_iter().next()?.name;
        Some(format!(
            "there is such a parameter in Parameter Store, `{name}`, which SystemsManagerParameterStoreBackend reads"
        ))
    }
}

/// How many names are looked for after a lookup that found nothing.
const MOST_DESCRIBED: usize = 6;
