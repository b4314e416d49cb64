//! Python's `int()` and `repr(float)` (CPython 3.11.7).
//!
//! The surprising rule: `int()` reads every script's decimal digits, underscores between digits and space around them,
//! but no number of more than 4300 digits.

/// The most digits CPython converts between text and `int`, signs and underscores not counted.
pub const MAX_INT_DIGITS: usize = 4300;

/// The zero of every run of ten decimal digits beyond ASCII, in code point order (Unicode 14, as CPython 3.11).
const DECIMAL_ZEROS: [u32; 65] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6,
    0xe50, 0xed0, 0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50,
    0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10,
    0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650,
    0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0, 0x16a60, 0x16ac0, 0x16b50,
    0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0,
];

/// `int(text)` in canonical decimal digits; nothing where Python raises ValueError.
pub fn int_from_text(text: &str) -> Option<String> {
    let text = text.trim_matches(is_space_around_int);
    let (sign, body) = match text.strip_prefix('-') {
        Some(body) => ("-", body),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = digits_without_underscores(body)?;
    (digits.len() <= MAX_INT_DIGITS).then(|| canonical_int(sign, &digits))
}

/// `int(number)`: towards zero; nothing for the infinities and NaN, where Python raises.
pub fn int_from_float(number: f64) -> Option<String> {
    let whole = number
        .is_finite()
        .then(|| format!("{:.0}", number.trunc()))?;
    Some(if whole == "-0" {
        "0".to_string()
    } else {
        whole
    })
}

/// Sign and digits as Python would write the `int`: no leading zeros, no `-0`.
pub(crate) fn canonical_int(sign: &str, digits: &str) -> String {
    match digits.trim_start_matches('0') {
        "" => "0".to_string(),
        significant => format!("{sign}{significant}"),
    }
}

/// `repr(number)`: the shortest digits that read back the same, with an exponent below 1e-4 and from 1e16 on.
pub fn float_repr(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_string();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_string();
    }
    let scientific = format!("{number:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..16).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
        }
        _ => format!("{number:?}"),
    }
}

/// The space `int()` ignores: C's `isspace` in ASCII, which leaves out 0x1c to 0x1f, and Unicode's beyond.
fn is_space_around_int(c: char) -> bool {
    matches!(c, '\t'..='\r' | ' ') || (!c.is_ascii() && c.is_whitespace())
}

/// ASCII digits; an underscore may stand between two digits.
fn digits_without_underscores(body: &str) -> Option<String> {
    let mut digits = String::with_capacity(body.len());
    let mut after_digit = false;
    for c in body.chars() {
        if c == '_' && after_digit {
            after_digit = false;
        } else {
            digits.push(ascii_digit(c)?);
            after_digit = true;
        }
    }
    after_digit.then_some(digits)
}

fn ascii_digit(c: char) -> Option<char> {
    if c.is_ascii() {
        return c.is_ascii_digit().then_some(c);
    }
    let code = u32::from(c);
    let run = DECIMAL_ZEROS
        .partition_point(|zero| *zero <= code)
        .checked_sub(1)?;
    char::from_digit(code - DECIMAL_ZEROS[run], 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn int_from_text_reads_what_python_reads() {
        let accepted = [
            ("5", "5"),
            (" 5\n", "5"),
            ("\u{a0}5\u{2003}", "5"),
            ("\u{85}5", "5"),
            ("+5", "5"),
            ("-5", "-5"),
            ("-0", "0"),
            ("007", "7"),
            ("1_0", "10"),
            ("0_0", "0"),
            ("٣٣٠٦", "3306"),
            ("\u{1fbf9}", "9"),
            ("-\u{ff15}", "-5"),
        ];
        for (text, digits) in accepted {
            assert_eq!(int_from_text(text).as_deref(), Some(digits), "{text:?}");
        }
    }

    #[test]
    fn int_from_text_refuses_what_python_refuses() {
        let refused = [
            "", " ", "-", "abc", "1.0", "- 5", "+-5", "_1", "1_", "1__0", "\u{1c}5", "5\0", "0x1f",
            "²", "五",
        ];
        for text in refused {
            assert_eq!(int_from_text(text), None, "{text:?}");
        }
    }

    #[test]
    fn an_int_has_4300_digits_at_most() {
        assert_eq!(
            int_from_text(&"1".repeat(4300)).map(|digits| digits.len()),
            Some(4300)
        );
        assert_eq!(int_from_text(&"1".repeat(4301)), None);
        assert_eq!(int_from_text(&format!("{}1", "0".repeat(4300))), None);
        assert!(int_from_text(&format!("{}1", "1_".repeat(2200))).is_some());
    }

    #[test]
    fn int_from_float_goes_towards_zero() {
        assert_eq!(int_from_float(80.9).as_deref(), Some("80"));
        assert_eq!(int_from_float(-0.5).as_deref(), Some("0"));
        assert_eq!(int_from_float(-1.5).as_deref(), Some("-1"));
        assert_eq!(
            int_from_float(1e22).as_deref(),
            Some("10000000000000000000000")
        );
        assert_eq!(int_from_float(f64::NAN), None);
        assert_eq!(int_from_float(f64::INFINITY), None);
    }

    #[test]
    fn float_repr_is_python_s() {
        let written = [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (0.1, "0.1"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1e15, "1000000000000000.0"),
            (123456789012345680.0, "1.2345678901234568e+17"),
            (1e16, "1e+16"),
            (1.5e300, "1.5e+300"),
            (5e-324, "5e-324"),
            (f64::NEG_INFINITY, "-inf"),
        ];
        for (number, text) in written {
            assert_eq!(float_repr(number), text);
        }
        assert_eq!(float_repr(f64::NAN), "nan");
    }
}
