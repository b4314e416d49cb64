//! The forms of calls that use an id: look-ups, hooks and operators with their parameters, calls of the project's own functions.
//!
//! The surprising rule: `get_connection` is a look-up only on something that is a hook or Airflow's own; a REST client has one, too.

use ruff_python_ast::{Expr, ExprAttribute, ExprCall};
use ruff_text_size::Ranged;

use super::evaluate::is_variable_get;
use super::found::{LocalCall, Manner, Passed, Target};
use super::project::At;
use super::provider_defaults;
use super::reference::Via;
use super::value::{Accessor, Value};
use super::visit::FileVisitor;
use crate::airflow_version::AirflowVersion;
use crate::secret_kind::SecretKind;

/// Methods that look up the connection of their first argument.
const CONNECTION_LOOKUPS: [&str; 4] = [
    "get_connection",
    "get_connections",
    "get_hook",
    "get_connection_from_secrets",
];
/// Methods that only change how a task runs.
const TASK_METHODS: [&str; 4] = ["partial", "override", "expand", "expand_kwargs"];

impl<'a> FileVisitor<'_, 'a> {
    /// Takes down what a call uses.
    pub(super) fn call(&mut self, call: &'a ExprCall) {
        if let Some(paths) = call.arguments.find_keyword("template_searchpath") {
            self.note_search_paths(&paths.value);
        }
        if let Expr::Attribute(function) = &*call.func {
            if self.lookup(function, call) {
                return;
            }
            self.note_expansion(function, call);
        }
        if let Some(keyword) = call.arguments.find_keyword("default_args") {
            self.imported_default_args(&keyword.value);
        }
        let target = self.target(call);
        for alternative in target.alternatives() {
            match alternative {
                Value::External(path) => self.call_of_external(path, call),
                Value::Class(class) => self.call_of_class(*class, call),
                Value::Function(function, bound) => {
                    self.local_call(*function, *bound, call, Target::Function)
                }
                _ => {}
            }
        }
        self.keywords(&target, call);
    }

    /// What is called; the task behind `task.partial`, `task.override(...)` and `task.expand`.
    fn target(&self, call: &'a ExprCall) -> Value<'a> {
        match &*call.func {
            Expr::Attribute(function) if TASK_METHODS.contains(&function.attr.as_str()) => {
                let mut task = &*function.value;
                while let Expr::Call(inner) = task
                    && let Expr::Attribute(function) = &*inner.func
                    && TASK_METHODS.contains(&function.attr.as_str())
                {
                    task = &function.value;
                }
                self.value(task)
            }
            // `task.override(...)(...)`
            Expr::Call(inner) if is_method(inner, "override") || is_method(inner, "partial") => {
                self.target(inner)
            }
            function => self.value(function),
        }
    }

    /// `Variable.get(...)`, `BaseHook.get_connection(...)`, `context["conn"].get(...)`.
    fn lookup(&mut self, function: &'a ExprAttribute, call: &'a ExprCall) -> bool {
        let name = function.attr.as_str();
        if !matches!(name, "get" | "setdefault" | "get_variable_from_secrets")
            && !CONNECTION_LOOKUPS.contains(&name)
        {
            return false;
        }
        let arguments = &call.arguments;
        let receiver = self.value(&function.value);
        for receiver in receiver.alternatives() {
            let (kind, id, optional) = match (receiver, name) {
                (Value::External(path), "get" | "setdefault" | "get_variable_from_secrets")
                    if is_variable_get(&format!("{path}.get")) =>
                {
                    let default = ["default_var", "default"]
                        .iter()
                        .any(|name| arguments.find_keyword(name).is_some());
                    let optional = default || arguments.find_positional(1).is_some();
                    (
                        SecretKind::Variable,
                        arguments.find_argument_value("key", 0),
                        optional,
                    )
                }
                (Value::External(path), "get") if is_connection_class(path) => (
                    SecretKind::Connection,
                    arguments.find_argument_value("conn_id", 0),
                    false,
                ),
                (Value::Accessor(Accessor::Connections), "get") => {
                    // a connection that is not there is None
                    (SecretKind::Connection, arguments.find_positional(0), true)
                }
                (Value::Accessor(Accessor::VariableValues), "get") => {
                    let with_default = arguments.find_argument_value("default_var", 1).is_some();
                    let optional = with_default || self.version >= AirflowVersion::V3_0;
                    (
                        SecretKind::Variable,
                        arguments.find_argument_value("item", 0),
                        optional,
                    )
                }
                (receiver, name)
                    if CONNECTION_LOOKUPS.contains(&name)
                        && self.looks_up_connections(receiver, &function.value) =>
                {
                    (
                        SecretKind::Connection,
                        arguments.find_argument_value("conn_id", 0),
                        false,
                    )
                }
                _ => continue,
            };
            if let Some(id) = id {
                let value = self.value(id);
                let site = self.lookup_site(id.start().to_usize());
                let manner = Manner {
                    kind,
                    via: Via::Call,
                    optional,
                    tell_dynamic: true,
                };
                self.found.take(&value, site, manner);
            }
            return true;
        }
        false
    }

    /// Whether `get_connection` of this asks Airflow.
    fn looks_up_connections(&self, receiver: &Value<'a>, written: &'a Expr) -> bool {
        match receiver {
            Value::External(path) => {
                is_airflows(path) || path.ends_with("Hook") || is_connection_class(path)
            }
            Value::Class(class) => {
                self.evaluator.is_hook(*class)
                    && self
                        .evaluator
                        .class_attribute(*class, "get_connection", true)
                        .is_none()
            }
            Value::Object(class, _) => self.looks_up_connections(class, written),
            Value::Unknown(_) | Value::Parameter(..) => {
                last_name(written).is_some_and(|name| name.to_ascii_lowercase().ends_with("hook"))
            }
            _ => false,
        }
    }

    /// `task.partial(...).expand(...)`: what `expand` gives is given to the task, too.
    fn note_expansion(&mut self, function: &'a ExprAttribute, call: &'a ExprCall) {
        if matches!(function.attr.as_str(), "expand" | "expand_kwargs")
            && let Expr::Call(inner) = &*function.value
        {
            self.expanded = Some((inner.start().to_usize(), &call.arguments));
        }
    }

    fn call_of_external(&mut self, path: &str, call: &'a ExprCall) {
        if path == "functools.partial" || path == "partial" {
            self.partial(call);
            return;
        }
        if path.ends_with(".ObjectStoragePath") || path == "ObjectStoragePath" {
            self.object_storage(call);
        }
        if let Some(callable) = call.arguments.find_keyword("python_callable") {
            self.operator_callable(&callable.value, call);
        }
        // `expand` is looked at with the `partial` before it
        if is_method(call, "expand") || is_method(call, "expand_kwargs") {
            return;
        }
        match provider_defaults::parameters_of(path) {
            Some(parameters) => self.connection_parameters(&parameters, call),
            None if is_hook_path(path) => self.unknown_hook(call),
            None => {}
        }
    }

    /// A call of a function of the project: what its parameters are used for is known when all files are.
    pub(super) fn local_call(
        &mut self,
        function: At,
        bound: bool,
        call: &'a ExprCall,
        target: Target,
    ) {
        let passed = match is_method(call, "expand") {
            true => Passed::Expanded(&call.arguments),
            false => Passed::Call(&call.arguments),
        };
        let site = self.site(name_offset(&call.func));
        self.found.calls.push(LocalCall {
            function,
            bound,
            passed,
            site,
            target,
        });
    }

    /// `partial(f, ...)`
    fn partial(&mut self, call: &'a ExprCall) {
        let Some(first) = call.arguments.find_positional(0) else {
            return;
        };
        if let Value::Function(function, bound) = self.value(first) {
            let site = self.site(first.start().to_usize());
            let passed = Passed::Partial(&call.arguments);
            self.found.calls.push(LocalCall {
                function,
                bound,
                passed,
                site,
                target: Target::Function,
            });
        }
    }

    /// `PythonOperator(python_callable=f, op_kwargs={...})`
    fn operator_callable(&mut self, callable: &'a Expr, call: &'a ExprCall) {
        if let Value::Function(function, bound) = self.value(callable) {
            let keyword = |name| {
                call.arguments
                    .find_keyword(name)
                    .map(|keyword| &keyword.value)
            };
            let passed = Passed::Operator {
                args: keyword("op_args"),
                kwargs: keyword("op_kwargs"),
            };
            let site = self.site(callable.start().to_usize());
            self.found.calls.push(LocalCall {
                function,
                bound,
                passed,
                site,
                target: Target::Function,
            });
        }
    }
}

