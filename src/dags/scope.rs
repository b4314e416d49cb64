//! What the names of a Python file are bound to, scope by scope.
//!
//! A scope is a module, a class or a function. The surprising rule: all bindings of a name are kept, since which of them holds
//! depends on where the name is used; [`Scope::bindings_for`] leaves those that can.

use std::collections::HashMap;

use ruff_python_ast::{Expr, Parameters, Stmt, StmtClassDef, StmtFunctionDef, StmtTry};
use ruff_text_size::Ranged;

use super::block::Block;

/// The number of a scope in its module; the module's own is 0.
pub(super) type ScopeId = u32;

/// The scope of a module.
pub(super) const MODULE: ScopeId = 0;

/// How many bindings of a name are looked at, the last ones.
const MAX_BINDINGS: usize = 64;

/// What a scope belongs to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Owner<'a> {
    Module,
    Function(&'a StmtFunctionDef),
    Class(&'a StmtClassDef),
}

/// A scope and its names.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    pub owner: Owner<'a>,
    pub parent: Option<ScopeId>,
    names: HashMap<&'a str, Vec<Binding<'a>>>,
    /// `name["key"] = value`
    pub items: Vec<(&'a str, &'a Expr, &'a Expr)>,
    /// `name.update(...)`: the name and the argument
    pub updates: Vec<(&'a str, &'a Expr)>,
    /// Of a class: `self.name = value` in the method of that scope.
    pub attributes: HashMap<&'a str, Vec<(ScopeId, &'a Expr)>>,
    /// Of a function: what it returns.
    pub returns: Vec<&'a Expr>,
    /// Of a class: the names that are annotated in its body, in order.
    pub fields: Vec<&'a str>,
}

/// One binding of a name.
#[derive(Clone, Debug)]
pub(super) struct Binding<'a> {
    pub meaning: Meaning<'a>,
    offset: usize,
    block: Block,
}

