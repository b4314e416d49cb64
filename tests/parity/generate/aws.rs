//! AWS: names from prefixes, separators and ids, and secrets of every shape.

use super::super::case::{Case, Family, Kind, Reply, Service};
use super::super::dice::Dice;
use super::json_text;
use super::stored::{kind, text, with_fallback};

pub const SYSTEMS_MANAGER: &str =
    "airflow.providers.amazon.aws.secrets.systems_manager.SystemsManagerParameterStoreBackend";
const SECRETS_MANAGER: &str =
    "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend";

/// Texts of variables.
const VARIABLES: &[&str] = &["x", "", "{\"value\": 1}", " x ", "é", "1"];

const IDS: &[&str] = &[
    "k", "k", "k", "a_b", "a-b", "/k", "k/", "A.B", "a/b", "é", "k k", "",
];

/// A parameter by its name.
pub fn systems_manager(dice: &mut Dice) -> Case {
    let kind = kind(dice);
    let id = dice.pick(IDS);
    let prefix = dice.pick(&[
        "\"/airflow/connections\"",
        "\"airflow\"",
        "\"\"",
        "\"/\"",
        "\"//x//\"",
        "null",
        "\"/a b\"",
        "absent",
    ]);
    let name = parameter_name(prefix, kind, id);
    let value = text(dice, kind, VARIABLES);
    let replies = match dice.below(8) {
        0 => vec![Reply::with(
            400,
            format!("GetParameter {name}"),
            r#"{"__type": "AccessDeniedException", "message": "no"}"#,
        )],
        1 => Vec::new(),
        _ => vec![Reply::ok(
            format!("GetParameter {name}"),
            format!(
                "{{\"Parameter\": {{\"Name\": \"x\", \"Type\": \"SecureString\", \"Value\": {}}}}}",
                json_text::string(dice, &value)
            ),
        )],
    };
    let kwargs = prefixes(
        prefix,
        dice.pick(&["", ", \"profile\": null", ", \"bogus\": 1"]),
    );
    client(dice, Case::new(Family::SystemsManager, kind, id))
        .backend(SYSTEMS_MANAGER, kwargs)
        .server(Service::Aws, replies)
}

