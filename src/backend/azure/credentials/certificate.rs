//! A certificate that an application logs in with, and the assertion that its key signs.
//!
//! Mirrors `CertificateCredential` of azure-identity 1.27.0 over msal 1.39.0. The surprising rule: the assertion names the
//! certificate by its SHA-1 thumbprint and is signed with RS256, though msal knows better ones: azure-identity hands it that
//! thumbprint. Unlike there, the file must be PEM with a key that is not encrypted.

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use ring::rand::{SecureRandom, SystemRandom};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value as Json, json};
use zeroize::Zeroizing;

use super::error::CredentialFault;
use super::variable;
use crate::deadline::Deadline;
use crate::env::Env;
use crate::failure::{Failure, Fault};
use crate::jwt::{self, SigningKey, SigningKeyError};
use crate::secret::SecretText;
use crate::text_file::{self, TextFileError};

/// The largest certificate file that is read, in bytes.
const LARGEST_FILE: u64 = 1024 * 1024;
/// How long an assertion is good for.
const LIFETIME: Duration = Duration::from_secs(600);

/// A certificate with its key.
pub(crate) struct Certificate {
    key: SigningKey,
    /// The certificate, then those above it, in DER.
    chain: Vec<CertificateDer<'static>>,
    send_chain: bool,
}

/// Why a file is of no use.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum CertificateFault {
    /// It cannot be read.
    #[error(transparent)]
    File(TextFileError),
    /// It is in another format.
    #[error("it is not a PEM file; `openssl pkcs12 -nodes` turns PKCS#12 into one")]
    NotPem,
    /// Its key wants a password.
    #[error("its key is encrypted, which secretctl cannot undo; `openssl rsa` can")]
    Encrypted,
    /// There is no certificate in it.
    #[error("it holds no certificate")]
    NoCertificate,
    /// There is no key in it to sign with.
    #[error(transparent)]
    Key(#[from] SigningKeyError),
    /// A password for a key that has none.
    #[error(
        "`AZURE_CLIENT_CERTIFICATE_PASSWORD` is set, and its key is not encrypted, on which Airflow fails"
    )]
    NeedlessPassword,
}

impl CertificateFault {
    /// What kind of failure that is.
    pub(super) fn failure(&self) -> Failure {
        match self {
            CertificateFault::File(error) => error.failure(),
            _ => Failure::Configuration,
        }
    }

    /// Whether azure-identity may well log in with it.
    pub(super) fn is_own_refusal(&self) -> bool {
        match self {
            CertificateFault::File(error) => matches!(error, TextFileError::TooLarge { .. }),
            CertificateFault::NotPem
            | CertificateFault::Encrypted
            | CertificateFault::Key(SigningKeyError::NotRsa) => true,
            CertificateFault::NoCertificate
            | CertificateFault::Key(SigningKeyError::NoPrivateKey)
            | CertificateFault::NeedlessPassword => false,
        }
    }
}

impl Certificate {
    /// Reads the file at `path`; `AZURE_CLIENT_SEND_CERTIFICATE_CHAIN` says what is sent of it.
    ///
    /// # Errors
    /// A file that cannot be read, or one that holds no usable RSA key and certificate.
    pub(crate) async fn from_environment(
        path: &str,
        env: &Env,
        deadline: Deadline,
    ) -> Result<Self, CredentialFault> {
        let send_chain = env.get("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN")?;
        let pem = text_file::read(Path::new(path), LARGEST_FILE, deadline).await;
        let pem = pem.map(Zeroizing::new);
        let pem = pem.map_err(|error| match error {
            TextFileError::NotUtf8 { .. } | TextFileError::Utf16 { .. } => CertificateFault::NotPem,
            other => CertificateFault::File(other),
        });
        let unusable = |fault| CredentialFault::Certificate {
            path: path.to_owned(),
            fault,
        };
        let certificate = pem.and_then(|pem| Self::from_pem(&pem));
        let certificate = certificate.map_err(unusable)?;
        if variable(env, "AZURE_CLIENT_CERTIFICATE_PASSWORD")?.is_some() {
            return Err(unusable(CertificateFault::NeedlessPassword));
        }
        Ok(Self {
            send_chain: send_chain.is_some_and(|value| !value.is_empty()),
            ..certificate
        })
    }

    fn from_pem(pem: &str) -> Result<Self, CertificateFault> {
        if !pem.contains("-----BEGIN") {
            return Err(CertificateFault::NotPem);
        }
        if pem.contains("ENCRYPTED") {
            return Err(CertificateFault::Encrypted);
        }
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
        let chain = chain
            .ok()
            .filter(|chain| !chain.is_empty())
            .ok_or(CertificateFault::NoCertificate)?;
        Ok(Self {
            key: SigningKey::from_pem(pem)?,
            chain,
            send_chain: false,
        })
    }

    /// A JWT that proves to `endpoint` that `client_id` has the key.
    ///
    /// # Errors
    /// The system gives no random numbers, or the key cannot sign.
    pub(crate) fn assertion(
        &self,
        endpoint: &str,
        client_id: &str,
    ) -> Result<SecretText, CredentialFault> {
        let now = jwt::now();
        let claims = json!({
            "aud": endpoint,
            "iss": client_id,
            "sub": client_id,
            "exp": now + LIFETIME.as_secs(),
            "iat": now,
            "jti": uuid(&SystemRandom::new()).ok_or(CredentialFault::CannotSign)?,
        });
        self.key
            .sign(self.header(), &claims)
            .map_err(|_| CredentialFault::CannotSign)
    }

    fn header(&self) -> Json {
        let own = self
            .chain
            .first()
            .map(|own| digest(&SHA1_FOR_LEGACY_USE_ONLY, own));
        let thumbprint = own
            .map(|own| URL_SAFE_NO_PAD.encode(own))
            .unwrap_or_default();
        let mut header = json!({"x5t": thumbprint});
        if self.send_chain {
            header["x5c"] = self
                .chain
                .iter()
                .map(|certificate| STANDARD.encode(certificate))
                .collect();
        }
        header
    }
}

/// A random UUID, version 4.
fn uuid(random: &SystemRandom) -> Option<String> {
    let mut bytes = [0; 16];
    random.fill(&mut bytes).ok()?;
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Some(
        [
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..],
        ]
        .join("-"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_certificate_is_told_apart() {
        let because = |pem: &str| {
            let fault = Certificate::from_pem(pem).err();
            fault.map(|fault| fault.to_string()).unwrap_or_default()
        };
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::default();
        let certificate = params.self_signed(&key).unwrap().pem();
        assert_eq!(
            because("0\u{82}\u{1}"),
            CertificateFault::NotPem.to_string()
        );
        assert_eq!(because(&key.serialize_pem()), "it holds no certificate");
        assert_eq!(because(&certificate), "it holds no private key in PEM form");
        assert_eq!(
            because(&(certificate + &key.serialize_pem())),
            SigningKeyError::NotRsa.to_string()
        );
        let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n";
        assert!(because(encrypted).starts_with("its key is encrypted"));
    }

    #[test]
    fn uuids_are_random_ones() {
        let random = SystemRandom::new();
        let (one, other) = (uuid(&random).unwrap(), uuid(&random).unwrap());
        assert_ne!(one, other);
        assert_eq!((one.len(), one.as_bytes()[14]), (36, b'4'));
    }
}
