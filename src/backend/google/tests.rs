//! What the constructor raises on, what it only logs, and how secrets are named: each rule as real Airflow 3.3.2 has it.

use std::time::Duration;

use super::naming::{look_alikes, matches_pattern, place, why_impossible};
use super::*;
use crate::env::Env;
use crate::failure::{Failure, Fault};
use crate::python::json::{self, Dict, Value};
use crate::testing::block_on;

const KWARGS_ENV: [(&str, &str); 1] = [("NO_GCE_CHECK", "true")];

fn open_in(
    kwargs: &str,
    env: &[(&str, &str)],
    multi_team: bool,
) -> Result<CloudSecretManagerBackend, CloudSecretManagerError> {
    let Ok(Value::Dict(kwargs)) = json::loads(kwargs) else {
        panic!("no kwargs: {kwargs}")
    };
    let surroundings = Surroundings {
        env: Env::from_pairs(env.iter().copied()),
        multi_team,
        version: crate::airflow_version::AirflowVersion::default(),
        diagnoses: true,
        console: crate::console::Console::silent(),
    };
    let kwargs: &Dict = &kwargs;
    let opened = CloudSecretManagerBackend::open(
        Kwargs::new("CloudSecretManagerBackend", kwargs),
        &surroundings,
        Deadline::after(Duration::from_secs(5)),
    );
    block_on(opened).map(|(backend, _)| backend)
}

fn open(kwargs: &str) -> Result<CloudSecretManagerBackend, CloudSecretManagerError> {
    open_in(kwargs, &KWARGS_ENV, false)
}

/// With a project Airflow starts even without credentials, which is enough to see the names.
fn place_of(kwargs: &str, kind: SecretKind, id: &str) -> String {
    open(kwargs)
        .unwrap()
        .locate(&SecretId::new(kind, id))
        .places()
}

