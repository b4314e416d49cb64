//! Yandex Lockbox: known, but not served.
//!
//! Mirrors the constructor of `airflow.providers.yandex.secrets.lockbox.LockboxSecretBackend` of
//! apache-airflow-providers-yandex 4.6.1, so that kwargs which would stop Airflow are told before anything else. The
//! surprising rule: `yc_connection_id` beside any other credential is such a mistake.

use super::kwargs::{KwargError, Kwargs};
use crate::python::json::Value;

/// Every kwarg of the constructor.
pub const KWARGS: &[&str] = &[
    "yc_oauth_token",
    "yc_sa_key_json",
    "yc_sa_key_json_path",
    "yc_connection_id",
    "folder_id",
    "connections_prefix",
    "variables_prefix",
    "config_prefix",
    "sep",
    "endpoint",
];

/// The kwargs that are credentials of their own.
const CREDENTIALS: [&str; 3] = ["yc_oauth_token", "yc_sa_key_json", "yc_sa_key_json_path"];

/// Checks the kwargs as the constructor does.
///
/// # Errors
/// A name that it does not know, or a connection id beside another credential.
pub fn check(kwargs: Kwargs<'_>) -> Result<(), KwargError> {
    kwargs.refuse_unknown(KWARGS)?;
    let is_given = |name: &&str| kwargs.get(name).is_some_and(Value::is_truthy);
    let has_connection = kwargs
        .get("yc_connection_id")
        .is_some_and(|id| *id != Value::None);
    match CREDENTIALS.into_iter().find(is_given) {
        Some(credential) if has_connection => Err(kwargs.conflict("yc_connection_id", credential)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Fault;
    use crate::python::json;

    fn error(kwargs: &str) -> Option<KwargError> {
        let Ok(Value::Dict(kwargs)) = json::loads(kwargs) else {
            panic!("not a JSON object: {kwargs}")
        };
        check(Kwargs::new("LockboxSecretBackend", &kwargs)).err()
    }

    #[test]
    fn a_misspelt_kwarg_is_answered_with_the_nearest() {
        let error = error(r#"{"connection_prefix": "airflow"}"#).unwrap();
        assert_eq!(
            error.to_string(),
            "LockboxSecretBackend has no kwarg `connection_prefix`"
        );
        assert_eq!(error.hint().unwrap(), "did you mean `connections_prefix`?");
    }

    #[test]
    fn a_connection_id_beside_a_credential_stops_airflow() {
        let error = error(r#"{"yc_connection_id": "", "yc_sa_key_json": {"id": "x"}}"#).unwrap();
        assert_eq!(
            error.to_string(),
            "LockboxSecretBackend takes either kwarg `yc_connection_id` or kwarg `yc_sa_key_json`, not both"
        );
    }

    #[test]
    fn what_airflow_starts_with_is_no_mistake() {
        for kwargs in [
            "{}",
            r#"{"yc_connection_id": null, "yc_oauth_token": "t"}"#,
            r#"{"yc_connection_id": "c", "yc_oauth_token": ""}"#,
        ] {
            assert_eq!(error(kwargs), None, "{kwargs}");
        }
    }
}
