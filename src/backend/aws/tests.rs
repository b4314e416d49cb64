//! Names as the provider's own classes make them, and what stops them.

use super::*;
use crate::airflow_version::AirflowVersion;
use crate::backend::kwargs::{KwargError, Kwargs};
use crate::backend::{Backend, Location};
use crate::console::Console;
use crate::env::Env;
use crate::finding::Finding;
use crate::python::json::{Value, loads};
use crate::secret_kind::{SecretId, SecretKind};

/// The kwargs of a JSON object.
pub(super) fn parsed(kwargs: &str) -> Dict {
    let Ok(Value::Dict(kwargs)) = loads(kwargs) else {
        panic!("not a JSON object: {kwargs}")
    };
    kwargs
}

/// Surroundings without any variable.
pub(super) fn surroundings(multi_team: bool) -> Surroundings {
    Surroundings {
        env: Env::default(),
        multi_team,
        version: AirflowVersion::default(),
        diagnoses: true,
        console: Console::silent(),
    }
}

type Opened = (SystemsManagerParameterStoreBackend, Vec<Finding>);

fn open(kwargs: &str, multi_team: bool) -> Result<Opened, KwargError> {
    let kwargs = parsed(kwargs);
    let kwargs = Kwargs::new("SystemsManagerParameterStoreBackend", &kwargs);
    SystemsManagerParameterStoreBackend::open(kwargs, &surroundings(multi_team))
}

fn located(kwargs: &str, multi_team: bool, kind: SecretKind, id: &str) -> Location {
    let (backend, _) = open(kwargs, multi_team).unwrap();
    backend.locate(&SecretId::new(kind, id))
}

fn place(kwargs: &str, id: &str) -> String {
    located(kwargs, false, SecretKind::Variable, id).places()
}

#[test]
fn a_name_has_a_leading_slash_and_keeps_the_others() {
    for (kwargs, id, name) in [
        ("{}", "hello", "/airflow/variables/hello"),
        ("{}", "/hello", "/airflow/variables//hello"),
        ("{}", "", "/airflow/variables/"),
        (r#"{"variables_prefix": ""}"#, "hello", "/hello"),
        (r#"{"variables_prefix": "/"}"#, "/hello", "//hello"),
        (r#"{"variables_prefix": "//a//"}"#, "hello", "//a/hello"),
        (r#"{"variables_prefix": "a"}"#, "hello", "/a/hello"),
        (r#"{"variables_prefix": null}"#, "hello", ""),
    ] {
        assert_eq!(place(kwargs, id), name, "{kwargs} {id}");
    }
}

#[test]
fn each_kind_has_a_prefix_of_its_own() {
    let place = |kind| located("{}", false, kind, "x").places();
    assert_eq!(place(SecretKind::Connection), "/airflow/connections/x");
    assert_eq!(place(SecretKind::Config), "/airflow/config/x");
}

#[test]
fn an_id_that_could_be_a_teams_is_not_looked_up() {
    let located = |id| located("{}", true, SecretKind::Config, id);
    assert!(matches!(located("a--b"), Location::Skipped(_)));
    assert!(matches!(located("a-b"), Location::At(_)));
}

#[test]
fn no_server_is_told_before_one_was_asked() {
    let kwargs = r#"{"region_name": "eu-west-1"}"#;
    assert_eq!(
        located(kwargs, false, SecretKind::Variable, "x").server(),
        None
    );
}

#[test]
fn only_a_prefix_that_is_not_text_stops_airflow() {
    for prefix in ["0", "false", "[]", "5"] {
        assert!(
            open(&format!("{{\"config_prefix\": {prefix}}}"), false).is_err(),
            "{prefix}"
        );
    }
    let odd = r#"{"region_name": 5, "profile_name": [], "verify": "", "session_kwargs": 1, "role_arn": {}, "config_lookup_pattern": 5}"#;
    assert!(open(odd, false).is_ok());
}
