//! Connection URIs: every rule of Python's `urlsplit` and Airflow's own, and real URIs with a few faults.

use super::super::case::{Case, Family, Kind};
use super::super::dice::Dice;

/// What people write.
const REAL: &[&str] = &[
    "postgres://airflow:airflow@postgres:5432/airflow",
    "postgresql+psycopg2://user:p%40ss@db.example.com/warehouse?sslmode=require",
    "smtps://user:host@relay.example.com:465",
    "aws://AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI%2FK7MDENG@/?region_name=eu-west-1",
    "google-cloud-platform://?key_path=%2Fkeys%2Fkey.json&scope=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fcloud-platform&project=airflow&num_retries=5",
    "http://https%3A%2F%2Fexample.com/https?a=1&b=true",
    "http://https://example.com:8080/path",
    "mysql://root:@127.0.0.1:3306/db?charset=utf8mb4&ssl=%7B%22ca%22%3A+%22%2Fca.pem%22%7D",
    "redis://:secret@[::1]:6379/0",
    "snowflake://user:pa$$word@/schema?__extra__=%7B%22account%22%3A+%22a%22%2C+%22n%22%3A+1%7D",
    "kubernetes://?extra__kubernetes__in_cluster=True&extra__kubernetes__namespace=airflow",
    "ssh://git@bastion.Example.COM?key_file=~/.ssh/id_rsa&no_host_key_check=true",
    "fs:///path/to/files",
    "spark://local%5B*%5D",
    "databricks://token:dapi123@adb-1.azuredatabricks.net?http_path=/sql/1.0/x&port=443",
];

const ODD: &[&str] = &[
    ":", "/", "//", "://", "@", "?", "#", "&", "=", "%", "%2F", "%40", "%3A", "%zz", "%E9",
    "%C3%A9", "+", " ", "\t", "\n", "[", "]", "é", "ß", "İ", "ǅ", "\u{2100}", "\u{ff0f}", "0", "-",
    "_", ".", "A", "http", "\\", ";", "\u{85}", "\u{1}", "\u{feff}", "\"", "'", "{", "}", "~", "1",
    "٣", "\u{a0}",
];

/// An environment variable that holds a connection.
pub fn case(dice: &mut Dice) -> Case {
    Case::new(Family::ConnectionUri, Kind::Connection, "c").env("AIRFLOW_CONN_C", uri(dice))
}

/// A URI, well formed or nearly so.
pub fn uri(dice: &mut Dice) -> String {
    match dice.below(10) {
        0..6 => from_grammar(dice),
        6..9 => {
            let real = dice.pick(REAL).to_owned();
            dice.mutated(&real, ODD)
        }
        _ => {
            let made = from_grammar(dice);
            dice.mutated(&made, ODD)
        }
    }
}

fn from_grammar(dice: &mut Dice) -> String {
    let scheme = dice.pick(&[
        "postgres",
        "postgresql",
        "http",
        "https",
        "HTTP",
        "my-type",
        "google-cloud-platform",
        "a_b",
        "s3+x",
        "x.y",
        "",
        "1a",
        "é",
        "aws",
        "Postgres",
        "-a",
        "A-B_c",
    ]);
    let separator = dice.mostly("://", 12, &[":", "//", ":///", "", ":/", "::/"]);
    let mut uri = format!("{scheme}{separator}");
    if dice.once_in(5) {
        uri.push_str(dice.pick(&[
            "http://",
            "https://",
            "postgres://",
            "HTTPS://",
            "x://",
            "://",
            "a_b://",
            "é://",
            "my-type://",
            "my_type://",
        ]));
    }
    uri.push_str(&userinfo(dice));
    uri.push_str(&host(dice));
    uri.push_str(&port(dice));
    uri.push_str(&path(dice));
    uri.push_str(&query(dice));
    if dice.once_in(12) {
        uri.push('#');
        uri.push_str(&word(dice));
    }
    if dice.once_in(25) {
        uri.insert_str(
            0,
            dice.pick(&[" ", "\n", "\u{a0}", "\u{feff}", "\u{1}", "\t"]),
        );
    }
    if dice.once_in(25) {
        uri.push_str(dice.pick(&[" ", "\n", "\u{2003}", "\r\n"]));
    }
    uri
}

fn userinfo(dice: &mut Dice) -> String {
    match dice.below(8) {
        0 | 1 => String::new(),
        2 => format!("{}@", word(dice)),
        3 => format!(":{}@", word(dice)),
        4 => dice
            .pick(&["@", ":@", "a@b@", "a:b:c@", "a/b:c@", "a?b@", "a#b@"])
            .to_owned(),
        _ => format!("{}:{}@", word(dice), word(dice)),
    }
}

