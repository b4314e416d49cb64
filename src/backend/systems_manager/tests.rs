//! Names as the provider's own class makes them.

use std::time::Duration;

use super::*;
use crate::env::Env;
use crate::python::json::loads;
use crate::trace::Trace;

fn open(
    kwargs: &str,
    multi_team: bool,
) -> Result<(SystemsManagerParameterStoreBackend, Vec<String>)> {
    let Value::Dict(kwargs) = loads(kwargs).unwrap() else {
        panic!("no object")
    };
    let env = Env::default();
    let surroundings = Surroundings {
        env,
        multi_team,
        version: crate::airflow_version::AirflowVersion::default(),
        timeout: Duration::from_secs(1),
        trace: Trace::default(),
    };
    SystemsManagerParameterStoreBackend::open(Kwargs::new(SERVICE.class, &kwargs), &surroundings)
}

fn place(kwargs: &str, id: &str) -> String {
    open(kwargs, false)
        .unwrap()
        .0
        .locate(SecretKind::Variable, id)
        .places()
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
    let (backend, _) = open("{}", false).unwrap();
    let place = |kind| backend.locate(kind, "x").places();
    assert_eq!(place(SecretKind::Connection), "/airflow/connections/x");
    assert_eq!(place(SecretKind::Config), "/airflow/config/x");
}

#[test]
fn an_id_that_could_be_a_teams_is_not_looked_up() {
    let (backend, _) = open("{}", true).unwrap();
    assert!(matches!(
        backend.locate(SecretKind::Config, "a--b"),
        Location::Skipped(_)
    ));
    assert!(matches!(
        backend.locate(SecretKind::Config, "a-b"),
        Location::At { .. }
    ));
}

#[test]
fn the_server_is_told_as_far_as_it_is_known() {
    let server = |kwargs| match open(kwargs, false)
        .unwrap()
        .0
        .locate(SecretKind::Variable, "x")
    {
        Location::At { server, .. } => server,
        Location::Skipped(reason) => panic!("{reason}"),
    };
    assert_eq!(server("{}"), None);
    assert_eq!(
        server(r#"{"region_name": "eu-west-1"}"#).unwrap(),
        "https://ssm.eu-west-1.amazonaws.com"
    );
    assert_eq!(
        server(r#"{"region_name": "cn-north-1", "use_ssl": 0}"#).unwrap(),
        "http://ssm.cn-north-1.amazonaws.com.cn"
    );
    assert_eq!(
        server(r#"{"endpoint_url": "http://u:p@h:1/x"}"#).unwrap(),
        "http://h:1"
    );
}

#[test]
fn only_a_prefix_that_is_no_text_stops_airflow() {
    for prefix in ["0", "false", "[]", "5"] {
        assert!(
            open(&format!("{{\"config_prefix\": {prefix}}}"), false).is_err(),
            "{prefix}"
        );
    }
    let odd = r#"{"region_name": 5, "profile_name": [], "verify": "", "session_kwargs": 1, "role_arn": {}, "config_lookup_pattern": 5}"#;
    assert!(open(odd, false).is_ok());
}
