//! What can go wrong with Kubernetes: no cluster, no credentials, a role without `list`, a secret without its key.

use std::path::PathBuf;

use super::kubeconfig::KubeconfigFault;
use crate::backend::kwargs::KwargError;
use crate::env::EnvError;
use crate::failure::{Failure, Fault};
use crate::http::{Cause, HttpError, in_quotes};
use crate::process::ProcessError;
use crate::python::yaml::YamlError;
use crate::text_file::TextFileError;

/// A failure to read from Kubernetes. Holds names, paths and the server's own short words, never a token or a value.
#[derive(Clone, Debug, thiserror::Error)]
pub enum KubernetesError {
    /// A kwarg is misspelt or of the wrong type.
    #[error(transparent)]
    Kwarg(#[from] KwargError),
    /// A variable cannot be read.
    #[error(transparent)]
    Env(#[from] EnvError),
    /// A certificate file cannot be used.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// Neither a pod nor a kubeconfig.
    #[error(
        "there is no cluster to ask: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT, which every pod has, are not set, and neither is KUBECONFIG"
    )]
    NoCluster,
    /// An address that cannot be used.
    #[error("{origin} is not the address of an API server")]
    Address {
        /// The setting that gives it.
        origin: String,
    },
    /// The pod has no token.
    #[error("the pod's service account has no token: {0}")]
    NoServiceAccount(TextFileError),
    /// The pod's token is empty.
    #[error("the pod's service account has no token: `{}` is empty", .0.display())]
    EmptyToken(PathBuf),
    /// No kwarg `namespace`, and no file that tells the pod's own.
    #[error("the namespace is not known: {0}")]
    NoNamespace(TextFileError),
    /// No kwarg `namespace`, and a file that should tell the pod's own is empty.
    #[error("the namespace is not known: `{}` is empty", .0.display())]
    EmptyNamespace(PathBuf),
    /// A token that HTTP cannot carry.
    #[error("{origin} holds a line break or another character that no HTTP header can carry")]
    NotAHeader {
        /// The token, by where it comes from.
        origin: String,
    },
    /// A kubeconfig file, or a file that it names, cannot be read.
    #[error("{what} {because}")]
    File {
        /// What it is: `the kubeconfig`, `the token file`.
        what: &'static str,
        /// The file, and what is the matter with it.
        #[source]
        because: TextFileError,
    },
    /// A kubeconfig file is not YAML.
    #[error("the kubeconfig `{}` cannot be read: {because}", path.display())]
    NotYaml {
        /// The file.
        path: PathBuf,
        /// What is wrong, and in which line.
        #[source]
        because: YamlError,
    },
    /// A kubeconfig lacks something or has something else in its place.
    #[error("the kubeconfig `{files}` {fault}")]
    Kubeconfig {
        /// The files of KUBECONFIG.
        files: String,
        /// What.
        fault: KubeconfigFault,
    },
    /// A kubeconfig asks for something that secretctl does not do.
    #[error("the kubeconfig `{files}` has `{key}` in {place}, which secretctl does not serve")]
    NotServed {
        /// The file.
        files: String,
        /// Cluster or user, by name.
        place: String,
        /// The key.
        key: &'static str,
    },
    /// A credential plugin did not run to its end.
    #[error("the credential plugin `{command}` {error}")]
    ExecPlugin {
        /// Its command, without arguments.
        command: String,
        /// What went wrong, without any of its output.
        error: ProcessError,
    },
    /// A credential plugin printed something else.
    #[error(
        "the credential plugin `{command}` printed no `ExecCredential` of `{api_version}` with a token or a client certificate"
    )]
    NotACredential {
        /// Its command, without arguments.
        command: String,
        /// The version that it was asked for.
        api_version: String,
    },
    /// The server gave no answer.
    #[error("{}{error}", named(.server))]
    Exchange {
        /// Scheme, host and port, where only a kubeconfig names them.
        server: Option<String>,
        /// Why not.
        #[source]
        error: HttpError,
        /// The CA that was trusted, by where it comes from.
        trusted: String,
    },
    /// 401: the server does not know who is asking.
    #[error("the API server does not accept {origin}{}", in_quotes(.said))]
    Unauthorized {
        /// The credential, by where it comes from.
        origin: String,
        /// The server's words.
        said: Option<String>,
    },
    /// 403 for `system:anonymous`: nobody was named.
    #[error("the API server was asked without credentials: {origin}")]
    Anonymous {
        /// Where a credential was looked for.
        origin: String,
    },
    /// 403: the server knows who is asking, and no role of theirs allows it.
    #[error("{identity} may not list the secrets of namespace `{namespace}`")]
    Denied {
        /// The user or service account in the server's words, else the credentials by where they come from.
        identity: String,
        /// The namespace.
        namespace: String,
    },
    /// 400: the request is not one that the server takes.
    #[error("the API server refuses the request with status 400{}", in_quotes(.said))]
    BadRequest {
        /// The server's words.
        said: Option<String>,
    },
    /// 400 for a label whose key is impossible.
    #[error("kwarg `{kwarg}` cannot be the key of a Kubernetes label")]
    LabelKey {
        /// The kwarg.
        kwarg: &'static str,
    },
    /// 429, or a 503 that asks for a pause.
    #[error("the API server is throttling this client with status {status}{}", in_quotes(.said))]
    Throttled {
        /// The HTTP status.
        status: u16,
        /// The server's words.
        said: Option<String>,
    },
    /// The server is there and cannot answer.
    #[error("the API server cannot answer: status {status}{}", in_quotes(.said))]
    Down {
        /// The HTTP status.
        status: u16,
        /// The server's words.
        said: Option<String>,
    },
    /// An answer that is not that of an API server.
    #[error("the answer, of status {status}, is not that of a Kubernetes API server")]
    NotKubernetes {
        /// The HTTP status.
        status: u16,
    },
    /// The secret lacks the key that holds the value.
    #[error(
        "found, but secret `{secret}` has no data key `{data_key}`, so Airflow takes it for absent"
    )]
    NoDataKey {
        /// The secret's name.
        secret: String,
        /// The key of its data.
        data_key: String,
        /// The keys that it has, if they can be told.
        keys: Vec<String>,
    },
    /// The value is not what Python's `base64.b64decode` reads.
    #[error("found, but data key `{data_key}` of secret `{secret}` is not base64")]
    NotBase64 {
        /// The secret's name.
        secret: String,
        /// The key of its data.
        data_key: String,
    },
    /// The value is not text.
    #[error("found, but data key `{data_key}` of secret `{secret}` is not UTF-8 text")]
    NotUtf8 {
        /// The secret's name.
        secret: String,
        /// The key of its data.
        data_key: String,
    },
}