fn host(dice: &mut Dice) -> String {
    match dice.below(10) {
        0 => String::new(),
        1 => dice
            .pick(&[
                "[::1]",
                "[FE80::1%25eth0]",
                "[::1",
                "::1]",
                "[foo]",
                "[v1.a]",
                "[1.2.3.4]",
                "a[::1]",
                "[::ffff:1.2.3.4]",
                "[vZ.x]",
                "[]",
            ])
            .to_owned(),
        2 => dice
            .pick(&[
                "h1,h2",
                "h1:1,h2:2",
                "%2Ftmp%2Fsock",
                "Ab%2FCd",
                "%2f",
                "a%2Fb%3Ac",
                "A%20B",
            ])
            .to_owned(),
        3 => word(dice),
        _ => dice
            .pick(&[
                "localhost",
                "Example.COM",
                "127.0.0.1",
                "db.internal",
                "ÉXAMPLE.com",
                "İ.com",
                "xn--e1afmkfd",
                "a_b",
            ])
            .to_owned(),
    }
}

fn port(dice: &mut Dice) -> String {
    match dice.below(6) {
        0..3 => String::new(),
        3 | 4 => format!(":{}", dice.pick(&["0", "1", "80", "5432", "65535"])),
        _ => format!(
            ":{}",
            dice.pick(&[
                "",
                "65536",
                "-1",
                "+5",
                " 5",
                "5_0",
                "٣",
                "abc",
                "080",
                "99999999999999999999",
                "5 "
            ])
        ),
    }
}

fn path(dice: &mut Dice) -> String {
    match dice.below(6) {
        0 | 1 => String::new(),
        2 => "/".to_owned(),
        3 => dice
            .pick(&[
                "/a/b",
                "//a",
                "/a%2Fb",
                "/%E9",
                "/a b",
                "/a;b",
                "/..",
                "/http://x",
            ])
            .to_owned(),
        _ => format!("/{}", word(dice)),
    }
}

fn query(dice: &mut Dice) -> String {
    if dice.once_in(3) {
        return String::new();
    }
    let pairs = dice.repeat(4, |dice| {
        let name = dice
            .pick(&[
                "a",
                "b",
                "A",
                "",
                "__extra__",
                "a%20b",
                "a+b",
                "é",
                "host",
                "extra__x__y",
                "%00",
            ])
            .to_owned();
        let name = if name == "__extra__" && !dice.once_in(3) {
            "c".to_owned()
        } else {
            name
        };
        let value = value(dice);
        let equals = dice.mostly("=", 15, &["", "==", "%3D", " ="]);
        let and = dice.mostly("&", 12, &["&&", ";", "", "%26"]);
        format!("{name}{equals}{value}{and}")
    });
    let pairs = match dice.once_in(6) {
        true => pairs,
        false => pairs.trim_end_matches('&').to_owned(),
    };
    format!("?{pairs}")
}

/// Query values: what is JSON becomes another type in newer servers.
fn value(dice: &mut Dice) -> String {
    match dice.below(4) {
        0 => word(dice),
        1 => dice
            .pick(&[
                "1",
                "0",
                "-1",
                "01",
                "1.5",
                "1e5",
                "1e999",
                "-0",
                "-0.0",
                "true",
                "True",
                "false",
                "null",
                "None",
                "NaN",
                "Infinity",
                "-Infinity",
                "%22q%22",
                "%22%22",
                "123456789012345678901234567890",
                "1.0",
                "1E5",
                "0.1",
                "1e16",
                "1e-7",
                "1_0",
                "+1",
                ".5",
                "5.",
                "%201%20",
                "1+",
            ])
            .to_owned(),
        2 => dice
            .pick(&[
                "%7B%22x%22%3A+1%7D",
                "%5B1%2C+2%5D",
                "%7B%7D",
                "%5B%5D",
                "%7B%22a%22%3A1%2C%22a%22%3A2%7D",
                "%22%5Cud83d%22",
                "%22%5Cu00e9%22",
                "%22a%0Ab%22",
                "%7B%27x%27%3A+1%7D",
                "[1,2]",
                "{\"x\":1}",
                "%5B%5B%5D%5D",
                "%7B%22x%22%3A+null%7D",
            ])
            .to_owned(),
        _ => dice
            .pick(&[
                "",
                "a+b",
                "a%2Bb",
                "a%26b",
                "https://x/y",
                "%FF",
                "%C3%A9",
                "a=b",
                "a%3Db",
                "😀",
            ])
            .to_owned(),
    }
}

fn word(dice: &mut Dice) -> String {
    let count = 1 + dice.below(5);
    (0..count)
        .map(|_| match dice.once_in(4) {
            true => dice.pick(ODD),
            false => dice.pick(&["a", "b", "User", "p", "9", "x", "Z"]),
        })
        .collect()
}
