//! What the two AWS backends have in common in naming: a prefix and a lookup pattern for each kind, and the ids of teams.
//!
//! Mirrors `_get_secret` and `_names_a_team_namespace` of both classes in apache-airflow-providers-amazon 9.39.0. The surprising
//! rule: a lookup pattern is matched from the id's start only and without regard to case, and what it does not match is
//! absent without a request.

use super::error::AwsError;
use crate::backend::kwargs::{KwargError, Kwargs};
use crate::python::json::Value;
use crate::python::re::Pattern;
use crate::secret_kind::{PerKind, SecretId, SecretKind};

/// Separates team and id in a team's secret.
const TEAM_SEPARATOR: &str = "--";

/// How one kind of secret is named.
#[derive(Clone, Debug)]
struct Rule {
    prefix: Option<String>,
    pattern: Option<Result<Pattern, AwsError>>,
}

/// How the secrets of all kinds are named.
#[derive(Clone, Debug)]
pub(super) struct Naming {
    rules: PerKind<Rule>,
    multi_team: bool,
}

/// The kwarg that holds the prefix of a kind.
fn prefix_kwarg(kind: SecretKind) -> &'static str {
    match kind {
        SecretKind::Connection => "connections_prefix",
        SecretKind::Variable => "variables_prefix",
        SecretKind::Config => "config_prefix",
    }
}

/// The kwarg that holds the lookup pattern of a kind.
fn pattern_kwarg(kind: SecretKind) -> &'static str {
    match kind {
        SecretKind::Connection => "connections_lookup_pattern",
        SecretKind::Variable => "variables_lookup_pattern",
        SecretKind::Config => "config_lookup_pattern",
    }
}

impl Naming {
    /// Reads prefixes and patterns; `prefix` turns a kwarg's value, if it is there, into the prefix.
    ///
    /// # Errors
    /// What the constructor raises on: a prefix that is not text.
    pub fn from_kwargs(
        kwargs: Kwargs<'_>,
        multi_team: bool,
        prefix: impl Fn(&'static str) -> Result<Option<String>, KwargError>,
    ) -> Result<Self, KwargError> {
        let rule = |kind| {
            Ok(Rule {
                prefix: prefix(prefix_kwarg(kind))?,
                pattern: lookup_pattern(kwargs, pattern_kwarg(kind)),
            })
        };
        Ok(Self {
            rules: PerKind::try_from_fn(rule)?,
            multi_team,
        })
    }

    /// The prefix below which a secret is looked for. A pattern that fails only fails the lookup, by [`Naming::check`].
    ///
    /// # Errors
    /// Why it is not looked for.
    pub fn prefix_for(&self, secret: &SecretId) -> Result<&str, String> {
        let Some(prefix) = self.prefix(secret.kind) else {
            return Err(format!(
                "`{}` is null, so AWS is not asked for a {}",
                prefix_kwarg(secret.kind),
                secret.kind
            ));
        };
        if self.multi_team && secret.id.contains(TEAM_SEPARATOR) {
            return Err("with [core] multi_team an id with `--` could name a team's secret, so it is not looked up".into());
        }
        match self.is_wanted(secret) {
            Ok(false) => Err(format!(
                "`{}` does not match it, so AWS is not asked",
                pattern_kwarg(secret.kind)
            )),
            Ok(true) | Err(_) => Ok(prefix),
        }
    }

    /// # Errors
    /// A lookup pattern that Airflow fails on with every id of this kind.
    pub fn check(&self, secret: &SecretId) -> Result<(), AwsError> {
        self.is_wanted(secret).map(drop)
    }

    /// The prefix of a kind; `None`: never asked.
    pub fn prefix(&self, kind: SecretKind) -> Option<&str> {
        self.rules.get(kind).prefix.as_deref()
    }

    fn is_wanted(&self, secret: &SecretId) -> Result<bool, AwsError> {
        let because = |because| AwsError::LookupPattern {
            name: pattern_kwarg(secret.kind),
            because,
        };
        match &self.rules.get(secret.kind).pattern {
            None => Ok(true),
            Some(Ok(pattern)) => pattern.matches(&secret.id).map_err(because),
            Some(Err(error)) => Err(error.clone()),
        }
    }
}

/// Anything false is no pattern; what cannot be one fails each lookup, as it does in Airflow.
fn lookup_pattern(kwargs: Kwargs<'_>, name: &'static str) -> Option<Result<Pattern, AwsError>> {
    match kwargs.get(name).filter(|value| value.is_truthy())? {
        Value::Text(text) => {
            let compiled = Pattern::compile(text.expose());
            Some(compiled.map_err(|because| AwsError::LookupPattern { name, because }))
        }
        other => Some(Err(kwargs.wrong_type(name, "text or null", other).into())),
    }
}
