//! AWS Systems Manager Parameter Store.
//!
//! Mirrors `airflow.providers.amazon.aws.secrets.systems_manager.SystemsManagerParameterStoreBackend` of
//! apache-airflow-providers-amazon 9.39.0. Its surprising rule: a name without a leading slash gets one, but slashes that are
//! already there are kept, so an id that begins with one is looked for behind two.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_ssm::Client;
use aws_sdk_ssm::operation::get_parameter::GetParameterOutput;
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
use crate::python::json::Value;
use crate::secret_kind::SecretKind;

const SERVICE: Service = Service {
    class: "SystemsManagerParameterStoreBackend",
    host: "ssm",
    endpoint_variable: "AWS_ENDPOINT_URL_SSM",
    api_version: "2014-11-06",
};

const OWN_KWARGS: &[&str] = &[
    "connections_prefix",
    "connections_lookup_pattern",
    "variables_prefix",
    "variables_lookup_pattern",
    "config_prefix",
    "config_lookup_pattern",
];

/// The backend, with the client of its first lookup.
pub struct SystemsManagerParameterStoreBackend {
    naming: Naming,
    settings: AwsSettings,
    surroundings: Surroundings,
    client: OnceCell<Result<Opened, AwsError>>,
}

struct Opened {
    session: Session,
    ssm: Client,
}

impl SystemsManagerParameterStoreBackend {
    /// Every kwarg that has an effect.
    pub const KWARGS: &'static [&'static str] =
        &settings::with_session_kwargs::<{ OWN_KWARGS.len() + settings::KWARGS.len() }>(OWN_KWARGS);

    /// Builds the backend as the provider's constructor does, and says what is odd about its settings.
    ///
    /// # Errors
    /// A prefix that is no text. Everything else fails only the lookups, as in Airflow.
    pub fn open(kwargs: Kwargs<'_>, surroundings: &Surroundings) -> Result<(Self, Vec<String>)> {
        let naming =
            Naming::from_kwargs(kwargs, surroundings.multi_team, |name| prefix(kwargs, name))?;
        let settings = AwsSettings::from_kwargs(kwargs, SERVICE);
        let warnings = settings.warnings(kwargs, Self::KWARGS);
        Ok((
            Self {
                naming,
                settings,
                surroundings: surroundings.clone(),
                client: OnceCell::new(),
            },
            warnings,
        ))
    }

    async fn opened(&self) -> Result<&Opened, AwsError> {
        let opened = self.client.get_or_init(|| async {
            let session = Session::open(&self.settings, &self.surroundings).await?;
            let mut config = aws_sdk_ssm::config::Builder::from(&session.config);
            if let Some(url) = &self.settings.endpoint_url {
                // Beside an endpoint, boto3 passes over both.
                config = config.use_fips(false).use_dual_stack(false);
                config.set_endpoint_url(Some(url.clone()));
            }
            Ok(Opened {
                ssm: Client::from_conf(config.build()),
                session,
            })
        });
        opened.await.as_ref().map_err(Clone::clone)
    }

    /// `_get_parameter_value`
    async fn read(&self, name: &str) -> Result<Answer> {
        let opened = self.opened().await?;
        let failure = match opened
            .ssm
            .get_parameter()
            .name(name)
            .with_decryption(true)
            .send()
            .await
        {
            Ok(found) => return value_in(found),
            Err(error) => SdkFailure::new(&error),
        };
        match failure.code() {
            "ParameterNotFound" => Ok(Answer::Absent(None)),
            "ParameterVersionNotFound" => Err(AwsError::NoSuchVersion.into()),
            _ => {
                let resource = format!("parameter/{}", name.trim_start_matches('/'));
                Err(explain(
                    &opened.session,
                    failure,
                    Needed {
                        permission: "ssm:GetParameter",
                        resource,
                    },
                )
                .await)
            }
        }
    }

    /// Which of these parameters exist; the values are not decrypted for it.
    async fn existing(&self, names: Vec<String>) -> Vec<String> {
        let Ok(opened) = self.opened().await else {
            return Vec::new();
        };
        let found = opened
            .ssm
            .get_parameters()
            .set_names(Some(names))
            .with_decryption(false)
            .send()
            .await;
        let found = found
            .map(|found| found.parameters.unwrap_or_default())
            .unwrap_or_default();
        found
            .into_iter()
            .filter_map(|parameter| parameter.name)
            .collect()
    }
}

