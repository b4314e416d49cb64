//! The variables and connections that a Jinja template uses: `{{ var.value.x }}`, `{{ conn.x.host }}`, `{{ var.json.get("x") }}`.
//!
//! The parser is minijinja's. The surprising rule: it stops at the first thing it does not know (`{% trans %}`, say), so such a
//! template is read tag by tag instead. Airflow renders templates in comments of SQL as well.

use minijinja::machinery::ast::{CallArg, Expr, Stmt};
use minijinja::machinery::{parse, parse_expr};
use minijinja::syntax::SyntaxConfig;

use crate::airflow_version::AirflowVersion;
use crate::secret_kind::SecretKind;

/// What a template uses.
#[derive(Debug, Default, PartialEq)]
pub(super) struct TemplateUses {
    pub uses: Vec<TemplateUse>,
    /// The templates that it includes, extends or imports.
    pub includes: Vec<String>,
    /// Why the template was read tag by tag.
    pub fault: Option<String>,
}

/// One use.
#[derive(Debug, PartialEq)]
pub(super) struct TemplateUse {
    pub kind: SecretKind,
    /// The id, if it stands there.
    pub id: Option<String>,
    /// Where `var` or `conn` stands.
    pub offset: usize,
    /// It is asked for by `.get(...)`, and whether with a default.
    pub get: Option<bool>,
}

impl TemplateUse {
    /// Whether a missing id is no failure: `conn.get()` gives `None`, and so does `var.value.get()` from Airflow 3.0 on.
    pub(super) fn is_optional(&self, version: AirflowVersion) -> bool {
        let gives_nothing = self.kind == SecretKind::Connection || version >= AirflowVersion::V3_0;
        self.get
            .is_some_and(|with_default| with_default || gives_nothing)
    }
}

/// Reads a template.
pub(super) fn read(text: &str) -> TemplateUses {
    let mut reader = Reader::default();
    // most texts in braces use neither
    if !["var", "conn", "include", "extends", "import"]
        .iter()
        .any(|word| text.contains(word))
    {
        return reader.found;
    }
    match parse(text, "template", SyntaxConfig::default()) {
        Ok(template) => reader.stmt(&template),
        Err(error) => {
            reader.found.fault = Some(error.to_string());
            reader.tag_by_tag(text);
        }
    }
    if reader.shadowed {
        reader.found.uses.clear();
    }
    reader.found
}

#[derive(Default)]
struct Reader {
    found: TemplateUses,
    /// The start of the expression that is read, where it was cut out of the text.
    base: usize,
    /// The template binds `var` or `conn` itself.
    shadowed: bool,
}

impl Reader {
    fn body(&mut self, body: &[Stmt<'_>]) {
        for stmt in body {
            self.stmt(stmt);
        }
    }

    fn stmt(&mut self, stmt: &Stmt<'_>) {
        match stmt {
            Stmt::Template(template) => self.body(&template.children),
            Stmt::EmitExpr(emit) => self.expr(&emit.expr),
            Stmt::EmitRaw(_) | Stmt::Continue(_) | Stmt::Break(_) => {}
            Stmt::ForLoop(each) => {
                self.binding(&each.target);
                self.expr(&each.iter);
                self.all(each.filter_expr.as_ref());
                self.body(&each.body);
                self.body(&each.else_body);
            }
            Stmt::IfCond(branch) => {
                self.expr(&branch.expr);
                self.body(&branch.true_body);
                self.body(&branch.false_body);
            }
            Stmt::WithBlock(with) => {
                for (target, value) in &with.assignments {
                    self.binding(target);
                    self.expr(value);
                }
                self.body(&with.body);
            }
            Stmt::Set(set) => {
                self.binding(&set.target);
                self.expr(&set.expr);
            }
            Stmt::SetBlock(set) => {
                self.binding(&set.target);
                self.body(&set.body);
            }
            Stmt::AutoEscape(block) => self.body(&block.body),
            Stmt::FilterBlock(block) => {
                self.expr(&block.filter);
                self.body(&block.body);
            }
            Stmt::Block(block) => self.body(&block.body),
            Stmt::Import(import) => self.included(&import.expr),
            Stmt::FromImport(import) => self.included(&import.expr),
            Stmt::Extends(extends) => self.included(&extends.name),
            Stmt::Include(include) => self.included(&include.name),
            Stmt::Macro(of) => self.macro_body(of),
            Stmt::CallBlock(block) => {
                self.expr(&block.call.expr);
                self.arguments(&block.call.args);
                self.macro_body(&block.macro_decl);
            }
            Stmt::Do(call) => {
                self.expr(&call.call.expr);
                self.arguments(&call.call.args);
            }
        }
    }

    fn macro_body(&mut self, of: &minijinja::machinery::ast::Macro<'_>) {
        self.all(&of.defaults);
        self.body(&of.body);
    }

    /// A name that the template sets.
    fn binding(&mut self, target: &Expr<'_>) {
        self.shadowed |= matches!(target, Expr::Var(name) if matches!(name.id, "var" | "conn"));
    }

    fn included(&mut self, name: &Expr<'_>) {
        match name {
            Expr::List(names) => names.items.iter().for_each(|name| self.included(name)),
            name => match text_of(name) {
                Some(name) => self.found.includes.push(name),
                None => self.expr(name),
            },
        }
    }

    fn all<'e, 's: 'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr<'s>>) {
        for expr in exprs {
            self.expr(expr);
        }
    }

