//! JSON Web Tokens that an RSA key signs (RS256): what a service account of Google's and a certificate of Azure's prove
//! themselves with. google-auth and azure-identity, whose requests these are, sign with nothing else.
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

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;
    use serde_json::json;

    use super::*;

    /// Made for tests; it opens nothing.
    const KEY: &str = include_str!("../tests/data/service_account_test_key.pem");
    /// What OpenSSL signs with that key: `openssl dgst -sha256 -sign`.
    const TOKEN: &str = concat!(
        "eyJraWQiOiIxIiwiYWxnIjoiUlMyNTYiLCJ0eXAiOiJKV1QifQ.",
        "eyJpc3MiOiJzb21lb25lIiwiZXhwIjoxNzAwMDAwNjAwfQ.",
        "DUFULxoXLflPWzxSFq8MZLBe8j6zEWqKqwoq3ELPOE85Fgo75X3TNhlI6KgFx89bur9H_C0FVAkyHkcBntlF0OZHwd2k3E3obLvibJxNrpz-",
        "x8W8o2hQL-5RY26NB6TPFrpBZgtVOxGQpP4nuKDUe2X-vFO_SOuajuqG0nSDay676yYr0AOXkjqgF7btHa4KIn-ljnJb93A3R92mk5H2nIRL",
        "bBGtaPzka3Q61WAOk1X1yhXNa3HFC-HHzeEgfLPZRMO7lYNN9LloJRsejyaOLAnIDSxBkmyxpnxlTdw-tUDnz4X0OHPQHzI_vAUO2b_5nYIg",
        "2uUCoM61bmDHNeF2zA",
    );

    fn token(pem: &str) -> String {
        let key = SigningKey::from_pem(pem).unwrap();
        let claims = json!({"iss": "someone", "exp": 1_700_000_600});
        let token = key.sign(json!({"kid": "1"}), &claims).unwrap();
        token.expose().to_owned()
    }

    #[test]
    fn a_token_is_what_openssl_signs() {
        assert_eq!(token(KEY), TOKEN);
    }

    #[test]
    fn a_key_in_pkcs1_is_the_same_key() {
        let wrapped = PrivateKeyDer::from_pem_slice(KEY.as_bytes()).unwrap();
        // Version, algorithm and the head of an octet string take 26 bytes in front of a key of this size.
        let inner = STANDARD.encode(&wrapped.secret_der()[26..]);
        let label = "RSA PRIVATE KEY-----";
        let pem = format!("-----BEGIN {label}\n{inner}\n-----END {label}\n");
        assert_eq!(token(&pem), TOKEN);
    }

    #[test]
    fn what_cannot_sign_is_told_apart() {
        let because = |pem: &str| SigningKey::from_pem(pem).err();
        let elliptic = rcgen::KeyPair::generate().unwrap().serialize_pem();
        assert_eq!(because(""), Some(SigningKeyError::NoPrivateKey));
        assert_eq!(because(&elliptic), Some(SigningKeyError::NotRsa));
    }

    #[test]
    fn a_key_is_never_shown() {
        let key = SigningKey::from_pem(KEY).unwrap();
        assert_eq!(format!("{key:?}"), "SigningKey(****)");
    }
}
