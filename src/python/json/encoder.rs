//! `json.dumps` with its defaults (CPython 3.11.7), and strict JSON for secretctl's own output.
//!
//! The surprising rule: Python's own output may hold `NaN` and `Infinity`, which no JSON reader has to accept.

use std::fmt::Write;

use super::Value;
use crate::python::number::float_repr;

/// `json.dumps(value)`: `", "` and `": "`, everything beyond ASCII escaped.
///
/// Python raises TypeError for a date, see [`is_serializable`]; here it is written as text.
pub fn dumps(value: &Value) -> String {
    write(value, Style::Python)
}

/// Compact JSON that any reader accepts, characters beyond ASCII left as they are.
///
/// `NaN` and the infinities have no JSON form. They become strings of Python's names: `null` would say that nothing is
/// set, and the difference would not be seen.
pub fn to_strict_json(value: &Value) -> String {
    write(value, Style::Strict)
}

/// Whether `json.dumps` takes the value: all but dates, at any depth.
pub fn is_serializable(value: &Value) -> bool {
    match value {
        Value::Date(_) => false,
        Value::List(items) => items.iter().all(is_serializable),
        Value::Dict(pairs) => pairs.values().all(is_serializable),
        _ => true,
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Style {
    Python,
    Strict,
}

impl Style {
    fn item_separator(self) -> &'static str {
        if self == Style::Python { ", " } else { "," }
    }

    fn key_separator(self) -> &'static str {
        if self == Style::Python { ": " } else { ":" }
    }
}

fn write(value: &Value, style: Style) -> String {
    let mut json = String::new();
    write_value(&mut json, value, style);
    json
}

fn write_value(json: &mut String, value: &Value, style: Style) {
    match value {
        Value::None => json.push_str("null"),
        Value::Bool(true) => json.push_str("true"),
        Value::Bool(false) => json.push_str("false"),
        Value::Int(digits) => json.push_str(digits),
        Value::Float(number) => write_float(json, *number, style),
        Value::Text(text) => write_string(json, text.expose(), style),
        Value::Date(text) => write_string(json, text, style),
        Value::List(items) => {
            json.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    json.push_str(style.item_separator());
                }
                write_value(json, item, style);
            }
            json.push(']');
        }
        Value::Dict(pairs) => {
            json.push('{');
            for (index, (key, item)) in pairs.iter().enumerate() {
                if index > 0 {
                    json.push_str(style.item_separator());
                }
                write_string(json, key, style);
                json.push_str(style.key_separator());
                write_value(json, item, style);
            }
            json.push('}');
        }
    }
}

fn write_float(json: &mut String, number: f64, style: Style) {
    let name = match number {
        number if number.is_nan() => "NaN",
        f64::INFINITY => "Infinity",
        f64::NEG_INFINITY => "-Infinity",
        number => return json.push_str(&float_repr(number)),
    };
    match style {
        Style::Python => json.push_str(name),
        Style::Strict => write_string(json, name, style),
    }
}

fn write_string(json: &mut String, text: &str, style: Style) {
    json.push('"');
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            ' '..='~' => json.push(character),
            _ if style == Style::Strict && !character.is_control() => json.push(character),
            _ => write_escapes(json, character),
        }
    }
    json.push('"');
}

/// `\uXXXX`, twice for a character beyond the first plane.
fn write_escapes(json: &mut String, character: char) {
    for unit in character.encode_utf16(&mut [0; 2]) {
        // writing to a String cannot fail
        let _ = write!(json, "\\u{unit:04x}");
    }
}
