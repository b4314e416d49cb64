//! References to variables, `$NAME` and `${NAME}`, as `os.path.expandvars` of CPython 3.11.7 finds them.
//!
//! The surprising rule: a name is any run of ASCII letters, digits and underscores, `$1` included, and in braces any
//! text at all; what is no reference, such as `$$`, is plain text.

use std::ops::Range;

/// One reference: where it stands, and the name in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference<'a> {
    /// From the `$` to the end of the name or the closing brace, in bytes.
    pub range: Range<usize>,
    /// The name, without braces.
    pub name: &'a str,
}

/// Every reference in `text`, from left to right.
pub(crate) fn references(text: &str) -> References<'_> {
    References {
        text,
        position: 0,
        last_brace: text.rfind('}'),
    }
}

pub(crate) struct References<'a> {
    text: &'a str,
    position: usize,
    /// So that `${` without an end costs no search.
    last_brace: Option<usize>,
}

impl<'a> References<'a> {
    /// The reference whose `$` stands at `start`.
    fn at(&self, start: usize) -> Option<Reference<'a>> {
        let after = &self.text[start + 1..];
        let (name, width) = match after.strip_prefix('{') {
            Some(braced) => {
                let open = start + 1;
                self.last_brace.filter(|&last| last > open)?;
                let length = braced.find('}')?;
                (&braced[..length], length + 2)
            }
            None => {
                let length = after.find(|c| !is_name_character(c)).unwrap_or(after.len());
                (&after[..length], length)
            }
        };
        (width > 0).then(|| Reference {
            range: start..start + 1 + width,
            name,
        })
    }
}

impl<'a> Iterator for References<'a> {
    type Item = Reference<'a>;

    fn next(&mut self) -> Option<Reference<'a>> {
        loop {
            let start = self.position + self.text[self.position..].find('$')?;
            if let Some(reference) = self.at(start) {
                self.position = reference.range.end;
                return Some(reference);
            }
            self.position = start + 1;
        }
    }
}

pub(crate) fn is_name_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<&str> {
        references(text).map(|reference| reference.name).collect()
    }

    #[test]
    fn names_are_ascii_words_or_anything_in_braces() {
        assert_eq!(names("$A-${B}$C_1é${d e}$1"), ["A", "B", "C_1", "d e", "1"]);
        assert_eq!(names("$$ $- ${} $é ${open"), [""]);
        assert_eq!(names("$${A}"), ["A"]);
    }

    #[test]
    fn a_reference_knows_its_place() {
        let found: Vec<_> = references("x${A}$B")
            .map(|reference| reference.range)
            .collect();
        assert_eq!(found, [1..5, 5..7]);
    }

    #[test]
    fn many_open_braces_cost_no_more_than_their_number() {
        let text = "${".repeat(500_000);
        assert_eq!(references(&text).count(), 0);
        let text = format!("}}{text}");
        assert_eq!(references(&text).count(), 0);
    }
}
