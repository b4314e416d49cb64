//! Secret text: what no log, error or debug print may show.
//!
//! Every value that came from a secrets backend, every token and every set of backend kwargs is held in a [`SecretText`]
//! from the moment it is read until a writer puts it on stdout. It has no `Display` and no `Serialize`, its `Debug` prints
//! `****`, and its memory is wiped when it is dropped. [`SecretText::expose`] is the one way out.

use std::fmt;

use zeroize::Zeroizing;

/// Text that must not be shown unless somebody asked for it by name.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Takes `text` in; the caller keeps no other copy of it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself. Every call is a place for a reviewer to look at.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("****")
    }
}

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for SecretText {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_text() {
        assert_eq!(format!("{:?}", SecretText::new("hunter2")), "****");
    }
}
