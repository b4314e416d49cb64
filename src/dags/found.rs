//! What one file gives: uses of ids, look-ups through parameters, calls of the project's own functions.

use ruff_python_ast::{Arguments, Expr};

use super::project::At;
use super::reference::Via;
use super::scope::Slot;
use super::value::{Value, Why};
use crate::secret_kind::SecretKind;

/// What a file gives. It becomes references when all files are known.
#[derive(Debug, Default)]
pub(super) struct Found<'a> {
    pub uses: Vec<Use>,
    pub dynamic: Vec<DynamicUse<'a>>,
    /// Parameters whose argument is looked up.
    pub sinks: Vec<Sink<'a>>,
    /// Calls of functions and classes of the project.
    pub calls: Vec<LocalCall<'a>>,
    /// Names of files that may be rendered.
    pub template_files: Vec<String>,
    /// The file takes too many steps to tell all of it.
    pub is_exhausted: bool,
    /// `template_searchpath` of its DAGs, as far as it is known.
    pub search_paths: Vec<String>,
}

/// A use of an id.
#[derive(Clone, Debug)]
pub(super) struct Use {
    pub kind: SecretKind,
    pub id: String,
    pub site: Site,
    pub via: Via,
    pub environment: Option<String>,
    pub optional: bool,
    pub implicit: bool,
}

/// Where something is used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Site {
    /// The scope, so also the file.
    pub at: At,
    /// The offset in the file.
    pub offset: usize,
    /// A `try` around it catches the failure of a look-up.
    pub guarded: bool,
    /// The id is looked up right here, and not when a task runs.
    pub is_lookup: bool,
}

/// A look-up whose id is not known.
#[derive(Clone, Debug)]
pub(super) struct DynamicUse<'a> {
    pub kind: SecretKind,
    pub site: Site,
    pub why: Why<'a>,
    /// The parameter that the id comes through.
    pub parameter: Option<(At, Slot<'a>)>,
}

/// A parameter whose argument is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Sink<'a> {
    pub function: At,
    pub slot: Slot<'a>,
    pub kind: SecretKind,
}

/// A call of a function or class of the project.
#[derive(Clone, Debug)]
pub(super) struct LocalCall<'a> {
    /// The function, or a data class.
    pub function: At,
    /// `self` is given already.
    pub bound: bool,
    pub passed: Passed<'a>,
    /// Where the name of what is called stands.
    pub site: Site,
    pub target: Target,
}

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Function,
    /// A class, whose default id is used where it is called.
    Class,
    /// A hook or an operator: an id that is handed to it and not known is told of.
    AirflowClass,
}

/// How arguments are passed.
#[derive(Clone, Debug)]
pub(super) enum Passed<'a> {
    /// `f(...)`, `f.partial(...)`
    Call(&'a Arguments),
    /// `f.expand(...)`: each element of each argument
    Expanded(&'a Arguments),
    /// `partial(f, ...)`
    Partial(&'a Arguments),
    /// `PythonOperator(python_callable=f, op_args=..., op_kwargs=...)`
    Operator {
        args: Option<&'a Expr>,
        kwargs: Option<&'a Expr>,
    },
}

/// What is known of a use beside its value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    pub kind: SecretKind,
    pub via: Via,
    pub optional: bool,
    /// Tell of it, too, when the id is not known.
    pub tell_dynamic: bool,
}

impl Manner {
    pub(super) fn connection(via: Via) -> Self {
        Self {
            kind: SecretKind::Connection,
            via,
            optional: false,
            tell_dynamic: true,
        }
    }
}

impl<'a> Found<'a> {
    /// Takes down the use of a value.
    pub(super) fn take(&mut self, value: &Value<'a>, site: Site, manner: Manner) {
        let alternatives = value.alternatives();
        // `f"{prefix}{name}" if prefix else name`: what a caller passes may be a part of the id only
        let may_be_a_part = alternatives
            .iter()
            .any(|value| matches!(value, Value::Unknown(Why::Parts)));
        for alternative in alternatives {
            match alternative {
                Value::Text(text) if is_template(&text.text) => {
                    self.take_dynamic(Why::Template, None, site, manner)
                }
                // an id of several lines, or none, is not an id
                Value::Text(text) if text.text.is_empty() || text.text.contains('\n') => {}
                Value::Text(text) => self.uses.push(Use {
                    kind: manner.kind,
                    id: text.text.clone(),
                    site,
                    via: if text.environment.is_some() {
                        Via::Environment
                    } else {
                        manner.via
                    },
                    environment: text.environment.clone(),
                    optional: manner.optional,
                    implicit: manner.via == Via::Default,
                }),
                Value::Nothing => {}
                Value::Parameter(function, slot) => {
                    let (function, slot, kind) = (*function, *slot, manner.kind);
                    if !may_be_a_part {
                        self.sinks.push(Sink {
                            function,
                            slot,
                            kind,
                        });
                    }
                    self.take_dynamic(Why::Expression, Some((function, slot)), site, manner);
                }
                Value::Unknown(why) => self.take_dynamic(why.clone(), None, site, manner),
                _ => self.take_dynamic(Why::Expression, None, site, manner),
            }
        }
    }

    fn take_dynamic(
        &mut self,
        why: Why<'a>,
        parameter: Option<(At, Slot<'a>)>,
        site: Site,
        manner: Manner,
    ) {
        if manner.tell_dynamic {
            self.dynamic.push(DynamicUse {
                kind: manner.kind,
                site,
                why,
                parameter,
            });
        }
    }
}

/// Whether a text is rendered before it is used.
pub(super) fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%")
}
