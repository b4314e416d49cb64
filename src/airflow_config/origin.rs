//! Where a setting comes from, in words.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::env::Env;
use crate::source::Source;

/// Where the text of a setting stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// An environment variable.
    Environment {
        /// Its name.
        name: String,
        /// Where it is defined.
        source: Source,
    },
    /// A line in airflow.cfg.
    Cfg {
        /// The file.
        path: Arc<PathBuf>,
        /// The section, without brackets.
        section: String,
        /// The option.
        key: String,
        /// The line of the option's name, from 1.
        line: usize,
    },
}

/// How the text of a setting becomes its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Indirection {
    /// The text is the value.
    None,
    /// The text is a command that prints the value: `_CMD`.
    Command,
    /// The text is what the secrets backend knows the value by: `_SECRET`.
    Secret,
}

/// Where a setting comes from. `Display` names it for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Where its text stands.
    pub place: Place,
    /// How the text becomes the value.
    pub indirection: Indirection,
}

impl Place {
    /// The place of the environment variable `name`.
    pub fn of_variable(env: &Env, name: String) -> Self {
        let source = env.source_of(&name).cloned().unwrap_or(Source::Environment);
        Self::Environment { name, source }
    }
}

impl Origin {
    /// The file and line, or the environment.
    pub fn source(&self) -> Source {
        match &self.place {
            Place::Environment { source, .. } => source.clone(),
            Place::Cfg { path, line, .. } => Source::File {
                path: Arc::clone(path),
                line: *line,
            },
        }
    }
}

/// A setting that was used: its name, where it stands, and where it stands as well without effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingUse {
    /// The variable, or the option with its section.
    pub name: String,
    /// Where its text stands.
    pub source: Source,
    /// What the process environment or a later file wins over.
    pub overridden: Vec<Source>,
}

impl SettingUse {
    /// The use of a setting that comes from `origin`.
    pub fn of(origin: &Origin, env: &Env) -> Self {
        let (name, overridden) = match &origin.place {
            Place::Environment { name, .. } => (name.clone(), env.overridden(name).to_vec()),
            Place::Cfg { section, key, .. } => (format!("[{section}] {key}"), Vec::new()),
        };
        Self {
            name,
            source: origin.source(),
            overridden,
        }
    }
}

impl fmt::Display for SettingUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` from {}", self.name, self.source)?;
        match self.overridden.split_first() {
            None => Ok(()),
            Some((first, rest)) => {
                write!(f, ", which wins over {first}")?;
                rest.iter()
                    .try_for_each(|source| write!(f, " and {source}"))
            }
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.indirection == Indirection::Command {
            f.write_str("the command in ")?;
        }
        self.place.fmt(f)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment {
                name,
                source: Source::Environment,
            } => write!(f, "environment variable `{name}`"),
            Self::Environment { name, source } => write!(f, "`{name}` in {source}"),
            Self::Cfg {
                path,
                section,
                key,
                line,
            } => {
                write!(
                    f,
                    "`{key}` in [{section}] of `{}` line {line}",
                    path.display()
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_origin_has_a_name() {
        let name = "AIRFLOW__SECRETS__BACKEND".to_owned();
        let path = Arc::new(PathBuf::from("conf/airflow.cfg"));
        let file = Source::File {
            path: Arc::new(".env".into()),
            line: 3,
        };
        let cfg = Place::Cfg {
            path,
            section: "secrets".into(),
            key: "backend_kwargs_cmd".into(),
            line: 12,
        };
        let cases = [
            (
                Place::Environment {
                    name: name.clone(),
                    source: Source::Environment,
                },
                Indirection::None,
                "environment variable `AIRFLOW__SECRETS__BACKEND`",
            ),
            (
                Place::Environment { name, source: file },
                Indirection::None,
                "`AIRFLOW__SECRETS__BACKEND` in `.env` line 3",
            ),
            (
                cfg,
                Indirection::Command,
                "the command in `backend_kwargs_cmd` in [secrets] of `conf/airflow.cfg` line 12",
            ),
        ];
        for (place, indirection, expected) in cases {
            assert_eq!(Origin { place, indirection }.to_string(), expected);
        }
    }
}
