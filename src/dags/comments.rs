//! What comments tell secretctl: `# secretctl: ignore` and `# secretctl: uses conn:ID`.
//!
//! `ignore` drops what was found in its line, `uses` adds an id that the file needs and that cannot be told from it; several ids are
//! set apart by spaces. The surprising rule: they hold in Python comments only, never in a string that looks like one.

use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_text_size::Ranged;

use super::source::Source;
use crate::secret_kind::SecretKind;

const MARK: &str = "secretctl:";

/// What a comment says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Note {
    /// Its line, from 1.
    pub line: u32,
    /// Where the note's subject stands, as an offset.
    pub offset: usize,
    pub meaning: Meaning,
}

/// The two things a comment can say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Nothing of this line counts.
    Ignore,
    /// The file needs this id.
    Uses(SecretKind, String),
}

/// The notes of a file.
pub(super) fn notes(tokens: &Tokens, source: &Source) -> Vec<Note> {
    // hardly any file has one
    if !source.text.contains(MARK) {
        return Vec::new();
    }
    let comments = tokens
        .iter()
        .filter(|token| token.kind() == TokenKind::Comment);
    comments
        .flat_map(|token| {
            let start = token.start().to_usize();
            notes_of(
                &source.text[start..token.end().to_usize()],
                start,
                source.line(start),
            )
        })
        .collect()
}

fn notes_of(comment: &str, start: usize, line: u32) -> Vec<Note> {
    let Some((before, text)) = comment.split_once(MARK) else {
        return Vec::new();
    };
    let offset_of = |word: &str| start + (word.as_ptr() as usize - comment.as_ptr() as usize);
    let mut words = text.split_whitespace();
    let meanings: Vec<(usize, Meaning)> = match words.next() {
        Some("ignore") => vec![(start + before.len(), Meaning::Ignore)],
        Some("uses") => words
            .filter_map(|word| Some((offset_of(word), uses(word.trim_matches(','))?)))
            .collect(),
        _ => Vec::new(),
    };
    let note = |(offset, meaning)| Note {
        line,
        offset,
        meaning,
    };
    meanings.into_iter().map(note).collect()
}

fn uses(word: &str) -> Option<Meaning> {
    let (kind, id) = word.split_once(':')?;
    let kind = match kind {
        "conn" | "connection" => SecretKind::Connection,
        "var" | "variable" => SecretKind::Variable,
        "config" => SecretKind::Config,
        _ => return None,
    };
    (!id.is_empty()).then(|| Meaning::Uses(kind, id.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_says_what_it_says() {
        let uses = |kind, id: &str| Meaning::Uses(kind, id.to_owned());
        let (conn, var) = (SecretKind::Connection, SecretKind::Variable);
        for (comment, expected) in [
            ("# secretctl: ignore", vec![Meaning::Ignore]),
            ("#secretctl:ignore, it is made here", vec![]),
            ("# noqa  # secretctl: ignore", vec![Meaning::Ignore]),
            (
                "# secretctl: uses conn:a var:b",
                vec![uses(conn, "a"), uses(var, "b")],
            ),
            (
                "# secretctl: uses connection:a, variable:b:c",
                vec![uses(conn, "a"), uses(var, "b:c")],
            ),
            ("# secretctl: uses pool:a", vec![]),
            ("# secretctl: uses conn:", vec![]),
            ("# secretctl reads this", vec![]),
        ] {
            let found: Vec<Meaning> = notes_of(comment, 0, 1)
                .into_iter()
                .map(|note| note.meaning)
                .collect();
            assert_eq!(found, expected, "{comment}");
        }
    }
}
