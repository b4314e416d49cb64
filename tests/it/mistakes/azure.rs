//! Azure Key Vault: the client secret, the tenant, the vault's address, permissions, a private CA.

use serde_json::{Value, json};

use super::{Mistake, mistake};
use crate::support::azure::{Azure, CLIENT_SECRET, Setup, Stored, TENANT, VAULT_URL};
use crate::support::cli::{Secretctl, path_text};

const WRONG_SECRET: &str = "3c1a9f52-0451-the-id-of-the-secret";
const OTHER_TENANT: &str = "22222222-2222-2222-2222-222222222222";

fn azure(stored: Stored) -> Azure {
    Azure::start(Setup::with([("airflow-variables-hello", stored)]))
}

fn kwargs(more: &Value) -> Value {
    let mut kwargs = json!({
        "vault_url": VAULT_URL, "tenant_id": TENANT,
        "client_id": "client", "client_secret": CLIENT_SECRET,
    });
    let members = kwargs.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    kwargs
}

/// A run that trusts the stand-in by a file of its home.
fn lookup(azure: &Azure, more: &Value) -> Secretctl {
    let ca = std::fs::read(azure.ca_file()).unwrap();
    let run = azure.secretctl(kwargs(more)).file("ca.pem", ca);
    let ca = path_text(run.home().join("ca.pem"));
    run.secret(WRONG_SECRET)
        .env("SSL_CERT_FILE", &ca)
        .args(["get-var", "hello"])
}

/// Kwargs of which `wrong` are mistaken; who leaves them out finds the variable.
fn case(done: &'static str, code: i32, wrong: Value) -> Mistake {
    let azure = azure(Stored::Value("world"));
    mistake(done, code, lookup(&azure, &wrong))
        .obeyed(0, |run| run.kwargs(&kwargs(&json!({}))))
        .keeps(azure)
}

pub fn mistakes() -> Vec<Mistake> {
    let denied = azure(Stored::Refused(
        "ForbiddenByRbac",
        "Caller is not authorized to perform action on resource.",
    ));
    vec![
        private_ca(),
        case("the id of the client secret for the secret itself", 5, json!({"client_secret": WRONG_SECRET}))
            .names("ClientSecretCredential gave no token: Microsoft Entra ID refused with status 401: \"AADSTS7000215")
            .advises("copy the secret's Value, not its ID"),
        case("the wrong tenant", 5, json!({"tenant_id": OTHER_TENANT}))
            .names(format!("the vault belongs to tenant `{TENANT}`, and this credential is of tenant `{OTHER_TENANT}`"))
            .advises("set \"tenant_id\" to the tenant of the vault"),
        case("a placeholder in `vault_url`", 7, json!({"vault_url": "https://<your-vault>.vault.azure.net"}))
            .names("kwarg `vault_url` is not an https:// address")
            .advises("write it as in \"vault_url\": \"https://NAME.vault.azure.net\""),
        mistake("a permission that is missing", 4, lookup(&denied, &json!({})))
            .names("permission denied to ClientSecretCredential (client id `client`")
            .advises("give it the role `Key Vault Secrets User` on https://myvault.vault.azure.net")
            .keeps(denied),
    ]
}

/// Who names the CA for the vault is told next that the login is behind it too.
fn private_ca() -> Mistake {
    let azure = azure(Stored::Value("world"));
    let run = lookup(&azure, &json!({})).without("SSL_CERT_FILE");
    let ca = path_text(run.home().join("ca.pem"));
    mistake("a private CA", 6, run)
        .names("https://myvault.vault.azure.net: could not be reached")
        .advises(
            "name its PEM file with \"connection_verify\" in the kwargs or with REQUESTS_CA_BUNDLE",
        )
        .obeyed(0, move |run| {
            let run = run.env("REQUESTS_CA_BUNDLE", &ca);
            run.kwargs(&kwargs(&json!({"connection_verify": ca})))
        })
        .keeps(azure)
}
