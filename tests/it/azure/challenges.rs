//! What the vault says before it gives a secret, as a whole run meets it.

use serde_json::json;

use crate::support::azure::{Azure, CLIENT_SECRET, Setup, Stored, TENANT, VAULT_URL};

/// Continuous access evaluation: the vault takes a token back before its time, and at once.
#[test]
fn a_vault_that_wants_claims_gets_them() {
    let azure = Azure::start(Setup {
        wants_claims: true,
        ..Setup::with([("airflow-variables-hello", Stored::Value("there"))])
    });
    let kwargs = json!({
        "vault_url": VAULT_URL, "tenant_id": TENANT,
        "client_id": "client", "client_secret": CLIENT_SECRET,
    });
    azure
        .secretctl(kwargs)
        .secret(&azure.token_with_claims("client"))
        .args(["get-var", "hello"])
        .run()
        .prints("there")
        .quietly();
    let asked = azure.arrived();
    let methods: Vec<&str> = asked.iter().map(|asked| &*asked.request.method).collect();
    assert_eq!(methods, ["GET", "POST", "GET", "POST", "GET"]);
}
