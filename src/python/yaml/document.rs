//! A loaded document: Python objects that share what aliases name, and the [`Value`] of one entry.
//!
//! The surprising rule: only the entry that is asked for is written out in full, so that a YAML bomb in another entry
//! does no harm, as in Python.

use indexmap::IndexMap;

use super::compose::{Node, NodeId, Pair};
use super::error::{Problem, YamlError};
use super::{MAX_DEPTH, MAX_SIZE};
use crate::python::json::{Dict, Value};
use crate::python::number::{float_repr, int_from_float};
use crate::secret::SecretText;

/// What an item counts beside its text, in bytes.
const ITEM_SIZE: usize = 16;

/// What `yaml.safe_load` returned.
pub struct Document {
    pub(super) nodes: Vec<Node>,
    pub(super) objects: Vec<Option<Object>>,
    pub(super) root: Option<NodeId>,
}

/// A Python object, as `SafeConstructor` makes it.
pub(super) enum Object {
    None,
    Bool(bool),
    /// Canonical decimal digits.
    Int(String),
    Float(f64),
    /// The text of this node.
    Text(NodeId),
    /// A date or datetime in Python's `str()` form.
    Date(String),
    Bytes,
    List(Vec<NodeId>),
    /// A list of tuples.
    Pairs(Vec<Pair>),
    Set,
    Dict(IndexMap<Key, Pair>),
}

/// An object as a dict hashes and compares it: `1`, `1.0` and `True` are one key.
#[derive(PartialEq, Eq, Hash)]
pub(super) enum Key {
    None,
    Text(String),
    /// A whole number, in canonical decimal digits.
    Whole(String),
    /// Any other float, as it is written.
    Float(String),
    Date(String),
    /// Bytes are equal to no other key here: they never become a [`Value`].
    Bytes(NodeId),
}

impl Object {
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Object::None => "NoneType",
            Object::Bool(_) => "bool",
            Object::Int(_) => "int",
            Object::Float(_) => "float",
            Object::Text(_) => "str",
            Object::Date(_) => "date",
            Object::Bytes => "bytes",
            Object::List(_) | Object::Pairs(_) => "list",
            Object::Set => "set",
            Object::Dict(_) => "dict",
        }
    }
}

impl Key {
    /// The key that the object of node `id` is; nothing for one that Python cannot hash.
    pub(super) fn of(id: NodeId, object: &Object, nodes: &[Node]) -> Option<Self> {
        let whole = |number: &f64| (number.fract() == 0.0).then(|| int_from_float(*number))?;
        Some(match object {
            Object::None => Key::None,
            Object::Bool(is_true) => Key::Whole(u8::from(*is_true).to_string()),
            Object::Int(digits) => Key::Whole(digits.clone()),
            Object::Float(number) => match whole(number) {
                Some(digits) => Key::Whole(digits),
                None => Key::Float(float_repr(*number)),
            },
            Object::Text(scalar) => Key::Text(nodes[*scalar].text()?.expose().to_owned()),
            Object::Date(text) => Key::Date(text.clone()),
            Object::Bytes => Key::Bytes(id),
            Object::List(_) | Object::Pairs(_) | Object::Set | Object::Dict(_) => return None,
        })
    }
}

/// One entry of the document's dict.
pub struct Entry<'a> {
    document: &'a Document,
    key: NodeId,
    value: NodeId,
}

impl Document {
    /// The entries in order; nothing if the document is no dict.
    pub fn entries(&self) -> Option<impl Iterator<Item = Entry<'_>>> {
        let pairs = self.dict()?.values();
        Some(pairs.map(|(key, value)| Entry {
            document: self,
            key: *key,
            value: *value,
        }))
    }

    /// The whole document; `None` if it is empty.
    pub fn value(&self) -> Result<Value, YamlError> {
        self.root
            .map_or(Ok(Value::None), |root| Expansion::of(self, root))
    }

    fn dict(&self) -> Option<&IndexMap<Key, Pair>> {
        match self.object(self.root?) {
            Object::Dict(dict) => Some(dict),
            _ => None,
        }
    }

    fn object(&self, id: NodeId) -> &Object {
        self.objects[id].as_ref().unwrap_or(&Object::None)
    }

    fn text(&self, id: NodeId) -> &str {
        self.nodes[id].text().map_or("", SecretText::expose)
    }
}

