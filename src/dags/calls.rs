//! The forms of calls that use an id: look-ups, hooks and operators with their parameters, calls of the project's own functions.
//!
//! The surprising rule: `get_connection` is a look-up only on something that is a hook or Airflow's own; a REST client has one, too.

use ruff_python_ast::{Arguments, Expr, ExprAttribute, ExprCall, ExprDict, ExprSubscript};
use ruff_text_size::Ranged;

use super::evaluate::is_variable_get;
use super::found::{LocalCall, Manner, Passed, Target};
use super::parameters::{manages_connections, names_connection, takes_connection_id};
use super::project::At;
use super::provider_defaults::{self, ConnectionParameter};
use super::reference::Via;
use super::scope::elements;
use super::value::{Accessor, Value};
use super::visit::FileVisitor;
use crate::airflow_version::AirflowVersion;
use crate::secret_kind::SecretKind;

/// Methods that look up the connection of their first argument.
const CONNECTION_LOOKUPS: [&str; 4] = ["get_connection", "get_connections", "get_hook", "get_connection_from_secrets"];
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
                Value::Function(function, bound) => self.local_call(*function, *bound, call, Target::Function),
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
            Expr::Call(inner) if is_method(inner, "override") || is_method(inner, "partial") => self.target(inner),
            function => self.value(function),
        }
    }

    /// `Variable.get(...)`, `BaseHook.get_connection(...)`, `context["conn"].get(...)`.
    fn lookup(&mut self, function: &'a ExprAttribute, call: &'a ExprCall) -> bool {
        let name = function.attr.as_str();
        if !matches!(name, "get" | "setdefault" | "get_variable_from_secrets") && !CONNECTION_LOOKUPS.contains(&name) {
            return false;
        }
        let arguments = &call.arguments;
        let receiver = self.value(&function.value);
        for receiver in receiver.alternatives() {
            let (kind, id, optional) = match (receiver, name) {
                (Value::External(path), "get" | "setdefault" | "get_variable_from_secrets") if is_variable_get(&format!("{path}.get")) => {
                    let default = ["default_var", "default"].iter().any(|name| arguments.find_keyword(name).is_some());
                    let optional = default || arguments.find_positional(1).is_some();
                    (SecretKind::Variable, arguments.find_argument_value("key", 0), optional)
                }
                (Value::External(path), "get") if is_connection_class(path) => {
                    (SecretKind::Connection, arguments.find_argument_value("conn_id", 0), false)
                }
                (Value::Accessor(Accessor::Connections), "get") => {
                    // a connection that is not there is None
                    (SecretKind::Connection, arguments.find_positional(0), true)
                }
                (Value::Accessor(Accessor::VariableValues), "get") => {
                    let with_default = arguments.find_argument_value("default_var", 1).is_some();
                    let optional = with_default || self.version >= AirflowVersion::V3_0;
                    (SecretKind::Variable, arguments.find_argument_value("item", 0), optional)
                }
                (receiver, name) if CONNECTION_LOOKUPS.contains(&name) && self.looks_up_connections(receiver, &function.value) => {
                    (SecretKind::Connection, arguments.find_argument_value("conn_id", 0), false)
                }
                _ => continue,
            };
            if let Some(id) = id {
                let value = self.value(id);
                let site = self.lookup_site(id.start().to_usize());
                let manner = Manner { kind, via: Via::Call, optional, tell_dynamic: true };
                self.found.take(&value, site, manner);
            }
            return true;
        }
        false
    }

    /// Whether `get_connection` of this asks Airflow.
    fn looks_up_connections(&self, receiver: &Value<'a>, written: &'a Expr) -> bool {
        match receiver {
            Value::External(path) => is_airflows(path) || path.ends_with("Hook") || is_connection_class(path),
            Value::Class(class) => self.evaluator.is_hook(*class) && self.evaluator.class_attribute(*class, "get_connection", true).is_none(),
            Value::Object(class, _) => self.looks_up_connections(class, written),
            Value::Unknown(_) | Value::Parameter(..) => last_name(written).is_some_and(|name| name.to_ascii_lowercase().ends_with("hook")),
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

    /// The connection parameters of a known class: given by position, by a keyword of another name, or not at all.
    fn connection_parameters(&mut self, parameters: &[ConnectionParameter], call: &'a ExprCall) {
        // a parameter that the table does not know is one of another release, with other defaults
        let unknown = call.arguments.keywords.iter().filter_map(|keyword| keyword.arg.as_ref()).any(|name| {
            names_connection(name) && parameters.iter().all(|parameter| parameter.name != name.as_str())
        });
        for parameter in parameters {
            if let Some(keyword) = call.arguments.find_keyword(parameter.name) {
                if !names_connection(parameter.name) {
                    self.take(&keyword.value, Manner::connection(Via::Keyword));
                }
                continue;
            }
            if let Some(position) = parameter.position
                && let Some(argument) = call.arguments.find_positional(position)
            {
                self.take(argument, Manner::connection(Via::Positional));
                continue;
            }
            if let Some(default) = parameter.default
                && !unknown
                && !self.may_be_given(parameter, call)
            {
                self.take_default(default, call);
            }
        }
    }

    pub(super) fn take_default(&mut self, default: &str, call: &'a ExprCall) {
        let site = self.site(name_offset(&call.func));
        let manner = Manner { tell_dynamic: false, ..Manner::connection(Via::Default) };
        self.found.take(&Value::text(default), site, manner);
    }

    /// The connection ids of `default_args` that another module holds are used here.
    fn imported_default_args(&mut self, expr: &'a Expr) {
        if let Value::Container(Expr::Dict(dict), at) = self.value(expr)
            && at.module != self.at.module
        {
            for item in &dict.items {
                if matches!(&item.key, Some(Expr::StringLiteral(key)) if names_connection(key.value.to_str())) {
                    let value = self.evaluator.value(&item.value, at);
                    let manner = Manner { tell_dynamic: false, ..Manner::connection(Via::Mapping) };
                    self.found.take(&value, self.site(expr.start().to_usize()), manner);
                }
            }
        }
    }

    /// Whether a parameter is given by a spread, by `expand`, or by the `default_args` around.
    fn may_be_given(&self, parameter: &ConnectionParameter, call: &'a ExprCall) -> bool {
        let arguments = &call.arguments;
        let by_position = parameter.position.is_some() && arguments.args.iter().any(Expr::is_starred_expr);
        by_position
            || self.spreads(arguments, parameter.name)
            || self.expands(call, parameter.name)
            || self.in_default_args(parameter.name, arguments)
    }

    fn spreads(&self, arguments: &'a Arguments, name: &str) -> bool {
        let mut spread = arguments.keywords.iter().filter(|keyword| keyword.arg.is_none());
        spread.any(|keyword| self.evaluator.spread_entry(&keyword.value, name, self.at).is_some())
    }

    fn expands(&self, call: &'a ExprCall, name: &str) -> bool {
        match self.expanded {
            Some((offset, arguments)) if offset == call.start().to_usize() => {
                // what `expand_kwargs` goes through is a list of dictionaries
                arguments.find_keyword(name).is_some() || !arguments.args.is_empty()
            }
            _ => false,
        }
    }

    fn in_default_args(&self, name: &str, arguments: &'a Arguments) -> bool {
        let own = arguments.find_keyword("dag").and_then(|keyword| match self.value(&keyword.value) {
            Value::Object(_, Some((dag, at))) => Some((&dag.arguments.find_keyword("default_args")?.value, at)),
            _ => None,
        });
        let direct = arguments.find_keyword("default_args").map(|keyword| (&keyword.value, self.at));
        let mut all = self.default_args.iter().copied().chain(own).chain(direct);
        all.any(|(expr, at)| {
            let value = self.evaluator.value(expr, at);
            let told = matches!(value, Value::Container(..) | Value::DictCall(..) | Value::Any(_));
            told && self.evaluator.entry(&value, Some(expr), name, at).is_some()
        })
    }

    /// A hook from a package that is not in the table takes its id first.
    fn unknown_hook(&mut self, call: &'a ExprCall) {
        if let Some(first) = call.arguments.find_positional(0) {
            let value = self.value(first);
            let named = last_name(first).is_some_and(|name| name.to_ascii_lowercase().contains("conn"));
            let manner = Manner { tell_dynamic: named, ..Manner::connection(Via::Positional) };
            self.found.take(&value, self.site(first.start().to_usize()), manner);
        }
    }

    /// `ObjectStoragePath("s3://conn_id@bucket/path")`
    fn object_storage(&mut self, call: &'a ExprCall) {
        let Some(url) = call.arguments.find_positional(0) else { return };
        for alternative in self.value(url).alternatives() {
            if let Value::Text(text) = alternative
                && let Some((_, rest)) = text.text.split_once("://")
                && let Some((id, _)) = rest.split('/').next().and_then(|host| host.split_once('@'))
            {
                let site = self.site(url.start().to_usize());
                self.found.take(&Value::text(id), site, Manner::connection(Via::Positional));
            }
        }
    }

    fn call_of_class(&mut self, class: At, call: &'a ExprCall) {
        match self.evaluator.constructor(class) {
            Some((function, bound)) => {
                self.local_call(function, bound, call, self.kind_of(class));
                let parameters = self.inherited_parameters(class, function);
                self.connection_parameters(&parameters, call);
            }
            None => {
                let parameters = self.outside_parameters(class);
                self.connection_parameters(&parameters, call);
            }
        }
    }

    /// Whether a class of the project is one of Airflow's kinds: a base that is not of the project says so.
    fn kind_of(&self, class: At) -> Target {
        let bases = self.evaluator.with_bases(class).into_iter().flat_map(|class| self.evaluator.bases(class));
        let mut outside = bases.filter_map(|base| match base {
            Value::External(path) => Some(path),
            _ => None,
        });
        let is_airflows = |path: String| is_airflows(&path) || ["Hook", "Operator", "Sensor", "Notifier"].iter().any(|kind| path.ends_with(kind));
        if outside.any(is_airflows) { Target::AirflowClass } else { Target::Class }
    }

    /// The connection parameters of the first base outside the project that is known.
    fn outside_parameters(&self, class: At) -> Vec<ConnectionParameter> {
        let bases = self.evaluator.with_bases(class).into_iter().flat_map(|class| self.evaluator.bases(class));
        let mut known = bases.filter_map(|base| match base {
            Value::External(path) => provider_defaults::parameters_of(&path),
            _ => None,
        });
        known.next().unwrap_or_default()
    }

    /// Those that a constructor hands on in `**kwargs`: neither its own nor fixed by it.
    fn inherited_parameters(&self, class: At, constructor: At) -> Vec<ConnectionParameter> {
        let Some(function) = self.evaluator.project.scope(constructor).function() else {
            return Vec::new();
        };
        if function.parameters.kwarg.is_none() {
            return Vec::new();
        }
        let own = |name: &str| function.parameters.iter_non_variadic_params().any(|own| own.name().as_str() == name);
        let fixed = keywords_of_super(&function.body);
        let outside = self.outside_parameters(class).into_iter();
        let kept = outside.filter(|parameter| !own(parameter.name) && !fixed.contains(&parameter.name));
        kept.map(|parameter| ConnectionParameter { position: None, ..parameter }).collect()
    }

    /// A call of a function of the project: what its parameters are used for is known when all files are.
    fn local_call(&mut self, function: At, bound: bool, call: &'a ExprCall, target: Target) {
        let passed = match is_method(call, "expand") {
            true => Passed::Expanded(&call.arguments),
            false => Passed::Call(&call.arguments),
        };
        let site = self.site(name_offset(&call.func));
        self.found.calls.push(LocalCall { function, bound, passed, site, target });
    }

    /// `partial(f, ...)`
    fn partial(&mut self, call: &'a ExprCall) {
        let Some(first) = call.arguments.find_positional(0) else { return };
        if let Value::Function(function, bound) = self.value(first) {
            let site = self.site(first.start().to_usize());
            let passed = Passed::Partial(&call.arguments);
            self.found.calls.push(LocalCall { function, bound, passed, site, target: Target::Function });
        }
    }

    /// `PythonOperator(python_callable=f, op_kwargs={...})`
    fn operator_callable(&mut self, callable: &'a Expr, call: &'a ExprCall) {
        if let Value::Function(function, bound) = self.value(callable) {
            let keyword = |name| call.arguments.find_keyword(name).map(|keyword| &keyword.value);
            let passed = Passed::Operator { args: keyword("op_args"), kwargs: keyword("op_kwargs") };
            let site = self.site(callable.start().to_usize());
            self.found.calls.push(LocalCall { function, bound, passed, site, target: Target::Function });
        }
    }

    /// `conn_id=...` of whatever is called.
    fn keywords(&mut self, target: &Value<'a>, call: &'a ExprCall) {
        let name = last_name(&call.func).unwrap_or_default();
        if manages_connections(name) {
            return;
        }
        let via = if name == "dict" { Via::Mapping } else { Via::Keyword };
        for keyword in &call.arguments.keywords {
            let Some(parameter) = &keyword.arg else { continue };
            let is_connection = names_connection(parameter)
                || parameter == "connection_id" && (takes_connection_id(name) || self.takes_connection_id(target, &call.func));
            if !is_connection {
                continue;
            }
            // a parameter that is handed on is told of where it is looked up
            let to_airflow = matches!(target, Value::Class(class) if self.kind_of(*class) == Target::AirflowClass);
            let handed_on = !to_airflow && self.is_own_parameter(target, parameter) && matches!(self.value(&keyword.value), Value::Parameter(..));
            let tell_dynamic = via == Via::Keyword && !handed_on;
            let manner = Manner { tell_dynamic, ..Manner::connection(via) };
            match is_method(call, "expand") {
                true => self.take_elements(&keyword.value, manner),
                false => self.take(&keyword.value, manner),
            }
        }
    }

    fn take_elements(&mut self, list: &'a Expr, manner: Manner) {
        let site = self.site(list.start().to_usize());
        match self.value(list) {
            Value::Container(Expr::List(list), at) => {
                for element in &list.elts {
                    let value = self.evaluator.value(element, at);
                    let here = if at == self.at { self.site(element.start().to_usize()) } else { site };
                    self.found.take(&value, here, manner);
                }
            }
            value => self.found.take(&value, site, manner),
        }
    }

    fn takes_connection_id(&self, target: &Value<'a>, written: &'a Expr) -> bool {
        match target {
            Value::External(path) => takes_connection_id(path),
            Value::Class(class) => {
                let bases = self.evaluator.bases(*class);
                bases.iter().any(|base| matches!(base, Value::External(path) if takes_connection_id(path)))
            }
            Value::Any(values) => values.iter().any(|value| self.takes_connection_id(value, written)),
            _ => false,
        }
    }

    /// Whether a function of the project has this parameter, so that the look-up is told of where it stands.
    fn is_own_parameter(&self, target: &Value<'a>, name: &str) -> bool {
        let function = match target {
            Value::Function(function, _) => *function,
            Value::Class(class) => match self.evaluator.constructor(*class) {
                Some((function, _)) => function,
                None => return false,
            },
            _ => return false,
        };
        let scope = self.evaluator.project.scope(function);
        let mut parameters = scope.function().into_iter().flat_map(|function| function.parameters.iter_non_variadic_params());
        scope.fields.contains(&name) || parameters.any(|own| own.name().as_str() == name)
    }

    /// `{"conn_id": "x"}`, unless the dictionary describes a connection that is made.
    pub(super) fn mapping(&mut self, dict: &'a ExprDict) {
        let key = |item: &'a ruff_python_ast::DictItem| match &item.key {
            Some(Expr::StringLiteral(literal)) => Some(literal.value.to_str()),
            _ => None,
        };
        let describes = dict.items.iter().filter_map(key).any(|key| matches!(key, "conn_type" | "connection_type"));
        for item in &dict.items {
            if let Some(key) = key(item)
                && names_connection(key)
                && !describes
            {
                let manner = Manner { tell_dynamic: false, ..Manner::connection(Via::Mapping) };
                self.take(&item.value, manner);
            }
        }
    }

    /// `default_args["conn_id"] = "x"`
    pub(super) fn assigned_entry(&mut self, target: &'a Expr, value: &'a Expr) {
        if let Expr::Subscript(subscript) = target
            && let Expr::StringLiteral(key) = &*subscript.slice
            && names_connection(key.value.to_str())
        {
            let manner = Manner { tell_dynamic: false, ..Manner::connection(Via::Mapping) };
            self.take(value, manner);
        }
    }

    /// `context["var"]["value"].name`, `context["conn"].name`
    pub(super) fn accessor_attribute(&mut self, attribute: &'a ExprAttribute) {
        if !matches!(&*attribute.value, Expr::Subscript(_) | Expr::Name(_) | Expr::Attribute(_)) || attribute.attr.as_str() == "get" {
            return;
        }
        let accessor = self.value(&attribute.value);
        self.accessor_use(&accessor, &Value::text(attribute.attr.as_str()), attribute.attr.start().to_usize());
    }

    /// `context["var"]["value"]["name"]`, `context["conn"]["name"]`
    pub(super) fn accessor_item(&mut self, subscript: &'a ExprSubscript) {
        let accessor = self.value(&subscript.value);
        if matches!(accessor, Value::Accessor(_)) {
            let key = self.value(&subscript.slice);
            self.accessor_use(&accessor, &key, subscript.slice.start().to_usize());
        }
    }

    fn accessor_use(&mut self, accessor: &Value<'a>, key: &Value<'a>, offset: usize) {
        let kind = match accessor {
            Value::Accessor(Accessor::Connections) => SecretKind::Connection,
            Value::Accessor(Accessor::VariableValues) => SecretKind::Variable,
            _ => return,
        };
        let manner = Manner { kind, via: Via::Call, optional: false, tell_dynamic: true };
        let site = self.lookup_site(offset);
        self.found.take(key, site, manner);
    }

    /// Folders that a DAG reads its templates from, as far as they are known.
    fn note_search_paths(&mut self, paths: &'a Expr) {
        for path in elements(paths) {
            self.note_search_paths(path);
        }
        if let Expr::FString(format) = paths {
            // what comes before is the root of a project more often than not
            let known = format.value.elements().map(|element| element.as_literal().map_or("", |literal| &*literal.value));
            self.found.search_paths.push(known.collect());
            return;
        }
        match self.value(paths) {
            Value::Text(text) => self.found.search_paths.push(text.text),
            Value::Container(list, at) if at == self.at && !std::ptr::eq(list, paths) => self.note_search_paths(list),
            _ => {}
        }
    }
}

