//! Everything that can go wrong, and how a person and a script are told.
//!
//! [`Error::failure`] sorts an error into the few kinds that scripts rely on; exit codes and the outcomes that `explain`
//! prints follow from the kind alone. Advice is given by `hint()` and nowhere else. No variant holds a secret, and none
//! quotes what a user or a server wrote beyond names, paths and a server's own short message.

use std::time::Duration;

use crate::airflow_config::ConfigError;
use crate::backend::aws::error::AwsError;
use crate::backend::azure_key_vault::AzureKeyVaultError;
use crate::backend::cloud_secret_manager::CloudSecretManagerError;
use crate::backend::google::GoogleError;
use crate::backend::kubernetes_secrets::KubernetesError;
use crate::backend::local_filesystem::LocalFilesystemError;
use crate::backend::vault::VaultError;
use crate::backend::{class_path, kwargs::KwargError};
use crate::connection::{ConnectionError, UnknownField};
use crate::env::EnvError;
use crate::http::SettingFault;
use crate::python::json::JsonError;
use crate::secret_kind::SecretKind;

/// The result of anything in secretctl that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The kinds of failure that scripts can tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The settings are wrong: backend class, kwargs, env file, airflow.cfg, a file they name.
    Configuration,
    /// The backend did not accept who is asking, or nobody was named.
    Unauthenticated,
    /// The backend knows who is asking and refuses.
    Denied,
    /// No answer: no route, a fault of the server, a time-out, or something that is not the service.
    Unreachable,
    /// The backend asked to be asked less often.
    Throttled,
    /// Something was found that Airflow cannot use.
    Malformed,
    /// Defined nowhere, by the word of every layer.
    NotDefined,
    /// The command line asks for what there is not.
    Usage,
    /// A fault of secretctl's own.
    Bug,
}

impl Failure {
    /// The process exit code (the README's table).
    pub fn exit_code(self) -> u8 {
        match self {
            Failure::Usage => 2,
            Failure::NotDefined => 3,
            Failure::Denied => 4,
            Failure::Unauthenticated => 5,
            Failure::Unreachable | Failure::Throttled => 6,
            Failure::Configuration => 7,
            Failure::Malformed => 8,
            Failure::Bug => 70,
        }
    }

