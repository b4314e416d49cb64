//! Which certificates are trusted and which one the client shows, as `requests` decides it.
//!
//! The surprising rule: `REQUESTS_CA_BUNDLE` (or `CURL_CA_BUNDLE`) replaces the trusted CAs, but only where `verify` is true;
//! and nothing is read for an `http://` address, though a client certificate must be there even for that.

#![expect(
    clippy::disallowed_methods,
    reason = "`configure` has the files read off the runtime thread"
)]

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use reqwest::{Certificate, ClientBuilder, Identity};
use rustls_native_certs::{CertificateResult, load_certs_from_paths, load_native_certs};
use url::Url;
use zeroize::Zeroizing;

use super::error::{HttpError, innermost};
use super::{HttpSettings, SettingFault};
use crate::deadline::Deadline;
use crate::env::{Env, EnvError};
use crate::secret::SecretText;

/// How a server's certificate is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verify {
    /// Against the CAs that the environment or the system trusts.
    Trusted,
    /// Against the CAs in this file or folder only.
    Bundle {
        /// A PEM file, or a folder of them.
        path: PathBuf,
        /// The setting that names it.
        origin: String,
    },
    /// Against these CAs only.
    Certificates {
        /// PEM text.
        pem: String,
        /// The setting that holds it.
        origin: String,
    },
    /// Not at all.
    Off,
}

/// PEM text, or the file that holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PemSource {
    /// A file.
    File(PathBuf),
    /// The text itself.
    Text(SecretText),
}

impl From<&str> for PemSource {
    fn from(path: &str) -> Self {
        PemSource::File(path.into())
    }
}

impl PemSource {
    fn read(&self, origin: &str) -> Result<SecretText, SettingFault> {
        match self {
            PemSource::Text(text) => Ok(text.clone()),
            PemSource::File(path) => {
                check_kind(path, origin, "client certificate")?;
                fs::read_to_string(path)
                    .map(SecretText::new)
                    .map_err(|error| {
                        tls_file(
                            &self.name(),
                            origin,
                            "client certificate",
                            error.to_string(),
                        )
                    })
            }
        }
    }

    /// What may be told of it.
    fn name(&self) -> String {
        match self {
            PemSource::File(path) => path.display().to_string(),
            PemSource::Text(_) => "PEM text".to_owned(),
        }
    }
}

/// A certificate, with its key in the same place or in one of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The certificate in PEM.
    pub certificate: PemSource,
    /// The key in PEM, if it is elsewhere.
    pub key: Option<PemSource>,
    /// The setting that names them.
    pub origin: String,
}

impl ClientCertificate {
    /// The setting, with the files that it names.
    fn in_words(&self) -> String {
        let sources = [Some(&self.certificate), self.key.as_ref()];
        let files = sources
            .into_iter()
            .flatten()
            .filter_map(|source| match source {
                PemSource::File(path) => Some(format!("`{}`", path.display())),
                PemSource::Text(_) => None,
            });
        let files: Vec<String> = files.collect();
        match files.is_empty() {
            true => self.origin.clone(),
            false => format!("{} ({})", self.origin, files.join(" and ")),
        }
    }
}

/// A file that cannot be used, and for which addresses that matters.
#[derive(Debug)]
pub struct TlsFault {
    fault: SettingFault,
    for_https_only: bool,
}

impl TlsFault {
    /// # Errors
    /// The file is needed for `url`.
    pub fn check(&self, url: &Url) -> Result<(), SettingFault> {
        match self.for_https_only && url.scheme() != "https" {
            true => Ok(()),
            false => Err(self.fault.clone()),
        }
    }
}

/// What certificate files hold: the trusted CAs, and what the client shows.
struct Certificates {
    trusted: Vec<Certificate>,
    identity: Option<Identity>,
}

