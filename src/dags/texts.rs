//! The texts of a Python file that may be templates, with the place in the file of every part of them.
//!
//! A text may be put together of literals, f-strings, `+`, `%` and `.format(...)`. The surprising rule: escapes, and a backslash at
//! the end of a line, shift a text against its source, so offsets go through a map.

use ruff_python_ast::{
    Expr, ExprCall, FStringPart, InterpolatedStringElement, Operator, StringFlags, StringLiteral,
};
use ruff_text_size::Ranged;

use super::found::{Manner, is_template};
use super::mapped_text::{MappedText, UNKNOWN_PART, Units};
use super::reference::Via;
use super::template_files::is_template_name;
use super::templates;
use super::value::Value;
use super::visit::FileVisitor;

/// A place in a format: its offset, its length, and what is put there.
type Replaced<'a> = (usize, usize, Option<&'a Expr>);

impl<'a> FileVisitor<'_, 'a> {
    /// Looks at a text; whether it is one, so that its parts need no other visit.
    pub(super) fn text(&mut self, expr: &'a Expr) -> bool {
        match expr {
            Expr::StringLiteral(literal) => {
                let text = literal.value.to_str();
                if is_template(text) {
                    self.template(expr);
                } else {
                    self.file_name(text);
                }
                true
            }
            Expr::FString(_) => {
                self.template(expr);
                self.file_names(expr);
                // what stands in the braces is visited as usual
                false
            }
            Expr::BinOp(operation)
                if matches!(operation.op, Operator::Add | Operator::Mod) && has_literal(expr) =>
            {
                self.template(expr);
                self.file_names(expr);
                self.visit_parts(expr);
                true
            }
            _ => false,
        }
    }

    /// `"...".format(...)`, whose braces are doubled.
    pub(super) fn formatted_text(&mut self, call: &'a ExprCall) -> bool {
        let Expr::Attribute(function) = &*call.func else {
            return false;
        };
        if function.attr.as_str() != "format" || !matches!(&*function.value, Expr::StringLiteral(_))
        {
            return false;
        }
        let mut text = MappedText::default();
        self.append_format(&mut text, &function.value, call);
        self.read_template(&text);
        true
    }

    fn visit_parts(&mut self, expr: &'a Expr) {
        use ruff_python_ast::visitor::{self, Visitor};
        match expr {
            Expr::StringLiteral(_) => {}
            Expr::FString(_) => visitor::walk_expr(self, expr),
            Expr::BinOp(operation) if matches!(operation.op, Operator::Add | Operator::Mod) => {
                self.visit_parts(&operation.left);
                match operation.op {
                    Operator::Add => self.visit_parts(&operation.right),
                    _ => self.visit_expr(&operation.right),
                }
            }
            expr => self.visit_expr(expr),
        }
    }

    fn template(&mut self, expr: &'a Expr) {
        let mut text = MappedText::default();
        self.append(&mut text, expr);
        if is_template(&text.text) {
            self.read_template(&text);
        }
    }

    fn read_template(&mut self, text: &MappedText<'a>) {
        let read = templates::read(&text.text);
        for name in read.includes {
            self.found.template_files.push(name);
        }
        for found in read.uses {
            let Some(offset) = text.source_offset(found.offset) else {
                continue;
            };
            let site = self.site(offset);
            let manner = Manner {
                kind: found.kind,
                via: Via::Template,
                optional: found.is_optional(self.version),
                tell_dynamic: true,
            };
            let value = self.value_of_id(found.id.as_deref(), text);
            self.found.take(&value, site, manner);
        }
    }

    /// The id in a template: a text, or what stands behind an unknown part.
    fn value_of_id(&self, id: Option<&str>, text: &MappedText<'a>) -> Value<'a> {
        use super::value::Why;
        let Some(id) = id else {
            return Value::Unknown(Why::Template);
        };
        let Some((before, behind)) = id.split_once(UNKNOWN_PART) else {
            return Value::text(id);
        };
        let number = behind
            .strip_suffix('x')
            .and_then(|number| number.parse::<usize>().ok());
        match number.and_then(|number| text.unknown.get(number)) {
            Some(expr) if before.is_empty() => self.value(expr),
            _ => Value::Unknown(Why::Parts),
        }
    }

    fn append(&mut self, text: &mut MappedText<'a>, expr: &'a Expr) {
        match expr {
            Expr::StringLiteral(literal) => {
                for part in literal.value.as_slice() {
                    self.append_literal(text, part);
                }
            }
            Expr::FString(format) => {
                for part in &format.value {
                    match part {
                        FStringPart::Literal(literal) => self.append_literal(text, literal),
                        FStringPart::FString(format) => {
                            let raw = format.flags.prefix().is_raw();
                            for element in &format.elements {
                                match element {
                                    InterpolatedStringElement::Literal(literal) => {
                                        let range = literal.range;
                                        self.append_mapped(
                                            text,
                                            &literal.value,
                                            range.start().to_usize(),
                                            range.end().to_usize(),
                                            raw,
                                            true,
                                        );
                                    }
                                    InterpolatedStringElement::Interpolation(part) => {
                                        self.append_value(text, &part.expression)
                                    }
                                }
                            }
                        }
                    }
                }
            }
            Expr::BinOp(operation) if operation.op == Operator::Add => {
                self.append(text, &operation.left);
                self.append(text, &operation.right);
            }
            Expr::BinOp(operation) if operation.op == Operator::Mod => {
                self.append_percent(text, &operation.left, &operation.right)
            }
            expr => self.append_value(text, expr),
        }
    }

    fn append_literal(&self, text: &mut MappedText<'a>, literal: &StringLiteral) {
        let range = literal.range;
        let (open, close) = (literal.flags.opener_len(), literal.flags.closer_len());
        let (start, end) = (
            (range.start() + open).to_usize(),
            range.end().to_usize().saturating_sub(close.to_usize()),
        );
        self.append_mapped(
            text,
            &literal.value,
            start,
            end,
            literal.flags.prefix().is_raw(),
            false,
        );
    }

    /// Puts a decoded literal behind the text, and notes where each of its parts stands in the source.
    fn append_mapped(
        &self,
        text: &mut MappedText<'a>,
        value: &str,
        start: usize,
        end: usize,
        raw: bool,
        doubled_braces: bool,
    ) {
        let source = &self
            .evaluator
            .project
            .module(self.at.module)
            .file
            .python
            .source
            .text;
        let written = source.get(start..end).unwrap_or_default();
        text.segment(start, true);
        if written == value {
            text.text.push_str(value);
            return;
        }
        let mut decoded = value.chars();
        let units = Units {
            rest: written,
            raw,
            doubled_braces,
        };
        let mut offset = start;
        for (length, chars) in units {
            for char in decoded.by_ref().take(chars) {
                text.text.push(char);
            }
            offset += length;
            if length != chars {
                text.segment(offset, true);
            }
        }
        text.text.extend(decoded);
    }

    /// A part that is not a literal: its text, if it is known.
    fn append_value(&mut self, text: &mut MappedText<'a>, expr: &'a Expr) {
        text.segment(expr.start().to_usize(), false);
        match self.value(expr) {
            Value::Text(known) => text.text.push_str(&known.text),
            _ => {
                text.text
                    .push_str(&format!("{UNKNOWN_PART}{}x", text.unknown.len()));
                text.unknown.push(expr);
            }
        }
    }

    /// `"...%s" % values`
    fn append_percent(&mut self, text: &mut MappedText<'a>, format: &'a Expr, values: &'a Expr) {
        let values: Vec<&'a Expr> = match values {
            Expr::Tuple(tuple) => tuple.elts.iter().collect(),
            Expr::Dict(_) => Vec::new(),
            value => vec![value],
        };
        let whole = self.format_of(text, format);
        let mut values = values.into_iter();
        self.replace(text, whole, &mut |rest| {
            let found = rest.find('%')?;
            match rest[found..].chars().nth(1)? {
                's' | 'd' | 'r' => Some((found, 2, values.next())),
                // `%}` of Jinja
                _ => Some((found, 1, None)),
            }
        });
    }

    /// `"...".format(values)`
    fn append_format(&mut self, text: &mut MappedText<'a>, format: &'a Expr, call: &'a ExprCall) {
        let whole = self.format_of(text, format);
        let mut positional = call.arguments.args.iter();
        self.replace(text, whole, &mut |rest| {
            let found = rest.find(['{', '}'])?;
            let tail = &rest[found..];
            if tail.starts_with("{{") || tail.starts_with("}}") {
                // one of the two is dropped, the other stays
                return Some((found + 1, 1, None));
            }
            if tail.starts_with('}') {
                return Some((found, 1, None));
            }
            let (field, _) = tail[1..].split_once('}')?;
            let argument = match field.parse::<usize>() {
                Ok(index) => call.arguments.args.get(index),
                Err(_) if field.is_empty() => positional.next(),
                Err(_) => call
                    .arguments
                    .find_keyword(field)
                    .map(|keyword| &keyword.value),
            };
            Some((found, field.len() + 2, argument))
        });
    }

    /// A format as a text of its own, whose unknown parts are numbered with those of the text that it will be put into.
    fn format_of(&mut self, text: &mut MappedText<'a>, format: &'a Expr) -> MappedText<'a> {
        let mut whole = MappedText::default();
        whole.unknown = std::mem::take(&mut text.unknown);
        self.append(&mut whole, format);
        text.unknown = std::mem::take(&mut whole.unknown);
        whole
    }

    /// Copies a text; `next` finds the next place to replace: its offset, its length, and by what. Without a value a place of two
    /// braces loses one, and any other stays.
    fn replace(
        &mut self,
        text: &mut MappedText<'a>,
        whole: MappedText<'a>,
        next: &mut dyn FnMut(&str) -> Option<Replaced<'a>>,
    ) {
        let mut done = 0;
        while let Some((found, length, value)) = next(&whole.text[done..]) {
            let start = done + found;
            text.copy(&whole, done, start);
            match value {
                Some(value) => self.append_value(text, value),
                None if length == 1 && is_doubled(&whole.text, start) => {}
                None => text.copy(&whole, start, start + length),
            }
            done = start + length;
        }
        text.copy(&whole, done, whole.text.len());
    }

    fn file_name(&mut self, text: &str) {
        if is_template_name(text) {
            self.found.template_files.push(text.to_owned());
        }
    }

    /// The names of files that a text put together may be.
    fn file_names(&mut self, expr: &'a Expr) {
        if !ends_like_a_file(expr) {
            return;
        }
        for alternative in self.value(expr).alternatives() {
            if let Value::Text(text) = alternative {
                self.file_name(&text.text);
            }
        }
    }
}

