//! A text with the place in the source of every part of it.
//!
//! The surprising rule: an escape is longer in the source than in the text, and a backslash at the end of a line is nothing in it.

use ruff_python_ast::Expr;

/// Stands for a part that is not known, followed by its number and an `x`; no id looks like that.
pub(super) const UNKNOWN_PART: &str = "secretctl_unknown_part_";

/// A text and where its parts come from.
#[derive(Default)]
pub(super) struct MappedText<'a> {
    pub text: String,
    /// Offsets in the text and in the source, in order; a part of a literal runs on in step.
    segments: Vec<Segment>,
    /// The expressions that stand behind the unknown parts.
    pub unknown: Vec<&'a Expr>,
}

struct Segment {
    start: usize,
    source: usize,
    /// It is written here, and not a value from elsewhere.
    literal: bool,
}

impl<'a> MappedText<'a> {
    pub(super) fn segment(&mut self, source: usize, literal: bool) {
        self.segments.push(Segment {
            start: self.text.len(),
            source,
            literal,
        });
    }

    /// Where an offset of the text stands in the source; none for a part that is written elsewhere.
    pub(super) fn source_offset(&self, offset: usize) -> Option<usize> {
        let index = self
            .segments
            .partition_point(|segment| segment.start <= offset)
            .checked_sub(1)?;
        let segment = &self.segments[index];
        segment
            .literal
            .then(|| segment.source + (offset - segment.start))
    }

    /// Puts a part of another text behind this one.
    pub(super) fn copy(&mut self, of: &MappedText<'a>, start: usize, end: usize) {
        if start >= end {
            return;
        }
        let first = of
            .segments
            .partition_point(|segment| segment.start <= start)
            .saturating_sub(1);
        for segment in of.segments[first..]
            .iter()
            .take_while(|segment| segment.start < end)
        {
            let skipped = start.saturating_sub(segment.start);
            self.segments.push(Segment {
                start: self.text.len() + segment.start.max(start) - start,
                source: if segment.literal {
                    segment.source + skipped
                } else {
                    segment.source
                },
                literal: segment.literal,
            });
        }
        self.text.push_str(&of.text[start..end]);
    }
}

/// The units of a literal's source: how many bytes each has, and how many characters it decodes to.
pub(super) struct Units<'s> {
    pub rest: &'s str,
    pub raw: bool,
    pub doubled_braces: bool,
}

impl Iterator for Units<'_> {
    type Item = (usize, usize);

    fn next(&mut self) -> Option<(usize, usize)> {
        let first = self.rest.chars().next()?;
        let (length, chars) = match first {
            '\\' if !self.raw => escape(self.rest),
            '{' | '}' if self.doubled_braces && self.rest[1..].starts_with(first) => (2, 1),
            '\r' if self.rest[1..].starts_with('\n') => (2, 1),
            first => (first.len_utf8(), 1),
        };
        self.rest = &self.rest[length..];
        Some((length, chars))
    }
}

/// The length of an escape, and how many characters it stands for.
fn escape(text: &str) -> (usize, usize) {
    let after = &text[1..];
    let digits = |from: usize, most: usize, radix| {
        after[from..]
            .chars()
            .take(most)
            .take_while(|c| c.is_digit(radix))
            .count()
    };
    match after.chars().next() {
        None => (1, 1),
        Some('\r') if after.starts_with("\r\n") => (3, 0),
        Some('\n' | '\r') => (2, 0),
        Some('\\' | '\'' | '"' | 'a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v') => (2, 1),
        Some('0'..='7') => (1 + digits(0, 3, 8), 1),
        Some('x') => (2 + digits(1, 2, 16), 1),
        Some('u') => (2 + digits(1, 4, 16), 1),
        Some('U') => (2 + digits(1, 8, 16), 1),
        Some('N') => (2 + after.find('}').unwrap_or(0), 1),
        // what is not an escape stays as it is
        Some(other) => (1 + other.len_utf8(), 2),
    }
}
