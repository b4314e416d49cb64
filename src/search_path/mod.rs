//! The search path: which layers Airflow asks for a secret, in which order, and what each of them said.
//!
//! Mirrors `airflow.secrets.DEFAULT_SECRETS_SEARCH_PATH`, `Connection.get_connection_from_secrets` and
//! `Variable.get_variable_from_secrets` of Airflow 3.3.2, and their task-sdk 1.3.2 twins. The surprising rule: a layer that
//! fails is passed over exactly like one that has no such secret. The value that wins is therefore the one found first, and
//! keeping the failures changes only what is said, never what is printed.

mod lookup;

use std::time::Duration;

use crate::airflow_config::{self, AirflowConfig, BackendSetting, Origin, configured_backend};
use crate::backend::class_path::{self, BackendKind};
use crate::backend::environment_variables::EnvironmentVariablesBackend;
use crate::backend::{self, Answer, Backend, Location, Opened, Secret, Surroundings};
use crate::connection::{Connection, Model, fernet_key};
use crate::error::{Error, Result};
use crate::python::json::{self, Value};
use crate::secret::SecretText;
use crate::secret_kind::SecretKind;
use crate::trace::Trace;

pub use lookup::{Found, FoundValue, LayerReport, Lookup, Outcome};

/// Which of Airflow's processes to stand in for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// The CLI, the scheduler, the API server.
    Server,
    /// A task of Airflow 3.
    Worker,
}

impl Context {
    fn model(self) -> Model {
        match self {
            Context::Server => Model::Server,
            Context::Worker => Model::Worker,
        }
    }
}

