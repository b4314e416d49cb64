//! Which cluster is asked and as whom: the pod's own, or outside a cluster the one that `KUBECONFIG` leads to.
//!
//! Airflow knows the pod's service account only (`kubernetes.config.load_incluster_config` of kubernetes 37.0.1). So that a
//! CI job can ask the same cluster, secretctl reads `KUBECONFIG` too, but never where Airflow would use the service account.

use std::path::PathBuf;

use url::Url;

use super::error::KubernetesError;
use super::kubeconfig;
use super::service_account::ServiceAccount;
use crate::deadline::Deadline;
use crate::env::{Env, EnvError};
use crate::failure::Failure;
use crate::finding::Finding;
use crate::http::{ClientCertificate, Proxies, Verify};
use crate::secret::SecretText;

/// Where a cluster and its credentials are found. Made without any I/O.
#[derive(Clone, Debug)]
pub enum ClusterSource {
    /// In the pod.
    ServiceAccount(ServiceAccount),
    /// In the files of `KUBECONFIG`.
    Kubeconfig(Vec<PathBuf>),
    /// Nowhere.
    Nowhere,
}

/// An API server, and what is shown to it.
#[derive(Debug)]
pub struct Cluster {
    /// The server's address; requests go below its path.
    pub server: Url,
    /// How its certificate is verified.
    pub verify: Verify,
    /// The CA that is trusted, by where it comes from.
    pub trusted: String,
    /// Whose rules choose the proxy.
    pub proxies: Proxies,
    /// The credentials.
    pub login: Login,
    /// The namespace that goes without saying, where it is known before it is asked for.
    pub namespace: Option<String>,
    /// Whether a file names the server, so that nobody knows its address without reading it.
    pub is_of_a_file: bool,
}

/// What the client proves itself with.
#[derive(Debug)]
pub struct Login {
    /// The value of the `Authorization` header.
    pub authorization: Option<SecretText>,
    /// The client certificate.
    pub client_certificate: Option<ClientCertificate>,
    /// Where the credentials come from, in words.
    pub origin: String,
}

impl ClusterSource {
    /// Looks at the environment: in a pod the service account counts, elsewhere `KUBECONFIG`.
    ///
    /// # Errors
    /// A variable that is not UTF-8.
    pub fn from_env(env: &Env, service_account_folder: PathBuf) -> Result<ClusterSource, EnvError> {
        if let Some(account) = ServiceAccount::from_env(env, service_account_folder)? {
            return Ok(ClusterSource::ServiceAccount(account));
        }
        let files: Vec<PathBuf> = match env.get("KUBECONFIG")? {
            Some(list) => list
                .split(':')
                .filter(|path| !path.is_empty())
                .map(PathBuf::from)
                .collect(),
            None => Vec::new(),
        };
        Ok(if files.is_empty() {
            ClusterSource::Nowhere
        } else {
            ClusterSource::Kubeconfig(files)
        })
    }

    /// Scheme, host and port of the server, where no file has to be read for it.
    pub fn server_name(&self) -> Option<String> {
        match self {
            ClusterSource::ServiceAccount(account) => account
                .server()
                .ok()
                .map(|server| crate::http::server_name(&server)),
            ClusterSource::Kubeconfig(_) | ClusterSource::Nowhere => None,
        }
    }

    /// Reads the files, and runs the credential plugin if there is one.
    ///
    /// # Errors
    /// No cluster, or no usable credentials.
    pub async fn cluster(&self, env: &Env, deadline: Deadline) -> Result<Cluster, KubernetesError> {
        match self {
            ClusterSource::ServiceAccount(account) => account.cluster(deadline).await,
            ClusterSource::Kubeconfig(files) => kubeconfig::cluster(files, env, deadline).await,
            ClusterSource::Nowhere => Err(KubernetesError::NoCluster),
        }
    }

