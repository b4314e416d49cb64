//! The files that DAGs render: SQL, shell and YAML named in a task or included by a template.
//!
//! A name is looked for as Airflow does, beside the DAG file and in `template_searchpath`. The surprising rule: a search path often
//! names a folder of the image (`/usr/local/airflow/include`), so its tail is tried below the project's root.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use super::imports::project_folders;
use super::listings::Listings;
use super::project::read_limited;
use super::source::Source;
use super::templates::{self, TemplateUses};

/// The ends of names that operators of Airflow render (`template_ext`).
const EXTENSIONS: [&str; 18] = [
    ".sql",
    ".hql",
    ".ddl",
    ".cql",
    ".cypher",
    ".pig",
    ".sh",
    ".bash",
    ".json",
    ".yaml",
    ".yml",
    ".html",
    ".txt",
    ".jinja",
    ".jinja2",
    ".j2",
    ".tmpl",
    ".template",
];
const MAX_NAME: usize = 255;

/// Whether a text is the name of a file that may be rendered.
pub(super) fn is_template_name(text: &str) -> bool {
    text.len() <= MAX_NAME
        && !text.contains(['\n', ' ', '{'])
        && EXTENSIONS.iter().any(|extension| text.ends_with(extension))
}

/// A template that was read.
#[derive(Debug)]
pub(super) struct TemplateFile {
    pub source: Source,
    pub uses: TemplateUses,
}

/// A file of a DAG folder that names templates.
#[derive(Clone, Debug)]
pub(super) struct Names {
    pub folder: PathBuf,
    pub dag_folder: PathBuf,
    pub names: Vec<String>,
    pub search_paths: Vec<String>,
}

/// Reads the templates that some files name, and those that they include.
pub(super) fn read_all(
    all: Vec<Names>,
    known: &mut HashSet<PathBuf>,
    shown: &dyn Fn(&Path) -> String,
) -> Vec<TemplateFile> {
    let mut read = Vec::new();
    let mut search = Search::of(&all);
    for names in all {
        let own = search.own_folders(&names);
        let mut open = names.names;
        while let Some(name) = open.pop() {
            let Some(path) = search.find(&name, &own, &names.dag_folder) else {
                continue;
            };
            if !known.insert(path.clone()) {
                continue;
            }
            if let Some(file) = read_one(&path, shown(&path)) {
                open.extend(file.uses.includes.iter().cloned());
                read.push(file);
            }
        }
    }
    read
}

/// Looks for templates, and remembers what it found.
#[derive(Default)]
struct Search {
    listings: Listings,
    /// For each DAG folder, where templates may be besides a file's own folders.
    shared: HashMap<PathBuf, Vec<PathBuf>>,
    found: HashMap<(PathBuf, String), Option<PathBuf>>,
    roots: HashMap<PathBuf, Vec<PathBuf>>,
}

impl Search {
    fn of(all: &[Names]) -> Self {
        let mut search = Self::default();
        for names in all {
            let own = search.own_folders(names);
            let shared = search.shared.entry(names.dag_folder.clone()).or_default();
            // its search paths may be meant for templates that another file names
            for folder in own.into_iter().skip(1) {
                if !shared.contains(&folder) {
                    shared.push(folder);
                }
            }
        }
        for (dag_folder, roots) in &search.roots {
            let shared = search.shared.entry(dag_folder.clone()).or_default();
            shared.push(dag_folder.clone());
            for root in roots {
                shared.extend([root.join("include"), root.clone()]);
            }
        }
        search
    }

    /// A file's own folder and its search paths.
    fn own_folders(&mut self, names: &Names) -> Vec<PathBuf> {
        let dag_folder = &names.dag_folder;
        let roots = self
            .roots
            .entry(dag_folder.clone())
            .or_insert_with(|| project_folders(dag_folder));
        let mut folders = vec![names.folder.clone()];
        for path in &names.search_paths {
            folders.extend(places_of(
                path,
                &names.folder,
                dag_folder,
                roots,
                &mut self.listings,
            ));
        }
        folders
    }

    fn find(&mut self, name: &str, own: &[PathBuf], dag_folder: &Path) -> Option<PathBuf> {
        let relative: PathBuf = Path::new(name)
            .components()
            .filter(|part| !matches!(part, Component::RootDir | Component::Prefix(_)))
            .collect();
        if let Some(found) = self.below(own, &relative) {
            return Some(found);
        }
        let key = (dag_folder.to_owned(), name.to_owned());
        if let Some(found) = self.found.get(&key) {
            return found.clone();
        }
        let shared = self.shared.get(dag_folder).cloned().unwrap_or_default();
        let mut found = self.below(&shared, &relative);
        if found.is_none() && name.starts_with('/') {
            // a path of the image: its tail, below each folder
            let parts: Vec<Component<'_>> = relative.components().collect();
            found = (1..parts.len()).find_map(|skipped| {
                self.below(&shared, &parts[skipped..].iter().collect::<PathBuf>())
            });
        }
        self.found.insert(key, found.clone());
        found
    }

    fn below(&mut self, folders: &[PathBuf], relative: &Path) -> Option<PathBuf> {
        let mut found = folders
            .iter()
            .filter_map(|folder| self.listings.find(folder, relative));
        found.find(|path| path.is_file())
    }
}

/// Reads one template; none where it is not text.
pub(super) fn read_one(path: &Path, shown: String) -> Option<TemplateFile> {
    let bytes = read_limited(path).ok()?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let uses = templates::read(&text);
    let source = Source::new(shown, text);
    Some(TemplateFile { source, uses })
}

/// The folders that a search path can mean.
fn places_of(
    path: &str,
    folder: &Path,
    dag_folder: &Path,
    roots: &[PathBuf],
    listings: &mut Listings,
) -> Vec<PathBuf> {
    let path = Path::new(path);
    let names: Vec<&OsStr> = path.components().filter_map(name_of).collect();
    for skipped in 0..names.len() {
        let tail: PathBuf = names[skipped..].iter().collect();
        let bases = [folder, dag_folder]
            .into_iter()
            .chain(roots.iter().map(PathBuf::as_path));
        let places: Vec<PathBuf> = bases
            .filter_map(|base| listings.find(base, &tail))
            .collect();
        if !places.is_empty() {
            return places;
        }
    }
    // of this machine
    if path.is_absolute() {
        vec![path.to_owned()]
    } else {
        Vec::new()
    }
}

fn name_of(component: Component<'_>) -> Option<&OsStr> {
    match component {
        Component::Normal(name) => Some(name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_templates() {
        for (name, expected) in [
            ("sql/a.sql", true),
            ("a.yaml", true),
            ("a.py", false),
            ("select 1 from a.sql", false),
            ("{{ x }}.sql", false),
            (".sql", true),
            ("", false),
        ] {
            assert_eq!(is_template_name(name), expected, "{name}");
        }
    }
}
