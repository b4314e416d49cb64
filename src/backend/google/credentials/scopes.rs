//! OAuth scopes as the kwargs give them, and what each kind of credentials makes of them.
//!
//! The surprising rule: `CloudSecretManagerBackend` passes `gcp_scopes` on as text where google-auth wants a list, and Python
//! takes a text for the list of its characters. What is sent is then `h t t p s ...`, which Google refuses.

use crate::python::json::Value;

/// The scope that Google's client libraries ask for where nothing else is said.
const CLOUD_PLATFORM: &str = "https://www.googleapis.com/auth/cloud-platform";
/// `iam._IAM_SCOPE`, for the token that another account's token is asked for with.
const IAM: &str = "https://www.googleapis.com/auth/iam";

/// Which scopes are asked for.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Scopes {
    /// None are set.
    #[default]
    Default,
    /// A list, as google-auth wants it.
    List(Vec<String>),
    /// A text where a list is due.
    Text(String),
}

/// What a token is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The scopes that the settings ask for.
    pub scopes: Scopes,
    /// The service, as `https://HOST/`: a service account without scopes signs for it alone.
    pub audience: String,
}

impl Access {
    /// For asking IAM to impersonate.
    pub(super) fn to_iam() -> Self {
        Access {
            scopes: Scopes::List(vec![IAM.to_owned()]),
            audience: String::new(),
        }
    }
}

impl Scopes {
    /// The scopes as Python's `list()` gives them; `None` when none are set.
    pub(super) fn list(&self) -> Option<Vec<String>> {
        match self {
            Scopes::Default => None,
            Scopes::List(scopes) => Some(scopes.clone()),
            Scopes::Text(text) => Some(text.chars().map(String::from).collect()),
        }
    }

    /// The scopes as a list, cloud-platform when none are set.
    pub(super) fn list_or_default(&self) -> Vec<String> {
        self.list()
            .unwrap_or_else(|| vec![CLOUD_PLATFORM.to_owned()])
    }

    /// The scopes as they go into JSON: a text stays one.
    pub(super) fn to_json(&self) -> Value {
        match self {
            Scopes::Text(text) => Value::text(text.as_str()),
            _ => Value::List(
                self.list_or_default()
                    .into_iter()
                    .map(Value::text)
                    .collect(),
            ),
        }
    }

    /// The `scopes` of a credentials file: a list, or a text with a space between two.
    pub(super) fn of_file(value: Option<&Value>) -> Self {
        match value {
            Some(Value::Text(text)) => {
                Scopes::List(text.expose().split(' ').map(str::to_owned).collect())
            }
            Some(Value::List(scopes)) => {
                let scopes = scopes.iter().filter_map(Value::as_text);
                Scopes::List(scopes.map(|scope| scope.expose().to_owned()).collect())
            }
            _ => Scopes::Default,
        }
    }

    /// These, or `other` when none are set.
    pub(super) fn or<'a>(&'a self, other: &'a Scopes) -> &'a Scopes {
        match self {
            Scopes::Default => other,
            set => set,
        }
    }
}
