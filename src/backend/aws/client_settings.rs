//! Settings that do not change what is read, but that boto3 refuses to build a client with.
//!
//! Mirrors `ClientArgsCreator` and `ConfigValueStore` of botocore 1.44.5. The surprising rule: even a setting for another
//! service, such as S3's region, fails the client of this one.

use std::collections::HashMap;

use super::credential_process::check_expiration;
use super::error::AwsError;
use super::profile::Profile;

/// What a value has to be.
enum Wanted {
    /// One of these, in any case of letters.
    OneOf(&'static [&'static str]),
    /// One of these to the letter, or nothing.
    ExactlyOneOf(&'static [&'static str]),
    /// A whole number in these bounds.
    Number(i64, i64),
}

/// A setting: its variable, its name in a profile, and what it has to be.
type Rule = (&'static str, Option<&'static str>, Wanted);

const ANY: i64 = i64::MAX;

/// Those of every client.
const OF_CLIENTS: &[Rule] = &[
    (
        "AWS_RETRY_MODE",
        Some("retry_mode"),
        Wanted::ExactlyOneOf(&["legacy", "standard", "adaptive"]),
    ),
    (
        "AWS_MAX_ATTEMPTS",
        Some("max_attempts"),
        Wanted::Number(1, ANY),
    ),
    (
        "AWS_DEFAULTS_MODE",
        Some("defaults_mode"),
        Wanted::OneOf(&[
            "legacy",
            "auto",
            "standard",
            "in-region",
            "cross-region",
            "mobile",
        ]),
    ),
    (
        "AWS_STS_REGIONAL_ENDPOINTS",
        Some("sts_regional_endpoints"),
        Wanted::OneOf(&["", "legacy", "regional"]),
    ),
    (
        "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT",
        None,
        Wanted::OneOf(&["legacy", "regional"]),
    ),
    (
        "AWS_ACCOUNT_ID_ENDPOINT_MODE",
        Some("account_id_endpoint_mode"),
        Wanted::OneOf(&["preferred", "disabled", "required"]),
    ),
    (
        "AWS_REQUEST_CHECKSUM_CALCULATION",
        Some("request_checksum_calculation"),
        Wanted::OneOf(&["when_supported", "when_required"]),
    ),
    (
        "AWS_RESPONSE_CHECKSUM_VALIDATION",
        Some("response_checksum_validation"),
        Wanted::OneOf(&["when_supported", "when_required"]),
    ),
    (
        "AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES",
        Some("request_min_compression_size_bytes"),
        Wanted::Number(1, 1_048_576),
    ),
];

/// Those of the chain of credentials, which keys in the kwargs do without.
const OF_THE_CHAIN: &[Rule] = &[
    (
        "AWS_METADATA_SERVICE_TIMEOUT",
        Some("metadata_service_timeout"),
        Wanted::Number(-ANY, ANY),
    ),
    (
        "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
        Some("metadata_service_num_attempts"),
        Wanted::Number(-ANY, ANY),
    ),
    (
        "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
        Some("ec2_metadata_service_endpoint_mode"),
        Wanted::OneOf(&["ipv4", "ipv6"]),
    ),
];

/// Checks what every client needs.
///
/// # Errors
/// The first setting that boto3 raises on.
pub fn check(variables: &HashMap<String, String>, profile: &Profile) -> Result<(), AwsError> {
    OF_CLIENTS
        .iter()
        .try_for_each(|rule| check_rule(rule, variables, profile))
}

/// Checks what the chain of credentials needs.
///
/// # Errors
/// The first setting that boto3 raises on.
pub fn check_chain(variables: &HashMap<String, String>, profile: &Profile) -> Result<(), AwsError> {
    OF_THE_CHAIN
        .iter()
        .try_for_each(|rule| check_rule(rule, variables, profile))
}

/// `AWS_CREDENTIAL_EXPIRATION`, the end of the keys in the environment.
///
/// # Errors
/// It is over, or it is no time.
pub fn check_environment_keys(variables: &HashMap<String, String>) -> Result<(), AwsError> {
    let name = "AWS_CREDENTIAL_EXPIRATION";
    let Some(end) = variables.get(name).filter(|end| !end.is_empty()) else {
        return Ok(());
    };
    check_expiration(end).map_err(|problem| AwsError::CredentialSource {
        origin: "the environment".into(),
        because: format!("`{name}` tells of {problem}"),
        advice: None,
    })
}

fn check_rule(
    (variable, option, wanted): &Rule,
    variables: &HashMap<String, String>,
    profile: &Profile,
) -> Result<(), AwsError> {
    let given = match (variables.get(*variable), option) {
        (Some(value), _) => Some((format!("`{variable}`"), value.as_str())),
        (None, Some(option)) => profile.get(option).map(|value| {
            let origin = format!("`{option}` in the AWS profile `{}`", profile.name);
            (origin, value)
        }),
        (None, None) => None,
    };
    match given {
        Some((origin, value)) if !wanted.takes(value) => Err(AwsError::setting(
            origin,
            format!("is refused by boto3: it must be {}", wanted.in_words()),
        )),
        _ => Ok(()),
    }
}

impl Wanted {
    fn takes(&self, value: &str) -> bool {
        match self {
            Self::OneOf(values) => values.contains(&value.to_lowercase().as_str()),
            Self::ExactlyOneOf(values) => values.contains(&value),
            Self::Number(least, most) => value
                .trim()
                .parse::<i64>()
                .is_ok_and(|number| (*least..=*most).contains(&number)),
        }
    }

    fn in_words(&self) -> String {
        match self {
            Self::OneOf(values) | Self::ExactlyOneOf(values) => {
                let named: Vec<&str> = values
                    .iter()
                    .copied()
                    .filter(|value| !value.is_empty())
                    .collect();
                format!("one of {}", named.join(", "))
            }
            Self::Number(..) => "a whole number that makes sense".to_owned(),
        }
    }
}
