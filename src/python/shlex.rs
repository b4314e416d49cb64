//! `shlex.split` in its POSIX mode: a command line into words (CPython 3.11.7).
//!
//! The surprising rule: nothing but quotes, backslashes and the four ASCII blanks means anything, so `|`, `$HOME` and `#`
//! are ordinary text.

use zeroize::Zeroizing;

/// Why a text is no command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShlexError {
    /// The text ends inside quotes.
    #[error("a quote is not closed")]
    NoClosingQuotation,
    /// The text ends after a backslash.
    #[error("nothing follows the backslash at the end")]
    NoEscapedCharacter,
}

/// Splits `text` into words. They are wiped when dropped, since a command line may hold a password.
pub fn split(text: &str) -> Result<Vec<Zeroizing<String>>, ShlexError> {
    let mut words = Vec::new();
    let mut word: Option<Zeroizing<String>> = None;
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '\'' => read_single_quoted(&mut characters, word.get_or_insert_default())?,
            '"' => read_double_quoted(&mut characters, word.get_or_insert_default())?,
            '\\' => {
                let escaped = characters.next().ok_or(ShlexError::NoEscapedCharacter)?;
                word.get_or_insert_default().push(escaped);
            }
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Ok(words)
}

fn read_single_quoted(
    characters: &mut impl Iterator<Item = char>,
    word: &mut String,
) -> Result<(), ShlexError> {
    loop {
        match characters.next().ok_or(ShlexError::NoClosingQuotation)? {
            '\'' => return Ok(()),
            c => word.push(c),
        }
    }
}

/// Between double quotes a backslash is plain text unless it stands before `"` or `\`.
fn read_double_quoted(
    characters: &mut impl Iterator<Item = char>,
    word: &mut String,
) -> Result<(), ShlexError> {
    loop {
        match characters.next().ok_or(ShlexError::NoClosingQuotation)? {
            '"' => return Ok(()),
            '\\' => match characters.next().ok_or(ShlexError::NoEscapedCharacter)? {
                c @ ('"' | '\\') => word.push(c),
                c => word.extend(['\\', c]),
            },
            c => word.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_as_python_does() {
        // text and what `shlex.split` of CPython 3.11.7 gives
        let cases: [(&str, &[&str]); 14] = [
            ("", &[]),
            (" \t\r\n", &[]),
            ("echo '{\"a\": 1}'", &["echo", "{\"a\": 1}"]),
            (
                "echo $HOME | cat # no",
                &["echo", "$HOME", "|", "cat", "#", "no"],
            ),
            ("a''", &["a"]),
            ("''", &[""]),
            ("a \"\" b", &["a", "", "b"]),
            ("a'b'\"c\"d", &["abcd"]),
            (r#""a\"b\\c\nd""#, &[r#"a"b\c\nd"#]),
            (r"'a\b'", &[r"a\b"]),
            (r"a\ b \'c", &["a b", "'c"]),
            ("a\\\nb", &["a\nb"]),
            ("a\u{a0}b\x0bc", &["a\u{a0}b\x0bc"]),
            ("é=ü", &["é=ü"]),
        ];
        for (text, expected) in cases {
            let words = split(text).unwrap();
            let words: Vec<&str> = words.iter().map(|word| word.as_str()).collect();
            assert_eq!(words, expected, "{text:?}");
        }
    }

    #[test]
    fn unfinished_texts_are_errors() {
        for text in ["'", "a 'b", "\"a", "'a\\'b'c"] {
            assert_eq!(split(text), Err(ShlexError::NoClosingQuotation), "{text:?}");
        }
        for text in ["\\", "a\\", "\"a\\"] {
            assert_eq!(split(text), Err(ShlexError::NoEscapedCharacter), "{text:?}");
        }
    }
}
