//! Tables of snippets, one a rule.
