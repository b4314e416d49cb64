//! JSON texts with the freedoms that Python's reader allows, and those that it does not.

use super::super::dice::Dice;

const ODD: &[&str] = &[
    "{", "}", "[", "]", ",", ":", "\"", "'", "\\", "\\u", "\\ud800", "\n", "\t", " ", "\u{a0}",
    "\u{feff}", "//", "#", "0", "1", "-", "e", ".", "t", "n", "é", "\u{1}", "\"a\": 1", "null",
    "\\n", "“",
];

/// A text with a few faults.
pub fn mutated(dice: &mut Dice, text: &str) -> String {
    dice.mutated(text, ODD)
}

/// An object of these members, written with the white space, order and repetitions that JSON allows.
pub fn object(dice: &mut Dice, members: &[(String, String)]) -> String {
    let mut text = String::from("{");
    text.push_str(blank(dice));
    for (position, (name, value)) in members.iter().enumerate() {
        if position > 0 {
            text.push(',');
            text.push_str(blank(dice));
        }
        text.push_str(&string(dice, name));
        text.push_str(blank(dice));
        text.push(':');
        text.push_str(blank(dice));
        text.push_str(value);
        text.push_str(blank(dice));
    }
    text.push('}');
    text
}

/// A text in quotes, here and there escaped though it need not be, but for the placeholders of a case.
pub fn string(dice: &mut Dice, text: &str) -> String {
    let may_escape = !text.contains('{');
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '/' if may_escape && dice.once_in(20) => quoted.push_str("\\/"),
            c if c.is_control() || (may_escape && c.is_ascii_alphabetic() && dice.once_in(40)) => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Any value, at most three levels deep.
pub fn value(dice: &mut Dice, depth: usize) -> String {
    match dice.below(if depth > 2 { 6 } else { 8 }) {
        0 | 1 => {
            let text = dice
                .pick(&[
                    "", "a", "x y", "é", "1", "true", "{}", "a\"b", "a\\b", "😀", "null", "a\nb",
                    " ", "%41", "A+B",
                ])
                .to_owned();
            string(dice, &text)
        }
        2 => number(dice),
        3 => dice.pick(&["true", "false", "null"]).to_owned(),
        4 => dice
            .pick(&["NaN", "Infinity", "-Infinity", "1e999", "-0", "-0.0", "0"])
            .to_owned(),
        5 => dice
            .pick(&[
                "\"\\u00e9\"",
                "\"\\ud83d\\ude00\"",
                "\"\\/\"",
                "\"\\t\"",
                "[]",
                "{}",
                "\"\"",
            ])
            .to_owned(),
        6 => {
            let items: Vec<String> = (0..dice.below(4)).map(|_| value(dice, depth + 1)).collect();
            format!("[{}]", items.join(", "))
        }
        _ => {
            let members: Vec<(String, String)> = (0..dice.below(4))
                .map(|_| {
                    (
                        dice.pick(&["a", "b", "a", "é", ""]).to_owned(),
                        value(dice, depth + 1),
                    )
                })
                .collect();
            object(dice, &members)
        }
    }
}

fn number(dice: &mut Dice) -> String {
    dice.pick(&[
        "1",
        "0",
        "-1",
        "80",
        "65536",
        "1.0",
        "80.9",
        "1e3",
        "1E-5",
        "123456789012345678901234567890",
        "0.1",
        "1.5",
        "-7.25e-3",
        "1e16",
        "1e22",
        "5e-324",
        "100000000000000000.0",
    ])
    .to_owned()
}

fn blank(dice: &mut Dice) -> &'static str {
    match dice.once_in(6) {
        true => dice.pick(&[" ", "\n", "\t", "\r\n", "  "]),
        false => dice.pick(&["", " "]),
    }
}
