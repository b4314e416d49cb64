//! `[core] dag_discovery_safe_mode`: which Python files of a DAG folder may define a DAG at all.
//!
//! Mirrors `might_contain_dag_via_default_heuristic` in `airflow.utils.file` (2.11.2, 3.3.2). The surprising rule: the words
//! are looked for anywhere, in comments and names too, whatever their case.

use crate::airflow_version::AirflowVersion;

/// Whether Airflow would take a file with this content for one that may define a DAG.
pub(super) fn might_contain_dag(content: &[u8], version: AirflowVersion) -> bool {
    let has = |word: &[u8]| contains_ignoring_case(content, word);
    has(b"airflow") && (has(b"dag") || version >= AirflowVersion::V3_0 && has(b"asset"))
}

/// Whether `content` holds `word`, which is in lower case.
fn contains_ignoring_case(content: &[u8], word: &[u8]) -> bool {
    content
        .windows(word.len())
        .any(|window| window.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_decide_by_version() {
        let (old, new) = (AirflowVersion::V2_11, AirflowVersion::V3_3);
        for (content, in_old, in_new) in [
            ("from airflow import DAG", true, true),
            ("# AIRFLOW Dag", true, true),
            ("import airflow", false, false),
            ("dag = 1", false, false),
            ("from airflow.sdk import Asset", false, true),
            ("", false, false),
        ] {
            assert_eq!(
                might_contain_dag(content.as_bytes(), old),
                in_old,
                "{content}"
            );
            assert_eq!(
                might_contain_dag(content.as_bytes(), new),
                in_new,
                "{content}"
            );
        }
    }
}
