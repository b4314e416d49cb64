//! Runs every command that the README, `docs/` and `examples/*.console` show, and compares what it prints to the letter.
//!
//! In a `console` block a line that begins with `$ ` is a command and the lines after it are what it prints, stdout and stderr
//! together; `[exit code N]` ends one that fails. In a `sh` block every line is a command that has to succeed. The address
//! http://127.0.0.1:8200 stands for a real OpenBao server on a free port, and `vault` is that server's own client;
//! http://127.0.0.1:8001 stands for a fake Kubernetes API server behind `kubectl proxy`.
//! http://127.0.0.1:5000 stands for moto, which plays AWS; Azure's own names lead to a stand-in.
//! https://secretmanager.googleapis.com stands for a fake one, and `<your-key-file>` for a key that it knows.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::azure::{Azure, Setup, Stored};
use crate::support::fake_server::{FakeServer, Request, Response};
use crate::support::moto::Moto;
use crate::support::openbao::OpenBao;
use crate::support::secret_manager;
use serde_json::json;
use tempfile::TempDir;

/// The address that the pages show.
pub const SHOWN_ADDRESS: &str = "http://127.0.0.1:8200";
const SHOWN_AWS: &str = "http://127.0.0.1:5000";
const SHOWN_TOKEN: &str = "root-token";
const SHOWN_PROXY: &str = "http://127.0.0.1:8001";
const SHOWN_SECRET_MANAGER: &str = "https://secretmanager.googleapis.com";
const SHOWN_KEY: &str = "<your-key-file>";

#[test]
fn the_readme_shows_what_happens() {
    run_page(&repository().join("README.md"));
}

