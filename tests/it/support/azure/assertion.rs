//! Checks a client assertion as Microsoft Entra ID does: with the public key of the certificate that it knows, and with
//! nothing of `secretctl`'s own code.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use ring::rsa::KeyPair;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use serde_json::Value;

/// A key and the certificate for it, made for these tests alone.
pub const APPLICATION_PEM: &str = include_str!("../../../data/azure_application.pem");

/// The header and the claims of an assertion whose signature is right.
pub fn verified(assertion: &str) -> Option<(Value, Value)> {
    let (message, signature) = assertion.rsplit_once('.')?;
    let (header, claims) = message.split_once('.')?;
    let private_key = PrivatePkcs8KeyDer::from_pem_slice(APPLICATION_PEM.as_bytes()).ok()?;
    let key = KeyPair::from_pkcs8(private_key.secret_pkcs8_der()).ok()?;
    let public_key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public());
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    public_key.verify(message.as_bytes(), &signature).ok()?;
    let decoded = |part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
    Some((decoded(header)?, decoded(claims)?))
}

/// The `x5t` of the certificate.
pub fn thumbprint() -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &certificate()))
}

/// The certificate as an `x5c` holds it.
pub fn certificate_in_base64() -> String {
    STANDARD.encode(certificate())
}

fn certificate() -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(APPLICATION_PEM.as_bytes()).unwrap()
}
