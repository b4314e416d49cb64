//! How long one `secretctl get-var` takes, from the start of the process to its end.
//!
//! `cargo bench` runs the program as it is shipped: against the environment alone, and against a Vault on the loopback
//! interface, which answers at once, so that the time is secretctl's own. The first line is the price of starting any
//! process on this machine.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]
#![allow(clippy::print_stdout, clippy::print_stderr)]

#[path = "../tests/it/support/mod.rs"]
mod support;

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::json;

use support::fake_server::{FakeServer, Request, Response};

const WARM_UP: usize = 5;
const RUNS: usize = 101;

fn main() -> Result<()> {
    // `cargo test --benches` only wants to know that it works.
    let runs = if std::env::args().any(|argument| argument == "--bench") {
        RUNS
    } else {
        1
    };
    let server = FakeServer::start(vault);
    let kwargs = json!({"url": server.url(), "token": "the-token-of-the-benchmark"}).to_string();

    println!(
        "{:<34} {:>9} {:>9} {:>9}   ({runs} runs)",
        "", "median", "fastest", "slowest"
    );
    measure("a process that does nothing", runs, None, || quiet("true"))?;
    measure(
        "get-var from the environment",
        runs,
        Some("the value\n"),
        || {
            let mut command = get_var();
            command.env("AIRFLOW_VAR_HELLO", "the value");
            command
        },
    )?;
    measure(
        "get-var from Vault on loopback",
        runs,
        Some("the value\n"),
        || {
            let mut command = get_var();
            command
                .env(
                    "AIRFLOW__SECRETS__BACKEND",
                    "airflow.providers.hashicorp.secrets.vault.VaultBackend",
                )
                .env("AIRFLOW__SECRETS__BACKEND_KWARGS", &kwargs);
            command
        },
    )
}

fn vault(request: &Request) -> Option<Response> {
    (request.target == "/v1/secret/data/variables/hello")
        .then(|| Response::json(200, &json!({"data": {"data": {"value": "the value"}}})))
}

fn get_var() -> Command {
    let mut command = quiet(env!("CARGO_BIN_EXE_secretctl"));
    command.args(["get-var", "hello"]);
    command
}

fn quiet(program: &str) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", "/nonexistent")
        .env("AIRFLOW_HOME", "/nonexistent")
        .stdin(Stdio::null());
    command
}

/// Runs a command again and again, checks what it prints, and prints one line about the time it takes.
fn measure(
    name: &str,
    runs: usize,
    prints: Option<&str>,
    command: impl Fn() -> Command,
) -> Result<()> {
    for _ in 0..WARM_UP.min(runs) {
        timed(&command, prints)?;
    }
    let mut times = (0..runs)
        .map(|_| timed(&command, prints))
        .collect::<Result<Vec<_>>>()?;
    times.sort();
    let millis = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1000.0);
    let (median, fastest, slowest) = (times[runs / 2], times[0], times[runs - 1]);
    println!(
        "{name:<34} {:>9} {:>9} {:>9}",
        millis(median),
        millis(fastest),
        millis(slowest)
    );
    Ok(())
}

fn timed(command: impl Fn() -> Command, prints: Option<&str>) -> Result<Duration> {
    let start = Instant::now();
    let Output {
        status,
        stdout,
        stderr,
    } = command().output()?;
    let time = start.elapsed();
    ensure!(
        status.success(),
        "it failed: {}",
        String::from_utf8_lossy(&stderr)
    );
    ensure!(
        prints.is_none_or(|prints| stdout == prints.as_bytes()),
        "it printed something else"
    );
    Ok(time)
}
