//! JSON Web Tokens signed with ES256 by a key made for one test.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::KeyPair;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use serde_json::{Value, json};

/// Who signs the tokens.
pub struct JwtIssuer {
    key: KeyPair,
}

impl JwtIssuer {
    /// Makes a new key.
    pub fn new() -> Self {
        Self {
            key: KeyPair::generate().expect("a P-256 key"),
        }
    }

    /// The public key, which a server checks the tokens with.
    pub fn public_key(&self) -> String {
        self.key.public_key_pem()
    }

    /// A signed token with these claims.
    pub fn sign(&self, claims: &Value) -> String {
        let header = json!({"alg": "ES256", "typ": "JWT"});
        let message = format!(
            "{}.{}",
            encode(header.to_string()),
            encode(claims.to_string())
        );
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::from_pkcs8(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            self.key.serialized_der(),
            &random,
        )
        .expect("ring reads the key that rcgen made");
        let signature = key.sign(&random, message.as_bytes()).expect("a signature");
        format!("{message}.{}", encode(signature))
    }
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
