//! `config_kwargs`: what boto3 is to build its `Config` with.
//!
//! Mirrors `botocore.config.Config` of botocore 1.44.5. The surprising rule: Airflow uses it for STS alone, and yet it is built
//! for every lookup, so that a misspelt option fails them all.

use super::error::AwsError;
use crate::backend::kwargs::Kwargs;
use crate::python::json::{Dict, Value};

const ORIGIN: &str = "kwarg `config_kwargs`";

/// Checks the kwarg; nothing of it has an effect here.
///
/// # Errors
/// What `Config` raises on.
pub fn check(kwargs: Kwargs<'_>) -> Result<(), AwsError> {
    let config = match kwargs
        .get("config_kwargs")
        .filter(|config| config.is_truthy())
    {
        None => return Ok(()),
        Some(Value::Dict(config)) => config,
        Some(other) => {
            return Err(kwargs
                .wrong_type("config_kwargs", "an object", other)
                .into());
        }
    };
    check_names(config, OPTIONS, "botocore's `Config`")?;
    if let Some(retries) = config.get("retries") {
        check_retries(retries)?;
    }
    match config.get("s3") {
        Some(Value::Dict(s3)) => check_choice(s3, "addressing_style", &["virtual", "auto", "path"]),
        _ => Ok(()),
    }
}

/// `_validate_retry_configuration`
fn check_retries(retries: &Value) -> Result<(), AwsError> {
    let retries = match retries {
        Value::None => return Ok(()),
        Value::Dict(retries) => retries,
        _ => return Err(fault("retries", "is no object")),
    };
    check_names(
        retries,
        &["total_max_attempts", "max_attempts", "mode"],
        "`retries`",
    )?;
    for (name, least) in [("max_attempts", 0), ("total_max_attempts", 1)] {
        let too_few = match retries.get(name) {
            None => false,
            Some(Value::Int(digits)) => digits.parse::<i32>().is_ok_and(|number| number < least),
            Some(Value::Float(number)) => *number < f64::from(least),
            Some(Value::Bool(flag)) => i32::from(*flag) < least,
            Some(_) => true,
        };
        if too_few {
            return Err(fault(name, "is no number of attempts"));
        }
    }
    check_choice(retries, "mode", &["legacy", "standard", "adaptive"])
}

fn check_names(options: &Dict, known: &[&str], of: &str) -> Result<(), AwsError> {
    match options.keys().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(unknown) => Err(fault(unknown, &format!("is no option of {of}"))),
    }
}

fn check_choice(options: &Dict, name: &str, choices: &[&str]) -> Result<(), AwsError> {
    match options.get(name) {
        None => Ok(()),
        Some(Value::None) if name == "addressing_style" => Ok(()),
        Some(Value::Text(choice)) if choices.contains(&choice.expose()) => Ok(()),
        Some(_) => Err(fault(
            name,
            &format!("must be one of {}", choices.join(", ")),
        )),
    }
}

fn fault(name: &str, problem: &str) -> AwsError {
    AwsError::setting(format!("`{name}` in {ORIGIN}"), problem)
}

/// `Config.OPTION_DEFAULTS` of botocore 1.44.5.
const OPTIONS: &[&str] = &[
    "region_name",
    "signature_version",
    "user_agent",
    "user_agent_extra",
    "user_agent_appid",
    "connect_timeout",
    "read_timeout",
    "parameter_validation",
    "max_pool_connections",
    "proxies",
    "proxies_config",
    "s3",
    "s3_disable_express_session_auth",
    "retries",
    "client_cert",
    "inject_host_prefix",
    "endpoint_discovery_enabled",
    "use_dualstack_endpoint",
    "use_fips_endpoint",
    "ignore_configured_endpoint_urls",
    "defaults_mode",
    "tcp_keepalive",
    "request_min_compression_size_bytes",
    "disable_request_compression",
    "client_context_params",
    "sigv4a_signing_region_set",
    "request_checksum_calculation",
    "response_checksum_validation",
    "account_id_endpoint_mode",
    "auth_scheme_preference",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::json;

    fn is_taken(config: &str) -> bool {
        let given = json::loads(&format!("{{\"config_kwargs\": {config}}}"));
        let Ok(Value::Dict(given)) = given else {
            panic!("no JSON object: {config}")
        };
        check(Kwargs::new("SecretsManagerBackend", &given)).is_ok()
    }

    #[test]
    fn what_botocore_takes_is_taken_and_nothing_else() {
        for config in [
            "null",
            "[]",
            "{}",
            r#"{"retries": {"mode": "adaptive", "max_attempts": 0}}"#,
            r#"{"retries": null, "s3": {"addressing_style": null}}"#,
            r#"{"connect_timeout": 5, "proxies": {}}"#,
        ] {
            assert!(is_taken(config), "{config}");
        }
        for config in [
            "5",
            r#""x""#,
            r#"{"read_timout": 5}"#,
            r#"{"retries": 5}"#,
            r#"{"retries": {"attempts": 5}}"#,
            r#"{"retries": {"total_max_attempts": 0}}"#,
            r#"{"retries": {"mode": "Standard"}}"#,
            r#"{"s3": {"addressing_style": "x"}}"#,
        ] {
            assert!(!is_taken(config), "{config}");
        }
    }
}
