//! Vault: mounts, paths and versions in all spellings, and secrets of every shape.

use super::super::case::{Case, Family, Kind, Reply, Service};
use super::super::dice::Dice;
use super::stored::{kind, with_fallback};
use super::{connection_json, connection_uri, json_text};

pub const BACKEND: &str = "airflow.providers.hashicorp.secrets.vault.VaultBackend";
pub const TOKEN: &str = "a-token";

/// One lookup, at a server that has the secret in some of the places where it may be.
pub fn case(dice: &mut Dice) -> Case {
    let kind = kind(dice);
    let id = dice.mostly(
        "k",
        4,
        &[
            "a/k", "mount/k", "/k", "k/", "a//k", "k k", "é", "k%2F", "../k", "a/b/k", "k?x=1",
            "k#f", ".", "..",
        ],
    );
    let version = dice.pick(&[
        "2", "1", "2", "1", "2", "null", "0", "1.0", "2.0", "\"1\"", "3", "true", "[]",
    ]);
    let mount = dice.pick(&[
        "secret", "secret", "kv", "kv/team", "/secret/", "a b", "", "null",
    ]);
    let base = dice.pick(&[
        "connections",
        "airflow/connections",
        "",
        "connections/",
        "/connections",
        "c//d",
        "null",
        "list",
        "a b",
        "c?d",
        "é",
    ]);
    let body = secret(
        dice,
        kind,
        version != "1" && version != "1.0" && version != "true",
    );
    let replies = places(dice, mount, base, &id, version)
        .into_iter()
        .map(|place| reply(dice, &place, &body))
        .collect();
    let mut case = Case::new(Family::Vault, kind, id);
    case = with_fallback(dice, case);
    let kwargs = kwargs(dice, mount, base, version);
    case.backend(BACKEND, kwargs)
        .server(Service::Vault, replies)
}

fn kwargs(dice: &mut Dice, mount: &str, base: &str, version: &str) -> String {
    let mut members = vec![
        ("url".to_owned(), {
            let address = address(dice, base);
            json_text::string(dice, &address)
        }),
        ("token".to_owned(), format!("\"{TOKEN}\"")),
    ];
    if mount != "secret" || dice.once_in(2) {
        let mount = match mount {
            "null" => "null".to_owned(),
            mount => json_text::string(dice, mount),
        };
        members.push(("mount_point".to_owned(), mount));
    }
    if version != "2" || dice.once_in(2) {
        members.push(("kv_engine_version".to_owned(), version.to_owned()));
    }
    let base = match base {
        "null" => "null".to_owned(),
        "list" => dice
            .pick(&[
                "[\"first\", \"connections\"]",
                "[]",
                "[\"connections\"]",
                "[\"\", \"first/\"]",
                "[null]",
                "[1]",
            ])
            .to_owned(),
        base => json_text::string(dice, base),
    };
    for name in ["connections_path", "variables_path", "config_path"] {
        members.push((name.to_owned(), base.clone()));
    }
    if dice.once_in(6) {
        let (name, value) = [
            ("namespace", "\"team/a\""),
            ("namespace", "null"),
            ("global_secrets_path", "\"global\""),
            ("request_header", "false"),
            ("auth_type", "\"token\""),
            ("auth_type", "\"tokn\""),
            ("bogus", "1"),
            ("timeout", "10"),
            ("allow_redirects", "false"),
            ("token", "null"),
            ("use_team_secrets_path", "false"),
            ("auth_mount_point", "\"x\""),
        ][dice.below(12)];
        members.retain(|(other, _)| other != name);
        members.push((name.to_owned(), value.to_owned()));
    }
    json_text::object(dice, &members)
}

/// The server, here and there with a path or a slash behind it, or in a form that is no address.
fn address(dice: &mut Dice, base: &str) -> String {
    let address = match base {
        "/connections" => "{server}/",
        "c//d" => "{server}/vault",
        _ => "{server}",
    };
    dice.mostly(
        address,
        8,
        &[
            "{server}\n",
            "{server} ",
            " {server}",
            "{server}?a=b",
            "{server}#f",
            "http:/x",
            "http:x",
            "x",
            "",
            "ftp://x",
            "http://",
            "{server}/v 1",
            "{server}//",
            "{server}\\x",
            "{server}:80",
            "http://a b",
            "https:///x",
            "HTTP://\tx",
            "{server}/%2e%2e/x",
            "{server}/../x",
        ],
    )
}