impl<'a> Entry<'a> {
    /// The key, if it is a `str`.
    pub fn key(&self) -> Option<&'a str> {
        match self.document.object(self.key) {
            Object::Text(scalar) => Some(self.document.text(*scalar)),
            _ => None,
        }
    }

    /// The key as it stands in the text, whatever its type.
    pub fn key_as_written(&self) -> &'a str {
        self.document.text(self.key)
    }

    /// Python's name for the type of the key.
    pub fn key_type_name(&self) -> &'static str {
        self.document.object(self.key).type_name()
    }

    /// The line the key stands in, from 1.
    pub fn line(&self) -> usize {
        self.document.nodes[self.key].line
    }

    /// What tells the value, or of a list its last item, from every other object: where an alias stands, it is the same.
    pub fn identity(&self) -> usize {
        match self.document.object(self.value) {
            Object::List(items) => items.last().copied().unwrap_or(self.value),
            _ => self.value,
        }
    }

    /// How many items the value has, if it is a `list`.
    pub fn list_length(&self) -> Option<usize> {
        match self.document.object(self.value) {
            Object::List(items) => Some(items.len()),
            Object::Pairs(pairs) => Some(pairs.len()),
            _ => None,
        }
    }

    /// The value with its aliases in full, and its keys as `json.dumps` writes them.
    pub fn value(&self) -> Result<Value, YamlError> {
        Expansion::of(self.document, self.value)
    }
}

/// Writes out one object, and keeps count.
struct Expansion<'a> {
    document: &'a Document,
    size: usize,
}

impl<'a> Expansion<'a> {
    fn of(document: &'a Document, id: NodeId) -> Result<Value, YamlError> {
        Expansion { document, size: 0 }.value(id, 0)
    }

    fn value(&mut self, id: NodeId, depth: usize) -> Result<Value, YamlError> {
        if depth > MAX_DEPTH {
            return Err(self.error(Problem::NestedTooDeeply, id));
        }
        self.grow(ITEM_SIZE, id)?;
        Ok(match self.document.object(id) {
            Object::None => Value::None,
            Object::Bool(is_true) => Value::Bool(*is_true),
            Object::Int(digits) => Value::Int(digits.clone()),
            Object::Float(number) => Value::Float(*number),
            Object::Text(scalar) => Value::text(self.text(*scalar)?),
            Object::Date(text) => Value::Date(text.clone()),
            Object::List(items) => Value::List(self.values(items, depth)?),
            Object::Pairs(pairs) => {
                let tuples = pairs
                    .iter()
                    .map(|(key, value)| self.values(&[*key, *value], depth + 1));
                Value::List(
                    tuples
                        .map(|tuple| tuple.map(Value::List))
                        .collect::<Result<_, _>>()?,
                )
            }
            Object::Dict(pairs) => Value::Dict(self.dict(pairs.values(), depth)?),
            object @ (Object::Bytes | Object::Set) => {
                let type_name = object.type_name();
                return Err(self.error(Problem::NoJsonForm { type_name }, id));
            }
        })
    }

    fn values(&mut self, items: &[NodeId], depth: usize) -> Result<Vec<Value>, YamlError> {
        items
            .iter()
            .map(|item| self.value(*item, depth + 1))
            .collect()
    }

    fn dict<'p>(
        &mut self,
        pairs: impl Iterator<Item = &'p Pair>,
        depth: usize,
    ) -> Result<Dict, YamlError> {
        pairs
            .map(|(key, value)| Ok((self.key(*key)?, self.value(*value, depth + 1)?)))
            .collect()
    }

    /// A key as `json.dumps` writes it.
    fn key(&mut self, id: NodeId) -> Result<String, YamlError> {
        Ok(match self.document.object(id) {
            Object::Text(scalar) => self.text(*scalar)?.to_owned(),
            Object::Int(digits) => digits.clone(),
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
