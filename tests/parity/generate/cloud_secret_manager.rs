//! Google Cloud Secret Manager: prefixes and separators that the constructor takes or refuses, ids that are names or none, and
//! every answer of the service.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::super::case::{Case, Family, Kind, Reply, Service};
use super::super::dice::Dice;
use super::super::support::secret_manager;
use super::json_text;
use super::stored::{IDS, VARIABLES, kind, text, with_fallback};

/// Secret Manager: prefixes are joined as they are, and only the one for connections is checked.
pub fn case(dice: &mut Dice) -> Case {
    let kind = kind(dice);
    let id = dice.pick(IDS);
    let prefix = dice.mostly(
        "airflow-connections",
        2,
        &["airflow", "a_b", "", "a-", "null", "a.b", "a b", "é", "a\n"],
    );
    let separator = dice.mostly("-", 3, &["_", "", "/", "--", ".", "\n"]);
    let key = secret_manager::key().to_string();
    let prefix = match prefix.as_str() {
        "null" => "null".to_owned(),
        prefix => json_text::string(dice, prefix),
    };
    let kwargs = format!(
        "{{\"connections_prefix\": {prefix}, \"variables_prefix\": {prefix}, \"config_prefix\": {prefix}, \"sep\": {}, \"gcp_keyfile_dict\": {key}{}}}",
        json_text::string(dice, &separator),
        dice.pick(&[
            "",
            "",
            ", \"project_id\": \"other\"",
            ", \"project_id\": \"\"",
            ", \"project_id\": null",
            ", \"bogus\": 1"
        ]),
    );
    let project = if kwargs.contains("\"other\"") {
        "other"
    } else {
        secret_manager::PROJECT
    };
    let name = format!("{}{separator}{id}", prefix.trim_matches('"'));
    let replies = vec![google_reply(
        dice,
        kind,
        format!("/v1/projects/{project}/secrets/{name}/versions/latest:access"),
    )];
    with_fallback(dice, Case::new(Family::CloudSecretManager, kind, id))
        .env("CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER", "{server}/")
        .backend(
            "airflow.providers.google.cloud.secrets.secret_manager.CloudSecretManagerBackend",
            kwargs,
        )
        .server(Service::CloudSecretManager, replies)
}

fn google_reply(dice: &mut Dice, kind: Kind, place: String) -> Reply {
    let error = |code: u16, status: &str| {
        json!({"error": {"code": code, "status": status, "message": "no"}}).to_string()
    };
    match dice.below(8) {
        0 => Reply::with(403, place, error(403, "PERMISSION_DENIED")),
        1 => Reply::with(400, place, error(400, "FAILED_PRECONDITION")),
        2 => Reply::with(400, place, error(400, "INVALID_ARGUMENT")),
        3 => Reply::ok(
            place,
            json!({"name": "x", "payload": {"data": STANDARD.encode([0xff, 0xfe])}}).to_string(),
        ),
        _ => {
            let text = text(dice, kind, VARIABLES);
            Reply::ok(
                place,
                json!({"name": "x", "payload": {"data": STANDARD.encode(text)}}).to_string(),
            )
        }
    }
}
