//! The answer to a list request: which secrets there are, and the value of one.
//!
//! Mirrors `KubernetesSecretsBackend._get_secret_by_selector` and Python's `base64.b64decode`. The surprising rule: Python
//! drops every character that base64 does not know, so a value with line breaks is read.

use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use super::error::KubernetesError;
use crate::python::json::{Dict, Value};
use crate::secret::SecretText;

/// Padding is checked here, as Python checks it; bits that are left over count for neither.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

/// A secret of a list.
pub struct ListedSecret(Dict);

/// What a list request brings.
pub struct SecretList {
    /// The secrets, in the server's order.
    pub secrets: Vec<ListedSecret>,
    /// Whether the server has more of them than were asked for.
    pub goes_on: bool,
}

impl SecretList {
    /// The list in an answer; `None` if this is not a list. An empty one counts only if it says what it is: that there are no
    /// such secrets is for an API server to say, and others answer with no `items` too.
    pub fn new(mut list: Dict) -> Option<Self> {
        let Some(Value::List(items)) = list.shift_remove("items") else {
            return None;
        };
        let secret = |item| match item {
            Value::Dict(secret) => Some(ListedSecret(secret)),
            _ => None,
        };
        let secrets: Vec<ListedSecret> = items.into_iter().map(secret).collect::<Option<_>>()?;
        let list = Value::Dict(list);
        let text = |path: &[&str]| {
            list.at(path)
                .and_then(Value::as_text)
                .map(SecretText::expose)
        };
        let is_named = text(&["kind"]).is_some_and(|kind| kind.ends_with("List"));
        let goes_on = text(&["metadata", "continue"]).is_some_and(|token| !token.is_empty());
        (is_named || !secrets.is_empty()).then_some(Self { secrets, goes_on })
    }
}

impl ListedSecret {
    /// Its name, fit for a message.
    pub fn name(&self) -> String {
        let name = self
            .metadata("name")
            .and_then(Value::as_text)
            .map_or("?", SecretText::expose);
        crate::http::servers_words(name, &[])
    }

    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels()
            .find(|(own, _)| *own == key)
            .map(|(_, value)| value)
    }

    /// Its labels.
    pub fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        let labels = match self.metadata("labels") {
            Some(Value::Dict(labels)) => Some(labels),
            _ => None,
        };
        labels
            .into_iter()
            .flatten()
            .filter_map(|(key, value)| Some((key.as_str(), value.as_text()?.expose())))
    }

    fn metadata(&self, key: &str) -> Option<&Value> {
        match self.0.get("metadata")? {
            Value::Dict(metadata) => metadata.get(key),
            _ => None,
        }
    }

    /// The text that its data holds under `data_key`.
    ///
    /// # Errors
    /// No such key, or not text in base64.
    pub fn value(&self, data_key: &str) -> Result<SecretText, KubernetesError> {
        let (secret, data_key) = (self.name(), data_key.to_owned());
        let data = match self.0.get("data") {
            Some(Value::Dict(data)) => Some(data),
            _ => None,
        };
        let Some(encoded) = data.and_then(|data| data.get(&data_key)) else {
            let keys = data
                .into_iter()
                .flat_map(Dict::keys)
                .take(5)
                .map(|key| crate::http::servers_words(key, &[]))
                .collect();
            return Err(KubernetesError::NoDataKey {
                secret,
                data_key,
                keys,
            });
        };
        let Some(bytes) = encoded.as_text().and_then(|text| b64decode(text.expose())) else {
            return Err(KubernetesError::NotBase64 { secret, data_key });
        };
        match std::str::from_utf8(&bytes) {
            Ok(text) => Ok(text.into()),
            Err(_) => Err(KubernetesError::NotUtf8 { secret, data_key }),
        }
    }
}

/// `base64.b64decode(text)` of CPython 3.11.7.
///
/// Python stops at padding that completes a group of four, ignores padding anywhere else, and fails on a group that is
/// neither complete nor padded.
fn b64decode(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    if !text.is_ascii() {
        return None;
    }
    let mut digits = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut padding = 0;
    for byte in text.bytes() {
        let position = digits.len() % 4;
        if byte == b'=' && position >= 2 {
            padding += 1;
            if position + padding >= 4 {
                return decode(&digits);
            }
        } else if byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/') {
            digits.push(byte);
            padding = 0;
        }
    }
    decode(&digits).filter(|_| digits.len() % 4 == 0)
}

