//! AWS Systems Manager Parameter Store.
//!
//! Mirrors `airflow.providers.amazon.aws.secrets.systems_manager.SystemsManagerParameterStoreBackend` of
//! apache-airflow-providers-amazon 9.39.0. Its surprising rule: a name without a leading slash gets one, but slashes that are
//! already there are kept, so an id that begins with one is looked for behind two.

use std::collections::HashMap;

use aws_config::SdkConfig;
use aws_sdk_ssm::Client;

use super::backend::{AwsService, Existing, Opened};
use super::error::AwsError;
use super::refusal::{Needed, explain};
use super::sdk_failure::{SdkFailure, answered};
use super::secrets_manager::SecretsManager;
use super::settings::{KWARGS, ServiceFacts};
use crate::backend::kwargs::{KwargError, Kwargs};
use crate::backend::{Answer, Secret};
use crate::deadline::Deadline;
use crate::python::json::Value;
use crate::secret_kind::SecretKind;

/// The service.
pub struct ParameterStore;

impl AwsService for ParameterStore {
    const FACTS: ServiceFacts = ServiceFacts {
        class: "SystemsManagerParameterStoreBackend",
        api_version: "2014-11-06",
        kwargs: KWARGS,
    };
    const MOST_NAMES: usize = 10;
    type Client = Client;

    fn from_kwargs(_: Kwargs<'_>) -> Result<Self, KwargError> {
        Ok(Self)
    }

    /// Without its trailing slashes: the default when absent, none when null.
    fn prefix(&self, kwargs: Kwargs<'_>, name: &'static str) -> Result<Option<String>, KwargError> {
        match kwargs.get(name) {
            None => Ok(Some(format!(
                "/airflow/{}",
                name.trim_end_matches("_prefix")
            ))),
            Some(Value::None) => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text.expose().trim_end_matches('/').to_owned())),
            Some(other) => Err(kwargs.wrong_type(name, "text or null", other)),
        }
    }

    /// `build_path` and `_ensure_leading_slash`
    fn name(&self, prefix: &str, id: &str) -> String {
        match prefix.starts_with('/') || prefix.is_empty() {
            true => format!("{prefix}/{id}"),
            false => format!("/{prefix}/{id}"),
        }
    }

    fn variants(&self, name: &str) -> Vec<String> {
        let doubled = name.contains("//");
        doubled
            .then(|| name.replace("//", "/"))
            .into_iter()
            .collect()
    }

    fn client(config: &SdkConfig) -> Client {
        Client::new(config)
    }

    /// `_get_parameter_value`
    async fn read(
        &self,
        opened: &Opened<Client>,
        _: SecretKind,
        name: &str,
        deadline: Deadline,
    ) -> Result<Answer, AwsError> {
        let request = opened.client.get_parameter().name(name);
        let failure = match answered(request.with_decryption(true).send(), deadline).await {
            Ok(found) => {
                let value = found.parameter.and_then(|parameter| parameter.value);
                let value = value.ok_or(AwsError::NotAws { status: 200 })?;
                return Ok(Answer::Found(Secret::Text(value.into())));
            }
            Err(failure) => failure,
        };
        match failure.code() {
            "ParameterNotFound" => Ok(Answer::Absent(None)),
            "ParameterVersionNotFound" => Err(AwsError::NoSuchVersion),
            _ => {
                let needed = Needed {
                    permission: "ssm:GetParameter",
                    resource: format!("parameter/{}", name.trim_start_matches('/')),
                };
                Err(explain(&opened.session, failure, needed, deadline).await)
            }
        }
    }

    /// Only plain names: with a version, a label or an ARN the answer may name the parameter otherwise.
    fn goes_in_batch(name: &str) -> bool {
        name.chars()
            .all(|c| c.is_ascii_alphanumeric() || "/_.-".contains(c))
    }

    async fn read_batch(
        &self,
        client: &Client,
        _: SecretKind,
        names: &[String],
        deadline: Deadline,
    ) -> Result<HashMap<String, Answer>, SdkFailure> {
        let request = client.get_parameters().set_names(Some(names.to_vec()));
        let answer = answered(request.with_decryption(true).send(), deadline).await?;
        let mut answers = HashMap::new();
        for parameter in answer.parameters.unwrap_or_default() {
            if let (Some(name), Some(value)) = (parameter.name, parameter.value) {
                answers.insert(name, Answer::Found(Secret::Text(value.into())));
            }
        }
        for name in answer.invalid_parameters.unwrap_or_default() {
            answers.insert(name, Answer::Absent(None));
        }
        Ok(answers)
    }

    /// The values are not decrypted for it.
    async fn existing(client: &Client, names: Vec<String>, deadline: Deadline) -> Vec<Existing> {
        if names.is_empty() {
            return Vec::new();
        }
        let request = client.get_parameters().set_names(Some(names));
        let found = answered(request.with_decryption(false).send(), deadline).await;
        let found = found.ok().and_then(|found| found.parameters);
        let names = found.unwrap_or_default().into_iter();
        names
            .filter_map(|parameter| parameter.name)
            .map(|name| Existing {
                name,
                is_deleted: false,
            })
            .collect()
    }

    async fn in_the_other_service(
        config: &SdkConfig,
        name: &str,
        deadline: Deadline,
    ) -> Option<String> {
        let name = name.trim_start_matches('/').to_owned();
        let client = SecretsManager::client(config);
        let found = SecretsManager::existing(&client, vec![name], deadline).await;
        let name = found.into_iter().next()?.name;
        Some(format!(
            "there is such a secret in Secrets Manager, `{name}`, which SecretsManagerBackend reads"
        ))
    }
}
