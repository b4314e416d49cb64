//! What the two AWS backends have in common in naming: a prefix and a lookup pattern for each kind, and the ids of teams.
//!
//! Mirrors `_get_secret` and `_names_a_team_namespace` of both classes in apache-airflow-providers-amazon 9.39.0. The surprising
//! rule: a lookup pattern is matched from the id's start only and without regard to case, and what it does not match is
//! absent without a request.

use super::error::AwsError;
use crate::backend::Location;
use crate::backend::kwargs::{KwargError, Kwargs};
use crate::python::json::Value;
use crate::python::re::Pattern;
use crate::secret_kind::SecretKind;

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
pub struct Naming {
    connections: Rule,
    variables: Rule,
    config: Rule,
    multi_team: bool,
}

/// Whether the service is asked for an id.
#[derive(Debug, PartialEq, Eq)]
pub enum Place<'a> {
    /// It is, below this prefix.
    Below(&'a str),
    /// It is not, and why.
    Skipped(String),
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
    /// What the constructor raises on: a prefix that is no text.
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
            connections: rule(SecretKind::Connection)?,
            variables: rule(SecretKind::Variable)?,
            config: rule(SecretKind::Config)?,
            multi_team,
        })
    }

    /// Where `id` is looked for.
    ///
    /// # Errors
    /// A lookup pattern that Airflow fails on with every id of this kind.
    pub fn place(&self, kind: SecretKind, id: &str) -> Result<Place<'_>, AwsError> {
        let Some(prefix) = self.prefix(kind) else {
            return Ok(Place::Skipped(format!(
                "`{}` is null, so AWS is not asked for a {kind}",
                prefix_kwarg(kind)
            )));
        };
        if self.multi_team && id.contains(TEAM_SEPARATOR) {
            let reason = "with [core] multi_team an id with `--` could name a team's secret, so it is not looked up";
            return Ok(Place::Skipped(reason.into()));
        }
        match self.is_wanted(kind, id)? {
            true => Ok(Place::Below(prefix)),
            false => Ok(Place::Skipped(format!(
                "`{}` does not match it, so AWS is not asked",
                pattern_kwarg(kind)
            ))),
        }
    }

    /// Where `id` is said to be: `name` joins a prefix and the id. A pattern that fails only fails the lookup.
    pub fn location(
        &self,
        kind: SecretKind,
        id: &str,
        server: Option<String>,
        name: impl Fn(&str) -> String,
    ) -> Location {
        let prefix = match self.place(kind, id) {
            Ok(Place::Skipped(reason)) => return Location::Skipped(reason),
            Ok(Place::Below(prefix)) => prefix,
            Err(_) => self.prefix(kind).unwrap_or_default(),
        };
        Location::At {
            places: vec![name(prefix)],
            server,
        }
    }

    /// The prefix of a kind; `None`: never asked.
    fn prefix(&self, kind: SecretKind) -> Option<&str> {
        self.rule(kind).prefix.as_deref()
    }

    /// The prefixes of the other kinds.
    pub fn other_prefixes(&self, kind: SecretKind) -> impl Iterator<Item = &str> {
        let kinds = [
            SecretKind::Connection,
            SecretKind::Variable,
            SecretKind::Config,
        ];
        kinds
            .into_iter()
            .filter(move |other| *other != kind)
            .filter_map(|other| self.prefix(other))
    }

    fn is_wanted(&self, kind: SecretKind, id: &str) -> Result<bool, AwsError> {
        let because = |because| AwsError::LookupPattern {
            name: pattern_kwarg(kind),
            because,
        };
        match &self.rule(kind).pattern {
            None => Ok(true),
            Some(Ok(pattern)) => pattern.matches(id).map_err(because),
            Some(Err(error)) => Err(error.clone()),
        }
    }

    fn rule(&self, kind: SecretKind) -> &Rule {
        match kind {
            SecretKind::Connection => &self.connections,
            SecretKind::Variable => &self.variables,
            SecretKind::Config => &self.config,
        }
    }
}

/// Anything false is no pattern; what is no pattern fails each lookup, as it does in Airflow.
fn lookup_pattern(kwargs: Kwargs<'_>, name: &'static str) -> Option<Result<Pattern, AwsError>> {
    match kwargs.get(name).filter(|value| value.is_truthy())? {
        Value::Text(text) => {
            let compiled = Pattern::compile(text.expose());
            Some(compiled.map_err(|because| AwsError::LookupPattern { name, because }))
        }
        other => Some(Err(kwargs.wrong_type(name, "text or null", other).into())),
    }
}
