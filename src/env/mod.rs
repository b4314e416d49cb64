//! The environment: one snapshot of variables, with env files laid under it.
//!
//! Mirrors `os.environ` of CPython 3.11.7. `main` takes the snapshot; nothing else reads `std::env`. The surprising rule:
//! a value that is not UTF-8 is carried along and handed to commands unchanged, and only reading it is an error.

mod docker_file;
mod env_file;
pub(crate) mod expand;
pub(crate) mod reference;
mod user_home;

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;

use indexmap::IndexMap;
use indexmap::map::Entry;

pub use env_file::{EnvFile, EnvFileFormat, EnvFileProblem};
pub use expand::expand_env_var;

use crate::failure::{Failure, Fault};
use crate::finding::Finding;
use crate::secret::SecretText;
use crate::source::Source;
use crate::text_file::TextFileError;

/// A snapshot of environment variables, in order. `Debug` shows their names only.
#[derive(Clone, Default)]
pub struct Env {
    variables: IndexMap<OsString, Variable>,
    findings: Vec<Finding>,
}

/// One variable: its value, where it is defined, and where else, without effect.
#[derive(Clone)]
struct Variable {
    value: EnvValue,
    source: Source,
    overridden: Vec<Source>,
}

#[derive(Clone)]
enum EnvValue {
    Text(SecretText),
    NotUtf8(OsString),
}

/// What is wrong with the environment or an env file. No variant holds a value.
#[derive(Clone, Debug, thiserror::Error)]
pub enum EnvError {
    /// A variable that was asked for is not UTF-8 text.
    #[error("environment variable `{name}` is not UTF-8 text")]
    NotUtf8 {
        /// Its name.
        name: String,
    },
    /// Variables whose values name each other, where Airflow would never stop expanding.
    #[error(
        "environment variables refer to each other without end: {}",
        arrows(names)
    )]
    EndlessExpansion {
        /// The variables on the circle, in order, the first one again at the end.
        names: Vec<String>,
    },
    /// Expansion made a text larger than any setting.
    #[error("expanding `$NAME` makes a text of more than {limit} bytes")]
    ExpansionTooLarge {
        /// The largest text that is made, in bytes.
        limit: usize,
    },
    /// An env file could not be read.
    #[error("env file {0}")]
    File(#[from] TextFileError),
    /// An env file does not follow Compose's grammar.
    #[error("env file `{}` line {line}, column {column}: {problem}", path.display())]
    Syntax {
        /// The env file.
        path: PathBuf,
        /// The line of the fault, from 1.
        line: usize,
        /// The character of the fault in that line, from 1.
        column: usize,
        /// What is wrong there.
        problem: EnvFileProblem,
    },
}

impl Fault for EnvError {
    fn failure(&self) -> Failure {
        Failure::Configuration
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::EndlessExpansion { .. } => {
                Some("Airflow would hang here: give one of them a value without `$`".to_owned())
            }
            Self::Syntax { problem, .. } => problem.hint(),
            Self::File(TextFileError::Missing { .. }) => Some(
                "a path that does not begin with `/` counts from the working directory".to_owned(),
            ),
            Self::File(error) => error.hint(),
            Self::NotUtf8 { .. } | Self::ExpansionTooLarge { .. } => None,
        }
    }
}

fn arrows(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`${name}`")).collect();
    names.join(" -> ")
}

impl Env {
    /// Takes the variables of a process. Of a repeated name the first counts, as in Python.
    pub fn from_os(variables: impl Iterator<Item = (OsString, OsString)>) -> Self {
        let mut env = Self::default();
        for (name, value) in variables {
            let value = match value.into_string() {
                Ok(text) => EnvValue::Text(text.into()),
                Err(bytes) => EnvValue::NotUtf8(bytes),
            };
            let variable = Variable {
                value,
                source: Source::Environment,
                overridden: Vec::new(),
            };
            env.define(name, variable);
        }
        env
    }

