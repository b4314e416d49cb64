//! Looking into dictionaries and lists, and telling which argument of a call goes where.
//!
//! The surprising rule: `None` from [`Evaluator::entry`] means that the key is surely not there; what cannot be told is
//! [`Value::Unknown`].

use ruff_python_ast::{Expr, ExprCall, Operator};

use super::evaluate::{Evaluator, MAX_ALTERNATIVES};
use super::project::At;
use super::scope::{MODULE, Slot, elements};
use super::value::{Accessor, Value, Why};

impl<'a> Evaluator<'_, 'a> {
    /// `object[key]`
    pub(super) fn item(
        &self,
        object: Value<'a>,
        written: &'a Expr,
        key: &'a Expr,
        at: At,
    ) -> Value<'a> {
        if let Value::External(path) = &object
            && path == "os.environ"
        {
            return match self.value(key, at) {
                Value::Text(name) => self.environment_entry(&name.text),
                _ => Value::Unknown(Why::Expression),
            };
        }
        if let Expr::NumberLiteral(_) | Expr::UnaryOp(_) = key {
            return self.numbered(&object, key);
        }
        let key_value = self.value(key, at);
        key_value.map(&mut |value| {
            let Value::Text(text) = value else {
                return Value::Unknown(Why::Item);
            };
            match &object {
                Value::Container(..) | Value::DictCall(..) => self
                    .entry(&object, Some(written), &text.text, at)
                    .unwrap_or(Value::Unknown(Why::Item)),
                Value::Keywords(function) => self.keyword_argument(*function, &text.text, key),
                Value::Accessor(Accessor::Variables)
                    if matches!(text.text.as_str(), "value" | "json") =>
                {
                    Value::Accessor(Accessor::VariableValues)
                }
                Value::Accessor(_) => Value::Unknown(Why::Variable),
                _ if is_context(written, &object) => Self::context_entry(&text.text),
                _ => Value::Unknown(Why::Item),
            }
        })
    }

    /// What stands under a key of `**kwargs`: a part of Airflow's context, or what a caller passes.
    pub(super) fn keyword_argument(&self, function: At, name: &str, key: &'a Expr) -> Value<'a> {
        match (name, key) {
            ("conn" | "var", _) => Self::context_entry(name),
            (_, Expr::StringLiteral(literal)) => {
                Value::Parameter(function, Slot::Keyword(literal.value.to_str()))
            }
            _ => Value::Unknown(Why::Item),
        }
    }

    fn numbered(&self, object: &Value<'a>, key: &'a Expr) -> Value<'a> {
        let index = match key {
            Expr::NumberLiteral(number) => number.value.as_int().and_then(|int| int.as_usize()),
            _ => None,
        };
        match (object, index) {
            (Value::Container(list, at), Some(index)) => match elements(list).get(index) {
                Some(element) => self.value(element, *at),
                None => Value::Unknown(Why::Item),
            },
            (Value::Tuple(values), Some(index)) => values
                .get(index)
                .cloned()
                .unwrap_or(Value::Unknown(Why::Item)),
            _ => Value::Unknown(Why::Item),
        }
    }

    /// What stands under a key; `None` if it is surely not there. `written` is the name that was looked into, for what was set on it later.
    pub(super) fn entry(
        &self,
        object: &Value<'a>,
        written: Option<&'a Expr>,
        key: &str,
        at: At,
    ) -> Option<Value<'a>> {
        if let Some(Expr::Name(name)) = written
            && let Some(set) = self.set_later(&name.id, key, at)
        {
            return Some(set);
        }
        match object {
            Value::Container(Expr::Dict(dict), at) => {
                if !self.spend(dict.items.len()) {
                    return Some(Value::Unknown(Why::Item));
                }
                let mut unknown = false;
                for item in dict.items.iter().rev() {
                    match &item.key {
                        Some(Expr::StringLiteral(literal)) if literal.value.to_str() == key => {
                            return Some(self.value(&item.value, *at));
                        }
                        Some(Expr::StringLiteral(_)) => {}
                        Some(other) => match self.value(other, *at) {
                            Value::Text(text) if text.text == key => {
                                return Some(self.value(&item.value, *at));
                            }
                            Value::Text(_) => {}
                            _ => unknown = true,
                        },
                        None => match self.spread_entry(&item.value, key, *at) {
                            Some(Value::Unknown(_)) => unknown = true,
                            Some(found) => return Some(found),
                            None => {}
                        },
                    }
                }
                unknown.then_some(Value::Unknown(Why::Item))
            }
            Value::Container(Expr::BinOp(operation), at) if operation.op == Operator::BitOr => {
                let right = self.spread_entry(&operation.right, key, *at);
                right.or_else(|| self.spread_entry(&operation.left, key, *at))
            }
            Value::DictCall(call, at) => {
                if let Some(keyword) = call.arguments.find_keyword(key) {
                    return Some(self.value(&keyword.value, *at));
                }
                let spread = call
                    .arguments
                    .keywords
                    .iter()
                    .filter(|keyword| keyword.arg.is_none())
                    .map(|keyword| &keyword.value);
                let mut sources = spread.chain(call.arguments.args.iter());
                sources.find_map(|source| self.spread_entry(source, key, *at))
            }
            Value::Nothing => None,
            Value::Any(values) => values
                .iter()
                .find_map(|value| self.entry(value, None, key, at)),
            _ => Some(Value::Unknown(Why::Item)),
        }
    }

    /// The entry of an expression that is spread (`**expr`).
    pub(super) fn spread_entry(&self, expr: &'a Expr, key: &str, at: At) -> Option<Value<'a>> {
        let value = self.value(expr, at);
        self.entry(&value, Some(expr), key, at)
    }

    /// `name[key] = value` and `name.update(...)` of the scopes around.
    fn set_later(&self, name: &str, key: &str, at: At) -> Option<Value<'a>> {
        for scope in [at.scope, MODULE] {
            let here = At { scope, ..at };
            let found = self.project.scope(here);
            if !self.spend(found.items.len() + found.updates.len()) {
                return None;
            }
            for (_, set, value) in found.items.iter().rev().filter(|(of, ..)| *of == name) {
                if matches!(set, Expr::StringLiteral(literal) if literal.value.to_str() == key) {
                    return Some(self.value(value, here));
                }
            }
            for (_, update) in found.updates.iter().rev().filter(|(of, _)| *of == name) {
                if let Some(value @ (Value::Text(_) | Value::Nothing)) =
                    self.spread_entry(update, key, here)
                {
                    return Some(value);
                }
            }
        }
        None
    }

    /// The part of each element of an iterable.
    pub(super) fn element(&self, iterable: &'a Expr, path: &[usize], at: At) -> Value<'a> {
        let all = self.elements_of(iterable, at);
        let Some(all) = all.filter(|all| !all.is_empty()) else {
            return Value::Unknown(Why::Item);
        };
        Value::any(
            all.into_iter()
                .map(|element| self.part(element, path))
                .collect(),
        )
    }

    /// The part at some indices.
    pub(super) fn part(&self, value: Value<'a>, path: &[usize]) -> Value<'a> {
        let Some((index, rest)) = path.split_first() else {
            return value;
        };
        value.map(&mut |value| {
            let part = match value {
                Value::Container(display, at) => elements(display)
                    .get(*index)
                    .map(|element| self.value(element, at)),
                Value::Tuple(values) => values.into_iter().nth(*index),
                _ => None,
            };
            self.part(part.unwrap_or(Value::Unknown(Why::Item)), rest)
        })
    }

    /// The elements that a loop over an expression goes through.
    pub(super) fn elements_of(&self, iterable: &'a Expr, at: At) -> Option<Vec<Value<'a>>> {
        if let Expr::Call(call) = iterable
            && let Some(elements) = self.elements_of_call(call, at)
        {
            return Some(elements);
        }
        let value = self.value(iterable, at);
        let mut all = Vec::new();
        for alternative in value.alternatives() {
            let Value::Container(display, at) = alternative else {
                return None;
            };
            match display {
                Expr::Dict(dict) => all.extend(
                    dict.items
                        .iter()
                        .filter_map(|item| Some(self.value(item.key.as_ref()?, *at))),
                ),
                Expr::BinOp(_) => return None,
                _ => all.extend(
                    elements(display)
                        .iter()
                        .map(|element| self.value(element, *at)),
                ),
            }
            if all.len() > MAX_ALTERNATIVES {
                return None;
            }
        }
        Some(all)
    }

    fn elements_of_call(&self, call: &'a ExprCall, at: At) -> Option<Vec<Value<'a>>> {
        match &*call.func {
            Expr::Attribute(method) => {
                let value = self.value(&method.value, at);
                let items = match value {
                    Value::Container(Expr::Dict(dict), of) => {
                        let pairs = dict
                            .items
                            .iter()
                            .filter_map(|item| Some((item.key.as_ref()?, &item.value)));
                        pairs
                            .map(|(key, value)| (self.value(key, of), self.value(value, of)))
                            .collect()
                    }
                    Value::DictCall(call, of) => {
                        let keywords = call.arguments.keywords.iter();
                        let pairs = keywords
                            .filter_map(|keyword| Some((keyword.arg.as_ref()?, &keyword.value)));
                        pairs
                            .map(|(name, value)| {
                                (Value::text(name.as_str()), self.value(value, of))
                            })
                            .collect()
                    }
                    _ => Vec::new(),
                };
                let items = items.into_iter().take(MAX_ALTERNATIVES);
                match method.attr.as_str() {
                    "items" => Some(
                        items
                            .map(|(key, value)| Value::Tuple(vec![key, value]))
                            .collect(),
                    ),
                    "values" => Some(items.map(|(_, value)| value).collect()),
                    "keys" => Some(items.map(|(key, _)| key).collect()),
                    _ => None,
                }
            }
            Expr::Name(name) => {
                let arguments = &call.arguments.args;
                match name.id.as_str() {
                    "enumerate" => {
                        let elements = self.elements_of(arguments.first()?, at)?;
                        Some(
                            elements
                                .into_iter()
                                .map(|element| {
                                    Value::Tuple(vec![Value::Unknown(Why::Item), element])
                                })
                                .collect(),
                        )
                    }
                    "zip" => {
                        let columns: Vec<Vec<Value<'a>>> = arguments
                            .iter()
                            .map(|argument| self.elements_of(argument, at).unwrap_or_default())
                            .collect();
                        let rows = columns.iter().map(Vec::len).max()?;
                        let cell = |column: &Vec<Value<'a>>, row| {
                            column
                                .get(row)
                                .cloned()
                                .unwrap_or(Value::Unknown(Why::Item))
                        };
                        Some(
                            (0..rows)
                                .map(|row| {
                                    Value::Tuple(
                                        columns.iter().map(|column| cell(column, row)).collect(),
                                    )
                                })
                                .collect(),
                        )
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The argument of a call that goes to a slot of a function.
    pub(super) fn argument(
        &self,
        call: &'a ExprCall,
        bound: bool,
        function: At,
        slot: Slot<'a>,
    ) -> Option<&'a Expr> {
        let offset = usize::from(bound);
        match slot {
            Slot::Keyword(name) => {
                let keyword = call
                    .arguments
                    .find_keyword(name)
                    .map(|keyword| &keyword.value);
                // fields of a data class may be positional
                let position = || {
                    self.project
                        .scope(function)
                        .fields
                        .iter()
                        .position(|field| *field == name)
                };
                keyword.or_else(|| plain(&call.arguments.args).get(position()?))
            }
            Slot::Index(index) => {
                let definition = self.project.scope(function).function()?;
                let parameter = definition
                    .parameters
                    .iter_non_variadic_params()
                    .nth(index)?;
                let keyword = call
                    .arguments
                    .find_keyword(parameter.name())
                    .map(|keyword| &keyword.value);
                let positional =
                    definition.parameters.posonlyargs.len() + definition.parameters.args.len();
                let by_position = (index < positional)
                    .then(|| plain(&call.arguments.args).get(index.checked_sub(offset)?))
                    .flatten();
                keyword.or(by_position)
            }
        }
    }
}

/// The positional arguments before a `*spread`, whose length nobody knows.
pub(super) fn plain(arguments: &[Expr]) -> &[Expr] {
    let end = arguments
        .iter()
        .position(|argument| matches!(argument, Expr::Starred(_)));
    &arguments[..end.unwrap_or(arguments.len())]
}

/// Whether an expression is Airflow's context, going by what it is called.
fn is_context(written: &Expr, object: &Value<'_>) -> bool {
    if matches!(object, Value::External(path) if path == "context") {
        return true;
    }
    let Expr::Name(name) = written else {
        return false;
    };
    let name = name.id.as_str();
    let named = matches!(name, "ctx" | "kwargs") || name.ends_with("context");
    named
        && matches!(
            object,
            Value::Parameter(..) | Value::Unknown(_) | Value::External(_)
        )
}
