//! Telling what an expression is: constants of the file and of other modules, defaults of `os.getenv`, known parts of texts.
//!
//! The surprising rule: nothing is run. A name that may be bound to several values is all of them, and what a caller passes stays a
//! [`Value::Parameter`], for the callers to be asked.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use ruff_python_ast::{
    BoolOp, Comprehension, Expr, ExprCall, FStringPart, InterpolatedStringElement, Operator,
};
use ruff_text_size::Ranged;

use super::project::{At, Project};
use super::value::{Accessor, Text, Value, Why};

/// How many steps one evaluation may take; what needs more is not told.
const FUEL: u32 = 2000;
/// How many steps all evaluations for a file may take: what is left is told in no file that a person wrote.
const BUDGET: u64 = 4_000_000;
/// How deep an evaluation may follow names.
const MAX_DEPTH: u32 = 40;
/// How many texts an expression may be.
pub(super) const MAX_ALTERNATIVES: usize = 256;

/// Evaluates expressions of a project.
pub(super) struct Evaluator<'p, 'a> {
    pub project: &'p Project<'a>,
    pub environment: &'p HashMap<String, String>,
    /// The comprehensions around the expression that is looked at, and the scope they stand in.
    pub comprehensions: RefCell<Vec<(At, &'a Comprehension)>>,
    fuel: Cell<u32>,
    budget: Cell<u64>,
    depth: Cell<u32>,
}

impl<'p, 'a> Evaluator<'p, 'a> {
    pub(super) fn new(project: &'p Project<'a>, environment: &'p HashMap<String, String>) -> Self {
        Self {
            project,
            environment,
            comprehensions: RefCell::default(),
            fuel: Cell::new(FUEL),
            budget: Cell::new(BUDGET),
            depth: Cell::new(0),
        }
    }

