//! Blocks of statements that may not be run, and which bindings in them can hold where a name is used.
//!
//! The surprising rule: what stands in one branch of an `if` never holds in another.

use ruff_python_ast::Stmt;
use ruff_text_size::Ranged;

/// A block of statements that may not be run: of an `if`, a loop, a `try`. The default is the body of a scope.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Block {
    /// Where it ends; none for the body of a scope.
    end: Option<usize>,
    /// Where the `if` or `match` ends of whose branches only one is run.
    choice_end: Option<usize>,
}

impl Block {
    pub(super) fn of(stmts: &[Stmt], outer: Block) -> Self {
        match stmts.last() {
            Some(last) => Block {
                end: Some(last.end().to_usize()),
                choice_end: None,
            },
            None => outer,
        }
    }

    pub(super) fn branch(stmts: &[Stmt], whole: &Stmt, outer: Block) -> Self {
        Block {
            choice_end: Some(whole.end().to_usize()),
            ..Self::of(stmts, outer)
        }
    }

    /// Whether it is surely run when what stands at an offset behind it is; from elsewhere, whether it is surely run at all.
    pub(super) fn is_certain(self, offset: Option<usize>) -> bool {
        match (self.end, offset) {
            (None, _) => true,
            (Some(end), Some(offset)) => offset <= end,
            (Some(_), None) => false,
        }
    }

    /// Whether it is another branch than the one that holds the offset.
    pub(super) fn is_excluded(self, offset: Option<usize>) -> bool {
        matches!((self.end, self.choice_end, offset), (Some(end), Some(choice_end), Some(offset)) if end < offset && offset <= choice_end)
    }
}
