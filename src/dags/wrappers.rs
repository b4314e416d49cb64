//! From what the files give to references: parameters that are looked up, and the callers whose arguments go there.
//!
//! The surprising rule: a function that takes a connection id and looks it up is a reference nowhere in itself. The look-up is told
//! as one whose id is not known, and each caller's argument is the reference.

use std::collections::{HashMap, HashSet};

use ruff_python_ast::{Arguments, Expr};
use ruff_text_size::Ranged;

use super::containers::plain;
use super::evaluate::Evaluator;
use super::found::{DynamicUse, Found, LocalCall, Manner, Passed, Sink, Site, Target, Use};
use super::parameters::names_connection;
use super::project::{At, Project};
use super::reference::{Dynamic, Reference, Scan, Via};
use super::scope::{MODULE, Owner, Slot};
use super::value::Value;

/// Follows arguments through the functions of a project.
struct Wrappers<'p, 'a> {
    evaluator: Evaluator<'p, 'a>,
    calls: Vec<LocalCall<'a>>,
    calls_of: HashMap<At, Vec<usize>>,
    found: Found<'a>,
}

/// Adds what the files of a project give to a scan.
pub(super) fn resolve<'a>(
    project: &Project<'a>,
    environment: &HashMap<String, String>,
    all: Vec<Found<'a>>,
    scan: &mut Scan,
) {
    let mut found = Found::default();
    for file in all {
        found.uses.extend(file.uses);
        found.dynamic.extend(file.dynamic);
        found.sinks.extend(file.sinks);
        found.calls.extend(file.calls);
    }
    let calls = std::mem::take(&mut found.calls);
    let mut calls_of: HashMap<At, Vec<usize>> = HashMap::new();
    for (index, call) in calls.iter().enumerate() {
        calls_of.entry(call.function).or_default().push(index);
    }
    let evaluator = Evaluator::new(project, environment);
    let mut wrappers = Wrappers {
        evaluator,
        calls,
        calls_of,
        found,
    };
    wrappers.follow();
    wrappers.report(scan);
}

