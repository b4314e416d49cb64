//! The DAG files of a scan and the modules of the project that they import, parsed, with what their names lead to.
//!
//! Files are parsed side by side, in rounds: the DAG files, what they import, what that imports. The surprising rule: the threads
//! have large stacks, since a tree may be as deep as Python allows.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{fs, io, thread};

use ruff_python_ast::Stmt;
use ruff_python_ast::statement_visitor::{StatementVisitor, walk_stmt};

use super::imports::Finder;
use super::python_file::PythonFile;
use super::reference::Unreadable;
use super::safe_mode::might_contain_dag;
use super::scope::{Import, Scope, ScopeId, Scopes};
use super::source::{MAX_FILE_SIZE, Source, decode_python};
use crate::airflow_version::AirflowVersion;

/// Reserved for each thread, and hardly used.
const STACK_SIZE: usize = 128 << 20;
/// How many files a scan follows imports into; a bound for a path that holds a whole installation.
const MAX_FILES: usize = 50_000;

/// The number of a module in the project.
pub(super) type ModuleId = u32;

/// A scope of the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct At {
    pub module: ModuleId,
    pub scope: ScopeId,
}

/// A file that is to be read.
#[derive(Clone, Debug)]
pub(super) struct FileToRead {
    pub path: PathBuf,
    /// The DAG folder that it belongs to.
    pub dag_folder: PathBuf,
    /// It counts only if Airflow would take it for a DAG file.
    pub only_if_dag: Option<AirflowVersion>,
}

/// A file that was read.
#[derive(Debug)]
pub(super) struct LoadedFile {
    pub origin: FileToRead,
    pub python: PythonFile,
    /// Its imports: dots, module, name.
    imports: Vec<(u32, String, Option<String>)>,
}

/// A module of the project.
#[derive(Debug)]
pub(super) struct Module<'a> {
    pub file: &'a LoadedFile,
    pub scopes: Scopes<'a>,
    /// The modules of the project that its imports lead to, by `..dotted.name`.
    links: HashMap<String, ModuleId>,
}

/// All modules of a scan.
#[derive(Debug, Default)]
pub(super) struct Project<'a> {
    pub modules: Vec<Module<'a>>,
}

/// Files that were read, in rounds, and those that were not.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    pub files: Vec<LoadedFile>,
    pub unreadable: Vec<Unreadable>,
    finder: Finder,
}

impl Loaded {
    /// Reads files and what they import of the project.
    pub(super) fn read(files: Vec<FileToRead>, shown: &(dyn Fn(&Path) -> String + Sync)) -> Self {
        let mut loaded = Self::default();
        let mut known: HashSet<PathBuf> = files.iter().map(|file| file.path.clone()).collect();
        let mut round = files;
        while !round.is_empty() {
            let parsed = in_threads(&round, |file| load(file, shown));
            let start = loaded.files.len();
            for outcome in parsed {
                match outcome {
                    Ok(Outcome::Loaded(file)) => loaded.files.push(*file),
                    // it may be imported all the same
                    Ok(Outcome::NotADag(path)) => {
                        known.remove(&path);
                    }
                    Err(unreadable) => loaded.unreadable.push(unreadable),
                }
            }
            round = loaded.imported_by(start, &mut known);
        }
        loaded
    }

    /// The files that the files from `start` on import and nobody has read.
    fn imported_by(&mut self, start: usize, known: &mut HashSet<PathBuf>) -> Vec<FileToRead> {
        let mut round = Vec::new();
        for file in &self.files[start..] {
            for (level, module, name) in &file.imports {
                let name = name.as_deref();
                let import = Import {
                    level: *level,
                    module,
                    name,
                };
                for path in paths_of(&mut self.finder, &file.origin, import)
                    .into_iter()
                    .map(|(_, path)| path)
                {
                    if known.len() < MAX_FILES && known.insert(path.clone()) {
                        let dag_folder = file.origin.dag_folder.clone();
                        round.push(FileToRead {
                            path,
                            dag_folder,
                            only_if_dag: None,
                        });
                    }
                }
            }
        }
        round
    }
}

impl<'a> Project<'a> {
    /// Connects the modules of read files.
    pub(super) fn of(files: &'a [LoadedFile], finder: &mut Finder) -> Self {
        let numbers: HashMap<&Path, ModuleId> = files
            .iter()
            .zip(0..)
            .map(|(file, id)| (file.origin.path.as_path(), id))
            .collect();
        let all = in_threads(files, |file| Scopes::of(&file.python.tree.body));
        let modules = files.iter().zip(all).map(|(file, scopes)| {
            let mut links = HashMap::new();
            for import in &scopes.imports {
                for (name, path) in paths_of(finder, &file.origin, *import) {
                    if let Some(id) = numbers.get(path.as_path()) {
                        links.insert(name, *id);
                    }
                }
            }
            Module {
                file,
                scopes,
                links,
            }
        });
        Self {
            modules: modules.collect(),
        }
    }

    pub(super) fn module(&self, id: ModuleId) -> &Module<'a> {
        &self.modules[id as usize]
    }

    pub(super) fn scope(&self, at: At) -> &Scope<'a> {
        &self.module(at.module).scopes.all[at.scope as usize]
    }
}

