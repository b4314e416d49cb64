//! What has no end: a credential plugin, and pipes in the place of files. Each ends in time, by name, and nothing is left.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{config_for, kubeconfig, lookup};
use crate::support::cli::{Output, Secretctl, path_text};
use crate::support::fake_server::FakeServer;
use crate::support::tls::CertificateAuthority;

/// Time for a lookup that is given one second: the program starts, the second passes, the machine is busy.
const SOON: Duration = Duration::from_secs(10);

fn in_time(run: Secretctl) -> Output {
    let output = run.args(["--timeout", "1"]).run();
    assert!(output.took < SOON, "{output}");
    output
}

fn make_pipe(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status().unwrap();
    assert!(made.success());
}

#[test]
fn a_plugin_that_does_not_end_is_named_and_ended_with_what_it_started() {
    let server = FakeServer::start(|_| None);
    let folder = TempDir::new().unwrap();
    let pid = folder.path().join("pid");
    // It waits for a program of its own, which would go on alone.
    let script = format!("sleep 600 & echo $! > {}; wait", pid.display());
    let exec = json!({
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "sh",
        "args": ["-c", script],
    });
    let config = kubeconfig(json!({"server": server.url()}), json!({"exec": exec}));
    in_time(lookup(&config))
        .fails_with(6)
        .says("the credential plugin `sh` did not end within 1 s")
        .says("hint: it must not wait for input; `--timeout` gives it longer");
    assert_ended(fs::read_to_string(&pid).unwrap().trim());
    assert!(server.requests().is_empty());
}

/// The process is gone, or nothing but its entry is left for whoever adopted it.
fn assert_ended(pid: &str) {
    let began = Instant::now();
    let is_running = || {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let state = stat.rsplit(") ").next().unwrap_or_default().to_owned();
        !state.is_empty() && !state.starts_with(['Z', 'X'])
    };
    while is_running() {
        assert!(began.elapsed() < SOON, "process {pid} is still there");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_kubeconfig_that_does_not_end_is_named() {
    let run = lookup(&json!({}));
    let path = run.home().join("pipe");
    make_pipe(&path);
    let path = path_text(path);
    in_time(run.env("KUBECONFIG", &path))
        .fails_with(6)
        .says(&format!("the kubeconfig `{path}` cannot be read"));
}

#[test]
fn a_token_file_that_does_not_end_is_named() {
    let server = FakeServer::start(|_| None);
    let mut config = config_for(&server);
    config["users"][0]["user"] = json!({"tokenFile": "pipe"});
    let run = lookup(&config);
    make_pipe(&run.home().join("pipe"));
    in_time(run)
        .fails_with(6)
        .says("the token file `")
        .says("pipe` cannot be read");
    assert!(server.requests().is_empty());
}

/// Nobody keeps certificates in a pipe, so nobody waits for one.
#[test]
fn a_pipe_is_no_certificate_file() {
    let authority = CertificateAuthority::new();
    let server = FakeServer::start_tls(authority.server(), |_| None);
    let refused = |key: &str, cluster: Value, user: Value| {
        let run = lookup(&kubeconfig(cluster, user)).file("ca.pem", authority.pem());
        let run = run.file("robot.crt", authority.issue_client("robot").certificate);
        make_pipe(&run.home().join("pipe"));
        let output = in_time(run);
        output
            .fails_with(7)
            .says("pipe`")
            .says("not a regular file");
        assert!(server.requests().is_empty(), "{key}: {output}");
    };
    let url = server.url();
    let trusted = json!({"server": url, "certificate-authority": "ca.pem"});
    refused(
        "certificate-authority",
        json!({"server": url, "certificate-authority": "pipe"}),
        json!({}),
    );
    refused(
        "client-certificate",
        trusted.clone(),
        json!({"client-certificate": "pipe", "client-key": "pipe"}),
    );
    refused(
        "client-key",
        trusted,
        json!({"client-certificate": "robot.crt", "client-key": "pipe"}),
    );
}
