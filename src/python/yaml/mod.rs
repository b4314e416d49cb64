//! PyYAML: what `yaml.safe_load` makes of a text with `CSafeLoader` (PyYAML 6.0.3 on libyaml 0.2.5).
//!
//! The surprising rule: this is YAML 1.1, so `yes`, `on`, `012`, `1:30`, `1_000` and `2024-01-01` are no text.
//!
//! The work is done in PyYAML's own steps: `events` (the grammar) → `compose` (a graph of nodes; `resolve` says what a
//! plain scalar is) → `construct` (Python objects; `number` and `timestamp` read scalars) → `document` (its entries; `expand`
//! makes a [`Value`] of one, aliases in full; `edit` writes into one).
//!
//! [`Value`]: crate::python::json::Value

mod compose;
mod construct;
mod document;
mod edit;
mod error;
mod events;
mod expand;
mod merge;
mod number;
mod resolve;
#[cfg(test)]
mod tests;
mod timestamp;

pub use document::{Document, Entry, ObjectId};
pub use error::{Problem, YamlError};
pub(crate) use events::Events;

use crate::python::number::MAX_INT_DIGITS;

/// How deep lists and mappings may be nested. PyYAML has no limit of its own, but Python cannot print a value of more
/// than about 1000 levels.
pub const MAX_DEPTH: usize = 256;

/// How large a value may be with its aliases in full: its text in bytes, and 128 for each item. A bound on YAML bombs.
pub const MAX_SIZE: usize = 16 << 20;

/// The same for all that is written out of one document: what its text can hold without aliases, three times.
pub const MAX_SIZE_OF_ALL: usize = 3 * MAX_SIZE;

/// How many entries merges (`<<`) may make in a document, another bound on YAML bombs.
pub const MAX_MERGED: usize = 100_000;

/// How many `%TAG` lines are read, each of which libyaml compares with all before it.
pub const MAX_TAG_DIRECTIVES: usize = 100;

/// `yaml.safe_load(text)`
pub fn safe_load(text: &str) -> Result<Document, YamlError> {
    construct::construct(compose::compose(text)?)
}
