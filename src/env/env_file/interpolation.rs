//! Interpolation in env files: `$NAME`, `${NAME}`, and `${NAME:-word}` with its five relatives.
//!
//! Mirrors the `template` package of compose-go as Docker Compose 2.40.3 has it. Surprising rules: the word after an
//! operator is interpolated even when it is not used; `$$` is a dollar sign; `$1` is no reference; and the end of
//! `${NAME:-word}` is found by counting every brace, except that the character after an opening brace is not looked at.

use zeroize::Zeroizing;

use super::EnvFileProblem;

/// Deeper than anybody nests defaults.
const DEEPEST_NESTING: usize = 32;

/// Where interpolation finds values, and what it noticed.
pub(super) struct Interpolation<'a> {
    /// The value of a variable, if it is set.
    pub lookup: &'a dyn Fn(&str) -> Result<Option<&'a str>, EnvFileProblem>,
    /// How many bytes it may still make.
    pub budget: usize,
    /// Whether a reference came to nothing because its variable is not set.
    pub met_unset: bool,
}

/// What stands between `${` and `}`.
struct Braced<'a> {
    name: &'a str,
    operation: Option<Operation<'a>>,
    /// The number of bytes up to and with the closing brace.
    width: usize,
}

/// What follows the name.
struct Operation<'a> {
    operator: Operator,
    /// Whether a variable that is set to nothing counts as set: it does without a `:`.
    empty_counts: bool,
    word: &'a str,
}

enum Operator {
    /// `-`
    Default,
    /// `+`
    Alternative,
    /// `?`
    Required,
}

impl Interpolation<'_> {
    /// `template` with every reference replaced.
    pub fn expand(&mut self, template: &str) -> Result<Zeroizing<String>, EnvFileProblem> {
        self.expand_nested(template, 0)
    }

    fn expand_nested(
        &mut self,
        template: &str,
        depth: usize,
    ) -> Result<Zeroizing<String>, EnvFileProblem> {
        if depth > DEEPEST_NESTING {
            return Err(EnvFileProblem::NestedTooDeep);
        }
        let mut expanded = Zeroizing::new(String::new());
        let mut rest = template;
        while let Some(dollar) = rest.find('$') {
            self.append(&mut expanded, &rest[..dollar])?;
            rest = self.expand_dollar(&mut expanded, &rest[dollar + 1..], depth)?;
        }
        self.append(&mut expanded, rest)?;
        Ok(expanded)
    }

    /// Handles what follows a `$`, and returns what follows that.
    fn expand_dollar<'t>(
        &mut self,
        expanded: &mut String,
        after: &'t str,
        depth: usize,
    ) -> Result<&'t str, EnvFileProblem> {
        if let Some(rest) = after.strip_prefix('$') {
            self.append(expanded, "$")?;
            return Ok(rest);
        }
        if let Some(inside) = after.strip_prefix('{') {
            let braced = Braced::parse(inside).ok_or(EnvFileProblem::BadReference)?;
            self.expand_braced(expanded, &braced, depth)?;
            return Ok(&inside[braced.width..]);
        }
        let name = &after[..name_width(after)];
        if name.is_empty() {
            self.append(expanded, "$")?;
        } else {
            self.append_variable(expanded, name)?;
        }
        Ok(&after[name.len()..])
    }

    fn expand_braced(
        &mut self,
        expanded: &mut String,
        braced: &Braced,
        depth: usize,
    ) -> Result<(), EnvFileProblem> {
        let Some(operation) = &braced.operation else {
            return self.append_variable(expanded, braced.name);
        };
        let word = self.expand_nested(operation.word, depth + 1)?;
        let value = (self.lookup)(braced.name)?;
        let is_set = value.is_some_and(|value| operation.empty_counts || !value.is_empty());
        match (&operation.operator, is_set) {
            (Operator::Required, false) => Err(EnvFileProblem::Required {
                name: braced.name.to_owned(),
            }),
            (Operator::Default, false) | (Operator::Alternative, true) => {
                self.append(expanded, &word)
            }
            _ => self.append(expanded, value.unwrap_or_default()),
        }
    }

    fn append_variable(&mut self, expanded: &mut String, name: &str) -> Result<(), EnvFileProblem> {
        let value = (self.lookup)(name)?;
        self.met_unset |= value.is_none();
        self.append(expanded, value.unwrap_or_default())
    }

    fn append(&mut self, expanded: &mut String, text: &str) -> Result<(), EnvFileProblem> {
        self.budget = self
            .budget
            .checked_sub(text.len())
            .ok_or(EnvFileProblem::ValuesTooLarge)?;
        expanded.push_str(text);
        Ok(())
    }
}

