//! A Python file, parsed.
//!
//! The parser is ruff's: it gives a tree also for a broken file, so the rest of it is still read, and it knows newer syntax
//! than the oldest Python around. The surprising rule: it survives any nesting, but walking or dropping its tree would not, so
//! a file that nests deeper than CPython itself reads is refused, and its tree is leaked.

use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, ModModule, Stmt};
use ruff_python_parser::{Mode, ParseOptions, parse_unchecked};
use ruff_text_size::Ranged;

use super::comments::{self, Note};
use super::source::Source;

/// How deep expressions and statements may nest together. CPython gives up earlier on most forms.
const MAX_DEPTH: usize = 1000;

/// A parsed file.
#[derive(Debug)]
pub(super) struct PythonFile {
    pub source: Source,
    pub tree: ModModule,
    /// What comments say to secretctl.
    pub notes: Vec<Note>,
    /// The first syntax error: its line and what is wrong.
    pub error: Option<(u32, String)>,
}

impl PythonFile {
    /// Parses a text.
    ///
    /// # Errors
    /// A nesting that cannot be walked: the line and why.
    pub(super) fn parse(source: Source) -> Result<Self, (u32, String)> {
        let parsed = parse_unchecked(&source.text, ParseOptions::from(Mode::Module));
        let deep = deepest_line(parsed.tokens(), &source);
        let error = parsed.errors().first().map(|error| {
            let line = source.line(error.location.start().to_usize());
            (line, lower_first(&error.error.to_string()))
        });
        let notes = comments::notes(parsed.tokens(), &source);
        let Some(parsed) = parsed.try_into_module() else {
            return Err((1, "it is not a module".to_owned()));
        };
        if let Some(line) = deep
            && too_deep(parsed.syntax())
        {
            // its own drop would overflow the stack
            std::mem::forget(parsed);
            return Err((line, "it nests too deep".to_owned()));
        }
        Ok(Self {
            source,
            tree: parsed.into_syntax(),
            notes,
            error,
        })
    }
}

fn lower_first(sentence: &str) -> String {
    let mut chars = sentence.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// The line of a statement with so many tokens, or so much indentation, that its tree may be too deep. Cheap, and true for few.
fn deepest_line(tokens: &Tokens, source: &Source) -> Option<u32> {
    let (mut in_statement, mut indentation) = (0, 0);
    for token in tokens {
        match token.kind() {
            TokenKind::Newline => in_statement = 0,
            TokenKind::Indent => indentation += 1,
            TokenKind::Dedent => indentation -= 1,
            _ => in_statement += 1,
        }
        if in_statement > MAX_DEPTH / 2 || indentation > 100 {
            return Some(source.line(token.start().to_usize()));
        }
    }
    None
}

fn too_deep(tree: &ModModule) -> bool {
    let mut depth = Depth::default();
    depth.visit_body(&tree.body);
    depth.exceeded
}

/// Measures how deep a tree is, and stops at the limit.
#[derive(Default)]
struct Depth {
    now: usize,
    exceeded: bool,
}

impl Depth {
    fn enter(&mut self, walk: impl FnOnce(&mut Self)) {
        self.exceeded |= self.now >= MAX_DEPTH;
        if !self.exceeded {
            self.now += 1;
            walk(self);
            self.now -= 1;
        }
    }
}

impl<'a> Visitor<'a> for Depth {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        self.enter(|depth| visitor::walk_stmt(depth, stmt));
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        self.enter(|depth| visitor::walk_expr(depth, expr));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: String) -> Result<PythonFile, (u32, String)> {
        // as a scan does it, with room for the parser's own recursion
        let parse = || PythonFile::parse(Source::new("f.py".to_owned(), text));
        std::thread::scope(|scope| {
            let builder = std::thread::Builder::new().stack_size(64 << 20);
            builder.spawn_scoped(scope, parse).unwrap().join().unwrap()
        })
    }

    #[test]
    fn what_nests_too_deep_is_refused_and_does_not_abort() {
        let n = 200_000;
        for text in [
            format!("x = {}", vec!["a"; n].join("+")),
            format!("x = a{}", ".b".repeat(n)),
            format!("x = {}a", "not ".repeat(n)),
            format!("x = {}{}", "[".repeat(n), "]".repeat(n)),
            format!("x = {}1", "lambda: ".repeat(n)),
            format!("x = f{}", "()".repeat(n)),
            format!("x = {}1", "1 if a else ".repeat(n)),
            format!("x = {}1", "-".repeat(n)),
            (0..2000)
                .map(|depth| format!("{}if a:\n", " ".repeat(depth)))
                .collect(),
        ] {
            let head: String = text.chars().take(30).collect();
            assert!(
                matches!(parse(text), Err((_, why)) if why == "it nests too deep"),
                "{head}"
            );
        }
    }

    #[test]
    fn long_is_not_deep() {
        for text in [
            format!("x = [{}]", vec!["'a'"; 100_000].join(", ")),
            format!("x = a({})", vec!["b(1)"; 10_000].join(", ")),
            "x = 1\n".repeat(100_000),
        ] {
            assert!(parse(text).is_ok());
        }
    }

    #[test]
    fn a_broken_file_is_read_on() {
        let text = "import a\nprint 'x'\ndef f(:\n    pass\nb = a.c()\n";
        let file = parse(text.to_owned()).unwrap();
        assert_eq!(file.error.map(|(line, _)| line), Some(2));
        assert!(file.tree.body.len() >= 3);
    }
}
