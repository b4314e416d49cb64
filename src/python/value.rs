//! Python values, as JSON and YAML make them (CPython 3.11.7).
//!
//! The surprising rule: Airflow checks few types, so `0`, `false`, `[]` and `{}` pass for "not set" where text is due.

use std::fmt;

use indexmap::IndexMap;

use crate::secret::SecretText;

/// A Python dict with text keys, in insertion order.
pub type Dict = IndexMap<String, Value>;

/// A Python value as JSON and YAML can make it. `Debug` names the type only, since any of them may be secret.
#[derive(Clone, Default, PartialEq)]
pub enum Value {
    /// `None`
    #[default]
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
    /// A `str`.
    pub fn text(text: impl Into<String>) -> Self {
        Value::Text(SecretText::new(text))
    }

    /// The text of a `str`; nothing for any other type.
    pub fn as_text(&self) -> Option<&SecretText> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What stands at `path` in nested objects.
    pub fn at(&self, path: &[&str]) -> Option<&Value> {
        path.iter().try_fold(self, |value, name| match value {
            Value::Dict(members) => members.get(*name),
            _ => None,
        })
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_names_the_type_only() {
        let dict = Dict::from([("password".to_string(), Value::text("hunter2"))]);
        let list = Value::List(vec![Value::Int("42".into()), Value::Dict(dict)]);
        assert_eq!(format!("{list:?}"), "<list>");
        assert_eq!(format!("{:?}", Value::text("hunter2")), "<str>");
    }

    #[test]
    fn truth_is_python_s() {
        let falsy = [
            Value::None,
            Value::Bool(false),
            Value::Int("0".into()),
            Value::Float(-0.0),
            Value::text(""),
            Value::List(vec![]),
            Value::Dict(Dict::new()),
        ];
        assert!(falsy.iter().all(|value| !value.is_truthy()));
        assert!(Value::Float(f64::NAN).is_truthy());
        assert!(Value::text("0").is_truthy());
        assert!(Value::Date("2024-01-01".into()).is_truthy());
    }
}
