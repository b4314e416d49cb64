//! What a secret is called in Key Vault.
//!
//! Mirrors `AzureKeyVaultBackend.build_path` and its callers in apache-airflow-providers-microsoft-azure 15.2.1. The
//! surprising rule: every `_` of the whole name becomes `sep`, the prefix's own included, so `smtp_default` and
//! `smtp-default` are one secret; with `"sep": ""` the `_` is dropped.

use super::error::AzureKeyVaultError;
use crate::backend::kwargs::{Faults, KwargError, Kwargs};
use crate::python::json::Value;
use crate::secret_kind::{PerKind, SecretId, SecretKind};

/// What stands between team and id in a team's secret, `TEAM_SEP`.
const TEAM_SEPARATOR: &str = "--";
/// The longest name that Key Vault takes.
const LONGEST_NAME: usize = 127;

/// The kwargs that names are made of.
#[derive(Clone, Debug)]
pub(crate) struct Naming {
    prefixes: PerKind<Option<String>>,
    sep: String,
    multi_team: bool,
}

/// A default of the constructor, by kind.
fn prefix_kwarg(kind: SecretKind) -> (&'static str, &'static str) {
    match kind {
        SecretKind::Connection => ("connections_prefix", "airflow-connections"),
        SecretKind::Variable => ("variables_prefix", "airflow-variables"),
        SecretKind::Config => ("config_prefix", "airflow-config"),
    }
}

impl Naming {
    /// Reads the three prefixes and `sep`; `multi_team` is `[core] multi_team`.
    ///
    /// # Errors
    /// A kwarg of a type that has no `rstrip`, or that `rstrip` does not take. What fails later goes to `faults`.
    pub(crate) fn from_kwargs(
        kwargs: Kwargs<'_>,
        multi_team: bool,
        faults: &mut Faults<AzureKeyVaultError>,
    ) -> Result<Self, KwargError> {
        let sep = match kwargs.get("sep") {
            None => "-".to_owned(),
            Some(Value::Text(sep)) => sep.expose().to_owned(),
            Some(null @ Value::None) => {
                faults.keep(kwargs.wrong_type("sep", "text", null));
                String::new()
            }
            Some(other) => return Err(kwargs.wrong_type("sep", "text", other)),
        };
        Ok(Self {
            prefixes: PerKind::try_from_fn(|kind| prefix(kwargs, kind, &sep, faults))?,
            sep,
            multi_team,
        })
    }

    /// The name of the secret; `Err` says why Key Vault is not asked.
    pub(crate) fn secret_name(&self, secret: &SecretId) -> Result<String, String> {
        let SecretId { kind, id } = secret;
        let Some(prefix) = self.prefixes.get(*kind) else {
            let (kwarg, _) = prefix_kwarg(*kind);
            return Err(format!(
                "`{kwarg}` is null, so Key Vault is not asked for a {kind}"
            ));
        };
        if self.multi_team && self.build_path("", id).contains(TEAM_SEPARATOR) {
            return Err(format!(
                "with [core] multi_team an id that gives `{TEAM_SEPARATOR}` could name a team's secret, so it is not looked up"
            ));
        }
        let name = self.build_path(prefix, id);
        if !is_valid(&name) {
            return Err(format!(
                "`{name}` cannot be the name of a secret: Key Vault takes 1 to {LONGEST_NAME} of 0-9, a-z, A-Z and `-`"
            ));
        }
        Ok(name)
    }

    /// What is worth knowing when a secret is absent: how `_` was written.
    pub(crate) fn remark(&self, id: &str) -> Option<String> {
        let rewritten = id.contains('_') && self.sep != "-";
        rewritten.then(|| {
            let sep = &self.sep;
            let name = self.build_path("", id);
            format!(
                "\"sep\": \"{sep}\" also replaces every `_`, so `{id}` is looked for as `{name}`"
            )
        })
    }

    fn build_path(&self, prefix: &str, id: &str) -> String {
        let path = match prefix {
            "" => id.to_owned(),
            prefix => format!("{prefix}{}{id}", self.sep),
        };
        path.replace('_', &self.sep)
    }
}

/// A prefix as the constructor keeps it: without the characters of `sep` at its end.
fn prefix(
    kwargs: Kwargs<'_>,
    kind: SecretKind,
    sep: &str,
    faults: &mut Faults<AzureKeyVaultError>,
) -> Result<Option<String>, KwargError> {
    let (kwarg, default) = prefix_kwarg(kind);
    let prefix = match kwargs.get(kwarg) {
        None => default,
        Some(Value::None) => return Ok(None),
        Some(Value::Text(prefix)) => prefix.expose(),
        Some(other) => {
            let wrong = kwargs.wrong_type(kwarg, "text or null", other);
            if other.is_truthy() {
                return Err(wrong);
            }
            faults.keep(wrong);
            ""
        }
    };
    Ok(Some(
        prefix.trim_end_matches(|c| sep.contains(c)).to_owned(),
    ))
}

