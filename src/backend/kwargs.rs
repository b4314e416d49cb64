//! Backend kwargs as a constructor takes them: named values with a type, a default and a spelling.
//!
//! The surprising rule: an absent kwarg has its default, a `null` one is Python's `None`, and the two often differ.

use crate::airflow_version::AirflowVersion;
use crate::failure::{Failure, Fault};
use crate::nearest::nearest;
use crate::python::json::{Dict, Value};
use crate::secret::SecretText;

/// A kwarg that the class cannot be built or used with. Holds names and types, never a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KwargError {
    /// The class has no such kwarg.
    #[error("{class} has no kwarg `{name}`")]
    Unknown {
        /// The backend class.
        class: &'static str,
        /// The kwarg as written.
        name: String,
        /// The spelling that was probably meant.
        nearest: Option<&'static str>,
    },
    /// The class of this release has no such kwarg, though that of a newer one has.
    #[error("{class} of Airflow {version} has no kwarg `{name}`: Airflow {since} brought it")]
    TooNew {
        /// The backend class.
        class: &'static str,
        /// The kwarg.
        name: &'static str,
        /// The release whose rules are followed.
        version: AirflowVersion,
        /// The first release that has it.
        since: AirflowVersion,
    },
    /// The value is of another type than the class wants.
    #[error("kwarg `{name}` of {class} must be {wanted}, not {given}")]
    WrongType {
        /// The backend class.
        class: &'static str,
        /// The kwarg.
        name: &'static str,
        /// What it must be, in words.
        wanted: &'static str,
        /// What it is, in words.
        given: &'static str,
    },
    /// The value is none of the words that the class knows.
    #[error("kwarg `{name}` of {class} must be one of {}, not another word", .known.join(", "))]
    UnknownWord {
        /// The backend class.
        class: &'static str,
        /// The kwarg.
        name: &'static str,
        /// The words.
        known: &'static [&'static str],
        /// The one that was probably meant.
        nearest: Option<&'static str>,
    },
    /// Two kwargs that exclude each other.
    #[error("{class} takes either kwarg `{name}` or kwarg `{other}`, not both")]
    Conflict {
        /// The backend class.
        class: &'static str,
        /// The one.
        name: &'static str,
        /// The other.
        other: &'static str,
    },
    /// The class insists on a kwarg that is not there.
    #[error("{class} with \"auth_type\": \"{auth_type}\" needs {needs}")]
    Missing {
        /// The backend class.
        class: &'static str,
        /// The authentication asked for.
        auth_type: &'static str,
        /// What is missing, in words.
        needs: &'static str,
    },
    /// The class takes only one of several kwargs.
    #[error("{class} takes only one of {}", in_backticks(.given))]
    Exclusive {
        /// The backend class.
        class: &'static str,
        /// The kwargs that are given.
        given: Vec<&'static str>,
    },
}

fn in_backticks(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(" and ")
}

impl Fault for KwargError {
    fn failure(&self) -> Failure {
        Failure::Configuration
    }

    fn hint(&self) -> Option<String> {
        match self {
            KwargError::Unknown {
                nearest: Some(nearest),
                ..
            }
            | KwargError::UnknownWord {
                nearest: Some(nearest),
                ..
            } => Some(format!("did you mean `{nearest}`?")),
            KwargError::WrongType {
                given: "text",
                wanted,
                name,
                ..
            } if *wanted != "text" => Some(format!(
                "write the value of `{name}` without quotes; a variable AIRFLOW__SECRETS__BACKEND_KWARG__* always gives text"
            )),
            KwargError::WrongType {
                given: ANOTHER_NUMBER,
                wanted,
                name,
                ..
            } => Some(format!("write \"{name}\": N, where N is {wanted}")),
            KwargError::Missing { auth_type: "token", .. } => Some(
                "set \"token\" in the kwargs, or VAULT_TOKEN in the environment, or an \"auth_type\" that logs in"
                    .to_owned(),
            ),
            KwargError::Missing { .. } => Some("set it in the kwargs".to_owned()),
            KwargError::Conflict { .. } | KwargError::Exclusive { .. } => {
                Some("leave the others out".to_owned())
            }
            KwargError::TooNew { .. }
            | KwargError::Unknown { nearest: None, .. }
            | KwargError::UnknownWord { nearest: None, .. }
            | KwargError::WrongType { .. } => None,
        }
    }
}

/// What is given where a number is, and not one of those wanted.
const ANOTHER_NUMBER: &str = "another number";

/// The kwargs given to one class.
#[derive(Clone, Copy)]
pub struct Kwargs<'a> {
    class: &'static str,
    given: &'a Dict,
}

impl<'a> Kwargs<'a> {
    /// The kwargs `given` to `class`.
    pub fn new(class: &'static str, given: &'a Dict) -> Self {
        Self { class, given }
    }

