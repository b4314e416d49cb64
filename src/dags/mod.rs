//! The ids of connections and variables that DAG files use, found without running Python.
//!
//! One page about the whole: [`scan`] takes paths and gives a [`Scan`].
//!
//! 1. `walk` finds the files as Airflow does (`airflowignore`, `safe_mode`), `imports` the modules of the project that they import.
//! 2. `source` decodes a file, `python_file` parses it, `comments` reads what is said to secretctl; `project` keeps them all.
//! 3. `scope` says what names are bound to; `evaluate`, `names` and `containers` tell what an expression is (`value`).
//! 4. `visit` goes through a file: `calls` knows the forms of look-ups, hooks and operators, `parameters` which names take a
//!    connection id, `provider_defaults` what a class takes when none is given, `texts` and `templates` what Jinja uses.
//! 5. `wrappers` follows arguments through the project's own functions and makes references (`reference`) of what was `found`.
//! 6. `template_files` and `factories` read what is not Python; `output` writes a scan as text and JSON.
//!
//! The surprising rule: an id that only a running DAG knows is never guessed. It is listed as dynamic, at its place.

mod airflowignore;
mod block;
mod calls;
mod classes;
mod comments;
mod containers;
mod evaluate;
mod factories;
mod files;
mod found;
mod imports;
mod keywords;
mod listings;
mod mapped_text;
mod names;
mod output;
mod parameters;
mod project;
mod provider_defaults;
mod python_file;
mod reference;
mod safe_mode;
mod scope;
mod source;
mod template_files;
mod templates;
#[cfg(test)]
mod tests;
mod texts;
mod value;
mod visit;
mod walk;
mod wrappers;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

pub use airflowignore::IgnoreSyntax;
pub use output::{json, text};
pub use reference::{Dynamic, Place, Reference, Scan, Unreadable, Via};

use crate::airflow_version::AirflowVersion;
use files::{FileNames, FilesToScan};
use found::Found;
use project::{Loaded, Project, in_threads};
use template_files::{Names, TemplateFile};

/// What to scan, and how.
#[derive(Clone, Debug)]
pub struct ScanOptions {
    /// Folders, walked as Airflow walks a DAG folder, and files, which are read whatever is in them.
    pub paths: Vec<PathBuf>,
    /// The DAG folder of files that are given by name; without, it is guessed from their paths.
    pub dags_folder: Option<PathBuf>,
    /// The folder that relative paths start from, and that shown paths are relative to.
    pub base: PathBuf,
    /// Decides which files are DAG files, and what a template's `.get()` does.
    pub airflow_version: AirflowVersion,
    /// `[core] dag_ignore_file_syntax`; without, the release's default.
    pub ignore_syntax: Option<IgnoreSyntax>,
    /// `[core] dag_discovery_safe_mode`
    pub safe_mode: bool,
    /// The environment variables that are known.
    pub environment: HashMap<String, String>,
}

/// Finds the ids that DAG files use. Offline, and runs nothing; what cannot be read is listed in the scan.
pub fn scan(options: &ScanOptions) -> Scan {
    let mut scan = Scan::default();
    let names = FileNames::of(options);
    let files = FilesToScan::find(options, &names, &mut scan);
    let shown = |path: &Path| names.shown(path);
    let (python, unreadable, mut finder) = Loaded::read(files.python, &shown).into_parts();
    scan.files += python.len() + unreadable.len();
    scan.unreadable.extend(unreadable);
    let project = Project::of(&python, &mut finder);
    let ids: Vec<u32> = (0..project.modules.len() as u32).collect();
    let visit =
        |id: &u32| visit::visit(&project, *id, &options.environment, options.airflow_version);
    let found = in_threads(&ids, visit);
    for (module, _) in project
        .modules
        .iter()
        .zip(&found)
        .filter(|(_, found)| found.is_exhausted)
    {
        let file = module.file.python.source.file.clone();
        let why = "telling what its names lead to takes too many steps, so some ids are missing"
            .to_owned();
        scan.unreadable.push(Unreadable { file, line: 1, why });
    }
    let rendered = rendered_files(&project, &found, files.templates, &shown);
    wrappers::resolve(&project, &options.environment, found, &mut scan);
    for file in rendered {
        scan.files += 1;
        template_references(&file, options.airflow_version, &mut scan);
    }
    for factory in files.factories {
        factories::read(
            &factory,
            names.shown(&factory),
            options.airflow_version,
            &mut scan,
        );
    }
    apply_notes(&project, &mut scan);
    drop(project);
    project::drop_in_threads(python);
    scan.tidy();
    scan
}

/// The templates that are given, and those that the files name.
fn rendered_files(
    project: &Project<'_>,
    found: &[Found<'_>],
    given: Vec<PathBuf>,
    shown: &dyn Fn(&Path) -> String,
) -> Vec<TemplateFile> {
    let mut known: HashSet<PathBuf> = given.iter().cloned().collect();
    let mut files: Vec<TemplateFile> = given
        .iter()
        .filter_map(|path| template_files::read_one(path, shown(path)))
        .collect();
    let names = project.modules.iter().zip(found).map(|(module, found)| {
        let origin = &module.file.origin;
        Names {
            folder: origin.path.parent().unwrap_or(Path::new("")).to_owned(),
            dag_folder: origin.dag_folder.clone(),
            names: found.template_files.clone(),
            search_paths: found.search_paths.clone(),
        }
    });
    files.extend(template_files::read_all(names.collect(), &mut known, shown));
    files
}

fn template_references(file: &TemplateFile, version: AirflowVersion, scan: &mut Scan) {
    for found in &file.uses.uses {
        let (kind, place) = (found.kind, file.source.place(found.offset));
        match &found.id {
            Some(id) => scan.references.push(Reference {
                kind,
                id: id.clone(),
                place,
                via: Via::TemplateFile,
                environment_variable: None,
                optional: found.is_optional(version),
                implicit: false,
                guarded: false,
                top_level: false,
            }),
            None => scan.dynamic.push(Dynamic {
                kind,
                place,
                why: value::Why::Template.to_string(),
            }),
        }
    }
    if let Some(fault) = &file.uses.fault
        && !file.uses.uses.is_empty()
    {
        scan.unreadable.push(Unreadable {
            file: file.source.file.clone(),
            line: 1,
            why: format!("its Jinja was read tag by tag: {fault}"),
        });
    }
}

/// Does what the comments of the files say, and lists the files with syntax errors.
fn apply_notes(project: &Project<'_>, scan: &mut Scan) {
    let mut ignored = HashSet::new();
    for module in &project.modules {
        let python = &module.file.python;
        if let Some((line, why)) = &python.error {
            let file = python.source.file.clone();
            scan.unreadable.push(Unreadable {
                file,
                line: *line,
                why: why.clone(),
            });
        }
        for note in &python.notes {
            match &note.meaning {
                comments::Meaning::Ignore => {
                    ignored.insert((python.source.file.clone(), note.line));
                }
                comments::Meaning::Uses(kind, id) => scan.references.push(Reference {
                    kind: *kind,
                    id: id.clone(),
                    place: python.source.place(note.offset),
                    via: Via::Declared,
                    environment_variable: None,
                    optional: false,
                    implicit: false,
                    guarded: false,
                    top_level: false,
                }),
            }
        }
    }
    if !ignored.is_empty() {
        let counts = |place: &Place| !ignored.contains(&(place.file.clone(), place.line));
        scan.references
            .retain(|reference| reference.via == Via::Declared || counts(&reference.place));
        scan.dynamic.retain(|dynamic| counts(&dynamic.place));
    }
}
