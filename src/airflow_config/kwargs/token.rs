//! A lenient reader of JSON: it finds strings, punctuation and words in any text, so that a fault in it can be told.

use std::ops::Range;

use crate::env::reference::{Reference, references};

/// A piece of the text, and where it stands, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub kind: TokenKind,
    pub range: Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// One of `{}[],:`
    Punctuation(char),
    /// Text from one double quote to the next, or to the end of all.
    String,
    /// Everything else that is not white space: a number, `true`, `$NAME`, or what should stand in quotes.
    Word,
}

/// The tokens of `text`, from left to right.
pub(super) fn tokens(text: &str) -> Tokens<'_> {
    Tokens { text, position: 0 }
}

pub(super) struct Tokens<'a> {
    text: &'a str,
    position: usize,
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let rest = &self.text[self.position..];
        let start = self.position + rest.find(|c| !is_json_space(c))?;
        let rest = &self.text[start..];
        let (kind, length) = match rest.chars().next()? {
            c if is_punctuation(c) => (TokenKind::Punctuation(c), 1),
            '"' => (TokenKind::String, string_length(rest)),
            _ => (TokenKind::Word, word_length(rest)),
        };
        self.position = start + length;
        Some(Token {
            kind,
            range: start..self.position,
        })
    }
}

/// The length of the string that `text` starts with, its quotes included.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (offset, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return offset + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of the word that `text` starts with; the braces of `${NAME}` do not end it.
fn word_length(text: &str) -> usize {
    let mut length = 0;
    loop {
        let rest = &text[length..];
        if let Some(braced) = braced_reference_length(rest) {
            length += braced;
            continue;
        }
        match rest.chars().next() {
            Some(c) if c != '"' && !is_punctuation(c) && !is_json_space(c) => {
                length += c.len_utf8()
            }
            _ => return length,
        }
    }
}

/// The length of the `${NAME}` that `text` starts with, where `NAME` is a plain name.
fn braced_reference_length(text: &str) -> Option<usize> {
    let inside = text.strip_prefix("${")?;
    let name = inside.find(|c: char| !crate::env::reference::is_name_character(c))?;
    (name > 0 && inside[name..].starts_with('}')).then_some(name + 3)
}

/// The reference that a word is, when it is nothing else.
pub(super) fn whole_reference(word: &str) -> Option<Reference<'_>> {
    references(word)
        .next()
        .filter(|reference| reference.range == (0..word.len()))
}

/// What JSON takes for white space.
pub(super) fn is_json_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

fn is_punctuation(c: char) -> bool {
    matches!(c, '{' | '}' | '[' | ']' | ',' | ':')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Vec<&str> {
        tokens(text).map(|token| &text[token.range]).collect()
    }

    #[test]
    fn any_text_is_cut_into_tokens() {
        assert_eq!(
            pieces(r#"{"a\"b" :1, x:[$A,${B}c], 'd' "e"#),
            [
                "{",
                r#""a\"b""#,
                ":",
                "1",
                ",",
                "x",
                ":",
                "[",
                "$A",
                ",",
                "${B}c",
                "]",
                ",",
                "'d'",
                "\"e"
            ]
        );
        assert_eq!(pieces("${a b} ${"), ["$", "{", "a", "b", "}", "$", "{"]);
    }

    #[test]
    fn a_word_may_be_a_reference_and_nothing_else() {
        assert_eq!(
            whole_reference("${A}").map(|reference| reference.name),
            Some("A")
        );
        assert_eq!(
            whole_reference("$A").map(|reference| reference.name),
            Some("A")
        );
        assert!(whole_reference("$A/b").is_none());
        assert!(whole_reference("$A$B").is_none());
        assert!(whole_reference("1").is_none());
    }
}