/// What a name is bound to.
#[derive(Clone, Debug)]
pub(super) enum Meaning<'a> {
    /// `name = value`
    Value(&'a Expr),
    /// `a, b = value`: the part at these indices
    Part(&'a Expr, Vec<usize>),
    /// `for name in value`, `for a, b in value`: the part of each element
    Element(&'a Expr, Vec<usize>),
    Import(Import<'a>),
    Function(ScopeId),
    Class(ScopeId),
    Parameter(Slot<'a>),
    /// `**name`
    Keywords,
    /// Known to a running program only.
    Opaque,
}

/// Where an argument goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Slot<'a> {
    /// The parameter with this number, `self` counted.
    Index(usize),
    /// A name that is no parameter, in `**kwargs` or a field of a data class.
    Keyword(&'a str),
}

/// An import of a module, or of a name out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Import<'a> {
    /// How many dots stand before the module.
    pub level: u32,
    pub module: &'a str,
    pub name: Option<&'a str>,
}

/// The scopes of a file.
#[derive(Debug)]
pub(super) struct Scopes<'a> {
    pub all: Vec<Scope<'a>>,
    by_start: HashMap<usize, ScopeId>,
    /// Every import of the file, whatever its scope.
    pub imports: Vec<Import<'a>>,
    /// `from module import *`
    pub stars: Vec<Import<'a>>,
}

impl<'a> Scopes<'a> {
    pub(super) fn of(body: &'a [Stmt]) -> Self {
        let mut scopes = Self {
            all: vec![Scope::new(Owner::Module, None)],
            by_start: HashMap::new(),
            imports: Vec::new(),
            stars: Vec::new(),
        };
        scopes.body(MODULE, body, Block::default());
        scopes
    }

    /// The scope of the function or class that starts at an offset.
    pub(super) fn starting_at(&self, offset: usize) -> Option<ScopeId> {
        self.by_start.get(&offset).copied()
    }

    fn body(&mut self, scope: ScopeId, body: &'a [Stmt], block: Block) {
        for stmt in body {
            self.statement(scope, stmt, block);
        }
    }

    fn statement(&mut self, scope: ScopeId, stmt: &'a Stmt, block: Block) {
        let offset = stmt.start().to_usize();
        match stmt {
            Stmt::Assign(assign) => {
                for target in &assign.targets {
                    self.target(scope, target, &assign.value, block);
                }
            }
            Stmt::AnnAssign(assign) => {
                if let (Expr::Name(name), Owner::Class(_)) = (&*assign.target, self.at(scope).owner)
                {
                    self.at(scope).fields.push(&name.id);
                }
                if let Some(value) = &assign.value {
                    self.target(scope, &assign.target, value, block);
                }
            }
            Stmt::AugAssign(assign) => match &*assign.target {
                Expr::Name(name) if matches!(assign.op, ruff_python_ast::Operator::BitOr) => {
                    self.at(scope).updates.push((&name.id, &assign.value));
                }
                Expr::Name(name) => self.bind(scope, &name.id, Meaning::Opaque, offset, block),
                _ => {}
            },
            Stmt::Import(import) => self.import(scope, import, block),
            Stmt::ImportFrom(import) => self.import_from(scope, import, block),
            Stmt::FunctionDef(function) => self.function(scope, function, block),
            Stmt::ClassDef(class) => self.class(scope, class, block),
            Stmt::Return(ret) => self.at(scope).returns.extend(ret.value.as_deref()),
            Stmt::Expr(expr) => self.update_call(scope, &expr.value),
            Stmt::For(each) => {
                self.element(
                    scope,
                    &each.target,
                    &each.iter,
                    Block::of(&each.body, block),
                );
                self.body(scope, &each.body, Block::of(&each.body, block));
                self.body(scope, &each.orelse, Block::of(&each.orelse, block));
            }
            Stmt::While(each) => {
                self.body(scope, &each.body, Block::of(&each.body, block));
                self.body(scope, &each.orelse, Block::of(&each.orelse, block));
            }
            Stmt::If(branch) => {
                self.body(
                    scope,
                    &branch.body,
                    Block::branch(&branch.body, stmt, block),
                );
                for clause in &branch.elif_else_clauses {
                    self.body(
                        scope,
                        &clause.body,
                        Block::branch(&clause.body, stmt, block),
                    );
                }
            }
            Stmt::With(with) => {
                for item in &with.items {
                    if let Some(target) = &item.optional_vars {
                        self.target(scope, target, &item.context_expr, block);
                    }
                }
                self.body(scope, &with.body, block);
            }
            Stmt::Try(attempt) => self.attempt(scope, attempt, block),
            Stmt::Match(choice) => {
                for case in &choice.cases {
                    self.body(scope, &case.body, Block::branch(&case.body, stmt, block));
                }
            }
            _ => {}
        }
    }

    fn attempt(&mut self, scope: ScopeId, attempt: &'a StmtTry, block: Block) {
        self.body(scope, &attempt.body, Block::of(&attempt.body, block));
        for handler in &attempt.handlers {
            let ruff_python_ast::ExceptHandler::ExceptHandler(handler) = handler;
            self.body(scope, &handler.body, Block::of(&handler.body, block));
        }
        self.body(scope, &attempt.orelse, Block::of(&attempt.orelse, block));
        self.body(scope, &attempt.finalbody, block);
    }

    fn at(&mut self, scope: ScopeId) -> &mut Scope<'a> {
        &mut self.all[scope as usize]
    }

    fn bind(
        &mut self,
        scope: ScopeId,
        name: &'a str,
        meaning: Meaning<'a>,
        offset: usize,
        block: Block,
    ) {
        let binding = Binding {
            meaning,
            offset,
            block,
        };
        self.at(scope).names.entry(name).or_default().push(binding);
    }

    fn target(&mut self, scope: ScopeId, target: &'a Expr, value: &'a Expr, block: Block) {
        // a value is evaluated before its name is bound
        let offset = value.end().to_usize().max(target.end().to_usize());
        match target {
            Expr::Name(name) => self.bind(scope, &name.id, Meaning::Value(value), offset, block),
            Expr::Attribute(attribute) => self.attribute(scope, attribute, value),
            Expr::Subscript(subscript) => {
                if let Expr::Name(name) = &*subscript.value {
                    self.at(scope)
                        .items
                        .push((&name.id, &subscript.slice, value));
                }
            }
            _ => self.parts(scope, target, value, &mut Vec::new(), (offset, block)),
        }
    }

    /// `self.name = value` in a method belongs to the class.
    fn attribute(
        &mut self,
        scope: ScopeId,
        attribute: &'a ruff_python_ast::ExprAttribute,
        value: &'a Expr,
    ) {
        let Expr::Name(object) = &*attribute.value else {
            return;
        };
        let Owner::Function(function) = self.at(scope).owner else {
            return;
        };
        let first = function.parameters.iter_non_variadic_params().next();
        let Some(class) = self.at(scope).parent else {
            return;
        };
        if first.is_some_and(|first| first.name().id == object.id)
            && matches!(self.at(class).owner, Owner::Class(_))
        {
            let attributes = &mut self.at(class).attributes;
            attributes
                .entry(&attribute.attr)
                .or_default()
                .push((scope, value));
        }
    }

    fn parts(
        &mut self,
        scope: ScopeId,
        target: &'a Expr,
        value: &'a Expr,
        path: &mut Vec<usize>,
        at: (usize, Block),
    ) {
        match target {
            Expr::Name(name) => self.bind(
                scope,
                &name.id,
                Meaning::Part(value, path.clone()),
                at.0,
                at.1,
            ),
            Expr::Tuple(_) | Expr::List(_) => {
                for (index, element) in elements(target).iter().enumerate() {
                    path.push(index);
                    self.parts(scope, element, value, path, at);
                    path.pop();
                }
            }
            _ => {}
        }
    }

    fn element(&mut self, scope: ScopeId, target: &'a Expr, iterable: &'a Expr, block: Block) {
        for (name, path) in element_names(target, &mut Vec::new()) {
            self.bind(
                scope,
                name,
                Meaning::Element(iterable, path),
                iterable.end().to_usize(),
                block,
            );
        }
    }

    fn import(&mut self, scope: ScopeId, import: &'a ruff_python_ast::StmtImport, block: Block) {
        for alias in &import.names {
            let module = alias.name.as_str();
            self.imports.push(Import {
                level: 0,
                module,
                name: None,
            });
            let (name, module) = match &alias.asname {
                Some(name) => (name.as_str(), module),
                None => {
                    let first = module.split('.').next().unwrap_or(module);
                    (first, first)
                }
            };
            let meaning = Meaning::Import(Import {
                level: 0,
                module,
                name: None,
            });
            self.bind(scope, name, meaning, import.end().to_usize(), block);
        }
    }

    fn import_from(
        &mut self,
        scope: ScopeId,
        import: &'a ruff_python_ast::StmtImportFrom,
        block: Block,
    ) {
        let (level, module) = (
            import.level,
            import.module.as_ref().map_or("", |module| module.as_str()),
        );
        for alias in &import.names {
            let name = alias.name.as_str();
            if name == "*" {
                let star = Import {
                    level,
                    module,
                    name: None,
                };
                self.imports.push(star);
                self.stars.push(star);
                continue;
            }
            let imported = Import {
                level,
                module,
                name: Some(name),
            };
            self.imports.push(imported);
            let bound = alias.asname.as_ref().map_or(name, |name| name.as_str());
            self.bind(
                scope,
                bound,
                Meaning::Import(imported),
                import.end().to_usize(),
                block,
            );
        }
    }

    fn open(&mut self, owner: Owner<'a>, parent: ScopeId, offset: usize) -> ScopeId {
        let scope = self.all.len() as ScopeId;
        self.all.push(Scope::new(owner, Some(parent)));
        self.by_start.insert(offset, scope);
        scope
    }

    fn function(&mut self, parent: ScopeId, function: &'a StmtFunctionDef, block: Block) {
        let offset = function.start().to_usize();
        let scope = self.open(Owner::Function(function), parent, offset);
        self.bind(
            parent,
            &function.name,
            Meaning::Function(scope),
            offset,
            block,
        );
        self.parameters(scope, &function.parameters);
        self.body(scope, &function.body, Block::default());
    }

    fn parameters(&mut self, scope: ScopeId, parameters: &'a Parameters) {
        for (index, parameter) in parameters.iter_non_variadic_params().enumerate() {
            let name = parameter.name().as_str();
            self.bind(
                scope,
                name,
                Meaning::Parameter(Slot::Index(index)),
                0,
                Block::default(),
            );
        }
        if let Some(rest) = &parameters.vararg {
            self.bind(scope, &rest.name, Meaning::Opaque, 0, Block::default());
        }
        if let Some(rest) = &parameters.kwarg {
            self.bind(scope, &rest.name, Meaning::Keywords, 0, Block::default());
        }
    }

    fn class(&mut self, parent: ScopeId, class: &'a StmtClassDef, block: Block) {
        let offset = class.start().to_usize();
        let scope = self.open(Owner::Class(class), parent, offset);
        self.bind(parent, &class.name, Meaning::Class(scope), offset, block);
        self.body(scope, &class.body, Block::default());
    }

    /// `name.update({...})`
    fn update_call(&mut self, scope: ScopeId, expr: &'a Expr) {
        if let Expr::Call(call) = expr
            && let Expr::Attribute(function) = &*call.func
            && function.attr.as_str() == "update"
            && let (Expr::Name(name), [argument]) = (&*function.value, &*call.arguments.args)
        {
            self.at(scope).updates.push((&name.id, argument));
        }
    }
}

impl<'a> Scope<'a> {
    fn new(owner: Owner<'a>, parent: Option<ScopeId>) -> Self {
        Self {
            owner,
            parent,
            names: HashMap::new(),
            items: Vec::new(),
            updates: Vec::new(),
            attributes: HashMap::new(),
            returns: Vec::new(),
            fields: Vec::new(),
        }
    }

    /// The bindings of a name that can hold: at an offset of this scope those before it, from elsewhere the last ones.
    pub(super) fn bindings_for(
        &self,
        name: &str,
        offset: Option<usize>,
    ) -> Option<Vec<&Binding<'a>>> {
        let all = self.names.get(name)?.as_slice();
        let end = match offset {
            Some(offset) => all.partition_point(|binding| binding.offset <= offset),
            None => all.len(),
        };
        // a use before every binding stands in a loop, or the file is broken
        let before = if end == 0 { all } else { &all[..end] };
        let mut kept = Vec::new();
        for binding in before.iter().rev().take(MAX_BINDINGS) {
            if !binding.block.is_excluded(offset) {
                kept.push(binding);
            }
            if binding.block.is_certain(offset) {
                break;
            }
        }
        kept.reverse();
        // all of them in other branches: the name is bound in an earlier round of a loop
        Some(if kept.is_empty() {
            before.iter().rev().take(MAX_BINDINGS).collect()
        } else {
            kept
        })
    }

    pub(super) fn function(&self) -> Option<&'a StmtFunctionDef> {
        match self.owner {
            Owner::Function(function) => Some(function),
            _ => None,
        }
    }

    pub(super) fn class(&self) -> Option<&'a StmtClassDef> {
        match self.owner {
            Owner::Class(class) => Some(class),
            _ => None,
        }
    }
}

/// The names in the target of a loop, and which part of each element they are.
pub(super) fn element_names<'a>(
    target: &'a Expr,
    path: &mut Vec<usize>,
) -> Vec<(&'a str, Vec<usize>)> {
    match target {
        Expr::Name(name) => vec![(name.id.as_str(), path.clone())],
        Expr::Tuple(_) | Expr::List(_) => {
            let mut names = Vec::new();
            for (index, element) in elements(target).iter().enumerate() {
                path.push(index);
                names.extend(element_names(element, path));
                path.pop();
            }
            names
        }
        _ => Vec::new(),
    }
}

/// The elements of a display.
pub(super) fn elements(expr: &Expr) -> &[Expr] {
    match expr {
        Expr::Tuple(tuple) => &tuple.elts,
        Expr::List(list) => &list.elts,
        Expr::Set(set) => &set.elts,
        _ => &[],
    }
}
