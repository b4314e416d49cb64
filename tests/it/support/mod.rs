//! What the integration tests share: the command runner, a fake HTTP server, and the real servers.
//!
//! A real server is found through the environment that `tests/servers/install` writes. Where one is missing its tests are
//! skipped, and say so; with `SECRETCTL_TEST_REQUIRE=1` they fail instead.

// Each test binary uses a part of it.
#![allow(dead_code)]

use std::io::Write as _;

pub mod azure;
pub mod canary;
pub mod cli;
pub mod fake_server;
pub mod kubernetes;
pub mod moto;
pub mod openbao;
pub mod recordings;
pub mod secret_manager;
pub mod server_process;
pub mod tls;

/// Says that a test is skipped because `server` is missing, or fails it where servers are required.
pub fn skipped<T>(server: &str) -> Option<T> {
    let required = std::env::var_os("SECRETCTL_TEST_REQUIRE").is_some();
    assert!(
        !required,
        "{server} is missing, and SECRETCTL_TEST_REQUIRE asks for it"
    );
    say_skipped(server)
}

fn say_skipped<T>(server: &str) -> Option<T> {
    // The handle itself is written to, since `eprintln!` is captured and a skipped test passes.
    let _ = writeln!(
        std::io::stderr(),
        "skipped: {server} is missing; tests/run installs it"
    );
    None
}
