//! The search path: which layers Airflow asks for a secret, in which order, and what each of them said.
//!
//! Mirrors `airflow.secrets.DEFAULT_SECRETS_SEARCH_PATH`, `Connection.get_connection_from_secrets` and
//! `Variable.get_variable_from_secrets` of Airflow 3.3.2, and their task-sdk 1.3.2 twins. The surprising rule: a layer that
//! fails is passed over exactly like one that has no such secret. The value that wins is therefore the one found first, and
//! keeping the failures changes only what is said, never what is printed.

mod error;
mod fernet;
mod layer;
mod lookup;
mod options;
mod server_start;
mod value;
mod without_kwargs;

use std::time::Duration;

use tokio::sync::OnceCell;

use crate::airflow_config::{
    AirflowConfig, BackendSetting, ConfigError, Section, SettingUse, configured_backend,
};
use crate::backend::environment_variables::EnvironmentVariablesBackend;
use crate::backend::kind::{self, BackendKind};
use crate::backend::open::{kwarg_names, open};
use crate::backend::{Answer, Backend, BackendError, Location, Surroundings, provider_release};
use crate::console::Console;
use crate::deadline::Deadline;
use crate::failure::Failure;
use crate::finding::Finding;
use crate::secret_kind::{SecretId, SecretKind};

use layer::{Layer, LayerAnswer};
use options::unknown_to_release;
use value::Reading;

pub use error::{LayerError, OpenError};
pub use lookup::{Found, FoundValue, LayerReport, Lookup, Outcome};
pub use options::{Context, LookupOptions};

/// The layers, in the order in which Airflow asks them.
pub struct SearchPath {
    config: AirflowConfig,
    layers: Vec<Layer>,
    options: LookupOptions,
    console: Console,
    /// The settings behind the custom layer.
    settings: Vec<SettingUse>,
    /// What is odd about the settings; never a value.
    findings: Vec<Finding>,
    /// Why there is no custom layer, though one may be meant, or none with kwargs.
    unconfigured: Vec<Finding>,
    fernet_key: OnceCell<Result<(), LayerError>>,
}

/// The layer of the configured backend, and the settings it is made from.
struct CustomLayer {
    kind: BackendKind,
    layer: Layer,
    settings: Vec<SettingUse>,
    /// What is told of kwargs that are not there.
    without_kwargs: Vec<Finding>,
}

/// The longest that anything is undone at the end of a run.
const LONGEST_CLOSING: Duration = Duration::from_millis(900);

/// A finding that ends a run where no doubt is let pass.
#[derive(Clone, Debug)]
pub struct Doubt(pub Finding);

/// What the layers are asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Use,
    UseAsJson,
    Explain,
}

impl SearchPath {
    /// Builds the layers from Airflow's settings. Sends nothing.
    ///
    /// # Errors
    /// What would stop Airflow at start-up, and kwargs that it would silently drop.
    pub async fn open(
        config: AirflowConfig,
        options: LookupOptions,
        console: &Console,
        deadline: Deadline,
    ) -> Result<SearchPath, OpenError> {
        let (multi_team, doubt) = multi_team(&config, options, deadline).await?;
        let surroundings = Surroundings {
            env: config.env().clone(),
            multi_team,
            version: options.version,
            diagnoses: options.diagnoses,
            console: console.clone(),
        };
        config.check_start(options.version)?;
        let mut findings =
            unknown_to_release(&config, options, surroundings.multi_team, deadline).await?;
        let custom = custom_layer(&config, options, &surroundings, deadline, &mut findings).await?;
        if let (Some(doubt), Some(custom)) = (doubt, &custom)
            && custom.kind.heeds_multi_team()
        {
            return Err(doubt.into());
        }
        let environment =
            EnvironmentVariablesBackend::new(surroundings.env.clone(), surroundings.team_guard());
        let environment = Layer::served(
            BackendKind::EnvironmentVariables,
            Box::new(environment),
            false,
        );
        let (custom, settings, unconfigured) = match custom {
            Some(CustomLayer {
                layer,
                settings,
                without_kwargs,
                ..
            }) => (Some(layer), settings, without_kwargs),
            None => {
                let is_worker = options.context() == Context::Worker;
                let why = config
                    .why_unconfigured(is_worker)
                    .map_err(ConfigError::from)?;
                (None, Vec::new(), why)
            }
        };
        settings
            .iter()
            .for_each(|setting| console.step(|| format!("setting {setting}")));
        let layers = custom
            .into_iter()
            .chain([environment, Layer::last(options)])
            .collect();
        Ok(SearchPath {
            config,
            layers,
            options,
            console: console.clone(),
            settings,
            findings,
            unconfigured,
            fernet_key: OnceCell::new(),
        })
    }

    /// The same with `backend`, of the class at `class_path`, as its custom layer: for a program that brings a backend of its
    /// own.
    pub fn with_backend(mut self, class_path: &'static str, backend: Box<dyn Backend>) -> Self {
        self.layers.retain(|layer| !layer.is_custom);
        self.settings.clear();
        self.unconfigured.clear();
        self.layers
            .insert(0, Layer::of_own_class(class_path, backend));
        self
    }

