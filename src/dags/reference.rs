//! What a scan finds: the ids that DAG files use, the look-ups whose id cannot be told, and the files that cannot be read.
//!
//! The serialized form is `secretctl.scan/v1`. The surprising rule: a place is where the id, or the name that stands for it,
//! is *used*, not where the id is written.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::secret_kind::SecretKind;

/// A place in a file; line and column count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Place {
    /// The file, as the paths that were given name it.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

/// How a file names an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// A keyword argument: `conn_id="x"`.
    Keyword,
    /// A positional argument of a hook, an operator or a function of the project.
    Positional,
    /// A look-up: `Variable.get("x")`, `BaseHook.get_connection("x")`.
    Call,
    /// The key of a dictionary: `{"conn_id": "x"}`.
    Mapping,
    /// Jinja in a string of a DAG file.
    Template,
    /// Jinja in a file that a DAG renders.
    TemplateFile,
    /// The id that a class takes when none is given.
    Default,
    /// A DAG written in YAML.
    Factory,
    /// `os.getenv("NAME", "x")`.
    Environment,
    /// Said to be needed: `# secretctl: uses conn:x`, `[tool.astro.env]`.
    Declared,
    /// An option of Airflow's.
    Config,
}

/// One use of one id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reference {
    /// Connection, variable or config.
    #[serde(serialize_with = "short_name")]
    pub kind: SecretKind,
    /// The conn_id, the variable's key or the config's key.
    pub id: String,
    /// Where it is used.
    #[serde(flatten)]
    pub place: Place,
    /// How it is named there.
    pub via: Via,
    /// With [`Via::Environment`], the environment variable that decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment_variable: Option<String>,
    /// The look-up has a default of its own, so that a missing id is no failure.
    pub optional: bool,
    /// Nobody wrote the id: it is a class's default.
    pub implicit: bool,
    /// The look-up stands in a `try` that catches its failure.
    pub guarded: bool,
    /// The look-up happens whenever the file is parsed.
    pub top_level: bool,
}

/// A look-up whose id is known only to a running DAG.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dynamic {
    /// Connection, variable or config.
    #[serde(serialize_with = "short_name")]
    pub kind: SecretKind,
    /// Where it is looked up.
    #[serde(flatten)]
    pub place: Place,
    /// What decides the id.
    pub why: String,
}

/// A file, or the rest of it, that was not read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Unreadable {
    /// The file, as the paths that were given name it.
    pub file: String,
    /// The line of the first fault, from 1.
    pub line: u32,
    /// What is wrong with it.
    pub why: String,
}

/// The outcome of a scan, sorted by place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// How many files were read: DAG files, the modules they import, templates, factories.
    pub files: usize,
    /// Every id that was found.
    pub references: Vec<Reference>,
    /// Every look-up whose id was not.
    pub dynamic: Vec<Dynamic>,
    /// Files that were not read, or not to their end.
    pub unreadable: Vec<Unreadable>,
}

impl Scan {
    /// Sorts by place and drops what is said twice.
    pub(super) fn tidy(&mut self) {
        self.references.sort_by(|one, other| {
            let key = |r: &Reference| {
                (
                    r.place.clone(),
                    r.kind.short_name(),
                    r.id.clone(),
                    r.implicit,
                )
            };
            key(one).cmp(&key(other))
        });
        self.references.dedup_by(|later, kept| {
            (later.kind, &later.id, &later.place) == (kept.kind, &kept.id, &kept.place)
        });
        self.dynamic.sort_by(|one, other| {
            (&one.place, one.kind.short_name()).cmp(&(&other.place, other.kind.short_name()))
        });
        self.dynamic
            .dedup_by(|later, kept| (later.kind, &later.place) == (kept.kind, &kept.place));
        self.unreadable.sort();
        self.unreadable
            .dedup_by(|later, kept| later.file == kept.file);
    }
}

fn short_name<S: Serializer>(kind: &SecretKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.short_name())
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}
