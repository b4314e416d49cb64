//! Local secrets files: env, JSON and YAML, with every type where text is due.

use super::super::case::{Case, Family, Kind};
use super::super::dice::Dice;
use super::stored::with_fallback;
use super::{connection_json, connection_uri, json_text};

const LOCAL: &str = "airflow.secrets.local_filesystem.LocalFilesystemBackend";

/// A lookup in one file; the environment has the secret too, so that the fall-through shows.
pub fn case(dice: &mut Dice) -> Case {
    let (kind, kwarg) = [
        (Kind::Connection, "connections_file_path"),
        (Kind::Connection, "connections_file_path"),
        (Kind::Variable, "variables_file_path"),
        (Kind::Variable, "variables_file_path"),
        (Kind::Config, "configs_file_path"),
    ][dice.below(5)];
    let format = dice.pick(&["env", "json", "yaml"]);
    let content = match format {
        "env" => env_file(dice, kind),
        "json" => json_file(dice, kind),
        _ => yaml_file(dice, kind),
    };
    let extension = match format {
        "yaml" => dice.pick(&["yaml", "yml", "YAML"]),
        other => other,
    };
    let name = match dice.below(14) {
        0 => format!(".{extension}"),
        1 => format!("s.{}", extension.to_uppercase()),
        2 => dice
            .pick(&[
                "secrets",
                "s.txt",
                "s.",
                ".hidden.json",
                "s.json.bak",
                "s.env.yaml",
                "env",
            ])
            .to_owned(),
        _ => format!("s.{extension}"),
    };
    let mut case = Case::new(
        Family::LocalFilesystem,
        kind,
        dice.mostly("k", 8, &["K", "a", "", "1", "true", "k "]),
    );
    case = with_fallback(dice, case);
    if dice.once_in(30) {
        return case.backend(
            LOCAL,
            format!("{{\"{kwarg}\": \"{{home}}/missing.{extension}\"}}"),
        );
    }
    case.backend(LOCAL, format!("{{\"{kwarg}\": \"{{home}}/{name}\"}}"))
        .file(&name, content)
}

fn env_file(dice: &mut Dice, kind: Kind) -> String {
    (0..dice.below(5))
        .map(|_| {
            let key = dice.mostly(
                "k",
                3,
                &[
                    "a",
                    "",
                    "K",
                    " k",
                    "export k",
                    "k ",
                    "é",
                    "1",
                    "#k",
                    "\u{feff}k",
                ],
            );
            let value = match kind {
                Kind::Connection if !dice.once_in(4) => connection_uri::uri(dice),
                _ => dice
                    .pick(&[
                        "1",
                        "",
                        " x ",
                        "\"quoted\"",
                        "a=b",
                        "é",
                        "{\"a\": 1}",
                        "x # c",
                        "$HOME",
                        "\u{2028}",
                        "\u{1c}y",
                    ])
                    .to_owned(),
            };
            let line = dice.mostly(
                &format!("{key}={value}"),
                8,
                &[
                    "# comment",
                    "  # indented",
                    "",
                    "   ",
                    "no equals sign",
                    "=",
                ],
            );
            let end = dice.mostly("\n", 12, &["\r\n", "\r", "\u{b}", "\u{85}", "\n\n", ""]);
            format!("{line}{end}")
        })
        .collect()
}

fn json_file(dice: &mut Dice, kind: Kind) -> String {
    let count = dice.below(4);
    let members: Vec<(String, String)> = (0..=count)
        .map(|_| {
            let name = dice.mostly("k", 3, &["a", "K", "", "1", "k "]);
            (name, json_entry(dice, kind))
        })
        .collect();
    let object = json_text::object(dice, &members);
    match dice.below(12) {
        0 => json_text::mutated(dice, &object),
        1 => dice
            .pick(&[
                "",
                "{}",
                "[]",
                "null",
                "1",
                " ",
                "\"x\"",
                "\u{feff}{}",
                "[1]",
            ])
            .to_owned(),
        _ => object,
    }
}

fn json_entry(dice: &mut Dice, kind: Kind) -> String {
    if kind != Kind::Connection {
        return json_text::value(dice, 0);
    }
    match dice.below(8) {
        0 => json_text::value(dice, 1),
        1 | 2 => {
            let uri = connection_uri::uri(dice);
            json_text::string(dice, &uri)
        }
        3 => {
            let uri = connection_uri::uri(dice);
            let first = json_text::string(dice, &uri);
            match dice.once_in(2) {
                true => format!("[{first}]"),
                false => format!("[{first}, {}]", json_text::value(dice, 2)),
            }
        }
        4 => {
            let text = connection_json::object(dice);
            json_text::string(dice, &text)
        }
        5 => {
            let text = connection_json::object(dice);
            let conn_id = dice.pick(&["\"k\"", "\"a\"", "1"]);
            let comma = if text.contains(':') { "," } else { "" };
            text.replacen('{', &format!("{{\"conn_id\": {conn_id}{comma}"), 1)
        }
        6 => {
            let text = connection_json::object(dice);
            text.replace("\"description\"", "\"extra_dejson\"")
        }
        _ => connection_json::object(dice),
    }
}

