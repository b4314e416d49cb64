//! What an expression of a DAG file can be told to be, without running it.

use std::fmt;

use ruff_python_ast::{Expr, ExprCall};

use super::project::{At, ModuleId};
use super::scope::Slot;

/// A value, as far as it can be told.
#[derive(Clone, Debug)]
pub(super) enum Value<'a> {
    Text(Text),
    /// `None`
    Nothing,
    /// One of these, depending on what happens at run time.
    Any(Vec<Value<'a>>),
    /// A display of a dictionary, list, tuple or set, to be looked into.
    Container(&'a Expr, At),
    /// `dict(name=value)`
    DictCall(&'a ExprCall, At),
    /// A tuple that nobody wrote: an entry of `.items()`, of `zip`.
    Tuple(Vec<Value<'a>>),
    /// What a caller of this function passes.
    Parameter(At, Slot<'a>),
    /// `**kwargs` of this function.
    Keywords(At),
    /// A function of the project; bound when `self` is given already.
    Function(At, bool),
    /// A class of the project.
    Class(At),
    /// An object of a class, and the call that made it.
    Object(Box<Value<'a>>, Option<(&'a ExprCall, At)>),
    Module(ModuleId),
    /// Something outside the project, by its import path.
    External(String),
    /// What Airflow's context holds.
    Accessor(Accessor),
    Unknown(Why<'a>),
}

/// A known text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text {
    pub text: String,
    /// The environment variable that decides whether it is this text.
    pub environment: Option<String>,
}

/// Parts of the template context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Accessor {
    /// `context["conn"]`
    Connections,
    /// `context["var"]`
    Variables,
    /// `context["var"]["value"]`, `context["var"]["json"]`
    VariableValues,
}

/// Why a value cannot be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Why<'a> {
    /// A name that is bound to nothing that can be read.
    Name(&'a str),
    /// An attribute of an object.
    Attribute(&'a str),
    /// An attribute of `self`.
    Own(&'a str),
    /// The result of a call.
    Call,
    /// An entry of a container that is not known.
    Item,
    /// A text with parts that are not known.
    Parts,
    /// An environment variable without a default.
    Environment(String),
    /// The value of an Airflow variable.
    Variable,
    /// An option of Airflow's.
    Option,
    /// A template, rendered at run time.
    Template,
    Expression,
}

impl fmt::Display for Why<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Name(name) => write!(f, "the name `{name}`"),
            Why::Attribute(name) => write!(f, "the attribute `{name}` of an object"),
            Why::Own(name) => write!(f, "the attribute `self.{name}`"),
            Why::Call => f.write_str("the result of a call"),
            Why::Item => f.write_str("an entry of a container"),
            Why::Parts => f.write_str("a text with parts that are known at run time"),
            Why::Environment(name) => write!(f, "the environment variable `{name}`"),
            Why::Variable => f.write_str("the value of an Airflow variable"),
            Why::Option => f.write_str("an option of Airflow"),
            Why::Template => f.write_str("a template, rendered at run time"),
            Why::Expression => f.write_str("an expression"),
        }
    }
}

impl<'a> Value<'a> {
    pub(super) fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        Value::Text(Text {
            text,
            environment: None,
        })
    }

    /// One of some values; the one, if there is one.
    pub(super) fn any(mut values: Vec<Value<'a>>) -> Self {
        match values.len() {
            0 => Value::Unknown(Why::Expression),
            1 => values.remove(0),
            _ => Value::Any(values),
        }
    }

    /// The values that this may be, one after the other.
    pub(super) fn alternatives(&self) -> Vec<&Value<'a>> {
        match self {
            Value::Any(values) => values.iter().flat_map(Value::alternatives).collect(),
            value => vec![value],
        }
    }

    /// What `change` makes of each alternative.
    pub(super) fn map(self, change: &mut dyn FnMut(Value<'a>) -> Value<'a>) -> Self {
        match self {
            Value::Any(values) => {
                Value::any(values.into_iter().map(|value| value.map(change)).collect())
            }
            value => change(value),
        }
    }
}
