//! Which file of the project an import leads to.
//!
//! Airflow puts the DAG folder, `plugins` and `config` on `sys.path`, and images put the project's root there. The surprising rule:
//! `.airflowignore` hides DAG files, not modules, so an ignored helper is found all the same.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::listings::Listings;

/// How many folders above the DAG folder an import may be looked for.
const MAX_CLIMB: usize = 3;

/// What marks the root of a project.
const ROOT_MARKS: [&str; 8] = [
    ".git",
    ".astro",
    "Dockerfile",
    "pyproject.toml",
    "setup.py",
    "requirements.txt",
    "airflow.cfg",
    "airflow_settings.yaml",
];

/// Finds modules, and remembers which folders hold what.
#[derive(Debug, Default)]
pub(super) struct Finder {
    /// Where top-level modules may be, for files of each DAG folder.
    roots: HashMap<PathBuf, Vec<PathBuf>>,
    listings: Listings,
    /// What was found for modules without dots before them, by DAG folder.
    known: HashMap<PathBuf, HashMap<String, Option<PathBuf>>>,
}

impl Finder {
    /// The file that `module` leads to from `importer`, a file below `dag_folder`. `level` counts leading dots.
    pub(super) fn find(
        &mut self,
        importer: &Path,
        dag_folder: &Path,
        level: u32,
        module: &str,
    ) -> Option<PathBuf> {
        if level > 0 {
            let package = importer.ancestors().nth(level as usize)?.to_owned();
            return self.below(&package, module);
        }
        // nothing of Airflow's own is read
        if module == "airflow" || module.starts_with("airflow.") {
            return None;
        }
        let known = self
            .known
            .get(dag_folder)
            .and_then(|known| known.get(module));
        let found = match known {
            Some(known) => known.clone(),
            None => {
                let found = self
                    .roots(dag_folder)
                    .iter()
                    .find_map(|folder| self.below(folder, module));
                let known = self.known.entry(dag_folder.to_owned()).or_default();
                known.insert(module.to_owned(), found.clone());
                found
            }
        };
        found.or_else(|| {
            inner_folders(importer, dag_folder)
                .iter()
                .find_map(|folder| self.below(folder, module))
        })
    }

    /// The DAG folder, what stands beside it on `sys.path`, and the folders above up to the project's root.
    fn roots(&mut self, dag_folder: &Path) -> Vec<PathBuf> {
        if let Some(roots) = self.roots.get(dag_folder) {
            return roots.clone();
        }
        let mut roots = vec![dag_folder.to_owned()];
        for folder in project_folders(dag_folder) {
            roots.extend(["plugins", "config", "include"].map(|name| folder.join(name)));
            roots.insert(1, folder);
        }
        self.roots.insert(dag_folder.to_owned(), roots.clone());
        roots
    }

    /// The file of a dotted module below a folder.
    fn below(&mut self, folder: &Path, module: &str) -> Option<PathBuf> {
        let mut path = folder.to_owned();
        let mut names = module.split('.').filter(|name| !name.is_empty()).peekable();
        if names.peek().is_none() {
            return self.package(&path);
        }
        while let Some(name) = names.next() {
            if names.peek().is_none()
                && self.holds(&path, &format!("{name}.py"))
                && !self.holds(&path, name)
            {
                return Some(path.join(format!("{name}.py")));
            }
            if !self.holds(&path, name) {
                return None;
            }
            path.push(name);
        }
        self.package(&path)
            .or_else(|| Some(path.with_extension("py")).filter(|path| path.is_file()))
    }

    fn package(&mut self, folder: &Path) -> Option<PathBuf> {
        self.holds(folder, "__init__.py")
            .then(|| folder.join("__init__.py"))
    }

    fn holds(&mut self, folder: &Path, name: &str) -> bool {
        self.listings.holds(folder, OsStr::new(name))
    }
}

/// The folders above a DAG folder up to the one that looks like a project's root, the nearest first; the nearest two where none does.
pub(super) fn project_folders(dag_folder: &Path) -> Vec<PathBuf> {
    let above: Vec<PathBuf> = dag_folder
        .ancestors()
        .skip(1)
        .take(MAX_CLIMB)
        .map(Path::to_owned)
        .collect();
    let is_root = |folder: &PathBuf| ROOT_MARKS.iter().any(|mark| folder.join(mark).exists());
    let end = above.iter().rposition(is_root).map_or(2, |last| last + 1);
    above
        .into_iter()
        .take(end)
        .filter(|folder| folder.parent().is_some())
        .collect()
}

/// The folders between the DAG folder and a file below it, which a script may have put on the path itself.
fn inner_folders(importer: &Path, dag_folder: &Path) -> Vec<PathBuf> {
    let inner = importer
        .ancestors()
        .skip(1)
        .take_while(|folder| *folder != dag_folder && folder.starts_with(dag_folder));
    inner.map(Path::to_owned).collect()
}
