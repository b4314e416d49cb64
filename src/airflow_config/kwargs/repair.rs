//! The one repair: `{"url":$VAULT__URL}` read as `{"url":"$VAULT__URL"}`.
//!
//! A widely copied guide writes kwargs so. Airflow drops them with a warning; secretctl reads what is meant and says so.

use std::collections::HashMap;
use std::ops::Range;

use zeroize::Zeroizing;

use super::LARGEST_TEXT;
use super::token::{Token, TokenKind, tokens, whole_reference};
use crate::env::{Env, expand_env_var};
use crate::python::json::{self, Value};

/// The references that stand, without quotes, where JSON wants a value.
#[derive(Default)]
pub(super) struct BareReferences<'a> {
    references: Vec<BareReference<'a>>,
    /// What each variable stands for; nothing for one that is not set.
    values: HashMap<&'a str, Option<Standin>>,
}

/// One of them.
pub(super) struct BareReference<'a> {
    pub range: Range<usize>,
    pub name: &'a str,
}

/// The JSON that stands for the expanded value of a variable.
struct Standin {
    json: Zeroizing<String>,
    /// Whether it is the value itself, so that Airflow reads it without quotes too.
    is_value: bool,
}

impl Standin {
    fn of(env: &Env, name: &str) -> Option<Self> {
        if !env.is_set(name) {
            return None;
        }
        let value = Zeroizing::new(expand_env_var(env, &format!("${{{name}}}")).ok()?);
        if json::loads(&value).is_ok() {
            return Some(Self {
                json: value,
                is_value: true,
            });
        }
        // a `$` is escaped, so that expanding the kwargs leaves it alone
        let string = json::dumps(&Value::text(value.as_str())).replace('$', "\\u0024");
        Some(Self {
            json: Zeroizing::new(string),
            is_value: false,
        })
    }
}

impl<'a> BareReferences<'a> {
    /// Finds them in `text`.
    pub fn find(env: &Env, text: &'a str) -> Self {
        let tokens: Vec<Token> = tokens(text).collect();
        let mut found = Self::default();
        for (index, token) in tokens.iter().enumerate() {
            let before = index.checked_sub(1).map(|before| tokens[before].kind);
            let after = tokens.get(index + 1).map(|after| after.kind);
            if token.kind == TokenKind::Word
                && may_precede_a_value(before)
                && may_follow_a_value(after)
                && let Some(reference) = whole_reference(&text[token.range.clone()])
            {
                let (range, name) = (token.range.clone(), reference.name);
                found.references.push(BareReference { range, name });
                found
                    .values
                    .entry(name)
                    .or_insert_with(|| Standin::of(env, name));
            }
        }
        found
    }

    /// The one at `offset`.
    pub fn at(&self, offset: usize) -> Option<&BareReference<'a>> {
        self.references
            .iter()
            .find(|reference| reference.range.start == offset)
    }

    /// The names, each once.
    pub fn names(&self) -> Vec<&'a str> {
        let mut names: Vec<&str> = Vec::new();
        for reference in &self.references {
            if !names.contains(&reference.name) {
                names.push(reference.name);
            }
        }
        names
    }

    /// `text` with JSON in place of each of them; `None` when there is none, or one is not set.
    pub fn repaired(&self, text: &str) -> Option<Zeroizing<String>> {
        let mut repaired = Zeroizing::new(String::with_capacity(text.len()));
        let mut copied = 0;
        for BareReference { range, name } in &self.references {
            repaired.push_str(&text[copied..range.start]);
            repaired.push_str(&self.value(name)?.json);
            copied = range.end;
            if repaired.len() > LARGEST_TEXT {
                return None;
            }
        }
        repaired.push_str(&text[copied..]);
        (copied > 0).then_some(repaired)
    }

    /// `text` with a string of the same length in place of each of them that is no fault, so that places stay.
    pub fn quoted(&self, text: &str, strict: bool) -> Zeroizing<String> {
        let mut quoted = Zeroizing::new(text.to_owned());
        for BareReference { range, name } in &self.references {
            if self
                .value(name)
                .is_some_and(|value| value.is_value || !strict)
            {
                let string = format!("\"{}\"", "x".repeat(range.len() - 2));
                quoted.replace_range(range.clone(), &string);
            }
        }
        quoted
    }

    fn value(&self, name: &str) -> Option<&Standin> {
        self.values.get(name)?.as_ref()
    }
}

fn may_precede_a_value(token: Option<TokenKind>) -> bool {
    matches!(token, None | Some(TokenKind::Punctuation(':' | '[' | ',')))
}

fn may_follow_a_value(token: Option<TokenKind>) -> bool {
    matches!(token, None | Some(TokenKind::Punctuation(',' | ']' | '}')))
}
