//! The stand-ins for Google, Azure and Kubernetes are asked by those clouds' own Python clients: who has the right credentials
//! is answered, and a wrong signature, token or audience is refused.
//!
//! Without this a stand-in could agree with `secretctl` and with nobody else.

mod python;

use std::path::Path;

use serde_json::json;
use tempfile::TempDir;

use crate::support::azure::assertion;
use crate::support::azure::{Azure, CLIENT_SECRET, Setup, Stored, TENANT, VAULT_URL};
use crate::support::cli::path_text;
use crate::support::fake_server::FakeServer;
use crate::support::kubernetes::{TOKEN, api_server};
use crate::support::secret_manager;

/// What Google's client prints, asked with these credentials for this secret.
fn google(server: &FakeServer, credentials: &str, secret: &str) -> Option<String> {
    let home = TempDir::new().unwrap();
    let key = home.path().join("key.json");
    std::fs::write(&key, secret_manager::key().to_string()).unwrap();
    let host = format!("127.0.0.1:{}", server.port());
    let arguments = [&host, &path_text(key), credentials, secret];
    python::client("google_secret_manager.py", arguments, &[])
}

#[test]
fn googles_client_reads_with_the_right_key_and_no_other() {
    let server = FakeServer::start(|request| {
        Some(secret_manager::service(
            request,
            &[("airflow-variables-hello", "the välue")],
        ))
    });
    let asked = |credentials| google(&server, credentials, "airflow-variables-hello");
    let Some(found) = asked("right") else { return };
    assert_eq!(found, "the välue");
    for wrong in ["foreign-key", "other-account", "other-audience"] {
        assert_eq!(
            asked(wrong).as_deref(),
            Some("refused: Unauthorized"),
            "{wrong}"
        );
    }
    let absent = google(&server, "right", "airflow-variables-absent");
    assert_eq!(absent.as_deref(), Some("refused: NotFound"));
    // secretctl is answered by the same server.
    secret_manager::lookup(&server)
        .kwargs(&json!({"gcp_keyfile_dict": secret_manager::key()}))
        .args(["get-var", "hello"])
        .run()
        .prints("the välue")
        .quietly();
}

/// What Azure's clients print, asked with this credential for this secret.
fn azure(
    azure: &Azure,
    secret: &str,
    credential: &[&str],
    environment: &[(&str, &str)],
) -> Option<String> {
    let ca = path_text(azure.ca_file());
    let mut variables = azure.environment().to_vec();
    variables.push(("REQUESTS_CA_BUNDLE", ca));
    let variables = variables
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .chain(environment.iter().copied())
        .collect::<Vec<_>>();
    let arguments = [&[VAULT_URL, secret], credential].concat();
    python::client("azure_key_vault.py", arguments, &variables)
}

fn vault() -> Azure {
    let refused = Stored::Refused(
        "SecretDisabled",
        "Operation get is not allowed on a disabled secret.",
    );
    Azure::start(Setup::with([
        ("hello", Stored::Value("the välue")),
        ("off", refused),
    ]))
}

#[test]
fn azures_clients_read_with_the_right_client_secret_and_no_other() {
    let vault = vault();
    let asked = |secret, client_secret| {
        azure(
            &vault,
            secret,
            &["secret", TENANT, "client", client_secret],
            &[],
        )
    };
    let Some(found) = asked("hello", CLIENT_SECRET) else {
        return;
    };
    assert_eq!(found, "the välue");
    assert_eq!(
        asked("hello", "wrong").as_deref(),
        Some("refused: ClientAuthenticationError")
    );
    assert_eq!(
        asked("absent", CLIENT_SECRET).as_deref(),
        Some("refused: ResourceNotFoundError")
    );
    assert_eq!(
        asked("off", CLIENT_SECRET).as_deref(),
        Some("refused: HttpResponseError")
    );
    let environment = [
        ("AZURE_TENANT_ID", TENANT),
        ("AZURE_CLIENT_ID", "client"),
        ("AZURE_CLIENT_SECRET", CLIENT_SECRET),
    ];
    assert_eq!(
        azure(&vault, "hello", &["default"], &environment).as_deref(),
        Some("the välue")
    );
}