/// Whether the brace at an offset is the second of two.
fn is_doubled(text: &str, offset: usize) -> bool {
    let bytes = text.as_bytes();
    offset > 0 && bytes[offset - 1] == bytes[offset] && matches!(bytes[offset], b'{' | b'}')
}

/// Whether a text is put together with a literal.
fn has_literal(expr: &Expr) -> bool {
    match expr {
        Expr::StringLiteral(_) | Expr::FString(_) => true,
        Expr::BinOp(operation) if operation.op == Operator::Add => {
            has_literal(&operation.right) || has_literal(&operation.left)
        }
        Expr::BinOp(operation) if operation.op == Operator::Mod => has_literal(&operation.left),
        _ => false,
    }
}

/// Whether the last part of a text is a literal that ends like the name of a template.
fn ends_like_a_file(expr: &Expr) -> bool {
    match expr {
        Expr::StringLiteral(literal) => is_template_name(literal.value.to_str()),
        Expr::BinOp(operation) if operation.op == Operator::Add => {
            ends_like_a_file(&operation.right)
        }
        Expr::FString(format) => match format.value.elements().last() {
            Some(InterpolatedStringElement::Literal(literal)) => {
                is_template_name(&format!("x{}", literal.value))
            }
            _ => false,
        },
        _ => false,
    }
}
