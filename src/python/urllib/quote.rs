//! `quote`, `quote_plus`, `unquote`, `urlencode` and `parse_qsl` of `urllib.parse` (CPython 3.11.7).
//!
//! The surprising rule: a `%` without two hexadecimal digits is left as it is, and escaped bytes that are not UTF-8
//! become U+FFFD; nothing is ever refused.

use std::fmt::Write;

use zeroize::Zeroizing;

/// `quote(text, safe=safe)`: everything but ASCII letters, digits, `_.-~` and the ASCII characters of `safe` is escaped.
pub fn quote(text: &str, safe: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for byte in text.bytes() {
        if is_always_safe(byte) || (byte.is_ascii() && safe.as_bytes().contains(&byte)) {
            quoted.push(char::from(byte));
        } else {
            // writing to a String cannot fail
            let _ = write!(quoted, "%{byte:02X}");
        }
    }
    quoted
}

/// `quote_plus(text)`: like [`quote`] with nothing more safe, and `+` for a space.
pub fn quote_plus(text: &str) -> String {
    quote(text, " ").replace(' ', "+")
}

/// `unquote(text)`
pub fn unquote(text: &str) -> String {
    let mut rest = text.as_bytes();
    let mut bytes = Vec::with_capacity(rest.len());
    while let [first, tail @ ..] = rest {
        let (byte, tail) = escaped_byte(rest).unwrap_or((*first, tail));
        bytes.push(byte);
        rest = tail;
    }
    match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    }
}

/// `urlencode(dict)` of text keys and values.
pub fn urlencode<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let pairs = pairs
        .into_iter()
        .map(|(key, value)| format!("{}={}", quote_plus(key), quote_plus(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// `parse_qsl(query, keep_blank_values=True)`: only `&` separates, and a name without `=` has the value "".
pub fn parse_qsl(query: &str) -> Vec<(String, String)> {
    let fields = query.split('&').filter(|field| !field.is_empty());
    fields
        .map(|field| {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            (unquote_plus(name), unquote_plus(value))
        })
        .collect()
}

fn unquote_plus(text: &str) -> String {
    unquote(&Zeroizing::new(text.replace('+', " ")))
}

fn is_always_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'~')
}

/// The byte that a leading `%XX` stands for, and what follows.
fn escaped_byte(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let [b'%', high, low, tail @ ..] = bytes else {
        return None;
    };
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    Some((digit(*high)? << 4 | digit(*low)?, tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quote_escapes_all_but_the_unreserved() {
        assert_eq!(quote("aZ0_.-~", ""), "aZ0_.-~");
        assert_eq!(quote("a/b c+é%€", ""), "a%2Fb%20c%2B%C3%A9%25%E2%82%AC");
        assert_eq!(quote("a/b é", "/é"), "a/b%20%C3%A9");
        assert_eq!(quote_plus("a b+c"), "a+b%2Bc");
    }

    #[test]
    fn unquote_never_refuses() {
        assert_eq!(unquote("a%20b+%2f%2F"), "a b+//");
        assert_eq!(unquote("%C3%A9é%e2%82%ac"), "éé€");
        assert_eq!(unquote("%ZZ%4%%41%"), "%ZZ%4%A%");
        assert_eq!(unquote("%2541"), "%41");
        assert_eq!(
            unquote("%C3é%E2%82x%ff%F0%9F%98"),
            "\u{fffd}é\u{fffd}x\u{fffd}\u{fffd}"
        );
        assert_eq!(unquote("%ED%A0%80"), "\u{fffd}\u{fffd}\u{fffd}");
    }

    #[test]
    fn parse_qsl_reads_fields_in_order() {
        let fields = parse_qsl("a=1&&b&=c&d=e=f&a=+%2B;x&");
        let expected = [
            ("a", "1"),
            ("b", ""),
            ("", "c"),
            ("d", "e=f"),
            ("a", " +;x"),
        ];
        assert!(
            fields
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .eq(expected)
        );
        assert!(parse_qsl("").is_empty());
    }

    #[test]
    fn urlencode_reads_back() {
        let pairs = [("a b", "c&d=e+f"), ("", ""), ("é", "\0\u{10ffff}")];
        let query = urlencode(pairs);
        assert_eq!(query, "a+b=c%26d%3De%2Bf&=&%C3%A9=%00%F4%8F%BF%BF");
        assert!(
            parse_qsl(&query)
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .eq(pairs)
        );
    }
}
