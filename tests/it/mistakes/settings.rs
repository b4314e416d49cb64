//! Settings that are not where Airflow reads them, and classes that it could not import.

use serde_json::json;

use super::{Mistake, mistake};
use crate::support::cli::{Secretctl, path_text};

const LOCAL: &str = "airflow.secrets.local_filesystem.LocalFilesystemBackend";
const VAULT: &str = "airflow.providers.hashicorp.secrets.vault.VaultBackend";
const BACKEND: &str = "AIRFLOW__SECRETS__BACKEND";

/// `get-var hello` beside a secrets file that has it, and no backend yet.
fn lookup() -> Secretctl {
    Secretctl::new()
        .file("variables.json", r#"{"hello": "world"}"#)
        .args(["get-var", "hello"])
}

fn with_kwargs(run: Secretctl) -> Secretctl {
    let path = path_text(run.home().join("variables.json"));
    run.kwargs(&json!({"variables_file_path": path}))
}

/// An airflow.cfg with a backend in this section.
fn cfg(section: &str) -> String {
    format!(
        "[{section}]\nbackend = {LOCAL}\nbackend_kwargs = {{\"variables_file_path\": \"variables.json\"}}\n"
    )
}

pub fn mistakes() -> Vec<Mistake> {
    let mut mistakes = unread();
    mistakes.extend(classes());
    mistakes.extend(cfg_files());
    mistakes
}

fn unread() -> Vec<Mistake> {
    let misspelt = |done, name: &'static str| {
        mistake(done, 3, with_kwargs(lookup()).env(name, LOCAL))
            .names(format!("`{name}` in the environment is read by nobody"))
            .advises("write `AIRFLOW__SECRETS__BACKEND`")
            .obeyed(0, move |run| run.without(name).backend(LOCAL))
    };
    let in_file = with_kwargs(lookup());
    let in_file = in_file
        .file(".env", format!("AIRFLOW_SECRETS_BACKEND={LOCAL}\n"))
        .args(["--env-file", ".env"]);
    let settings = lookup();
    let kwargs = format!(
        "AIRFLOW__SECRETS__BACKEND={LOCAL}\nAIRFLOW__SECRETS__BACKEND_KWARGS={{\"variables_file_path\": \"variables.json\"}}\n"
    );
    let settings = settings.file(".env", kwargs);
    vec![
        misspelt(
            "`AIRFLOW__SECRETS__BACKENDS` for `AIRFLOW__SECRETS__BACKEND`",
            "AIRFLOW__SECRETS__BACKENDS",
        ),
        misspelt("the setting in lower case", "airflow__secrets__backend"),
        mistake("one underscore for two, in an env file", 3, in_file)
            .names("`AIRFLOW_SECRETS_BACKEND` in `.env` line 1 is read by nobody")
            .advises("write `AIRFLOW__SECRETS__BACKEND`")
            .obeyed(0, |run| run.file(".env", format!("{BACKEND}={LOCAL}\n"))),
        mistake("kwargs without a class", 3, with_kwargs(lookup()))
            .names(
                "`AIRFLOW__SECRETS__BACKEND_KWARGS` is set, but `AIRFLOW__SECRETS__BACKEND` is not",
            )
            .advises("name the class of the backend there")
            .obeyed(0, |run| run.backend(LOCAL)),
        mistake("no settings at all: `--env-file` forgotten", 3, settings)
            .names("`AIRFLOW__SECRETS__BACKEND` is not set, and there is no `")
            .advises("name the file that sets it with `--env-file`")
            .obeyed(0, |run| run.args(["--env-file", ".env"])),
        mistake(
            "only tasks have a backend: `[workers] secrets_backend`",
            3,
            workers_only(),
        )
        .names("only tasks have a secrets backend: `AIRFLOW__WORKERS__SECRETS_BACKEND` is set")
        .advises("`--context worker` asks it as a task does")
        .obeyed(0, |run| run.args(["--context", "worker"])),
        mistake(
            "`AIRFLOW__SECRETS__BACKEND_KWARG`, without its S",
            6,
            kwargs_misspelt(),
        )
        .names("`AIRFLOW__SECRETS__BACKEND_KWARG` in the environment is read by nobody")
        .advises("write `AIRFLOW__SECRETS__BACKEND_KWARGS`")
        .obeyed(0, |run| {
            with_kwargs(
                run.without("AIRFLOW__SECRETS__BACKEND_KWARG")
                    .backend(LOCAL),
            )
        }),
        mistake(
            "`AIRFLOW__SECRETS__BACKEND_KWARG`, without its S, where the token stands in it",
            7,
            kwargs_misspelt().without("VAULT_TOKEN"),
        )
        .names("`AIRFLOW__SECRETS__BACKEND_KWARG` in the environment is read by nobody")
        .advises("write `AIRFLOW__SECRETS__BACKEND_KWARGS`")
        .obeyed(6, |run| {
            let run = run.without("AIRFLOW__SECRETS__BACKEND_KWARG");
            run.kwargs(&json!({"url": "http://127.0.0.1:1", "token": "s.the-token"}))
        }),
        mistake(
            "kwargs that are set to nothing",
            6,
            Secretctl::new()
                .backend(VAULT)
                .env("VAULT_TOKEN", "s.the-token")
                .env("VAULT_ADDR", "http://127.0.0.1:1")
                .env("AIRFLOW__SECRETS__BACKEND_KWARGS", "")
                .args(["get-var", "hello"]),
        )
        .names("http://127.0.0.1:1")
        .advises("no kwargs are given, so every setting has its default")
        .obeyed(6, |run| run.kwargs(&json!({"url": "http://127.0.0.1:1"}))),
        mistake(
            "no kwargs",
            6,
            Secretctl::new()
                .backend(VAULT)
                .env("VAULT_TOKEN", "s.the-token")
                .env("VAULT_ADDR", "http://127.0.0.1:1")
                .args(["get-var", "hello"]),
        )
        .names("http://127.0.0.1:1")
        .advises("no kwargs are given, so every setting has its default")
        .obeyed(6, |run| run.kwargs(&json!({"url": "http://127.0.0.1:1"}))),
    ]
}

