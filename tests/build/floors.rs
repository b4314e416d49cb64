//! The source has floors: a module imports what stands below it, and nothing above.

use std::collections::{BTreeMap, BTreeSet};

use super::imports::{self, Import};
use super::source::{self, SourceFile};

/// What the modules of one floor may do with each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Peers {
    /// They import each other, though not in a circle.
    Meet,
    /// They do not know each other.
    Apart,
}

/// The floors from the top. A module stands where its longest beginning does.
const FLOORS: &[(Peers, &[&str])] = &[
    (Peers::Meet, &["main", "lib"]),
    (Peers::Meet, &["cli"]),
    (Peers::Apart, &["error"]),
    (Peers::Apart, &["check"]),
    (Peers::Apart, &["dags"]),
    (Peers::Apart, &["settings"]),
    (Peers::Apart, &["search_path"]),
    (Peers::Apart, &["backend/open"]),
    (
        Peers::Apart,
        &[
            "backend/aws",
            "backend/azure",
            "backend/environment_variables",
            "backend/google",
            "backend/kubernetes",
            "backend/local_filesystem",
            "backend/lockbox",
            "backend/vault",
        ],
    ),
    (
        Peers::Meet,
        &[
            "backend",
            "backend/kind",
            "backend/kwargs",
            "backend/once",
            "backend/provider_release",
        ],
    ),
    (Peers::Apart, &["airflow_config", "connection", "http"]),
    (Peers::Apart, &["env"]),
    (Peers::Apart, &["python"]),
    (
        Peers::Meet,
        &[
            "airflow_version",
            "console",
            "deadline",
            "failure",
            "finding",
            "jwt",
            "nearest",
            "process",
            "secret",
            "secret_kind",
            "source",
            "text_file",
        ],
    ),
];

/// Vault logs in with the identities of other clouds.
const ALLOWED: &[(&str, &str)] = &[
    ("backend/vault", "backend/aws"),
    ("backend/vault", "backend/google"),
];

/// The floor of a module, counted from the top, and the entry of the table it falls under.
fn floor_of(module: &str) -> Option<(usize, &'static str)> {
    let entries = FLOORS.iter().enumerate();
    let entries =
        entries.flat_map(|(floor, (_, names))| names.iter().map(move |name| (floor, *name)));
    entries
        .filter(|(_, name)| is_at_or_below(module, name))
        .max_by_key(|(_, name)| name.len())
}

fn is_at_or_below(module: &str, folder: &str) -> bool {
    let rest = module.strip_prefix(folder);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What is wrong with the imports of these files.
fn faults(files: &[SourceFile]) -> Vec<String> {
    let homeless = files
        .iter()
        .filter(|file| !file.is_for_tests() && floor_of(&file.module).is_none());
    let homeless = homeless.map(|file| format!("{}: no floor of the table holds it", file.path));
    let imports = imports::all(files);
    let upwards = imports.iter().filter_map(fault);
    homeless
        .chain(upwards)
        .chain(circle(&imports, top_folder).map(|circle| format!("folders in a circle: {circle}")))
        .chain(circle_on_a_floor(&imports))
        .collect()
}

fn fault(import: &Import) -> Option<String> {
    let ((from_floor, from), (to_floor, to)) = (floor_of(&import.from)?, floor_of(&import.to)?);
    let is_allowed = from == to
        || from_floor < to_floor
        || from_floor == to_floor && FLOORS[from_floor].0 == Peers::Meet
        || ALLOWED.contains(&(from, to));
    let Import { file, line, to, .. } = import;
    (!is_allowed).then(|| format!("src/{file}:{line} imports {to}"))
}

fn top_folder(module: &str) -> Option<&str> {
    let top = module.split('/').next()?;
    // Both are nothing but the way in.
    (!["lib", "main"].contains(&top)).then_some(top)
}

/// A circle among the entries of a floor that meet.
fn circle_on_a_floor(imports: &[Import]) -> Option<String> {
    let meeting = |module: &str| {
        let (floor, name) = floor_of(module)?;
        (floor > 0 && FLOORS[floor].0 == Peers::Meet).then_some(name)
    };
    circle(imports, meeting).map(|circle| format!("modules in a circle: {circle}"))
}

/// A circle of imports between the units that `unit` makes of modules.
fn circle<'a>(imports: &'a [Import], unit: impl Fn(&'a str) -> Option<&'a str>) -> Option<String> {
    let mut uses: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for import in imports {
        if let (Some(from), Some(to)) = (unit(&import.from), unit(&import.to))
            && from != to
        {
            uses.entry(from).or_default().insert(to);
        }
    }
    // What uses nothing that is left is in no circle, nor is what nothing left uses; what remains in the end is.
    loop {
        let users: BTreeSet<&str> = uses.keys().copied().collect();
        let used: BTreeSet<&str> = uses.values().flatten().copied().collect();
        let in_question: BTreeSet<&str> = users.intersection(&used).copied().collect();
        uses.retain(|from, to| {
            to.retain(|name| in_question.contains(name));
            in_question.contains(from) && !to.is_empty()
        });
        if uses.len() == users.len() {
            break;
        }
    }
    let told = uses.iter().map(|(from, to)| {
        format!(
            "{from} -> {}",
            to.iter().copied().collect::<Vec<_>>().join(", ")
        )
    });
    (!uses.is_empty()).then(|| told.collect::<Vec<_>>().join("; "))
}

#[test]
fn nothing_is_imported_from_above() {
    let files = source::all();
    assert!(imports::all(&files).len() > 500, "the imports are not seen");
    let faults = faults(&files);
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

/// Else the test above could not fail.
#[test]
fn a_violation_is_found() {
    let clean = [
        ("lib.rs", "use crate::cli::run;"),
        ("cli/mod.rs", "use crate::backend::aws::Aws;"),
        ("backend/mod.rs", "pub mod aws; pub use crate::nearest::N;"),
        ("backend/aws/mod.rs", "use super::Backend; use crate::jwt;"),
        ("backend/vault.rs", "use super::aws::Aws;"),
        ("jwt.rs", "use crate::nearest::N;"),
        ("nearest.rs", ""),
    ];
    let faults_with = |path: &str, text: &str| {
        let mut files: Vec<SourceFile> = clean
            .iter()
            .map(|(path, text)| SourceFile::new(path, text))
            .collect();
        files.retain(|file| file.path != path);
        files.push(SourceFile::new(path, text));
        faults(&files)
    };
    assert_eq!(faults_with("nearest.rs", ""), [""; 0]);
    let planted = [
        (
            "nearest.rs",
            "use crate::backend::Backend;",
            "src/nearest.rs:1 imports backend",
        ),
        (
            "nearest.rs",
            "fn f() { crate::Cli::parse() }",
            "src/nearest.rs:1 imports lib",
        ),
        (
            "nearest.rs",
            "use super::jwt::J;",
            "modules in a circle: jwt -> nearest; nearest -> jwt",
        ),
        (
            "backend/mod.rs",
            "pub use aws::Aws;",
            "src/backend/mod.rs:1 imports backend/aws",
        ),
        (
            "backend/aws/mod.rs",
            "use super::vault::V;",
            "src/backend/aws/mod.rs:1 imports backend/vault",
        ),
        (
            "somewhere.rs",
            "",
            "somewhere.rs: no floor of the table holds it",
        ),
    ];
    for (path, text, fault) in planted {
        let found = faults_with(path, text);
        assert!(
            found.iter().any(|found| found == fault),
            "{fault}: {found:?}"
        );
    }
}
