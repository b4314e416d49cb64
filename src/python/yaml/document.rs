//! A loaded document: Python objects that share what aliases name, and the [`Value`] of one entry.
//!
//! The surprising rule: only the entry that is asked for is written out in full, so that a YAML bomb in another entry
//! does no harm, as in Python.

use indexmap::IndexMap;

use super::compose::{Node, NodeId, Pair};
use super::error::YamlError;
use super::expand::{Expansion, Form};
use super::number::Int;
use super::timestamp::moment;
use crate::python::json::Value;
use crate::python::number::{float_repr, int_from_float};
use crate::secret::SecretText;

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
    Int(Int),
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
    /// A date, or the moment of a time with its zone.
    Date(String),
    /// The base64 that they are written in.
    Bytes(String),
    /// An integer that is too long to be written, as the node that it stands in.
    LongInt(NodeId),
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
            Object::Int(Int::Digits(digits)) => Key::Whole(digits.clone()),
            Object::Int(Int::TooLong) => Key::LongInt(id),
            Object::Float(number) => match whole(number) {
                Some(digits) => Key::Whole(digits),
                None => Key::Float(float_repr(*number)),
            },
            Object::Text(scalar) => Key::Text(nodes[*scalar].text()?.expose().to_owned()),
            Object::Date(text) => Key::Date(moment(text)),
            Object::Bytes => Key::Bytes(base64_of(nodes[id].text()?.expose())),
            Object::List(_) | Object::Pairs(_) | Object::Set | Object::Dict(_) => return None,
        })
    }
}

fn base64_of(text: &str) -> String {
    let is_digit = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/');
    text.chars().filter(is_digit).collect()
}

/// An object of a document: a list or dict is the same wherever an alias stands for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ObjectId(pub(super) NodeId);

/// One entry of the document's dict.
pub struct Entry<'a> {
    document: &'a Document,
    key: NodeId,
    value: NodeId,
}

impl Document {
    /// How many entries there are; nothing if the document is no dict.
    pub fn len(&self) -> Option<usize> {
        Some(self.dict()?.len())
    }

    /// The entry at a place, from 0.
    pub fn entry(&self, index: usize) -> Option<Entry<'_>> {
        let (_, (key, value)) = self.dict()?.get_index(index)?;
        Some(Entry {
            document: self,
            key: *key,
            value: *value,
        })
    }

    /// The whole document; `None` if it is empty.
    pub fn value(&self) -> Result<Value, YamlError> {
        self.root
            .map_or(Ok(Value::None), |root| self.printed(ObjectId(root)))
    }

    /// An object with its aliases in full, as secretctl prints it: a date may be a key.
    ///
    /// # Errors
    /// It has no form in JSON, even so.
    pub fn printed(&self, id: ObjectId) -> Result<Value, YamlError> {
        let (value, alike) = Expansion::of(self, id.0, Form::Printed)?;
        alike.map_or(Ok(value), Err)
    }

    /// An object with its aliases in full, as `json.dumps` takes it, and where two keys in it are the same text, of which one
    /// is left out here.
    ///
    /// # Errors
    /// `json.dumps` raises, but over a date that is not a key.
    pub fn dumped(&self, id: ObjectId) -> Result<(Value, Option<YamlError>), YamlError> {
        Expansion::of(self, id.0, Form::Dumped)
    }

    fn dict(&self) -> Option<&IndexMap<Key, Pair>> {
        match self.object(self.root?) {
            Object::Dict(dict) => Some(dict),
            _ => None,
        }
    }

    pub(super) fn object(&self, id: NodeId) -> &Object {
        self.objects[id].as_ref().unwrap_or(&Object::None)
    }

    pub(super) fn text(&self, id: NodeId) -> &str {
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

    /// The key, whatever its type.
    pub fn key_object(&self) -> ObjectId {
        ObjectId(self.key)
    }

    /// The value, or of a list its last item.
    pub fn object(&self) -> ObjectId {
        ObjectId(match self.document.object(self.value) {
            Object::List(items) => items.last().copied().unwrap_or(self.value),
            _ => self.value,
        })
    }

    /// How many items the value has, if it is a `list`.
    pub fn list_length(&self) -> Option<usize> {
        match self.document.object(self.value) {
            Object::List(items) => Some(items.len()),
            Object::Pairs(pairs) => Some(pairs.len()),
            _ => None,
        }
    }

    /// The value with its aliases in full.
    ///
    /// # Errors
    /// It has no form in JSON.
    pub fn value(&self) -> Result<Value, YamlError> {
        self.document.printed(ObjectId(self.value))
    }
}
