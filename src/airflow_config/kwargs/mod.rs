//! Backend kwargs: from their text to a dict, or to a fault with a caret under it.
//!
//! Mirrors `getjson` and `_get_custom_secret_backend` of `airflow._shared.configuration.parser` in Airflow 3.3.2. The
//! surprising rule: variables are expanded in the text before it is read as JSON, so a quote in a variable's value breaks
//! it. Where Airflow warns of broken kwargs and goes on with none, they are an error here, but for the one repair in
//! `repair.rs`.

mod diagnosis;
mod excerpt;
mod fault;
mod problem;
mod repair;
mod token;
mod unset;

use std::collections::HashSet;
use std::ops::Range;

use zeroize::Zeroizing;

use diagnosis::{Diagnosis, diagnose, extra_quotes};
use excerpt::Showable;
pub use fault::KwargsFault;
pub use problem::KwargsProblem;
use repair::BareReferences;
use token::{is_json_space, whole_reference};

use super::{Indirection, Setting};
use crate::env::reference::{Reference, references};
use crate::env::{Env, expand_env_var};
use crate::finding::Finding;
use crate::python::json::{self, Dict, Value};

/// The largest kwargs that are read, in bytes.
pub(crate) const LARGEST_TEXT: usize = 1024 * 1024;
/// How many variables are tried one by one, to find the one that breaks the JSON.
const MOST_SUSPECTS: usize = 64;

/// The kwargs of a backend, and what a person should be told about them.
#[derive(Debug, Default)]
pub struct ParsedKwargs {
    /// The kwargs by name.
    pub kwargs: Dict,
    /// What is odd about them.
    pub findings: Vec<Finding>,
}

/// Reads the text of backend kwargs.
///
/// `known` are the names that the backend's class knows, which alone a fault may show. `strict` allows no repair.
pub fn parse_kwargs(
    env: &Env,
    setting: &Setting,
    known: &[&str],
    strict: bool,
) -> Result<ParsedKwargs, Box<KwargsFault>> {
    let reader = || Reader::new(env, setting, known, strict);
    let text = setting.value.expose();
    if text.len() > LARGEST_TEXT {
        return Err(reader().fault(at_start(KwargsProblem::TooLarge)));
    }
    if text.is_empty() {
        return Ok(ParsedKwargs::default());
    }
    match json::loads(text) {
        Ok(Value::Dict(kwargs)) => Ok(ParsedKwargs {
            findings: unset::variables(env, setting, known, &kwargs),
            kwargs,
        }),
        Ok(value) if !value.is_truthy() => Ok(no_kwargs(setting, &value)),
        Ok(value) => Err(reader().not_an_object(&value)),
        Err(error) => {
            let reader = reader();
            reader.repaired().ok_or_else(|| reader.not_json(error))
        }
    }
}

/// Airflow takes whatever is false in Python for no kwargs, and says nothing.
fn no_kwargs(setting: &Setting, value: &Value) -> ParsedKwargs {
    let mut parsed = ParsedKwargs::default();
    if *value != Value::None {
        let sentence = format!(
            "the backend kwargs from {} are {}, which Airflow takes for no kwargs",
            setting.origin,
            described(value)
        );
        let finding = Finding::warning("kwargs-without-effect", sentence);
        parsed
            .findings
            .push(finding.at(Some(setting.origin.source())));
    }
    parsed
}

fn described(value: &Value) -> &'static str {
    match value {
        Value::None => "`null`",
        Value::Bool(_) => "`true` or `false`",
        Value::Int(_) | Value::Float(_) => "a number",
        Value::List(_) => "a list",
        Value::Dict(_) => "an object",
        Value::Text(_) | Value::Date(_) => "a text",
    }
}

fn at_start(problem: KwargsProblem) -> Diagnosis {
    Diagnosis {
        offset: 0,
        shown: 0,
        problem,
    }
}

/// The text as it was written, and what is needed to judge it.
struct Reader<'a> {
    showable: Showable<'a>,
    setting: &'a Setting,
    strict: bool,
    /// The text before expansion: of the setting, or of the variable that it refers to.
    text: &'a str,
    /// That variable.
    variable: Option<&'a str>,
    /// The bare references in it.
    bare: BareReferences<'a>,
}

