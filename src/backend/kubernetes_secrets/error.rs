//! What can go wrong with Kubernetes: no cluster, no credentials, a role without `list`, a secret without its key.

use std::path::PathBuf;

use crate::error::{Failure, unreachable_hint};
use crate::http::in_quotes;
use crate::python::yaml::YamlError;
use crate::text_file::TextFileError;

/// A failure to read from Kubernetes. Holds names, paths and the server's own short words, never a token or a value.
#[derive(Debug, thiserror::Error)]
pub enum KubernetesError {
    /// Neither a pod nor a kubeconfig.
    #[error(
        "there is no cluster to ask: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT, which every pod has, are not set, and neither is KUBECONFIG"
    )]
    NoCluster,
    /// An address that cannot be used.
    #[error("{origin} is no address of an API server")]
    Address {
        /// The setting that gives it.
        origin: String,
    },
    /// The pod has no token, or an empty one.
    #[error("the pod's service account has no token: {because}")]
    NoServiceAccount {
        /// Which file, and what is the matter with it.
        because: String,
    },
    /// No kwarg `namespace`, and no file that tells the pod's own.
    #[error("the namespace is not known: {because}")]
    NoNamespace {
        /// Which file, and what is the matter with it.
        because: String,
    },
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
    #[error("the kubeconfig `{files}` {problem}")]
    Kubeconfig {
        /// The files of KUBECONFIG.
        files: String,
        /// What is wrong, without any value.
        problem: String,
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
    /// A credential plugin gave no credential.
    #[error("the credential plugin `{command}` {because}")]
    ExecPlugin {
        /// Its command, without arguments.
        command: String,
        /// What went wrong, without any of its output.
        because: String,
    },
    /// No connection to a server that only a kubeconfig names.
    #[error("{server} could not be reached: {because}")]
    Unreachable {
        /// Scheme, host and port.
        server: String,
        /// The network's own words.
        because: String,
    },
    /// The server's certificate is not one to trust.
    #[error("could not be reached: {because}")]
    Certificate {
        /// TLS's own words.
        because: String,
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
    #[error("`{identity}` may not list the secrets of namespace `{namespace}`")]
    Denied {
        /// The user or service account, in the server's words.
        identity: String,
        /// The namespace.
        namespace: String,
    },
    /// 400 for a label that can be the key of none.
    #[error("kwarg `{kwarg}` is a text that can be the key of no Kubernetes label")]
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
    /// The value is no text.
    #[error("found, but data key `{data_key}` of secret `{secret}` is not UTF-8 text")]
    NotUtf8 {
        /// The secret's name.
        secret: String,
        /// The key of its data.
        data_key: String,
    },
}

impl KubernetesError {
    /// The kind of failure.
    pub fn failure(&self) -> Failure {
        match self {
            KubernetesError::Address { .. }
            | KubernetesError::NoNamespace { .. }
            | KubernetesError::File { .. }
            | KubernetesError::NotYaml { .. }
            | KubernetesError::Kubeconfig { .. }
            | KubernetesError::NotServed { .. }
            | KubernetesError::LabelKey { .. } => Failure::Configuration,
            KubernetesError::NoCluster
            | KubernetesError::NoServiceAccount { .. }
            | KubernetesError::NotAHeader { .. }
            | KubernetesError::ExecPlugin { .. }
            | KubernetesError::Unauthorized { .. }
            | KubernetesError::Anonymous { .. } => Failure::Unauthenticated,
            KubernetesError::Denied { .. } => Failure::Denied,
            KubernetesError::Throttled { .. } => Failure::Throttled,
            KubernetesError::Unreachable { .. }
            | KubernetesError::Certificate { .. }
            | KubernetesError::Down { .. } => Failure::Unreachable,
            KubernetesError::NotKubernetes { .. }
            | KubernetesError::NoDataKey { .. }
            | KubernetesError::NotBase64 { .. }
            | KubernetesError::NotUtf8 { .. } => Failure::Malformed,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let advice = match self {
            KubernetesError::NoCluster => "outside a cluster, name a kubeconfig file with KUBECONFIG".to_owned(),
            KubernetesError::NoServiceAccount { .. } => {
                "is `automountServiceAccountToken` false for this pod or its service account?".to_owned()
            }
            KubernetesError::NoNamespace { .. } => "set \"namespace\" in the kwargs".to_owned(),
            KubernetesError::NotAHeader { .. } => "write the token without a line break at its end; Airflow fails on one too".to_owned(),
            KubernetesError::NotYaml { because, .. } => return because.hint(),
            KubernetesError::Unreachable { because, .. } => return unreachable_hint(because),
            KubernetesError::NotServed { .. } => {
                "use a token, a client certificate or an exec plugin; for a CI job, `kubectl create token SERVICE_ACCOUNT` makes a token".to_owned()
            }
            KubernetesError::ExecPlugin { .. } => {
                "run it by hand, in the same environment, to see what it says; its own messages are not shown here".to_owned()
            }
            KubernetesError::Certificate { trusted, .. } => {
                format!("the CA that is trusted for this server comes from {trusted}; is it this cluster's?")
            }
            KubernetesError::Unauthorized { .. } => "it may have expired, or belong to another cluster".to_owned(),
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
            | KubernetesError::Kubeconfig { .. }
            | KubernetesError::Down { .. }
            | KubernetesError::NoDataKey { .. }
            | KubernetesError::NotBase64 { .. } => return None,
        };
        Some(advice)
    }
}

/// The RBAC rule that a refused identity lacks. `get` is not enough: Airflow finds secrets by their label.
fn missing_rule(identity: &str, namespace: &str) -> String {
    format!(
        "bind `{identity}` to a role in namespace `{namespace}` with the rule \
         {{apiGroups: [\"\"], resources: [\"secrets\"], verbs: [\"list\"]}}; `get` alone is not enough"
    )
}
