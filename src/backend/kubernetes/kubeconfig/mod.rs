//! kubeconfig files: the cluster, user and namespace of the current context.
//!
//! Mirrors `clientcmd` of client-go 0.36, as `kubectl` uses it; Airflow's backend reads no kubeconfig. The surprising rule:
//! `KUBECONFIG` is a list of files; of a repeated name, and of `current-context`, the first file's counts, and files that
//! do not exist are passed over.

mod exec;
mod fault;
mod section;
mod user;

use std::path::{Path, PathBuf};

pub use self::fault::KubeconfigFault;
use self::section::Section;
use super::cluster::{self, Cluster};
use super::error::KubernetesError;
use crate::deadline::Deadline;
use crate::env::Env;
use crate::http::{PemSource, Proxies, Verify};
use crate::python::json::{Dict, Value};
use crate::python::yaml;
use crate::secret::SecretText;
use crate::text_file::{self, TextFileError};

/// The largest kubeconfig that is read, in bytes.
const LIMIT: u64 = 4 << 20;

/// What secretctl does not do for a cluster, and therefore must not pass over.
const NOT_SERVED: &[&str] = &["tls-server-name"];

/// The current context's cluster, as its user.
///
/// # Errors
/// Files that cannot be read or lack something, settings that secretctl does not serve, a plugin without a credential.
pub async fn cluster(
    files: &[PathBuf],
    env: &Env,
    deadline: Deadline,
) -> Result<Cluster, KubernetesError> {
    let config = Kubeconfig::read(files, deadline).await?;
    let context = config.current_context()?;
    let cluster = config.named("clusters", "cluster", &context.required_text("cluster")?)?;
    cluster.refuse(NOT_SERVED)?;
    let login = match context.text("user")? {
        Some(user) => {
            let user = config.named("users", "user", &user)?;
            user::log_in(&user, &cluster, env, deadline).await?
        }
        None => user::nobody(&context),
    };
    let (verify, trusted) = verify(&cluster)?;
    let address = cluster.required_text("server")?;
    Ok(Cluster {
        server: cluster::server(&address, &format!("`server` of {}", cluster.place()))?,
        verify,
        trusted,
        proxies: proxies(&cluster)?,
        login,
        namespace: context
            .text("namespace")?
            .filter(|namespace| !namespace.is_empty()),
        is_of_a_file: true,
    })
}

/// How the server's certificate is verified, and whose word that is.
fn verify(cluster: &Section) -> Result<(Verify, String), KubernetesError> {
    if cluster.flag("insecure-skip-tls-verify")? {
        return Ok((Verify::Off, "nowhere".to_owned()));
    }
    let origin = cluster.place();
    let verify = match cluster.pem("certificate-authority")? {
        Some(PemSource::Text(pem)) => Verify::Certificates {
            pem: pem.expose().to_owned(),
            origin: origin.clone(),
        },
        Some(PemSource::File(path)) => Verify::Bundle {
            path,
            origin: origin.clone(),
        },
        None => return Ok((Verify::Trusted, "this machine".to_owned())),
    };
    Ok((verify, origin))
}

/// `proxy-url`: an HTTP proxy.
fn proxies(cluster: &Section) -> Result<Proxies, KubernetesError> {
    let Some(address) = cluster
        .secret("proxy-url")?
        .filter(|address| !address.expose().is_empty())
    else {
        return Ok(Proxies::Kubernetes { proxy_url: None });
    };
    cluster::server(
        address.expose(),
        &format!("`proxy-url` of {}", cluster.place()),
    )?;
    Ok(Proxies::Kubernetes {
        proxy_url: Some(address),
    })
}

/// The files of `KUBECONFIG` that exist, in order.
struct Kubeconfig {
    files: Vec<ConfigFile>,
}

struct ConfigFile {
    path: PathBuf,
    content: Dict,
}

impl Kubeconfig {
    async fn read(paths: &[PathBuf], deadline: Deadline) -> Result<Self, KubernetesError> {
        let mut files = Vec::new();
        let mut missing = None;
        for path in paths {
            match read_file(path, deadline).await {
                Ok(file) => files.push(file),
                Err(
                    error @ KubernetesError::File {
                        because: TextFileError::Missing { .. },
                        ..
                    },
                ) => {
                    missing.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        match missing {
            Some(error) if files.is_empty() => Err(error),
            _ => Ok(Self { files }),
        }
    }

    fn current_context(&self) -> Result<Section<'_>, KubernetesError> {
        for file in &self.files {
            let whole = Section::new(&file.path, "its top level".to_owned(), &file.content);
            if let Some(name) = whole
                .text("current-context")?
                .filter(|name| !name.is_empty())
            {
                return self.named("contexts", "context", &name);
            }
        }
        Err(self.fault(KubeconfigFault::NoCurrentContext))
    }

    /// The entry of a list that has this name.
    fn named(
        &self,
        list: &str,
        kind: &'static str,
        name: &str,
    ) -> Result<Section<'_>, KubernetesError> {
        let entries = self
            .files
            .iter()
            .flat_map(|file| entries(file, list).map(move |entry| (file, entry)));
        for (file, entry) in entries {
            if entry
                .get("name")
                .and_then(Value::as_text)
                .is_some_and(|own| own.expose() == name)
            {
                return match entry.get(kind) {
                    Some(Value::Dict(members)) => {
                        let place = format!("{kind} `{name}`");
                        Ok(Section::new(&file.path, place, members))
                    }
                    _ => Err(self.fault(KubeconfigFault::EmptyEntry {
                        kind,
                        name: name.to_owned(),
                    })),
                };
            }
        }
        Err(self.fault(KubeconfigFault::NoEntry {
            kind,
            name: name.to_owned(),
        }))
    }

    fn fault(&self, fault: KubeconfigFault) -> KubernetesError {
        let files: Vec<String> = self
            .files
            .iter()
            .map(|file| file.path.display().to_string())
            .collect();
        KubernetesError::Kubeconfig {
            files: files.join(":"),
            fault,
        }
    }
}

fn entries<'a>(file: &'a ConfigFile, list: &str) -> impl Iterator<Item = &'a Dict> {
    let entries = match file.content.get(list) {
        Some(Value::List(entries)) => entries.as_slice(),
        _ => &[],
    };
    entries.iter().filter_map(|entry| match entry {
        Value::Dict(entry) => Some(entry),
        _ => None,
    })
}

async fn read_file(path: &Path, deadline: Deadline) -> Result<ConfigFile, KubernetesError> {
    let read = text_file::read(path, LIMIT, deadline).await;
    let text = SecretText::new(read.map_err(|because| KubernetesError::File {
        what: "the kubeconfig",
        because,
    })?);
    let content = yaml::safe_load(text.expose()).and_then(|document| document.value());
    match content.map_err(|because| KubernetesError::NotYaml {
        path: path.to_owned(),
        because,
    })? {
        Value::Dict(content) => Ok(ConfigFile {
            path: path.to_owned(),
            content,
        }),
        Value::None => Ok(ConfigFile {
            path: path.to_owned(),
            content: Dict::new(),
        }),
        _ => Err(KubernetesError::Kubeconfig {
            files: path.display().to_string(),
            fault: KubeconfigFault::NotAMapping,
        }),
    }
}
