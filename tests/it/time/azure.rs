//! What Azure's credentials rest on: a certificate, a federated token, a tool of Azure's that is logged in.

use serde_json::json;

use super::{Case, check_all};
use crate::support::azure::{Azure, Setup, TENANT, VAULT_URL};
use crate::support::cli::Secretctl;

const CASES: &[Case] = &[
    Case::file("certificate.pem", |run| {
        application(run).env_path("AZURE_CLIENT_CERTIFICATE_PATH", "certificate.pem")
    }),
    Case::file("federated", |run| {
        application(run).env_path("AZURE_FEDERATED_TOKEN_FILE", "federated")
    }),
    Case::program("az", |run| alone(run, "azureclicredential")),
    Case::program("azd", |run| alone(run, "azuredeveloperclicredential")),
    Case::program("pwsh", |run| alone(run, "azurepowershellcredential")),
];

fn application(run: Secretctl) -> Secretctl {
    run.env("AZURE_TENANT_ID", TENANT)
        .env("AZURE_CLIENT_ID", "client")
}

fn alone(run: Secretctl, credential: &str) -> Secretctl {
    run.env("AZURE_TOKEN_CREDENTIALS", credential)
}

#[test]
fn credentials() {
    let azure = Azure::start(Setup::with([]));
    check_all(CASES, || azure.secretctl(json!({"vault_url": VAULT_URL})));
}
