//! `socket.inet_aton`: an IPv4 address in any of the forms that glibc reads.
//!
//! The surprising rule: fewer than four parts will do, the last one filling what is left, so that `10` is `0.0.0.10`; and a
//! part may be octal (`010`) or hexadecimal (`0x8`).

/// The address as a number, or `None` where Python raises OSError.
pub fn inet_aton(text: &str) -> Option<u32> {
    // glibc takes white space for the end.
    let address = text.split([' ', '\t', '\n', '\x0b', '\x0c', '\r']).next()?;
    let parts = address.split('.').map(part).collect::<Option<Vec<u64>>>()?;
    let (last, leading) = parts.split_last()?;
    let bits_left = 32_u32.checked_sub(8 * u32::try_from(leading.len()).ok()?)?;
    if bits_left == 0 || *last >> bits_left != 0 || leading.iter().any(|part| *part > 0xff) {
        return None;
    }
    let high = leading.iter().fold(0, |number, part| number << 8 | part);
    u32::try_from(high << bits_left | last).ok()
}

/// `strtoul` with base 0, of digits only.
fn part(text: &str) -> Option<u64> {
    let hexadecimal = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let (digits, radix) = match (hexadecimal, text.strip_prefix('0')) {
        (Some(digits), _) => (digits, 16),
        (None, Some(digits)) if !digits.is_empty() => (digits, 8),
        (None, _) => (text, 10),
    };
    let is_number = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    is_number.then(|| u64::from_str_radix(digits, radix).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_that_python_reads() {
        for (text, address) in [
            ("127.0.0.1", Some(0x7f00_0001)),
            ("127.1", Some(0x7f00_0001)),
            ("10", Some(10)),
            ("4294967295", Some(0xffff_ffff)),
            ("4294967296", None),
            ("10.1.65536", None),
            ("0x7f.010.1", Some(0x7f08_0001)),
            ("08.1", None),
            ("1.2.3.4 and more", Some(0x0102_0304)),
            ("1.2.3.4.5", None),
            ("256.0.0.1", None),
            ("1..2", None),
            ("1.2.3.", None),
            ("+1", None),
            ("vault", None),
            ("", None),
        ] {
            assert_eq!(inet_aton(text), address, "{text}");
        }
    }
}
