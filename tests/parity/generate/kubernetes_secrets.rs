//! Kubernetes secrets: labels that hold the id, and lists of secrets of every shape.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::super::case::{Case, Family, Kind, Reply, Service};
use super::super::dice::Dice;
use super::stored::{IDS, VARIABLES, kind, text, with_fallback};

/// Kubernetes: a label holds the id.
pub fn case(dice: &mut Dice) -> Case {
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
    let value = STANDARD.encode(text(dice, kind, VARIABLES));
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
