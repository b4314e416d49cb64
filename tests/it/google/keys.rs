//! Keys of service accounts in every form that google-auth takes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};

use crate::support::cli::Output;
use crate::support::fake_server::FakeServer;
use crate::support::secret_manager::{key, lookup, payload, private_line, service};

/// A run with this key, of which `line` must not show, against a server that checks what it signs.
fn run(key: &Value, line: &str) -> Output {
    let secrets = [("airflow-variables-hello", "the value")];
    let server = FakeServer::start(move |request| Some(service(request, &secrets)));
    lookup(&server)
        .kwargs(&json!({"gcp_keyfile_dict": key}))
        .secret(line)
        .args(["get-var", "hello"])
        .run()
}

/// The key as `openssl rsa -traditional` writes it: what PKCS#8 wraps.
fn in_pkcs1(key: &Value) -> String {
    let pem = key["private_key"].as_str().unwrap();
    let wrapped = PrivateKeyDer::from_pem_slice(pem.as_bytes()).unwrap();
    // Version, algorithm and the head of an octet string take 26 bytes in front of a key of this size.
    let inner = &wrapped.secret_der()[26..];
    assert_eq!(inner[..2], [0x30, 0x82]);
    let text = STANDARD.encode(inner);
    let lines: Vec<&str> = (0..text.len())
        .step_by(64)
        .map(|start| &text[start..text.len().min(start + 64)])
        .collect();
    format!(
        "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----\n",
        lines.join("\n")
    )
}

#[test]
fn a_key_in_pkcs1_signs() {
    let mut key = key();
    let pem = in_pkcs1(&key);
    key["private_key"] = pem.as_str().into();
    let line = pem.lines().nth(3).unwrap();
    run(&key, line).prints("the value").quietly();
}

/// Google's client has the comparison of the universes switched off: the public address is asked, with a JWT for it.
#[test]
fn a_key_of_another_universe_is_used_as_it_is() {
    let mut key = key();
    key["universe_domain"] = "example.cloud".into();
    run(&key, &private_line()).prints("the value").quietly();
}

/// IAM is asked in the universe of the key.
#[test]
fn a_key_of_another_universe_impersonates_in_its_own() {
    let mut key = key();
    key["universe_domain"] = "universe.invalid".into();
    let kwargs =
        json!({"gcp_keyfile_dict": key, "impersonation_chain": "a@p.iam.gserviceaccount.com"});
    let server = FakeServer::start(|_| Some(payload("the value")));
    lookup(&server)
        .kwargs(&kwargs)
        .env("CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS", "")
        .env("HTTPS_PROXY", &server.url())
        .args(["-vv", "--timeout", "2", "get-var", "hello"])
        .run()
        .fails_with(6)
        .says("iamcredentials.universe.invalid");
}

#[test]
fn what_is_not_an_rsa_key_is_refused_without_a_word_of_it() {
    let mut key = key();
    let other = rcgen::KeyPair::generate().unwrap().serialize_pem();
    key["private_key"] = other.as_str().into();
    run(&key, other.lines().nth(1).unwrap())
        .fails_with(7)
        .says("`private_key` is not an RSA private key in PEM form");
}