/// YAML: JSON is YAML too, and the rest is written by hand here.
fn yaml_file(dice: &mut Dice, kind: Kind) -> String {
    if dice.once_in(5) {
        return json_file(dice, kind);
    }
    let mut text = String::new();
    if dice.once_in(8) {
        text.push_str(dice.pick(&[
            "---\n",
            "# comment\n",
            "%YAML 1.1\n---\n",
            "\u{feff}",
            "--- !!map\n",
        ]));
    }
    for _ in 0..1 + dice.below(4) {
        let key = dice.mostly(
            "k",
            3,
            &[
                "a",
                "K",
                "1",
                "true",
                "\"k\"",
                "'k'",
                "? k\n",
                "null",
                "~",
                "2024-01-01",
                "!!str k",
                "k ",
            ],
        );
        text.push_str(&format!("{key}:{}\n", yaml_entry(dice, kind)));
    }
    if dice.once_in(10) {
        text = dice.mutated(
            &text,
            &[
                "\n", " ", ":", "-", "&x ", "*x", "\t", "#", "'", "\"", "{", "[", "!", "|", ">",
                "%", "?", "<<: *x\n",
            ],
        );
    }
    text
}

fn yaml_entry(dice: &mut Dice, kind: Kind) -> String {
    if kind == Kind::Connection && !dice.once_in(3) {
        return match dice.below(3) {
            0 => format!(" {}", connection_uri::uri(dice)),
            1 => {
                let fields: String = (0..1 + dice.below(4))
                    .map(|_| {
                        let name = dice.mostly(
                            "host",
                            2,
                            &[
                                "conn_type",
                                "login",
                                "password",
                                "port",
                                "schema",
                                "extra",
                                "extra_dejson",
                                "description",
                                "conn_id",
                                "uri",
                                "x",
                            ],
                        );
                        format!("\n  {name}: {}", scalar(dice))
                    })
                    .collect();
                fields
            }
            _ => format!("\n  - {}", scalar(dice)),
        };
    }
    match dice.below(6) {
        0 => format!("\n  - {}\n  - {}", scalar(dice), scalar(dice)),
        1 => format!("\n  a: {}\n  b: {}", scalar(dice), scalar(dice)),
        2 => dice
            .pick(&[
                " |\n  line\n  line",
                " >-\n  folded\n  text",
                " |+\n  kept\n\n",
                " >\n   more\n  less",
            ])
            .to_owned(),
        3 => format!(" &anchor {}\nother: *anchor", scalar(dice)),
        _ => format!(" {}", scalar(dice)),
    }
}

fn scalar(dice: &mut Dice) -> String {
    dice.pick(&[
        "x",
        "1",
        "0x1F",
        "017",
        "0o17",
        "0b101",
        "1_000",
        "1.5",
        "1e3",
        "1.e+3",
        ".5",
        ".inf",
        "-.inf",
        ".nan",
        "yes",
        "no",
        "on",
        "off",
        "y",
        "true",
        "True",
        "TRUE",
        "null",
        "~",
        "",
        "Null",
        "2024-01-01",
        "2024-01-01 10:00:00",
        "2024-01-01T10:00:00Z",
        "2024-01-01 1:2:3.5 +05:30",
        "12:30:45",
        "1:2",
        "'single'",
        "\"double\\n\"",
        "\"\\x41\\u00e9\"",
        "a: b",
        "a #c",
        "a#c",
        "[a, b]",
        "{a: 1}",
        "[]",
        "{}",
        "!!str 1",
        "!!int '1'",
        "!!float 1",
        "!!bool yes",
        "!!binary aGk=",
        "!!set {a, b}",
        "!!omap [a: 1]",
        "!custom x",
        "@x",
        "%x",
        "`x",
        "- x",
        "é",
        "2024-13-01",
        "+1",
        "-0",
        "0",
        "09",
        "1__0",
        "_1",
        "=",
        "<<",
        "0x",
        "1e5",
        "+.inf",
        "\"a\nb\"",
    ])
    .to_owned()
}