/// How a lookup is made, besides what Airflow's settings say.
#[derive(Clone, Copy, Debug)]
pub struct LookupOptions {
    /// Whose search path.
    pub context: Context,
    /// The longest one lookup may take in one backend.
    pub timeout: Duration,
    /// Whether a failing layer is final, and kwargs are never repaired.
    pub strict: bool,
    /// Where to tell what is being done.
    pub trace: Trace,
}

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
            timeout: options.timeout,
            trace: options.trace,
        };
        let mut warnings = Vec::new();
        let mut layers = Vec::new();
        if let Some(custom) = custom_layer(&config, options, &surroundings, &mut warnings)? {
            layers.push(custom);
        }
        let environment =
            EnvironmentVariablesBackend::new(surroundings.env.clone(), surroundings.multi_team);
        layers.push(Layer::served(
            BackendKind::EnvironmentVariables,
            Box::new(environment),
            false,
        ));
        layers.push(last_layer(options.context));
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
        self.ask(kind, id, false).await
    }

    /// Asks every layer, so as to see what is shadowed.
    pub async fn explain(&self, kind: SecretKind, id: &str) -> Lookup {
        self.ask(kind, id, true).await
    }

    async fn ask(&self, kind: SecretKind, id: &str, to_the_end: bool) -> Lookup {
        let mut lookup = Lookup::new(kind, id);
        // Airflow reads options from the custom backend alone: `_get_config_value_from_secret_backend`.
        let asked = self
            .layers
            .iter()
            .filter(|layer| kind != SecretKind::Config || layer.is_custom);
        for layer in asked {
            let answer = layer.ask(kind, id, self.options).await;
            let (report, value) = self.encrypted(answer).await;
            self.options
                .trace
                .step(|| format!("{}: {}", report.place(), report.outcome_in_words()));
            let is_final = self.options.strict && report.failure().is_some();
            lookup.add(report, value);
            if is_final || (lookup.found.is_some() && !to_the_end) {
                break;
            }
        }
        if lookup.found.is_none() || to_the_end {
            self.add_near_misses(&mut lookup).await;
        }
        if to_the_end {
            self.add_who_asked(&mut lookup).await;
        }
        lookup
    }

    /// Airflow's server encrypts password and extra as soon as it builds a connection, so that a layer whose connection it
    /// cannot encrypt has failed.
    async fn encrypted(&self, (mut report, value): LayerAnswer) -> LayerAnswer {
        let is_encrypted = match &value {
            Some(FoundValue::Connection { connection, .. }) => connection.needs_fernet_key(),
            _ => false,
        };
        if !is_encrypted || self.options.context == Context::Worker {
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

    /// `[core] fernet_key` must be a key, if it is set; without one Airflow makes its own.
    async fn check_fernet_key(&self) -> Result<()> {
        let mut found = self.config.option("core", "fernet_key")?;
        while let Some(airflow_config::Found::InBackend(request)) = &found {
            let key = self.config_value(&request.key).await?;
            let key = key.filter(|key| request.is_answered_by(Some(key.expose())));
            if let Some(key) = key {
                return usable_fernet_key(&key, &request.origin);
            }
            found = self
                .config
                .option_after_secret("core", "fernet_key", request)?;
        }
        match found {
            Some(airflow_config::Found::Value(key)) => usable_fernet_key(&key.value, &key.origin),
            _ => Ok(()),
        }
    }

    /// What the custom backend's `get_config` gives, if it is text.
    async fn config_value(&self, key: &str) -> Result<Option<SecretText>> {
        let Some(layer) = self.layers.iter().find(|layer| layer.is_custom) else {
            return Ok(None);
        };
        let (report, value) = layer.ask(SecretKind::Config, key, self.options).await;
        match (report.outcome, value) {
            (Outcome::Failed(error), _) => Err(error),
            (_, Some(FoundValue::Value(Value::Text(text)))) => Ok(Some(text)),
            _ => Ok(None),
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

fn usable_fernet_key(key: &SecretText, origin: &Origin) -> Result<()> {
    match fernet_key::is_usable(key.expose()) {
        true => Ok(()),
        false => Err(Error::FernetKey {
            origin: origin.to_string(),
        }),
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
        match answer.and_then(|answer| usable(answer, kind, id, options.context.model())) {
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
    let Some(setting) = configured_backend(config, options.context == Context::Worker)? else {
        return Ok(None);
    };
    let kind = kind_of(&setting)?;
    warnings.extend(class_path::gone_from_airflow_3(&setting.class_path));
    let parsed = setting.parse_kwargs(config.env(), kind.kwarg_names(), options.strict)?;
    warnings.extend(parsed.warnings);
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
fn last_layer(context: Context) -> Layer {
    let (name, class_path, why) = match context {
        Context::Server => (
            BackendKind::Metastore.class_name(),
            BackendKind::Metastore.class_path(),
            "secretctl does not read Airflow's database",
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

/// What Airflow makes of a backend's answer.
enum Usable {
    Found(FoundValue),
    Absent(Option<String>),
}

/// Turns what is stored into what Airflow hands out.
fn usable(answer: Answer, kind: SecretKind, id: &str, model: Model) -> Result<Usable> {
    let secret = match answer {
        Answer::Absent(why) => return Ok(Usable::Absent(why)),
        Answer::Found(secret) => secret,
    };
    if kind == SecretKind::Connection {
        return connection_in(secret, id, model);
    }
    let value = match secret {
        Secret::Text(text) | Secret::ConnectionUri(text) => Value::Text(text),
        Secret::Value(value) => value,
        Secret::ConnectionFields(fields) => Value::Dict(fields),
    };
    match value {
        Value::None => Ok(Usable::Absent(Some("the stored value is null".into()))),
        value => Ok(Usable::Found(FoundValue::Value(value))),
    }
}

/// `BaseSecretsBackend.get_connection`: an empty value is none, anything else must parse.
fn connection_in(secret: Secret, conn_id: &str, model: Model) -> Result<Usable> {
    let (connection, stored) = match secret {
        Secret::Text(text) if text.expose().is_empty() => {
            return Ok(Usable::Absent(Some(
                "the stored value is empty, which Airflow takes for absent".into(),
            )));
        }
        Secret::Text(text) => (Connection::parse(model, conn_id, &text)?, text),
        // LocalFilesystemBackend builds the server's Connection in a worker too.
        Secret::ConnectionUri(text) => (Connection::from_uri(Model::Server, conn_id, &text)?, text),
        Secret::ConnectionFields(fields) => {
            let stored = json::dumps(&Value::Dict(fields.clone())).into();
            (
                Connection::from_fields(Model::Server, conn_id, fields)?,
                stored,
            )
        }
        Secret::Value(value) if !value.is_truthy() => return Ok(Usable::Absent(None)),
        Secret::Value(value) => {
            return Err(Error::NotText {
                type_name: value.type_name(),
            });
        }
    };
    Ok(Usable::Found(FoundValue::Connection {
        connection: Box::new(connection),
        stored,
    }))
}
