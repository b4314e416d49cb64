//! Python's `str`: what counts as space, as a line's end and as a word character (CPython 3.11.7).
//!
//! The surprising rule: `str.strip()` also takes off the four ASCII separators 0x1c to 0x1f, which Unicode does not
//! count as white space; a byte order mark stays.

use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup};

/// `text.strip()`
pub fn strip(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// `str.isspace` of one character.
pub fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

/// `text.splitlines()`: the lines without their ends, of which Python knows ten.
pub fn splitlines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (line, end) = rest.split_at(rest.find(is_line_end).unwrap_or(rest.len()));
        rest = match end.strip_prefix("\r\n") {
            Some(after) => after,
            None => end.strip_prefix(is_line_end).unwrap_or(""),
        };
        Some(line)
    })
}

fn is_line_end(c: char) -> bool {
    matches!(c, '\n'..='\r' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// `\w` of the `re` module: letters and numbers of any script, and `_`; no combining marks.
pub fn is_word(c: char) -> bool {
    const WORD: GeneralCategoryGroup =
        GeneralCategoryGroup::Letter.union(GeneralCategoryGroup::Number);
    c == '_' || WORD.contains(CodePointMapData::<GeneralCategory>::new().get(c))
}

/// `text.upper()`: "ß" becomes "SS". Rust also knows the letters that came after Python's Unicode 14.
pub fn upper(text: &str) -> String {
    text.to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strip_takes_off_what_python_takes_off() {
        assert_eq!(
            strip("\u{1c}\u{1f} \t\r\n\u{b}\u{c}\u{85}\u{a0}\u{2028}a b\u{3000}\u{1d}"),
            "a b"
        );
        assert_eq!(strip("\u{feff}a\u{200b}\0"), "\u{feff}a\u{200b}\0");
    }

    #[test]
    fn lines_end_where_python_ends_them() {
        let ends = "\n\r\u{b}\u{c}\u{1c}\u{1d}\u{1e}\u{85}\u{2028}\u{2029}";
        for end in ends.chars() {
            let text = format!("a{end}b{end}{end}");
            assert_eq!(
                splitlines(&text).collect::<Vec<_>>(),
                ["a", "b", ""],
                "{end:?}"
            );
        }
        assert_eq!(
            splitlines("a\r\nb\n\rc\u{1f}\t").collect::<Vec<_>>(),
            ["a", "b", "", "c\u{1f}\t"]
        );
        assert_eq!(splitlines("").count(), 0);
    }

    #[test]
    fn word_characters_are_letters_and_numbers() {
        assert!("aZ0_éß中٣²Ⅷ".chars().all(is_word));
        // a circled letter is a symbol, and U+093F is a mark, though Unicode calls both alphabetic
        assert!(!" -.\u{24b6}\u{93f}\u{301}€".chars().any(is_word));
    }
}
