//! What a kubeconfig lacks, or has in a form that nobody can use. Names and keys, never a value.

/// What is the matter with a kubeconfig, as the rest of a sentence about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KubeconfigFault {
    /// It is YAML, and not a mapping.
    #[error("is not a mapping")]
    NotAMapping,
    /// No context is the current one.
    #[error("has no `current-context`")]
    NoCurrentContext,
    /// An entry is referred to and not there.
    #[error("has no {kind} `{name}`")]
    NoEntry {
        /// Context, cluster or user.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// An entry has a name and nothing else.
    #[error("has a {kind} `{name}` without content")]
    EmptyEntry {
        /// Context, cluster or user.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// An entry lacks a key.
    #[error("has no `{key}` in {place}")]
    NoKey {
        /// The key.
        key: String,
        /// The entry.
        place: String,
    },
    /// A key has something else than it must.
    #[error("has a `{key}` in {place} that is not {wanted}")]
    Unusable {
        /// The key.
        key: String,
        /// The entry.
        place: String,
        /// What it must be, in words.
        wanted: &'static str,
    },
}

impl KubeconfigFault {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let is_unset = *self == KubeconfigFault::NoCurrentContext;
        is_unset.then(|| "`kubectl config use-context NAME` sets one".to_owned())
    }
}
