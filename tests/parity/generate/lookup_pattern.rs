//! Lookup patterns: Python's `re.match`, anchored at the start only, without regard to case.

use super::super::case::{Case, Family, Kind, Reply, Service};
use super::super::dice::Dice;
use super::{aws, json_text};

/// An id that a pattern may or may not match; only a match is asked for.
pub fn case(dice: &mut Dice) -> Case {
    let id = word(dice);
    let pattern = match dice.below(10) {
        0 => String::new(),
        // What stands in the id, but mostly not at its start.
        2 | 3 => id.chars().skip(dice.below(3)).collect(),
        1 => {
            let pattern = pattern(dice, 0);
            dice.mutated(
                &pattern,
                &[
                    "(", ")", "[", "]", "*", "+", "?", "\\", "|", "^", "$", "{", "}", "-", ".", "a",
                ],
            )
        }
        _ => pattern(dice, 0),
    };
    let kwargs = format!(
        "{{\"variables_lookup_pattern\": {}}}",
        json_text::string(dice, &pattern)
    );
    let replies = vec![Reply::ok(
        format!("GetParameter /airflow/variables/{id}"),
        r#"{"Parameter": {"Name": "x", "Type": "String", "Value": "found"}}"#,
    )];
    aws::client(dice, Case::new(Family::LookupPattern, Kind::Variable, id))
        .backend(aws::SYSTEMS_MANAGER, kwargs)
        .server(Service::Aws, replies)
}

fn word(dice: &mut Dice) -> String {
    let count = 1 + dice.below(4);
    (0..count)
        .map(|_| {
            dice.pick(&[
                "a", "b", "A", "_", "-", "1", "é", "É", "ß", "ſ", "k", "K", "K", ".", "/", "\n",
                "ab", "É",
            ])
        })
        .collect()
}

fn pattern(dice: &mut Dice, depth: usize) -> String {
    let branches: Vec<String> = (0..1 + dice.below(2) * usize::from(dice.once_in(2)))
        .map(|_| {
            let count = 1 + dice.below(3);
            (0..count).map(|_| repeated(dice, depth)).collect()
        })
        .collect();
    branches.join("|")
}

fn repeated(dice: &mut Dice, depth: usize) -> String {
    let piece = piece(dice, depth);
    format!(
        "{piece}{}",
        dice.pick(&[
            "", "", "", "", "*", "+", "?", "{2}", "{1,2}", "{,2}", "{1,}", "*?", "+?", "{x}", "{",
            "??", "*+"
        ])
    )
}

fn piece(dice: &mut Dice, depth: usize) -> String {
    match dice.below(if depth > 1 { 6 } else { 8 }) {
        0..3 => dice
            .pick(&[
                "a", "b", "A", "_", "-", "1", "é", "É", "k", "ſ", "ß", "/", "ab", " ",
            ])
            .to_owned(),
        3 => dice
            .pick(&[".", ".*", "^", "$", "\\A", "\\Z", "\\b", "\\B", "\\z"])
            .to_owned(),
        4 => dice
            .pick(&[
                "\\w", "\\W", "\\d", "\\D", "\\s", "\\S", "\\.", "\\-", "\\x61", "\\u00e9", "\\n",
                "\\/", "\\_", "\\q", "\\1",
            ])
            .to_owned(),
        5 => dice
            .pick(&[
                "[a-c]",
                "[^a]",
                "[A-Z]",
                "[a\\d]",
                "[\\w-]",
                "[]a]",
                "[^]]",
                "[é-ü]",
                "[k]",
                "[a-]",
                "[z-a]",
                "[[:alpha:]]",
                "[a&&b]",
                "[K]",
                "[^ſ]",
                "[\\]]",
            ])
            .to_owned(),
        _ => {
            let inner = pattern(dice, depth + 1);
            format!(
                "{}{inner})",
                dice.pick(&[
                    "(", "(?:", "(?i:", "(?=", "(?!", "(?<=", "(?<!", "(?P<n>", "(?-i:", "(?>",
                    "(?#"
                ])
            )
        }
    }
}
