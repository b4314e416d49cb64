//! The numbers of YAML 1.1: `construct_yaml_int` and `construct_yaml_float` (PyYAML 6.0.3).
//!
//! The surprising rules: a leading zero makes an integer octal, and colons make it sexagesimal: `1:30` is 90. And Python's
//! limit of digits holds for decimal text alone: a longer integer of another base is loaded, and only writing it fails.

use crate::python::number::{MAX_INT_DIGITS, canonical_int, int_from_text};

/// How many digits of an integer are taken at once: 16^7 is the largest step, below 2^32.
const STEP: usize = 7;

/// An integer as Python has it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Int {
    /// Canonical decimal digits.
    Digits(String),
    /// More digits than Python writes.
    TooLong,
}

impl Int {
    fn with_sign(self, sign: &str) -> Self {
        match self {
            Int::Digits(digits) => Int::Digits(canonical_int(sign, &digits)),
            Int::TooLong => Int::TooLong,
        }
    }
}

/// The integer; nothing where Python raises ValueError.
///
/// An explicit `!!int` may stand before any text, and Python's `int()` reads more than YAML's grammar has. Of that, signs
/// and prefixes in the midst of the text are refused here.
pub(super) fn parse_int(text: &str) -> Option<Int> {
    let text = text.replace('_', "");
    let (sign, unsigned) = split_sign(&text);
    let number = match unsigned.as_bytes() {
        b"0" => Some(Int::Digits("0".to_owned())),
        [b'0', b'b', ..] => from_radix(&unsigned[2..], 2),
        [b'0', b'x', ..] => from_radix(&unsigned[2..], 16),
        // of `0o17` only an explicit tag makes an integer
        [b'0', b'o' | b'O', ..] => from_radix(&unsigned[2..], 8),
        [b'0', ..] => from_radix(unsigned, 8),
        _ if unsigned.contains(':') => from_sexagesimal(unsigned),
        _ => natural(unsigned).map(Int::Digits),
    };
    Some(number?.with_sign(sign))
}

/// `int(text)` where no sign stands before it.
fn natural(text: &str) -> Option<String> {
    int_from_text(text).filter(|digits| !digits.starts_with('-'))
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

/// `int(digits, radix)`; nothing if one of them is no digit of the radix.
fn from_radix(digits: &str, radix: u32) -> Option<Int> {
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    let significant = digits.trim_start_matches('0').as_bytes();
    // even in binary, four digits make more than one decimal digit
    if significant.len() > 4 * MAX_INT_DIGITS {
        return Some(Int::TooLong);
    }
    let mut number = Natural::default();
    for step in significant.chunks(STEP) {
        let values = step
            .iter()
            .filter_map(|byte| char::from(*byte).to_digit(radix));
        let value = values.fold(0, |value, digit| value * radix + digit);
        number.multiply_add(radix.pow(step.len() as u32), value);
    }
    Some(number.into_int())
}

/// `1:30:00`: each place is worth sixty of the next.
fn from_sexagesimal(text: &str) -> Option<Int> {
    let mut places = text.split(':');
    let mut number = Natural::from_decimal(&natural(places.next()?)?);
    let places: Vec<u32> = places
        .map(|place| int_from_text(place)?.parse().ok())
        .collect::<Option<_>>()?;
    if places.len() > MAX_INT_DIGITS {
        return Some(Int::TooLong);
    }
    places
        .iter()
        .for_each(|place| number.multiply_add(60, *place));
    Some(number.into_int())
}

/// Added up from the last place to the first, as Python does, which decides how it is rounded.
fn float_from_sexagesimal(text: &str) -> Option<f64> {
    let places: Vec<f64> = text
        .split(':')
        .map(|place| place.parse().ok())
        .collect::<Option<_>>()?;
    // Python's worth is an integer of any size, which is rounded only where it meets a float, and fails where none is as large
    let mut worth = Natural::from_decimal("1");
    let mut sum = 0.0;
    for place in places.iter().rev() {
        sum += place * worth.to_float().filter(|worth| worth.is_finite())?;
        worth.multiply_add(60, 0);
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

    /// The nearest float.
    fn to_float(&self) -> Option<f64> {
        self.decimal().parse().ok()
    }

    /// Decimal digits, perhaps with zeros in front.
    fn decimal(&self) -> String {
        let groups = self.0.iter().rev();
        groups.map(|group| format!("{group:09}")).collect()
    }

    /// The number, perhaps with zeros in front.
    fn into_int(self) -> Int {
        let digits = self.decimal();
        let significant = digits.trim_start_matches('0').len();
        if significant > MAX_INT_DIGITS {
            Int::TooLong
        } else {
            Int::Digits(digits)
        }
    }
}
