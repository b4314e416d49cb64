//! Where a setting was written down: a file and line, or the environment of the process.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Where a setting was written down.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// The environment of this process.
    Environment,
    /// A line of a file.
    File {
        /// The file, as it was named.
        path: Arc<PathBuf>,
        /// The line, from 1.
        line: usize,
    },
}

impl Source {
    /// Whether both are lines of the same file.
    pub fn is_in_file_of(&self, other: &Source) -> bool {
        match (self, other) {
            (Source::File { path: one, .. }, Source::File { path: two, .. }) => one == two,
            _ => false,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Environment => f.write_str("the environment"),
            Source::File { path, line } => write!(f, "`{}` line {line}", path.display()),
        }
    }
}
