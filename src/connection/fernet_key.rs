//! The Fernet key of `[core] fernet_key`, which encrypts a connection's password and extra the moment they are set.
//!
//! Mirrors `airflow.models.crypto.get_fernet` of Airflow 3.3.2 and `Fernet.__init__` of cryptography. The surprising rule: a key
//! that is no key makes every connection with a password or an extra unusable on the server, wherever it is stored, though
//! nothing is ever written.

/// Whether Airflow can encrypt with this text: empty, which means "do not encrypt", or keys separated by commas.
pub fn is_usable(text: &str) -> bool {
    text.is_empty() || text.split(',').all(|key| decoded_length(key) == Some(32))
}

/// The length of what `base64.urlsafe_b64decode` gives, or nothing where it raises. It passes over every character that is no
/// base64, and reads no further than the padding.
fn decoded_length(key: &str) -> Option<usize> {
    let (mut digits, mut padding) = (0_usize, 0_usize);
    for byte in key.bytes() {
        match byte {
            b'=' if digits % 4 >= 2 && digits % 4 + padding + 1 >= 4 => {
                return Some(digits * 6 / 8);
            }
            b'=' if digits % 4 >= 2 => padding += 1,
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'+' | b'/' => {
                digits += 1;
                padding = 0;
            }
            _ => {}
        }
    }
    digits.is_multiple_of(4).then_some(digits / 4 * 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_what_cryptography_takes() {
        let key = "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg=";
        for usable in [
            "",
            key,
            &format!("'{key}'"),
            &format!("{key}\n"),
            &format!("{key},{key}"),
            &format!("{key}x"),
        ] {
            assert!(is_usable(usable), "{usable:?}");
        }
        let short = "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eA==";
        for unusable in [
            "bad",
            "abcd",
            short,
            &key[..43],
            &format!("{key},"),
            &format!("{key},bad"),
            " ",
        ] {
            assert!(!is_usable(unusable), "{unusable:?}");
        }
    }
}
