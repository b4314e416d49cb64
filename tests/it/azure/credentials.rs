//! Which credential is used, what it sends, and what ends the search for one.

use serde_json::{Value, json};

use crate::support::azure::assertion::{APPLICATION_PEM, certificate_in_base64, verified};
use crate::support::azure::{Azure, CLIENT_SECRET, Setup, Stored, TENANT, VAULT_URL};
use crate::support::cli::{Secretctl, path_text};
use crate::support::tls::CertificateAuthority;

const IMDS: &str = "http://169.254.169.254/";

fn azure() -> Azure {
    Azure::start(setup())
}

fn setup() -> Setup {
    Setup::with([("airflow-variables-hello", Stored::Value("there"))])
}

/// An Azure whose machines have no identity of their own.
fn without_machine_identity() -> Azure {
    let error = json!({"error": "invalid_request", "error_description": "Identity not found"});
    Azure::start(Setup {
        no_identity: Some((400, error)),
        ..setup()
    })
}

fn lookup(azure: &Azure) -> Secretctl {
    lookup_with(azure, json!({}))
}

fn lookup_with(azure: &Azure, mut kwargs: Value) -> Secretctl {
    kwargs["vault_url"] = json!(VAULT_URL);
    azure.secretctl(kwargs).args(["get-var", "hello"])
}

fn with_application(run: Secretctl, secret: &str) -> Secretctl {
    let run = run
        .env("AZURE_TENANT_ID", TENANT)
        .env("AZURE_CLIENT_ID", "client");
    run.env("AZURE_CLIENT_SECRET", secret)
}

#[test]
fn a_wrong_client_secret_ends_the_chain() {
    let azure = azure();
    let run = with_application(lookup(&azure), "Zk4~a-wrong-one-of-the-tests");
    let output = run.secret("Zk4~a-wrong-one-of-the-tests").run();
    output
        .fails_with(5)
        .says("EnvironmentCredential: Microsoft Entra ID refused")
        .says("AADSTS7000215");
    assert!(
        !output.stderr.contains("WorkloadIdentityCredential"),
        "{output}"
    );
    assert!(!azure.was_asked(IMDS));
}

#[test]
fn a_client_secret_that_is_set_to_nothing_ends_the_chain_too() {
    let azure = azure();
    with_application(lookup(&azure), "")
        .run()
        .fails_with(7)
        .says("is set to nothing");
    assert!(!azure.was_asked(IMDS));
}

#[test]
fn all_that_were_tried_are_named_with_their_reasons() {
    let output = lookup(&without_machine_identity()).run();
    output.fails_with(5);
    for reason in [
        "EnvironmentCredential: `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and `AZURE_CLIENT_SECRET` are not all set",
        "WorkloadIdentityCredential: `AZURE_TENANT_ID`, `AZURE_CLIENT_ID`, `AZURE_FEDERATED_TOKEN_FILE` not set",
        "ManagedIdentityCredential: the platform gave no token, with status 400: \"Identity not found\"",
        "AzureCliCredential: `az` is not on `PATH`",
        "AzurePowerShellCredential: `pwsh` is not on `PATH`",
        "AzureDeveloperCliCredential: `azd` is not on `PATH`",
    ] {
        output.says(reason);
    }
}

#[test]
fn a_certificate_signs_an_assertion() {
    let azure = azure();
    let lookup = || {
        let run = lookup(&azure).file("application.pem", APPLICATION_PEM);
        let path = path_text(run.home().join("application.pem"));
        let run = run
            .env("AZURE_TENANT_ID", TENANT)
            .env("AZURE_CLIENT_ID", "client");
        run.env("AZURE_CLIENT_CERTIFICATE_PATH", &path)
    };
    lookup().run().prints("there").quietly();
    let (header, claims) = verified(&azure.login()["client_assertion"]).expect("a right signature");
    assert_eq!(header["x5c"], Value::Null);
    assert_eq!(
        claims["exp"].as_u64(),
        claims["iat"].as_u64().map(|issued| issued + 600)
    );
    assert!(!azure.login().contains_key("client_secret"));

    let azure_with_chain = self::azure();
    let chain = ("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN", "true");
    let run = azure_with_chain
        .environment()
        .iter()
        .fold(lookup(), |run, (name, value)| run.env(name, value));
    run.env(chain.0, chain.1).run().prints("there").quietly();
    let (header, _) =
        verified(&azure_with_chain.login()["client_assertion"]).expect("a right signature");
    assert_eq!(header["x5c"], json!([certificate_in_base64()]));
}

#[test]
fn a_certificate_that_cannot_be_used_is_told() {
    let azure = azure();
    let elliptic = CertificateAuthority::new().issue_client("client");
    let elliptic = format!("{}{}", elliptic.certificate, elliptic.key);
    for (text, words) in [
        (
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\n",
            "its key is encrypted",
        ),
        ("not PEM at all", "is not a PEM file"),
        (&elliptic, "RSA"),
    ] {
        // Airflow may log in with it, and never ask for the value of the environment.
        with_certificate(&azure, text)
            .env("AIRFLOW_VAR_HELLO", "of the environment")
            .run()
            .fails_with(7)
            .says(words);
    }
    assert!(!azure.was_asked("https://login."));
}

