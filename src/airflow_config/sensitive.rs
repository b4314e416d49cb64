//! The options that Airflow calls sensitive: only these may be given as `_CMD` or `_SECRET`.
//!
//! Mirrors `sensitive_config_values` of Airflow 3.3.2 with its usual providers. The surprising rule: `[secrets]
//! backend_kwargs` is one of them and `[secrets] backend` is not.

use crate::airflow_version::AirflowVersion;

/// Section and option, in lower case.
type Name = (&'static str, &'static str);

const SENSITIVE: [Name; 15] = [
    ("api", "secret_key"),
    ("api_auth", "jwt_secret"),
    ("atlas", "password"),
    ("core", "asset_manager_kwargs"),
    ("core", "fernet_key"),
    ("core", "sql_alchemy_conn"),
    ("database", "sql_alchemy_conn"),
    ("database", "sql_alchemy_conn_async"),
    ("database", "sql_alchemy_engine_args"),
    ("logging", "remote_task_handler_kwargs"),
    ("opensearch", "password"),
    ("secrets", "backend_kwargs"),
    ("sentry", "sentry_dsn"),
    ("webserver", "secret_key"),
    ("workers", "secrets_backend_kwargs"),
];

/// `sensitive_config_values` of Airflow 2.11.2 with its usual providers.
const SENSITIVE_2_11: [Name; 11] = [
    ("core", "dataset_manager_kwargs"),
    ("core", "fernet_key"),
    ("core", "internal_api_secret_key"),
    ("core", "sql_alchemy_conn"),
    ("database", "sql_alchemy_conn"),
    ("database", "sql_alchemy_engine_args"),
    ("logging", "remote_task_handler_kwargs"),
    ("secrets", "backend_kwargs"),
    ("sentry", "sentry_dsn"),
    ("smtp", "smtp_password"),
    ("webserver", "secret_key"),
];

/// Options that were moved: the place today, and the old one, which is still read.
const MOVED: [(Name, Name); 2] = [
    (("api", "secret_key"), ("webserver", "secret_key")),
    (
        ("database", "sql_alchemy_conn"),
        ("core", "sql_alchemy_conn"),
    ),
];

/// Whether an option may be given as `_CMD` or `_SECRET`.
pub fn is_sensitive(section: &str, key: &str) -> bool {
    SENSITIVE.contains(&(section, key))
}

/// The options that are read whenever a release starts.
pub fn read_at_start(version: AirflowVersion) -> &'static [Name] {
    match version {
        AirflowVersion::V2_11 => &SENSITIVE_2_11,
        _ => &SENSITIVE,
    }
}

/// The old place of a sensitive option, `deprecated_options` in Airflow.
pub fn former_place(section: &str, key: &str) -> Option<Name> {
    let (_, former) = MOVED.iter().find(|(today, _)| *today == (section, key))?;
    Some(*former)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_table_is_the_one_of_airflow() {
        let recorded = include_str!("../../tests/data/config_layer_3.3.2.json");
        let recorded: serde_json::Value = serde_json::from_str(recorded).unwrap();
        let recorded: BTreeSet<(&str, &str)> = recorded["sensitive"]
            .as_array()
            .unwrap()
            .iter()
            .map(|pair| (pair[0].as_str().unwrap(), pair[1].as_str().unwrap()))
            .collect();
        assert_eq!(BTreeSet::from(SENSITIVE), recorded);
    }
}
