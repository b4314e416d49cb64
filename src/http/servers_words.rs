//! A failed server's own short message, made fit to be shown: one line, printable, and without what was sent to it.
//!
//! The surprising rule: a secret that is repeated to the letter is blotted out, but a message that holds one in another form
//! (escaped, percent-encoded, in base64 or hexadecimal, cut short) is not shown at all, since nobody can say where it ends.

use std::collections::HashSet;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// The most characters that are shown.
const SHOWN: usize = 200;
/// The most characters that are looked at, so that an endless message costs no time.
const READ: usize = 4096;
/// How many letters and digits in a row give a longer secret away.
const TELLING: usize = 12;
/// Secrets with fewer letters and digits are found only to the letter: a part of any message looks like them.
const TOO_SHORT: usize = 4;
/// How often an escape may itself be escaped.
const LAYERS: usize = 3;

const BLOT: &str = "****";
const NOT_SHOWN: &str = "(not shown, as it repeats a secret)";

/// A server's own short message, made fit for a terminal: one line, printable, at most 200 characters, without `secrets`.
pub fn servers_words(message: &str, secrets: &[&str]) -> String {
    let mut words = Zeroizing::new(folded(message).chars().take(READ).collect::<String>());
    let mut secrets: Vec<Zeroizing<String>> = secrets.iter().map(|secret| folded(secret)).collect();
    // A secret may be a part of another one, and the longer must go first.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        words = Zeroizing::new(words.replace(secret.as_str(), BLOT));
    }
    if repeats_in_another_form(&words, &secrets) {
        return NOT_SHOWN.to_owned();
    }
    let printable: String = words.chars().filter(|c| !c.is_control()).collect();
    match printable.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &printable[..end]),
        None => printable,
    }
}

/// A server's words, once they are fit to be shown, as they are appended to a sentence.
pub fn in_quotes(words: &Option<String>) -> String {
    words
        .as_ref()
        .map_or_else(String::new, |words| format!(": \"{words}\""))
}

/// The text with every run of white space as one blank.
fn folded(text: &str) -> Zeroizing<String> {
    let mut folded = Zeroizing::new(String::with_capacity(text.len()));
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(word);
    }
    folded
}

fn repeats_in_another_form(words: &str, secrets: &[Zeroizing<String>]) -> bool {
    let forms: Vec<_> = secrets.iter().flat_map(|secret| forms(secret)).collect();
    let mut words = Zeroizing::new(words.to_owned());
    for _ in 0..=LAYERS {
        let found = words
            .split(BLOT)
            .map(letters_and_digits)
            .any(|part| forms.iter().any(|form| shares_a_run(&part, form)));
        if found || secrets.iter().any(|secret| holds_short(&words, secret)) {
            return true;
        }
        words = unescaped(&words);
    }
    false
}

/// Whether a secret too short for [`forms`] stands there, once an escape is undone.
fn holds_short(words: &str, secret: &str) -> bool {
    let is_short = letters_and_digits(secret).len() < TOO_SHORT;
    is_short && !secret.is_empty() && words.contains(secret)
}

/// The letters and digits of a secret in each of its forms.
fn forms(secret: &str) -> Vec<Zeroizing<Vec<u8>>> {
    let plain = letters_and_digits(secret);
    if plain.len() < TOO_SHORT {
        return Vec::new();
    }
    let mut hexadecimal = Zeroizing::new(String::with_capacity(secret.len() * 2));
    for byte in secret.bytes() {
        // writing to a String cannot fail
        let _ = write!(hexadecimal, "{byte:02x}");
    }
    let mut forms = vec![plain, letters_and_digits(&hexadecimal)];
    forms.extend((0..3).map(|offset| in_base64(secret, offset)));
    forms
}

/// The base64 characters that hang on `secret` alone when it begins `offset` bytes after a group of three.
fn in_base64(secret: &str, offset: usize) -> Zeroizing<Vec<u8>> {
    let padded = Zeroizing::new([&[0; 3][..offset], secret.as_bytes()].concat());
    let encoded = Zeroizing::new(STANDARD.encode(&padded));
    let (first_own, last_own) = ((offset * 8).div_ceil(6), padded.len() * 8 / 6);
    letters_and_digits(&encoded[first_own..last_own])
}

/// Whether all of `form`, or a telling part of a longer one, is in `part`.
fn shares_a_run(part: &[u8], form: &[u8]) -> bool {
    let length = form.len().min(TELLING);
    if length < TOO_SHORT {
        return false;
    }
    let runs: HashSet<&[u8]> = part.windows(length).collect();
    form.windows(length).any(|run| runs.contains(run))
}

/// What no escape changes: the ASCII letters, in lower case, and the digits.
fn letters_and_digits(text: &str) -> Zeroizing<Vec<u8>> {
    let own = text.bytes().filter(u8::is_ascii_alphanumeric);
    Zeroizing::new(own.map(|byte| byte.to_ascii_lowercase()).collect())
}

