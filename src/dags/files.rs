//! Which files a scan reads, and how their paths are shown.
//!
//! A folder is walked as Airflow walks a DAG folder. The surprising rule: a file that is given by name is read even if Airflow would
//! pass it over, and a zip archive is listed as not read.

use std::path::{Path, PathBuf};

use super::factories;
use super::project::FileToRead;
use super::reference::{Scan, Unreadable};
use super::walk::{Dialect, walk};
use super::{IgnoreSyntax, ScanOptions};

/// How paths are shown: below a path that was given as it was given, else relative to the base.
#[derive(Debug)]
pub(super) struct FileNames {
    base: PathBuf,
    given: Vec<(PathBuf, PathBuf)>,
}

impl FileNames {
    pub(super) fn of(options: &ScanOptions) -> Self {
        let given = options
            .paths
            .iter()
            .map(|path| (absolute(&options.base, path), path.clone()));
        Self {
            base: options.base.clone(),
            given: given.collect(),
        }
    }

    /// How a path is shown.
    pub(super) fn shown(&self, path: &Path) -> String {
        let below = self.given.iter().find_map(|(absolute, given)| {
            let rest = path.strip_prefix(absolute).ok()?;
            let shown = if given == Path::new(".") {
                PathBuf::new()
            } else {
                given.clone()
            };
            Some(if rest.as_os_str().is_empty() {
                shown
            } else {
                shown.join(rest)
            })
        });
        let shown =
            below.unwrap_or_else(|| path.strip_prefix(&self.base).unwrap_or(path).to_owned());
        shown.to_string_lossy().into_owned()
    }
}

/// A path as it is known inside of a scan: from the root, without `.`.
fn absolute(base: &Path, path: &Path) -> PathBuf {
    base.join(path).components().collect()
}

/// The files of a scan, by what they hold.
#[derive(Debug, Default)]
pub(super) struct FilesToScan {
    pub python: Vec<FileToRead>,
    pub templates: Vec<PathBuf>,
    pub factories: Vec<PathBuf>,
}

impl FilesToScan {
    /// Finds them.
    pub(super) fn find(options: &ScanOptions, names: &FileNames, scan: &mut Scan) -> Self {
        let mut files = Self::default();
        for path in &options.paths {
            let path = absolute(&options.base, path);
            if path.is_dir() {
                files.folder(&path, options, names, scan);
            } else {
                files.file(path, options, names, scan);
            }
        }
        let mut known = std::collections::HashSet::new();
        files.python.retain(|file| known.insert(file.path.clone()));
        files.templates.retain(|path| known.insert(path.clone()));
        files.factories.retain(|path| known.insert(path.clone()));
        files
    }

    fn folder(&mut self, folder: &Path, options: &ScanOptions, names: &FileNames, scan: &mut Scan) {
        let version = options.airflow_version;
        let syntax = options.ignore_syntax.unwrap_or(IgnoreSyntax::of(version));
        let walk = walk(folder, Dialect { syntax, version });
        for fault in walk.faults {
            let consequence = if fault.fatal {
                "; Airflow finds no DAG in this folder"
            } else {
                ""
            };
            let why = format!("{}{consequence}", fault.why);
            scan.unreadable.push(Unreadable {
                file: names.shown(&fault.path),
                line: fault.line,
                why,
            });
        }
        for path in walk.files {
            match extension(&path) {
                "py" => self.python.push(FileToRead {
                    path,
                    dag_folder: folder.to_owned(),
                    only_if_dag: options.safe_mode.then_some(version),
                }),
                "yaml" | "yml" if factories::is_factory(&path) => self.factories.push(path),
                "zip" => not_scanned(&path, names, scan),
                _ => {}
            }
        }
    }

    fn file(&mut self, path: PathBuf, options: &ScanOptions, names: &FileNames, scan: &mut Scan) {
        match extension(&path) {
            "zip" => not_scanned(&path, names, scan),
            "yaml" | "yml" if factories::is_factory(&path) => self.factories.push(path),
            "py" => {
                let dag_folder = dag_folder_of(&path, options);
                self.python.push(FileToRead {
                    path,
                    dag_folder,
                    only_if_dag: None,
                });
            }
            _ if path.is_file() => self.templates.push(path),
            _ => scan.unreadable.push(Unreadable {
                file: names.shown(&path),
                line: 1,
                why: "there is no such file".to_owned(),
            }),
        }
    }
}

/// The DAG folder of a file that is given by name: the one that is set, else the nearest that is called `dags`, else its own.
fn dag_folder_of(path: &Path, options: &ScanOptions) -> PathBuf {
    let set = options
        .dags_folder
        .as_ref()
        .map(|folder| absolute(&options.base, folder));
    let named = path
        .ancestors()
        .skip(1)
        .find(|folder| folder.ends_with("dags"))
        .map(Path::to_owned);
    let own = || path.parent().unwrap_or(Path::new("")).to_owned();
    set.filter(|folder| path.starts_with(folder))
        .or(named)
        .unwrap_or_else(own)
}

fn extension(path: &Path) -> &str {
    path.extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default()
}

fn not_scanned(path: &Path, names: &FileNames, scan: &mut Scan) {
    scan.unreadable.push(Unreadable {
        file: names.shown(path),
        line: 1,
        why: "a zip archive is not scanned".to_owned(),
    });
}
