//! Azure Key Vault: names that are built from prefix, separator and id, and checked before anything is asked.

use serde_json::json;

use super::super::case::{Case, Family, Reply, Service};
use super::super::dice::Dice;
use super::json_text;
use super::stored::{IDS, VARIABLES, kind, text, with_fallback};

/// Key Vault: `_` becomes the separator everywhere, and what is no name of a secret is not asked for.
pub fn case(dice: &mut Dice) -> Case {
    let kind = kind(dice);
    let id = dice.pick(IDS);
    let prefix = dice.pick(&[
        "airflow-connections",
        "airflow_connections",
        "",
        "a-",
        "a--",
        "a-_",
        "null",
        "a.b",
        "_",
        "A",
    ]);
    let separator = dice.pick(&["-", "-", "-", "", "--", "_", ".", "-_", "ab"]);
    let name = match prefix {
        "" | "null" => id.to_owned(),
        prefix => format!(
            "{}{separator}{id}",
            prefix.trim_end_matches(|c| separator.contains(c))
        ),
    };
    let name = name.replace('_', separator);
    let value = text(dice, kind, VARIABLES);
    let place = format!("/secrets/{name}/");
    let replies = match dice.below(8) {
        0 => vec![Reply::with(403, place, r#"{"error": {"code": "Forbidden", "message": "no", "innererror": {"code": "SecretDisabled"}}}"#)],
        1 => Vec::new(),
        _ => vec![Reply::ok(
            place,
            json!({"value": value, "id": format!("https://127.0.0.1/secrets/{name}/0123"), "attributes": {"enabled": true}}).to_string(),
        )],
    };
    let prefix = match prefix {
        "null" => "null".to_owned(),
        prefix => json_text::string(dice, prefix),
    };
    let kwargs = format!(
        "{{\"vault_url\": \"{{server}}{}\", \"verify_challenge_resource\": false, \"connections_prefix\": {prefix}, \"variables_prefix\": {prefix}, \
         \"config_prefix\": {prefix}, \"sep\": {}, \"tenant_id\": \"tenant\", \"client_id\": \"client\", \"client_secret\": \"a-secret\"}}",
        dice.pick(&["", "/", " ", "//"]),
        json_text::string(dice, separator),
    );
    with_fallback(dice, Case::new(Family::AzureKeyVault, kind, id))
        .env("REQUESTS_CA_BUNDLE", "{home}/ca.pem")
        .env("AZURE_AUTHORITY_HOST", "{server}")
        .backend(
            "airflow.providers.microsoft.azure.secrets.key_vault.AzureKeyVaultBackend",
            kwargs,
        )
        .server(Service::AzureKeyVault, replies)
}
