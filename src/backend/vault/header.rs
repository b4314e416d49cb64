//! A text as the value of a header, as requests 2.34 and `http.client` send it.
//!
//! The surprising rule: it is Latin-1, not UTF-8, and white space in front stops the request where white space behind is sent.

use reqwest::header::HeaderValue;
use zeroize::Zeroizing;

use crate::python::text::is_space;

/// The value that requests sends; `None` for what it refuses, and for control characters, which no server takes.
pub fn value(text: &str) -> Option<HeaderValue> {
    if text.starts_with(is_space) {
        return None;
    }
    let mut value = HeaderValue::from_bytes(&latin_1(text)?).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// `text.encode("latin-1")`; `None` where it raises.
pub fn latin_1(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let bytes = text.chars().map(|c| u8::try_from(u32::from(c)).ok());
    bytes.collect::<Option<Vec<u8>>>().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_what_requests_sends() {
        let sent = |text| value(text).map(|value| value.as_bytes().to_vec());
        assert_eq!(sent("a b\t ").unwrap(), b"a b\t ");
        assert_eq!(sent("aä\u{80}\u{a0}").unwrap(), b"a\xe4\x80\xa0");
        for refused in [
            " a",
            "\ta",
            "\na",
            "a\n",
            "a\nb",
            "a\r",
            "\u{a0}a",
            "\u{85}a",
            "\u{1f}a",
            "\u{b}a",
            "€",
            "a\u{2028}",
        ] {
            assert_eq!(sent(refused), None, "{refused:?}");
        }
        // Airflow sends these.
        assert_eq!(sent("\u{1}a"), None);
        assert_eq!(sent("a\u{7f}"), None);
    }
}
