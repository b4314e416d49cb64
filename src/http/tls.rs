//! Which certificates are trusted and which one the client shows, as `requests` decides it.
//!
//! The surprising rule: `REQUESTS_CA_BUNDLE` (or `CURL_CA_BUNDLE`) replaces the trusted CAs, but only where `verify` is true.

use std::fs;
use std::path::{Path, PathBuf};

use reqwest::{Certificate, ClientBuilder, Identity};
use rustls_native_certs::{CertificateResult, load_certs_from_paths, load_native_certs};
use zeroize::Zeroizing;

use super::HttpSettings;
use crate::env::Env;
use crate::error::{Error, Result};

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
    /// Not at all.
    Off,
}

/// A certificate, with its key in the same file or in one of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The PEM file of the certificate.
    pub certificate: PathBuf,
    /// The PEM file of the key, if it is another.
    pub key: Option<PathBuf>,
    /// The setting that names them.
    pub origin: String,
}

/// Gives `builder` its trusted CAs and its client certificate.
pub fn configure(
    builder: ClientBuilder,
    env: &Env,
    settings: &HttpSettings,
) -> Result<ClientBuilder> {
    let builder = match &settings.verify {
        Verify::Off => builder
            .tls_danger_accept_invalid_certs(true)
            .tls_certs_only([]),
        Verify::Bundle { path, origin } => builder.tls_certs_only(bundle(path, origin)?),
        Verify::Trusted => match bundle_from_environment(env)? {
            Some((path, origin)) => builder.tls_certs_only(bundle(&path, &origin)?),
            None => builder.tls_certs_only(system_certificates(env)?),
        },
    };
    match &settings.client_certificate {
        Some(certificate) => Ok(builder.identity(identity(certificate)?)),
        None => Ok(builder),
    }
}

/// `REQUESTS_CA_BUNDLE`, else `CURL_CA_BUNDLE`; an empty one counts as unset.
fn bundle_from_environment(env: &Env) -> Result<Option<(PathBuf, String)>> {
    for name in ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"] {
        if let Some(path) = env.get(name)?.filter(|path| !path.is_empty()) {
            return Ok(Some((PathBuf::from(path), format!("`{name}`"))));
        }
    }
    Ok(None)
}

/// The system's CAs, or those of `SSL_CERT_FILE` and `SSL_CERT_DIR`. A machine without any trusts nobody.
fn system_certificates(env: &Env) -> Result<Vec<Certificate>> {
    let file = env
        .get("SSL_CERT_FILE")?
        .filter(|path| !path.is_empty())
        .map(Path::new);
    let folder = env
        .get("SSL_CERT_DIR")?
        .filter(|path| !path.is_empty())
        .map(Path::new);
    let loaded = match (file, folder) {
        (None, None) => load_native_certs(),
        (file, folder) => load_certs_from_paths(file, folder),
    };
    Ok(usable(loaded))
}

/// Refuses what is neither file nor folder: a device could be read for ever.
fn check_kind(path: &Path, origin: &str, what: &'static str) -> Result<()> {
    let because = match path.metadata() {
        Ok(metadata) if metadata.is_file() || metadata.is_dir() => return Ok(()),
        Ok(_) => "it is no regular file".to_owned(),
        Err(error) => error.kind().to_string(),
    };
    Err(tls_file(path, origin, what, because))
}

/// The CAs in a PEM file or in the files of a folder.
fn bundle(path: &Path, origin: &str) -> Result<Vec<Certificate>> {
    check_kind(path, origin, "CA bundle")?;
    let (file, folder) = if path.is_dir() {
        (None, Some(path))
    } else {
        (Some(path), None)
    };
    let mut loaded = load_certs_from_paths(file, folder);
    let problem = loaded.errors.pop().map(|error| super::innermost(&error));
    let certificates = usable(loaded);
    match (certificates.is_empty(), problem) {
        (false, _) => Ok(certificates),
        (true, problem) => {
            let because = problem.unwrap_or_else(|| "it holds no certificate in PEM form".into());
            Err(tls_file(path, origin, "CA bundle", because))
        }
    }
}

fn usable(loaded: CertificateResult) -> Vec<Certificate> {
    loaded
        .certs
        .iter()
        .filter_map(|der| Certificate::from_der(der).ok())
        .collect()
}

fn identity(settings: &ClientCertificate) -> Result<Identity> {
    let mut pem = Zeroizing::new(Vec::new());
    for path in [Some(&settings.certificate), settings.key.as_ref()]
        .into_iter()
        .flatten()
    {
        check_kind(path, &settings.origin, "client certificate")?;
        let text = fs::read(path).map(Zeroizing::new).map_err(|error| {
            tls_file(
                path,
                &settings.origin,
                "client certificate",
                error.to_string(),
            )
        })?;
        pem.extend_from_slice(&text);
        pem.push(b'\n');
    }
    Identity::from_pem(&pem).map_err(|_| {
        let because = "a certificate and its private key in PEM form are needed".into();
        tls_file(
            &settings.certificate,
            &settings.origin,
            "client certificate",
            because,
        )
    })
}

fn tls_file(path: &Path, origin: &str, what: &'static str, because: String) -> Error {
    Error::TlsFile {
        path: path.display().to_string(),
        origin: origin.to_owned(),
        what,
        because,
    }
}
