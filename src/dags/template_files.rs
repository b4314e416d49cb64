//! The files that DAGs render: SQL, shell and YAML named in a task or included by a template.
//!
//! A name is looked for as Airflow does, beside the DAG file and in `template_searchpath`. The surprising rule: a search path often
//! names a folder of the image (`/usr/local/airflow/include`), so its tail is tried below the project's root.

use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};

use super::imports::project_folders;
use super::project::read_limited;
use super::source::Source;
use super::templates::{self, TemplateUses};

/// The ends of names that operators of Airflow render (`template_ext`).
const EXTENSIONS: [&str; 18] = [
    ".sql", ".hql", ".ddl", ".cql", ".cypher", ".pig", ".sh", ".bash", ".json", ".yaml", ".yml", ".html", ".txt", ".jinja", ".jinja2", ".j2", ".tmpl", ".template",
];
const MAX_NAME: usize = 255;

/// Whether a text is the name of a file that may be rendered.
pub(super) fn is_template_name(text: &str) -> bool {
    text.len() <= MAX_NAME && !text.contains(['\n', ' ', '{']) && EXTENSIONS.iter().any(|extension| text.ends_with(extension))
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
pub(super) fn read_all(all: Vec<Names>, known: &mut HashSet<PathBuf>, shown: &dyn Fn(&Path) -> String) -> Vec<TemplateFile> {
    let mut read = Vec::new();
    let shared: Vec<String> = all.iter().flat_map(|names| names.search_paths.iter().cloned()).collect();
    for names in all {
        let folders = folders(&names, &shared);
        let mut open = names.names;
        while let Some(name) = open.pop() {
            let Some(path) = find(&name, &folders) else { continue };
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

/// Reads one template; none where it is not text.
pub(super) fn read_one(path: &Path, shown: String) -> Option<TemplateFile> {
    let bytes = read_limited(path).ok()?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let uses = templates::read(&text);
    let source = Source::new(shown, text);
    Some(TemplateFile { source, uses })
}

/// Where the names of a file are looked for, the nearest first: its own search paths, then those of all.
fn folders(names: &Names, shared: &[String]) -> Vec<PathBuf> {
    let roots = project_folders(&names.dag_folder);
    let mut folders = vec![names.folder.clone()];
    for path in names.search_paths.iter().chain(shared) {
        for folder in places_of(path, &names.folder, &names.dag_folder, &roots) {
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
    }
    folders.push(names.dag_folder.clone());
    for root in roots {
        folders.push(root.join("include"));
        folders.push(root);
    }
    folders
}

/// The folders that a search path can mean.
fn places_of(path: &str, folder: &Path, dag_folder: &Path, roots: &[PathBuf]) -> Vec<PathBuf> {
    let path = Path::new(path);
    if path.is_absolute() && path.is_dir() && path.parent().is_some() {
        return vec![path.to_owned()];
    }
    let names: Vec<&std::ffi::OsStr> = path.components().filter_map(name_of).collect();
    let mut places = Vec::new();
    for skipped in 0..names.len() {
        let tail: PathBuf = names[skipped..].iter().collect();
        let bases = [folder, dag_folder].into_iter().chain(roots.iter().map(PathBuf::as_path));
        places.extend(bases.map(|base| base.join(&tail)).filter(|place| place.is_dir()));
        if !places.is_empty() {
            break;
        }
    }
    places
}

fn name_of(component: Component<'_>) -> Option<&std::ffi::OsStr> {
    match component {
        Component::Normal(name) => Some(name),
        _ => None,
    }
}

fn find(name: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    let name = Path::new(name);
    let relative: PathBuf = name.components().filter(|part| !matches!(part, Component::RootDir | Component::Prefix(_))).collect();
    let direct = folders.iter().map(|folder| folder.join(&relative)).find(|path| path.is_file());
    if direct.is_some() || !name.is_absolute() {
        return direct;
    }
    // a path of the image: its tail, below each folder
    let parts: Vec<Component<'_>> = relative.components().collect();
    (1..parts.len()).find_map(|skipped| {
        let tail: PathBuf = parts[skipped..].iter().collect();
        folders.iter().map(|folder| folder.join(&tail)).find(|path| path.is_file())
    })
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
