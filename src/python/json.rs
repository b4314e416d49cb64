//! Python values and the `json` module: what `json.loads` accepts and `json.dumps` writes (CPython 3.11.7).
//!
//! The surprising rule: `NaN`, `Infinity` and `-Infinity` are accepted and written, and of a repeated key the last value
//! wins, in the place of the first.

use std::fmt;

use indexmap::IndexMap;

use crate::secret::SecretText;

/// A Python dict with text keys, in insertion order.
pub type Dict = IndexMap<String, Value>;

/// A Python value as JSON and YAML can make it. `Debug` names the type only, since any of them may be secret.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// `None`
    None,
    /// `True` or `False`
    Bool(bool),
    /// An `int` of any size, in canonical decimal digits: no leading zeros, no `+`, no `-0`.
    Int(String),
    /// A `float`, the three non-finite ones included.
    Float(f64),
    /// A `str`
    Text(SecretText),
    /// A `list`
    List(Vec<Value>),
    /// A `dict`
    Dict(Dict),
    /// A YAML date or time, as Python's `str()` writes it. JSON never makes one.
    Date(String),
}

impl Value {
    /// The name Python gives the type: `NoneType`, `bool`, `int`, `float`, `str`, `list`, `dict`, `date`.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::None => "NoneType",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Float(_) => "float",
            Value::Text(_) => "str",
            Value::List(_) => "list",
            Value::Dict(_) => "dict",
            Value::Date(_) => "date",
        }
    }

    /// Python's truth: `None`, `False`, zero and everything empty are false.
    pub fn is_truthy(&self) -> bool {
        match self {
            Value::None => false,
            Value::Bool(b) => *b,
            Value::Int(digits) => digits != "0",
            Value::Float(f) => *f != 0.0,
            Value::Text(text) => !text.expose().is_empty(),
            Value::List(items) => !items.is_empty(),
            Value::Dict(items) => !items.is_empty(),
            Value::Date(_) => true,
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.type_name())
    }
}
