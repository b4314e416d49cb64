//! The official Python clients, from the environment that `tests/servers/install` makes.

use std::process::Command;

use crate::support::skipped;

/// Runs a script of `tests/real/official_clients` and gives what it prints: a value, or `refused: ` and the exception's class.
///
/// `None`: the clients are not installed.
pub fn client<'a>(
    script: &str,
    arguments: impl IntoIterator<Item = &'a str>,
    environment: &[(&str, &str)],
) -> Option<String> {
    let Some(python) = std::env::var_os("SECRETCTL_TEST_PYTHON") else {
        return skipped("a Python with the official clients");
    };
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/real/official_clients");
    let output = Command::new(python)
        .arg("-I")
        .arg(format!("{folder}/{script}"))
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .envs(environment.iter().copied())
        .output()
        .expect("Python starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script} failed:\n{said}");
    let printed = String::from_utf8(output.stdout).expect("it prints UTF-8");
    Some(printed.trim_end().to_owned())
}
