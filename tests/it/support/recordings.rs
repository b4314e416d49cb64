//! Replaying what Airflow was seen to do: every recording is repeated, and all that differ are named at once.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Repeats each recording; `repeat` panics where `secretctl` does something else.
#[track_caller]
pub fn repeat_each<R>(recordings: &[R], name: impl Fn(&R) -> String, repeat: impl Fn(&R)) {
    let differs = |recording: &&R| catch_unwind(AssertUnwindSafe(|| repeat(recording))).is_err();
    let failed: Vec<String> = recordings.iter().filter(differs).map(name).collect();
    assert!(failed.is_empty(), "these differ from Airflow: {failed:#?}");
}

/// The exit code that a table of failures gives for a case.
pub fn exit_code(failures: &[(&str, i32)], case: &str) -> Option<i32> {
    let mut failures = failures.iter();
    failures
        .find(|(name, _)| *name == case)
        .map(|(_, code)| *code)
}