impl<'a> Reader<'a> {
    fn new(env: &'a Env, setting: &'a Setting, known: &'a [&'a str], strict: bool) -> Self {
        let text = setting.unexpanded.expose();
        let showable = Showable { env, known };
        let bare = BareReferences::default();
        let mut reader = Self {
            showable,
            setting,
            strict,
            text,
            variable: None,
            bare,
        };
        if reader.expands() && text.len() <= LARGEST_TEXT {
            reader.follow_variable();
            reader.bare = BareReferences::find(env, reader.text);
        }
        reader
    }

    /// What a command prints is not expanded.
    fn expands(&self) -> bool {
        self.setting.origin.indirection == Indirection::None
    }

    /// While the text is nothing but `$NAME`, looks at the value of `NAME` instead.
    fn follow_variable(&mut self) {
        for _ in self.showable.env.names() {
            let Some(reference) = whole_reference(self.text.trim_matches(is_json_space)) else {
                return;
            };
            match self.showable.env.get(reference.name) {
                Ok(Some(value)) => (self.text, self.variable) = (value, Some(reference.name)),
                _ => return,
            }
        }
    }

    fn fault(&self, diagnosis: Diagnosis) -> Box<KwargsFault> {
        let text = if diagnosis.problem == KwargsProblem::TooLarge {
            ""
        } else {
            self.text
        };
        Box::new(KwargsFault::new(
            &self.setting.origin,
            self.variable,
            text,
            diagnosis,
            self.showable,
        ))
    }

    fn not_an_object(&self, value: &Value) -> Box<KwargsFault> {
        let quotes = value.as_text().and_then(|_| extra_quotes(self.text));
        self.fault(quotes.unwrap_or_else(|| {
            at_start(KwargsProblem::NotAnObject {
                found: described(value),
            })
        }))
    }

    /// The kwargs with quotes put around bare references, if that makes JSON of them.
    fn repaired(&self) -> Option<ParsedKwargs> {
        if self.strict {
            return None;
        }
        let repaired = self.bare.repaired(self.text)?;
        let expanded = Zeroizing::new(expand_env_var(self.showable.env, &repaired).ok()?);
        match json::loads(&expanded) {
            Ok(Value::Dict(kwargs)) => {
                let Showable { env, known } = self.showable;
                let unset = unset::variables(env, self.setting, known, &kwargs);
                Some(ParsedKwargs {
                    findings: [self.repair()].into_iter().chain(unset).collect(),
                    kwargs,
                })
            }
            _ => None,
        }
    }

    fn repair(&self) -> Finding {
        let names: Vec<String> = self
            .bare
            .names()
            .iter()
            .map(|name| format!("`${name}`"))
            .collect();
        let sentence = format!(
            "the backend kwargs from {} have no quotes around {}: read as text here, but Airflow drops these kwargs, and a class \
             that needs them, as VaultBackend does, then does not start; they work only where the values bring quotes of their \
             own, which `docker --env-file` keeps",
            self.setting.origin,
            names.join(", ")
        );
        Finding::warning("unquoted-variable", sentence).at(Some(self.setting.origin.source()))
    }

    /// Tells what is wrong with the text, or with the variables in it; `error` is of the expanded text.
    fn not_json(&self, error: json::JsonError) -> Box<KwargsFault> {
        if !self.expands() {
            return self.fault(diagnose(self.text, error));
        }
        let quoted = self.bare.quoted(self.text, self.strict);
        match json::loads(&quoted) {
            Err(error) => self.fault(self.named(diagnose(self.text, error))),
            Ok(Value::Dict(_)) => self.fault(self.breaking_variable(&quoted)),
            Ok(value) => self.not_an_object(&value),
        }
    }

    /// Tells the variable at the fault, where a bare reference stands.
    fn named(&self, diagnosis: Diagnosis) -> Diagnosis {
        let Some(reference) = self.bare.at(diagnosis.offset) else {
            return diagnosis;
        };
        let (name, width) = (reference.name.to_owned(), reference.range.len());
        let (shown, problem) = if self.showable.env.is_set(&name) {
            (width, KwargsProblem::UnquotedVariable { name })
        } else if is_surely_a_name(&name) {
            (width, KwargsProblem::UnsetVariable { name: Some(name) })
        } else {
            (0, KwargsProblem::UnsetVariable { name: None })
        };
        Diagnosis {
            shown,
            problem,
            ..diagnosis
        }
    }

    /// The first variable whose value breaks the JSON, which is sound without it.
    fn breaking_variable(&self, sound: &str) -> Diagnosis {
        let mut tried = HashSet::new();
        references(sound)
            .filter(|reference| self.showable.env.is_set(reference.name))
            .filter(|reference| tried.insert(reference.name))
            .take(MOST_SUSPECTS)
            .find_map(|reference| self.broken_by(sound, &reference))
            .unwrap_or_else(|| at_start(KwargsProblem::VariablesBreakText))
    }

    /// Whether the value of one variable in one place breaks the JSON.
    fn broken_by(&self, sound: &str, reference: &Reference) -> Option<Diagnosis> {
        let Range { start, end } = reference.range;
        let value = Zeroizing::new(expand_env_var(self.showable.env, &sound[start..end]).ok()?);
        let text = Zeroizing::new([&sound[..start], &value, &sound[end..]].concat());
        json::loads(&text).is_err().then(|| {
            let name = reference.name.to_owned();
            let found = breaking_character(&value);
            let problem = KwargsProblem::VariableBreaksText { name, found };
            Diagnosis {
                offset: start,
                shown: end - start,
                problem,
            }
        })
    }
}

/// Whether a name that is not set looks like a variable: what else follows a `$` may be a part of a password.
fn is_surely_a_name(name: &str) -> bool {
    name.chars()
        .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

/// The first character of `value` that cannot stand in a JSON string as it is.
fn breaking_character(value: &str) -> &'static str {
    value
        .chars()
        .find_map(|c| match c {
            '"' => Some("a double quote"),
            '\\' => Some("a backslash"),
            '\n' | '\r' => Some("a line break"),
            '\t' => Some("a tab"),
            c if c < ' ' => Some("a control character"),
            _ => None,
        })
        .unwrap_or("what JSON cannot have there")
}

#[cfg(test)]
mod tests;
