//! The forms of a check's report. None of them holds a value.

mod github;
mod json;
mod junit;
mod text;

use super::Check;
use crate::dags::Scan;

pub use github::github;
pub use json::json;
pub use junit::junit;
pub use text::text;

/// What a report is about.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// What came of the ids.
    pub check: &'a Check,
    /// What the DAG files gave besides ids.
    pub scan: &'a Scan,
}