#[test]
fn the_docs_show_what_happens() {
    let mut pages = files_below(&repository().join("docs"));
    pages.retain(|page| page.extension().is_some_and(|extension| extension == "md"));
    pages.sort();
    let (shown, quiet): (Vec<_>, Vec<_>) =
        pages.iter().partition(|page| !steps_of(page).is_empty());
    assert!(
        shown.len() >= 5,
        "commands are only on {shown:?}, not on {quiet:?}"
    );
    shown.iter().for_each(|page| run_page(page));
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

/// Set to anything, it makes the tests write what the program says into the pages, for a person to look at the difference.
pub const WRITE_PAGES: &str = "SECRETCTL_WRITE_PAGES";

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A command with what it should print, or nothing said about that.
struct Step {
    command: String,
    prints: Option<String>,
}

fn steps_of(page: &Path) -> Vec<Step> {
    let text = fs::read_to_string(page).unwrap();
    if page.extension().is_some_and(|extension| extension == "md") {
        blocks(&text)
    } else {
        console_steps(&text)
    }
}

fn run_page(page: &Path) {
    let steps = steps_of(page);
    assert!(!steps.is_empty(), "{} shows no command", page.display());
    let needs_server = steps
        .iter()
        .any(|step| step.command.contains("vault") || step.command.contains("8200"));
    let server = if needs_server { OpenBao::start() } else { None };
    if needs_server && server.is_none() {
        return;
    }
    let needs_aws = steps
        .iter()
        .any(|step| step.command.contains("examples/aws"));
    let aws = if needs_aws { Moto::start() } else { None };
    if needs_aws && aws.is_none() {
        return;
    }
    let azure = steps
        .iter()
        .any(|step| step.command.contains("azure"))
        .then(azure);
    let desk = Desk::new(server, aws, azure);
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
    kubernetes: FakeServer,
    aws: Option<Moto>,
    azure: Option<Azure>,
    secret_manager: FakeServer,
}

impl Desk {
    fn new(server: Option<OpenBao>, aws: Option<Moto>, azure: Option<Azure>) -> Self {
        let desk = Desk {
            folder: TempDir::new().unwrap(),
            server,
            kubernetes: FakeServer::start(kubernetes),
            aws,
            azure,
            secret_manager: FakeServer::start(secret_manager),
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
        if let Some(aws) = &desk.aws {
            fill_aws(aws);
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
        let command = self.runnable(&step.command);
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
            if std::env::var_os(WRITE_PAGES).is_some() && printed.trim_end() != expected {
                let text = fs::read_to_string(page).unwrap();
                let text = text.replacen(expected, printed.trim_end(), 1);
                fs::write(page, text).unwrap();
                return;
            }
            assert_eq!(
                printed.trim_end(),
                expected,
                "\n{}: $ {}\nreally prints:\n{printed}",
                page.display(),
                step.command
            );
        }
    }

    /// The command as it is run here.
    fn runnable(&self, command: &str) -> String {
        let repository = repository().display().to_string();
        let command = self.to_real(command);
        // They run tests themselves, for minutes; here they are only read.
        let program = command.split(' ').next().unwrap_or_default();
        if program.starts_with("tests/") {
            return format!("test -x '{repository}/{program}' && bash -n '{repository}/{program}'");
        }
        if let Some(rest) = command.strip_prefix("cargo run ") {
            // Cargo's progress is another one every time, so the pages leave it out.
            return format!("cd '{repository}' && cargo run --quiet {rest}");
        }
        if let Some(rest) = command.strip_prefix("cargo install ") {
            // The profile that the tests have built already: the shipped one takes minutes.
            return format!(
                "cd '{repository}' && cargo install --profile dev --root '{}' --quiet {rest}",
                self.path().display()
            );
        }
        if command.starts_with("cargo ") {
            return format!("cd '{repository}' && {command}");
        }
        command
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
            (
                "CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER".to_owned(),
                self.secret_manager.url(),
            ),
        ];
        if let Some(azure) = self.azure.as_ref().filter(|_| command.contains("azure")) {
            environment.extend(
                azure
                    .environment()
                    .map(|(name, value)| (name.to_owned(), value)),
            );
        }
        if command.contains("cargo ") {
            environment.retain(|(name, _)| name != "HOME");
            environment.extend(std::env::vars().filter(|(name, _)| is_of_the_build(name)));
        }
        environment
    }

    fn to_real(&self, text: &str) -> String {
        let text = &text.replace(SHOWN_PROXY, &self.kubernetes.url());
        let text = self
            .aws
            .as_ref()
            .map_or(text.to_owned(), |aws| text.replace(SHOWN_AWS, aws.url()));
        let text = text.replace(SHOWN_KEY, &secret_manager::key().to_string());
        match &self.server {
            Some(server) => text
                .replace(SHOWN_ADDRESS, server.url())
                .replace(SHOWN_TOKEN, server.root_token()),
            None => text,
        }
    }

    fn to_shown(&self, text: &str) -> String {
        let text = &text.replace(&self.kubernetes.url(), SHOWN_PROXY);
        let text = self
            .aws
            .as_ref()
            .map_or(text.to_owned(), |aws| text.replace(aws.url(), SHOWN_AWS));
        let text = text.replace(&self.secret_manager.url(), SHOWN_SECRET_MANAGER);
        match &self.server {
            Some(server) => text
                .replace(server.url(), SHOWN_ADDRESS)
                .replace(server.root_token(), SHOWN_TOKEN),
            None => text,
        }
    }
}

/// What cargo is told by whoever runs the tests. What it tells the tests of their own package is left out: build scripts
/// that look at it would run again, and a third of the crates with them.
fn is_of_the_build(name: &str) -> bool {
    let is_of_the_package = [
        "CARGO_PKG_",
        "CARGO_MANIFEST_",
        "CARGO_BIN_",
        "CARGO_CRATE_",
    ]
    .iter()
    .any(|start| name.starts_with(start));
    let is_for_cargo = ["CARGO_", "RUST"]
        .iter()
        .any(|start| name.starts_with(start));
    name == "HOME" || is_for_cargo && !is_of_the_package
}

/// What the pages take for granted of Secret Manager: one variable, and one that the account may not read.
fn secret_manager(request: &Request) -> Option<Response> {
    secret_manager::assert_signed(request, "aud", "https://secretmanager.googleapis.com/");
    let path = |secret_id| secret_manager::access_path(secret_manager::PROJECT, secret_id);
    match request.path() {
        asked if asked == path("airflow-variables-test") => {
            Some(secret_manager::payload("my-test-variable"))
        }
        asked if asked == path("airflow-variables-payroll") => Some(secret_manager::error(
            403,
            "PERMISSION_DENIED",
            "Permission denied (or it may not exist).",
        )),
        _ => None,
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

/// What the pages take for granted of Azure's vault, one secret of which was deleted.
fn azure() -> Azure {
    Azure::start(Setup::with([
        ("airflow-variables-test", Stored::Value("my-test-value")),
        (
            "airflow-connections-smtp-default",
            Stored::Value("smtps://user:host@relay.example.com:465"),
        ),
        ("airflow-variables-retired", Stored::Deleted),
    ]))
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

/// A cluster that holds the secret of examples/kubernetes/secret.yaml and nothing else.
fn kubernetes(request: &Request) -> Option<Response> {
    let label = "airflow.apache.org/connection-id";
    let secret = json!({
        "metadata": {"name": "smtp", "labels": {label: "smtp_default"}},
        "data": {"value": "c210cHM6Ly91c2VyOmhvc3RAcmVsYXkuZXhhbXBsZS5jb206NDY1"},
    });
    let query = request
        .target
        .strip_prefix("/api/v1/namespaces/airflow/secrets?")?;
    let is_found = query == "limit=500" || query.contains("connection-id%3Dsmtp_default%2C");
    let items = if is_found { vec![secret] } else { Vec::new() };
    Some(Response::json(
        200,
        &json!({"kind": "SecretList", "items": items}),
    ))
}

/// The guide's parameters, and a connection that Secrets Manager's own rotation would write.
fn fill_aws(aws: &Moto) {
    let parameter = |name: &str, value: &str| {
        let body = json!({"Name": name, "Value": value, "Type": "SecureString"});
        aws.call_in("us-east-1", "ssm", "AmazonSSM.PutParameter", &body);
    };
    parameter(
        "/airflow/connections/smtp_default",
        "smtps://user:host@relay.example.com:465",
    );
    parameter("/airflow/variables/test", "my-test-variable");
    let rotated = r#"{"engine": "postgres", "host": "db.example.com", "port": 5432, "username": "airflow", "password": "s3cret", "dbname": "dwh"}"#;
    let body = json!({"Name": "airflow/connections/warehouse", "SecretString": rotated, "ClientRequestToken": "0123456789abcdef0123456789abcdef"});
    aws.call_in(
        "eu-west-1",
        "secretsmanager",
        "secretsmanager.CreateSecret",
        &body,
    );
}