    /// The settings that the custom backend is made from, in the order in which they count.
    pub fn settings(&self) -> &[SettingUse] {
        &self.settings
    }

    /// What is odd about the settings; never a value.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Tells findings about a value; where no doubt is let pass, the first that matters ends the run.
    ///
    /// # Errors
    /// That finding, with `strict`.
    pub fn tell(&self, findings: &[Finding]) -> Result<(), Doubt> {
        let doubtful = findings.iter().find(|finding| finding.strictly.is_some());
        match doubtful.filter(|_| self.options.strict) {
            Some(finding) => Err(Doubt(finding.clone())),
            None => {
                findings
                    .iter()
                    .for_each(|finding| self.console.finding(finding));
                Ok(())
            }
        }
    }

    /// Undoes what this run did at a server, in a second at most: a login's token is revoked.
    pub async fn close(&self) {
        let deadline = Deadline::after(LONGEST_CLOSING);
        for backend in self.layers.iter().filter_map(Layer::backend) {
            // A token that is not revoked in time ends by itself, later.
            let _ = deadline.bound(backend.close(deadline)).await;
        }
    }

    /// Asks the layers until one has the secret, and where none has, what may be the matter.
    pub async fn lookup(&self, secret: &SecretId) -> Lookup {
        self.ask_for_one(secret, Purpose::Use).await
    }

    /// Asks the layers until one has the variable `key`, and reads it as `deserialize_json=True` does.
    pub async fn lookup_json(&self, key: &str) -> Lookup {
        let secret = SecretId::new(SecretKind::Variable, key);
        self.ask_for_one(&secret, Purpose::UseAsJson).await
    }

    /// Asks every layer, so as to see what is shadowed, and as whom each was asked.
    pub async fn explain(&self, secret: &SecretId) -> Lookup {
        self.ask_for_one(secret, Purpose::Explain).await
    }

    /// Asks layer by layer for all of `secrets` that are still open; the answers are in their order. What may be the matter
    /// with those that nobody has, [`SearchPath::diagnose`] finds out.
    pub async fn lookup_many(&self, secrets: &[SecretId]) -> Vec<Lookup> {
        self.ask(secrets, Purpose::Use).await
    }

    /// Asks the layers that answered "not found" what may be the matter, until `deadline`.
    pub async fn diagnose(&self, lookup: &mut Lookup, deadline: Deadline) {
        if !self.options.diagnoses {
            return;
        }
        for (layer, report) in self.layers.iter().zip(&mut lookup.layers) {
            if let (Some(backend), Location::At(secret), Outcome::NotFound(_)) =
                (layer.backend(), &report.location, &report.outcome)
            {
                let asked = deadline
                    .backstop(backend.near_misses(secret, deadline))
                    .await;
                report.hints = asked.unwrap_or_default();
            }
        }
    }

    /// Finds out what may be the matter with an id of [`SearchPath::lookup_many`] that nobody has, as [`SearchPath::lookup`]
    /// does for its one.
    pub async fn diagnose_missing(&self, lookup: &mut Lookup) {
        self.diagnose(lookup, self.options.deadline().afterwards())
            .await;
    }

    /// Why no backend is configured, where none is: nothing, or what looks like an attempt.
    pub fn unconfigured(&self) -> &[Finding] {
        &self.unconfigured
    }

    async fn ask_for_one(&self, secret: &SecretId, purpose: Purpose) -> Lookup {
        let began = self.options.deadline();
        let lookups = self.ask(std::slice::from_ref(secret), purpose).await;
        let lookup = lookups.into_iter().next();
        let mut lookup = lookup.unwrap_or_else(|| Lookup::new(secret));
        let deadline = began.afterwards();
        if lookup.found.is_none() || purpose == Purpose::Explain {
            self.diagnose(&mut lookup, deadline).await;
        }
        if purpose == Purpose::Explain {
            self.add_who_asked(&mut lookup, deadline).await;
        }
        // Where a value was found, and is of no use, no setting is missing.
        if lookup.found.is_none() && lookup.failure() != Failure::Malformed {
            lookup.findings = self.unconfigured.clone();
        }
        lookup
    }

    async fn ask(&self, secrets: &[SecretId], purpose: Purpose) -> Vec<Lookup> {
        let mut lookups: Vec<Lookup> = secrets.iter().map(Lookup::new).collect();
        for layer in &self.layers {
            let mut open: Vec<&mut Lookup> = lookups
                .iter_mut()
                .filter(|lookup| lookup.is_open_to(layer.is_custom, purpose == Purpose::Explain))
                .collect();
            let asked: Vec<SecretId> = open.iter().map(|lookup| lookup.secret.clone()).collect();
            let asked: Vec<&SecretId> = asked.iter().collect();
            let answers = layer.ask(&asked, self.options.deadline()).await;
            for (lookup, answer) in open.iter_mut().zip(answers) {
                self.add(lookup, layer, answer, purpose).await;
            }
        }
        lookups
    }

