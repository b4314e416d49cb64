//! One case: the settings, files and servers that both programs are given, and what they are asked.
//!
//! A case is plain data, so that a found difference can be shrunk, written down and repeated. `{home}` and `{server}` in it
//! stand for the home directory and the address of the server, which are other ones in every run.

use std::path::Path;

use secretctl::AirflowVersion;
use secretctl::Context;
use secretctl::SecretKind;
use serde::{Deserialize, Serialize};

/// What both programs are given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    pub family: Family,
    pub release: Release,
    pub process: Process,
    pub env: Vec<(String, String)>,
    /// Files in the home directory, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<(String, String)>,
    pub kind: Kind,
    pub id: String,
    /// Whether a variable is read with `deserialize_json=True`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub as_json: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<Server>,
}

/// The rules that a case is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    ConnectionUri,
    ConnectionJson,
    BackendKwargs,
    AirflowCfg,
    Expansion,
    LocalFilesystem,
    Ids,
    Vault,
    SystemsManager,
    SecretsManager,
    LookupPattern,
    CloudSecretManager,
    AzureKeyVault,
    Kubernetes,
}

/// The releases of Airflow that a case can be compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Release {
    #[serde(rename = "3.3")]
    V3_3,
    #[serde(rename = "2.11")]
    V2_11,
}

/// Which of Airflow's processes looks up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Process {
    Server,
    Worker,
}

/// What is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Connection,
    Variable,
    Config,
}

/// A service, and what it answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    pub service: Service,
    pub replies: Vec<Reply>,
}

/// The services that a server can stand in for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    Vault,
    Aws,
    CloudSecretManager,
    AzureKeyVault,
    Kubernetes,
}

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// What the request asks for, as the service's own name of it.
    pub place: String,
    pub status: u16,
    pub body: String,
}

impl Case {
    /// A case without files and servers.
    pub fn new(family: Family, kind: Kind, id: impl Into<String>) -> Self {
        Self {
            family,
            release: Release::V3_3,
            process: Process::Server,
            env: Vec::new(),
            files: Vec::new(),
            kind,
            id: id.into(),
            as_json: false,
            server: None,
        }
    }

    /// Sets a variable.
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let name = name.into();
        self.env.retain(|(other, _)| *other != name);
        self.env.push((name, value.into()));
        self
    }

    /// Puts a file into the home directory.
    pub fn file(mut self, name: &str, content: impl Into<String>) -> Self {
        self.files.push((name.to_owned(), content.into()));
        self
    }

    /// Sets the class of the secrets backend and the text of its kwargs.
    pub fn backend(self, class_path: &str, kwargs: impl Into<String>) -> Self {
        self.env("AIRFLOW__SECRETS__BACKEND", class_path)
            .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs)
    }

    /// Starts a service that gives these answers, and its own "not found" to everything else.
    pub fn server(mut self, service: Service, replies: Vec<Reply>) -> Self {
        self.server = Some(Server { service, replies });
        self
    }

    /// The whole environment of a run, with `{home}` and `{server}` filled in.
    pub fn environment(&self, places: &Places<'_>) -> Vec<(String, String)> {
        let surroundings = [
            ("PATH", "/usr/local/bin:/usr/bin:/bin"),
            ("HOME", "{home}"),
            ("AIRFLOW_HOME", "{home}"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("NO_GCE_CHECK", "true"),
            ("NO_PROXY", "127.0.0.1,localhost"),
        ];
        let is_set = |name: &str| self.env.iter().any(|(other, _)| other == name);
        let surroundings = surroundings
            .iter()
            .filter(|(name, _)| !is_set(name))
            .map(|(name, value)| ((*name).to_owned(), places.fill_in(value)));
        let own = self
            .env
            .iter()
            .map(|(name, value)| (name.clone(), places.fill_in(value)));
        surroundings.chain(own).collect()
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

impl Family {
    /// The name in a table.
    pub fn title(self) -> &'static str {
        match self {
            Family::ConnectionUri => "connection URIs",
            Family::ConnectionJson => "connection JSON",
            Family::BackendKwargs => "backend kwargs",
            Family::AirflowCfg => "airflow.cfg",
            Family::Expansion => "`$NAME` expansion",
            Family::LocalFilesystem => "LocalFilesystemBackend",
            Family::Ids => "ids",
            Family::Vault => "VaultBackend",
            Family::SystemsManager => "SystemsManagerParameterStoreBackend",
            Family::SecretsManager => "SecretsManagerBackend",
            Family::LookupPattern => "lookup patterns",
            Family::CloudSecretManager => "CloudSecretManagerBackend",
            Family::AzureKeyVault => "AzureKeyVaultBackend",
            Family::Kubernetes => "KubernetesSecretsBackend",
        }
    }
}

impl Release {
    /// The same for secretctl.
    pub fn airflow_version(self) -> AirflowVersion {
        match self {
            Release::V3_3 => AirflowVersion::V3_3,
            Release::V2_11 => AirflowVersion::V2_11,
        }
    }

    /// Its number.
    pub fn number(self) -> &'static str {
        match self {
            Release::V3_3 => "3.3",
            Release::V2_11 => "2.11",
        }
    }
}

impl Process {
    /// The same for secretctl.
    pub fn context(self) -> Context {
        match self {
            Process::Server => Context::Server,
            Process::Worker => Context::Worker,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Process::Server => "server",
            Process::Worker => "worker",
        }
    }
}

impl Kind {
    /// The same for secretctl.
    pub fn secret_kind(self) -> SecretKind {
        match self {
            Kind::Connection => SecretKind::Connection,
            Kind::Variable => SecretKind::Variable,
            Kind::Config => SecretKind::Config,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Connection => "connection",
            Kind::Variable => "variable",
            Kind::Config => "config",
        }
    }
}

impl Reply {
    /// An answer with status 200.
    pub fn ok(place: impl Into<String>, body: impl Into<String>) -> Self {
        Self::with(200, place, body)
    }

    /// An answer with another status.
    pub fn with(status: u16, place: impl Into<String>, body: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            status,
            body: body.into(),
        }
    }
}

/// Where a run keeps its files and finds its server.
#[derive(Clone, Copy, Debug)]
pub struct Places<'a> {
    pub home: &'a Path,
    /// Scheme, host and port; "" when the case has no server.
    pub server: &'a str,
}

impl Places<'_> {
    /// Puts the real places where the case has placeholders.
    pub fn fill_in(&self, text: &str) -> String {
        text.replace("{home}", &self.home.to_string_lossy())
            .replace("{server}", self.server)
    }

    /// Puts the placeholders back, so that runs can be compared.
    pub fn mask(&self, text: &str) -> String {
        let masked = text.replace(&*self.home.to_string_lossy(), "{home}");
        match self.server {
            "" => masked,
            server => masked.replace(server, "{server}"),
        }
    }
}
