//! The walk against `find_path_from_directory` of real Airflow, on trees that `tests/record/airflowignore.py` makes.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::airflow_version::AirflowVersion;
use crate::dags::airflowignore::IgnoreSyntax;
use crate::dags::walk::{Dialect, walk};

/// How many trees a run with real Airflow compares, half of them with each release.
const TREES: usize = 2000;

#[test]
fn recorded_trees_agree() {
    let recorded = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/airflowignore.jsonl");
    let recorded = std::fs::read_to_string(recorded).unwrap();
    assert!(compare(&recorded) >= 600);
}

/// Skipped where `tests/parity/install` has put no Airflow.
#[test]
fn generated_trees_agree() {
    for variable in ["SECRETCTL_PARITY_3_3", "SECRETCTL_PARITY_2_11"] {
        let Some(python) = std::env::var_os(variable) else {
            eprintln!("skipped: {variable} is not set");
            continue;
        };
        let recorder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/record/airflowignore.py");
        let seed = std::env::var("SECRETCTL_PARITY_SEED").unwrap_or("2".to_owned());
        let arguments = ["-W", "ignore"]
            .map(PathBuf::from)
            .into_iter()
            .chain([recorder]);
        let run = Command::new(python)
            .args(arguments)
            .args([(TREES / 2).to_string(), seed])
            .output()
            .unwrap();
        assert!(
            run.status.success(),
            "{}",
            String::from_utf8_lossy(&run.stderr)
        );
        assert_eq!(
            compare(std::str::from_utf8(&run.stdout).unwrap()),
            TREES / 2
        );
    }
}

/// Compares the trees of some lines; how many there were.
fn compare(lines: &str) -> usize {
    let mut faults = Vec::new();
    let mut compared = 0;
    for line in lines.lines() {
        let tree: Value = serde_json::from_str(line).unwrap();
        let (ours, theirs) = (ours(&tree), theirs(&tree));
        compared += 1;
        if ours != theirs {
            faults.push(format!(
                "{line}\n  secretctl: {ours:?}\n  Airflow: {theirs:?}"
            ));
        }
    }
    assert!(
        faults.is_empty(),
        "{} of {compared} differ\n{}",
        faults.len(),
        faults[..faults.len().min(5)].join("\n")
    );
    compared
}

/// The files that Airflow found, none where it gave up.
fn theirs(tree: &Value) -> Option<Vec<String>> {
    let mut files: Vec<String> = tree["files"]
        .as_array()?
        .iter()
        .map(|file| file.as_str().unwrap().to_owned())
        .collect();
    files.sort();
    Some(files)
}

fn ours(tree: &Value) -> Option<Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let root = std::fs::canonicalize(folder.path()).unwrap();
    build(&root, tree);
    let version = match tree["airflow"].as_str().unwrap().starts_with("2.") {
        true => AirflowVersion::V2_11,
        false => AirflowVersion::V3_3,
    };
    let syntax = match tree["syntax"].as_str().unwrap() {
        "glob" => IgnoreSyntax::Glob,
        _ => IgnoreSyntax::Regexp,
    };
    let walk = walk(&root, Dialect { syntax, version });
    if walk.faults.iter().any(|fault| fault.fatal) {
        return None;
    }
    let mut files: Vec<String> = walk
        .files
        .iter()
        .map(|path| {
            path.strip_prefix(&root)
                .unwrap()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    files.sort();
    Some(files)
}

fn build(root: &Path, tree: &Value) {
    for (path, content) in tree["entries"].as_object().unwrap() {
        let place = root.join(path);
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        match content {
            Value::Null => std::fs::create_dir_all(place).unwrap(),
            Value::String(text) => std::fs::write(place, text).unwrap(),
            link => std::os::unix::fs::symlink(root.join(link["link"].as_str().unwrap()), place)
                .unwrap(),
        }
    }
}
