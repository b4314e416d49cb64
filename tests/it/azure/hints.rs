//! What a person is advised to do when nobody could log in: by Entra's own codes, and only what helps when it is done.

use serde_json::{Value, json};

use crate::support::azure::{Azure, Setup, Stored, TENANT, VAULT_URL};
use crate::support::cli::{Output, Secretctl};
use crate::support::fake_server::{FakeServer, Response};

/// It shares no word with what Entra says.
const CLIENT_SECRET: &str = "Zk4~8Qj.9x7vLw2mRt5";
const SET_VARIABLES: &str = "set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET";
const RUN_AZ_LOGIN: &str = "run `az login`";

fn setup() -> Setup {
    let error = json!({"error": "invalid_request", "error_description": "Identity not found"});
    Setup {
        no_identity: Some((400, error)),
        ..Setup::with([("airflow-variables-hello", Stored::Value("there"))])
    }
}

fn lookup(azure: &Azure, mut kwargs: Value) -> Secretctl {
    kwargs["vault_url"] = json!(VAULT_URL);
    azure.secretctl(kwargs).args(["get-var", "hello"])
}

fn application() -> Value {
    json!({"tenant_id": TENANT, "client_id": "client", "client_secret": CLIENT_SECRET})
}

fn hints(output: &Output) -> Vec<&str> {
    let lines = output.stderr.lines();
    lines
        .filter_map(|line| line.strip_prefix("hint: "))
        .collect()
}

/// From the kwargs no variable helps, and from the environment they are set already.
#[test]
fn entra_s_codes_tell_what_to_do() {
    for (words, hint) in [
        (
            "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent is the value.",
            "copy the secret's Value, not its ID",
        ),
        (
            "AADSTS7000222: The provided client secret keys for app 'client' are expired.",
            "the client secret has expired",
        ),
        (
            "AADSTS700016: Application with identifier 'client' was not found in the directory.",
            "there is no such application in this tenant",
        ),
        (
            "AADSTS90002: Tenant '11111111-1111-1111-1111-111111111111' not found.",
            "there is no such tenant",
        ),
        (
            "AADSTS700213: No matching federated identity record found for presented assertion subject.",
            "check its issuer and subject",
        ),
    ] {
        let azure = Azure::start(Setup {
            no_login: Some(words),
            ..setup()
        });
        let by_environment = lookup(&azure, json!({}))
            .env("AZURE_TENANT_ID", TENANT)
            .env("AZURE_CLIENT_ID", "client")
            .env("AZURE_CLIENT_SECRET", CLIENT_SECRET);
        for run in [lookup(&azure, application()), by_environment] {
            let output = run.run();
            output.fails_with(5).says(words);
            let hints = hints(&output);
            assert_eq!(hints.len(), 1, "{output}");
            assert!(hints[0].contains(hint), "{output}");
        }
    }
}

#[test]
fn a_refusal_that_nobody_knows_has_no_hint() {
    let azure = Azure::start(Setup {
        no_login: Some("AADSTS53003: Access has been blocked by Conditional Access policies."),
        ..setup()
    });
    let output = lookup(&azure, application()).run();
    output.fails_with(5).says("AADSTS53003");
    assert!(hints(&output).is_empty(), "{output}");
}

#[test]
fn a_vault_of_another_tenant_names_the_setting() {
    let azure = Azure::start(setup());
    let mut kwargs = application();
    kwargs["tenant_id"] = json!("common");
    let output = lookup(&azure, kwargs).run();
    output
        .fails_with(5)
        .says("this credential is of tenant `common`")
        .says("hint: set \"tenant_id\" to the tenant of the vault, letter by letter");
}

/// What `AZURE_TOKEN_CREDENTIALS` leaves out is not looked at.
#[test]
fn nobody_is_sent_to_a_credential_that_is_left_out() {
    let azure = Azure::start(setup());
    for (credentials, hint) in [
        ("", format!("{SET_VARIABLES}, or {RUN_AZ_LOGIN}")),
        ("prod", SET_VARIABLES.to_owned()),
        ("dev", RUN_AZ_LOGIN.to_owned()),
        ("EnvironmentCredential", SET_VARIABLES.to_owned()),
        ("AzureCliCredential", RUN_AZ_LOGIN.to_owned()),
        (
            "ManagedIdentityCredential",
            "`AZURE_TOKEN_CREDENTIALS` lets no other credential try; unset it for the others"
                .to_owned(),
        ),
    ] {
        let run = lookup(&azure, json!({})).env("AZURE_TOKEN_CREDENTIALS", credentials);
        let output = run.run();
        output.fails_with(5);
        assert_eq!(hints(&output), [hint], "{credentials}: {output}");
    }
}

/// `connection_verify` holds for the vault alone, as in Airflow.
#[test]
fn a_login_behind_a_private_authority_is_told_the_variable() {
    let azure = Azure::start(setup());
    let mut kwargs = application();
    kwargs["connection_verify"] = json!(azure.ca_file());
    let output = lookup(&azure, kwargs)
        .env("SSL_CERT_FILE", "/dev/null")
        .run();
    output
        .fails_with(6)
        .says("ClientSecretCredential gave no token: could not be reached")
        .says("hint: the server's certificate is signed by a CA that is not trusted here; name its PEM file with REQUESTS_CA_BUNDLE");
}

#[test]
fn whatever_else_answers_in_a_platform_s_place_is_unreachable() {
    let azure = Azure::start(setup());
    let page = FakeServer::start(|_| Some(Response::html(404)));
    let output = lookup(&azure, json!({}))
        .env("IDENTITY_ENDPOINT", &page.url())
        .env("IDENTITY_HEADER", "hdr")
        .run();
    output
        .fails_with(6)
        .says("the answer of `IDENTITY_ENDPOINT` is not App Service's");
}