    /// An environment of these names and values.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let os = |text: String| OsString::from(text);
        Self::from_os(
            pairs
                .into_iter()
                .map(|(name, value)| (os(name.into()), os(value.into()))),
        )
    }

    /// The value of `name`. It may be secret: do not put it into a message.
    pub fn get(&self, name: &str) -> Result<Option<&str>, EnvError> {
        match self
            .variables
            .get(OsStr::new(name))
            .map(|variable| &variable.value)
        {
            None => Ok(None),
            Some(EnvValue::Text(text)) => Ok(Some(text.expose())),
            Some(EnvValue::NotUtf8(_)) => Err(EnvError::NotUtf8 {
                name: name.to_owned(),
            }),
        }
    }

    /// Whether `name` is set, be it to nothing.
    pub fn is_set(&self, name: &str) -> bool {
        self.variables.contains_key(OsStr::new(name))
    }

    /// Where `name` is defined, if it is.
    pub fn source_of(&self, name: &str) -> Option<&Source> {
        Some(&self.variables.get(OsStr::new(name))?.source)
    }

    /// Where `name` is defined as well, without effect: in env files that the process or a later file wins over.
    pub fn overridden(&self, name: &str) -> &[Source] {
        let variable = self.variables.get(OsStr::new(name));
        variable.map_or(&[], |variable| &variable.overridden)
    }

    /// A file in the home directory, `~/NAME`, as `os.path.expanduser` finds it; `None` where there is no home.
    ///
    /// # Errors
    /// `HOME` is not UTF-8.
    pub fn in_home(&self, name: &str) -> Result<Option<std::path::PathBuf>, EnvError> {
        Ok(user_home::expand_user(self, &format!("~/{name}"))?.map(Into::into))
    }

    /// The names of all variables, in order. A name that is not UTF-8 is left out.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.variables.keys().filter_map(|name| name.to_str())
    }

    /// Every variable, for a command that is to run in exactly this environment.
    pub fn to_os(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.variables.iter().map(|(name, variable)| {
            let value = match &variable.value {
                EnvValue::Text(text) => OsStr::new(text.expose()),
                EnvValue::NotUtf8(bytes) => bytes.as_os_str(),
            };
            (name.as_os_str(), value)
        })
    }

    /// Lays env files under these variables: a later file wins over an earlier one, and what is set already wins over
    /// all of them, as with `docker compose --env-file`.
    pub fn lay_under(mut self, files: &[EnvFile]) -> Result<Self, EnvError> {
        let mut laid = Env::default();
        for file in files {
            file.read_into(&mut laid, &self)?;
        }
        for (name, variable) in laid.variables {
            self.define(name, variable);
        }
        self.findings.append(&mut laid.findings);
        Ok(self)
    }

    /// What a person should be told about the env files: references that came to nothing.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Lays the variables of a later file over these. A name keeps the place where it was first defined.
    fn lay_over(&mut self, later: Env) {
        for (name, mut variable) in later.variables {
            if let Some(before) = self.variables.get(&name) {
                variable.overridden.push(before.source.clone());
                variable
                    .overridden
                    .extend(before.overridden.iter().cloned());
            }
            self.variables.insert(name, variable);
        }
        self.findings.extend(later.findings);
    }

    /// These variables with `name` set to `value` as well, as if the process had it.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.redefine(name, value.into(), Source::Environment);
        self
    }

    /// Defines `name` unless it is defined.
    fn define(&mut self, name: OsString, variable: Variable) {
        match self.variables.entry(name) {
            Entry::Vacant(place) => {
                place.insert(variable);
            }
            Entry::Occupied(mut defined) => {
                let overridden = &mut defined.get_mut().overridden;
                overridden.push(variable.source);
                overridden.extend(variable.overridden);
            }
        }
    }

    /// Defines `name` anew, in its old place.
    fn redefine(&mut self, name: &str, value: SecretText, source: Source) {
        let value = EnvValue::Text(value);
        match self.variables.entry(name.into()) {
            Entry::Vacant(place) => {
                place.insert(Variable {
                    value,
                    source,
                    overridden: Vec::new(),
                });
            }
            Entry::Occupied(mut defined) => {
                let defined = defined.get_mut();
                defined.value = value;
                // A file that defines a name twice means its last line.
                if !source.is_in_file_of(&defined.source) {
                    defined.overridden.push(defined.source.clone());
                }
                defined.source = source;
            }
        }
    }
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    fn with_latin_value() -> Env {
        let latin = OsString::from_vec(b"caf\xe9".to_vec());
        Env::from_os([("LATIN".into(), latin), ("PLAIN".into(), "x".into())].into_iter())
    }

    #[test]
    fn a_value_that_is_not_utf8_is_kept_and_only_reading_it_fails() {
        let env = with_latin_value();
        assert_eq!(env.get("PLAIN").unwrap(), Some("x"));
        assert_eq!(
            env.get("LATIN").unwrap_err().to_string(),
            "environment variable `LATIN` is not UTF-8 text"
        );
        let handed_on: Vec<_> = env.to_os().map(|(_, value)| value.len()).collect();
        assert_eq!(handed_on, [4, 1]);
    }

    #[test]
    fn of_a_repeated_name_the_first_value_counts() {
        let env = Env::from_pairs([("A", "first"), ("A", "second")]);
        assert_eq!(env.get("A").unwrap(), Some("first"));
    }

    #[test]
    fn set_to_nothing_is_set() {
        let env = Env::from_pairs([("EMPTY", "")]);
        assert!(env.is_set("EMPTY"));
        assert_eq!(env.get("EMPTY").unwrap(), Some(""));
        assert!(!env.is_set("OTHER"));
    }

    #[test]
    fn debug_shows_names_only() {
        let env = Env::from_pairs([("TOKEN", "hunter2")]);
        assert_eq!(format!("{env:?}"), r#"{"TOKEN"}"#);
    }
}
