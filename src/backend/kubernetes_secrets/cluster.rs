//! Which cluster is asked and as whom: the pod's own, or outside a cluster the one that `KUBECONFIG` leads to.
//!
//! Airflow knows the pod's service account only (`kubernetes.config.load_incluster_config` of kubernetes 37.0.1). So that a
//! CI job can ask the same cluster, secretctl reads `KUBECONFIG` too, but never where Airflow would use the service account.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use super::error::KubernetesError;
use super::kubeconfig;
use super::service_account::ServiceAccount;
use crate::env::Env;
use crate::error::Result;
use crate::http::{ClientCertificate, Proxies, Verify};
use crate::secret::SecretText;

/// Where a cluster and its credentials are found. Made without any I/O.
#[derive(Clone, Debug)]
pub enum Source {
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

impl Source {
    /// Looks at the environment: in a pod the service account counts, elsewhere `KUBECONFIG`.
    ///
    /// # Errors
    /// A variable that is not UTF-8.
    pub fn from_env(env: &Env, service_account_folder: PathBuf) -> Result<Source> {
        if let Some(account) = ServiceAccount::from_env(env, service_account_folder)? {
            return Ok(Source::ServiceAccount(account));
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
            Source::Nowhere
        } else {
            Source::Kubeconfig(files)
        })
    }

    /// Scheme, host and port of the server, where no file has to be read for it.
    pub fn server_name(&self) -> Option<String> {
        match self {
            Source::ServiceAccount(account) => account
                .server()
                .ok()
                .map(|server| crate::http::server_name(&server)),
            Source::Kubeconfig(_) | Source::Nowhere => None,
        }
    }

    /// Reads the files, and runs the credential plugin if there is one, for at most `timeout`.
    ///
    /// # Errors
    /// No cluster, or no usable credentials.
    pub fn cluster(&self, env: &Env, timeout: Duration) -> Result<Cluster> {
        match self {
            Source::ServiceAccount(account) => Ok(account.cluster()?),
            Source::Kubeconfig(files) => Ok(kubeconfig::cluster(files, env, timeout)?),
            Source::Nowhere => Err(KubernetesError::NoCluster.into()),
        }
    }

    /// The namespace that goes without saying.
    ///
    /// # Errors
    /// The pod does not tell its namespace.
    pub fn namespace(&self, cluster: &Cluster) -> Result<String, KubernetesError> {
        match (self, &cluster.namespace) {
            (_, Some(namespace)) => Ok(namespace.clone()),
            (Source::ServiceAccount(account), None) => account.namespace(),
            (Source::Kubeconfig(_) | Source::Nowhere, None) => Ok("default".to_owned()),
        }
    }

    /// What a person should know about where the credentials come from.
    pub fn warning(&self, env: &Env) -> Option<String> {
        let is_pod = matches!(self, Source::ServiceAccount(_));
        (is_pod && env.is_set("KUBECONFIG")).then(|| {
            "KUBECONFIG is not used in a pod: like Airflow, secretctl asks with the pod's service account; \
             unset KUBERNETES_SERVICE_HOST to ask with the kubeconfig"
                .to_owned()
        })
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

    fn source(pairs: &[(&str, &str)]) -> Source {
        Source::from_env(
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
        assert!(
            source
                .warning(&Env::from_pairs([KUBECONFIG]))
                .unwrap()
                .contains("not used in a pod")
        );
        assert_eq!(source.warning(&Env::default()), None);
    }

    #[test]
    fn elsewhere_kubeconfig_is_a_list_of_files() {
        for pairs in [
            vec![KUBECONFIG],
            vec![HOST, KUBECONFIG],
            vec![("KUBERNETES_SERVICE_HOST", ""), PORT, KUBECONFIG],
        ] {
            let Source::Kubeconfig(files) = source(&pairs) else {
                panic!("{pairs:?}")
            };
            assert_eq!(
                files,
                [PathBuf::from("/a/config"), PathBuf::from("/b/config")]
            );
        }
        assert!(matches!(source(&[("KUBECONFIG", "")]), Source::Nowhere));
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
