//! The files below a DAG folder, as Airflow finds them.
//!
//! Mirrors `_find_path_from_directory` of `airflow._shared.module_loading.file_discovery` (3.3.2) and of `airflow.utils.file`
//! (2.11.2). Links are followed. The surprising rule: a folder that is reached twice makes Airflow give up the whole DAG
//! folder; here it is entered once and the fault is told.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::airflowignore::{IgnoreSyntax, Rule, is_ignored, read_rules};
use crate::airflow_version::AirflowVersion;

const IGNORE_FILE: &str = ".airflowignore";

/// What was found below a folder.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// The files that are not passed over, sorted; ignore files are not among them.
    pub files: Vec<PathBuf>,
    /// What went wrong on the way.
    pub faults: Vec<Fault>,
}

/// Something that went wrong on the way.
#[derive(Debug)]
pub(super) struct Fault {
    pub path: PathBuf,
    pub line: u32,
    pub why: String,
    /// Airflow gives up the whole folder for it.
    pub fatal: bool,
}

/// How the ignore files of a walk are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialect {
    pub syntax: IgnoreSyntax,
    pub version: AirflowVersion,
}

/// Walks `base`.
pub(super) fn walk(base: &Path, dialect: Dialect) -> Walk {
    let mut walk = Walk::default();
    let mut entered = HashSet::new();
    let mut open: Vec<(PathBuf, Vec<Rule>)> = vec![(base.to_owned(), Vec::new())];
    while let Some((folder, mut rules)) = open.pop() {
        rules.extend(walk.rules_of(&folder, dialect));
        let (folders, files) = match entries(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                walk.fault(
                    &folder,
                    1,
                    format!("the folder cannot be read: {error}"),
                    false,
                );
                continue;
            }
        };
        let kept = |path: &PathBuf, is_folder| !is_ignored(path, is_folder, base, &rules);
        walk.files
            .extend(files.into_iter().filter(|path| kept(path, false)));
        for path in folders.into_iter().filter(|path| kept(path, true)) {
            let resolved = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
            if entered.insert(resolved) {
                open.push((path, rules.clone()));
            } else {
                let why = "a folder that is reached twice: Airflow gives up the whole DAG folder"
                    .to_owned();
                walk.fault(&path, 1, why, true);
            }
        }
    }
    walk.files.sort();
    walk
}

impl Walk {
    /// The rules of the ignore file in `folder`.
    fn rules_of(&mut self, folder: &Path, dialect: Dialect) -> Vec<Rule> {
        let path = folder.join(IGNORE_FILE);
        if !path.is_file() {
            return Vec::new();
        }
        let text = match fs::read(&path).map(String::from_utf8) {
            Ok(Ok(text)) => text,
            Ok(Err(_)) => {
                self.fault(&path, 1, "it is not UTF-8".to_owned(), true);
                return Vec::new();
            }
            Err(error) => {
                self.fault(&path, 1, error.to_string(), true);
                return Vec::new();
            }
        };
        // Python opens it as text, where each of the three line ends is one
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let (rules, bad) = read_rules(&text, folder, dialect.syntax, dialect.version);
        for rule in bad {
            self.fault(&path, rule.line, rule.why, rule.fatal);
        }
        rules
    }

    fn fault(&mut self, path: &Path, line: u32, why: String, fatal: bool) {
        let path = path.to_owned();
        self.faults.push(Fault {
            path,
            line,
            why,
            fatal,
        });
    }
}

/// The folders and the files of a folder; a link counts as what it leads to, and one that leads nowhere as a file.
fn entries(folder: &Path) -> io::Result<(Vec<PathBuf>, Vec<PathBuf>)> {
    let (mut folders, mut files) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let is_folder = match entry.file_type() {
            Ok(kind) if kind.is_symlink() => path.is_dir(),
            Ok(kind) => kind.is_dir(),
            Err(_) => false,
        };
        if is_folder {
            folders.push(path);
        } else if entry.file_name() != IGNORE_FILE {
            files.push(path);
        }
    }
    Ok((folders, files))
}