/// The order of the requests is the one that `azure/challenges.rs` asks of secretctl.
#[test]
fn azures_client_gives_the_vault_the_claims_that_it_wants() {
    let vault = Azure::start(Setup {
        wants_claims: true,
        ..Setup::with([("hello", Stored::Value("the välue"))])
    });
    let credential = ["secret", TENANT, "client", CLIENT_SECRET];
    let Some(found) = azure(&vault, "hello", &credential, &[]) else {
        return;
    };
    assert_eq!(found, "the välue");
    let asked = vault.arrived();
    let at_the_vault_or_login = asked
        .iter()
        .filter(|asked| asked.url.starts_with(VAULT_URL) || asked.request.method == "POST");
    let methods: Vec<&str> = at_the_vault_or_login
        .map(|asked| &*asked.request.method)
        .collect();
    assert_eq!(methods, ["GET", "POST", "GET", "POST", "GET"]);
}

#[test]
fn azures_clients_read_with_the_right_certificate_and_no_other() {
    let vault = vault();
    let home = TempDir::new().unwrap();
    let pem = |name: &str, text: &str| {
        let path = home.path().join(name);
        std::fs::write(&path, text).unwrap();
        path_text(path)
    };
    let asked = |pem: &str| {
        azure(
            &vault,
            "hello",
            &["certificate", TENANT, "client", pem],
            &[],
        )
    };
    let Some(found) = asked(&pem("right.pem", assertion::APPLICATION_PEM)) else {
        return;
    };
    assert_eq!(found, "the välue");
    let foreign = foreign_pem(home.path());
    assert_eq!(
        asked(&foreign).as_deref(),
        Some("refused: ClientAuthenticationError")
    );
}

/// The application's certificate with a key that is not its own: the service account's of the Google tests.
fn foreign_pem(home: &Path) -> String {
    let certificate = assertion::APPLICATION_PEM
        .find("-----BEGIN CERTIFICATE-----")
        .map(|start| &assertion::APPLICATION_PEM[start..])
        .and_then(|text| text.split_inclusive("-----END CERTIFICATE-----").next())
        .unwrap();
    let key = include_str!("../../data/service_account_test_key.pem");
    let path = home.join("foreign.pem");
    std::fs::write(&path, format!("{key}\n{certificate}\n")).unwrap();
    path_text(path)
}

#[test]
fn the_vault_takes_only_tokens_of_its_own_login_that_are_meant_for_it() {
    let vault = vault();
    let asked = |token: &str| azure(&vault, "hello", &["token", token], &[]);
    let genuine = vault.token("client");
    let Some(found) = asked(&genuine) else { return };
    assert_eq!(found, "the välue");
    let forged = genuine.replace(genuine.rsplit('.').next().unwrap(), "c2lnbmF0dXJl");
    for wrong in [
        &forged,
        &vault.token_for("client", "https://graph.microsoft.com"),
        "opaque",
    ] {
        let refused = asked(wrong).unwrap();
        assert!(refused.starts_with("refused: "), "{refused}");
    }
}

#[test]
fn the_kubernetes_client_reads_with_the_right_token_and_no_other() {
    let server = FakeServer::start(api_server);
    let selector = "airflow.apache.org/variable-key=hello,!airflow.apache.org/team";
    let asked = |token: &str| {
        let arguments = [&server.url(), token, "airflow", selector];
        python::client("kubernetes_secrets.py", arguments, &[])
    };
    let Some(found) = asked(TOKEN) else { return };
    assert_eq!(found, "the value");
    assert_eq!(asked("wrong").as_deref(), Some("refused: 401"));
}
