//! The pages keep what they promise: every link leads somewhere, every test that SECURITY.md names is there, and no option
//! takes a secret.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The files below a folder whose names end like this.
fn files_below(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
    files
}

/// A page without its blocks of code.
fn prose(page: &Path) -> String {
    let text = fs::read_to_string(page).unwrap();
    text.split("\n```").step_by(2).collect()
}

/// The targets of the links on a page.
fn links(page: &Path) -> Vec<String> {
    let prose = prose(page);
    let targets = prose.split("](").skip(1);
    targets
        .filter_map(|rest| Some(rest.split_once(')')?.0.to_owned()))
        .collect()
}

/// Whether a page has a heading that a link calls `anchor`: in lower case, `-` for blanks, without punctuation.
fn has_heading(page: &Path, anchor: &str) -> bool {
    prose(page).lines().any(|line| {
        let title = line.trim_start_matches('#');
        let kept = |c: &char| c.is_alphanumeric() || matches!(c, '-' | '_' | ' ');
        let name: String = title.trim().chars().filter(kept).collect();
        line.starts_with('#') && name.to_lowercase().replace(' ', "-") == anchor
    })
}

#[test]
fn every_link_leads_somewhere() {
    let mut pages = files_below(&repository().join("docs"), "md");
    pages.extend(["README.md", "SECURITY.md"].map(|page| repository().join(page)));
    for page in &pages {
        let links = links(page);
        for link in links.iter().filter(|link| !link.contains("://")) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match path {
                "" => page.clone(),
                path => page.with_file_name(path),
            };
            assert!(target.exists(), "{}: {link}", page.display());
            let is_found = anchor.is_empty() || has_heading(&target, anchor);
            assert!(is_found, "{}: {link}", page.display());
        }
    }
}

/// Each promise of SECURITY.md with the tests that its table names.
fn promises() -> Vec<(String, Vec<String>)> {
    let rows = prose(&repository().join("SECURITY.md"));
    let rows = rows.lines().filter_map(|line| line.strip_prefix("| "));
    let cells = rows.filter_map(|row| row.trim_end_matches(" |").rsplit_once(" | "));
    let promises = cells.filter(|(_, proof)| *proof != "proved by");
    promises
        .map(|(promise, proof)| {
            let names = proof.split('`').skip(1).step_by(2);
            (promise.to_owned(), names.map(str::to_owned).collect())
        })
        .collect()
}

#[test]
fn every_promise_names_tests_that_are_there() {
    let mut sources = files_below(&repository().join("tests"), "rs");
    sources.extend(files_below(&repository().join("src"), "rs"));
    let sources: String = sources
        .iter()
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    let promises = promises();
    assert!(promises.len() > 15, "{promises:?}");
    for (promise, tests) in promises {
        assert!(!tests.is_empty(), "no test is named for `{promise}`");
        for test in tests {
            let is_there = sources.contains(&format!("fn {test}("));
            assert!(is_there, "there is no test `{test}` for `{promise}`");
        }
    }
}

fn help(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_secretctl"));
    let output = command.args(arguments).arg("--help").output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// What is on a command line is in the process list, for every user of the machine.
#[test]
fn no_option_takes_a_secret() {
    let program = help(&[]);
    let (_, commands) = program.split_once("Commands:\n").unwrap();
    let commands = commands.lines().take_while(|line| !line.is_empty());
    let names: Vec<&str> = commands
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert!(names.contains(&"get-conn"), "{names:?}");
    for name in names {
        let help = help(&[name]).to_lowercase();
        for word in ["token", "password", "secret", "kwargs"] {
            let is_taken =
                help.contains(&format!("--{word}")) || help.contains(&format!("<{word}"));
            assert!(!is_taken, "`{name}` takes a {word}:\n{help}");
        }
    }
}