/// The targets that may be asked for the secret.
fn places(dice: &mut Dice, mount: &str, base: &str, id: &str, version: &str) -> Vec<String> {
    let mount = mount.trim_matches('/').replace(' ', "%20");
    let base = match base {
        "null" => String::new(),
        "list" => "connections/".to_owned(),
        "" => String::new(),
        base => format!(
            "{}/",
            base.trim_matches('/')
                .replace(' ', "%20")
                .replace("//", "/")
                .replace('?', "%3F")
                .replace('é', "%C3%A9")
        ),
    };
    let data = match version {
        "1" | "1.0" | "true" => "",
        _ => "data/",
    };
    let id = id
        .replace(' ', "%20")
        .replace('é', "%C3%A9")
        .replace("//", "/");
    let (mount, id) = match mount.as_str() {
        "" | "null" => match id.split_once('/') {
            Some((mount, rest)) => (mount.to_owned(), rest.to_owned()),
            None => ("secret".to_owned(), id),
        },
        mount => (mount.to_owned(), id),
    };
    let prefix = if base.starts_with("c/d") {
        "/vault"
    } else {
        ""
    };
    let place = format!("{prefix}/v1/{mount}/{data}{base}{id}");
    match dice.below(8) {
        0 => Vec::new(),
        1 => vec![format!("{prefix}/v1/{mount}/{data}first/{id}"), place],
        _ => vec![place],
    }
}

fn reply(dice: &mut Dice, place: &str, body: &str) -> Reply {
    match dice.below(14) {
        0 => Reply::with(404, place, r#"{"errors": []}"#),
        1 => Reply::with(403, place, r#"{"errors": ["permission denied"]}"#),
        2 => Reply::with(
            [400, 405, 501][dice.below(3)],
            place,
            r#"{"errors": ["no"]}"#,
        ),
        3 => Reply::with(
            404,
            place,
            r#"{"data": {"data": null, "metadata": {"deletion_time": "2024-01-01T00:00:00Z", "destroyed": false, "version": 2}}}"#,
        ),
        4 => Reply::ok(
            place,
            dice.pick(&[
                "",
                "{}",
                "[]",
                "null",
                "x",
                "{\"data\": null}",
                "{\"data\": {}}",
                "{\"data\": {\"data\": null}}",
                "{\"data\": []}",
                "<html>",
            ]),
        ),
        _ => Reply::ok(place, body),
    }
}

/// A secret in the envelope of its version.
fn secret(dice: &mut Dice, kind: Kind, second: bool) -> String {
    let fields = match kind {
        Kind::Connection => connection(dice),
        _ => variable(dice),
    };
    match second {
        true => format!(
            r#"{{"request_id": "r", "data": {{"data": {fields}, "metadata": {{"version": 1}}}}}}"#
        ),
        false => format!(r#"{{"request_id": "r", "data": {fields}}}"#),
    }
}

fn connection(dice: &mut Dice) -> String {
    if dice.once_in(2) {
        return connection_json::object(dice);
    }
    let value = match dice.below(8) {
        0 => json_text::value(dice, 1),
        _ => {
            let uri = connection_uri::uri(dice);
            json_text::string(dice, &uri)
        }
    };
    let mut members = vec![("conn_uri".to_owned(), value)];
    if dice.once_in(4) {
        members.push(("host".to_owned(), "\"h\"".to_owned()));
    }
    json_text::object(dice, &members)
}

fn variable(dice: &mut Dice) -> String {
    let name = dice.mostly("value", 6, &["Value", "val", "conn_uri", ""]);
    let value = json_text::value(dice, 0);
    match dice.once_in(10) {
        true => "{}".to_owned(),
        false => json_text::object(dice, &[(name, value)]),
    }
}