/// A prefix without its trailing slashes: the default when absent, none when null.
fn prefix(kwargs: Kwargs<'_>, name: &'static str) -> Result<Option<String>, KwargError> {
    let trimmed = |text: &str| text.trim_end_matches('/').to_owned();
    match kwargs.get(name) {
        None => Ok(Some(format!(
            "/airflow/{}",
            name.trim_end_matches("_prefix")
        ))),
        Some(Value::None) => Ok(None),
        Some(Value::Text(text)) => Ok(Some(trimmed(text.expose()))),
        Some(other) => Err(kwargs.wrong_type(name, "text or null", other)),
    }
}

/// `build_path` and `_ensure_leading_slash`
fn parameter_name(prefix: &str, id: &str) -> String {
    let name = format!("{prefix}/{id}");
    if name.starts_with('/') {
        name
    } else {
        format!("/{name}")
    }
}

fn value_in(found: GetParameterOutput) -> Result<Answer> {
    match found.parameter.and_then(|parameter| parameter.value) {
        Some(value) => Ok(Answer::Found(Secret::Text(value.into()))),
        None => Err(AwsError::NotAws { status: 200 }.into()),
    }
}

#[async_trait]
impl Backend for SystemsManagerParameterStoreBackend {
    fn name(&self) -> &'static str {
        SERVICE.class
    }

    fn locate(&self, kind: SecretKind, id: &str) -> Location {
        let server = self.settings.server(&self.surroundings.env);
        self.naming
            .location(kind, id, server, |prefix| parameter_name(prefix, id))
    }

    async fn get(&self, kind: SecretKind, id: &str) -> Result<Answer> {
        match self.naming.place(kind, id)? {
            Place::Skipped(reason) => Ok(Answer::Absent(Some(reason))),
            Place::Below(prefix) => self.read(&parameter_name(prefix, id)).await,
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
        let asked = parameter_name(prefix, id);
        let mut names: Vec<String> = spellings::of(id)
            .iter()
            .map(|id| parameter_name(prefix, id))
            .collect();
        names.push(parameter_name(prefix, id).replace("//", "/"));
        names.extend(
            self.naming
                .other_prefixes(kind)
                .map(|prefix| parameter_name(prefix, id)),
        );
        let names = spellings::worth_asking(names, &asked, Self::SIZE);
        let mut hints: Vec<String> = Vec::new();
        if !names.is_empty() {
            hints.extend(
                self.existing(names)
                    .await
                    .iter()
                    .map(|name| spellings::hint(name)),
            );
        }
        hints.extend(self.settings.other_region(&self.surroundings.env));
        hints
    }
}

#[async_trait]
impl Batches for SystemsManagerParameterStoreBackend {
    const SIZE: usize = 10;

    /// Only plain names: with a version, a label or an ARN the answer may name the parameter otherwise.
    fn name_of(&self, kind: SecretKind, id: &str) -> Option<String> {
        let Ok(Place::Below(prefix)) = self.naming.place(kind, id) else {
            return None;
        };
        let is_plain = |name: &String| {
            name.chars()
                .all(|c| c.is_ascii_alphanumeric() || "/_.-".contains(c))
        };
        Some(parameter_name(prefix, id)).filter(is_plain)
    }

    async fn read_batch(
        &self,
        _kind: SecretKind,
        names: &[String],
    ) -> Option<HashMap<String, Answer>> {
        let opened = self.opened().await.ok()?;
        let request = opened
            .ssm
            .get_parameters()
            .set_names(Some(names.to_vec()))
            .with_decryption(true);
        let answer = request.send().await.ok()?;
        let mut answers = HashMap::new();
        for parameter in answer.parameters.unwrap_or_default() {
            if let (Some(name), Some(value)) = (parameter.name, parameter.value) {
                answers.insert(name, Answer::Found(Secret::Text(value.into())));
            }
        }
        for name in answer.invalid_parameters.unwrap_or_default() {
            answers.insert(name, Answer::Absent(None));
        }
        Some(answers)
    }
}

#[cfg(test)]
mod tests;
