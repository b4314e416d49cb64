//! The line of the kwargs up to a fault, with everything hidden that may be secret.
//!
//! Shown are punctuation, `true`, `false`, `null`, the names of kwargs that the backend's class knows, and references to
//! variables that are set; every other name, text, number and word is `****`. Nothing behind the fault is shown but an
//! ellipsis.

use std::collections::VecDeque;

use super::token::{Token, TokenKind, tokens, whole_reference};
use crate::env::Env;

/// The widest excerpt before the fault, in characters.
const WIDEST: usize = 60;

/// What may be shown of the text.
#[derive(Clone, Copy)]
pub(super) struct Showable<'a> {
    /// References to variables that are set.
    pub env: &'a Env,
    /// The names of the kwargs that the class knows.
    pub known: &'a [&'a str],
}

/// One line, and the character under which the caret belongs, from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Excerpt {
    pub line: String,
    pub caret: usize,
}

impl Showable<'_> {
    /// The line of `text` up to `offset`, and the `shown` bytes that follow it.
    pub fn excerpt(self, text: &str, offset: usize, shown: usize) -> Excerpt {
        let mut line = self.line_before(text, offset);
        let caret = line.chars().count();
        let (fault, rest) = text[offset..].split_at(shown);
        line.push_str(fault);
        if !rest.trim().is_empty() {
            line.push('…');
        }
        Excerpt { line, caret }
    }

    fn line_before(self, text: &str, offset: usize) -> String {
        let line_start = text[..offset].rfind('\n').map_or(0, |newline| newline + 1);
        let mut line = Line {
            text,
            end: line_start,
            pieces: VecDeque::new(),
            width: 0,
            is_cut: false,
        };
        let mut names = Names::default();
        for token in tokens(text).take_while(|token| token.range.start < offset) {
            let is_name = names.next(token.kind);
            if token.range.start >= line_start {
                let piece = self.piece(text, &token, offset, is_name);
                line.push(token.range.start, piece);
                line.end = token.range.end.min(offset);
            }
        }
        line.push(offset, String::new());
        line.finish()
    }

    fn piece(self, text: &str, token: &Token, offset: usize, is_name: bool) -> String {
        if token.range.end > offset {
            return hidden_start(text, token, offset).to_owned();
        }
        let piece = &text[token.range.clone()];
        let may_be_shown = match token.kind {
            TokenKind::Punctuation(_) => true,
            TokenKind::String => is_name && self.is_known(piece),
            TokenKind::Word => self.is_plain_word(piece),
        };
        match (may_be_shown, token.kind) {
            (true, _) => piece.to_owned(),
            (false, TokenKind::String) => "\"****\"".to_owned(),
            (false, _) => "****".to_owned(),
        }
    }

    fn is_known(self, quoted: &str) -> bool {
        self.known
            .iter()
            .any(|name| quoted.strip_prefix('"').and_then(|q| q.strip_suffix('"')) == Some(name))
    }

    fn is_plain_word(self, word: &str) -> bool {
        matches!(word, "true" | "false" | "null")
            || whole_reference(word).is_some_and(|reference| self.env.is_set(reference.name))
    }
}

/// A token that the fault stands in, up to the fault.
fn hidden_start(text: &str, token: &Token, offset: usize) -> &'static str {
    match (token.kind, &text[token.range.start..offset]) {
        (TokenKind::String, "\"") => "\"",
        (TokenKind::String, _) => "\"****",
        _ => "****",
    }
}

/// Follows objects and arrays, to tell names from values.
#[derive(Default)]
pub(super) struct Names {
    /// Whether each open bracket is a brace.
    open: Vec<bool>,
    expects_name: bool,
}

impl Names {
    /// Whether the token stands where a name belongs; tokens are given one after the other.
    pub fn next(&mut self, kind: TokenKind) -> bool {
        let is_name = self.expects_name;
        self.expects_name = match kind {
            TokenKind::Punctuation(c @ ('{' | '[')) => {
                self.open.push(c == '{');
                c == '{'
            }
            TokenKind::Punctuation('}' | ']') => {
                self.open.pop();
                false
            }
            TokenKind::Punctuation(',') => self.open.last() == Some(&true),
            _ => false,
        };
        is_name
    }
}

/// The pieces of one line; when it grows too wide, the first ones go.
struct Line<'a> {
    text: &'a str,
    end: usize,
    pieces: VecDeque<String>,
    width: usize,
    is_cut: bool,
}

impl Line<'_> {
    /// Appends a piece that starts at `start`, and a blank for the white space before it.
    fn push(&mut self, start: usize, piece: String) {
        if self.text[self.end..start].contains([' ', '\t']) {
            self.append(" ".to_owned());
        }
        self.append(piece);
    }

    fn append(&mut self, piece: String) {
        self.width += piece.chars().count();
        self.pieces.push_back(piece);
        while self.width > WIDEST
            && let Some(first) = self.pieces.pop_front()
        {
            self.width -= first.chars().count();
            self.is_cut = true;
        }
    }

    fn finish(self) -> String {
        let start = if self.is_cut { "…" } else { "" };
        self.pieces
            .into_iter()
            .fold(start.to_owned(), |line, piece| line + &piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excerpt(text: &str, offset: usize, shown: usize) -> (String, usize) {
        let env = Env::from_pairs([("SET", "x")]);
        let showable = Showable {
            env: &env,
            known: &["url", "token"],
        };
        let excerpt = showable.excerpt(text, offset, shown);
        (excerpt.line, excerpt.caret)
    }

    #[test]
    fn values_and_unknown_names_are_hidden() {
        let text = r#"{"url": "http://h", "s3cret": 42, "token":  $SET,x"#;
        let shown = r#"{"url": "****", "****": ****, "token": $SET,…"#;
        assert_eq!(excerpt(text, text.len() - 1, 0), (shown.to_owned(), 44));
        assert_eq!(
            excerpt("[true, $UNSET ;", 14, 1),
            ("[true, **** ;".to_owned(), 12)
        );
    }

    #[test]
    fn a_wide_line_loses_its_start() {
        let text = format!("{{{}x", r#""url": 1, "#.repeat(20));
        let (line, caret) = excerpt(&text, text.len() - 1, 0);
        assert!(
            line.starts_with('…') && line.ends_with(r#""url": ****, …"#),
            "{line}"
        );
        assert_eq!(caret, line.chars().count() - 1);
        assert!(caret <= WIDEST + 1);
    }

    #[test]
    fn a_name_is_shown_only_where_names_belong() {
        let text = r#"{"url":"url"}x"#;
        assert_eq!(excerpt(text, 13, 0), (r#"{"url":"****"}…"#.to_owned(), 14));
    }

    #[test]
    fn nothing_behind_the_fault_is_shown() {
        assert_eq!(excerpt("{'token': 's3cret'}", 1, 1), ("{'…".to_owned(), 1));
        assert_eq!(excerpt("{\"token\" ", 9, 0), ("{\"token\" ".to_owned(), 9));
    }

    #[test]
    fn only_the_line_of_the_fault_is_shown() {
        assert_eq!(
            excerpt("{\"url\": 1,\n  token: 2}", 13, 5),
            (" token…".to_owned(), 1)
        );
    }

    #[test]
    fn a_fault_inside_a_string_leaves_the_string_open() {
        assert_eq!(
            excerpt(r#"{"url": "s3c\ret"}"#, 12, 1),
            (r#"{"url": "****\…"#.to_owned(), 13)
        );
    }
}
