//! Ids of all kinds, in the environment, in files and in Vault's paths.

use super::super::case::{Case, Family, Kind, Reply, Service};
use super::super::dice::Dice;
use super::json_text;
use super::vault::{BACKEND as VAULT, TOKEN};

const PIECES: &[&str] = &[
    "a", "A", "b", "_", "-", ".", "/", "//", "..", "../", " ", "é", "ß", "İ", "ŉ", "%", "%2F", "?",
    "#", "&", "+", ":", "@", "=", "\\", "!", "(", ")", "1", "٣", "\u{301}", "ﬁ", "😀", "___", "--",
    "\"", "'", ",", ";", "*", "~", "$", "{", "}", "[", "]", "|", "^", "<", ">", "`",
];

/// One id, and a place that holds it.
pub fn case(dice: &mut Dice) -> Case {
    let id = match dice.below(8) {
        0 => dice
            .pick(&[
                "smtp_default",
                "a.b",
                "a/b",
                "A_B",
                "my-conn",
                "a\n",
                "_team___x",
                "x___y",
                "",
                "a--b",
            ])
            .to_owned(),
        1 => "x".repeat([249, 250, 251][dice.below(3)]),
        _ => {
            let count = 1 + dice.below(4);
            (0..count).map(|_| dice.pick(PIECES)).collect()
        }
    };
    let kind = [Kind::Connection, Kind::Variable][dice.below(2)];
    let case = Case::new(Family::Ids, kind, id.clone());
    match dice.below(4) {
        0 | 1 => in_the_environment(case, kind, &id),
        2 => in_a_file(dice, case, &id),
        _ => in_vault(case, &id),
    }
}

fn in_the_environment(case: Case, kind: Kind, id: &str) -> Case {
    // Both programs make the name themselves; this one is Python's where `upper()` is simple, and another one where it is not.
    let name = id.to_uppercase();
    let case = match kind {
        Kind::Connection => case.env(format!("AIRFLOW_CONN_{name}"), "http://host"),
        _ => case.env(format!("AIRFLOW_VAR_{name}"), "value"),
    };
    // `=` and NUL cannot stand in the name of a variable.
    let unusable = |name: &str| name.contains(['=', '\0']);
    Case {
        env: case
            .env
            .into_iter()
            .filter(|(name, _)| !unusable(name))
            .collect(),
        ..case
    }
}

fn in_a_file(dice: &mut Dice, case: Case, id: &str) -> Case {
    let name = json_text::string(dice, id);
    case.file("s.json", format!("{{{name}: \"http://host\"}}"))
        .backend(
            "airflow.secrets.local_filesystem.LocalFilesystemBackend",
            r#"{"variables_file_path": "{home}/s.json", "connections_file_path": "{home}/s.json"}"#,
        )
}

/// Nothing is found there unless the path is the plain one; what counts is what is asked for.
fn in_vault(case: Case, id: &str) -> Case {
    let replies = vec![
        Reply::ok(
            format!("/v1/secret/data/connections/{id}"),
            r#"{"data": {"data": {"conn_uri": "http://host"}}}"#,
        ),
        Reply::ok(
            format!("/v1/secret/data/variables/{id}"),
            r#"{"data": {"data": {"value": "value"}}}"#,
        ),
    ];
    case.backend(
        VAULT,
        format!("{{\"url\": \"{{server}}\", \"token\": \"{TOKEN}\"}}"),
    )
    .server(Service::Vault, replies)
}