    /// What an expression of a scope is.
    pub(super) fn value(&self, expr: &'a Expr, at: At) -> Value<'a> {
        let depth = self.depth.get();
        if depth == 0 {
            self.fuel.set(FUEL);
        }
        if depth > MAX_DEPTH || self.fuel.get() == 0 || !self.spend(1) {
            return Value::Unknown(Why::Expression);
        }
        self.fuel.set(self.fuel.get() - 1);
        self.depth.set(depth + 1);
        let value = self.expression(expr, at);
        self.depth.set(depth);
        value
    }

    /// Takes steps from the file's budget; whether it had them.
    pub(super) fn spend(&self, steps: usize) -> bool {
        let left = self.budget.get().saturating_sub(steps as u64);
        self.budget.set(left);
        left > 0
    }

    /// Whether the file needed more steps than it may take, so that some of it was not told.
    pub(super) fn is_exhausted(&self) -> bool {
        self.budget.get() == 0
    }

    fn expression(&self, expr: &'a Expr, at: At) -> Value<'a> {
        match expr {
            Expr::StringLiteral(literal) => Value::text(literal.value.to_str()),
            Expr::FString(text) => self.format_string(&text.value, at),
            Expr::Name(name) => self.name(&name.id, Some(name.start().to_usize()), at),
            Expr::Attribute(attribute) => {
                let object = self.value(&attribute.value, at);
                object.map(&mut |object| self.attribute(object, &attribute.attr, at))
            }
            Expr::Subscript(subscript) => {
                let object = self.value(&subscript.value, at);
                object.map(&mut |object| self.item(object, &subscript.value, &subscript.slice, at))
            }
            Expr::Call(call) => self.call(call, at),
            Expr::BinOp(operation) => match operation.op {
                Operator::Add => self.joined(&[&operation.left, &operation.right], at),
                Operator::Mod => self.percent_format(&operation.left, &operation.right, at),
                Operator::BitOr => Value::Container(expr, at),
                _ => Value::Unknown(Why::Expression),
            },
            Expr::If(choice) => Value::any(vec![
                self.value(&choice.body, at),
                self.value(&choice.orelse, at),
            ]),
            Expr::BoolOp(operation) => self.bool_operation(operation.op, &operation.values, at),
            Expr::NoneLiteral(_) => Value::Nothing,
            Expr::Named(named) => self.value(&named.value, at),
            Expr::Await(awaited) => self.value(&awaited.value, at),
            Expr::List(_) | Expr::Tuple(_) | Expr::Set(_) | Expr::Dict(_) => {
                Value::Container(expr, at)
            }
            _ => Value::Unknown(Why::Expression),
        }
    }

    /// `a or b`: any of them that is not `None`; `a and b`: the last.
    fn bool_operation(&self, op: BoolOp, values: &'a [Expr], at: At) -> Value<'a> {
        let told = values.iter().map(|value| self.value(value, at));
        if op == BoolOp::And {
            return told.last().unwrap_or(Value::Unknown(Why::Expression));
        }
        let mut environment = None;
        let mut kept = Vec::new();
        for value in told {
            match value {
                Value::Nothing => {}
                // `os.getenv("NAME") or "x"`
                Value::Unknown(Why::Environment(name)) => environment = Some(name),
                Value::Text(text) if environment.is_some() && text.environment.is_none() => {
                    kept.push(Value::Text(Text {
                        environment: environment.clone(),
                        ..text
                    }));
                }
                value => kept.push(value),
            }
        }
        match (kept.is_empty(), environment) {
            (true, Some(name)) => Value::Unknown(Why::Environment(name)),
            (true, None) => Value::Nothing,
            _ => Value::any(kept),
        }
    }

    fn format_string(&self, value: &'a ruff_python_ast::FStringValue, at: At) -> Value<'a> {
        let mut texts = vec![Text {
            text: String::new(),
            environment: None,
        }];
        for part in value {
            match part {
                FStringPart::Literal(literal) => append(&mut texts, &Value::text(&*literal.value)),
                FStringPart::FString(text) => {
                    for element in &text.elements {
                        let value = match element {
                            InterpolatedStringElement::Literal(literal) => {
                                Value::text(&*literal.value)
                            }
                            // `{name!r}` and `{name:>8}` are another text than the name's
                            InterpolatedStringElement::Interpolation(part)
                                if part.format_spec.is_none() && part.conversion.is_none() =>
                            {
                                self.value(&part.expression, at)
                            }
                            InterpolatedStringElement::Interpolation(_) => {
                                Value::Unknown(Why::Parts)
                            }
                        };
                        append(&mut texts, &value);
                    }
                }
            }
        }
        of_texts(texts)
    }

    /// The texts of some expressions, one behind the other.
    fn joined(&self, parts: &[&'a Expr], at: At) -> Value<'a> {
        let mut texts = vec![Text {
            text: String::new(),
            environment: None,
        }];
        for part in parts {
            append(&mut texts, &self.value(part, at));
        }
        of_texts(texts)
    }

    /// `"...%s" % value`
    fn percent_format(&self, format: &'a Expr, values: &'a Expr, at: At) -> Value<'a> {
        let Value::Text(format) = self.value(format, at) else {
            return Value::Unknown(Why::Parts);
        };
        let values: Vec<&Expr> = match values {
            Expr::Tuple(tuple) => tuple.elts.iter().collect(),
            value => vec![value],
        };
        let pieces: Vec<&str> = format.text.split("%s").collect();
        if pieces.len() != values.len() + 1 || pieces.iter().any(|piece| piece.contains('%')) {
            return Value::Unknown(Why::Parts);
        }
        self.filled(&pieces, &values, at)
    }

    /// `"...{}".format(value)`, positional and named.
    fn brace_format(&self, format: &str, call: &'a ExprCall, at: At) -> Value<'a> {
        let (mut pieces, mut values) = (Vec::new(), Vec::new());
        let mut rest = format;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((field, after)) = after.split_once('}') else {
                return Value::Unknown(Why::Parts);
            };
            let argument = match field.parse::<usize>() {
                Ok(index) => call.arguments.args.get(index),
                Err(_) if field.is_empty() => call.arguments.args.get(values.len()),
                Err(_) => call
                    .arguments
                    .find_keyword(field)
                    .map(|keyword| &keyword.value),
            };
            let Some(argument) = argument else {
                return Value::Unknown(Why::Parts);
            };
            pieces.push(before);
            values.push(argument);
            rest = after;
        }
        pieces.push(rest);
        self.filled(&pieces, &values, at)
    }

    fn filled(&self, pieces: &[&str], values: &[&'a Expr], at: At) -> Value<'a> {
        let mut texts = vec![Text {
            text: String::new(),
            environment: None,
        }];
        for (index, piece) in pieces.iter().enumerate() {
            append(&mut texts, &Value::text(*piece));
            if let Some(value) = values.get(index) {
                append(&mut texts, &self.value(value, at));
            }
        }
        of_texts(texts)
    }

    fn call(&self, call: &'a ExprCall, at: At) -> Value<'a> {
        if let Expr::Attribute(function) = &*call.func {
            let object = self.value(&function.value, at);
            if let Some(value) = self.method(&object, &function.attr, call, at) {
                return value;
            }
            let function = object.map(&mut |object| self.attribute(object, &function.attr, at));
            return function.map(&mut |function| self.result(function, call, at));
        }
        let function = self.value(&call.func, at);
        function.map(&mut |function| self.result(function, call, at))
    }

    /// What methods of texts and dictionaries give.
    fn method(
        &self,
        object: &Value<'a>,
        name: &str,
        call: &'a ExprCall,
        at: At,
    ) -> Option<Value<'a>> {
        let arguments = &call.arguments.args;
        match (object, name) {
            (Value::Text(text), "format") => Some(self.brace_format(&text.text, call, at)),
            (Value::Text(text), "lower" | "upper" | "strip") => {
                let changed = match name {
                    "lower" => text.text.to_lowercase(),
                    "upper" => text.text.to_uppercase(),
                    _ => text.text.trim().to_owned(),
                };
                Some(Value::Text(Text {
                    text: changed,
                    ..text.clone()
                }))
            }
            (Value::Function(..), "override" | "partial") => Some(object.clone()),
            (Value::Container(..), "copy") => Some(object.clone()),
            (Value::Container(..) | Value::Keywords(_), "get" | "pop" | "setdefault")
                if !arguments.is_empty() =>
            {
                let key = self.value(&arguments[0], at);
                let default = || {
                    arguments
                        .get(1)
                        .map_or(Value::Nothing, |default| self.value(default, at))
                };
                let Expr::Attribute(function) = &*call.func else {
                    return None;
                };
                Some(key.map(&mut |key| {
                    match (&key, object) {
                        (Value::Text(key), Value::Keywords(function)) => {
                            let passed = self.keyword_argument(*function, &key.text, &arguments[0]);
                            Value::any(
                                [
                                    vec![passed],
                                    arguments.get(1).map(|_| default()).into_iter().collect(),
                                ]
                                .concat(),
                            )
                        }
                        (Value::Text(key), _) => self
                            .entry(object, Some(&function.value), &key.text, at)
                            .unwrap_or_else(default),
                        _ => Value::Unknown(Why::Item),
                    }
                }))
            }
            (Value::Text(_), _) => Some(Value::Unknown(Why::Call)),
            _ => None,
        }
    }

    /// What a call of a known thing gives.
    fn result(&self, function: Value<'a>, call: &'a ExprCall, at: At) -> Value<'a> {
        let first = call.arguments.args.first();
        match function {
            Value::External(path) => match path.as_str() {
                "os.getenv" | "os.environ.get" => self.environment_variable(call, at),
                "dict" => self.dictionary(call, at),
                "list" | "tuple" | "set" | "sorted" | "reversed" | "str" | "copy.copy"
                | "copy.deepcopy" | "textwrap.dedent" | "typing.cast" => {
                    let argument = if path == "typing.cast" {
                        call.arguments.args.get(1)
                    } else {
                        first
                    };
                    argument.map_or(Value::Unknown(Why::Call), |argument| {
                        self.value(argument, at)
                    })
                }
                path if is_variable_get(path) => Value::Unknown(Why::Variable),
                path if path.starts_with("airflow.configuration.conf") => {
                    Value::Unknown(Why::Option)
                }
                // a class, by its name; what a function gives cannot be told
                path if path
                    .rsplit('.')
                    .next()
                    .is_some_and(|name| name.starts_with(char::is_uppercase)) =>
                {
                    Value::Object(Box::new(Value::External(path.to_owned())), Some((call, at)))
                }
                path if path.ends_with(".get_current_context") => {
                    Value::External("context".to_owned())
                }
                _ => Value::Unknown(Why::Call),
            },
            Value::Class(class) => Value::Object(Box::new(Value::Class(class)), Some((call, at))),
            Value::Function(function, bound) => self.returned(function, bound, call, at),
            _ => Value::Unknown(Why::Call),
        }
    }

    fn dictionary(&self, call: &'a ExprCall, at: At) -> Value<'a> {
        match (&*call.arguments.args, call.arguments.keywords.is_empty()) {
            ([argument], true) => self.value(argument, at),
            _ => Value::DictCall(call, at),
        }
    }

    /// What a plain function of the project returns, its parameters replaced by the arguments of this call.
    fn returned(&self, function: At, bound: bool, call: &'a ExprCall, at: At) -> Value<'a> {
        let scope = self.project.scope(function);
        let Some(definition) = scope.function() else {
            return Value::Unknown(Why::Call);
        };
        // a decorated function gives what its decorator makes of it: a task's result, say
        if !definition.decorator_list.is_empty()
            || scope.returns.is_empty()
            || scope.returns.len() > 4
        {
            return Value::Unknown(Why::Call);
        }
        let returned = scope
            .returns
            .iter()
            .map(|value| self.value(value, function))
            .collect();
        Value::any(returned).map(&mut |value| match value {
            Value::Parameter(of, slot) if of == function => {
                match self.argument(call, bound, function, slot) {
                    Some(argument) => self.value(argument, at),
                    None => Value::Unknown(Why::Call),
                }
            }
            value => value,
        })
    }

    /// `os.getenv(NAME, default)`
    fn environment_variable(&self, call: &'a ExprCall, at: At) -> Value<'a> {
        let Some(Value::Text(name)) = call
            .arguments
            .find_argument_value("key", 0)
            .map(|name| self.value(name, at))
        else {
            return Value::Unknown(Why::Expression);
        };
        if let Some(text) = self.environment.get(&name.text) {
            let (text, environment) = (text.clone(), Some(name.text));
            return Value::Text(Text { text, environment });
        }
        let Some(default) = call.arguments.find_argument_value("default", 1) else {
            return Value::Unknown(Why::Environment(name.text));
        };
        self.value(default, at).map(&mut |default| match default {
            Value::Text(text) => Value::Text(Text {
                environment: text.environment.or_else(|| Some(name.text.clone())),
                text: text.text,
            }),
            Value::Nothing => Value::Unknown(Why::Environment(name.text.clone())),
            other => other,
        })
    }

    /// `os.environ[NAME]`
    pub(super) fn environment_entry(&self, name: &str) -> Value<'a> {
        match self.environment.get(name) {
            Some(text) => Value::Text(Text {
                text: text.clone(),
                environment: Some(name.to_owned()),
            }),
            None => Value::Unknown(Why::Environment(name.to_owned())),
        }
    }

    /// What stands under a name in Airflow's context.
    pub(super) fn context_entry(name: &str) -> Value<'a> {
        match name {
            "conn" => Value::Accessor(Accessor::Connections),
            "var" => Value::Accessor(Accessor::Variables),
            _ => Value::Unknown(Why::Item),
        }
    }
}

/// Whether an import path is that of `Variable.get`.
pub(super) fn is_variable_get(path: &str) -> bool {
    path == "Variable.get" || path.starts_with("airflow.") && path.ends_with(".Variable.get")
}

/// Puts each text that a value may be behind each text so far; what is not a text makes the whole unknown.
fn append(texts: &mut Vec<Text>, value: &Value<'_>) {
    let mut appended = Vec::new();
    for alternative in value.alternatives() {
        let Value::Text(next) = alternative else {
            texts.clear();
            return;
        };
        for text in texts.iter() {
            let environment = text
                .environment
                .clone()
                .or_else(|| next.environment.clone());
            let text = format!("{}{}", text.text, next.text);
            appended.push(Text { text, environment });
        }
        if appended.len() >= MAX_ALTERNATIVES {
            break;
        }
    }
    appended.truncate(MAX_ALTERNATIVES);
    *texts = appended;
}

fn of_texts<'a>(texts: Vec<Text>) -> Value<'a> {
    match texts.is_empty() {
        true => Value::Unknown(Why::Parts),
        false => Value::any(texts.into_iter().map(Value::Text).collect()),
    }
}
