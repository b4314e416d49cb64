//! JSON Web Tokens that an RSA key signs (RS256): what a service account of Google's and a certificate of Azure's prove
//! themselves with.
//!
//! The surprising rule: whoever has the token is believed, so it is as secret as the key, though anybody can read its claims.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::RSA_PKCS1_SHA256;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use serde_json::Value as Json;

use crate::secret::SecretText;

/// An RSA key to sign with. `Debug` shows nothing of it.
#[derive(Clone)]
pub(crate) struct SigningKey(Arc<KeyPair>);

/// Why a key cannot be signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SigningKeyError {
    /// There is no private key, at least none that is not encrypted.
    #[error("it holds no private key in PEM form")]
    NoPrivateKey,
    /// The key is of another kind or size.
    #[error("its key is not an RSA key of 2048 to 4096 bits")]
    NotRsa,
}

/// The system gave no random numbers, or the key does not fit itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key could not sign")]
pub(crate) struct CannotSign;

impl SigningKey {
    /// Reads the first private key in `pem`, of PKCS#8 or PKCS#1.
    ///
    /// # Errors
    /// There is none, or it is not an RSA key.
    pub(crate) fn from_pem(pem: &str) -> Result<Self, SigningKeyError> {
        let key = PrivateKeyDer::from_pem_slice(pem.as_bytes())
            .map_err(|_| SigningKeyError::NoPrivateKey)?;
        let key = match &key {
            PrivateKeyDer::Pkcs8(key) => KeyPair::from_pkcs8(key.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(key) => KeyPair::from_der(key.secret_pkcs1_der()),
            _ => return Err(SigningKeyError::NotRsa),
        };
        let key = key.map_err(|_| SigningKeyError::NotRsa)?;
        Ok(Self(Arc::new(key)))
    }

    /// The token with these claims; `header` is an object, to which algorithm and type are added.
    ///
    /// # Errors
    /// The key could not sign.
    pub(crate) fn sign(&self, mut header: Json, claims: &Json) -> Result<SecretText, CannotSign> {
        header["alg"] = "RS256".into();
        header["typ"] = "JWT".into();
        let encoded = |json: &Json| URL_SAFE_NO_PAD.encode(json.to_string());
        let message = format!("{}.{}", encoded(&header), encoded(claims));
        let mut signature = vec![0; self.0.public().modulus_len()];
        self.0
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                message.as_bytes(),
                &mut signature,
            )
            .map_err(|_| CannotSign)?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)).into())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(****)")
    }
}

/// Seconds since 1970, as `iat` and `exp` tell the time.
pub(crate) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |now| now.as_secs())
}
