//! Going through a file: scopes, `try` blocks, the DAG around, and everything that may name an id.
//!
//! The surprising rule: docstrings and the texts of `doc_md` are passed over, as nobody renders them.

use std::collections::HashMap;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{
    Comprehension, ExceptHandler, Expr, Keyword, Parameters, Stmt, StmtClassDef, StmtFunctionDef,
    StmtTry, StmtWith,
};
use ruff_text_size::Ranged;

use super::evaluate::Evaluator;
use super::found::{Found, Manner, Sink, Site};
use super::parameters::names_connection;
use super::project::{At, ModuleId, Project};
use super::reference::Via;
use super::scope::{MODULE, Slot};
use super::value::Value;
use crate::airflow_version::AirflowVersion;
use crate::secret_kind::SecretKind;

/// Goes through one file.
pub(super) struct FileVisitor<'p, 'a> {
    pub evaluator: Evaluator<'p, 'a>,
    pub found: Found<'a>,
    pub at: At,
    pub version: AirflowVersion,
    guards: u32,
    in_documentation: bool,
    in_lambda: bool,
    /// The `default_args` of the DAGs and task groups around.
    pub default_args: Vec<(&'a Expr, At)>,
    /// The call that `.expand(...)` is called on, by its offset, and the arguments of `expand`.
    pub expanded: Option<(usize, &'a ruff_python_ast::Arguments)>,
}

/// Goes through a module of the project.
pub(super) fn visit<'a>(
    project: &Project<'a>,
    module: ModuleId,
    environment: &HashMap<String, String>,
    version: AirflowVersion,
) -> Found<'a> {
    let mut visitor = FileVisitor {
        evaluator: Evaluator::new(project, environment),
        found: Found::default(),
        at: At {
            module,
            scope: MODULE,
        },
        version,
        guards: 0,
        in_documentation: false,
        in_lambda: false,
        default_args: Vec::new(),
        expanded: None,
    };
    let file = project.module(module).file;
    visitor.visit_body(&file.python.tree.body);
    visitor.found.is_exhausted = visitor.evaluator.is_exhausted();
    visitor.found
}

