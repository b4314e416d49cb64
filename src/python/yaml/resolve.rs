//! What a plain scalar is, by its looks: `yaml.resolver` (PyYAML 6.0.3).
//!
//! The surprising rule: `1e3` and `-.5` are text, since a float needs a point, a signed exponent and a digit before it.

use super::timestamp;

/// A YAML tag, as far as `SafeConstructor` knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Tag {
    Null,
    Bool,
    Int,
    Float,
    Timestamp,
    Binary,
    Str,
    Seq,
    Map,
    Set,
    /// An ordered map, and `!!pairs`: lists of (key, value).
    Pairs,
    /// `<<`
    Merge,
    /// `=`
    Value,
    Unknown,
}

impl Tag {
    /// The tag of this name, which is written out in full.
    pub(super) fn named(name: &str) -> Self {
        match name.strip_prefix("tag:yaml.org,2002:") {
            Some("null") => Tag::Null,
            Some("bool") => Tag::Bool,
            Some("int") => Tag::Int,
            Some("float") => Tag::Float,
            Some("timestamp") => Tag::Timestamp,
            Some("binary") => Tag::Binary,
            Some("str") => Tag::Str,
            Some("seq") => Tag::Seq,
            Some("map") => Tag::Map,
            Some("set") => Tag::Set,
            Some("omap" | "pairs") => Tag::Pairs,
            Some("merge") => Tag::Merge,
            Some("value") => Tag::Value,
            _ => Tag::Unknown,
        }
    }
}

/// The tag of a scalar that has none. `plain` is false for one in quotes or in a block, unless `!` stands before it.
pub(super) fn resolve(text: &str, plain: bool) -> Tag {
    if !plain {
        return Tag::Str;
    }
    match text {
        "yes" | "Yes" | "YES" | "no" | "No" | "NO" => Tag::Bool,
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => Tag::Bool,
        "on" | "On" | "ON" | "off" | "Off" | "OFF" => Tag::Bool,
        "" | "~" | "null" | "Null" | "NULL" => Tag::Null,
        "<<" => Tag::Merge,
        "=" => Tag::Value,
        _ if is_float(text) => Tag::Float,
        _ if is_int(text) => Tag::Int,
        _ if timestamp::is_timestamp(text) => Tag::Timestamp,
        _ => Tag::Str,
    }
}

fn is_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    match unsigned {
        ".inf" | ".Inf" | ".INF" => true,
        ".nan" | ".NaN" | ".NAN" => unsigned.len() == text.len(),
        _ => match unsigned.split_once('.') {
            None => false,
            // without a digit before the point there may be no sign
            Some(("", after)) => {
                unsigned.len() == text.len() && begins_with_digit(after) && is_fraction(after)
            }
            Some((whole, after)) if is_digits(whole) => is_fraction(after),
            Some((whole, after)) => is_sexagesimal(whole, is_digits) && after.bytes().all(is_digit),
        },
    }
}

/// What may follow the point: digits, and an exponent with its sign.
fn is_fraction(text: &str) -> bool {
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, Some(exponent)),
        None => (text, None),
    };
    digits.bytes().all(is_digit) && exponent.is_none_or(is_signed_exponent)
}

fn is_signed_exponent(exponent: &str) -> bool {
    exponent.strip_prefix(['-', '+']).is_some_and(|digits| {
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn is_int(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    match unsigned.as_bytes() {
        b"0" => true,
        [b'0', b'b', digits @ ..] => is_some_of(digits, |byte| matches!(byte, b'0' | b'1')),
        [b'0', b'x', digits @ ..] => is_some_of(digits, |byte| byte.is_ascii_hexdigit()),
        [b'0', digits @ ..] => is_some_of(digits, |byte| matches!(byte, b'0'..=b'7')),
        _ => is_decimal(unsigned) || is_sexagesimal(unsigned, is_decimal),
    }
}

/// One or more of these digits, or underscores.
fn is_some_of(digits: &[u8], is_digit: impl Fn(u8) -> bool) -> bool {
    !digits.is_empty() && digits.iter().all(|byte| *byte == b'_' || is_digit(*byte))
}

/// `1:30`: a number that `is_first` allows, then one or more of `:0` to `:59`.
fn is_sexagesimal(text: &str, is_first: impl Fn(&str) -> bool) -> bool {
    let Some((first, rest)) = text.split_once(':') else {
        return false;
    };
    is_first(first)
        && rest.split(':').all(|part| match part.as_bytes() {
            [ones] => ones.is_ascii_digit(),
            [tens, ones] => matches!(tens, b'0'..=b'5') && ones.is_ascii_digit(),
            _ => false,
        })
}

/// Decimal digits without a leading zero.
fn is_decimal(text: &str) -> bool {
    is_digits(text) && !text.starts_with('0')
}

fn is_digits(text: &str) -> bool {
    begins_with_digit(text) && text.bytes().all(is_digit)
}

fn begins_with_digit(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

/// A digit, or the underscore that may stand after one.
fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == b'_'
}
