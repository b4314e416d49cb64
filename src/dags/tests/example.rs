//! The DAG folder of `examples/project`, as people see the outcome.

use std::path::Path;

use super::options;
use crate::dags::{scan, text};

#[test]
fn the_example_is_scanned_as_written_down() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/project");
    let scan = scan(&options(&project, &["dags"]));
    let expected = include_str!("example.txt");
    assert_eq!(text(&scan), expected);
    assert_eq!(scan.files, 10);
}

#[test]
fn json_has_the_form_of_the_schema() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/project");
    let scan = scan(&options(&project, &["dags/daily_orders.py"]));
    let json: serde_json::Value = serde_json::from_str(&crate::dags::json(&scan).unwrap()).unwrap();
    assert_eq!(json["schema"], "secretctl.scan/v1");
    let first = serde_json::json!({
        "kind": "conn", "id": "slack_alerts", "file": "dags/common/alerts.py", "line": 9, "column": 44, "via": "keyword",
        "optional": false, "implicit": false, "guarded": false, "top_level": false
    });
    assert_eq!(json["references"][0], first);
    assert_eq!(json["dynamic"], serde_json::json!([]));
}