impl<'a> Braced<'a> {
    /// Parses what follows `${`; `None` when it is no reference.
    fn parse(inside: &'a str) -> Option<Self> {
        let name = &inside[..name_width(inside)];
        let after = &inside[name.len()..];
        if name.is_empty() {
            return None;
        }
        if after.starts_with('}') {
            return Some(Self {
                name,
                operation: None,
                width: name.len() + 1,
            });
        }
        let (empty_counts, operation) = match after.strip_prefix(':') {
            Some(operation) => (false, operation),
            None => (true, after),
        };
        let operator = match operation.chars().next()? {
            '-' => Operator::Default,
            '+' => Operator::Alternative,
            '?' => Operator::Required,
            _ => return None,
        };
        let end = closing_brace(inside)?;
        let word = &inside[inside.len() - operation.len() + 1..end];
        let operation = Some(Operation {
            operator,
            empty_counts,
            word,
        });
        Some(Self {
            name,
            operation,
            width: end + 1,
        })
    }
}

/// The closing brace of a reference whose opening one stands before `inside`: where the braces balance, or else the last
/// one in the line.
fn closing_brace(inside: &str) -> Option<usize> {
    let mut open = 1;
    let mut last = None;
    // the name of the variable comes first; what stands after an opening brace is not counted
    let mut counts = true;
    for (position, byte) in inside
        .bytes()
        .enumerate()
        .take_while(|&(_, byte)| byte != b'\n')
    {
        if byte == b'}' {
            last = Some(position);
        }
        match byte {
            _ if !counts => counts = true,
            b'}' if open == 1 => return last,
            b'}' => open -= 1,
            b'{' => {
                open += 1;
                counts = false;
            }
            _ => {}
        }
    }
    last
}

/// The width of the variable name that `text` starts with, in bytes; 0 for none.
fn name_width(text: &str) -> usize {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return 0;
    }
    text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(name: &str) -> Result<Option<&'static str>, EnvFileProblem> {
        Ok(match name {
            "SET" => Some("value"),
            "EMPTY" => Some(""),
            _ => None,
        })
    }

    fn expand(template: &str) -> Result<String, EnvFileProblem> {
        let mut interpolation = Interpolation {
            lookup: &lookup,
            budget: 1000,
            met_unset: false,
        };
        interpolation.expand(template).map(|text| text.to_string())
    }

    fn assert_expands(cases: &[(&str, &str)]) {
        for (template, expected) in cases {
            assert_eq!(expand(template).unwrap(), *expected, "{template}");
        }
    }

    #[test]
    fn operators() {
        assert_expands(&[
            (
                "${SET:-word} ${EMPTY:-word} ${UNSET:-word}",
                "value word word",
            ),
            ("${SET-word} ${EMPTY-word} ${UNSET-word}", "value  word"),
            ("${SET:+word} ${EMPTY:+word} ${UNSET:+word}", "word  "),
            ("${SET+word} ${EMPTY+word} ${UNSET+word}", "word word "),
            ("${SET:?word} ${SET?word} ${EMPTY?word}", "value value "),
            ("${UNSET:-a:-b?c} ${UNSET-}", "a:-b?c "),
        ]);
        for template in ["${EMPTY:?word}", "${UNSET:?}", "${UNSET?word}"] {
            assert!(
                matches!(expand(template), Err(EnvFileProblem::Required { .. })),
                "{template}"
            );
        }
    }

    #[test]
    fn words_are_interpolated_even_when_not_used() {
        assert_expands(&[
            ("${UNSET:-$SET}", "value"),
            ("${UNSET:-${SET} ${EMPTY:-${SET}}}", "value value"),
        ]);
        assert!(matches!(
            expand("${SET:-${UNSET?}}"),
            Err(EnvFileProblem::Required { .. })
        ));
    }

    #[test]
    fn dollars_that_are_no_reference() {
        assert_expands(&[
            ("$$SET $1 $ $-", "$SET $1 $ $-"),
            ("a$", "a$"),
            ("$${SET}", "${SET}"),
        ]);
    }

    #[test]
    fn braces_are_counted() {
        assert_expands(&[
            ("${UNSET:-a{b}c}d", "a{b}cd"),
            ("${UNSET:-{\"a\": 1}}", "{\"a\": 1}"),
            ("${UNSET:-{}} and }.", "{}} and ."),
            ("${UNSET:-{a}", "{a"),
        ]);
    }

    #[test]
    fn what_is_no_reference_after_an_opening_brace_is_an_error() {
        for template in [
            "${",
            "${}",
            "${1}",
            "${SET",
            "${SET!}",
            "${SET:}",
            "${SET:-a\nb}",
            "${S T}",
        ] {
            assert!(
                matches!(expand(template), Err(EnvFileProblem::BadReference)),
                "{template:?}"
            );
        }
    }

    #[test]
    fn depth_and_size_are_bounded() {
        let deep = "${UNSET:-".repeat(50_000) + &"}".repeat(50_000);
        assert!(matches!(expand(&deep), Err(EnvFileProblem::NestedTooDeep)));
        assert!(matches!(
            expand(&"$SET".repeat(201)),
            Err(EnvFileProblem::ValuesTooLarge)
        ));
    }
}
