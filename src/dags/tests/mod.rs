//! Whole scans of made-up DAG folders: a table of snippets for each rule, the walk against Airflow's own, broken and endless files.

mod example;
mod rules;
mod walk;

use std::collections::HashMap;
use std::path::Path;

use super::{ScanOptions, scan};
use crate::airflow_version::AirflowVersion;

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// The options for a scan of paths below a folder.
fn options(base: &Path, paths: &[&str]) -> ScanOptions {
    ScanOptions {
        paths: paths.iter().map(Into::into).collect(),
        dags_folder: None,
        base: base.to_owned(),
        airflow_version: AirflowVersion::V3_3,
        ignore_syntax: None,
        safe_mode: true,
        environment: HashMap::new(),
    }
}

/// What a scan of some files, the first of which is given by name, finds: `line kind:id via flags`.
fn found(files: &[(&str, &str)], adjust: impl FnOnce(&mut ScanOptions)) -> Vec<String> {
    let folder = folder(files);
    let base = std::fs::canonicalize(folder.path()).unwrap();
    let mut options = options(&base, &[files[0].0]);
    adjust(&mut options);
    let scan = scan(&options);
    let file = |name: &str| {
        if name == files[0].0 {
            String::new()
        } else {
            format!("{name}:")
        }
    };
    let references = scan.references.iter().map(|one| {
        let via = serde_json::to_value(one.via).unwrap();
        let flags = [
            (one.optional, "optional"),
            (one.implicit, "implicit"),
            (one.guarded, "guarded"),
            (one.top_level, "top_level"),
        ];
        let flags: String = flags
            .iter()
            .filter(|(set, _)| *set)
            .map(|(_, name)| format!(" {name}"))
            .collect();
        let line = one.place.line;
        (
            one.place.clone(),
            format!(
                "{}{line} {}:{} {}{flags}",
                file(&one.place.file),
                one.kind.short_name(),
                one.id,
                via.as_str().unwrap()
            ),
        )
    });
    let dynamic = scan.dynamic.iter().map(|one| {
        let line = one.place.line;
        (
            one.place.clone(),
            format!(
                "{}{line} {}:? {}",
                file(&one.place.file),
                one.kind.short_name(),
                one.why
            ),
        )
    });
    let mut all: Vec<_> = references.chain(dynamic).collect();
    all.sort();
    all.into_iter().map(|(_, line)| line).collect()
}
