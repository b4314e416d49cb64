//! What names and attributes lead to: bindings of the scopes around, imports, classes with their bases, objects.
//!
//! The surprising rule: a class is known by where it was imported from, through any number of modules of the project, and never by
//! its name.

use ruff_python_ast::{Expr, ExprCall};

use super::evaluate::Evaluator;
use super::project::{At, ModuleId, join, spelling};
use super::provider_defaults;
use super::scope::{Binding, Import, MODULE, Meaning, Owner, ScopeId, Slot, element_names};
use super::value::{Accessor, Value, Why};

/// How many bases up a class is looked into.
const MAX_BASES: usize = 12;

impl<'a> Evaluator<'_, 'a> {
    /// What a name is, used at an offset of a scope.
    pub(super) fn name(&self, name: &'a str, offset: Option<usize>, at: At) -> Value<'a> {
        if let Some(value) = self.comprehension_name(name, at) {
            return value;
        }
        let mut scope = Some(at.scope);
        while let Some(id) = scope {
            let here = At { scope: id, ..at };
            let found = self.project.scope(here);
            // methods do not see the names of their class
            let visible = id == at.scope || !matches!(found.owner, Owner::Class(_));
            let offset = offset.filter(|_| id == at.scope);
            if visible && let Some(bindings) = found.bindings_for(name, offset) {
                return self.bound(name, &bindings, here);
            }
            scope = found.parent;
        }
        self.star_import(name, at.module)
            .unwrap_or_else(|| Value::External(name.to_owned()))
    }

    fn comprehension_name(&self, name: &str, at: At) -> Option<Value<'a>> {
        let comprehensions = self.comprehensions.try_borrow().ok()?;
        for (scope, comprehension) in comprehensions.iter().rev() {
            if *scope != at {
                continue;
            }
            let names = element_names(&comprehension.target, &mut Vec::new());
            if let Some((_, path)) = names.into_iter().find(|(bound, _)| *bound == name) {
                let iterable = &comprehension.iter;
                return Some(self.element(iterable, &path, at));
            }
        }
        None
    }

    fn bound(&self, name: &'a str, bindings: &[&Binding<'a>], at: At) -> Value<'a> {
        let values: Vec<Value<'a>> = bindings
            .iter()
            .map(|binding| self.meaning(name, &binding.meaning, at))
            .collect();
        // `name = None` before a branch that sets it is no value of its own
        let told = values.iter().any(|value| !matches!(value, Value::Nothing));
        Value::any(
            values
                .into_iter()
                .filter(|value| !told || !matches!(value, Value::Nothing))
                .collect(),
        )
    }

    fn meaning(&self, name: &'a str, meaning: &Meaning<'a>, at: At) -> Value<'a> {
        match meaning {
            Meaning::Value(expr) => self.value(expr, at),
            Meaning::Part(expr, path) => {
                let whole = self.value(expr, at);
                self.part(whole, path)
            }
            Meaning::Element(expr, path) => self.element(expr, path, at),
            Meaning::Import(import) => self.import(*import, at.module),
            Meaning::Function(scope) => Value::Function(
                At {
                    scope: *scope,
                    ..at
                },
                false,
            ),
            Meaning::Class(scope) => Value::Class(At {
                scope: *scope,
                ..at
            }),
            Meaning::Parameter(slot) => self
                .own_object(at, *slot)
                .unwrap_or(Value::Parameter(at, *slot)),
            Meaning::Keywords => Value::Keywords(at),
            Meaning::Opaque => Value::Unknown(Why::Name(name)),
        }
    }

    /// `self` and `cls`.
    fn own_object(&self, function: At, slot: Slot<'a>) -> Option<Value<'a>> {
        let class = self.class_of_method(function)?;
        if slot != Slot::Index(0) {
            return None;
        }
        let is_class_method = self.is_decorated(function, &["classmethod"]);
        let class = Value::Class(class);
        Some(if is_class_method {
            class
        } else {
            Value::Object(Box::new(class), None)
        })
    }

    /// The class that a function is a method of.
    pub(super) fn class_of_method(&self, function: At) -> Option<At> {
        let scope = self.project.scope(function);
        scope.function()?;
        let class = At {
            scope: scope.parent?,
            ..function
        };
        let is_method = self.project.scope(class).class().is_some()
            && !self.is_decorated(function, &["staticmethod"]);
        is_method.then_some(class)
    }

    fn is_decorated(&self, function: At, names: &[&str]) -> bool {
        let Some(definition) = self.project.scope(function).function() else {
            return false;
        };
        let mut decorators = definition.decorator_list.iter();
        decorators.any(|decorator| matches!(&decorator.expression, Expr::Name(name) if names.contains(&name.id.as_str())))
    }

    fn import(&self, import: Import<'a>, module: ModuleId) -> Value<'a> {
        let here = self.project.module(module);
        let path = spelling(import.level, import.module);
        let Some(name) = import.name else {
            return here
                .link(&path)
                .map_or(Value::External(path), Value::Module);
        };
        let whole = spelling(import.level, &join(import.module, name));
        if let Some(from) = here.link(&path) {
            let member = self.member(from, name);
            if !matches!(member, Value::External(_)) || here.link(&whole).is_none() {
                return member;
            }
        }
        here.link(&whole)
            .map_or_else(|| Value::External(whole), Value::Module)
    }

    /// A name of a module of the project.
    pub(super) fn member(&self, module: ModuleId, name: &'a str) -> Value<'a> {
        self.name(
            name,
            None,
            At {
                module,
                scope: MODULE,
            },
        )
    }

    /// A name that `from module import *` may have brought.
    fn star_import(&self, name: &'a str, module: ModuleId) -> Option<Value<'a>> {
        let here = self.project.module(module);
        for star in &here.scopes.stars {
            let path = spelling(star.level, star.module);
            match here.link(&path) {
                Some(linked) if linked != module => {
                    let scope = self.project.scope(At {
                        module: linked,
                        scope: MODULE,
                    });
                    if let Some(bindings) = scope.bindings_for(name, None) {
                        return Some(self.bound(
                            name,
                            &bindings,
                            At {
                                module: linked,
                                scope: MODULE,
                            },
                        ));
                    }
                }
                Some(_) => {}
                None if path.starts_with("airflow") && name.starts_with(char::is_uppercase) => {
                    return Some(Value::External(join(&path, name)));
                }
                None => {}
            }
        }
        None
    }

    /// An attribute of something known.
    pub(super) fn attribute(&self, object: Value<'a>, name: &'a str, at: At) -> Value<'a> {
        match object {
            Value::External(path) => self.external_attribute(&path, name, at.module),
            Value::Module(module) => self.member(module, name),
            Value::Class(class) => self
                .class_attribute(class, name, false)
                .unwrap_or(Value::Unknown(Why::Attribute(name))),
            Value::Object(class, call) => self.object_attribute(*class, call, name),
            Value::Accessor(Accessor::Variables) if matches!(name, "value" | "json") => {
                Value::Accessor(Accessor::VariableValues)
            }
            Value::Accessor(_) => Value::Unknown(Why::Variable),
            // the function behind a task
            Value::Function(function, bound) if matches!(name, "function" | "__wrapped__") => {
                Value::Function(function, bound)
            }
            // members of an enumeration
            Value::Text(text) if name == "value" => Value::Text(text),
            Value::Unknown(why @ (Why::Environment(_) | Why::Variable | Why::Option)) => {
                Value::Unknown(why)
            }
            _ => Value::Unknown(Why::Attribute(name)),
        }
    }

    fn external_attribute(&self, path: &str, name: &'a str, module: ModuleId) -> Value<'a> {
        let whole = join(path, name);
        if name == "default_conn_name" {
            let default = provider_defaults::parameters_of(path)
                .and_then(|all| all.into_iter().find_map(|one| one.default));
            return default.map_or(Value::Unknown(Why::Attribute(name)), Value::text);
        }
        match self.project.module(module).link(&whole) {
            Some(linked) => Value::Module(linked),
            None => Value::External(whole),
        }
    }

    fn object_attribute(
        &self,
        class: Value<'a>,
        call: Option<(&'a ExprCall, At)>,
        name: &'a str,
    ) -> Value<'a> {
        match class {
            Value::Class(class) => self.own_attribute(class, name, call.is_none()),
            Value::External(_) => match (name, call) {
                ("default_args", Some((call, at))) => match call.arguments.find_keyword(name) {
                    Some(keyword) => self.value(&keyword.value, at),
                    None => Value::Unknown(Why::Attribute(name)),
                },
                _ => Value::Unknown(Why::Attribute(name)),
            },
            _ => Value::Unknown(Why::Attribute(name)),
        }
    }

    /// An attribute of an object of a class of the project; `own` for `self`.
    fn own_attribute(&self, class: At, name: &'a str, own: bool) -> Value<'a> {
        for class in self.with_bases(class) {
            let scope = self.project.scope(class);
            if let Some(assigned) = scope.attributes.get(name) {
                let values = assigned.iter().map(|(method, value)| {
                    self.value(
                        value,
                        At {
                            scope: *method,
                            ..class
                        },
                    )
                });
                let values: Vec<Value<'a>> = values.collect();
                let told = values.iter().any(|value| !matches!(value, Value::Nothing));
                return Value::any(
                    values
                        .into_iter()
                        .filter(|value| !told || !matches!(value, Value::Nothing))
                        .collect(),
                );
            }
            if scope.fields.contains(&name) && !self.has_method(class, "__init__") {
                return Value::Parameter(class, Slot::Keyword(name));
            }
            if let Some(value) = self.class_attribute_of(class, name, true) {
                return value;
            }
        }
        Value::Unknown(if own {
            Why::Own(name)
        } else {
            Why::Attribute(name)
        })
    }

    /// A name in the body of a class or of its bases.
    pub(super) fn class_attribute(
        &self,
        class: At,
        name: &'a str,
        bound: bool,
    ) -> Option<Value<'a>> {
        self.with_bases(class)
            .into_iter()
            .find_map(|class| self.class_attribute_of(class, name, bound))
    }

    fn class_attribute_of(&self, class: At, name: &'a str, bound: bool) -> Option<Value<'a>> {
        let bindings = self.project.scope(class).bindings_for(name, None)?;
        Some(match self.bound(name, &bindings, class) {
            Value::Function(function, _) => {
                Value::Function(function, bound && self.class_of_method(function).is_some())
            }
            value => value,
        })
    }

    fn has_method(&self, class: At, name: &str) -> bool {
        self.project.scope(class).bindings_for(name, None).is_some()
    }

    /// A class and its bases in the project, nearest first.
    pub(super) fn with_bases(&self, class: At) -> Vec<At> {
        let mut all = vec![class];
        let mut index = 0;
        while index < all.len() && all.len() < MAX_BASES {
            for base in self.bases(all[index]) {
                match base {
                    Value::Class(base) if !all.contains(&base) => all.push(base),
                    _ => {}
                }
            }
            index += 1;
        }
        all
    }

    /// What the bases of a class are.
    pub(super) fn bases(&self, class: At) -> Vec<Value<'a>> {
        let scope = self.project.scope(class);
        let Some(definition) = scope.class() else {
            return Vec::new();
        };
        let around = At {
            scope: scope.parent.unwrap_or(MODULE),
            ..class
        };
        let bases = definition
            .arguments
            .as_ref()
            .map_or(&[][..], |arguments| &arguments.args);
        // `Base[Generic]` is `Base`
        let plain = bases.iter().map(|base| match base {
            Expr::Subscript(subscript) => &*subscript.value,
            base => base,
        });
        plain.map(|base| self.value(base, around)).collect()
    }

    /// The function that a call of a class runs; the class itself for a data class.
    pub(super) fn constructor(&self, class: At) -> Option<(At, bool)> {
        for class in self.with_bases(class) {
            if let Some(Value::Function(function, _)) =
                self.class_attribute_of(class, "__init__", true)
            {
                return Some((function, true));
            }
            if !self.project.scope(class).fields.is_empty() {
                return Some((class, false));
            }
        }
        None
    }

    /// Whether a class of the project is a hook: one of its bases is called so.
    pub(super) fn is_hook(&self, class: At) -> bool {
        self.with_bases(class).into_iter().any(|class| {
            let named = self
                .project
                .scope(class)
                .class()
                .is_some_and(|class| class.name.ends_with("Hook"));
            let outside = self
                .bases(class)
                .into_iter()
                .any(|base| matches!(base, Value::External(path) if path.ends_with("Hook")));
            named && !self.bases(class).is_empty() || outside
        })
    }

    /// The scope that a function or class statement opens.
    pub(super) fn scope_starting(&self, module: ModuleId, offset: usize) -> Option<ScopeId> {
        self.project.module(module).scopes.starting_at(offset)
    }
}
