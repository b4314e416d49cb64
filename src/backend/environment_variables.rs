//! `EnvironmentVariablesBackend` (`airflow.secrets.environment_variables` of Airflow 3.3.2).
//!
//! The surprising rule: an id is only upper-cased, nothing in it is replaced, so `my-db` is asked for as
//! `AIRFLOW_CONN_MY-DB`, which no shell can export.

use async_trait::async_trait;

use super::{Answer, Backend, BackendError, Location, Secret, SecretRef};
use crate::airflow_version::TeamGuard;
use crate::deadline::Deadline;
use crate::env::Env;
use crate::python::text::upper;
use crate::secret_kind::{SecretId, SecretKind};

/// What stands between team and id in the name of a team's variable.
const TEAM_SEPARATOR: &str = "___";

/// The backend.
#[derive(Clone, Debug)]
pub struct EnvironmentVariablesBackend {
    env: Env,
    team_guard: TeamGuard,
}

impl EnvironmentVariablesBackend {
    /// The backend over `env`, which does not look up the ids that `team_guard` tells.
    pub fn new(env: Env, team_guard: TeamGuard) -> Self {
        Self { env, team_guard }
    }

    fn variable_name(&self, secret: &SecretId) -> Result<String, String> {
        let id = secret.id.as_str();
        let prefix = match secret.kind {
            SecretKind::Connection => "AIRFLOW_CONN_",
            SecretKind::Variable => "AIRFLOW_VAR_",
            SecretKind::Config => return Err("it holds no config options".to_owned()),
        };
        match self.team_guard {
            TeamGuard::Separator if id.contains(TEAM_SEPARATOR) => {
                return Err("with `[core] multi_team`, an id may not hold `___`".to_owned());
            }
            TeamGuard::Spelling if is_spelt_for_a_team(id) => {
                return Err(
                    "Airflow 3.2 takes an id such as `_TEAM___ID` for a team's, and does not look it up"
                        .to_owned(),
                );
            }
            _ => {}
        }
        Ok(format!("{prefix}{}", upper(id)))
    }
}

/// `re.fullmatch(r"_[^_]+___.+", id)`
fn is_spelt_for_a_team(id: &str) -> bool {
    let team_and_id = id.strip_prefix('_');
    let parts = team_and_id.and_then(|rest| rest.split_once(TEAM_SEPARATOR));
    parts.is_some_and(|(team, id)| {
        !team.is_empty() && !team.contains('_') && !id.is_empty() && !id.contains('\n')
    })
}

#[async_trait]
impl Backend for EnvironmentVariablesBackend {
    fn name(&self) -> &'static str {
        "EnvironmentVariablesBackend"
    }

    fn locate(&self, secret: &SecretId) -> Location {
        match self.variable_name(secret) {
            Ok(name) => Location::At(SecretRef::local(secret, name)),
            Err(reason) => Location::Skipped(reason),
        }
    }

    async fn get(&self, secret: &SecretRef, _deadline: Deadline) -> Result<Answer, BackendError> {
        Ok(match (secret.secret.kind, self.env.get(secret.name())?) {
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
    use std::time::Duration;

    use super::*;
    use crate::testing::block_on;

    /// What the backend says in an environment of one variable.
    fn lookup(kind: SecretKind, id: &str, name: &str, value: &str) -> Answer {
        let backend =
            EnvironmentVariablesBackend::new(Env::from_pairs([(name, value)]), TeamGuard::None);
        let Location::At(secret) = backend.locate(&SecretId::new(kind, id)) else {
            panic!("not asked")
        };
        let deadline = Deadline::after(Duration::from_secs(1));
        block_on(backend.get(&secret, deadline)).unwrap()
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
        let backend = EnvironmentVariablesBackend::new(Env::default(), TeamGuard::None);
        assert!(matches!(
            backend.locate(&SecretId::new(SecretKind::Config, "a")),
            Location::Skipped(_)
        ));
    }

    #[test]
    fn an_id_that_names_a_team_is_not_looked_up() {
        let is_looked_up = |guard, id| {
            let backend = EnvironmentVariablesBackend::new(Env::default(), guard);
            let location = backend.locate(&SecretId::new(SecretKind::Connection, id));
            matches!(location, Location::At(_))
        };
        let ids = [
            "_t___a", "_t____", "t___a", "_t_u___a", "____a", "_t___", "_t___a\n", "_t__a",
        ];
        let looked_up = |guard| ids.map(|id| is_looked_up(guard, id));
        assert_eq!(looked_up(TeamGuard::None), [true; 8]);
        assert_eq!(
            looked_up(TeamGuard::Spelling),
            [false, false, true, true, true, true, true, true]
        );
        assert_eq!(
            looked_up(TeamGuard::Separator),
            [false, false, false, false, false, false, false, true]
        );
    }
}
