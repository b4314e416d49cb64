//! What a person is told when the vault does not give the secret.

use serde_json::{Value, json};

use crate::support::azure::{Azure, CLIENT_SECRET, Setup, Stored, TENANT, VAULT_URL};
use crate::support::cli::Secretctl;

fn kwargs() -> Value {
    json!({
        "vault_url": VAULT_URL, "tenant_id": TENANT,
        "client_id": "client", "client_secret": CLIENT_SECRET,
    })
}

fn with_secret(stored: Stored) -> Azure {
    Azure::start(Setup::with([("airflow-variables-hello", stored)]))
}

fn lookup(azure: &Azure) -> Secretctl {
    azure.secretctl(kwargs()).args(["get-var", "hello"])
}

#[test]
fn a_secret_that_is_not_there_is_absent() {
    let azure = Azure::start(Setup::with([]));
    lookup(&azure)
        .run()
        .fails_with(3)
        .says("airflow-variables-hello at https://myvault");
    lookup(&azure)
        .args(["--default", "fallback"])
        .run()
        .prints("fallback");
}

#[test]
fn a_deleted_secret_is_a_near_miss_that_is_asked_for_last() {
    let azure = with_secret(Stored::Deleted);
    lookup(&azure)
        .run()
        .fails_with(3)
        .says("az keyvault secret recover");
    let asked: Vec<String> = azure
        .arrived()
        .into_iter()
        .map(|arrived| arrived.url)
        .collect();
    let last = format!("{VAULT_URL}/deletedsecrets/airflow-variables-hello?api-version=2026-04-01");
    assert_eq!(asked.last(), Some(&last));
    let azure = with_secret(Stored::Value("there"));
    lookup(&azure).run().prints("there").quietly();
    assert!(!azure.was_asked(&format!("{VAULT_URL}/deletedsecrets")));
}

#[test]
fn a_disabled_secret_is_told_from_a_missing_role() {
    for (code, message, state) in [
        (
            "SecretDisabled",
            "Operation get is not allowed on a disabled secret.",
            "disabled",
        ),
        (
            "",
            "Operation get is not allowed on an expired secret.",
            "expired",
        ),
    ] {
        let output = lookup(&with_secret(Stored::Refused(code, message))).run();
        output.fails_with(8).says(&format!("the secret is {state}"));
        assert!(
            !output.stderr.contains("Key Vault Secrets User"),
            "{output}"
        );
    }
    let message = "Caller is not authorized to perform action on resource.";
    let output = lookup(&with_secret(Stored::Refused("ForbiddenByRbac", message))).run();
    output
        .fails_with(4)
        .says("role `Key Vault Secrets User` on https://myvault.vault.azure.net")
        .says("ClientSecretCredential (client id `client` of tenant")
        .says("object id `oid-of-client`");
}

#[test]
fn a_firewall_is_told_from_a_missing_role() {
    let message = "Public network access is disabled and request is not from a trusted service.";
    let output = lookup(&with_secret(Stored::Refused(
        "ForbiddenByConnection",
        message,
    )))
    .run();
    output
        .fails_with(4)
        .says("the vault's firewall refuses this machine");
}

#[test]
fn an_empty_variable_is_a_variable() {
    lookup(&with_secret(Stored::Value(""))).run().prints("");
}

#[test]
fn the_version_of_the_interface_can_be_chosen() {
    let azure = with_secret(Stored::Value("there"));
    let mut kwargs = kwargs();
    kwargs["api_version"] = json!("7.4");
    azure
        .secretctl(kwargs)
        .args(["get-var", "hello"])
        .run()
        .prints("there")
        .quietly();
    assert!(
        azure
            .arrived()
            .last()
            .unwrap()
            .url
            .ends_with("?api-version=7.4")
    );
}

#[test]
fn kwargs_that_airflow_ignores_are_told() {
    let azure = with_secret(Stored::Value("there"));
    let mut kwargs = kwargs();
    kwargs["vaultUrl"] = json!("x");
    kwargs["managed_identity_client_id"] = json!("x");
    let output = azure.secretctl(kwargs).args(["get-var", "hello"]).run();
    output
        .prints("there")
        .says("did you mean `vault_url`?")
        .says("count only all together");
}

/// Whoever answers at `vault_url` must not be handed a token for another service.
#[test]
fn a_token_for_another_service_is_not_asked_for() {
    let mut setup = Setup::with([("airflow-variables-hello", Stored::Value("there"))]);
    setup.resource = "https://graph.microsoft.com";
    let azure = Azure::start(setup);
    lookup(&azure)
        .run()
        .fails_with(5)
        .says("`graph.microsoft.com`");
    assert!(!azure.was_asked("https://login."));
    let mut kwargs = kwargs();
    kwargs["verify_challenge_resource"] = json!(false);
    azure
        .secretctl(kwargs)
        .args(["get-var", "hello"])
        .run()
        .prints("there");
}

#[test]
fn settings_that_cannot_work_are_told_without_a_request() {
    let azure = Azure::start(Setup::with([]));
    for (name, value, words) in [
        ("vault_url", json!(""), "`vault_url` is missing"),
        (
            "vault_url",
            json!("myvault.vault.azure.net"),
            "not an https:// address",
        ),
        ("sep", json!(null), "kwarg `sep`"),
        ("client_secret", json!(5), "kwarg `client_secret`"),
    ] {
        let mut kwargs = kwargs();
        kwargs[name] = value;
        azure
            .secretctl(kwargs)
            .args(["get-var", "hello"])
            .run()
            .fails_with(7)
            .says(words);
    }
    assert!(azure.arrived().is_empty());
}

/// Airflow's client fails on such an answer too, so that it says nothing of the secret.
#[test]
fn a_page_with_status_404_is_no_missing_secret() {
    let azure = with_secret(Stored::Page);
    lookup(&azure)
        .args(["--default", "fallback"])
        .run()
        .fails_with(6)
        .says("the answer, of status 404, is not Key Vault's");
}

#[test]
fn options_of_the_client_that_fail_each_of_airflows_lookups_fail_these() {
    let azure = with_secret(Stored::Value("v"));
    for (name, value) in [
        ("api_version", json!(null)),
        ("connection_timeout", json!("5")),
        ("connection_timeout", json!(0)),
        ("read_timeout", json!(true)),
        ("proxies", json!("http://proxy.example.com")),
        ("transport", json!({})),
        ("per_call_policies", json!(["policy"])),
    ] {
        let mut kwargs = kwargs();
        kwargs[name] = value;
        azure
            .secretctl(kwargs)
            .args(["get-var", "hello"])
            .run()
            .fails_with(7)
            .says(&format!("kwarg `{name}` of AzureKeyVaultBackend must be"));
    }
    let mut kwargs = kwargs();
    kwargs["read_timeout"] = json!(2.5);
    kwargs["proxies"] = json!(null);
    azure
        .secretctl(kwargs)
        .args(["get-var", "hello"])
        .run()
        .prints("v");
}

#[test]
fn explain_names_who_was_asking() {
    let azure = with_secret(Stored::Value("v"));
    let output = azure
        .secretctl(kwargs())
        .args(["explain", "var", "hello", "-o", "json"])
        .run();
    let layer = output.succeeds().json()["layers"][0].clone();
    let identity = format!(
        "as ClientSecretCredential (client id `client` of tenant `{TENANT}`, object id `oid-of-client`)"
    );
    assert_eq!(layer["asked_as"], json!(identity));
}
