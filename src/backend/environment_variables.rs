//! `EnvironmentVariablesBackend` (`airflow.secrets.environment_variables` of Airflow 3.3.2).
//!
//! The surprising rule: an id is only upper-cased, nothing in it is replaced, so `my-db` is asked for as
//! `AIRFLOW_CONN_MY-DB`, which no shell can export.

use async_trait::async_trait;

use super::{Answer, Backend, Location, Secret, SecretKind};
use crate::env::Env;
use crate::error::Result;
use crate::python::text::upper;

/// What stands between team and id in the name of a team's variable.
const TEAM_SEPARATOR: &str = "___";

/// The backend.
#[derive(Clone, Debug)]
pub struct EnvironmentVariablesBackend {
    env: Env,
    multi_team: bool,
}

impl EnvironmentVariablesBackend {
    /// The backend over `env`, with `[core] multi_team` as it is set.
    pub fn new(env: Env, multi_team: bool) -> Self {
        Self { env, multi_team }
    }

    fn variable_name(&self, kind: SecretKind, id: &str) -> Result<String, String> {
        let prefix = match kind {
            SecretKind::Connection => "AIRFLOW_CONN_",
            SecretKind::Variable => "AIRFLOW_VAR_",
            SecretKind::Config => return Err("it holds no config options".to_owned()),
        };
        if self.multi_team && id.contains(TEAM_SEPARATOR) {
            return Err("with `[core] multi_team`, an id may not hold `___`".to_owned());
        }
        Ok(format!("{prefix}{}", upper(id)))
    }
}

#[async_trait]
impl Backend for EnvironmentVariablesBackend {
    fn name(&self) -> &'static str {
        "EnvironmentVariablesBackend"
    }

    fn locate(&self, kind: SecretKind, id: &str) -> Location {
        match self.variable_name(kind, id) {
            Ok(name) => Location::local(name),
            Err(reason) => Location::Skipped(reason),
        }
    }

    async fn get(&self, kind: SecretKind, id: &str) -> Result<Answer> {
        let name = match self.variable_name(kind, id) {
            Ok(name) => name,
            Err(reason) => return Ok(Answer::Absent(Some(reason))),
        };
        Ok(match (kind, self.env.get(&name)?) {
            (_, None) => Answer::Absent(None),
            (SecretKind::Connection, Some("")) => {
                Answer::Absent(Some("it is set, but empty".to_owned()))
            }
            (_, Some(value)) => Answer::Found(Secret::Text(value.into())),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the backend says in an environment of one variable.
    fn lookup(kind: SecretKind, id: &str, name: &str, value: &str) -> Answer {
        let backend = EnvironmentVariablesBackend::new(Env::from_pairs([(name, value)]), false);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(backend.get(kind, id)).unwrap()
    }

    fn found(answer: Answer) -> Option<String> {
        match answer {
            Answer::Found(Secret::Text(text)) => Some(text.expose().to_owned()),
            _ => None,
        }
    }

    #[test]
    fn an_id_is_upper_cased_and_nothing_else() {
        let pairs = [
            ("smtp_default", "AIRFLOW_CONN_SMTP_DEFAULT"),
            ("a.b-c d/é", "AIRFLOW_CONN_A.B-C D/É"),
            ("straße", "AIRFLOW_CONN_STRASSE"),
            ("ﬁ\u{149}", "AIRFLOW_CONN_FI\u{2bc}N"),
            ("", "AIRFLOW_CONN_"),
        ];
        for (id, name) in pairs {
            assert_eq!(
                found(lookup(SecretKind::Connection, id, name, "http://h")).unwrap(),
                "http://h"
            );
        }
    }

    #[test]
    fn variables_have_a_prefix_of_their_own() {
        let answer = |name| found(lookup(SecretKind::Variable, "key", name, "x"));
        assert_eq!(answer("AIRFLOW_VAR_KEY").unwrap(), "x");
        assert_eq!(answer("AIRFLOW_CONN_KEY"), None);
        assert_eq!(answer("airflow_var_key"), None);
    }

    #[test]
    fn an_empty_variable_is_found_and_an_empty_connection_is_not() {
        let answer = |kind, name| lookup(kind, "a", name, "");
        assert_eq!(
            found(answer(SecretKind::Variable, "AIRFLOW_VAR_A")).unwrap(),
            ""
        );
        let Answer::Absent(reason) = answer(SecretKind::Connection, "AIRFLOW_CONN_A") else {
            panic!("found")
        };
        assert_eq!(reason.unwrap(), "it is set, but empty");
    }

    #[test]
    fn config_options_are_never_asked_for() {
        let backend = EnvironmentVariablesBackend::new(Env::default(), false);
        assert!(matches!(
            backend.locate(SecretKind::Config, "a"),
            Location::Skipped(_)
        ));
        let answer = lookup(SecretKind::Config, "a", "AIRFLOW_CONFIG_A", "x");
        assert!(matches!(answer, Answer::Absent(Some(_))));
    }

    #[test]
    fn a_team_s_name_in_the_id_is_refused_if_there_are_teams() {
        let place = |multi_team, id| {
            EnvironmentVariablesBackend::new(Env::default(), multi_team)
                .locate(SecretKind::Connection, id)
        };
        assert_eq!(
            place(false, "_t___a"),
            Location::local("AIRFLOW_CONN__T___A")
        );
        assert!(matches!(place(true, "_t___a"), Location::Skipped(_)));
        assert_eq!(place(true, "_t__a"), Location::local("AIRFLOW_CONN__T__A"));
    }
}