    /// The word for it in `explain`.
    pub fn outcome(self) -> &'static str {
        match self {
            Failure::Denied => "denied",
            Failure::Unauthenticated => "unauthenticated",
            Failure::Unreachable => "unreachable",
            Failure::Throttled => "throttled",
            Failure::NotDefined => "not_found",
            Failure::Configuration | Failure::Malformed | Failure::Usage | Failure::Bug => {
                "malformed"
            }
        }
    }

    /// Which of several failures decides the exit code: the settings first, what was merely unusable last.
    pub fn rank(self) -> u8 {
        match self {
            Failure::Bug => 0,
            Failure::Usage => 1,
            Failure::Configuration => 2,
            Failure::Unauthenticated => 3,
            Failure::Denied => 4,
            Failure::Unreachable => 5,
            Failure::Throttled => 6,
            Failure::Malformed => 7,
            Failure::NotDefined => 8,
        }
    }
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An environment variable or env file cannot be read.
    #[error(transparent)]
    Env(#[from] EnvError),

    /// airflow.cfg, an option's command, or the backend kwargs cannot be read.
    #[error(transparent)]
    Config(#[from] ConfigError),

    /// `[secrets] backend` names a class that Airflow does not ship.
    #[error("{origin} names {class_path}, which is no secrets backend that secretctl knows")]
    UnknownBackend {
        /// The class path, or what may be shown of it.
        class_path: String,
        /// What was probably meant.
        hint: String,
        /// Where it is set.
        origin: String,
    },

    /// The class exists in Airflow, but secretctl cannot ask it.
    #[error("{origin} names {class}, which secretctl does not serve")]
    NotServed {
        /// The class name.
        class: &'static str,
        /// Where it is set.
        origin: String,
    },

    /// A kwarg is misspelt, of the wrong type, or missing.
    #[error(transparent)]
    Kwarg(#[from] KwargError),

    /// A local secrets file cannot be read or used.
    #[error(transparent)]
    LocalFilesystem(#[from] LocalFilesystemError),

    /// Vault refused, failed, or answered something that is not Vault's.
    #[error(transparent)]
    Vault(#[from] VaultError),

    /// Kubernetes refused, failed, or holds something that is no value.
    #[error(transparent)]
    Kubernetes(#[from] KubernetesError),
    /// AWS refused, failed, or could not be asked as the settings say.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// Key Vault refused, failed, or answered something that is not Key Vault's, or no credential gave a token for it.
    #[error(transparent)]
    AzureKeyVault(#[from] AzureKeyVaultError),
    /// Secret Manager refused, failed, or answered something that is not its own.
    #[error(transparent)]
    CloudSecretManager(#[from] CloudSecretManagerError),

    /// Google credentials are missing or unusable, or give no token.
    #[error(transparent)]
    Google(#[from] GoogleError),

    /// A server could not be asked.
    #[error("could not be reached: {because}")]
    Unreachable {
        /// The network's or TLS's own words.
        because: String,
    },

    /// A server sends its client to another host.
    #[error(
        "could not be reached: it redirects to {target}, which was not asked because the token would go with the request"
    )]
    RedirectRefused {
        /// Scheme, host and port of the other one.
        target: String,
    },

    /// A server's answer is larger than any secret.
    #[error("the answer is larger than {} MiB", .limit / (1024 * 1024))]
    AnswerTooLarge {
        /// The most that is read, in bytes.
        limit: usize,
    },

    /// A backend did not answer in time.
    #[error("no answer within {} s", .limit.as_secs_f64())]
    TimedOut {
        /// What `--timeout` allows one lookup in one backend.
        limit: Duration,
    },

    /// A CA bundle, a client certificate or a proxy that the settings name cannot be used.
    #[error(transparent)]
    HttpSetting(#[from] SettingFault),

    /// The stored value is no connection that Airflow can read.
    #[error("found, but {} read it: {}", cannot_or_does_not(.0), .0)]
    Connection(#[from] ConnectionError),

    /// `[core] fernet_key` is no key, so Airflow's server cannot even hold the connection.
    #[error("found, but Airflow cannot encrypt its password or extra: {origin} is no Fernet key")]
    FernetKey {
        /// The setting.
        origin: String,
    },

    /// The stored value is text to everyone but Airflow's connection parser.
    #[error("found, but a connection must be text, and this is a {type_name}")]
    NotText {
        /// Python's name for its type.
        type_name: &'static str,
    },

    /// `deserialize_json` of a text that is not JSON.
    #[error("found, but it is not JSON: {0}")]
    NotJson(#[source] JsonError),

    /// `deserialize_json` of a value that is not text.
    #[error("found, but JSON is read from text, and this is a {type_name}")]
    JsonOfNoText {
        /// Python's name for its type.
        type_name: &'static str,
    },

    /// The lookup ended without a value; the layers say why.
    #[error("{}", lookup_sentence(.kind, .id, .failure))]
    NotResolved {
        /// Connection, variable or config.
        kind: SecretKind,
        /// Its id.
        id: String,
        /// The kind of failure that decides the exit code.
        failure: Failure,
        /// What each layer said, ready to print.
        layers: Vec<String>,
        /// What to do next.
        hints: Vec<String>,
    },

    /// The connection's extra has no such key.
    #[error("the extra of connection `{conn_id}` has no key `{key}`")]
    NoSuchExtra {
        /// The connection.
        conn_id: String,
        /// The key asked for.
        key: String,
    },

    /// `--field` names something a connection does not have.
    #[error(transparent)]
    UnknownField(#[from] UnknownField),

    /// stdout could not be written.
    #[error("the output could not be written: {0}")]
    Output(#[source] std::io::Error),
}

fn lookup_sentence(kind: &SecretKind, id: &str, failure: &Failure) -> String {
    match failure {
        Failure::NotDefined => format!("{kind} `{id}` is not defined"),
        _ => format!("{kind} `{id}` could not be resolved"),
    }
}

/// Who it is that goes no further.
fn cannot_or_does_not(error: &ConnectionError) -> &'static str {
    match error.is_own_refusal() {
        true => "secretctl does not",
        false => "Airflow cannot",
    }
}

impl Error {
    /// The kind of failure, which decides the exit code.
    pub fn failure(&self) -> Failure {
        match self {
            Error::Env(_)
            | Error::Config(_)
            | Error::UnknownBackend { .. }
            | Error::NotServed { .. }
            | Error::FernetKey { .. }
            | Error::Kwarg(_)
            | Error::HttpSetting(_) => Failure::Configuration,
            Error::LocalFilesystem(error) => error.failure(),
            Error::Vault(error) => error.failure(),
            Error::Kubernetes(error) => error.failure(),
            Error::Aws(error) => error.failure(),
            Error::AzureKeyVault(error) => error.failure(),
            Error::CloudSecretManager(error) => error.failure(),
            Error::Google(error) => error.failure(),
            Error::Unreachable { .. } | Error::RedirectRefused { .. } | Error::TimedOut { .. } => {
                Failure::Unreachable
            }
            Error::AnswerTooLarge { .. }
            | Error::Connection(_)
            | Error::NotText { .. }
            | Error::NotJson(_)
            | Error::JsonOfNoText { .. } => Failure::Malformed,
            Error::NotResolved { failure, .. } => *failure,
            Error::NoSuchExtra { .. } => Failure::Malformed,
            Error::UnknownField(_) => Failure::Usage,
            Error::Output(_) => Failure::Bug,
        }
    }

    /// Whether this is a limit or a refusal of secretctl's own, so that Airflow may well use what is there.
    pub fn is_own_refusal(&self) -> bool {
        match self {
            Error::AnswerTooLarge { .. } | Error::RedirectRefused { .. } => true,
            Error::HttpSetting(fault) => matches!(fault, SettingFault::SocksProxy { .. }),
            Error::NotJson(error) => error.may_be_read_by_python(),
            Error::Connection(error) => error.is_own_refusal(),
            Error::LocalFilesystem(error) => error.is_own_refusal(),
            Error::Kubernetes(error) => matches!(error, KubernetesError::NotServed { .. }),
            Error::Vault(error) => error.is_own_refusal(),
            Error::Aws(error) => error.is_own_refusal(),
            Error::AzureKeyVault(error) => error.is_own_refusal(),
            Error::Google(error) => error.is_own_refusal(),
            _ => false,
        }
    }

    /// The exit code of a run that ends with this error.
    pub fn exit_code(&self) -> u8 {
        self.failure().exit_code()
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Env(error) => error.hint(),
            Error::Config(error) => error.hint(),
            Error::Kwarg(error) => error.hint(),
            Error::LocalFilesystem(error) => error.hint(),
            Error::Vault(error) => error.hint(),
            Error::Kubernetes(error) => error.hint(),
            Error::Aws(error) => error.hint(),
            Error::AzureKeyVault(error) => error.hint(),
            Error::CloudSecretManager(error) => error.hint(),
            Error::Google(error) => error.hint(),
            Error::Connection(error) => error.hint(),
            Error::UnknownBackend { hint, .. } => Some(hint.clone()),
            Error::NotServed { .. } => Some(format!("secretctl serves {}", class_path::served_names())),
            Error::Unreachable { because } => unreachable_hint(because),
            Error::TimedOut { .. } => {
                Some("check that the server is up and that nothing on the way drops its packets; `--timeout` sets the limit".into())
            }
            Error::UnknownField(error) => error.hint(),
            Error::NotJson(error) => error.hint(),
            Error::JsonOfNoText { .. } => {
                Some("leave `-o json` out: a value that is no text is printed as JSON anyway".into())
            }
            Error::FernetKey { .. } => Some(
                "make one with `openssl rand -base64 32 | tr +/ -_`; Airflow takes every such connection for absent"
                    .into(),
            ),
            Error::HttpSetting(_)
            | Error::NotText { .. }
            | Error::AnswerTooLarge { .. }
            | Error::RedirectRefused { .. }
            | Error::NotResolved { .. }
            | Error::NoSuchExtra { .. }
            | Error::Output(_) => None,
        }
    }
}

/// Advice for the network failures that people meet most.
pub(crate) fn unreachable_hint(because: &str) -> Option<String> {
    let because = because.to_lowercase();
    let advice = if because.contains("through the proxy")
        && (because.contains("refused") || because.contains("lookup"))
    {
        "the proxy does not answer; check HTTPS_PROXY, HTTP_PROXY and NO_PROXY, or \"proxies\" in the kwargs"
    } else if because.contains("unknownissuer")
        || because.contains("self-signed")
        || because.contains("selfsigned")
    {
        "the server's certificate is signed by a CA that is not trusted here; name its file with \"verify\": \"/path/ca.pem\" in the kwargs or with REQUESTS_CA_BUNDLE"
    } else if because.contains("certificate") {
        "the server's certificate is not valid for this address or this day"
    } else if because.contains("refused") {
        "nothing listens at this address; check host and port"
    } else if because.contains("resolve") || because.contains("name") || because.contains("dns") {
        "this host name is not known here; check its spelling and the network"
    } else if because.contains("corrupt message") || because.contains("invalidcontenttype") {
        "the server does not speak TLS on this port; is it http:// rather than https://?"
    } else {
        return None;
    };
    Some(advice.to_owned())
}
