//! A stand-in for Google Secret Manager, which checks the JWT that a service account signs against the account's public key.
//!
//! Google's own Python client is answered and refused by it as it should be: `official_clients` says so.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};

use super::cli::Secretctl;
use super::fake_server::{FakeServer, Request, Response};

pub const CLASS: &str =
    "airflow.providers.google.cloud.secrets.secret_manager.CloudSecretManagerBackend";
/// Whom a JWT must be meant for, wherever the requests go.
pub const AUDIENCE: &str = "https://secretmanager.googleapis.com/";
/// Who the key of [`key`] belongs to.
pub const EMAIL: &str = "sa@proj.iam.gserviceaccount.com";
/// The project of that key.
pub const PROJECT: &str = "proj-from-key";

/// A service account's key that was made for tests and is good for nothing else.
pub fn key() -> Value {
    let recordings: Value = serde_json::from_str(include_str!("../../data/gcp_wire.json")).unwrap();
    let recordings = recordings.as_array().unwrap();
    let texts = recordings
        .iter()
        .filter_map(|recording| recording["backend_kwargs"]["gcp_keyfile_dict"].as_str());
    let text = texts.max_by_key(|text| text.len()).unwrap();
    serde_json::from_str(text).unwrap()
}

/// A line of the private key, which no output may hold.
pub fn private_line() -> String {
    let key = key();
    let pem = key["private_key"].as_str().unwrap();
    pem.lines().nth(5).unwrap().to_owned()
}

/// A run whose requests go to `server`, whichever of Google's APIs they are for.
pub fn lookup(server: &FakeServer) -> Secretctl {
    let mut run = Secretctl::new().backend(CLASS).secret(&private_line());
    for api in ["SECRETMANAGER", "IAMCREDENTIALS", "IAM"] {
        run = run.env(
            &format!("CLOUDSDK_API_ENDPOINT_OVERRIDES_{api}"),
            &server.url(),
        );
    }
    run.env(
        "CLOUDSDK_AUTH_TOKEN_HOST",
        &format!("{}/oauth", server.url()),
    )
}

/// Where the latest version of a secret is read.
pub fn access_path(project: &str, secret_id: &str) -> String {
    format!("/v1/projects/{project}/secrets/{secret_id}/versions/latest:access")
}

/// The latest version of a secret with this text.
pub fn payload(text: impl AsRef<[u8]>) -> Response {
    let name = "projects/123/secrets/s/versions/1";
    let data = STANDARD.encode(text);
    // An empty `data` is left out, as protocol buffers do.
    let payload = match data.as_str() {
        "" => json!({}),
        data => json!({"data": data, "dataCrc32c": "1"}),
    };
    Response::json(200, &json!({"name": name, "payload": payload}))
}

/// An error as Google's APIs write it.
pub fn error(status: u16, code: &str, message: &str) -> Response {
    let error = json!({"code": status, "status": code, "message": message});
    Response::json(status, &json!({ "error": error }))
}

/// Fails unless the bearer token of the request is a JWT signed by the key of [`key`] with this claim.
pub fn assert_signed(request: &Request, claim: &str, value: &str) {
    let claims = verified(request).unwrap_or_else(|problem| panic!("{problem}"));
    assert_eq!(claims[claim], value);
}

/// Secret Manager with these secrets in [`PROJECT`], for whoever shows a JWT of [`key`]'s that is meant for it.
pub fn service(request: &Request, secrets: &[(&str, &str)]) -> Response {
    let meant = verified(request).and_then(|claims| match claims["aud"] == AUDIENCE {
        true => Ok(()),
        false => Err("it is meant for somebody else"),
    });
    if let Err(problem) = meant {
        return error(401, "UNAUTHENTICATED", problem);
    }
    let found = secrets
        .iter()
        .find(|(secret_id, _)| request.path() == access_path(PROJECT, secret_id));
    match found {
        Some((_, text)) => payload(text),
        None => error(404, "NOT_FOUND", "no such secret"),
    }
}

/// The claims of a bearer token that the account of [`key`] signed, as Google would take it; `Err` says what is wrong with it.
fn verified(request: &Request) -> Result<Value, &'static str> {
    let bearer = request
        .header("authorization")
        .and_then(|shown| shown.strip_prefix("Bearer "));
    let jwt = bearer.ok_or("there is no bearer token")?;
    let (message, signature) = jwt.rsplit_once('.').ok_or("it has no signature")?;
    let signature = decoded(signature).ok_or("its signature is not base64")?;
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public_key());
    public
        .verify(message.as_bytes(), &signature)
        .map_err(|_| "its signature is wrong")?;
    let parts: Option<Vec<Value>> = message
        .split('.')
        .map(|part| serde_json::from_slice(&decoded(part)?).ok())
        .collect();
    let Some([header, claims]) = parts.as_deref() else {
        return Err("it has no header and claims");
    };
    if header["alg"] != "RS256" || header["kid"] != "kid" {
        return Err("its header names another key");
    }
    if claims["iss"] != EMAIL || claims["sub"] != EMAIL {
        return Err("it is somebody else's");
    }
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |now| now.as_secs());
    let at = |claim: &str| claims[claim].as_u64().unwrap_or_default();
    // The official crate allows for clocks that are 10 s apart, both ways.
    if at("iat") > now + 10 || at("exp") <= now || at("exp") - at("iat") > 3620 {
        return Err("it is not for now");
    }
    Ok(claims.clone())
}

fn decoded(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()
}

fn public_key() -> Vec<u8> {
    let key = key();
    let pem = key["private_key"].as_str().unwrap();
    let der = PrivateKeyDer::from_pem_slice(pem.as_bytes()).unwrap();
    let pair = RsaKeyPair::from_pkcs8(der.secret_der()).unwrap();
    pair.public_key().as_ref().to_vec()
}
