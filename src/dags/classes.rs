//! Hooks, operators and other classes: their parameters that take a connection id, and the ids they have by default.
//!
//! The surprising rule: a default counts only if nothing may give the id: no keyword or position, no spread, no `expand`, no
//! `default_args` of the DAG or task group around.

use ruff_python_ast::{Arguments, Expr, ExprCall};
use ruff_text_size::Ranged;

use super::calls::{is_airflows, is_method, last_name, name_offset};
use super::found::{Manner, Target};
use super::parameters::names_connection;
use super::project::At;
use super::provider_defaults::{self, ConnectionParameter};
use super::reference::Via;
use super::value::Value;
use super::visit::FileVisitor;

impl<'a> FileVisitor<'_, 'a> {
    /// The connection parameters of a known class: given by position, by a keyword of another name, or not at all.
    pub(super) fn connection_parameters(
        &mut self,
        parameters: &[ConnectionParameter],
        call: &'a ExprCall,
    ) {
        // a parameter that the table does not know is one of another release, with other defaults
        let unknown = call
            .arguments
            .keywords
            .iter()
            .filter_map(|keyword| keyword.arg.as_ref())
            .any(|name| {
                names_connection(name)
                    && parameters
                        .iter()
                        .all(|parameter| parameter.name != name.as_str())
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
        let manner = Manner {
            tell_dynamic: false,
            ..Manner::connection(Via::Default)
        };
        self.found.take(&Value::text(default), site, manner);
    }

    /// The connection ids of `default_args` that another module holds are used here.
    pub(super) fn imported_default_args(&mut self, expr: &'a Expr) {
        if let Value::Container(Expr::Dict(dict), at) = self.value(expr)
            && at.module != self.at.module
        {
            for item in &dict.items {
                if matches!(&item.key, Some(Expr::StringLiteral(key)) if names_connection(key.value.to_str()))
                {
                    let value = self.evaluator.value(&item.value, at);
                    let manner = Manner {
                        tell_dynamic: false,
                        ..Manner::connection(Via::Mapping)
                    };
                    self.found
                        .take(&value, self.site(expr.start().to_usize()), manner);
                }
            }
        }
    }

    /// Whether a parameter is given by a spread, by `expand`, or by the `default_args` around.
    fn may_be_given(&self, parameter: &ConnectionParameter, call: &'a ExprCall) -> bool {
        let arguments = &call.arguments;
        let by_position =
            parameter.position.is_some() && arguments.args.iter().any(Expr::is_starred_expr);
        by_position
            || self.spreads(arguments, parameter.name)
            || self.expands(call, parameter.name)
            || self.in_default_args(parameter.name, arguments)
    }

    fn spreads(&self, arguments: &'a Arguments, name: &str) -> bool {
        let mut spread = arguments
            .keywords
            .iter()
            .filter(|keyword| keyword.arg.is_none());
        spread.any(|keyword| {
            self.evaluator
                .spread_entry(&keyword.value, name, self.at)
                .is_some()
        })
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
        let own =
            arguments
                .find_keyword("dag")
                .and_then(|keyword| match self.value(&keyword.value) {
                    Value::Object(_, Some((dag, at))) => {
                        Some((&dag.arguments.find_keyword("default_args")?.value, at))
                    }
                    _ => None,
                });
        let direct = arguments
            .find_keyword("default_args")
            .map(|keyword| (&keyword.value, self.at));
        let mut all = self.default_args.iter().copied().chain(own).chain(direct);
        all.any(|(expr, at)| {
            let value = self.evaluator.value(expr, at);
            let told = matches!(
                value,
                Value::Container(..) | Value::DictCall(..) | Value::Any(_)
            );
            told && self.evaluator.entry(&value, Some(expr), name, at).is_some()
        })
    }

    /// A hook from a package that is not in the table takes its id first.
    pub(super) fn unknown_hook(&mut self, call: &'a ExprCall) {
        if let Some(first) = call.arguments.find_positional(0) {
            let value = self.value(first);
            let named =
                last_name(first).is_some_and(|name| name.to_ascii_lowercase().contains("conn"));
            let manner = Manner {
                tell_dynamic: named,
                ..Manner::connection(Via::Positional)
            };
            self.found
                .take(&value, self.site(first.start().to_usize()), manner);
        }
    }

    /// `ObjectStoragePath("s3://conn_id@bucket/path")`
    pub(super) fn object_storage(&mut self, call: &'a ExprCall) {
        let Some(url) = call.arguments.find_positional(0) else {
            return;
        };
        for alternative in self.value(url).alternatives() {
            if let Value::Text(text) = alternative
                && let Some((_, rest)) = text.text.split_once("://")
                && let Some((id, _)) = rest.split('/').next().and_then(|host| host.split_once('@'))
            {
                let site = self.site(url.start().to_usize());
                self.found
                    .take(&Value::text(id), site, Manner::connection(Via::Positional));
            }
        }
    }

    pub(super) fn call_of_class(&mut self, class: At, call: &'a ExprCall) {
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
    pub(super) fn kind_of(&self, class: At) -> Target {
        let bases = self
            .evaluator
            .with_bases(class)
            .into_iter()
            .flat_map(|class| self.evaluator.bases(class));
        let mut outside = bases.filter_map(|base| match base {
            Value::External(path) => Some(path),
            _ => None,
        });
        let is_airflows = |path: String| {
            is_airflows(&path)
                || ["Hook", "Operator", "Sensor", "Notifier"]
                    .iter()
                    .any(|kind| path.ends_with(kind))
        };
        if outside.any(is_airflows) {
            Target::AirflowClass
        } else {
            Target::Class
        }
    }

    /// The connection parameters of the first base outside the project that is known.
    fn outside_parameters(&self, class: At) -> Vec<ConnectionParameter> {
        let bases = self
            .evaluator
            .with_bases(class)
            .into_iter()
            .flat_map(|class| self.evaluator.bases(class));
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
        let own = |name: &str| {
            function
                .parameters
                .iter_non_variadic_params()
                .any(|own| own.name().as_str() == name)
        };
        let fixed = keywords_of_super(&function.body);
        let outside = self.outside_parameters(class).into_iter();
        let kept =
            outside.filter(|parameter| !own(parameter.name) && !fixed.contains(&parameter.name));
        kept.map(|parameter| ConnectionParameter {
            position: None,
            ..parameter
        })
        .collect()
    }
}

/// The keywords that a constructor fixes in `super().__init__(...)`.
fn keywords_of_super(body: &[ruff_python_ast::Stmt]) -> Vec<&str> {
    let calls = body.iter().filter_map(|stmt| match stmt {
        ruff_python_ast::Stmt::Expr(expr) => expr.value.as_call_expr(),
        _ => None,
    });
    let of_super = calls.filter(|call| is_method(call, "__init__"));
    let names = of_super.flat_map(|call| {
        call.arguments
            .keywords
            .iter()
            .filter_map(|keyword| keyword.arg.as_ref())
    });
    names.map(|name| name.as_str()).collect()
}
