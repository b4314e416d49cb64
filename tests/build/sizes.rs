//! No file and no function is longer than a reader can hold.

use super::source::{self, SourceFile};
use super::tokens::{Placed, after_group, tokens};

/// Unit tests included.
const LONGEST_FILE: usize = 450;
const LONGEST_FUNCTION: usize = 80;

/// Files that are too long all the same. One that has become shorter has to leave.
const STILL_TOO_LONG: &[&str] = &[
    "dags/evaluate.rs",
    "dags/scope.rs",
    "dags/tests/rules.rs",
    "dags/wrappers.rs",
];

/// The functions of a file: their names, and the lines from signature to end.
fn functions(file: &SourceFile) -> Vec<(String, usize)> {
    let tokens = tokens(&file.text);
    let mut functions = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let name = tokens.get(at + 1).and_then(Placed::word);
        let (Some("fn"), Some(name)) = (token.word(), name) else {
            continue;
        };
        if let Some(end) = end_of_body(&tokens, at) {
            functions.push((name.to_owned(), tokens[end].line - token.line + 1));
        }
    }
    functions
}

/// The index of the brace that ends the function; a function of a trait may have no body.
fn end_of_body(tokens: &[Placed], mut at: usize) -> Option<usize> {
    loop {
        let token = tokens.get(at)?;
        at = match () {
            () if token.is(';') => return None,
            () if token.is('{') => return Some(after_group(tokens, at) - 1),
            () if token.is('(') || token.is('[') => after_group(tokens, at),
            () => at + 1,
        };
    }
}

#[test]
fn no_file_is_too_long() {
    let files = source::all();
    let too_long = files
        .iter()
        .filter(|file| file.text.lines().count() > LONGEST_FILE);
    let too_long: Vec<&str> = too_long.map(|file| file.path.as_str()).collect();
    assert_eq!(too_long, STILL_TOO_LONG, "over {LONGEST_FILE} lines");
}

#[test]
fn no_function_is_too_long() {
    let files = source::all();
    let functions: Vec<_> = files
        .iter()
        .flat_map(|file| functions(file).into_iter().map(|found| (&file.path, found)))
        .collect();
    assert!(functions.len() > 1000, "the functions are not seen");
    let offenders: Vec<_> = functions
        .iter()
        .filter(|(_, (_, lines))| *lines > LONGEST_FUNCTION)
        .collect();
    assert!(
        offenders.is_empty(),
        "over {LONGEST_FUNCTION} lines: {offenders:#?}"
    );
}

#[test]
fn the_length_of_a_function_is_seen() {
    let text = "trait T { fn none(x: [u8; 2]); }\nfn some() -> [u8; 1] {\n  \"}\";\n  [1]\n}\n";
    let found = functions(&SourceFile::new("a.rs", text));
    assert_eq!(found, [("some".to_owned(), 4)]);
}
