//! Character sets: `[...]`. The surprising rule: a `]` that comes first stands for itself, and so does any `[`.

use super::escape::Escaped;
use super::{PatternError, Step, Translator, push_literal};

impl Translator {
    /// The rest of a set, its `[` taken.
    pub(super) fn class(&mut self) -> Step {
        let mut written = String::from("[");
        if self.rest.next_if_eq(&'^').is_some() {
            written.push('^');
        }
        let mut is_first = true;
        loop {
            match self.rest.next() {
                None => return Err(PatternError::Invalid("a character set is not closed")),
                Some(']') if !is_first => break,
                Some(c) => self.class_item(c, &mut written)?,
            }
            is_first = false;
        }
        written.push(']');
        self.atom(&written);
        Ok(())
    }

    /// One character, one category, or a range.
    fn class_item(&mut self, c: char, written: &mut String) -> Step {
        let low = self.class_member(c)?;
        let mut ahead = self.rest.clone();
        let is_range = ahead.next() == Some('-') && ahead.next().is_some_and(|next| next != ']');
        if !is_range {
            low.push_to_class(written);
            return Ok(());
        }
        self.rest.next();
        let high = match self.rest.next() {
            Some(c) => self.class_member(c)?,
            None => return Err(PatternError::Invalid("a character set is not closed")),
        };
        match (low, high) {
            (Escaped::Character(low), Escaped::Character(high)) if low <= high => {
                push_literal(written, low);
                written.push('-');
                push_literal(written, high);
                Ok(())
            }
            _ => Err(PatternError::Invalid(
                "a character range is upside down or has no ends",
            )),
        }
    }

    fn class_member(&mut self, c: char) -> Result<Escaped, PatternError> {
        match c {
            '\\' => match self.rest.next() {
                Some('b') => Ok(Escaped::Character('\u{8}')),
                Some(c) => self.escaped(c),
                None => Err(PatternError::Invalid("it ends in a backslash")),
            },
            c => Ok(Escaped::Character(c)),
        }
    }
}

impl Escaped {
    fn push_to_class(self, written: &mut String) {
        match self {
            Escaped::Character(c) => push_literal(written, c),
            Escaped::Category(category) => written.push_str(category),
        }
    }
}