    /// The namespace that goes without saying.
    ///
    /// # Errors
    /// The pod does not tell its namespace.
    pub async fn namespace(
        &self,
        cluster: &Cluster,
        deadline: Deadline,
    ) -> Result<String, KubernetesError> {
        match (self, &cluster.namespace) {
            (_, Some(namespace)) => Ok(namespace.clone()),
            (ClusterSource::ServiceAccount(account), None) => account.namespace(deadline).await,
            (ClusterSource::Kubeconfig(_) | ClusterSource::Nowhere, None) => {
                Ok("default".to_owned())
            }
        }
    }

    /// What a person should know about where the credentials come from, and the namespace where the kwargs name none.
    pub fn findings(&self, env: &Env, names_namespace: bool) -> Vec<Finding> {
        match self {
            ClusterSource::ServiceAccount(_) if env.is_set("KUBECONFIG") => vec![Finding::warning(
                "kubeconfig-not-used",
                "KUBECONFIG is not used in a pod: like Airflow, secretctl asks with the pod's service account; \
                 unset KUBERNETES_SERVICE_HOST to ask with the kubeconfig",
            )],
            ClusterSource::Kubeconfig(_) if !names_namespace => {
                let sentence = "the kwargs have no `namespace`: that of the kubeconfig's context is asked, else `default`, while Airflow \
                                in its pod asks the pod's own, so the value may not be the one that Airflow uses";
                vec![
                    Finding::warning("kubeconfig-without-namespace", sentence)
                        .with_hint("set \"namespace\" in the kwargs")
                        .failing_strictly(Failure::Configuration),
                ]
            }
            _ => Vec::new(),
        }
    }
}

/// Reads the address of an API server.
pub fn server(address: &str, origin: &str) -> Result<Url, KubernetesError> {
    let url = Url::parse(address)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.ok_or_else(|| KubernetesError::Address {
        origin: origin.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(pairs: &[(&str, &str)]) -> ClusterSource {
        ClusterSource::from_env(
            &Env::from_pairs(pairs.iter().copied()),
            PathBuf::from("/nowhere"),
        )
        .unwrap()
    }

    const HOST: (&str, &str) = ("KUBERNETES_SERVICE_HOST", "10.0.0.1");
    const PORT: (&str, &str) = ("KUBERNETES_SERVICE_PORT", "6443");
    const KUBECONFIG: (&str, &str) = ("KUBECONFIG", "/a/config::/b/config");

    #[test]
    fn a_pod_asks_as_its_service_account_whatever_kubeconfig_says() {
        let source = source(&[HOST, PORT, KUBECONFIG]);
        assert_eq!(source.server_name().unwrap(), "https://10.0.0.1:6443");
        let findings = source.findings(&Env::from_pairs([KUBECONFIG]), false);
        assert!(findings[0].sentence.contains("not used in a pod"));
        assert!(source.findings(&Env::default(), false).is_empty());
    }

    #[test]
    fn elsewhere_kubeconfig_is_a_list_of_files() {
        for pairs in [
            vec![KUBECONFIG],
            vec![HOST, KUBECONFIG],
            vec![("KUBERNETES_SERVICE_HOST", ""), PORT, KUBECONFIG],
        ] {
            let ClusterSource::Kubeconfig(files) = source(&pairs) else {
                panic!("{pairs:?}")
            };
            assert_eq!(
                files,
                [PathBuf::from("/a/config"), PathBuf::from("/b/config")]
            );
        }
        assert!(matches!(
            source(&[("KUBECONFIG", "")]),
            ClusterSource::Nowhere
        ));
    }

    #[test]
    fn an_ipv6_host_gets_its_brackets() {
        let source = source(&[
            ("KUBERNETES_SERVICE_HOST", "fd00::1"),
            ("KUBERNETES_SERVICE_PORT", "443"),
        ]);
        assert_eq!(source.server_name().unwrap(), "https://[fd00::1]");
    }
}
