//! A cloud that is not used costs nothing at start-up: none of its files is opened, no CA store is read, no client is built.
//!
//! Every file that a cloud would look into is a named pipe here, whose other end notices whoever opens it.

use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::support::cli::{Output, Secretctl, path_text};

const AWS: &str =
    "airflow.providers.amazon.aws.secrets.systems_manager.SystemsManagerParameterStoreBackend";
const GOOGLE: &str = crate::support::secret_manager::CLASS;
const AZURE: &str = "airflow.providers.microsoft.azure.secrets.key_vault.AzureKeyVaultBackend";
const KUBERNETES: &str =
    "airflow.providers.cncf.kubernetes.secrets.kubernetes_secrets_backend.KubernetesSecretsBackend";
const LOCAL_FILES: &str = "airflow.secrets.local_filesystem.LocalFilesystemBackend";

/// The variables that name the files.
const CA_STORE: &str = "SSL_CERT_FILE";
const AWS_FILES: [&str; 2] = ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"];
const GOOGLE_FILE: &str = "GOOGLE_APPLICATION_CREDENTIALS";
const KUBERNETES_FILE: &str = "KUBECONFIG";

/// A file that notices when it is opened.
struct Trap {
    variable: &'static str,
    is_sprung: Arc<AtomicBool>,
}

impl Trap {
    fn set(home: &Path, variable: &'static str) -> Self {
        let path = home.join(variable);
        let made = Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        let is_sprung = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&is_sprung);
        // Waits until somebody reads. Where nobody does, the thread ends with the tests.
        std::thread::spawn(move || {
            let writer = File::options().write(true).open(path);
            flag.store(true, Ordering::SeqCst);
            drop(writer);
        });
        Self {
            variable,
            is_sprung,
        }
    }
}

/// Runs `get-var hello` and tells which files were opened.
fn opened_by(class: Option<&str>, kwargs: &Value) -> (Output, Vec<&'static str>) {
    let mut run = Secretctl::new()
        .env("AIRFLOW_VAR_HELLO", "the value")
        .env("AWS_DEFAULT_REGION", "eu-west-1")
        .args(["--timeout", "2", "get-var", "hello"]);
    if let Some(class) = class {
        run = run.backend(class).kwargs(kwargs);
    }
    let home = run.home().to_owned();
    let variables = [
        CA_STORE,
        AWS_FILES[0],
        AWS_FILES[1],
        GOOGLE_FILE,
        KUBERNETES_FILE,
    ];
    let traps: Vec<Trap> = variables
        .into_iter()
        .map(|variable| Trap::set(&home, variable))
        .collect();
    for trap in &traps {
        run = run.env(trap.variable, &path_text(home.join(trap.variable)));
    }
    let output = run.run();
    let sprung = traps
        .iter()
        .filter(|trap| trap.is_sprung.load(Ordering::SeqCst));
    (output, sprung.map(|trap| trap.variable).collect())
}

#[test]
fn without_a_cloud_none_of_its_files_is_opened() {
    let (output, opened) = opened_by(None, &json!({}));
    output.prints("the value").quietly();
    assert_eq!(opened, [""; 0]);
    let (output, opened) = opened_by(Some(LOCAL_FILES), &json!({}));
    output.prints("the value").quietly();
    assert_eq!(opened, [""; 0]);
}

#[test]
fn a_cloud_that_the_settings_switch_off_is_not_made_ready() {
    for class in [AWS, AZURE] {
        let (output, opened) = opened_by(Some(class), &json!({"variables_prefix": null}));
        output.prints("the value");
        assert_eq!(opened, [""; 0], "{class}");
    }
    let (output, opened) = opened_by(Some(KUBERNETES), &json!({"variables_label": null}));
    output.prints("the value");
    assert_eq!(opened, [""; 0]);
}

/// Else the pipes would notice nothing.
#[test]
fn a_cloud_opens_its_own_files_and_no_other_s() {
    let (_, opened) = opened_by(Some(AWS), &json!({}));
    assert_eq!(opened, [CA_STORE, AWS_FILES[0], AWS_FILES[1]]);
    let (_, opened) = opened_by(Some(GOOGLE), &json!({"project_id": "p"}));
    assert_eq!(opened, [GOOGLE_FILE]);
    let vault = json!({"vault_url": "https://127.0.0.1:1"});
    let (_, opened) = opened_by(Some(AZURE), &vault);
    assert_eq!(opened, [CA_STORE]);
    let (_, opened) = opened_by(Some(KUBERNETES), &json!({}));
    assert_eq!(opened, [KUBERNETES_FILE]);
}
