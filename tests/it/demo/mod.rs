//! The picture of the README: nine ways to break one connection, on which Airflow says one sentence, and what secretctl says.
//!
//! `docs/demo.svg` is drawn from what the program prints here, and the test fails when the two differ;
//! `SECRETCTL_WRITE_PAGES=1` draws it anew.

mod picture;
mod vault;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::sessions::{SHOWN_ADDRESS, WRITE_PAGES};
use crate::support::cli::{Output, Secretctl};
use crate::support::fake_server::FakeServer;
use picture::Scene;

const TOKEN: &str = "s.the-token-of-the-demo";

/// One way to break the connection `warehouse`.
struct Mistake {
    /// What somebody got wrong.
    title: &'static str,
    server: FakeServer,
    settings: fn(&FakeServer) -> Settings,
}

/// What the environment says of the backend.
struct Settings {
    backend_variable: &'static str,
    kwargs: String,
}

impl Mistake {
    fn new(title: &'static str, server: FakeServer, settings: fn(&FakeServer) -> Settings) -> Self {
        Self {
            title,
            server,
            settings,
        }
    }

    fn run(&self) -> Output {
        let settings = (self.settings)(&self.server);
        Secretctl::new()
            .secret(TOKEN)
            .env(
                settings.backend_variable,
                "airflow.providers.hashicorp.secrets.vault.VaultBackend",
            )
            .env("AIRFLOW__SECRETS__BACKEND_KWARGS", &settings.kwargs)
            .env("VAULT_TOKEN", TOKEN)
            .args(["get-conn", "warehouse"])
            .run()
    }

    /// What is said about it, without the layers that have no part in it.
    fn scene(&self) -> Scene {
        let output = self.run();
        let said = output
            .stderr
            .replace(&self.server.url(), SHOWN_ADDRESS)
            .replace(
                &format!("127.0.0.1:{}", self.server.port()),
                "127.0.0.1:8200",
            );
        let is_of_the_backend = said.contains("\n  VaultBackend: ");
        let is_told = |line: &&str| {
            let is_cause = match is_of_the_backend {
                true => line.starts_with("  VaultBackend: "),
                false => line.starts_with("error: "),
            };
            is_cause || line.starts_with("warning: ") || line.starts_with("hint: ")
        };
        let lines = said.lines().filter(is_told);
        Scene {
            title: self.title,
            exit_code: output.code.unwrap(),
            lines: lines.map(|line| line.trim().to_owned()).collect(),
        }
    }
}

/// Settings without a mistake, but for what `change` does to the kwargs.
fn kwargs(server: &FakeServer, change: impl FnOnce(&mut Value)) -> Settings {
    let mut kwargs = json!({
        "url": server.url(), "mount_point": "kv", "connections_path": "airflow/connections"
    });
    change(&mut kwargs);
    Settings {
        backend_variable: "AIRFLOW__SECRETS__BACKEND",
        kwargs: kwargs.to_string(),
    }
}

fn as_they_should_be(server: &FakeServer) -> Settings {
    kwargs(server, |_| {})
}

fn mistakes() -> Vec<Mistake> {
    let whole = || vault::with_names(&["warehouse"]);
    vec![
        Mistake::new(
            "a proxy answers in Vault's place",
            vault::proxy(),
            as_they_should_be,
        ),
        Mistake::new("\"url\" ends in /v1", whole(), |server| {
            kwargs(server, |kwargs| {
                kwargs["url"] = json!(format!("{}/v1", server.url()))
            })
        }),
        Mistake::new(
            "the token's policy leaves the path out",
            vault::denying(),
            as_they_should_be,
        ),
        Mistake::new(
            "\"connection_path\" for \"connections_path\"",
            whole(),
            |server| {
                kwargs(server, |kwargs| {
                    let kwargs = kwargs.as_object_mut().unwrap();
                    let path = kwargs.remove("connections_path").unwrap();
                    kwargs.insert("connection_path".into(), path);
                })
            },
        ),
        Mistake::new("single quotes in the kwargs", whole(), |server| Settings {
            kwargs: as_they_should_be(server).kwargs.replace('"', "'"),
            ..as_they_should_be(server)
        }),
        Mistake::new("$ROLE_ID is not set", whole(), |server| {
            kwargs(server, |kwargs| {
                kwargs["auth_type"] = json!("approle");
                kwargs["role_id"] = json!("$ROLE_ID");
                kwargs["secret_id"] = json!("the-secret-id");
            })
        }),
        Mistake::new("AIRFLOW__SECRETS__BACKENDS, with an S", whole(), |server| {
            Settings {
                backend_variable: "AIRFLOW__SECRETS__BACKENDS",
                ..as_they_should_be(server)
            }
        }),
        Mistake::new(
            "stored under conn_url, not conn_uri",
            vault::with_key("conn_url"),
            as_they_should_be,
        ),
        Mistake::new(
            "stored as `warehuose`",
            vault::with_names(&["warehuose"]),
            as_they_should_be,
        ),
    ]
}

#[test]
fn nothing_but_the_mistakes_breaks_the_connection() {
    let whole = Mistake::new("none", vault::with_names(&["warehouse"]), as_they_should_be);
    whole.run().prints(vault::WAREHOUSE).quietly();
}

#[test]
fn the_picture_shows_what_happens() {
    let scenes: Vec<Scene> = mistakes().iter().map(Mistake::scene).collect();
    for scene in &scenes {
        let has_hint = scene.lines.iter().any(|line| line.starts_with("hint: "));
        assert!(has_hint && scene.exit_code > 0, "{scene:?}");
    }
    let drawn = picture::draw(&scenes);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/demo.svg");
    if std::env::var_os(WRITE_PAGES).is_some() {
        fs::write(&file, &drawn).unwrap();
    }
    let shown = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        shown == drawn,
        "docs/demo.svg shows something else than\n{scenes:#?}"
    );
}