impl Module<'_> {
    /// The module of the project that `..dotted.name` leads to from here.
    pub(super) fn link(&self, name: &str) -> Option<ModuleId> {
        self.links.get(name).copied()
    }
}

impl Loaded {
    /// Takes the files out, and what finds modules.
    pub(super) fn into_parts(self) -> (Vec<LoadedFile>, Vec<Unreadable>, Finder) {
        (self.files, self.unreadable, self.finder)
    }
}

/// The files of an import, with the `..dotted.name` that leads to each: the module, and the name if it is a module too.
fn paths_of(
    finder: &mut Finder,
    origin: &FileToRead,
    import: Import<'_>,
) -> Vec<(String, PathBuf)> {
    let mut paths = Vec::new();
    let mut add = |dotted: &str| {
        if let Some(path) = finder.find(&origin.path, &origin.dag_folder, import.level, dotted) {
            paths.push((spelling(import.level, dotted), path));
        }
    };
    add(import.module);
    if let Some(name) = import.name {
        add(&join(import.module, name));
    }
    paths
}

/// `..dotted.name`
pub(super) fn spelling(level: u32, dotted: &str) -> String {
    format!("{}{dotted}", ".".repeat(level as usize))
}

/// `module.name`, where the module may be empty.
pub(super) fn join(module: &str, name: &str) -> String {
    match module.is_empty() || module.ends_with('.') {
        true => format!("{module}{name}"),
        false => format!("{module}.{name}"),
    }
}

/// Collects the imports of a file.
#[derive(Default)]
struct ImportNames(Vec<(u32, String, Option<String>)>);

impl<'a> StatementVisitor<'a> for ImportNames {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Import(import) => self.0.extend(
                import
                    .names
                    .iter()
                    .map(|alias| (0, alias.name.to_string(), None)),
            ),
            Stmt::ImportFrom(import) => {
                let module = import
                    .module
                    .as_ref()
                    .map_or_else(String::new, |module| module.to_string());
                let name = |name: &str| Some(name.to_owned()).filter(|name| name != "*");
                let names = import
                    .names
                    .iter()
                    .map(|alias| (import.level, module.clone(), name(&alias.name)));
                self.0.extend(names);
            }
            stmt => walk_stmt(self, stmt),
        }
    }
}

enum Outcome {
    Loaded(Box<LoadedFile>),
    NotADag(PathBuf),
}

fn load(
    file: &FileToRead,
    shown: &(dyn Fn(&Path) -> String + Sync),
) -> Result<Outcome, Unreadable> {
    let name = shown(&file.path);
    let fault = |(line, why)| Unreadable {
        file: name.clone(),
        line,
        why,
    };
    let bytes = read_limited(&file.path).map_err(|why| fault((1, why)))?;
    if file
        .only_if_dag
        .is_some_and(|version| !might_contain_dag(&bytes, version))
    {
        return Ok(Outcome::NotADag(file.path.clone()));
    }
    let text = decode_python(&bytes).map_err(fault)?;
    let python = PythonFile::parse(Source::new(name.clone(), text)).map_err(fault)?;
    let mut imports = ImportNames::default();
    imports.visit_body(&python.tree.body);
    let imports = imports.0;
    let origin = file.clone();
    Ok(Outcome::Loaded(Box::new(LoadedFile {
        origin,
        python,
        imports,
    })))
}

/// The bytes of a regular file that is not too large, or why there are none.
pub(super) fn read_limited(path: &Path) -> Result<Vec<u8>, String> {
    let describe = |error: io::Error| format!("the file cannot be read: {error}");
    let metadata = fs::metadata(path).map_err(describe)?;
    // opening a pipe would wait for a writer
    if !metadata.is_file() {
        return Err("it is not a regular file".to_owned());
    }
    if metadata.len() > MAX_FILE_SIZE {
        return Err(format!(
            "the file is larger than {} MiB",
            MAX_FILE_SIZE >> 20
        ));
    }
    fs::read(path).map_err(describe)
}

/// Drops parsed files side by side: their trees are large.
pub(super) fn drop_in_threads(mut files: Vec<LoadedFile>) {
    let rest = files.split_off(files.len() / 2);
    thread::scope(|scope| {
        // where no thread can be started the closure, and the files in it, are dropped here
        let _ = thread::Builder::new()
            .stack_size(STACK_SIZE)
            .spawn_scoped(scope, move || drop(rest));
        drop(files);
    });
}

/// Does some work for each item, side by side, in the order of the items.
pub(super) fn in_threads<'a, T: Sync, R: Send>(
    items: &'a [T],
    work: impl Fn(&'a T) -> R + Sync,
) -> Vec<R> {
    let count = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(items.len())
        .max(1);
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::with_capacity(items.len()));
    let run = || {
        let mut own = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            match items.get(index) {
                Some(item) => own.push((index, work(item))),
                None => break,
            }
        }
        if let Ok(mut done) = done.lock() {
            done.extend(own);
        }
    };
    thread::scope(|scope| {
        for _ in 0..count {
            let builder = thread::Builder::new().stack_size(STACK_SIZE);
            // a thread that cannot be started leaves its share to the others
            let _ = builder.spawn_scoped(scope, run);
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}
