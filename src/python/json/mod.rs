//! The `json` module: what `json.loads` accepts and `json.dumps` writes (CPython 3.11.7).
//!
//! The surprising rule: `NaN`, `Infinity` and `-Infinity` are accepted and written, and of a repeated key the last value
//! wins, in the place of the first.

mod decoder;
mod encoder;
mod error;
mod size;
#[cfg(test)]
mod tests;

pub use super::value::{Dict, Value};
pub use decoder::{loads, loads_replacing};
pub use encoder::{dumps, is_serializable, to_strict_json};
pub use error::{JsonError, Problem};
pub use size::{MAX_VALUES, holds_too_many};
