//! Astronomer's guide "Use Azure Key Vault as a Secrets Backend", its two sets of kwargs as they are printed there.

use serde_json::json;

use crate::support::azure::{Azure, CLIENT_SECRET, Setup, Stored, TENANT, VAULT_URL};
use crate::support::cli::{Output, Secretctl};

/// The class path of the guide, which release 5.0.0 of the provider dropped.
const BACKEND: &str =
    "airflow.providers.microsoft.azure.secrets.azure_key_vault.AzureKeyVaultBackend";
const GONE: &str =
    "write `airflow.providers.microsoft.azure.secrets.key_vault.AzureKeyVaultBackend`";
const WITH_PREFIXES: &str = r#"{"connections_prefix": "airflow-connections", "variables_prefix": "airflow-variables", "vault_url": "<your-vault-url>"}"#;
/// `sep` is there twice, as in the guide.
const WITHOUT_PREFIXES: &str = r#"{"connections_prefix": "", "sep":"", "variables_prefix": "", "sep":"", "vault_url": "<your-vault-url>"}"#;

fn guide(azure: &Azure, kwargs: &str, arguments: &[&str]) -> Output {
    let run = guide_run(azure, kwargs);
    run.args(arguments.iter().copied()).run()
}

fn guide_run(azure: &Azure, kwargs: &str) -> Secretctl {
    let kwargs = kwargs.replace("<your-vault-url>", &format!("{VAULT_URL}/"));
    azure
        .secretctl(json!({}))
        .backend(BACKEND)
        .env("AIRFLOW__SECRETS__BACKEND_KWARGS", &kwargs)
        .env("AZURE_CLIENT_ID", "client")
        .env("AZURE_TENANT_ID", TENANT)
        .env("AZURE_CLIENT_SECRET", CLIENT_SECRET)
}

#[test]
fn with_prefixes_and_the_default_separator() {
    let azure = Azure::start(Setup::with([
        ("airflow-variables-test", Stored::Value("my-test-value")),
        (
            "airflow-connections-smtp-default",
            Stored::Value("smtps://user:host@relay:465"),
        ),
    ]));
    guide(&azure, WITH_PREFIXES, &["get-var", "test"])
        .prints("my-test-value")
        .says(GONE);
    let smtp = ["get-conn", "smtp_default", "-o", "raw"];
    guide(&azure, WITH_PREFIXES, &smtp).prints("smtps://user:host@relay:465");
}

#[test]
fn without_prefixes_and_without_a_separator() {
    let azure = Azure::start(Setup::with([
        ("test", Stored::Value("my-test-value")),
        ("smtpdefault", Stored::Value("smtps://user:host@relay:465")),
    ]));
    guide(&azure, WITHOUT_PREFIXES, &["get-var", "test"])
        .prints("my-test-value")
        .says(GONE);
    let smtp = ["get-conn", "smtp_default", "-o", "raw"];
    guide(&azure, WITHOUT_PREFIXES, &smtp).prints("smtps://user:host@relay:465");
}

/// Without a separator every `_` is dropped, which nobody expects.
#[test]
fn what_became_of_an_underscore_is_told() {
    let azure = Azure::start(Setup::with([(
        "smtp-default",
        Stored::Value("smtps://relay:465"),
    )]));
    let output = guide(&azure, WITHOUT_PREFIXES, &["get-conn", "smtp_default"]);
    output
        .fails_with(3)
        .says("`smtp_default` is looked for as `smtpdefault`");
}

/// The guide puts the application into the image's environment; an env file does as well.
#[test]
fn an_env_file_can_name_the_application() {
    let azure = Azure::start(Setup::with([(
        "airflow-variables-test",
        Stored::Value("my-test-value"),
    )]));
    let kwargs = WITH_PREFIXES.replace("<your-vault-url>", VAULT_URL);
    let application = format!(
        "AZURE_CLIENT_ID=\"client\"\nAZURE_TENANT_ID=\"{TENANT}\"\nAZURE_CLIENT_SECRET=\"{CLIENT_SECRET}\"\n"
    );
    let run = azure
        .secretctl(json!({}))
        .backend(BACKEND)
        .file("azure.env", &application);
    let run = run.env("AIRFLOW__SECRETS__BACKEND_KWARGS", &kwargs);
    run.args(["--env-file", "azure.env", "get-var", "test"])
        .run()
        .prints("my-test-value")
        .says(GONE);
}
