//! Env files in Compose's grammar: `KEY=value`, `KEY: value`, `export`, quotes, comments and interpolation.
//!
//! Mirrors the `dotenv` package of compose-go as Docker Compose 2.40.3 has it; its results are recorded in
//! `tests/data/compose_env_files.json`. Surprising rules: single quotes keep everything as it is except `\'`; an inline
//! comment needs a blank before its `#`; after a closing quote the next statement may follow at once; and a reference
//! finds what is set already first, then this file, then the files before it.
//!
//! It departs in three cases where Compose makes a variable that nobody can use: a line without a name, blanks in a name,
//! and a NUL character are errors, and the last line means the same with and without a line break at its end.

mod interpolation;
mod parser;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use parser::{Fault, Parser, Statement};

use super::{Env, EnvError, docker_file};
use crate::deadline::Deadline;
use crate::finding::Finding;
use crate::secret::SecretText;
use crate::source::Source;
use crate::text_file;

/// The largest env file that is read, and the most that its values may come to, in bytes.
const LARGEST_FILE: usize = 16 * 1024 * 1024;

/// Whose rules an env file is read by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EnvFileFormat {
    /// Docker Compose's.
    #[default]
    Compose,
    /// Those of `docker run --env-file`.
    Docker,
}

/// An env file that was read but not yet parsed: parsing needs the variables that its references name.
#[derive(Debug)]
pub struct EnvFile {
    path: Arc<PathBuf>,
    text: SecretText,
    format: EnvFileFormat,
}

/// What is wrong at one place of an env file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvFileProblem {
    /// A character that no name of a variable holds.
    #[error("a character that cannot stand in a variable name")]
    BadNameCharacter,
    /// Several words before `=`.
    #[error("a blank in a variable name")]
    BlankInName,
    /// The first line of a Dockerfile.
    #[error("this is an instruction of a Dockerfile")]
    Dockerfile,
    /// Nothing before `=`.
    #[error("no variable name before the value")]
    NoName,
    /// No second quote.
    #[error("the quote that opens here is not closed")]
    UnterminatedQuote,
    /// A NUL character.
    #[error("a NUL character, which no environment variable can hold")]
    Nul,
    /// `${` that is not followed by a name and a closing brace in the same line.
    #[error(
        "`${{` in this value does not start a reference such as `${{NAME}}` or `${{NAME:-default}}`"
    )]
    BadReference,
    /// `${NAME:?message}` for a variable that is not set.
    #[error("this value needs the variable `{name}`, which is not set")]
    Required {
        /// The variable.
        name: String,
    },
    /// A reference to a variable that is not UTF-8 text.
    #[error("this value refers to `{name}`, which is not UTF-8 text")]
    NotUtf8 {
        /// The variable.
        name: String,
    },
    /// Too many defaults in defaults.
    #[error("the references in this value are nested too deeply")]
    NestedTooDeep,
    /// References that bring in more than any environment holds.
    #[error("the values in this file come to more than {LARGEST_FILE} bytes")]
    ValuesTooLarge,
}

