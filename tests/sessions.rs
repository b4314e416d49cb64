//! Runs every command that the README and `examples/*.console` show, and compares what it prints to the letter.
//!
//! In a `console` block a line that begins with `$ ` is a command and the lines after it are what it prints, stdout and stderr
//! together; `[exit code N]` ends one that fails. In a `sh` block every line is a command that has to succeed. The address
//! http://127.0.0.1:8200 stands for a real OpenBao server on a free port, and `vault` is that server's own client.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::json;
use support::openbao::OpenBao;
use tempfile::TempDir;

/// The address that the pages show.
const SHOWN_ADDRESS: &str = "http://127.0.0.1:8200";
const SHOWN_TOKEN: &str = "root-token";

#[test]
fn the_readme_shows_what_happens() {
    run_page(&repository().join("README.md"));
}

#[test]
fn the_examples_show_what_happens() {
    let mut pages: Vec<PathBuf> = fs::read_dir(repository().join("examples"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "console")
        })
        .collect();
    pages.sort();
    assert!(pages.len() >= 4, "some examples are missing: {pages:?}");
    pages.iter().for_each(|page| run_page(page));
}

#[test]
fn every_example_has_a_session() {
    for entry in fs::read_dir(repository().join("examples")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "env") {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let sessions = all_text(&repository().join("examples"));
            assert!(
                sessions.contains(&format!("examples/{name}")),
                "no session uses {name}"
            );
        }
    }
}

fn all_text(folder: &Path) -> String {
    let pages = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let sessions = pages.filter(|path| {
        path.extension()
            .is_some_and(|extension| extension == "console")
    });
    sessions
        .map(|path| fs::read_to_string(path).unwrap())
        .collect()
}

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A command with what it should print, or nothing said about that.
struct Step {
    command: String,
    prints: Option<String>,
}

fn run_page(page: &Path) {
    let text = fs::read_to_string(page).unwrap();
    let steps = if page.extension().is_some_and(|extension| extension == "md") {
        blocks(&text)
    } else {
        console_steps(&text)
    };
    assert!(!steps.is_empty(), "{} shows no command", page.display());
    let needs_server = steps
        .iter()
        .any(|step| step.command.contains("vault") || step.command.contains("8200"));
    let server = if needs_server { OpenBao::start() } else { None };
    if needs_server && server.is_none() {
        return;
    }
    let desk = Desk::new(server);
    for step in steps {
        desk.run(page, &step);
    }
}

/// The steps of every `console` and `sh` block of a Markdown page.
fn blocks(text: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for (index, part) in text.split("\n```").enumerate() {
        let Some((language, body)) = part.split_once('\n').filter(|_| index % 2 == 1) else {
            continue;
        };
        match language {
            "console" => steps.extend(console_steps(body)),
            "sh" => steps.extend(shell_steps(body)),
            "" | "text" | "yaml" | "json" | "toml" => {}
            other => panic!("no test knows how to run a block of {other}"),
        }
    }
    steps
}

fn shell_steps(body: &str) -> Vec<Step> {
    let lines = body
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    lines
        .map(|line| Step {
            command: line.to_owned(),
            prints: None,
        })
        .collect()
}

fn console_steps(body: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in body.lines() {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push(Step {
                command: command.to_owned(),
                prints: Some(String::new()),
            }),
            (
                None,
                Some(Step {
                    prints: Some(prints),
                    ..
                }),
            ) => {
                prints.push_str(line);
                prints.push('\n');
            }
            (None, _) => {}
        }
    }
    steps
}

/// Where the commands are typed: a copy of the examples, `secretctl` and `vault` on the path, nothing else of this machine.
struct Desk {
    folder: TempDir,
    server: Option<OpenBao>,
}