/// `something.name(...)`
fn is_method(call: &ExprCall, name: &str) -> bool {
    matches!(&*call.func, Expr::Attribute(function) if function.attr.as_str() == name)
}

fn is_airflows(path: &str) -> bool {
    path == "airflow" || path.starts_with("airflow.")
}

fn is_connection_class(path: &str) -> bool {
    path == "Connection" || is_airflows(path) && path.ends_with(".Connection")
}

/// Whether a path leads to a hook: by its name, out of a package that is about Airflow.
fn is_hook_path(path: &str) -> bool {
    path.ends_with("Hook") && (path.contains("airflow") || path.contains("hook") || path.contains("provider"))
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
fn name_offset(function: &Expr) -> usize {
    match function {
        Expr::Attribute(method) if TASK_METHODS.contains(&method.attr.as_str()) => name_offset(&method.value),
        Expr::Attribute(attribute) => attribute.attr.start().to_usize(),
        Expr::Call(call) => name_offset(&call.func),
        function => function.start().to_usize(),
    }
}

/// The keywords that a constructor fixes in `super().__init__(...)`.
fn keywords_of_super(body: &[ruff_python_ast::Stmt]) -> Vec<&str> {
    let calls = body.iter().filter_map(|stmt| match stmt {
        ruff_python_ast::Stmt::Expr(expr) => expr.value.as_call_expr(),
        _ => None,
    });
    let of_super = calls.filter(|call| is_method(call, "__init__"));
    let names = of_super.flat_map(|call| call.arguments.keywords.iter().filter_map(|keyword| keyword.arg.as_ref()));
    names.map(|name| name.as_str()).collect()
}