/// A secret by its name, with its aliases.
pub fn secrets_manager(dice: &mut Dice) -> Case {
    let kind = kind(dice);
    let id = dice.pick(IDS);
    let prefix = dice.pick(&[
        "\"airflow/connections\"",
        "\"airflow-\"",
        "\"\"",
        "\"/\"",
        "\"x/-/\"",
        "null",
        "absent",
    ]);
    let separator = dice.pick(&[
        "absent", "absent", "\"/\"", "\"-\"", "\"/-\"", "\"\"", "\"_\"",
    ]);
    let name = secret_name(prefix, separator, kind, id);
    let place = format!("GetSecretValue {name}");
    let replies = match dice.below(10) {
        0 => {
            let code = dice.pick(&[
                "InvalidParameterException",
                "InvalidRequestException",
                "DecryptionFailure",
                "AccessDeniedException",
                "ResourceNotFoundException",
            ]);
            vec![Reply::with(
                400,
                place,
                format!("{{\"__type\": \"{code}\", \"message\": \"no\"}}"),
            )]
        }
        1 => vec![Reply::ok(place, r#"{"Name": "x", "SecretBinary": "aGk="}"#)],
        2 => Vec::new(),
        _ => {
            let value = match kind {
                Kind::Connection => aliased(dice),
                _ => text(dice, kind, VARIABLES),
            };
            vec![Reply::ok(
                place,
                format!(
                    "{{\"Name\": \"x\", \"SecretString\": {}}}",
                    json_text::string(dice, &value)
                ),
            )]
        }
    };
    let mut more = String::new();
    if separator != "absent" {
        more.push_str(&format!(", \"sep\": {separator}"));
    }
    more.push_str(&dice.mostly(
        "",
        4,
        &[
            ", \"extra_conn_words\": {\"user\": [\"usr\"], \"host\": [\"address\"]}",
            ", \"extra_conn_words\": {\"conn_type\": [\"kind\"], \"extra\": [\"more\"]}",
            ", \"extra_conn_words\": {\"nope\": [\"x\"]}",
            ", \"extra_conn_words\": {\"user\": \"usr\"}",
            ", \"extra_conn_words\": null",
            ", \"full_url_mode\": false",
        ],
    ));
    client(dice, Case::new(Family::SecretsManager, kind, id))
        .backend(SECRETS_MANAGER, prefixes(prefix, &more))
        .server(Service::Aws, replies)
}

/// Settings of a client that asks the server of the case.
pub fn client(dice: &mut Dice, case: Case) -> Case {
    let case = case
        .env("AWS_ENDPOINT_URL", "{server}")
        .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "a-secret-key")
        .env("AWS_DEFAULT_REGION", "eu-west-1");
    with_fallback(dice, case)
}

/// The three prefixes as one text, and more kwargs after them.
fn prefixes(prefix: &str, more: &str) -> String {
    if prefix == "absent" {
        return format!("{{\"api_version\": null{more}}}");
    }
    format!(
        "{{\"connections_prefix\": {prefix}, \"variables_prefix\": {prefix}, \"config_prefix\": {prefix}{more}}}"
    )
}

fn parameter_name(prefix: &str, kind: Kind, id: &str) -> String {
    let prefix = bare(prefix, "/airflow/", kind);
    let name = format!("{}/{id}", prefix.trim_end_matches('/'));
    match name.starts_with('/') {
        true => name,
        false => format!("/{name}"),
    }
}

fn secret_name(prefix: &str, separator: &str, kind: Kind, id: &str) -> String {
    let separator = match separator {
        "absent" => "/".to_owned(),
        separator => separator.trim_matches('"').to_owned(),
    };
    match bare(prefix, "airflow/", kind).as_str() {
        "" => id.to_owned(),
        prefix => format!(
            "{}{separator}{id}",
            prefix.trim_end_matches(|c| separator.contains(c))
        ),
    }
}

fn bare(prefix: &str, root: &str, kind: Kind) -> String {
    let own = match kind {
        Kind::Connection => "connections",
        Kind::Variable => "variables",
        Kind::Config => "config",
    };
    match prefix {
        "absent" => format!("{root}{own}"),
        prefix => prefix.trim_matches('"').to_owned(),
    }
}

/// A connection under the names that Secrets Manager's own forms use.
fn aliased(dice: &mut Dice) -> String {
    if dice.once_in(4) {
        return text(dice, Kind::Connection, VARIABLES);
    }
    let names = [
        "user",
        "username",
        "login",
        "user_name",
        "usr",
        "password",
        "pass",
        "key",
        "host",
        "remote_host",
        "server",
        "address",
        "port",
        "database",
        "schema",
        "conn_type",
        "conn_id",
        "connection_type",
        "engine",
        "kind",
        "extra",
        "more",
        "description",
        "uri",
        "dbname",
    ];
    let members: Vec<(String, String)> = (0..dice.below(8))
        .map(|_| {
            let name = dice.pick(&names).to_owned();
            let value = match name.as_str() {
                "port" => dice
                    .pick(&["5432", "\"5432\"", "\"x\"", "null", "0"])
                    .to_owned(),
                "extra" | "more" => dice
                    .pick(&[
                        "{\"a\": 1}",
                        "\"{\\\"a\\\": \\\"b\\\"}\"",
                        "\"\"",
                        "\"x\"",
                        "null",
                        "[]",
                    ])
                    .to_owned(),
                _ if dice.once_in(6) => json_text::value(dice, 1),
                _ => dice
                    .pick(&[
                        "\"postgres\"",
                        "\"a b\"",
                        "\"\"",
                        "\"é\"",
                        "\"postgresql\"",
                        "\"a%2Fb\"",
                    ])
                    .to_owned(),
            };
            (name, value)
        })
        .collect();
    let object = json_text::object(dice, &members);
    match dice.below(12) {
        0 => json_text::mutated(dice, &object),
        1 => format!("{}{object}", dice.pick(&[" ", "\n", "\u{a0}"])),
        _ => object,
    }
}
