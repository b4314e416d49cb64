//! Secrets planted by a test, and the forms in which one could slip out: as it is, percent-encoded, in base64, escaped.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// A secret that no output may hold.
pub struct Canary {
    forms: Vec<(&'static str, String)>,
}

impl Canary {
    /// Plants `secret`, which has to be long enough to be nobody else's text.
    pub fn new(secret: &str) -> Self {
        assert!(
            secret.len() >= 8,
            "a short canary is found by accident: {secret:?}"
        );
        let mut forms = vec![
            ("as it is", secret.to_owned()),
            ("JSON-escaped", json_escaped(secret)),
            ("debug-escaped", secret.escape_debug().to_string()),
            ("percent-encoded", percent_encoded(secret, "%20")),
            ("form-encoded", percent_encoded(secret, "+")),
            (
                "percent-encoded throughout",
                each_byte(secret, |byte| format!("%{byte:02X}")),
            ),
            ("in HTML", each_character(secret, |c| format!("&#{c};"))),
            (
                "in \\u escapes",
                each_character(secret, |c| format!("\\u{c:04x}")),
            ),
        ];
        forms.extend(base64_forms(secret).map(|form| ("in base64", form)));
        Self { forms }
    }

    /// `text` with `word` where the secret stands as it is or escaped in JSON.
    pub fn hide(&self, text: &str, word: &str) -> String {
        let written = self.forms.iter().take(2);
        written.fold(text.to_owned(), |text, (_, form)| text.replace(form, word))
    }

    /// The form in which `output` holds the secret, if it does.
    pub fn found_in(&self, output: &str) -> Option<&'static str> {
        let lower = output.to_lowercase();
        let holds = |form: &str| output.contains(form) || lower.contains(&form.to_lowercase());
        self.forms
            .iter()
            .find(|(_, form)| holds(form))
            .map(|(name, _)| *name)
    }
}

fn each_byte(text: &str, escape: impl Fn(u8) -> String) -> String {
    text.bytes().map(escape).collect()
}

fn each_character(text: &str, escape: impl Fn(u32) -> String) -> String {
    text.chars().map(|c| escape(u32::from(c))).collect()
}

fn json_escaped(text: &str) -> String {
    serde_json::Value::from(text)
        .to_string()
        .trim_matches('"')
        .to_owned()
}

fn percent_encoded(text: &str, space: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b' ' => space.to_owned(),
            b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// The base64 characters that depend on `text` alone, for each of the three places where it can start in a longer text.
fn base64_forms(text: &str) -> impl Iterator<Item = String> {
    let text = text.as_bytes().to_owned();
    (0..3).flat_map(move |offset| {
        let padded = [vec![0; offset], text.clone()].concat();
        let first_own = (offset * 8).div_ceil(6);
        let last_own = padded.len() * 8 / 6;
        [STANDARD, URL_SAFE]
            .map(|alphabet| alphabet.encode(&padded)[first_own..last_own].to_owned())
    })
}