impl<'a> FileVisitor<'_, 'a> {
    /// What an expression here is.
    pub(super) fn value(&self, expr: &'a Expr) -> Value<'a> {
        self.evaluator.value(expr, self.at)
    }

    /// A place here, where a task or a hook will look something up.
    pub(super) fn site(&self, offset: usize) -> Site {
        Site {
            at: self.at,
            offset,
            guarded: self.guards > 0,
            is_lookup: false,
        }
    }

    /// A place here where something is looked up at once.
    pub(super) fn lookup_site(&self, offset: usize) -> Site {
        Site {
            is_lookup: !self.in_lambda,
            ..self.site(offset)
        }
    }

    /// Takes down that an expression is used as an id.
    pub(super) fn take(&mut self, expr: &'a Expr, manner: Manner) {
        let value = self.value(expr);
        let site = self.site(expr.start().to_usize());
        self.found.take(&value, site, manner);
    }

    fn inside(&mut self, offset: usize, body: impl FnOnce(&mut Self)) {
        let scope = self.evaluator.scope_starting(self.at.module, offset);
        let outer = self.at;
        self.at.scope = scope.unwrap_or(MODULE);
        body(self);
        self.at = outer;
    }

    fn function(&mut self, function: &'a StmtFunctionDef) {
        for decorator in &function.decorator_list {
            self.visit_expr(&decorator.expression);
        }
        self.parameter_defaults(&function.parameters);
        let offset = function.start().to_usize();
        let scopes = self.default_args.len();
        for decorator in &function.decorator_list {
            self.enter_dag(&decorator.expression);
        }
        // what a `try` around a definition catches is not what its body raises
        let guards = std::mem::take(&mut self.guards);
        self.inside(offset, |visitor| {
            visitor.own_defaults(&function.parameters);
            visitor.visit_body(&function.body);
        });
        self.guards = guards;
        self.default_args.truncate(scopes);
    }

    fn parameter_defaults(&mut self, parameters: &'a Parameters) {
        for parameter in parameters.iter_non_variadic_params() {
            if let Some(default) = &parameter.default {
                self.visit_expr(default);
            }
        }
    }

    /// A parameter that is called like a connection id takes one, whatever is done with it.
    fn own_defaults(&mut self, parameters: &'a Parameters) {
        for (index, parameter) in parameters.iter_non_variadic_params().enumerate() {
            if parameter.default.is_some() && names_connection(parameter.name()) {
                let (function, slot) = (self.at, Slot::Index(index));
                self.found.sinks.push(Sink {
                    function,
                    slot,
                    kind: SecretKind::Connection,
                });
            }
        }
    }

    fn class(&mut self, class: &'a StmtClassDef) {
        for decorator in &class.decorator_list {
            self.visit_expr(&decorator.expression);
        }
        if let Some(arguments) = &class.arguments {
            self.visit_arguments(arguments);
        }
        self.inside(class.start().to_usize(), |visitor| {
            visitor.default_name_of_hook(class);
            visitor.own_fields(class);
            visitor.visit_body(&class.body);
        });
    }

    /// `default_conn_name = "..."` of a hook is what its parameter takes when nothing is given.
    fn default_name_of_hook(&mut self, class: &'a StmtClassDef) {
        for stmt in &class.body {
            let (target, value) = match stmt {
                Stmt::Assign(assign) if assign.targets.len() == 1 => {
                    (&assign.targets[0], &*assign.value)
                }
                Stmt::AnnAssign(assign) if assign.value.is_some() => (
                    &*assign.target,
                    assign.value.as_deref().unwrap_or(&assign.target),
                ),
                _ => continue,
            };
            if matches!(target, Expr::Name(name) if name.id.as_str() == "default_conn_name") {
                let quiet = Manner {
                    tell_dynamic: false,
                    ..Manner::connection(Via::Default)
                };
                self.take(value, quiet);
            }
        }
    }

    /// A field of a data class that is called like a connection id.
    fn own_fields(&mut self, class: &'a StmtClassDef) {
        for stmt in &class.body {
            if let Stmt::AnnAssign(assign) = stmt
                && assign.value.is_some()
                && let Expr::Name(name) = &*assign.target
                && names_connection(&name.id)
            {
                let slot = Slot::Keyword(&name.id);
                self.found.sinks.push(Sink {
                    function: self.at,
                    slot,
                    kind: SecretKind::Connection,
                });
            }
        }
    }

    fn with(&mut self, with: &'a StmtWith) {
        let (scopes, guards) = (self.default_args.len(), self.guards);
        for item in &with.items {
            self.visit_expr(&item.context_expr);
            self.enter_dag(&item.context_expr);
            if self.suppresses(&item.context_expr) {
                self.guards += 1;
            }
        }
        self.visit_body(&with.body);
        self.default_args.truncate(scopes);
        self.guards = guards;
    }

    /// `suppress(KeyError)`
    fn suppresses(&self, expr: &'a Expr) -> bool {
        let Expr::Call(call) = expr else { return false };
        matches!(self.value(&call.func), Value::External(path) if path == "contextlib.suppress")
            && call
                .arguments
                .args
                .iter()
                .any(|raised| self.catches(raised))
    }

    /// Notes the `default_args` of a DAG or task group that is entered.
    fn enter_dag(&mut self, expr: &'a Expr) {
        let (call, at) = match expr {
            Expr::Call(call) => (call, self.at),
            _ => match self.value(expr) {
                Value::Object(_, Some((call, at))) => (call, at),
                _ => return,
            },
        };
        if let Some(keyword) = call.arguments.find_keyword("default_args") {
            self.default_args.push((&keyword.value, at));
        }
    }

    fn attempt(&mut self, attempt: &'a StmtTry) {
        let catches = attempt.handlers.iter().any(|handler| {
            let ExceptHandler::ExceptHandler(handler) = handler;
            let raises_again = handler
                .body
                .iter()
                .any(|stmt| matches!(stmt, Stmt::Raise(_)));
            !raises_again
                && handler
                    .type_
                    .as_deref()
                    .is_none_or(|raised| self.catches(raised))
        });
        self.guards += u32::from(catches);
        self.visit_body(&attempt.body);
        self.guards -= u32::from(catches);
        for handler in &attempt.handlers {
            self.visit_except_handler(handler);
        }
        self.visit_body(&attempt.orelse);
        self.visit_body(&attempt.finalbody);
    }

    /// Whether what a failed look-up raises is caught by this.
    fn catches(&self, raised: &'a Expr) -> bool {
        let names: Vec<&Expr> = match raised {
            Expr::Tuple(tuple) => tuple.elts.iter().collect(),
            raised => vec![raised],
        };
        names.into_iter().any(|name| {
            let name = match name {
                Expr::Name(name) => name.id.as_str(),
                Expr::Attribute(attribute) => attribute.attr.as_str(),
                _ => return false,
            };
            matches!(
                name,
                "AirflowNotFoundException"
                    | "AirflowRuntimeError"
                    | "AirflowException"
                    | "KeyError"
                    | "LookupError"
                    | "Exception"
                    | "BaseException"
            )
        })
    }

    /// Visits what stands in a comprehension, whose targets are names there.
    fn comprehension(&mut self, generators: &'a [Comprehension], body: &[&'a Expr]) {
        for generator in generators {
            self.visit_expr(&generator.iter);
            let at = self.at;
            if let Ok(mut open) = self.evaluator.comprehensions.try_borrow_mut() {
                open.push((at, generator));
            }
            for condition in &generator.ifs {
                self.visit_expr(condition);
            }
        }
        for expr in body {
            self.visit_expr(expr);
        }
        if let Ok(mut open) = self.evaluator.comprehensions.try_borrow_mut() {
            let kept = open.len() - generators.len();
            open.truncate(kept);
        }
    }
}