#[test]
fn names_are_prefix_separator_and_id() {
    use SecretKind::{Config, Connection, Variable};
    let with = |more: &str| format!(r#"{{"project_id": "p"{more}}}"#);
    let named = |name: &str| format!("projects/p/secrets/{name}/versions/latest");
    let cases = [
        (Connection, "", named("airflow-connections-smtp_default")),
        (Variable, "", named("airflow-variables-smtp_default")),
        (Config, "", named("airflow-config-smtp_default")),
        (
            Variable,
            r#", "variables_prefix": """#,
            named("-smtp_default"),
        ),
        (
            Variable,
            r#", "variables_prefix": "a/", "sep": "_""#,
            named("a/_smtp_default"),
        ),
        (Variable, r#", "variables_prefix": null"#, String::new()),
    ];
    for (kind, more, place) in cases {
        assert_eq!(place_of(&with(more), kind, "smtp_default"), place, "{more}");
    }
}

#[test]
fn only_the_connections_prefix_is_checked() {
    assert!(matches!(
        open(r#"{"project_id": "p", "connections_prefix": "a/b"}"#),
        Err(CloudSecretManagerError::Prefix)
    ));
    assert!(open(r#"{"project_id": "p", "sep": "/"}"#).is_err());
    assert!(open(r#"{"project_id": "p", "sep": "/", "connections_prefix": null}"#).is_ok());
    assert!(open(r#"{"project_id": "p", "variables_prefix": "a/b"}"#).is_ok());
    assert!(matches_pattern("abc\n") && !matches_pattern("abc\n\n") && !matches_pattern("ä"));
}

#[test]
fn in_multi_team_mode_an_id_with_two_dashes_is_not_looked_up() {
    let backend = open_in(r#"{"project_id": "p"}"#, &KWARGS_ENV, true).unwrap();
    let is_skipped = |kind| {
        matches!(
            backend.locate(&SecretId::new(kind, "a--b")),
            Location::Skipped(_)
        )
    };
    assert!(is_skipped(SecretKind::Connection) && is_skipped(SecretKind::Variable));
    assert!(!is_skipped(SecretKind::Config));
    assert!(matches!(
        open(r#"{"project_id": "p"}"#)
            .unwrap()
            .locate(&SecretId::new(SecretKind::Variable, "a--b")),
        Location::At { .. }
    ));
}

/// What the constructor raises on is told apart from what it logs, by whether a `project_id` helps.
#[test]
fn a_project_id_lets_airflow_start_with_missing_credentials_only() {
    let missing = [
        ("{}", true),
        (r#"{"gcp_key_path": "/nope.json"}"#, true),
        (r#"{"gcp_credential_config_file": "/nope.json"}"#, true),
        (
            r#"{"gcp_credential_config_file": {"type": "no such type"}}"#,
            true,
        ),
        (r#"{"gcp_keyfile_dict": {"private_key": "x"}}"#, true),
        (r#"{"gcp_key_path": "/nope.p12"}"#, false),
        (r#"{"gcp_keyfile_dict": {"client_email": "x"}}"#, false),
        (
            r#"{"gcp_keyfile_dict": {"client_email": "x", "token_uri": "x", "private_key": "x"}}"#,
            false,
        ),
        (r#"{"gcp_keyfile_dict": "{}"}"#, false),
        (
            r#"{"gcp_keyfile_dict": {"a": 1}, "gcp_key_path": "/nope.json"}"#,
            false,
        ),
    ];
    for (kwargs, starts) in missing {
        let error = open(kwargs).map(|_| ()).unwrap_err();
        assert_eq!(error.failure(), Failure::Configuration, "{kwargs}: {error}");
        let with_project = kwargs
            .replacen('{', r#"{"project_id": "p", "#, 1)
            .replace(", }", "}");
        assert_eq!(open(&with_project).is_ok(), starts, "{with_project}");
    }
}

/// A service account's key made for tests.
fn key() -> String {
    let recordings = include_str!("../../../tests/data/gcp_wire.json");
    let recordings: serde_json::Value = serde_json::from_str(recordings).unwrap();
    let recordings = recordings.as_array().unwrap();
    let mut texts = recordings
        .iter()
        .filter_map(|recording| recording["backend_kwargs"]["gcp_keyfile_dict"].as_str());
    texts.find(|text| text.starts_with('{')).unwrap().to_owned()
}

#[test]
fn a_key_of_another_universe_is_used_as_it_is() {
    let kwargs = |key: &str| format!(r#"{{"gcp_keyfile_dict": {key}}}"#);
    let elsewhere = key().replacen('{', r#"{"universe_domain": "example.cloud", "#, 1);
    let backend = open(&kwargs(&elsewhere)).unwrap();
    assert!(backend.settings.credentials().is_ok());
    assert_eq!(
        backend.settings.endpoint.as_str(),
        "https://secretmanager.googleapis.com/"
    );
    let env = [
        ("GOOGLE_CLOUD_UNIVERSE_DOMAIN", "example.cloud"),
        ("NO_GCE_CHECK", "true"),
    ];
    let settings = open_in(&kwargs(&elsewhere), &env, false).unwrap().settings;
    assert!(settings.credentials().is_ok());
    assert_eq!(
        settings.endpoint.as_str(),
        "https://secretmanager.example.cloud/"
    );
    assert_eq!(
        settings.access().audience,
        "https://secretmanager.example.cloud/"
    );
}

#[test]
fn an_endpoint_must_be_an_address() {
    let with = |address: &str| {
        let env = [
            ("CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER", address),
            ("NO_GCE_CHECK", "true"),
        ];
        open_in(r#"{"project_id": "p"}"#, &env, false).is_ok()
    };
    assert!(with("http://127.0.0.1:1/") && with(""));
    assert!(!with("127.0.0.1:1") && !with("file:///etc/passwd"));
}

#[test]
fn impossible_names_are_known_and_places_read_well() {
    assert!(why_impossible("airflow-variables-a_B-9").is_none());
    assert!(why_impossible("a/b").is_some() && why_impossible("a.b").is_some());
    assert!(why_impossible(&"x".repeat(256)).is_some());
    assert_eq!(
        place(None, "s"),
        "secrets/s/versions/latest in the project of this machine"
    );
}

#[test]
fn look_alikes_swap_dashes_and_underscores() {
    assert_eq!(
        look_alikes("airflow-variables", "-", "my_key"),
        [
            "airflow-variables-my-key",
            "airflow-variables_my_key",
            "airflow_variables_my_key",
            "my_key"
        ]
    );
    assert_eq!(look_alikes("p", "-", "a/b"), Vec::<String>::new());
}