/// The text with one layer of escapes undone: of JSON and the like, of a URL, of HTML.
fn unescaped(text: &str) -> Zeroizing<String> {
    let mut rest = text;
    let mut plain = Zeroizing::new(Vec::with_capacity(text.len()));
    while let Some(first) = rest.chars().next() {
        let length = match escape(rest) {
            Some((Escaped::Byte(byte), length)) => {
                plain.push(byte);
                length
            }
            Some((Escaped::Character(c), length)) => {
                plain.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                length
            }
            None => {
                plain.extend_from_slice(&rest.as_bytes()[..first.len_utf8()]);
                first.len_utf8()
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    Zeroizing::new(String::from_utf8_lossy(&plain).into_owned())
}

/// What an escape stands for.
enum Escaped {
    /// A byte, perhaps one of several of a character.
    Byte(u8),
    Character(char),
}

/// What a leading escape stands for, and its length.
fn escape(text: &str) -> Option<(Escaped, usize)> {
    let number = |start: usize, digits: usize| {
        let digits = text.get(start..start + digits)?;
        u32::from_str_radix(digits, 16).ok()
    };
    let byte = |start| Some((Escaped::Byte(number(start, 2)?.try_into().ok()?), start + 2));
    let (character, length) = match text.as_bytes() {
        [b'%', ..] => return byte(1),
        [b'\\', b'x', ..] => return byte(2),
        [b'\\', b'u', ..] => (char::from_u32(number(2, 4)?)?, 6),
        [b'\\', b'n' | b'r' | b't', ..] => (' ', 2),
        [b'\\', ..] => {
            let next = text[1..].chars().next()?;
            (next, 1 + next.len_utf8())
        }
        [b'&', ..] => entity(text)?,
        _ => return None,
    };
    Some((Escaped::Character(character), length))
}

/// The longest name of an HTML entity that is looked for.
const LONGEST_ENTITY: usize = 32;

/// A leading HTML entity, such as `&amp;` or `&#38;`, and its length. A name stands for no ASCII letter or digit, whichever
/// it is.
fn entity(text: &str) -> Option<(char, usize)> {
    let (name, _) = text[1..].split_once(';')?;
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let numeric = |digits: &str, radix| char::from_u32(u32::from_str_radix(digits, radix).ok()?);
    let character = match name.strip_prefix('#') {
        Some(digits) if digits.starts_with(['x', 'X']) => numeric(&digits[1..], 16)?,
        Some(digits) => numeric(digits, 10)?,
        None if is_name && name.len() <= LONGEST_ENTITY => char::REPLACEMENT_CHARACTER,
        None => return None,
    };
    Some((character, name.len() + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_words_are_one_short_line_without_secrets() {
        let words = servers_words("1 error:\n\t* bad token s.abc\u{1b}[31m", &["s.abc", ""]);
        assert_eq!(words, "1 error: * bad token ****[31m");
        assert_eq!(servers_words(&"x".repeat(500), &[]).chars().count(), 201);
    }

    #[test]
    fn white_space_in_a_secret_does_not_let_it_through() {
        let secret = "open  the\tdoor\n";
        for message in [
            "no: open  the\tdoor\n!",
            "no: open the door!",
            "no: open\nthe  door !",
        ] {
            let words = servers_words(message, &[secret]);
            assert!(words.starts_with("no: ****"), "{words}");
        }
    }

    #[test]
    fn the_longer_of_two_secrets_goes_first() {
        assert_eq!(
            servers_words("no: abc-def", &["abc", "abc-def"]),
            "no: ****"
        );
    }

    #[test]
    fn an_escaped_secret_hides_the_whole_sentence() {
        let secret = "pä\"ss <w>&rd/1%2";
        for form in [
            r#"p\u00e4\"ss \u003cw\u003e&rd\/1%2"#,
            r#"p\\u00e4\\\"ss <w>&rd/1%2"#,
            r#"p\xe4\"ss <w>&rd/1%2"#,
            "p%C3%A4%22ss%20%3Cw%3E%26rd%2F1%252",
            "p%c3%a4%22ss+%3cw%3e%26rd%2f1%252",
            "%70%C3%A4%22%73%73%20%3C%77%3E%26%72%64%2F%31%25%32",
            "p&auml;&quot;ss &lt;w&gt;&amp;rd/1%2",
            "p&#228;&#34;ss &#60;w&#62;&#38;rd/1%2",
            "PÄ\"SS <W>&RD/1%2",
            "cMOkInNzIDx3PiZyZC8xJTI=",
            "70c3a42273733c773e2672642f312532",
            "pÃ¤\"ss <w>&rd/1%2",
        ] {
            let words = servers_words(&format!("the login with {form} failed"), &[secret]);
            assert_eq!(words, NOT_SHOWN, "{form}");
        }
        let inside = STANDARD.encode(format!("user:{secret}"));
        assert_eq!(servers_words(&inside, &[secret]), NOT_SHOWN);
    }

    #[test]
    fn a_part_of_a_long_secret_hides_the_sentence() {
        let token = "hvs.CAESIJ1q2w3e4r5t6y7u8i9o0p";
        assert_eq!(
            servers_words("bad token hvs.CAESIJ1q2w3e…", &[token]),
            NOT_SHOWN
        );
        assert_eq!(servers_words("bad hvs. token", &[token]), "bad hvs. token");
    }

    #[test]
    fn a_short_secret_is_found_where_it_is_escaped() {
        assert_eq!(servers_words("bad password %C3%A9", &["é"]), NOT_SHOWN);
        assert_eq!(servers_words(r"bad password \u00e9", &["é"]), NOT_SHOWN);
        assert_eq!(servers_words("bad password", &["é"]), "bad password");
    }

    #[test]
    fn a_message_without_end_is_read_to_some_length() {
        let message = format!("no {}", "\\u0041%41&#65;".repeat(1_000_000));
        assert_eq!(
            servers_words(&message, &["secret-of-some-length"])
                .chars()
                .count(),
            201
        );
    }
}
