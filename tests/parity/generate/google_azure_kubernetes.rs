//! Google Cloud, Azure and Kubernetes: how their names are built, checked and asked for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::super::case::{Case, Family, Kind, Reply, Service};
use super::super::dice::Dice;
use super::super::support::secret_manager;
use super::{connection_json, connection_uri, json_text};

const IDS: &[&str] = &[
    "k",
    "k",
    "smtp_default",
    "smtp-default",
    "a.b",
    "a/b",
    "é",
    "A_B",
    "k k",
    "",
    "a--b",
    "_team___x",
    "k\n",
];

/// Secret Manager: prefixes are joined as they are, and only the one for connections is checked.
pub fn cloud_secret_manager(dice: &mut Dice) -> Case {
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
            let text = text(dice, kind);
            Reply::ok(
                place,
                json!({"name": "x", "payload": {"data": STANDARD.encode(text)}}).to_string(),
            )
        }
    }
}

/// Key Vault: `_` becomes the separator everywhere, and what is no name of a secret is not asked for.
pub fn azure_key_vault(dice: &mut Dice) -> Case {
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
    let value = text(dice, kind);
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

/// Kubernetes: a label holds the id.
pub fn kubernetes_secrets(dice: &mut Dice) -> Case {
    let kind = kind(dice);
    let id = dice.pick(IDS);
    let label = dice.pick(&["absent", "absent", "\"my/label\"", "null", "\"\""]);
    let team = dice.pick(&["absent", "absent", "null", "\"team\""]);
    let data_key = dice.pick(&["absent", "absent", "\"other\""]);
    let own = match kind {
        Kind::Connection => "connection-id",
        Kind::Variable => "variable-key",
        Kind::Config => "config-key",
    };
    let label_name = match label {
        "absent" => format!("airflow.apache.org/{own}"),
        label => label.trim_matches('"').to_owned(),
    };
    let selector = match team {
        "absent" => format!("{label_name}={id},!airflow.apache.org/team"),
        "null" => format!("{label_name}={id}"),
        team => format!("{label_name}={id},!{}", team.trim_matches('"')),
    };
    let reply = secret_list(
        dice,
        kind,
        format!("/api/v1/namespaces/airflow/secrets {selector}"),
    );
    let mut kwargs = "{\"namespace\": \"airflow\"".to_owned();
    for (name, value) in [
        ("connections", label),
        ("variables", label),
        ("config", label),
    ] {
        if value != "absent" {
            kwargs.push_str(&format!(", \"{name}_label\": {value}"));
        }
        if data_key != "absent" {
            kwargs.push_str(&format!(", \"{name}_data_key\": {data_key}"));
        }
    }
    if team != "absent" {
        kwargs.push_str(&format!(", \"team_label\": {team}"));
    }
    kwargs.push('}');
    let kubeconfig = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "ci",
        "contexts": [{"name": "ci", "context": {"cluster": "test", "user": "robot"}}],
        "clusters": [{"name": "test", "cluster": {"server": "{server}"}}],
        "users": [{"name": "robot", "user": {"token": "a-token"}}],
    });
    with_fallback(dice, Case::new(Family::Kubernetes, kind, id))
        .env("KUBECONFIG", "{home}/kubeconfig")
        .env("SECRETCTL_PARITY_KUBERNETES", "{server}")
        .file("kubeconfig", kubeconfig.to_string())
        .backend("airflow.providers.cncf.kubernetes.secrets.kubernetes_secrets_backend.KubernetesSecretsBackend", kwargs)
        .server(Service::Kubernetes, vec![reply])
}

fn secret_list(dice: &mut Dice, kind: Kind, place: String) -> Reply {
    let secret = |data: serde_json::Value| json!({"metadata": {"name": "s"}, "data": data});
    let value = STANDARD.encode(text(dice, kind));
    let items = match dice.below(8) {
        0 => vec![],
        1 => vec![
            secret(json!({"value": value, "other": value})),
            secret(json!({"value": "eA=="})),
        ],
        2 => vec![secret(json!(null))],
        3 => vec![secret(json!({"else": value}))],
        4 => vec![secret(
            json!({"value": STANDARD.encode([0xff]), "other": "!"}),
        )],
        _ => vec![secret(json!({"value": value, "other": value}))],
    };
    let list = json!({"apiVersion": "v1", "kind": "SecretList", "metadata": {"resourceVersion": "1"}, "items": items});
    match dice.once_in(10) {
        true => {
            let refusal = json!({"kind": "Status", "status": "Failure", "reason": "Forbidden", "message": "no", "code": 403});
            Reply::with(403, place, refusal.to_string())
        }
        false => Reply::ok(place, list.to_string()),
    }
}

fn kind(dice: &mut Dice) -> Kind {
    [
        Kind::Connection,
        Kind::Connection,
        Kind::Variable,
        Kind::Config,
    ][dice.below(4)]
}

fn text(dice: &mut Dice, kind: Kind) -> String {
    match kind {
        Kind::Connection if dice.once_in(2) => connection_json::object(dice),
        Kind::Connection => connection_uri::uri(dice),
        _ => dice
            .pick(&["x", "", "{\"value\": 1}", " x ", "é"])
            .to_owned(),
    }
}

fn with_fallback(dice: &mut Dice, case: Case) -> Case {
    match dice.once_in(2) {
        true => case
            .env("AIRFLOW_VAR_K", "from the environment")
            .env("AIRFLOW_CONN_K", "http://from-the-environment"),
        false => case,
    }
}
