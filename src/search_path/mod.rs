//! The search path: which layers Airflow asks for a secret, in which order, and what each of them said.
//!
//! Mirrors `airflow.secrets.DEFAULT_SECRETS_SEARCH_PATH`, `Connection.get_connection_from_secrets` and
//! `Variable.get_variable_from_secrets` of Airflow 3.3.2, and their task-sdk 1.3.2 twins. The surprising rule: a layer that
//! fails is passed over exactly like one that has no such secret. The value that wins is therefore the one found first, and
//! keeping the failures changes only what is said, never what is printed.

mod deserialize;
mod fernet;
mod lookup;
mod options;
mod server_start;
mod usable;

use crate::airflow_config::{AirflowConfig, BackendSetting, Section, configured_backend};
use crate::backend::class_path::{self, BackendKind};
use crate::backend::environment_variables::EnvironmentVariablesBackend;
use crate::backend::{self, Backend, Location, Opened, Surroundings, provider_release};
use crate::error::{Error, Result};
use crate::secret_kind::SecretKind;

use deserialize::as_json;
use options::unknown_to_release;
use usable::{Usable, usable};

pub use lookup::{Found, FoundValue, LayerReport, Lookup, Outcome};
pub use options::{Context, LookupOptions};

/// The layers, in the order in which Airflow asks them.
pub struct SearchPath {
    config: AirflowConfig,
    layers: Vec<Layer>,
    options: LookupOptions,
}

/// One place in the search path.
struct Layer {
    name: &'static str,
    class_path: &'static str,
    source: Source,
    is_custom: bool,
}

enum Source {
    Served(Box<dyn Backend>),
    /// Airflow would ask it and secretctl cannot: why.
    NotServed(&'static str),
}

/// What the layers are asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Use,
    UseAsJson,
    Explain,
}

/// What a layer said, and the value if it has one.
type LayerAnswer = (LayerReport, Option<FoundValue>);

/// A search path ready to be asked, with what a person should know about the settings behind it.
pub struct OpenedSearchPath {
    /// The layers.
    pub search_path: SearchPath,
    /// Sentences for stderr; never a value.
    pub warnings: Vec<String>,
}

impl SearchPath {
    /// Builds the layers from Airflow's settings. Sends nothing.
    ///
    /// # Errors
    /// What would stop Airflow at start-up, and kwargs that it would silently drop.
    pub fn open(config: AirflowConfig, options: LookupOptions) -> Result<OpenedSearchPath> {
        let surroundings = Surroundings {
            env: config.env().clone(),
            multi_team: config.multi_team()?,
            version: options.version,
            timeout: options.timeout,
            trace: options.trace,
        };
        config.check_start(options.version)?;
        let mut warnings = unknown_to_release(&config, options, surroundings.multi_team)?;
        let mut layers = Vec::new();
        if let Some(custom) = custom_layer(&config, options, &surroundings, &mut warnings)? {
            layers.push(custom);
        }
        let environment =
            EnvironmentVariablesBackend::new(surroundings.env.clone(), surroundings.team_guard());
        layers.push(Layer::served(
            BackendKind::EnvironmentVariables,
            Box::new(environment),
            false,
        ));
        layers.push(last_layer(options));
        Ok(OpenedSearchPath {
            search_path: SearchPath {
                config,
                layers,
                options,
            },
            warnings,
        })
    }

    /// Asks the layers until one has `id`.
    pub async fn lookup(&self, kind: SecretKind, id: &str) -> Lookup {
        self.ask(kind, id, Purpose::Use).await
    }

    /// Asks the layers until one has the variable `key`, and reads it as `deserialize_json=True` does.
    pub async fn lookup_json(&self, key: &str) -> Lookup {
        self.ask(SecretKind::Variable, key, Purpose::UseAsJson)
            .await
    }

    /// Asks every layer, so as to see what is shadowed.
    pub async fn explain(&self, kind: SecretKind, id: &str) -> Lookup {
        self.ask(kind, id, Purpose::Explain).await
    }

    async fn ask(&self, kind: SecretKind, id: &str, purpose: Purpose) -> Lookup {
        let mut lookup = Lookup::new(kind, id);
        // Airflow reads options from the custom backend alone: `_get_config_value_from_secret_backend`.
        let asked = self
            .layers
            .iter()
            .filter(|layer| kind != SecretKind::Config || layer.is_custom);
        for layer in asked {
            let answer = layer.ask(kind, id, self.options).await;
            let (report, value) = match purpose {
                Purpose::UseAsJson => as_json(answer),
                Purpose::Use | Purpose::Explain => self.encrypted(answer).await,
            };
            self.options
                .trace
                .step(|| format!("{}: {}", report.place(), report.outcome_in_words()));
            let is_final = report
                .failure()
                .is_some_and(|error| self.options.ends_search(error));
            lookup.add(report, value);
            if is_final || (lookup.found.is_some() && purpose != Purpose::Explain) {
                break;
            }
        }
        if lookup.found.is_none() || purpose == Purpose::Explain {
            self.add_near_misses(&mut lookup).await;
        }
        if purpose == Purpose::Explain {
            self.add_who_asked(&mut lookup).await;
        }
        lookup
    }