fn workers_only() -> Secretctl {
    let run = lookup();
    let path = path_text(run.home().join("variables.json"));
    let kwargs = json!({"variables_file_path": path}).to_string();
    run.env("AIRFLOW__WORKERS__SECRETS_BACKEND", LOCAL)
        .env("AIRFLOW__WORKERS__SECRETS_BACKEND_KWARGS", &kwargs)
}

fn kwargs_misspelt() -> Secretctl {
    let kwargs = json!({"url": "http://vault.example.com:8200"}).to_string();
    lookup()
        .backend(VAULT)
        .env("VAULT_TOKEN", "s.the-token")
        .env("VAULT_ADDR", "http://127.0.0.1:1")
        .env("AIRFLOW__SECRETS__BACKEND_KWARG", &kwargs)
}

fn classes() -> Vec<Mistake> {
    let misspelt = |done, class: &str, hint: &str| {
        let run = with_kwargs(lookup()).backend(class);
        mistake(done, 7, run)
            .names("environment variable `AIRFLOW__SECRETS__BACKEND`")
            .advises(hint)
            .obeyed(0, |run| run.backend(LOCAL))
    };
    // Who is told of VaultBackend has a class that can be asked, though no server.
    let vault = |done, class: &str, hint: &str| {
        let run = Secretctl::new()
            .backend(class)
            .kwargs(&json!({"token": "s.the-token", "url": "http://127.0.0.1:1"}));
        mistake(done, 7, run.args(["get-var", "hello"]))
            .names("environment variable `AIRFLOW__SECRETS__BACKEND`")
            .advises(hint)
            .obeyed(6, |run| run.backend(VAULT))
    };
    vec![
        vault(
            "`VaultBackends` for `VaultBackend`",
            "airflow.providers.hashicorp.secrets.vault.VaultBackends",
            "did you mean `airflow.providers.hashicorp.secrets.vault.VaultBackend`?",
        ),
        vault(
            "`secret` for `secrets` in the class path",
            "airflow.providers.hashicorp.secret.vault.VaultBackend",
            "did you mean `airflow.providers.hashicorp.secrets.vault.VaultBackend`?",
        ),
        vault(
            "the module without the class",
            "airflow.providers.hashicorp.secrets.vault",
            "airflow.providers.hashicorp.secrets.vault.VaultBackend`",
        ),
        vault(
            "the provider's name for the class",
            "hashicorp_vault",
            "`airflow.providers.hashicorp.secrets.vault.VaultBackend`",
        ),
        vault(
            "the class without its module",
            "VaultBackend",
            "`airflow.providers.hashicorp.secrets.vault.VaultBackend`",
        ),
        misspelt(
            "the class path in quotes, which `docker --env-file` keeps",
            &format!("\"{LOCAL}\""),
            "without quotes and spaces around it",
        ),
        misspelt(
            "a class of one's own",
            "my_company.secrets.CustomBackend",
            "a class of your own: secretctl runs no Python; it serves VaultBackend",
        ),
        misspelt(
            "two classes with a comma",
            &format!("{VAULT},{LOCAL}"),
            "one class can stand here, not two",
        ),
    ]
}

fn cfg_files() -> Vec<Mistake> {
    let section = lookup();
    let misspelt = cfg("secret");
    let broken = |done, text: String, named: &'static str, advice: &'static str| {
        mistake(done, 7, lookup().file("airflow.cfg", text))
            .names(named)
            .tells(advice)
            .obeyed(0, |run| run.file("airflow.cfg", cfg("secrets")))
    };
    let right = cfg("secrets");
    vec![
        mistake(
            "`[secret]` for `[secrets]` in airflow.cfg",
            3,
            section.file("airflow.cfg", misspelt),
        )
        .names("has no [secrets]; it has [secret]")
        .advises("write [secrets]")
        .obeyed(0, |run| run.file("airflow.cfg", cfg("secrets"))),
        mistake(
            "`AIRFLOW_CONFIG` names no file",
            3,
            lookup().env("AIRFLOW_CONFIG", "/opt/airflow/airflow.cfg"),
        )
        .names("`AIRFLOW_CONFIG` names `/opt/airflow/airflow.cfg`, which does not exist")
        .advises("unset it to read the file in AIRFLOW_HOME")
        .obeyed(0, |run| {
            run.file("airflow.cfg", cfg("secrets"))
                .without("AIRFLOW_CONFIG")
        }),
        broken(
            "an option twice in airflow.cfg",
            format!("[secrets]\nbackend = {LOCAL}\nbackend = {LOCAL}\n"),
            "line 3",
            "remove one of the two",
        ),
        broken(
            "an option before any section of airflow.cfg",
            format!("backend = {LOCAL}\n"),
            "line 1",
            "a `[section]` must stand before the first option",
        ),
        broken(
            "a lone `%` in airflow.cfg",
            right.replace("variables.json", "100%.json"),
            "`%`",
            "%%",
        ),
    ]
}
