//! Cases with what Airflow did with them, written down so that they can be repeated without Airflow.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::case::Case;
use super::observed::Observed;

/// A case, and what Airflow did.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Recorded {
    /// What the case shows, for one that was found as a difference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub case: Case,
    pub airflow: Observed,
}

/// A slice of the generated cases.
pub fn slice_file() -> PathBuf {
    folder().join("recorded.jsonl")
}

/// Differences that were found and mended, each in its smallest form.
pub fn regressions_file() -> PathBuf {
    folder().join("regressions.jsonl")
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity")
}

/// Reads a file of one recording a line.
pub fn read(path: &Path) -> Vec<Recorded> {
    let text =
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines()
        .map(|line| {
            serde_json::from_str(line)
                .unwrap_or_else(|error| panic!("{}: {error}: {line}", path.display()))
        })
        .collect()
}

/// Writes a file of one recording a line. Of Airflow's errors only the types are kept: their words name ports and times.
pub fn write(path: &Path, recordings: &[Recorded]) {
    let lines: String = recordings
        .iter()
        .map(|recording| {
            let mut recording = recording.clone();
            for layer in &mut recording.airflow.layers {
                layer
                    .words
                    .truncate(layer.words.find(':').unwrap_or(layer.words.len()));
            }
            serde_json::to_string(&recording).expect("a recording is JSON") + "\n"
        })
        .collect();
    std::fs::write(path, lines).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