impl Desk {
    fn new(server: Option<OpenBao>) -> Self {
        let desk = Desk {
            folder: TempDir::new().unwrap(),
            server,
        };
        let copied = Command::new("cp")
            .arg("-r")
            .arg(repository().join("examples"))
            .arg(desk.path())
            .status()
            .unwrap();
        assert!(copied.success());
        for file in files_below(&desk.path().join("examples")) {
            let text = fs::read_to_string(&file).unwrap();
            fs::write(&file, desk.to_real(&text)).unwrap();
        }
        desk.put_tools();
        if let Some(server) = &desk.server {
            fill(server);
        }
        desk
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn put_tools(&self) {
        let tools = self.path().join("tools");
        fs::create_dir(&tools).unwrap();
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_secretctl"), tools.join("secretctl"))
            .unwrap();
        if let Some(server) = &self.server {
            let bao = std::env::var("SECRETCTL_TEST_BAO").unwrap();
            let script = format!(
                "#!/bin/sh\nBAO_ADDR={} BAO_TOKEN={} exec '{bao}' \"$@\"\n",
                server.url(),
                server.root_token()
            );
            let vault = tools.join("vault");
            fs::write(&vault, script).unwrap();
            fs::set_permissions(&vault, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    fn run(&self, page: &Path, step: &Step) {
        let Some(command) = self.runnable(&step.command) else {
            return;
        };
        let output = Command::new("sh")
            .args(["-c", &format!("{{ {command}\n}} 2>&1")])
            .current_dir(self.path())
            .env_clear()
            .envs(self.environment(&command))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let mut printed = self.to_shown(&String::from_utf8(output.stdout).unwrap());
        match (output.status.code(), &step.prints) {
            (Some(0), _) => {}
            (Some(code), Some(_)) => printed.push_str(&format!("[exit code {code}]\n")),
            (code, None) => panic!(
                "{}: `{}` ended with {code:?}\n{printed}",
                page.display(),
                step.command
            ),
            (None, _) => panic!("{}: `{}` was killed", page.display(), step.command),
        }
        if let Some(expected) = &step.prints {
            let expected = expected.trim_end();
            assert_eq!(
                printed.trim_end(),
                expected,
                "\n{}: $ {}\nreally prints:\n{printed}",
                page.display(),
                step.command
            );
        }
    }

    /// The command as it is run here; nothing for the one that is running already.
    fn runnable(&self, command: &str) -> Option<String> {
        let repository = repository().display().to_string();
        let command = self.to_real(command);
        if command == "tests/run" {
            return None;
        }
        if let Some(rest) = command.strip_prefix("cargo install ") {
            // The profile that the tests have built already: the shipped one takes minutes.
            return Some(format!(
                "cd '{repository}' && cargo install --profile dev --root '{}' --quiet {rest}",
                self.path().display()
            ));
        }
        if command.starts_with("cargo ") {
            return Some(format!("cd '{repository}' && {command}"));
        }
        Some(command)
    }

    fn environment(&self, command: &str) -> Vec<(String, String)> {
        let home = self.path().display().to_string();
        let own_path = std::env::var("PATH").unwrap_or_default();
        let mut environment = vec![
            ("PATH".to_owned(), format!("{home}/tools:{own_path}")),
            ("HOME".to_owned(), home.clone()),
            ("AIRFLOW_HOME".to_owned(), home),
            ("AWS_EC2_METADATA_DISABLED".to_owned(), "true".to_owned()),
            ("NO_GCE_CHECK".to_owned(), "true".to_owned()),
        ];
        if command.contains("cargo ") {
            let of_the_build = |name: &str| {
                name.starts_with("CARGO_") || name.starts_with("RUST") || name == "HOME"
            };
            environment.retain(|(name, _)| name != "HOME");
            environment.extend(
                std::env::vars()
                    .filter(|(name, _)| of_the_build(name) && !name.starts_with("CARGO_PKG")),
            );
        }
        environment
    }

    fn to_real(&self, text: &str) -> String {
        match &self.server {
            Some(server) => text
                .replace(SHOWN_ADDRESS, server.url())
                .replace(SHOWN_TOKEN, server.root_token()),
            None => text.to_owned(),
        }
    }

    fn to_shown(&self, text: &str) -> String {
        match &self.server {
            Some(server) => text
                .replace(server.url(), SHOWN_ADDRESS)
                .replace(server.root_token(), SHOWN_TOKEN),
            None => text.to_owned(),
        }
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path))
        } else {
            files.push(path)
        }
    }
    files
}

/// What the pages take for granted: KV version 1 at `secret/` and `airflow/` as in the guide, version 2 at `kv/`, an AppRole,
/// and a token that may read nothing of it.
fn fill(server: &OpenBao) {
    let admin = server.admin();
    admin.delete("sys/mounts/secret");
    admin.mount_kv("secret", 1);
    admin.mount_kv("airflow", 1);
    admin.mount_kv("kv", 2);
    admin.allow_reading("airflow-ci", "kv/data/airflow/connections");
    admin.enable_auth("approle", "approle");
    admin.post(
        "auth/approle/role/ci",
        &json!({"token_policies": "airflow-ci", "role_id": "ci-role"}),
    );
    admin.post(
        "auth/approle/role/ci/custom-secret-id",
        &json!({"secret_id": "ci-secret"}),
    );
}