impl EnvFileProblem {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::BadReference => "write `$$` for a dollar sign, or put the value in single quotes",
            Self::UnterminatedQuote => {
                "close the quote; write `\\'` for a single quote inside single quotes"
            }
            Self::Dockerfile => {
                "an env file has lines `NAME=value`: copy what `ENV` sets in the Dockerfile into one"
            }
            Self::BadNameCharacter | Self::BlankInName => {
                "every line is `NAME=value`; a value of several lines must stand in quotes"
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

impl EnvFile {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// It is not a text file of a usual size, or does not end in time.
    pub async fn read(
        path: &Path,
        format: EnvFileFormat,
        deadline: Deadline,
    ) -> Result<Self, EnvError> {
        let text = text_file::read(path, LARGEST_FILE as u64, deadline).await?;
        Ok(Self {
            format,
            ..Self::from_text(path, text)
        })
    }

    /// A file in Compose's format that holds `text`; `path` is for messages.
    pub fn from_text(path: &Path, text: impl Into<String>) -> Self {
        Self {
            path: Arc::new(path.into()),
            text: SecretText::new(text),
            format: EnvFileFormat::Compose,
        }
    }

    /// Parses the file and defines its variables in `laid`, which holds those of the files before it; references find
    /// the variables of `process` first.
    pub(super) fn read_into(&self, laid: &mut Env, process: &Env) -> Result<(), EnvError> {
        let own = match self.format {
            EnvFileFormat::Compose => self.as_compose(laid, process)?,
            EnvFileFormat::Docker => self.as_docker()?,
        };
        laid.lay_over(own);
        Ok(())
    }

    /// The variables of a file that is read raw. A name alone takes over what is set already, without being written down.
    fn as_docker(&self) -> Result<Env, EnvError> {
        let mut own = Env::default();
        for statement in docker_file::statements(self.text.expose()) {
            let (line, name, value) = statement.map_err(|(line, problem)| EnvError::Syntax {
                path: self.path.to_path_buf(),
                line,
                column: 1,
                problem: self.of_the_whole(problem),
            })?;
            let path = self.path.clone();
            if let Some(value) = value {
                own.redefine(name, value.into(), Source::File { path, line });
            }
        }
        Ok(own)
    }

    fn as_compose(&self, laid: &Env, process: &Env) -> Result<Env, EnvError> {
        let text = self.text.expose();
        let mut parser = Parser::new(text);
        let mut places = Places {
            text,
            offset: 0,
            line: 1,
        };
        // what this file defines goes over the files before it only when the file is read to its end
        let mut own = Env::default();
        loop {
            let statement = parser.next_statement(&|name| find(name, [process, &own, laid]));
            match statement.map_err(|fault| self.error(fault))? {
                None => break,
                Some(Statement {
                    offset,
                    name,
                    value: Some(value),
                    met_unset,
                }) => {
                    let source = Source::File {
                        path: self.path.clone(),
                        line: places.line(offset),
                    };
                    if met_unset && !process.is_set(name) {
                        own.findings.push(unset_reference(name, &source));
                    }
                    own.redefine(name, value, source);
                }
                // a name alone takes over what is set already, which it does without being written down
                Some(Statement { value: None, .. }) => {}
            }
        }
        Ok(own)
    }

    fn error(&self, fault: Fault) -> EnvError {
        let text = &self.text.expose()[..fault.offset];
        let line_start = text.rfind('\n').map_or(0, |newline| newline + 1);
        EnvError::Syntax {
            path: self.path.to_path_buf(),
            line: text.matches('\n').count() + 1,
            column: text[line_start..].chars().count() + 1,
            problem: self.of_the_whole(fault.problem),
        }
    }

    /// `problem`, unless the whole file is of another kind.
    fn of_the_whole(&self, problem: EnvFileProblem) -> EnvFileProblem {
        let is_about_a_name = matches!(
            problem,
            EnvFileProblem::BadNameCharacter | EnvFileProblem::BlankInName
        );
        match is_about_a_name && is_dockerfile(self.text.expose()) {
            true => EnvFileProblem::Dockerfile,
            false => problem,
        }
    }
}

/// Whether the first line that is not a comment is one that a Dockerfile begins with.
fn is_dockerfile(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim_start);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with('#'));
    first.is_some_and(|line| line.starts_with("FROM ") || line.starts_with("ARG "))
}

/// The name in the reference is not told: in a password such as `pa$word` it is a part of it.
fn unset_reference(name: &str, source: &Source) -> Finding {
    let sentence = format!(
        "`{name}` in {source} refers to a variable that is not set: nothing stands in its place, as with Compose"
    );
    Finding::warning("unset-reference", sentence).at(Some(source.clone()))
}

/// The value of `name` in the first of `layers` that has it.
fn find<'a>(name: &str, layers: [&'a Env; 3]) -> Result<Option<&'a str>, EnvFileProblem> {
    for env in layers {
        match env.get(name) {
            Ok(None) => {}
            Ok(found) => return Ok(found),
            Err(_) => {
                return Err(EnvFileProblem::NotUtf8 {
                    name: name.to_owned(),
                });
            }
        }
    }
    Ok(None)
}

/// Line numbers of ever later offsets.
struct Places<'a> {
    text: &'a str,
    offset: usize,
    line: usize,
}

impl Places<'_> {
    fn line(&mut self, offset: usize) -> usize {
        self.line += self.text[self.offset..offset].matches('\n').count();
        self.offset = offset;
        self.line
    }
}

#[cfg(test)]
mod tests;