#[test]
fn a_password_for_a_key_that_is_not_encrypted_fails_as_in_airflow() {
    let azure = azure();
    let words = "`AZURE_CLIENT_CERTIFICATE_PASSWORD` is set, and its key is not encrypted";
    with_certificate(&azure, APPLICATION_PEM)
        .run()
        .fails_with(7)
        .says(words);
    with_certificate(&azure, APPLICATION_PEM)
        .env("AIRFLOW_VAR_HELLO", "of the environment")
        .run()
        .prints("of the environment")
        .says(words);
    assert!(!azure.was_asked("https://login."));
}

/// A lookup by an application with this certificate file, and a password for its key.
fn with_certificate(azure: &Azure, text: &str) -> Secretctl {
    let run = lookup(azure)
        .file("application.pem", text)
        .env(
            "AZURE_CLIENT_CERTIFICATE_PASSWORD",
            "the-password-of-the-key",
        )
        .secret("the-password-of-the-key");
    let path = path_text(run.home().join("application.pem"));
    run.env("AZURE_TENANT_ID", TENANT)
        .env("AZURE_CLIENT_ID", "client")
        .env("AZURE_CLIENT_CERTIFICATE_PATH", &path)
}

#[test]
fn a_vault_of_another_tenant_is_refused_before_the_login() {
    let azure = azure();
    let kwargs = json!({
        "tenant_id": "contoso.onmicrosoft.com", "client_id": "client", "client_secret": CLIENT_SECRET,
    });
    let output = lookup_with(&azure, kwargs).run();
    output
        .fails_with(5)
        .says(TENANT)
        .says("`contoso.onmicrosoft.com`");
    assert!(!azure.was_asked("https://login."));
}

#[test]
fn a_user_assigned_identity_takes_both_kwargs() {
    let azure = azure();
    let kwargs =
        json!({"managed_identity_client_id": "mine", "workload_identity_tenant_id": TENANT});
    lookup_with(&azure, kwargs).run().prints("there").quietly();
    let asked = azure.arrived();
    let imds = asked.iter().filter(|arrived| arrived.url.starts_with(IMDS));
    assert!(
        imds.clone()
            .all(|arrived| arrived.url.ends_with("&client_id=mine"))
    );
    assert_eq!(imds.count(), 2);
}

#[test]
fn a_managed_identity_that_is_named_is_asked_without_a_probe() {
    let azure = azure();
    let run = lookup(&azure).env("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential");
    run.run().prints("there").quietly();
    assert_eq!(azure.arrived().len(), 3);
}

#[test]
fn az_is_asked_for_the_vault_s_resource_and_tenant() {
    let azure = without_machine_identity();
    let token = azure.token("az");
    let script = format!(
        "[ \"$*\" = 'account get-access-token --output json --resource https://vault.azure.net --tenant {TENANT}' ] || exit 3
[ \"$(pwd -P)\" = \"$(cd /bin && pwd -P)\" ] && [ \"$AZURE_CORE_NO_COLOR\" = true ] || exit 4
echo '{{\"accessToken\": \"{token}\", \"expiresOn\": \"2100-01-01 00:00:00.000000\"}}'"
    );
    lookup(&azure)
        .program("az", &script)
        .run()
        .prints("there")
        .quietly();
}

#[test]
fn a_tool_without_a_login_lets_the_next_one_try() {
    let azure = without_machine_identity();
    let token = azure.token("az");
    let run = lookup(&azure).program("az", "echo \"Please run 'az login'\" >&2; exit 1");
    let run = run.program("pwsh", "echo secretctl-no-module");
    let azd = format!(
        "[ \"$*\" = 'auth token --output json --no-prompt --scope https://vault.azure.net/.default --tenant-id {TENANT}' ] || exit 3
echo '{{\"token\": \"{token}\", \"expiresOn\": \"2100-01-01T00:00:00Z\"}}'"
    );
    run.program("azd", &azd).run().prints("there").quietly();
}

#[test]
fn powershell_is_handed_the_script_whole() {
    let azure = without_machine_identity();
    let token = azure.token("az");
    let script = format!(
        "[ \"$1 $2 $3\" = '-NoProfile -NonInteractive -EncodedCommand' ] || exit 3
echo \"$4\" | base64 -d | tr -d '\\000' | grep -q \"ResourceUrl 'https://vault.azure.net' -TenantId '{TENANT}'\" || exit 4
echo 'secretctl-token:{token}'"
    );
    lookup(&azure)
        .program("pwsh", &script)
        .run()
        .prints("there")
        .quietly();
}

#[test]
fn what_a_tool_prints_is_never_shown() {
    let azure = without_machine_identity();
    let run = lookup(&azure).program(
        "az",
        "echo 'a-secret-of-the-tool'; echo 'a-secret-of-the-tool' >&2; exit 1",
    );
    let output = run.secret("a-secret-of-the-tool").run();
    output
        .fails_with(5)
        .says("`az account get-access-token` gave no token");
}

#[test]
fn an_unknown_chain_is_refused() {
    let azure = azure();
    let run = lookup(&azure).env("AZURE_TOKEN_CREDENTIALS", "staging");
    run.run()
        .fails_with(7)
        .says("must be `prod`, `dev` or one of");
}

#[test]
fn the_login_s_address_must_be_https() {
    let azure = azure();
    let run = lookup(&azure).env("AZURE_AUTHORITY_HOST", "http://127.0.0.1:1");
    run.run()
        .fails_with(7)
        .says("`AZURE_AUTHORITY_HOST` is not an https:// address");
}