    /// The value as given; `None` when absent.
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.given.get(name)
    }

    /// A text value; `None` when absent or null.
    pub fn secret(&self, name: &'static str) -> Result<Option<SecretText>, KwargError> {
        match self.get(name) {
            None | Some(Value::None) => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text.clone())),
            Some(other) => Err(self.wrong_type(name, "text", other)),
        }
    }

    /// A text value that is no secret: a path, an address, a name.
    pub fn text(&self, name: &'static str) -> Result<Option<String>, KwargError> {
        Ok(self.secret(name)?.map(|text| text.expose().to_owned()))
    }

    /// A flag by Python's truth; `default` when absent.
    pub fn truthy(&self, name: &str, default: bool) -> bool {
        self.get(name).map_or(default, Value::is_truthy)
    }

    /// The error for a value of the wrong type.
    pub fn wrong_type(
        &self,
        name: &'static str,
        wanted: &'static str,
        given: &Value,
    ) -> KwargError {
        KwargError::WrongType {
            class: self.class,
            name,
            wanted,
            given: in_words(given),
        }
    }

    /// The error for a value of the wrong type, or for a number that is not one of those wanted.
    pub fn other_number(
        &self,
        name: &'static str,
        wanted: &'static str,
        given: &Value,
    ) -> KwargError {
        let given = match given {
            Value::Int(_) | Value::Float(_) => ANOTHER_NUMBER,
            other => in_words(other),
        };
        KwargError::WrongType {
            class: self.class,
            name,
            wanted,
            given,
        }
    }

    /// The error for a word that is not one of `known`.
    pub fn unknown_word(
        &self,
        name: &'static str,
        known: &'static [&'static str],
        word: &str,
    ) -> KwargError {
        KwargError::UnknownWord {
            class: self.class,
            name,
            known,
            nearest: nearest(word, known),
        }
    }

    /// The error for a set of kwargs that lacks something.
    pub fn missing(&self, auth_type: &'static str, needs: &'static str) -> KwargError {
        KwargError::Missing {
            class: self.class,
            auth_type,
            needs,
        }
    }

    /// The error for a kwarg that only newer releases have.
    pub fn too_new(
        &self,
        name: &'static str,
        version: AirflowVersion,
        since: AirflowVersion,
    ) -> KwargError {
        KwargError::TooNew {
            class: self.class,
            name,
            version,
            since,
        }
    }

    /// The error for two kwargs that exclude each other.
    pub fn conflict(&self, name: &'static str, other: &'static str) -> KwargError {
        KwargError::Conflict {
            class: self.class,
            name,
            other,
        }
    }

    /// The error for kwargs of which only one may be given.
    pub fn exclusive(&self, given: Vec<&'static str>) -> KwargError {
        KwargError::Exclusive {
            class: self.class,
            given,
        }
    }

    /// Refuses what a constructor without `**kwargs` raises on: a name that it does not know.
    ///
    /// # Errors
    /// The first such kwarg.
    pub fn refuse_unknown(&self, known: &'static [&'static str]) -> Result<(), KwargError> {
        self.unknown(known).into_iter().next().map_or(Ok(()), Err)
    }

    /// Every kwarg that the class does not know.
    pub fn unknown(&self, known: &'static [&'static str]) -> Vec<KwargError> {
        let unknown = self
            .given
            .keys()
            .filter(|name| !known.contains(&name.as_str()));
        unknown
            .map(|name| KwargError::Unknown {
                class: self.class,
                name: name.clone(),
                nearest: nearest(name, known),
            })
            .collect()
    }
}

/// What is wrong with kwargs that fail only the lookups: the first of it, as Airflow trips over one fault at a time.
#[derive(Clone, Debug)]
pub struct Faults<E>(Option<E>);

impl<E> Default for Faults<E> {
    fn default() -> Self {
        Self(None)
    }
}

impl<E: Clone> Faults<E> {
    /// Takes a value, or keeps what is wrong with it and gives nothing.
    pub fn note<T>(&mut self, value: Result<T, impl Into<E>>) -> Option<T> {
        match value {
            Ok(value) => Some(value),
            Err(fault) => {
                self.keep(fault);
                None
            }
        }
    }

    /// Keeps what is wrong with a value.
    pub fn keep(&mut self, fault: impl Into<E>) {
        self.0.get_or_insert(fault.into());
    }

    /// # Errors
    /// The first fault that was noted.
    pub fn check(&self) -> Result<(), E> {
        self.0.clone().map_or(Ok(()), Err)
    }
}

/// A value's type in the words of its JSON.
fn in_words(value: &Value) -> &'static str {
    match value {
        Value::None => "null",
        Value::Bool(_) => "true or false",
        Value::Int(_) | Value::Float(_) => "a number",
        Value::Text(_) => "text",
        Value::List(_) => "a list",
        Value::Dict(_) => "an object",
        Value::Date(_) => "a date",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[&str] = &["url", "mount_point", "kv_engine_version"];

    fn dict(pairs: &[(&str, Value)]) -> Dict {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect()
    }

    #[test]
    fn null_and_absent_are_told_apart_by_the_caller() {
        let given = dict(&[("url", Value::None)]);
        let kwargs = Kwargs::new("VaultBackend", &given);
        assert_eq!(kwargs.get("url"), Some(&Value::None));
        assert_eq!(kwargs.get("mount_point"), None);
        assert_eq!(kwargs.text("url"), Ok(None));
    }

    #[test]
    fn a_misspelt_kwarg_is_answered_with_the_nearest() {
        let given = dict(&[("mountpoint", Value::None), ("zzz", Value::None)]);
        let unknown = Kwargs::new("VaultBackend", &given).unknown(KNOWN);
        assert_eq!(
            unknown[0].to_string(),
            "VaultBackend has no kwarg `mountpoint`"
        );
        assert_eq!(unknown[0].hint().unwrap(), "did you mean `mount_point`?");
        assert_eq!(unknown[1].hint(), None);
    }

    #[test]
    fn a_wrong_type_is_named_without_the_value() {
        let given = dict(&[("url", Value::Int("8200".into()))]);
        let error = Kwargs::new("VaultBackend", &given).text("url").unwrap_err();
        assert_eq!(
            error.to_string(),
            "kwarg `url` of VaultBackend must be text, not a number"
        );
    }
}