    /// Adds what a layer answered to a lookup.
    async fn add(
        &self,
        lookup: &mut Lookup,
        layer: &Layer,
        LayerAnswer { location, answer }: LayerAnswer,
        purpose: Purpose,
    ) {
        let (outcome, value) = match answer {
            Err(not_asked) => (not_asked, None),
            Ok(answer) => match self.read(answer, &lookup.secret, purpose).await {
                Ok(Reading::Found(value)) => (Outcome::Found { shadowed: false }, Some(value)),
                Ok(Reading::Absent(why)) => (Outcome::NotFound(why), None),
                Err(error) => (Outcome::Failed(error), None),
            },
        };
        let report = layer.report(location, outcome);
        self.console
            .step(|| format!("{}: {}", report.place(), report.outcome_in_words()));
        let is_final = report
            .failure()
            .is_some_and(|error| self.options.ends_search(error));
        lookup.add(report, value, is_final);
    }

    /// What Airflow makes of an answer. The server's model encrypts password and extra as soon as it builds a connection, so
    /// that a layer whose connection it cannot encrypt has failed.
    async fn read(
        &self,
        answer: Result<Answer, BackendError>,
        secret: &SecretId,
        purpose: Purpose,
    ) -> Result<Reading, LayerError> {
        let as_json = purpose == Purpose::UseAsJson;
        let answer = answer?;
        if let Answer::IfEncrypted(_) = answer {
            self.check_fernet_key().await.map_err(LayerError::of_file)?;
        }
        let reading = value::read(answer, secret, self.options.model(), as_json)?;
        if let Reading::Found(FoundValue::Connection { connection, .. }) = &reading
            && connection.needs_fernet_key()
        {
            self.check_fernet_key().await?;
        }
        Ok(reading)
    }

    /// Adds as whom each layer was asked.
    async fn add_who_asked(&self, lookup: &mut Lookup, deadline: Deadline) {
        for (layer, report) in self.layers.iter().zip(&mut lookup.layers) {
            if let (Some(backend), Outcome::Found { .. } | Outcome::NotFound(_)) =
                (layer.backend(), &report.outcome)
            {
                let asked = deadline.bound(backend.asked_as(deadline)).await;
                report.asked_as = asked.unwrap_or_default();
            }
        }
    }
}

/// Whether `[core] multi_team` is on, and what is wrong with it where the release itself does not read it: off, then, but some
/// backends of providers do.
async fn multi_team(
    config: &AirflowConfig,
    options: LookupOptions,
    deadline: Deadline,
) -> Result<(bool, Option<ConfigError>), ConfigError> {
    match config.multi_team(deadline).await {
        Err(doubt) if !options.version.reads_multi_team() => Ok((false, Some(doubt))),
        multi_team => Ok((multi_team?, None)),
    }
}

/// The layer of `[secrets] backend`, or in a worker of `[workers] secrets_backend`.
async fn custom_layer(
    config: &AirflowConfig,
    options: LookupOptions,
    surroundings: &Surroundings,
    deadline: Deadline,
    findings: &mut Vec<Finding>,
) -> Result<Option<CustomLayer>, OpenError> {
    let is_worker = options.context == Context::Worker;
    let setting = configured_backend(config, is_worker, options.version, deadline).await?;
    let Some(setting) = setting else {
        return Ok(None);
    };
    if setting.section == Section::Workers {
        server_start::check(config, surroundings, deadline).await?;
    }
    let kind = kind_of(&setting)?;
    let source = setting.origin.source();
    findings.extend(
        kind::gone(&setting.class_path, options.version).map(|finding| finding.at(Some(source))),
    );
    let parsed = setting.parse_kwargs(config.env(), kwarg_names(kind), !options.repairs_kwargs)?;
    findings.extend(parsed.findings);
    findings.extend(provider_release::too_young(
        kind,
        &parsed.kwargs,
        options.version,
    ));
    let without_kwargs = without_kwargs::findings(config, &setting);
    let opened = open(kind, &parsed.kwargs, surroundings, deadline).await;
    let opened = opened.map_err(|error| match without_kwargs.first().cloned() {
        Some(without) => OpenError::WithoutKwargs { error, without },
        None => error.into(),
    })?;
    findings.extend(opened.findings);
    match opened.backend {
        Some(backend) => Ok(Some(CustomLayer {
            kind,
            layer: Layer::served(kind, backend, true),
            settings: setting.uses(config.env()),
            without_kwargs,
        })),
        None => Err(OpenError::NotServed {
            class: kind.class_name(),
            origin: setting.origin,
        }),
    }
}

fn kind_of(setting: &BackendSetting) -> Result<BackendKind, OpenError> {
    BackendKind::from_class_path(&setting.class_path).ok_or_else(|| OpenError::UnknownBackend {
        class_path: kind::shown(&setting.class_path),
        hint: kind::hint_for(&setting.class_path),
        origin: setting.origin.clone(),
    })
}
