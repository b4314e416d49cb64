//! A fault in backend kwargs as a person sees it: what is wrong, and a caret under it.

use std::fmt;

use super::diagnosis::Diagnosis;
use super::excerpt::{Excerpt, Showable};
use super::problem::KwargsProblem;
use crate::airflow_config::Origin;

/// Why backend kwargs cannot be used, and where. It holds none of their values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KwargsFault {
    /// Where the kwargs come from.
    pub origin: Origin,
    /// The variable that holds the text, when the kwargs are nothing but a reference to it.
    pub variable: Option<String>,
    /// What is wrong.
    pub problem: KwargsProblem,
    /// The line of the fault in the text as it was written, from 1.
    pub line: usize,
    /// The character of the fault in that line, from 1.
    pub column: usize,
    excerpt: Excerpt,
}

impl KwargsFault {
    pub(super) fn new(
        origin: &Origin,
        variable: Option<&str>,
        text: &str,
        diagnosis: Diagnosis,
        showable: Showable,
    ) -> Self {
        let before = &text[..diagnosis.offset];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            origin: origin.clone(),
            variable: variable.map(str::to_owned),
            problem: diagnosis.problem,
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            excerpt: showable.excerpt(text, diagnosis.offset, diagnosis.shown),
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        self.problem.hint()
    }

    /// The line of the fault with every value hidden, and nothing behind the fault.
    pub fn excerpt(&self) -> &str {
        &self.excerpt.line
    }

    /// The character of the excerpt that is at fault, from 0.
    pub fn caret(&self) -> usize {
        self.excerpt.caret
    }
}

impl fmt::Display for KwargsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the backend kwargs from {}", self.origin)?;
        if let Some(variable) = &self.variable {
            write!(f, ", which are the value of `${variable}`,")?;
        }
        write!(f, " cannot be used: {}", self.problem)?;
        if self.excerpt.line.is_empty() {
            return Ok(());
        }
        writeln!(f, " (line {}, column {})", self.line, self.column)?;
        write!(
            f,
            "  {}\n  {:2$}^",
            self.excerpt.line, "", self.excerpt.caret
        )
    }
}

impl std::error::Error for KwargsFault {}