    fn expr(&mut self, expr: &Expr<'_>) {
        match expr {
            Expr::Var(_) | Expr::Const(_) => {}
            Expr::Slice(slice) => {
                self.expr(&slice.expr);
                self.all(
                    [&slice.start, &slice.stop, &slice.step]
                        .into_iter()
                        .flatten(),
                );
            }
            Expr::UnaryOp(operation) => self.expr(&operation.expr),
            Expr::BinOp(operation) => self.all([&operation.left, &operation.right]),
            Expr::Compare(compare) => {
                self.expr(&compare.expr);
                self.all(compare.ops.iter().map(|op| &op.expr));
            }
            Expr::IfExpr(choice) => {
                self.all([&choice.test_expr, &choice.true_expr]);
                self.all(choice.false_expr.as_ref());
            }
            Expr::Filter(filter) => {
                self.all(filter.expr.as_ref());
                self.arguments(&filter.args);
            }
            Expr::Test(test) => {
                self.expr(&test.expr);
                self.arguments(&test.args);
            }
            Expr::GetAttr(get) => match accessor(&get.expr) {
                Some((kind, offset)) => self.found(kind, Some(get.name.to_owned()), offset, None),
                None => self.expr(&get.expr),
            },
            Expr::GetItem(get) => {
                match accessor(&get.expr) {
                    Some((kind, offset)) => {
                        self.found(kind, text_of(&get.subscript_expr), offset, None)
                    }
                    None => self.expr(&get.expr),
                }
                self.expr(&get.subscript_expr);
            }
            Expr::Call(call) => {
                match getter(&call.expr) {
                    Some((kind, offset)) => self.get(kind, &call.args, offset),
                    None => self.expr(&call.expr),
                }
                self.arguments(&call.args);
            }
            Expr::List(list) => self.all(&list.items),
            Expr::Tuple(tuple) => self.all(&tuple.items),
            Expr::Map(map) => {
                self.all(&map.keys);
                self.all(&map.values);
            }
        }
    }

