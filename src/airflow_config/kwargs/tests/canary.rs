//! No part of a secret may be told, however the kwargs are broken.

use super::super::*;
use crate::airflow_config::{Origin, Place};
use crate::source::Source;

/// What values consist of. Messages hold no two capital letters side by side with these.
const CANARIES: [&str; 4] = ["QzXw7kJv", "wVqJx9Zk", "zKqYv3Wj", "JqZxk5Vw"];

/// Realistic kwargs; every secret in them is made of canaries.
const TEXTS: [&str; 9] = [
    r#"{"url": "https://QzXw7kJv", "token": "wVqJx9Zk", "connections_path": "zKqYv3Wj", "mount_point": null}"#,
    r#"{"url":$VAULT__URL,"token": $TOKEN,"connections_path": "QzXw7kJv","kv_engine_version":1}"#,
    "{\n  \"gcp_keyfile_dict\": {\"private_key\": \"QzXw7kJv\\nwVqJx9Zk\\n\", \"project\": [\"zKqYv3Wj\"]},\n  \"sep\": \"-\"\n}",
    r#"{'token': 'QzXw7kJv', "url": wVqJx9Zk, zKqYv3Wj: JqZxk5Vw}"#,
    r#""{\"token\": \"QzXw7kJv\", \"wVqJx9Zk\": \"zKqYv3Wj\"}""#,
    r#"{"token": "$TOKEN", "url": "${VAULT__URL}QzXw7kJv", "wVqJx9Zk": ["$QUOTED", true]}"#,
    "token=QzXw7kJv url='wVqJx9Zk' # zKqYv3Wj",
    "$KWARGS",
    r#"{"token": $QzXw7kJv, "url": "wVqJx9Zk$zKqYv3Wj"}"#,
];

/// What broken text is made with.
const PIECES: [&str; 24] = [
    "\"",
    "'",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "$",
    "${",
    " ",
    "\n",
    "\t",
    "#",
    "//",
    "“",
    "\u{a0}",
    "\u{feff}",
    "é",
    "1",
    "$VAULT__URL",
    "None",
    "=",
];

fn env() -> Env {
    Env::from_pairs([
        ("VAULT__URL", "https://JqZxk5Vw"),
        ("TOKEN", "s.JqZxk5Vw"),
        ("QUOTED", "JqZxk5Vw\"wVqJx9Zk"),
        ("KWARGS", "{'token': \"QzXw7kJv\", wVqJx9Zk: $QUOTED}"),
    ])
}

/// Whether `message` holds four characters in a row of a canary.
fn leak(message: &str) -> Option<&'static str> {
    let parts = CANARIES
        .iter()
        .flat_map(|canary| (0..=canary.len() - 4).map(move |at| &canary[at..at + 4]));
    parts.into_iter().find(|part| message.contains(part))
}

fn assert_hidden(env: &Env, text: &str, indirection: Indirection, strict: bool) {
    let place = Place::Environment {
        name: "KWARGS_NAME".into(),
        source: Source::Environment,
    };
    let origin = Origin { place, indirection };
    let value = match indirection {
        Indirection::None => expand_env_var(env, text).unwrap(),
        _ => text.to_owned(),
    };
    let setting = Setting {
        value: value.into(),
        unexpanded: text.into(),
        origin,
    };
    let messages = match parse_kwargs(env, &setting, &["url", "token", "sep"], strict) {
        Ok(parsed) => vec![format!("{:?}", parsed.findings)],
        Err(fault) => vec![
            fault.to_string(),
            format!("{fault:?}"),
            fault.hint().unwrap_or_default(),
        ],
    };
    for message in messages {
        assert_eq!(leak(&message), None, "{text:?} gives {message}");
    }
}

/// `text` with one piece put in, one character taken away, or one replaced by a piece, at every place.
fn mutations(text: &str) -> Vec<String> {
    let mut mutations = vec![text.to_owned()];
    for (at, c) in text.char_indices() {
        let (before, after) = (&text[..at], &text[at + c.len_utf8()..]);
        mutations.push(before.to_owned());
        mutations.push([before, after].concat());
        for piece in PIECES {
            mutations.push([before, piece, after].concat());
            mutations.push([before, piece, &text[at..]].concat());
        }
    }
    mutations
}

#[test]
fn no_single_mistake_tells_a_secret() {
    let env = env();
    let mut count = 0;
    for text in TEXTS {
        for mutated in mutations(text) {
            assert_hidden(&env, &mutated, Indirection::None, false);
            count += 1;
        }
    }
    assert!(count > 20_000, "{count}");
}

#[test]
fn no_single_mistake_tells_a_secret_when_strict_or_printed_by_a_command() {
    let env = env();
    for text in TEXTS {
        for mutated in mutations(text).iter().step_by(3) {
            assert_hidden(&env, mutated, Indirection::None, true);
            assert_hidden(&env, mutated, Indirection::Command, false);
        }
    }
}

#[test]
fn no_two_mistakes_tell_a_secret() {
    let env = env();
    // a fixed sequence of numbers that looks like chance
    let mut state = 20_240_607_u64;
    let mut next = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for _ in 0..10_000 {
        let mut text: Vec<char> = TEXTS[next(TEXTS.len())].chars().collect();
        for _ in 0..2 + next(2) {
            let at = next(text.len());
            let piece = PIECES[next(PIECES.len())].chars();
            text.splice(at..at + next(2), piece.take(next(2) * 20));
        }
        let text: String = text.into_iter().collect();
        assert_hidden(&env, &text, Indirection::None, next(2) == 0);
    }
}
