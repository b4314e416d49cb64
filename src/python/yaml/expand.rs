//! Writing an object out: every alias in full, every key as text.
//!
//! The surprising rule: `json.dumps` writes a number, a truth value or nothing as a key, and raises over a date.

use super::compose::{NodeId, Pair};
use super::document::{Document, Object};
use super::error::{Problem, YamlError};
use super::number::Int;
use super::{MAX_DEPTH, MAX_SIZE};
use crate::python::json::{Dict, Value};
use crate::python::number::float_repr;

/// What an item counts beside its text, in bytes.
const ITEM_SIZE: usize = 16;

/// What is written out, and for whom.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As secretctl prints it.
    Printed,
    /// As `json.dumps` takes it.
    Dumped,
}

/// Writes out one object, and keeps count.
pub(super) struct Expansion<'a> {
    document: &'a Document,
    form: Form,
    size: usize,
    /// The lists and dicts that are being written, the innermost last.
    open: Vec<NodeId>,
    /// Where two keys of one dict are the same text.
    alike: Option<YamlError>,
}

impl<'a> Expansion<'a> {
    /// The value of a node, and where two keys in it are the same text, of which the last is kept.
    pub fn of(
        document: &'a Document,
        id: NodeId,
        form: Form,
    ) -> Result<(Value, Option<YamlError>), YamlError> {
        let mut expansion = Expansion {
            document,
            form,
            size: 0,
            open: Vec::new(),
            alike: None,
        };
        let value = expansion.value(id)?;
        Ok((value, expansion.alike))
    }

    fn value(&mut self, id: NodeId) -> Result<Value, YamlError> {
        self.grow(ITEM_SIZE, id)?;
        if self.open.contains(&id) {
            return Err(self.error(Problem::HoldsItself, id));
        }
        if self.open.len() > MAX_DEPTH {
            return Err(self.error(Problem::NestedTooDeeply, id));
        }
        self.open.push(id);
        let value = self.unopened(id);
        self.open.pop();
        value
    }

    fn unopened(&mut self, id: NodeId) -> Result<Value, YamlError> {
        Ok(match self.document.object(id) {
            Object::None => Value::None,
            Object::Bool(is_true) => Value::Bool(*is_true),
            Object::Int(Int::Digits(digits)) => Value::Int(digits.clone()),
            Object::Int(Int::TooLong) => return Err(self.error(Problem::IntegerTooLong, id)),
            Object::Float(number) => Value::Float(*number),
            Object::Text(scalar) => Value::text(self.text(*scalar)?),
            Object::Date(text) => Value::Date(text.clone()),
            Object::List(items) => Value::List(self.values(items)?),
            Object::Pairs(pairs) => {
                let tuples = pairs
                    .iter()
                    .map(|(key, value)| self.values(&[*key, *value]));
                Value::List(
                    tuples
                        .map(|tuple| tuple.map(Value::List))
                        .collect::<Result<_, _>>()?,
                )
            }
            Object::Dict(pairs) => Value::Dict(self.dict(pairs.values())?),
            object @ (Object::Bytes | Object::Set) => {
                let type_name = object.type_name();
                return Err(self.error(Problem::NoJsonForm { type_name }, id));
            }
        })
    }

    fn values(&mut self, items: &[NodeId]) -> Result<Vec<Value>, YamlError> {
        items.iter().map(|item| self.value(*item)).collect()
    }

    fn dict<'p>(&mut self, pairs: impl Iterator<Item = &'p Pair>) -> Result<Dict, YamlError> {
        let mut dict = Dict::new();
        for (key, value) in pairs {
            let (name, value) = (self.key(*key)?, self.value(*value)?);
            if dict.insert(name, value).is_some() {
                let alike = self.error(Problem::KeysAlike, *key);
                self.alike.get_or_insert(alike);
            }
        }
        Ok(dict)
    }

    /// A key as `json.dumps` writes it.
    fn key(&mut self, id: NodeId) -> Result<String, YamlError> {
        Ok(match self.document.object(id) {
            Object::Text(scalar) => self.text(*scalar)?.to_owned(),
            Object::Int(Int::Digits(digits)) => digits.clone(),
            Object::Date(text) if self.form == Form::Printed => text.clone(),
            Object::None => "null".to_owned(),
            Object::Bool(is_true) => is_true.to_string(),
            Object::Float(number) if number.is_nan() => "NaN".to_owned(),
            Object::Float(number) if number.is_infinite() && *number > 0.0 => "Infinity".to_owned(),
            Object::Float(number) if number.is_infinite() => "-Infinity".to_owned(),
            Object::Float(number) => float_repr(*number),
            object => {
                let type_name = object.type_name();
                return Err(self.error(Problem::NoJsonKey { type_name }, id));
            }
        })
    }

    fn text(&mut self, scalar: NodeId) -> Result<&'a str, YamlError> {
        let text = self.document.text(scalar);
        self.grow(text.len(), scalar)?;
        Ok(text)
    }

    fn grow(&mut self, by: usize, id: NodeId) -> Result<(), YamlError> {
        self.size += by;
        if self.size > MAX_SIZE {
            Err(self.error(Problem::TooLarge, id))
        } else {
            Ok(())
        }
    }

    fn error(&self, problem: Problem, id: NodeId) -> YamlError {
        YamlError::new(problem, self.document.nodes[id].line)
    }
}