/// Gives `builder` its trusted CAs and its client certificate, or nothing to trust and what is wrong with them. The files are
/// read on a thread of their own.
///
/// # Errors
/// A variable that is not UTF-8, or files that do not end in time.
pub async fn configure(
    builder: ClientBuilder,
    env: &Env,
    settings: &HttpSettings,
    deadline: Deadline,
) -> Result<(ClientBuilder, Option<TlsFault>), HttpError> {
    let roots = Roots::of(env, &settings.verify)?;
    let client_certificate = settings.client_certificate.clone();
    let origins = [
        roots.origin(),
        client_certificate.as_ref().map(ClientCertificate::in_words),
    ];
    let read = deadline
        .off_thread(move || certificates_of(&roots, client_certificate.as_ref()))
        .await;
    let read = read.map_err(|error| HttpError::Certificates {
        origin: origins
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" and "),
        error,
    })?;
    let certificates = match read {
        Ok(certificates) => certificates,
        Err(fault) => return Ok((builder.tls_certs_only([]), Some(fault))),
    };
    let builder = builder
        .tls_danger_accept_invalid_certs(settings.verify == Verify::Off)
        .tls_certs_only(certificates.trusted);
    Ok((
        match certificates.identity {
            Some(identity) => builder.identity(identity),
            None => builder,
        },
        None,
    ))
}

/// Where the trusted CAs come from, once the environment was asked.
enum Roots {
    Nobody,
    Bundle {
        path: PathBuf,
        origin: String,
    },
    Pem {
        pem: String,
        origin: String,
    },
    System {
        file: Option<PathBuf>,
        folder: Option<PathBuf>,
    },
}

impl Roots {
    fn of(env: &Env, verify: &Verify) -> Result<Self, EnvError> {
        Ok(match verify {
            Verify::Off => Roots::Nobody,
            Verify::Bundle { path, origin } => Roots::Bundle {
                path: path.clone(),
                origin: origin.clone(),
            },
            Verify::Certificates { pem, origin } => Roots::Pem {
                pem: pem.clone(),
                origin: origin.clone(),
            },
            Verify::Trusted => match bundle_from_environment(env)? {
                Some((path, origin)) => Roots::Bundle { path, origin },
                None => Roots::System {
                    file: path_in(env, "SSL_CERT_FILE")?,
                    folder: path_in(env, "SSL_CERT_DIR")?,
                },
            },
        })
    }

    /// What names their files.
    fn origin(&self) -> Option<String> {
        match self {
            Roots::Nobody => None,
            Roots::Bundle { path, origin } => Some(format!("{origin} (`{}`)", path.display())),
            Roots::Pem { origin, .. } => Some(origin.clone()),
            Roots::System { file, folder } => {
                let variables = [("SSL_CERT_FILE", file), ("SSL_CERT_DIR", folder)];
                let named = variables.into_iter().filter_map(|(name, path)| {
                    Some(format!("`{name}` (`{}`)", path.as_ref()?.display()))
                });
                let named: Vec<String> = named.collect();
                Some(match named.is_empty() {
                    true => "the system's store of CAs".to_owned(),
                    false => named.join(" and "),
                })
            }
        }
    }

    fn read(&self) -> Result<Vec<Certificate>, SettingFault> {
        match self {
            Roots::Nobody => Ok(Vec::new()),
            Roots::Bundle { path, origin } => bundle(path, origin),
            Roots::Pem { pem, origin } => certificates(pem, origin),
            Roots::System { file, folder } => {
                Ok(system_certificates(file.as_deref(), folder.as_deref()))
            }
        }
    }
}

fn certificates_of(
    roots: &Roots,
    client_certificate: Option<&ClientCertificate>,
) -> Result<Certificates, TlsFault> {
    let identity = client_certificate.map(identity).transpose();
    match (roots.read(), identity) {
        (Ok(trusted), Ok(identity)) => Ok(Certificates { trusted, identity }),
        (Ok(_), Err(fault)) => Err(fault),
        (Err(fault), identity) => {
            let everywhere = identity.err().filter(|fault| !fault.for_https_only);
            Err(everywhere.unwrap_or(TlsFault {
                fault,
                for_https_only: true,
            }))
        }
    }
}

/// The path that a variable names; an empty one counts as unset.
fn path_in(env: &Env, name: &str) -> Result<Option<PathBuf>, EnvError> {
    let path = env.get(name)?.filter(|path| !path.is_empty());
    Ok(path.map(PathBuf::from))
}

/// `REQUESTS_CA_BUNDLE`, else `CURL_CA_BUNDLE`.
fn bundle_from_environment(env: &Env) -> Result<Option<(PathBuf, String)>, EnvError> {
    for name in ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"] {
        if let Some(path) = path_in(env, name)? {
            return Ok(Some((path, format!("`{name}`"))));
        }
    }
    Ok(None)
}

