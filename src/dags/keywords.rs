//! What is known by its name: keywords and keys of dictionaries, and the names under Airflow's context.
//!
//! The surprising rule: a dictionary that describes a connection to be made (it has a `conn_type`) uses none.

use ruff_python_ast::{Expr, ExprAttribute, ExprCall, ExprDict, ExprSubscript};
use ruff_text_size::Ranged;

use super::calls::{is_method, last_name};
use super::found::{Manner, Target};
use super::parameters::{manages_connections, names_connection, takes_connection_id};
use super::reference::Via;
use super::scope::elements;
use super::value::{Accessor, Value};
use super::visit::FileVisitor;
use crate::secret_kind::SecretKind;

impl<'a> FileVisitor<'_, 'a> {
    /// `conn_id=...` of whatever is called.
    pub(super) fn keywords(&mut self, target: &Value<'a>, call: &'a ExprCall) {
        let name = last_name(&call.func).unwrap_or_default();
        if manages_connections(name) {
            return;
        }
        let via = if name == "dict" {
            Via::Mapping
        } else {
            Via::Keyword
        };
        for keyword in &call.arguments.keywords {
            let Some(parameter) = &keyword.arg else {
                continue;
            };
            let is_connection = names_connection(parameter)
                || parameter == "connection_id"
                    && (takes_connection_id(name) || self.takes_connection_id(target));
            if !is_connection {
                continue;
            }
            // a parameter that is handed on is told of where it is looked up
            let to_airflow = matches!(target, Value::Class(class) if self.kind_of(*class) == Target::AirflowClass);
            let handed_on = !to_airflow
                && self.is_own_parameter(target, parameter)
                && matches!(self.value(&keyword.value), Value::Parameter(..));
            let tell_dynamic = via == Via::Keyword && !handed_on;
            let manner = Manner {
                tell_dynamic,
                ..Manner::connection(via)
            };
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
                    let here = if at == self.at {
                        self.site(element.start().to_usize())
                    } else {
                        site
                    };
                    self.found.take(&value, here, manner);
                }
            }
            value => self.found.take(&value, site, manner),
        }
    }

    fn takes_connection_id(&self, target: &Value<'a>) -> bool {
        match target {
            Value::External(path) => takes_connection_id(path),
            Value::Class(class) => {
                let bases = self.evaluator.bases(*class);
                bases
                    .iter()
                    .any(|base| matches!(base, Value::External(path) if takes_connection_id(path)))
            }
            Value::Any(values) => values.iter().any(|value| self.takes_connection_id(value)),
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
        let mut parameters = scope
            .function()
            .into_iter()
            .flat_map(|function| function.parameters.iter_non_variadic_params());
        scope.fields.contains(&name) || parameters.any(|own| own.name().as_str() == name)
    }

    /// `{"conn_id": "x"}`, unless the dictionary describes a connection that is made.
    pub(super) fn mapping(&mut self, dict: &'a ExprDict) {
        let key = |item: &'a ruff_python_ast::DictItem| match &item.key {
            Some(Expr::StringLiteral(literal)) => Some(literal.value.to_str()),
            _ => None,
        };
        let describes = dict
            .items
            .iter()
            .filter_map(key)
            .any(|key| matches!(key, "conn_type" | "connection_type"));
        for item in &dict.items {
            if let Some(key) = key(item)
                && names_connection(key)
                && !describes
            {
                let manner = Manner {
                    tell_dynamic: false,
                    ..Manner::connection(Via::Mapping)
                };
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
            let manner = Manner {
                tell_dynamic: false,
                ..Manner::connection(Via::Mapping)
            };
            self.take(value, manner);
        }
    }

    /// `context["var"]["value"].name`, `context["conn"].name`
    pub(super) fn accessor_attribute(&mut self, attribute: &'a ExprAttribute) {
        if !matches!(
            &*attribute.value,
            Expr::Subscript(_) | Expr::Name(_) | Expr::Attribute(_)
        ) || attribute.attr.as_str() == "get"
        {
            return;
        }
        let accessor = self.value(&attribute.value);
        self.accessor_use(
            &accessor,
            &Value::text(attribute.attr.as_str()),
            attribute.attr.start().to_usize(),
        );
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
        let manner = Manner {
            kind,
            via: Via::Call,
            optional: false,
            tell_dynamic: true,
        };
        let site = self.lookup_site(offset);
        self.found.take(key, site, manner);
    }

    /// Folders that a DAG reads its templates from, as far as they are known.
    pub(super) fn note_search_paths(&mut self, paths: &'a Expr) {
        for path in elements(paths) {
            self.note_search_paths(path);
        }
        if let Expr::FString(format) = paths {
            // what comes before is the root of a project more often than not
            let known = format
                .value
                .elements()
                .map(|element| element.as_literal().map_or("", |literal| &*literal.value));
            self.found.search_paths.push(known.collect());
            return;
        }
        match self.value(paths) {
            Value::Text(text) => self.found.search_paths.push(text.text),
            Value::Container(list, at) if at == self.at && !std::ptr::eq(list, paths) => {
                self.note_search_paths(list)
            }
            _ => {}
        }
    }
}