impl<'a> Wrappers<'_, 'a> {
    /// Asks the callers of every parameter that is looked up, and their callers.
    fn follow(&mut self) {
        let mut known: HashSet<Sink<'a>> = HashSet::new();
        while let Some(sink) = self.found.sinks.pop() {
            if known.insert(sink) {
                self.ask_default(sink);
                for index in self
                    .calls_of
                    .get(&sink.function)
                    .cloned()
                    .unwrap_or_default()
                {
                    self.ask_call(sink, index);
                }
            }
        }
    }

    /// What the parameter takes when nothing is given.
    fn ask_default(&mut self, sink: Sink<'a>) {
        if let Some(default) = self.default_of(sink) {
            let at = self.around(sink.function);
            let site = Site {
                at,
                offset: default.start().to_usize(),
                guarded: false,
                is_lookup: false,
            };
            let value = self.evaluator.value(default, at);
            self.found.take(&value, site, manner(sink, Via::Default));
        }
    }

    /// The scope that a function's or a class's defaults are evaluated in.
    fn around(&self, function: At) -> At {
        let scope = self.evaluator.project.scope(function);
        match scope.owner {
            Owner::Class(_) => function,
            _ => At {
                scope: scope.parent.unwrap_or(MODULE),
                ..function
            },
        }
    }

    fn default_of(&self, sink: Sink<'a>) -> Option<&'a Expr> {
        let scope = self.evaluator.project.scope(sink.function);
        match sink.slot {
            Slot::Index(index) => scope.function()?.parameters.iter_non_variadic_params().nth(index)?.default.as_deref(),
            Slot::Keyword(name) => scope.class()?.body.iter().find_map(|stmt| match stmt {
                ruff_python_ast::Stmt::AnnAssign(assign) if matches!(&*assign.target, Expr::Name(field) if field.id.as_str() == name) => assign.value.as_deref(),
                _ => None,
            }),
        }
    }

    fn ask_call(&mut self, sink: Sink<'a>, index: usize) {
        let call = self.calls[index].clone();
        let given = self.given(&call, sink.slot);
        for (value, offset, via) in &given {
            let site = Site {
                offset: *offset,
                ..call.site
            };
            let tell_dynamic = call.target == Target::AirflowClass;
            self.found.take(
                value,
                site,
                Manner {
                    tell_dynamic,
                    ..manner(sink, *via)
                },
            );
        }
        // the class's own default is used where the class is called
        if given.is_empty()
            && call.target != Target::Function
            && !self.spreads(&call)
            && let Some(default) = self.default_of(sink)
        {
            let value = self.evaluator.value(default, self.around(sink.function));
            self.found
                .take(&value, call.site, manner(sink, Via::Default));
        }
    }

    fn spreads(&self, call: &LocalCall<'a>) -> bool {
        match call.passed {
            Passed::Call(arguments) => {
                arguments
                    .keywords
                    .iter()
                    .any(|keyword| keyword.arg.is_none())
                    && self.spread_is_unknown(arguments, call.site.at)
            }
            _ => false,
        }
    }

    /// Whether a `**spread` may hold anything.
    fn spread_is_unknown(&self, arguments: &'a Arguments, at: At) -> bool {
        let spread = arguments
            .keywords
            .iter()
            .filter(|keyword| keyword.arg.is_none());
        let mut values = spread.map(|keyword| self.evaluator.value(&keyword.value, at));
        values.any(|value| !matches!(value, Value::Container(..) | Value::DictCall(..)))
    }

    /// What a call gives to a slot: the value, where it stands, and how.
    fn given(&self, call: &LocalCall<'a>, slot: Slot<'a>) -> Vec<(Value<'a>, usize, Via)> {
        let at = call.site.at;
        let one = |expr: &'a Expr, via| {
            vec![(self.evaluator.value(expr, at), expr.start().to_usize(), via)]
        };
        match &call.passed {
            Passed::Call(arguments) => match self.argument(arguments, call, slot, 0) {
                Some((expr, via)) => one(expr, via),
                None => self.spread(arguments, call, slot),
            },
            Passed::Partial(arguments) => self
                .argument(arguments, call, slot, 1)
                .map_or_else(Vec::new, |(expr, via)| one(expr, via)),
            Passed::Expanded(arguments) => match self.argument(arguments, call, slot, 0) {
                Some((list, via)) => {
                    let elements = self.evaluator.elements_of(list, at).unwrap_or_default();
                    elements
                        .into_iter()
                        .map(|value| (value, list.start().to_usize(), via))
                        .collect()
                }
                None => Vec::new(),
            },
            Passed::Operator { args, kwargs } => self.given_by_operator(*args, *kwargs, call, slot),
        }
    }

    /// The argument for a slot, where `skipped` positional arguments go elsewhere.
    fn argument(
        &self,
        arguments: &'a Arguments,
        call: &LocalCall<'a>,
        slot: Slot<'a>,
        skipped: usize,
    ) -> Option<(&'a Expr, Via)> {
        let scope = self.evaluator.project.scope(call.function);
        let (name, position) = match slot {
            Slot::Keyword(name) => (name, scope.fields.iter().position(|field| *field == name)),
            Slot::Index(index) => {
                let function = scope.function()?;
                let parameter = function.parameters.iter_non_variadic_params().nth(index)?;
                let positional =
                    function.parameters.posonlyargs.len() + function.parameters.args.len();
                let position = (index < positional)
                    .then(|| index.checked_sub(usize::from(call.bound)))
                    .flatten();
                (parameter.name().as_str(), position)
            }
        };
        if let Some(keyword) = arguments.find_keyword(name) {
            return Some((&keyword.value, Via::Keyword));
        }
        let positional = plain(&arguments.args);
        positional
            .get(position? + skipped)
            .map(|expr| (expr, Via::Positional))
    }

    /// What `**dictionary` of a call gives.
    fn spread(
        &self,
        arguments: &'a Arguments,
        call: &LocalCall<'a>,
        slot: Slot<'a>,
    ) -> Vec<(Value<'a>, usize, Via)> {
        let Some(name) = self.name_of(call.function, slot) else {
            return Vec::new();
        };
        // an entry that is called like a connection id is told of where it is written
        if names_connection(name) {
            return Vec::new();
        }
        let spread = arguments
            .keywords
            .iter()
            .filter(|keyword| keyword.arg.is_none());
        let found = spread.filter_map(|keyword| {
            let value = self
                .evaluator
                .spread_entry(&keyword.value, name, call.site.at)?;
            Some((value, keyword.value.start().to_usize(), Via::Mapping))
        });
        found
            .filter(|(value, ..)| !matches!(value, Value::Unknown(_)))
            .collect()
    }

    fn given_by_operator(
        &self,
        args: Option<&'a Expr>,
        kwargs: Option<&'a Expr>,
        call: &LocalCall<'a>,
        slot: Slot<'a>,
    ) -> Vec<(Value<'a>, usize, Via)> {
        let at = call.site.at;
        let mut given = Vec::new();
        if let (Some(name), Some(kwargs)) = (self.name_of(call.function, slot), kwargs)
            && let Some(value) = self.evaluator.spread_entry(kwargs, name, at)
        {
            let offset = entry_offset(kwargs, name).unwrap_or(kwargs.start().to_usize());
            given.push((value, offset, Via::Mapping));
        }
        if let (Slot::Index(index), Some(args)) = (slot, args)
            && let Some(index) = index.checked_sub(usize::from(call.bound))
        {
            let value = self.evaluator.value(args, at);
            if let Value::Container(list, of) = value
                && let Some(element) = super::scope::elements(list).get(index)
            {
                let offset = if of == at {
                    element.start()
                } else {
                    args.start()
                };
                given.push((
                    self.evaluator.value(element, of),
                    offset.to_usize(),
                    Via::Positional,
                ));
            }
        }
        given
    }

    fn name_of(&self, function: At, slot: Slot<'a>) -> Option<&'a str> {
        match slot {
            Slot::Keyword(name) => Some(name),
            Slot::Index(index) => {
                let function = self.evaluator.project.scope(function).function()?;
                Some(
                    function
                        .parameters
                        .iter_non_variadic_params()
                        .nth(index)?
                        .name()
                        .as_str(),
                )
            }
        }
    }

    fn report(self, scan: &mut Scan) {
        let run_at_import = self.run_at_import();
        for one in &self.found.uses {
            scan.references.push(self.reference(one, &run_at_import));
        }
        let mut never_given: HashMap<(At, Slot<'a>), bool> = HashMap::new();
        for one in &self.found.dynamic {
            let never = one.parameter.is_some_and(|(function, slot)| {
                let known = never_given.entry((function, slot));
                *known.or_insert_with(|| self.is_never_given(function, slot))
            });
            if !never {
                scan.dynamic.push(self.dynamic(one));
            }
        }
    }

    fn reference(&self, one: &Use, run_at_import: &HashSet<At>) -> Reference {
        Reference {
            kind: one.kind,
            id: one.id.clone(),
            place: self.source(one.site.at).place(one.site.offset),
            via: one.via,
            environment_variable: one.environment.clone(),
            optional: one.optional,
            implicit: one.implicit,
            guarded: one.site.guarded,
            top_level: one.site.is_lookup
                && run_at_import.contains(&self.function_around(one.site.at)),
        }
    }

    fn dynamic(&self, one: &DynamicUse<'a>) -> Dynamic {
        let why = match one.parameter {
            Some((function, slot)) => self.parameter_words(function, slot),
            None => one.why.to_string(),
        };
        Dynamic {
            kind: one.kind,
            place: self.source(one.site.at).place(one.site.offset),
            why,
        }
    }

    fn parameter_words(&self, function: At, slot: Slot<'a>) -> String {
        let name = self.name_of(function, slot).unwrap_or_default();
        match self.evaluator.project.scope(function).owner {
            Owner::Function(definition) => match self
                .evaluator
                .class_of_method(function)
                .and_then(|class| self.evaluator.project.scope(class).class())
            {
                Some(class) if definition.name.as_str() == "__init__" => {
                    format!("parameter `{name}` of `{}`", class.name)
                }
                _ => format!("parameter `{name}` of `{}`", definition.name),
            },
            Owner::Class(class) => format!("field `{name}` of `{}`", class.name),
            Owner::Module => format!("the name `{name}`"),
        }
    }

    fn source(&self, at: At) -> &super::source::Source {
        &self.evaluator.project.module(at.module).file.python.source
    }

    /// Whether every caller gives `None` to a parameter, so that nothing is looked up.
    fn is_never_given(&self, function: At, slot: Slot<'a>) -> bool {
        let calls = self.calls_of.get(&function).map_or(&[][..], Vec::as_slice);
        !calls.is_empty()
            && calls.iter().all(|index| {
                let given = self.given(&self.calls[*index], slot);
                !given.is_empty()
                    && given
                        .iter()
                        .all(|(value, ..)| matches!(value, Value::Nothing))
            })
    }

    /// The function that a scope is, or the module; classes run with what is around them.
    fn function_around(&self, at: At) -> At {
        let scope = self.evaluator.project.scope(at);
        match (scope.owner, scope.parent) {
            (Owner::Class(_), Some(parent)) => self.function_around(At {
                scope: parent,
                ..at
            }),
            _ => at,
        }
    }

    /// The modules, and the functions that run while a DAG file is parsed: those that define a DAG, and what is called from there.
    fn run_at_import(&self) -> HashSet<At> {
        let project = self.evaluator.project;
        let mut from: HashMap<At, Vec<At>> = HashMap::new();
        for call in self
            .calls
            .iter()
            .filter(|call| matches!(call.passed, Passed::Call(_)) && !self.is_task(call.function))
        {
            from.entry(self.function_around(call.site.at))
                .or_default()
                .push(call.function);
        }
        let mut open: Vec<At> = (0..project.modules.len() as u32)
            .map(|module| At {
                module,
                scope: MODULE,
            })
            .collect();
        let mut running = HashSet::new();
        while let Some(function) = open.pop() {
            if running.insert(function) {
                open.extend(from.get(&function).into_iter().flatten());
            }
        }
        running
    }

    /// Whether a decorator makes a function run later; `@dag` and `@task_group` run it at once.
    fn is_task(&self, function: At) -> bool {
        let Some(definition) = self.evaluator.project.scope(function).function() else {
            return false;
        };
        let names = definition
            .decorator_list
            .iter()
            .filter_map(|decorator| decorator_path(&decorator.expression));
        names
            .into_iter()
            .any(|path| path == "task" || path.starts_with("task."))
    }
}

fn manner(sink: Sink<'_>, via: Via) -> Manner {
    Manner {
        kind: sink.kind,
        via,
        optional: false,
        tell_dynamic: false,
    }
}

/// `task.branch` of `@task.branch(...)`
fn decorator_path(decorator: &Expr) -> Option<String> {
    match decorator {
        Expr::Name(name) => Some(name.id.to_string()),
        Expr::Attribute(attribute) => Some(format!(
            "{}.{}",
            decorator_path(&attribute.value)?,
            attribute.attr
        )),
        Expr::Call(call) => decorator_path(&call.func),
        _ => None,
    }
}

/// Where the value of a key stands in a dictionary that is written here.
fn entry_offset(dict: &Expr, key: &str) -> Option<usize> {
    match dict {
        Expr::Dict(dict) => dict.items.iter().find_map(|item| match &item.key {
            Some(Expr::StringLiteral(literal)) if literal.value.to_str() == key => {
                Some(item.value.start().to_usize())
            }
            _ => None,
        }),
        Expr::Call(call) => call
            .arguments
            .find_keyword(key)
            .map(|keyword| keyword.value.start().to_usize()),
        _ => None,
    }
}
