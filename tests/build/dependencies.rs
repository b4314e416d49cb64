//! One HTTP client, one TLS stack, one cryptography: what the program is built of, by the word of `cargo tree`.
//!
//! A second copy comes in unasked with a crate's default feature, doubles what a security team has to watch, and shows in
//! no other test. `openssl-probe` is none: it only knows where systems keep their CA certificates.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Crates that there is one version of, since two would be two stacks.
const ONE_VERSION: &[&str] = &["hyper", "h2", "http", "reqwest", "rustls", "ring", "tokio"];

/// Other TLS stacks, and other cryptography for rustls.
const NONE: &[&str] = &[
    "aws-lc-rs",
    "aws-lc-sys",
    "aws-lc-fips-sys",
    "boring",
    "graviola",
    "native-tls",
    "openssl",
    "openssl-sys",
    "rustls-openssl",
    "s2n-tls",
];

/// The crates that the program is linked from on this platform, with their versions.
fn crates() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--locked",
            "--offline",
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo tree failed: {problem}");
    let mut crates: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in String::from_utf8(output.stdout)
        .expect("crate names are UTF-8")
        .lines()
    {
        let mut words = line.split(' ');
        if let (Some(name), Some(version)) = (words.next(), words.next()) {
            crates
                .entry(name.to_owned())
                .or_default()
                .insert(version.to_owned());
        }
    }
    crates
}

#[test]
fn there_is_one_http_client_and_one_tls_stack() {
    let crates = crates();
    for name in ONE_VERSION {
        let versions = crates.get(*name).map(|versions| versions.len());
        assert_eq!(versions, Some(1), "{name}: {:?}", crates.get(*name));
    }
}

#[test]
fn ring_is_the_only_cryptography_for_tls() {
    let crates = crates();
    let found: Vec<&&str> = NONE
        .iter()
        .filter(|name| crates.contains_key(**name))
        .collect();
    assert!(found.is_empty(), "linked in: {found:?}");
}