impl KubernetesError {
    /// Whether the answer for many secrets, or the address that names them all, is too long, so that fewer at a time may do.
    pub fn is_about_size(&self) -> bool {
        match self {
            KubernetesError::Exchange { error, .. } => {
                matches!(
                    error,
                    HttpError::AnswerTooLarge { .. } | HttpError::TooManyValues
                )
            }
            KubernetesError::NotKubernetes { status } => matches!(status, 414 | 431),
            _ => false,
        }
    }
}

/// The server before a sentence about it.
fn named(server: &Option<String>) -> String {
    let name = server.as_ref();
    name.map_or_else(String::new, |server| format!("{server} "))
}

impl Fault for KubernetesError {
    fn failure(&self) -> Failure {
        match self {
            KubernetesError::Kwarg(error) => error.failure(),
            KubernetesError::Env(error) => error.failure(),
            KubernetesError::Http(error) | KubernetesError::Exchange { error, .. } => {
                error.failure()
            }
            KubernetesError::File { because, .. } | KubernetesError::NoNamespace(because) => {
                because.failure()
            }
            KubernetesError::NoServiceAccount(error @ TextFileError::TimedOut { .. }) => {
                error.failure()
            }
            KubernetesError::ExecPlugin {
                error: ProcessError::TimedOut(_),
                ..
            } => Failure::Unreachable,
            KubernetesError::Address { .. }
            | KubernetesError::EmptyNamespace(_)
            | KubernetesError::NotYaml { .. }
            | KubernetesError::Kubeconfig { .. }
            | KubernetesError::NotServed { .. }
            | KubernetesError::LabelKey { .. } => Failure::Configuration,
            KubernetesError::NoCluster
            | KubernetesError::NoServiceAccount(_)
            | KubernetesError::EmptyToken(_)
            | KubernetesError::NotAHeader { .. }
            | KubernetesError::ExecPlugin { .. }
            | KubernetesError::NotACredential { .. }
            | KubernetesError::Unauthorized { .. }
            | KubernetesError::Anonymous { .. } => Failure::Unauthenticated,
            KubernetesError::Denied { .. } => Failure::Denied,
            KubernetesError::Throttled { .. } => Failure::Throttled,
            KubernetesError::BadRequest { .. }
            | KubernetesError::Down { .. }
            | KubernetesError::NotKubernetes { .. } => Failure::Unreachable,
            KubernetesError::NoDataKey { .. }
            | KubernetesError::NotBase64 { .. }
            | KubernetesError::NotUtf8 { .. } => Failure::Malformed,
        }
    }