fn decode(digits: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    ENGINE.decode(digits).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Fault;
    use crate::python::json;

    fn secret(text: &str) -> ListedSecret {
        let Ok(Value::Dict(secret)) = json::loads(text) else {
            panic!("not a JSON object: {text}")
        };
        ListedSecret(secret)
    }

    #[test]
    fn base64_is_read_as_python_reads_it() {
        let read = [
            ("", ""),
            ("YQ==", "a"),
            ("YWI=", "ab"),
            ("YWJj", "abc"),
            ("YWJj==", "abc"),
            ("=YQ==", "a"),
            ("Y=Q==", "a"),
            ("YQ==YQ==", "a"),
            ("Y Q\n==", "a"),
            ("Y!Q==", "a"),
            ("YQ=a=", "a\u{6}"),
            ("YQ=\n=", "a"),
            ("YR==", "a"),
            ("YQ===", "a"),
            ("YQ!=x=", "a\u{c}"),
            ("-_==", ""),
            ("=", ""),
        ];
        for (text, bytes) in read {
            assert_eq!(
                b64decode(text).as_deref().map(Vec::as_slice),
                Some(bytes.as_bytes()),
                "{text:?}"
            );
        }
        for text in [
            "YQ",
            "YQ=",
            "Y",
            "Y===",
            "YWJjY",
            "YWI",
            "YW=I",
            "YQ=\u{e9}=",
        ] {
            assert!(b64decode(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn a_value_is_text_in_base64_under_its_key() {
        let secret = secret(
            r#"{"metadata": {"name": "s"}, "data": {"value": "w6k=", "latin": "6Q==", "odd": "Y", "number": 1}}"#,
        );
        assert_eq!(secret.value("value").unwrap().expose(), "\u{e9}");
        let error = |key: &str| secret.value(key).unwrap_err().to_string();
        assert_eq!(
            error("latin"),
            "found, but data key `latin` of secret `s` is not UTF-8 text"
        );
        assert_eq!(
            error("odd"),
            "found, but data key `odd` of secret `s` is not base64"
        );
        assert_eq!(
            error("number"),
            "found, but data key `number` of secret `s` is not base64"
        );
    }

    #[test]
    fn a_secret_without_the_key_tells_the_keys_it_has() {
        let error = secret(r#"{"metadata": {"name": "s"}, "data": {"conn_uri": "YQ=="}}"#)
            .value("value")
            .unwrap_err();
        assert_eq!(
            error.hint().unwrap(),
            "its data keys are `conn_uri`; the kwargs `*_data_key` say which one Airflow reads"
        );
        for text in [r#"{"data": null}"#, "{}"] {
            let error = secret(text).value("value").unwrap_err();
            assert_eq!(
                error.to_string(),
                "found, but secret `?` has no data key `value`, so Airflow takes it for absent"
            );
            assert_eq!(error.hint(), None);
        }
    }

    #[test]
    fn a_list_says_whether_it_goes_on() {
        let goes_on = |metadata: &str| {
            let list = format!(r#"{{"items": [{{}}], "metadata": {metadata}}}"#);
            SecretList::new(secret(&list).0).is_some_and(|list| list.goes_on)
        };
        assert!(goes_on(r#"{"continue": "eyJ2IjoibWV0YS5rOHMuaW8vdjEifQ"}"#));
        for last in ["null", "{}", r#"{"continue": ""}"#] {
            assert!(!goes_on(last), "{last}");
        }
    }

    #[test]
    fn a_list_holds_objects_only() {
        let count = |text: &str| SecretList::new(secret(text).0).map(|list| list.secrets.len());
        assert_eq!(count(r#"{"items": [{}, {}]}"#), Some(2));
        assert_eq!(count(r#"{"kind": "SecretList", "items": []}"#), Some(0));
        for text in [
            "{}",
            r#"{"items": null}"#,
            r#"{"items": [1]}"#,
            r#"{"items": []}"#,
            r#"{"kind": "Page", "items": []}"#,
        ] {
            assert_eq!(count(text), None, "{text}");
        }
    }
}
