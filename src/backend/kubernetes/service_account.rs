//! The service account of the pod: address from the environment, token, CA and namespace from a mounted folder.
//!
//! Mirrors `InClusterConfigLoader` of kubernetes 37.0.1. The surprising rule: the token is sent as it stands in its file, so
//! a line break at its end fails every lookup.

use std::path::PathBuf;

use url::Url;

use super::cluster::{self, Cluster, Login};
use super::error::KubernetesError;
use crate::deadline::Deadline;
use crate::env::{Env, EnvError};
use crate::http::{Proxies, Verify};
use crate::secret::SecretText;
use crate::text_file;

/// Where the kubelet mounts the files of the service account.
pub const FOLDER: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// The most that is read of a token or namespace file, in bytes.
const LIMIT: u64 = 1 << 20;

/// A pod's service account.
#[derive(Clone, Debug)]
pub struct ServiceAccount {
    folder: PathBuf,
    host: String,
    port: String,
}

impl ServiceAccount {
    /// The account of the pod that the environment speaks of; `None` outside a pod.
    ///
    /// # Errors
    /// A variable that is not UTF-8.
    pub fn from_env(env: &Env, folder: PathBuf) -> Result<Option<Self>, EnvError> {
        let host = env
            .get("KUBERNETES_SERVICE_HOST")?
            .filter(|host| !host.is_empty());
        let port = env
            .get("KUBERNETES_SERVICE_PORT")?
            .filter(|port| !port.is_empty());
        Ok(host.zip(port).map(|(host, port)| Self {
            folder,
            host: host.to_owned(),
            port: port.to_owned(),
        }))
    }

    /// The address of the API server.
    pub fn server(&self) -> Result<Url, KubernetesError> {
        let host = if self.host.contains([':', '%']) {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        cluster::server(
            &format!("https://{host}:{}", self.port),
            "KUBERNETES_SERVICE_HOST with KUBERNETES_SERVICE_PORT",
        )
    }

    /// Reads the token; the CA is read when it is needed.
    pub async fn cluster(&self, deadline: Deadline) -> Result<Cluster, KubernetesError> {
        let server = self.server()?;
        let certificate_authority = self.folder.join("ca.crt");
        Ok(Cluster {
            server,
            login: self.login(deadline).await?,
            trusted: format!("`{}`", certificate_authority.display()),
            verify: Verify::Bundle {
                path: certificate_authority,
                origin: "the pod's service account".to_owned(),
            },
            proxies: Proxies::Kubernetes { proxy_url: None },
            namespace: None,
            is_of_a_file: false,
        })
    }

    async fn login(&self, deadline: Deadline) -> Result<Login, KubernetesError> {
        let path = self.folder.join("token");
        let read = text_file::read(&path, LIMIT, deadline).await;
        let token = SecretText::new(read.map_err(KubernetesError::NoServiceAccount)?);
        if token.expose().is_empty() {
            return Err(KubernetesError::EmptyToken(path));
        }
        Ok(Login {
            authorization: Some(format!("bearer {}", token.expose()).into()),
            client_certificate: None,
            origin: format!("the service account's token in `{}`", path.display()),
        })
    }

    /// The pod's own namespace: the file's text without the space around it.
    pub async fn namespace(&self, deadline: Deadline) -> Result<String, KubernetesError> {
        let path = self.folder.join("namespace");
        let read = text_file::read(&path, LIMIT, deadline).await;
        let text = read.map_err(KubernetesError::NoNamespace)?;
        match text.trim() {
            "" => Err(KubernetesError::EmptyNamespace(path)),
            namespace => Ok(namespace.to_owned()),
        }
    }
}