    fn hint(&self) -> Option<String> {
        let advice = match self {
            KubernetesError::Kwarg(error) => return error.hint(),
            KubernetesError::Env(error) => return error.hint(),
            KubernetesError::Http(error) => return error.hint_with(TRUST),
            KubernetesError::Exchange { error, trusted, .. } => {
                return match error.cause() {
                    Some(Cause::UntrustedCa | Cause::BadCertificate) => Some(format!(
                        "the CA that is trusted for this server comes from {trusted}; is it this cluster's?"
                    )),
                    _ => error.hint_with(TRUST),
                };
            }
            KubernetesError::NoCluster => "outside a cluster, name a kubeconfig file with KUBECONFIG".to_owned(),
            KubernetesError::NoServiceAccount(TextFileError::TimedOut { .. }) => return None,
            KubernetesError::NoServiceAccount(_) | KubernetesError::EmptyToken(_) => {
                "is `automountServiceAccountToken` false for this pod or its service account?".to_owned()
            }
            KubernetesError::NoNamespace(_) | KubernetesError::EmptyNamespace(_) => "set \"namespace\" in the kwargs".to_owned(),
            KubernetesError::NotAHeader { .. } => "write the token without a line break at its end; Airflow fails on one too".to_owned(),
            KubernetesError::NotYaml { because, .. } => return because.hint(),
            KubernetesError::NotServed { .. } => {
                "use a token, a client certificate or an exec plugin; for a CI job, `kubectl create token SERVICE_ACCOUNT` makes a token".to_owned()
            }
            KubernetesError::Kubeconfig { fault, .. } => return fault.hint(),
            KubernetesError::ExecPlugin { error: error @ ProcessError::TimedOut(_), .. } => return error.hint(),
            KubernetesError::ExecPlugin { .. } | KubernetesError::NotACredential { .. } => {
                "run it by hand, in the same environment, to see what it says; its own messages are not shown here".to_owned()
            }
            KubernetesError::Unauthorized { .. } => "get a new one: it may have expired, or belong to another cluster".to_owned(),
            KubernetesError::Anonymous { .. } => "give the user of the kubeconfig's context a token or a client certificate".to_owned(),
            KubernetesError::Denied { identity, namespace } => missing_rule(identity, namespace),
            KubernetesError::LabelKey { .. } => {
                "a label's key is a name of letters, digits, `-`, `_` and `.`, with a DNS name and `/` before it if need be".to_owned()
            }
            KubernetesError::NotKubernetes { .. } => {
                "check the server's address: something else answers there, perhaps a proxy or a login page".to_owned()
            }
            KubernetesError::NoDataKey { keys, .. } if !keys.is_empty() => {
                format!("its data keys are `{}`; the kwargs `*_data_key` say which one Airflow reads", keys.join("`, `"))
            }
            KubernetesError::NotUtf8 { .. } => "Airflow reads text only; was the value encoded twice, or is it a file?".to_owned(),
            KubernetesError::Throttled { .. } => "ask later; the cluster's API priority and fairness limits this client".to_owned(),
            KubernetesError::Address { .. }
            | KubernetesError::File { .. }
            | KubernetesError::BadRequest { .. }
            | KubernetesError::Down { .. }
            | KubernetesError::NoDataKey { .. }
            | KubernetesError::NotBase64 { .. } => return None,
        };
        Some(advice)
    }

    fn is_own_refusal(&self) -> bool {
        match self {
            KubernetesError::NotServed { .. } => true,
            KubernetesError::Http(error) | KubernetesError::Exchange { error, .. } => {
                error.is_own_refusal()
            }
            _ => false,
        }
    }
}

/// How this backend is told which CA to trust.
const TRUST: &str = "name it with `certificate-authority` of the cluster in the kubeconfig";

/// The RBAC rule that a refused identity lacks. `get` is not enough: Airflow finds secrets by their label.
fn missing_rule(identity: &str, namespace: &str) -> String {
    format!(
        "bind {identity} to a role in namespace `{namespace}` with the rule \
         {{apiGroups: [\"\"], resources: [\"secrets\"], verbs: [\"list\"]}}; `get` alone is not enough"
    )
}
