//! What each file imports from the rest of the crate: by `use`, and by a path that begins with `crate` or `super`.
//!
//! `mod x;` is not an import, and what only tests use does not count.

use std::collections::BTreeSet;

use super::source::SourceFile;
use super::tokens::{Placed, after_group, tokens};

/// One module uses another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import {
    /// The file, below `src`.
    pub file: String,
    pub line: usize,
    /// The module that imports.
    pub from: String,
    /// The module that is imported, which is a file of its own.
    pub to: String,
}

/// Every import between two files.
pub fn all(files: &[SourceFile]) -> Vec<Import> {
    let modules: BTreeSet<&str> = files.iter().map(|file| file.module.as_str()).collect();
    let files = files.iter().filter(|file| !file.is_for_tests());
    let found = files.flat_map(|file| {
        let mut walk = Walk {
            file,
            modules: &modules,
            found: Vec::new(),
        };
        let path = match file.module.as_str() {
            "lib" | "main" => Vec::new(),
            module => module.split('/').map(str::to_owned).collect(),
        };
        walk.items(&tokens(&file.text), &path);
        walk.found
    });
    found.filter(|import| import.from != import.to).collect()
}

struct Walk<'a> {
    file: &'a SourceFile,
    modules: &'a BTreeSet<&'a str>,
    found: Vec<Import>,
}

impl Walk<'_> {
    /// Reads tokens that stand in the module `here`.
    fn items(&mut self, tokens: &[Placed], here: &[String]) {
        let mut at = 0;
        while at < tokens.len() {
            at = match tokens[at].word() {
                _ if is_for_tests(&tokens[at..]) => after_item(tokens, at + ATTRIBUTE),
                Some("mod") if tokens.get(at + 2).is_some_and(|next| next.is('{')) => {
                    let end = after_group(tokens, at + 2);
                    let name = tokens[at + 1].word().unwrap_or_default().to_owned();
                    self.items(&tokens[at + 3..end], &[here, &[name]].concat());
                    end
                }
                Some("use") => {
                    let end = position(tokens, at, ';');
                    self.tree(&tokens[at + 1..end], &[], here);
                    end
                }
                Some("crate" | "super") if !is_preceded(tokens, at) => {
                    let (path, end) = plain_path(tokens, at);
                    if path.len() > 1 {
                        self.note(&path, here, tokens[at].line);
                    }
                    end
                }
                _ => at + 1,
            };
        }
    }

    /// Reads `a::{b, c::d}` after the segments `before`.
    fn tree(&mut self, tokens: &[Placed], before: &[String], here: &[String]) {
        for branch in branches(tokens) {
            let (path, end) = plain_path(branch, 0);
            let path = [before, &path].concat();
            match branch.get(end) {
                Some(open) if open.is('{') => {
                    let close = after_group(branch, end) - 1;
                    self.tree(&branch[end + 1..close], &path, here);
                }
                _ => {
                    let line = branch.first().map_or(0, |token| token.line);
                    self.note(&path, here, line);
                }
            }
        }
    }

    fn note(&mut self, path: &[String], here: &[String], line: usize) {
        let Some(absolute) = absolute(path, here, self.modules) else {
            return;
        };
        self.found.push(Import {
            file: self.file.path.clone(),
            line,
            from: self.file.module.clone(),
            to: module_of(&absolute, self.modules),
        });
    }
}

/// `#`, `[`, `cfg`, `(`, `test`, `)`, `]`
const ATTRIBUTE: usize = 7;

fn is_for_tests(tokens: &[Placed]) -> bool {
    let words = [(2, "cfg"), (4, "test")];
    let marks = [(0, '#'), (1, '['), (3, '('), (5, ')'), (6, ']')];
    tokens.len() >= ATTRIBUTE
        && words
            .iter()
            .all(|&(at, word)| tokens[at].word() == Some(word))
        && marks.iter().all(|&(at, mark)| tokens[at].is(mark))
}

/// The index after the item that begins at `at`: its semicolon, or its body.
fn after_item(tokens: &[Placed], mut at: usize) -> usize {
    let is_use = tokens[at..]
        .iter()
        .take(2)
        .any(|token| token.word() == Some("use"));
    while let Some(token) = tokens.get(at) {
        match () {
            () if token.is(';') => return at + 1,
            () if token.is('{') && !is_use => return after_group(tokens, at),
            () if token.is('{') || token.is('(') || token.is('[') => at = after_group(tokens, at),
            () => at += 1,
        }
    }
    at
}