    /// The server's model encrypts password and extra as soon as it builds a connection, so that a layer whose connection
    /// it cannot encrypt has failed.
    async fn encrypted(&self, (mut report, value): LayerAnswer) -> LayerAnswer {
        let is_encrypted = match &value {
            Some(FoundValue::Connection { connection, .. }) => connection.needs_fernet_key(),
            _ => false,
        };
        if !is_encrypted {
            return (report, value);
        }
        match self.check_fernet_key().await {
            Ok(()) => (report, value),
            Err(error) => {
                report.outcome = Outcome::Failed(error);
                (report, None)
            }
        }
    }

    /// Adds as whom each layer was asked.
    async fn add_who_asked(&self, lookup: &mut Lookup) {
        for (layer, report) in self.layers.iter().zip(&mut lookup.layers) {
            if let (Source::Served(backend), Outcome::Found { .. } | Outcome::NotFound(_)) =
                (&layer.source, &report.outcome)
            {
                report.asked_as = backend.asked_as().await;
            }
        }
    }

    /// Asks the layers that answered "not found" what may be the matter.
    async fn add_near_misses(&self, lookup: &mut Lookup) {
        for (layer, report) in self.layers.iter().zip(&mut lookup.layers) {
            if let (Source::Served(backend), Outcome::NotFound(_)) =
                (&layer.source, &report.outcome)
            {
                report.hints = backend.near_misses(lookup.kind, &lookup.id).await;
            }
        }
    }
}

impl Layer {
    fn served(kind: BackendKind, backend: Box<dyn Backend>, is_custom: bool) -> Self {
        Layer {
            name: kind.class_name(),
            class_path: kind.class_path(),
            source: Source::Served(backend),
            is_custom,
        }
    }

    async fn ask(&self, kind: SecretKind, id: &str, options: LookupOptions) -> LayerAnswer {
        let backend = match &self.source {
            Source::Served(backend) => backend,
            Source::NotServed(why) => {
                return (
                    self.report(Location::Skipped((*why).into()), Outcome::NotServed(why)),
                    None,
                );
            }
        };
        let location = backend.locate(kind, id);
        if let Location::Skipped(reason) = &location {
            let outcome = Outcome::Skipped(reason.clone());
            return (self.report(location, outcome), None);
        }
        let answer = tokio::time::timeout(options.timeout, backend.get(kind, id)).await;
        let answer = answer.unwrap_or(Err(Error::TimedOut {
            limit: options.timeout,
        }));
        match answer.and_then(|answer| usable(answer, kind, id, options.model())) {
            Ok(Usable::Found(value)) => (
                self.report(location, Outcome::Found { shadowed: false }),
                Some(value),
            ),
            Ok(Usable::Absent(why)) => (self.report(location, Outcome::NotFound(why)), None),
            Err(error) => (self.report(location, Outcome::Failed(error)), None),
        }
    }

    fn report(&self, location: Location, outcome: Outcome) -> LayerReport {
        LayerReport {
            backend: self.name,
            class_path: self.class_path,
            location,
            outcome,
            hints: Vec::new(),
            asked_as: None,
        }
    }
}

/// The layer of `[secrets] backend`, or in a worker of `[workers] secrets_backend`.
fn custom_layer(
    config: &AirflowConfig,
    options: LookupOptions,
    surroundings: &Surroundings,
    warnings: &mut Vec<String>,
) -> Result<Option<Layer>> {
    let is_worker = options.context == Context::Worker;
    let Some(setting) = configured_backend(config, is_worker, options.version)? else {
        return Ok(None);
    };
    if setting.section == Section::Workers {
        server_start::check(config, surroundings)?;
    }
    let kind = kind_of(&setting)?;
    warnings.extend(class_path::gone(&setting.class_path, options.version));
    let parsed = setting.parse_kwargs(config.env(), kind.kwarg_names(), options.strict)?;
    warnings.extend(parsed.warnings);
    warnings.extend(provider_release::too_young(
        kind,
        &parsed.kwargs,
        options.version,
    ));
    let Opened {
        backend,
        warnings: own,
    } = backend::open(
        kind,
        &parsed.kwargs,
        surroundings,
        &setting.origin.to_string(),
    )?;
    warnings.extend(own);
    Ok(Some(Layer::served(kind, backend, true)))
}

fn kind_of(setting: &BackendSetting) -> Result<BackendKind> {
    BackendKind::from_class_path(&setting.class_path).ok_or_else(|| Error::UnknownBackend {
        class_path: class_path::shown(&setting.class_path),
        hint: class_path::hint_for(&setting.class_path),
        origin: setting.origin.to_string(),
    })
}

/// What comes after the environment: a layer that needs a running Airflow.
fn last_layer(options: LookupOptions) -> Layer {
    let (name, class_path, why) = match options.context() {
        Context::Server => (
            BackendKind::Metastore.class_name(),
            BackendKind::Metastore.class_path(),
            "secretctl does not read Airflow's database",
        ),
        Context::Worker if !options.version.has_execution_api_backend() => (
            "supervisor",
            "airflow.sdk.execution_time.supervisor.ActivitySubprocess",
            "Airflow's API server answers only its own running tasks",
        ),
        Context::Worker => (
            "ExecutionAPISecretsBackend",
            "airflow.sdk.execution_time.secrets.execution_api.ExecutionAPISecretsBackend",
            "Airflow's API server answers only its own running tasks",
        ),
    };
    Layer {
        name,
        class_path,
        source: Source::NotServed(why),
        is_custom: false,
    }
}
