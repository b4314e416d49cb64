//! Memory holds secrets, so the program leaves no core dump and lets no other process of the user look into it.

#![cfg(target_os = "linux")]
use std::fs;
use std::io::ErrorKind;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::fake_server::{FakeServer, Response};

#[test]
fn there_is_no_core_dump() {
    let server = FakeServer::start(|_| Some(Response::hang()));
    let mut child = Command::new(env!("CARGO_BIN_EXE_secretctl"))
        .args(["get-var", "hello"])
        .env_clear()
        .env(
            "AIRFLOW__SECRETS__BACKEND",
            "airflow.providers.hashicorp.secrets.vault.VaultBackend",
        )
        .env("VAULT_TOKEN", "a-token-0123")
        .env("VAULT_ADDR", server.url())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while server.requests().is_empty() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    let limits = fs::read_to_string(format!("/proc/{}/limits", child.id()));
    let memory = fs::metadata(format!("/proc/{}/mem", child.id()));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(server.requests().len(), 1);
    match limits {
        Ok(limits) => {
            let core = limits
                .lines()
                .find(|line| line.starts_with("Max core file size"))
                .unwrap();
            assert_eq!(
                core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(),
                ["0", "0"]
            );
        }
        // Of a process that cannot be dumped, even its own user may not read this.
        Err(error) => assert_eq!(error.kind(), ErrorKind::PermissionDenied),
    }
    // The files of a process that cannot be dumped belong to root, whoever started it.
    assert_eq!(std::os::unix::fs::MetadataExt::uid(&memory.unwrap()), 0);
}
