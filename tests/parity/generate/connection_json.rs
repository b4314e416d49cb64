//! Connection JSON: fields of every type, unknown ones, and objects with a few faults.

use super::super::case::{Case, Family, Kind};
use super::super::dice::Dice;
use super::{connection_uri, json_text};

/// An environment variable that holds a connection.
pub fn case(dice: &mut Dice) -> Case {
    let mut text = object(dice);
    if dice.once_in(6) {
        text = json_text::mutated(dice, &text);
    }
    if dice.once_in(12) {
        text = format!(
            "{}{text}",
            dice.pick(&[" ", "\n", "\u{a0}", "\u{feff}", "\u{85}"])
        );
    }
    Case::new(Family::ConnectionJson, Kind::Connection, "c").env("AIRFLOW_CONN_C", text)
}

/// The text of an object with the fields of a connection.
pub fn object(dice: &mut Dice) -> String {
    let count = dice.below(8);
    let members: Vec<(String, String)> = (0..count)
        .map(|_| {
            let name = name(dice);
            let value = field(dice, &name);
            (name, value)
        })
        .collect();
    json_text::object(dice, &members)
}

fn name(dice: &mut Dice) -> String {
    let usual = [
        "conn_type",
        "conn_type",
        "host",
        "host",
        "login",
        "password",
        "password",
        "schema",
        "port",
        "port",
        "extra",
        "extra",
        "description",
    ];
    let name = dice.pick(&usual).to_owned();
    dice.mostly(
        &name,
        18,
        &[
            "uri",
            "conn_id",
            "id",
            "extra_dejson",
            "team_name",
            "user",
            "username",
            "Host",
            "is_encrypted",
            "",
            "type",
        ],
    )
}

fn field(dice: &mut Dice, name: &str) -> String {
    if dice.once_in(6) {
        return json_text::value(dice, 0);
    }
    let text = match name {
        "conn_type" => dice
            .pick(&[
                "postgres",
                "postgresql",
                "my-type",
                "http",
                "HTTP",
                "a_b",
                "",
                "é",
                "google-cloud-platform",
                "Ç-x",
            ])
            .to_owned(),
        "host" => dice
            .pick(&[
                "localhost",
                "http://localhost",
                "https://x/y",
                "postgres://h",
                "://h",
                "a://",
                "H",
                "my-type://h",
                "my_type://h",
                "a b",
                "é",
                "",
            ])
            .to_owned(),
        "uri" => connection_uri::uri(dice),
        "port" => return port(dice),
        "extra" => return extra(dice),
        _ => dice
            .pick(&[
                "u",
                "",
                "a b",
                "a@b:c/d?e#f%",
                "é",
                "😀",
                "0",
                "~._-",
                "a+b",
                " x ",
            ])
            .to_owned(),
    };
    json_text::string(dice, &text)
}

fn port(dice: &mut Dice) -> String {
    dice.pick(&[
        "5432",
        "0",
        "80.9",
        "-1",
        "true",
        "false",
        "null",
        "\"5432\"",
        "\"\"",
        "\" 80 \"",
        "\"8_0\"",
        "\"abc\"",
        "\"80.5\"",
        "[]",
        "{}",
        "[1]",
        "1e3",
        "70000",
        "\"٣\"",
        "NaN",
        "1e999",
        "\"-5\"",
        "\"+5\"",
        "\"007\"",
        "12345678901234567890123",
        "\"0x10\"",
        "\"\\n5\"",
    ])
    .to_owned()
}

/// An object, or the text of one, or of something else.
fn extra(dice: &mut Dice) -> String {
    let value = match dice.below(4) {
        0 => json_text::value(dice, 0),
        _ => {
            let members: Vec<(String, String)> = (0..dice.below(4))
                .map(|_| {
                    let name = dice
                        .pick(&["a", "b", "a", "__extra__", "é", "a b", "", "region_name"])
                        .to_owned();
                    let value = match dice.once_in(2) {
                        true => {
                            let text = dice
                                .pick(&["x", "", "1", "a b", "é", "a&b=c", "+", "true"])
                                .to_owned();
                            json_text::string(dice, &text)
                        }
                        false => json_text::value(dice, 1),
                    };
                    (name, value)
                })
                .collect();
            json_text::object(dice, &members)
        }
    };
    match dice.below(5) {
        0 => json_text::string(dice, &value),
        1 => dice
            .pick(&[
                "\"\"",
                "\"not json\"",
                "\"[1]\"",
                "\"null\"",
                "\"{}\"",
                "\"\\\"x\\\"\"",
                "\" {} \"",
                "\"{'a': 1}\"",
                "\"NaN\"",
                "\"0\"",
            ])
            .to_owned(),
        _ => value,
    }
}
