//! The numbers of YAML 1.1: `construct_yaml_int` and `construct_yaml_float` (PyYAML 6.0.3).
//!
//! The surprising rule: a leading zero makes an integer octal, and colons make it sexagesimal: `1:30` is 90.

use super::error::Problem;
use crate::python::number::{MAX_INT_DIGITS, canonical_int, int_from_text};

/// How many digits of an integer are taken at once: 16^7 is the largest step, below 2^32.
const STEP: usize = 7;

/// Sexagesimal floats of more places are refused: 60^13 is the last power that a float holds exactly.
const MAX_SEXAGESIMAL_PLACES: usize = 14;

/// The integer in canonical decimal digits.
///
/// An explicit `!!int` may stand before any text, and Python's `int()` reads more than YAML's grammar has. Of that, signs
/// and prefixes in the midst of the text are refused here.
pub(super) fn parse_int(text: &str) -> Result<String, Problem> {
    let text = text.replace('_', "");
    let (sign, unsigned) = split_sign(&text);
    let digits = match unsigned.as_bytes() {
        b"0" => Some("0".to_owned()),
        [b'0', b'b', ..] => from_radix(&unsigned[2..], 2)?,
        [b'0', b'x', ..] => from_radix(&unsigned[2..], 16)?,
        // of `0o17` only an explicit tag makes an integer
        [b'0', b'o' | b'O', ..] => from_radix(&unsigned[2..], 8)?,
        [b'0', ..] => from_radix(unsigned, 8)?,
        _ if unsigned.contains(':') => from_sexagesimal(unsigned)?,
        _ => int_from_text(unsigned).filter(|digits| !digits.starts_with('-')),
    };
    let digits = digits.ok_or(Problem::NotA { type_name: "int" })?;
    Ok(canonical_int(sign, &digits))
}

/// The float; nothing where Python raises ValueError.
pub(super) fn parse_float(text: &str) -> Option<f64> {
    let text = text.replace('_', "").to_lowercase();
    let (sign, unsigned) = split_sign(&text);
    let number = match unsigned {
        // PyYAML gives every NaN the same sign
        ".nan" => return Some(f64::NAN),
        ".inf" => f64::INFINITY,
        _ if unsigned.contains(':') => float_from_sexagesimal(unsigned)?,
        _ => unsigned.parse().ok()?,
    };
    Some(if sign == "-" { -number } else { number })
}

fn split_sign(text: &str) -> (&'static str, &str) {
    match text.strip_prefix('-') {
        Some(unsigned) => ("-", unsigned),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    }
}

/// `int(digits, radix)` in decimal digits; nothing if one of them is no digit of the radix.
fn from_radix(digits: &str, radix: u32) -> Result<Option<String>, Problem> {
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return Ok(None);
    }
    let significant = digits.trim_start_matches('0').as_bytes();
    // even in binary, four digits make more than one decimal digit
    if significant.len() > 4 * MAX_INT_DIGITS {
        return Err(Problem::IntegerTooLong);
    }
    let mut number = Natural::default();
    for step in significant.chunks(STEP) {
        let values = step
            .iter()
            .filter_map(|byte| char::from(*byte).to_digit(radix));
        let value = values.fold(0, |value, digit| value * radix + digit);
        number.multiply_add(radix.pow(step.len() as u32), value);
    }
    number.into_digits().map(Some)
}

/// `1:30:00`: each place is worth sixty of the next.
fn from_sexagesimal(text: &str) -> Result<Option<String>, Problem> {
    let mut places = text.split(':');
    let first = places.next().and_then(int_from_text);
    let Some(first) = first.filter(|digits| !digits.starts_with('-')) else {
        return Ok(None);
    };
    let mut number = Natural::from_decimal(&first);
    for (index, place) in places.enumerate() {
        if index > MAX_INT_DIGITS {
            return Err(Problem::IntegerTooLong);
        }
        let Some(value) = int_from_text(place).and_then(|digits| digits.parse().ok()) else {
            return Ok(None);
        };
        number.multiply_add(60, value);
    }
    number.into_digits().map(Some)
}

/// Added up from the last place to the first, as Python does, which decides how it is rounded.
fn float_from_sexagesimal(text: &str) -> Option<f64> {
    let places: Vec<f64> = text
        .split(':')
        .map(|place| place.parse().ok())
        .collect::<Option<_>>()?;
    if places.len() > MAX_SEXAGESIMAL_PLACES {
        return None;
    }
    let mut worth = 1.0;
    let mut sum = 0.0;
    for place in places.iter().rev() {
        sum += place * worth;
        worth *= 60.0;
    }
    Some(sum)
}

/// A natural number of any size, in groups of nine decimal digits, the lowest first.
#[derive(Default)]
struct Natural(Vec<u32>);

impl Natural {
    const GROUP: u64 = 1_000_000_000;

    fn from_decimal(digits: &str) -> Self {
        let groups = digits.as_bytes().rchunks(9);
        Self(
            groups
                .map(|group| {
                    group
                        .iter()
                        .fold(0, |value, byte| value * 10 + u32::from(byte - b'0'))
                })
                .collect(),
        )
    }

    fn multiply_add(&mut self, factor: u32, addend: u32) {
        let mut carry = u64::from(addend);
        for group in &mut self.0 {
            let product = u64::from(*group) * u64::from(factor) + carry;
            *group = (product % Self::GROUP) as u32;
            carry = product / Self::GROUP;
        }
        while carry > 0 {
            self.0.push((carry % Self::GROUP) as u32);
            carry /= Self::GROUP;
        }
    }

    /// The decimal digits, perhaps with zeros in front.
    fn into_digits(self) -> Result<String, Problem> {
        let digits: String = self
            .0
            .iter()
            .rev()
            .map(|group| format!("{group:09}"))
            .collect();
        let significant = digits.trim_start_matches('0').len();
        if significant > MAX_INT_DIGITS {
            Err(Problem::IntegerTooLong)
        } else {
            Ok(digits)
        }
    }
}