    fn arguments(&mut self, arguments: &[CallArg<'_>]) {
        for argument in arguments {
            match argument {
                CallArg::Pos(expr)
                | CallArg::Kwarg(_, expr)
                | CallArg::PosSplat(expr)
                | CallArg::KwargSplat(expr) => self.expr(expr),
            }
        }
    }

    /// `var.value.get("x", default)`
    fn get(&mut self, kind: SecretKind, arguments: &[CallArg<'_>], offset: usize) {
        let positional: Vec<&Expr<'_>> = arguments.iter().filter_map(positional).collect();
        if let Some(first) = positional.first() {
            self.found(kind, text_of(first), offset, Some(arguments.len() > 1));
        }
    }

    fn found(&mut self, kind: SecretKind, id: Option<String>, offset: usize, get: Option<bool>) {
        let offset = offset + self.base;
        self.found.uses.push(TemplateUse {
            kind,
            id,
            offset,
            get,
        });
    }

    /// Reads each tag for itself.
    fn tag_by_tag(&mut self, text: &str) {
        let mut rest = 0;
        while let Some(start) = text[rest..].find("{").map(|start| start + rest) {
            let (close, statement) = match text.as_bytes().get(start + 1) {
                Some(b'{') => ("}}", false),
                Some(b'%') => ("%}", true),
                _ => {
                    rest = start + 1;
                    continue;
                }
            };
            let Some(end) = text[start + 2..].find(close).map(|end| start + 2 + end) else {
                return;
            };
            let (from, to) = inside(text, start + 2, end, statement);
            if let Ok(expr) = parse_expr(&text[from..to]) {
                self.base = from;
                self.expr(&expr);
            }
            rest = end + 2;
        }
        self.base = 0;
    }
}

fn positional<'e, 's>(argument: &'e CallArg<'s>) -> Option<&'e Expr<'s>> {
    match argument {
        CallArg::Pos(expr) => Some(expr),
        _ => None,
    }
}

/// Where the expression of a tag stands: behind `in`, `=` or the first word of a statement.
fn inside(text: &str, start: usize, end: usize, statement: bool) -> (usize, usize) {
    let trimmed = |from: usize, to: usize| {
        let part = &text[from..to];
        let from = from
            + (part.len()
                - part
                    .trim_start_matches(|c: char| c == '-' || c == '+' || c.is_whitespace())
                    .len());
        let to = from.max(
            from + text[from..to]
                .trim_end_matches(|c: char| c == '-' || c.is_whitespace())
                .len(),
        );
        (from, to)
    };
    let (from, to) = trimmed(start, end);
    if !statement {
        return (from, to);
    }
    let tag = &text[from..to];
    let word = tag.find(char::is_whitespace).unwrap_or(tag.len());
    let behind = match &tag[..word] {
        "for" => tag.find(" in ").map_or(word, |found| found + 4),
        "set" => tag.find('=').map_or(word, |found| found + 1),
        _ => word,
    };
    trimmed(from + behind, to)
}

fn text_of(expr: &Expr<'_>) -> Option<String> {
    expr.as_const()?.as_str().map(str::to_owned)
}

/// What `conn`, `var.value` and `var.json` give when looked into, and where they start.
fn accessor(expr: &Expr<'_>) -> Option<(SecretKind, usize)> {
    let variables = |of: &Expr<'_>, name: &str| match of {
        Expr::Var(var) if var.id == "var" && matches!(name, "value" | "json") => {
            Some((SecretKind::Variable, var.span().start_offset as usize))
        }
        _ => None,
    };
    match expr {
        Expr::Var(name) if name.id == "conn" => {
            Some((SecretKind::Connection, name.span().start_offset as usize))
        }
        Expr::GetAttr(get) => variables(&get.expr, get.name),
        Expr::GetItem(get) => variables(&get.expr, &text_of(&get.subscript_expr)?),
        _ => None,
    }
}

/// `conn.get`, `var.value.get`, `var.json.get`
fn getter(expr: &Expr<'_>) -> Option<(SecretKind, usize)> {
    match expr {
        Expr::GetAttr(get) if get.name == "get" => accessor(&get.expr),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uses(text: &str) -> Vec<String> {
        let one = |found: TemplateUse| {
            let optional = [AirflowVersion::V2_11, AirflowVersion::V3_3]
                .map(|version| found.is_optional(version));
            let note = match optional {
                [true, true] => " optional",
                [false, true] => " optional in 3",
                _ => "",
            };
            format!(
                "{}:{}@{}{note}",
                found.kind.short_name(),
                found.id.as_deref().unwrap_or("?"),
                found.offset
            )
        };
        read(text).uses.into_iter().map(one).collect()
    }

    #[test]
    fn forms_of_uses() {
        for (template, expected) in [
            ("{{ var.value.a }}", vec!["var:a@3"]),
            ("{{ var.json.a.b.c }}", vec!["var:a@3"]),
            ("{{ var.json.a['b'] }}", vec!["var:a@3"]),
            ("{{ var['value']['a'] }}", vec!["var:a@3"]),
            ("{{ var.value.get('a', 'd') }}", vec!["var:a@3 optional"]),
            ("{{ var.json.get('a') }}", vec!["var:a@3 optional in 3"]),
            ("{{ var.json.get('a', {}).b }}", vec!["var:a@3 optional"]),
            // the look-up itself fails before `or` is asked
            ("{{ var.value.a or 'd' }}", vec!["var:a@3"]),
            ("{{ var.value.a | default('d') }}", vec!["var:a@3"]),
            (
                "{{ conn.a.host }}:{{ conn.a.port }}",
                vec!["conn:a@3", "conn:a@21"],
            ),
            ("{{ conn['my-id'].host }}", vec!["conn:my-id@3"]),
            ("{{ conn.get('a').host }}", vec!["conn:a@3 optional"]),
            ("{{ conn[params.x].host }}", vec!["conn:?@3"]),
            (
                "{% for k in var.json.a %}{{ k }}{% endfor %}",
                vec!["var:a@12"],
            ),
            ("{% if var.value.a == 'x' %}y{% endif %}", vec!["var:a@6"]),
            ("-- {{ var.value.a }}", vec!["var:a@6"]),
            (
                "{{ 'x' if var.value.a else conn.b.host }}",
                vec!["var:a@10", "conn:b@27"],
            ),
            ("{{ macros.f(x=var.value.a) }}", vec!["var:a@14"]),
            ("{# {{ var.value.a }} #}", vec![]),
            ("{% raw %}{{ var.value.a }}{% endraw %}", vec![]),
            ("{% for conn in conns %}{{ conn.host }}{% endfor %}", vec![]),
            ("{{ ds }} {{ var('x') }} {{ connection.a }}", vec![]),
            // tags that the parser does not know
            (
                "{% trans %}{{ var.value.a }}{% endtrans %}",
                vec!["var:a@14"],
            ),
            (
                "{% for x in var.json.a %}{% jump %}{{ conn.b.host }}",
                vec!["var:a@12", "conn:b@38"],
            ),
            ("{{ var.value.a }} {{ broken", vec!["var:a@3"]),
        ] {
            assert_eq!(uses(template), expected, "{template}");
        }
    }

    #[test]
    fn included_templates() {
        assert_eq!(
            read("{% include 'a.sql' %}{% extends \"b.sql\" %}").includes,
            ["a.sql", "b.sql"]
        );
    }

    #[test]
    fn no_text_makes_it_panic() {
        for text in [
            "{{",
            "{%",
            "{{}}",
            "{%%}",
            "{% var",
            "{{ var.value.é",
            "é{{ var.value.a|}}",
            "{%-var-%}",
            "{{ conn - }}",
        ] {
            let _ = read(text);
        }
    }
}