/// The system's CAs, or those of `SSL_CERT_FILE` and `SSL_CERT_DIR`. A machine without any trusts nobody.
fn system_certificates(file: Option<&Path>, folder: Option<&Path>) -> Vec<Certificate> {
    let loaded = match (file, folder) {
        (None, None) => load_native_certs(),
        (file, folder) => load_certs_from_paths(file, folder),
    };
    usable(loaded)
}

/// Refuses what is neither file nor folder: a device could be read for ever.
fn check_kind(path: &Path, origin: &str, what: &'static str) -> Result<(), SettingFault> {
    let because = match path.metadata() {
        Ok(metadata) if metadata.is_file() || metadata.is_dir() => return Ok(()),
        Ok(_) => "it is not a regular file".to_owned(),
        Err(error) if error.kind() == ErrorKind::NotFound => "it does not exist".to_owned(),
        Err(error) => error.kind().to_string(),
    };
    Err(tls_file(&path.display().to_string(), origin, what, because))
}

/// The CAs in a PEM file or in the files of a folder.
fn bundle(path: &Path, origin: &str) -> Result<Vec<Certificate>, SettingFault> {
    check_kind(path, origin, "CA bundle")?;
    let (file, folder) = if path.is_dir() {
        (None, Some(path))
    } else {
        (Some(path), None)
    };
    let mut loaded = load_certs_from_paths(file, folder);
    let problem = loaded
        .errors
        .pop()
        .map(|error| innermost(&error).to_string());
    let certificates = usable(loaded);
    match (certificates.is_empty(), problem) {
        (false, _) => Ok(certificates),
        (true, problem) => {
            let because = problem.unwrap_or_else(|| "it holds no certificate in PEM form".into());
            Err(tls_file(
                &path.display().to_string(),
                origin,
                "CA bundle",
                because,
            ))
        }
    }
}

/// The CAs in a PEM text.
fn certificates(pem: &str, origin: &str) -> Result<Vec<Certificate>, SettingFault> {
    let certificates = Certificate::from_pem_bundle(pem.as_bytes()).unwrap_or_default();
    if certificates.is_empty() {
        let because = "it holds no certificate in PEM form".to_owned();
        return Err(tls_file("PEM text", origin, "CA bundle", because));
    }
    Ok(certificates)
}

fn usable(loaded: CertificateResult) -> Vec<Certificate> {
    loaded
        .certs
        .iter()
        .filter_map(|der| Certificate::from_der(der).ok())
        .collect()
}

/// requests looks whether the files are there before it looks at the address.
fn identity(settings: &ClientCertificate) -> Result<Identity, TlsFault> {
    let sources = [Some(&settings.certificate), settings.key.as_ref()];
    let is_missing =
        |source: &&PemSource| matches!(source, PemSource::File(path) if !path.exists());
    let for_https_only = !sources
        .into_iter()
        .flatten()
        .any(|source| is_missing(&source));
    read_identity(settings).map_err(|fault| TlsFault {
        fault,
        for_https_only,
    })
}

fn read_identity(settings: &ClientCertificate) -> Result<Identity, SettingFault> {
    let mut pem = Zeroizing::new(String::new());
    for source in [Some(&settings.certificate), settings.key.as_ref()]
        .into_iter()
        .flatten()
    {
        pem.push_str(source.read(&settings.origin)?.expose());
        pem.push('\n');
    }
    Identity::from_pem(pem.as_bytes()).map_err(|_| {
        let because = "a certificate and its private key in PEM form are needed".into();
        tls_file(
            &settings.certificate.name(),
            &settings.origin,
            "client certificate",
            because,
        )
    })
}

fn tls_file(path: &str, origin: &str, what: &'static str, because: String) -> SettingFault {
    SettingFault::TlsFile {
        path: path.to_owned(),
        origin: origin.to_owned(),
        what,
        because,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_certificate_is_told_with_its_files() {
        let own = |certificate: PemSource, key: Option<PemSource>| {
            let origin = "kwarg `cert`".to_owned();
            ClientCertificate {
                certificate,
                key,
                origin,
            }
            .in_words()
        };
        assert_eq!(own("c.pem".into(), None), "kwarg `cert` (`c.pem`)");
        assert_eq!(
            own("c.pem".into(), Some("k.pem".into())),
            "kwarg `cert` (`c.pem` and `k.pem`)"
        );
        assert_eq!(own(PemSource::Text("-----".into()), None), "kwarg `cert`");
    }
}