/// `something.name(...)`
pub(super) fn is_method(call: &ExprCall, name: &str) -> bool {
    matches!(&*call.func, Expr::Attribute(function) if function.attr.as_str() == name)
}

pub(super) fn is_airflows(path: &str) -> bool {
    path == "airflow" || path.starts_with("airflow.")
}

fn is_connection_class(path: &str) -> bool {
    path == "Connection" || is_airflows(path) && path.ends_with(".Connection")
}

/// Whether a path leads to a hook: by its name, out of a package that is about Airflow.
fn is_hook_path(path: &str) -> bool {
    path.ends_with("Hook")
        && (path.contains("airflow") || path.contains("hook") || path.contains("provider"))
}

/// The last name of what is written: `c` of `a.b.c`.
pub(super) fn last_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(name) => Some(&name.id),
        Expr::Attribute(attribute) => Some(&attribute.attr),
        Expr::Call(call) => last_name(&call.func),
        _ => None,
    }
}

/// Where the name of what is called stands: of the task for `Task.partial(...)`.
pub(super) fn name_offset(function: &Expr) -> usize {
    match function {
        Expr::Attribute(method) if TASK_METHODS.contains(&method.attr.as_str()) => {
            name_offset(&method.value)
        }
        Expr::Attribute(attribute) => attribute.attr.start().to_usize(),
        Expr::Call(call) => name_offset(&call.func),
        function => function.start().to_usize(),
    }
}