fn is_valid(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::json::{Dict, loads};

    fn dict(json: &str) -> Dict {
        match loads(json).unwrap() {
            Value::Dict(dict) => dict,
            other => panic!("{other:?} is not a dict"),
        }
    }

    fn naming(json: &str, multi_team: bool) -> Naming {
        let given = dict(json);
        let kwargs = Kwargs::new("AzureKeyVaultBackend", &given);
        Naming::from_kwargs(kwargs, multi_team, &mut Faults::default()).unwrap()
    }

    fn variable(json: &str, id: &str) -> Result<String, String> {
        naming(json, false).secret_name(&SecretId::new(SecretKind::Variable, id))
    }

    #[test]
    fn the_defaults_are_the_constructor_s() {
        let defaults = naming("{}", false);
        let name = |kind| defaults.secret_name(&SecretId::new(kind, "my_id")).unwrap();
        assert_eq!(name(SecretKind::Connection), "airflow-connections-my-id");
        assert_eq!(name(SecretKind::Variable), "airflow-variables-my-id");
        assert_eq!(name(SecretKind::Config), "airflow-config-my-id");
    }

    /// Each pair was given by the provider itself.
    #[test]
    fn names_are_built_as_the_provider_builds_them() {
        for (kwargs, id, name) in [
            (
                r#"{"variables_prefix": "airflow_variables"}"#,
                "hello_world",
                "airflow-variables-hello-world",
            ),
            (r#"{"variables_prefix": "pre--"}"#, "a", "pre-a"),
            (
                r#"{"variables_prefix": ""}"#,
                "smtp_default",
                "smtp-default",
            ),
            (
                r#"{"variables_prefix": "", "sep": ""}"#,
                "smtp_default",
                "smtpdefault",
            ),
            (
                r#"{"variables_prefix": "p", "sep": ""}"#,
                "hello_world",
                "phelloworld",
            ),
            (
                r#"{"variables_prefix": "p_q", "sep": "-x-"}"#,
                "a_b",
                "p-x-q-x-a-x-b",
            ),
            (
                r#"{"variables_prefix": "pre-x", "sep": "-x-"}"#,
                "a",
                "pre-x-a",
            ),
            (r#"{"variables_prefix": "---"}"#, "a", "a"),
        ] {
            assert_eq!(variable(kwargs, id).as_deref(), Ok(name), "{kwargs} {id}");
        }
    }

    #[test]
    fn a_name_that_key_vault_cannot_hold_is_not_asked_for() {
        for id in ["a.b", "a/b", "a b", "ä", "", "a\n", &"x".repeat(128)] {
            assert!(
                variable(r#"{"variables_prefix": ""}"#, id).is_err(),
                "{id:?}"
            );
        }
        assert!(variable(r#"{"sep": "/"}"#, "a").is_err());
        assert!(variable(r#"{"variables_prefix": ""}"#, &"x".repeat(127)).is_ok());
    }

    #[test]
    fn null_switches_a_kind_off() {
        let reason = variable(r#"{"variables_prefix": null}"#, "a").unwrap_err();
        assert_eq!(
            reason,
            "`variables_prefix` is null, so Key Vault is not asked for a variable"
        );
    }

    #[test]
    fn an_id_that_could_name_a_team_is_refused_only_with_multi_team() {
        for id in ["a--b", "a__b", "a_-b"] {
            assert!(
                naming("{}", true)
                    .secret_name(&SecretId::new(SecretKind::Connection, id))
                    .is_err()
            );
            assert!(
                naming("{}", false)
                    .secret_name(&SecretId::new(SecretKind::Connection, id))
                    .is_ok()
            );
        }
        assert!(
            naming("{}", true)
                .secret_name(&SecretId::new(SecretKind::Connection, "a-b"))
                .is_ok()
        );
    }

    /// `"x".rstrip(None)` is fine in Python, and `"x".replace("_", None)` is not.
    #[test]
    fn a_kwarg_of_another_type_fails_where_python_fails() {
        for (json, constructor_raises) in [
            (r#"{"sep": 1}"#, true),
            (r#"{"variables_prefix": 5}"#, true),
            (r#"{"sep": null}"#, false),
            (r#"{"variables_prefix": false}"#, false),
        ] {
            let (given, mut faults) = (dict(json), Faults::default());
            let kwargs = Kwargs::new("AzureKeyVaultBackend", &given);
            let raised = Naming::from_kwargs(kwargs, false, &mut faults).is_err();
            assert_eq!(
                (raised, faults.check().is_err()),
                (constructor_raises, !constructor_raises),
                "{json}"
            );
        }
    }
}