fn position(tokens: &[Placed], from: usize, mark: char) -> usize {
    let found = tokens[from..].iter().position(|token| token.is(mark));
    found.map_or(tokens.len(), |distance| from + distance)
}

/// Whether the word is the middle of a path, or of `pub(in crate::x)`.
fn is_preceded(tokens: &[Placed], at: usize) -> bool {
    let Some([first, second]) = at.checked_sub(2).and_then(|start| tokens.get(start..at)) else {
        return false;
    };
    first.is(':') && second.is(':') || first.is('(') && second.word() == Some("in")
}

/// The segments of `a::b::c` from `at`, and the index of what follows: `{`, `*` or something else.
fn plain_path(tokens: &[Placed], mut at: usize) -> (Vec<String>, usize) {
    let mut path = Vec::new();
    while let Some(word) = tokens.get(at).and_then(Placed::word) {
        path.push(word.to_owned());
        let separated = tokens.get(at + 1).is_some_and(|token| token.is(':'))
            && tokens.get(at + 2).is_some_and(|token| token.is(':'));
        if !separated {
            return (path, at + 1);
        }
        at += 3;
    }
    (path, at)
}

/// The parts between the commas that are not inside braces.
fn branches(tokens: &[Placed]) -> Vec<&[Placed]> {
    let (mut branches, mut start, mut at) = (Vec::new(), 0, 0);
    while at < tokens.len() {
        if tokens[at].is(',') {
            branches.push(&tokens[start..at]);
            start = at + 1;
        }
        at = match tokens[at].is('{') {
            true => after_group(tokens, at),
            false => at + 1,
        };
    }
    branches.push(&tokens[start..]);
    branches.retain(|branch| !branch.is_empty());
    branches
}

/// The path from the crate's root; none where it leads to another crate.
fn absolute(path: &[String], here: &[String], modules: &BTreeSet<&str>) -> Option<Vec<String>> {
    let ups = path
        .iter()
        .take_while(|segment| *segment == "super")
        .count();
    match path.first()?.as_str() {
        "crate" => Some(path[1..].to_vec()),
        "super" => Some([&here[..here.len().saturating_sub(ups)], &path[ups..]].concat()),
        "self" => Some([here, &path[1..]].concat()),
        child => {
            let child = [here, &[child.to_owned()]].concat();
            let is_module = modules.contains(child.join("/").as_str());
            is_module.then(|| [here, path].concat())
        }
    }
}

/// The file that a path leads into: the longest module that it begins with.
fn module_of(path: &[String], modules: &BTreeSet<&str>) -> String {
    let mut prefixes = (1..=path.len())
        .rev()
        .map(|length| path[..length].join("/"));
    prefixes
        .find(|prefix| modules.contains(prefix.as_str()))
        .unwrap_or_else(|| "lib".to_owned())
}

#[test]
fn every_way_to_import_is_seen() {
    let text = "
        use crate::env::{Env, files::{self, EnvFile as File}};
        pub(in crate::a) use self::c::X;
        pub use c::Y;
        use std::{fmt, super_thing::Z};
        pub mod c;
        mod inner { use super::super::super::jwt::Jwt; }
        fn f(x: crate::nearest::N) -> super::Root { other::crate_like(); super::super::source::S }
        #[cfg(test)] mod tests { use crate::http::Client; }
        #[cfg(test)] use crate::http::{Client};
        // use crate::http::Client;
    ";
    let others = [
        "lib.rs",
        "a/mod.rs",
        "a/b/c.rs",
        "env/mod.rs",
        "env/files.rs",
        "jwt.rs",
        "nearest.rs",
        "source.rs",
        "http/mod.rs",
    ];
    let mut files: Vec<_> = others
        .iter()
        .map(|path| SourceFile::new(path, ""))
        .collect();
    files.push(SourceFile::new("a/b/mod.rs", text));
    let seen: Vec<(usize, String)> = all(&files)
        .into_iter()
        .map(|import| (import.line, import.to))
        .collect();
    let expected = [
        (2, "env"),
        (2, "env/files"),
        (2, "env/files"),
        (3, "a/b/c"),
        (4, "a/b/c"),
        (7, "jwt"),
        (8, "nearest"),
        (8, "a"),
        (8, "source"),
    ];
    let expected: Vec<(usize, String)> = expected
        .iter()
        .map(|&(line, to)| (line, to.to_owned()))
        .collect();
    assert_eq!(seen, expected);
}