impl<'a> Visitor<'a> for FileVisitor<'_, 'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            // a docstring
            Stmt::Expr(expr) if matches!(&*expr.value, Expr::StringLiteral(_)) => {}
            Stmt::FunctionDef(function) => self.function(function),
            Stmt::ClassDef(class) => self.class(class),
            Stmt::Try(attempt) => self.attempt(attempt),
            Stmt::With(with) => self.with(with),
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    self.visit_expr(value);
                }
            }
            Stmt::Assign(assign) => {
                for target in &assign.targets {
                    self.assigned_entry(target, &assign.value);
                }
                visitor::walk_stmt(self, stmt);
            }
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::StringLiteral(_) if self.in_documentation => {}
            Expr::StringLiteral(_) | Expr::FString(_) | Expr::BinOp(_) if self.text(expr) => {}
            Expr::Call(call) => {
                self.call(call);
                if self.formatted_text(call) {
                    self.visit_arguments(&call.arguments);
                } else {
                    visitor::walk_expr(self, expr);
                }
            }
            Expr::Dict(dict) => {
                self.mapping(dict);
                visitor::walk_expr(self, expr);
            }
            Expr::Attribute(attribute) => {
                self.accessor_attribute(attribute);
                visitor::walk_expr(self, expr);
            }
            Expr::Subscript(subscript) => {
                self.accessor_item(subscript);
                visitor::walk_expr(self, expr);
            }
            Expr::ListComp(comprehension) => {
                self.comprehension(&comprehension.generators, &[&comprehension.elt])
            }
            Expr::SetComp(comprehension) => {
                self.comprehension(&comprehension.generators, &[&comprehension.elt])
            }
            Expr::Generator(comprehension) => {
                self.comprehension(&comprehension.generators, &[&comprehension.elt])
            }
            Expr::DictComp(comprehension) => {
                let parts: Vec<&Expr> = comprehension
                    .key
                    .as_deref()
                    .into_iter()
                    .chain([&*comprehension.value])
                    .collect();
                self.comprehension(&comprehension.generators, &parts);
            }
            Expr::Lambda(_) => {
                let outer = std::mem::replace(&mut self.in_lambda, true);
                visitor::walk_expr(self, expr);
                self.in_lambda = outer;
            }
            _ => visitor::walk_expr(self, expr),
        }
    }

    fn visit_keyword(&mut self, keyword: &'a Keyword) {
        let documentation = keyword.arg.as_ref().is_some_and(|name| {
            matches!(
                name.as_str(),
                "doc" | "doc_md" | "doc_rst" | "doc_json" | "doc_yaml" | "description"
            )
        });
        let outer = self.in_documentation;
        self.in_documentation |= documentation;
        self.visit_expr(&keyword.value);
        self.in_documentation = outer;
    }

    fn visit_annotation(&mut self, _: &'a Expr) {}
}
