//! The two calls of STS that hand out a role's credentials, with parameters as they stand in `assume_role_kwargs`, and what is
//! said when STS refuses.
//!
//! Mirrors `BaseSessionFactory` of apache-airflow-providers-amazon 9.39.0 and botocore 1.44.5. The surprising rule: a web
//! identity needs no credentials, so its call is not signed.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sdk_sts::operation::assume_role::builders::AssumeRoleFluentBuilder;
use aws_sdk_sts::operation::assume_role_with_web_identity::builders::AssumeRoleWithWebIdentityFluentBuilder;
use aws_sdk_sts::types::Credentials as Granted;

use super::credentials::Sourced;
use super::error::AwsError;
use super::sdk_failure::{Meaning, SdkFailure, meaning};
use super::session::Base;
use crate::python::json::{Dict, Value};
use crate::secret::SecretText;

/// A parameter that is not served or of the wrong type; holds its name.
#[derive(Debug)]
pub struct WrongParameter(pub String);

impl WrongParameter {
    /// Whether boto3 takes it.
    pub fn is_own_refusal(&self) -> bool {
        NOT_SERVED.contains(&self.0.as_str())
    }
}

/// The parameters that [`with_parameters`] knows.
pub const PARAMETERS: &str = "RoleArn, RoleSessionName, ExternalId, DurationSeconds, Policy, SerialNumber, TokenCode and SourceIdentity";

/// Those that boto3 knows besides, and that are too much for this.
const NOT_SERVED: &[&str] = &[
    "Tags",
    "PolicyArns",
    "TransitiveTagKeys",
    "ProvidedContexts",
];

/// `sts.assume_role(**parameters)`
///
/// # Errors
/// The first parameter that boto3 or secretctl does not take.
pub fn with_parameters(
    mut request: AssumeRoleFluentBuilder,
    parameters: &Dict,
) -> Result<AssumeRoleFluentBuilder, WrongParameter> {
    for (name, value) in parameters {
        request = match (name.as_str(), value) {
            ("RoleArn", Value::Text(text)) => request.role_arn(text.expose()),
            ("RoleSessionName", Value::Text(text)) => request.role_session_name(text.expose()),
            ("ExternalId", Value::Text(text)) => request.external_id(text.expose()),
            ("Policy", Value::Text(text)) => request.policy(text.expose()),
            ("SerialNumber", Value::Text(text)) => request.serial_number(text.expose()),
            ("TokenCode", Value::Text(text)) => request.token_code(text.expose()),
            ("SourceIdentity", Value::Text(text)) => request.source_identity(text.expose()),
            ("DurationSeconds", Value::Int(digits)) => {
                request.duration_seconds(seconds(name, digits)?)
            }
            _ => return Err(WrongParameter(name.clone())),
        };
    }
    Ok(request)
}

/// `sts.assume_role_with_web_identity(**parameters)` with the token and, where none is given, botocore's session name.
///
/// # Errors
/// The first parameter that boto3 or secretctl does not take.
pub fn with_web_identity(
    request: AssumeRoleWithWebIdentityFluentBuilder,
    token: &SecretText,
    parameters: &Dict,
) -> Result<AssumeRoleWithWebIdentityFluentBuilder, WrongParameter> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let mut request = request
        .web_identity_token(token.expose())
        .role_session_name(format!("botocore-session-{now}"));
    for (name, value) in parameters {
        request = match (name.as_str(), value) {
            ("RoleArn", Value::Text(text)) => request.role_arn(text.expose()),
            ("RoleSessionName", Value::Text(text)) => request.role_session_name(text.expose()),
            ("ProviderId", Value::Text(text)) => request.provider_id(text.expose()),
            ("Policy", Value::Text(text)) => request.policy(text.expose()),
            ("DurationSeconds", Value::Int(digits)) => {
                request.duration_seconds(seconds(name, digits)?)
            }
            _ => return Err(WrongParameter(name.clone())),
        };
    }
    Ok(request)
}

fn seconds(name: &str, digits: &str) -> Result<i32, WrongParameter> {
    digits.parse().map_err(|_| WrongParameter(name.to_owned()))
}

/// The credentials that STS hands out.
pub fn granted(granted: Granted) -> Credentials {
    let Granted {
        access_key_id,
        secret_access_key,
        session_token,
        ..
    } = granted;
    Credentials::new(
        access_key_id,
        secret_access_key,
        Some(session_token),
        None,
        "sts",
    )
}

/// The credentials of a role for a token in a file.
///
/// # Errors
/// A token that cannot be read, or one that STS does not take.
pub async fn web_identity_role(
    base: &Base,
    role: &str,
    file: &str,
    mut parameters: Dict,
) -> Result<Sourced, AwsError> {
    let token = std::fs::read_to_string(file).map_err(|error| AwsError::CredentialSource {
        origin: format!("the web identity token file `{file}`"),
        because: error.to_string(),
        advice: None,
    })?;
    let token = SecretText::from(token);
    parameters.insert("RoleArn".into(), Value::text(role));
    let client = aws_sdk_sts::Client::from_conf(base.sts(None));
    let request = with_web_identity(client.assume_role_with_web_identity(), &token, &parameters);
    let answer = request.map_err(wrong_parameter)?.send().await;
    let operation = "sts:AssumeRoleWithWebIdentity";
    let answer = answer.map_err(|error| {
        refused(
            base,
            operation,
            role,
            SdkFailure::new(&error),
            &[token.expose()],
        )
    })?;
    handed_out(operation, role, answer.credentials)
}

/// The credentials of a role, asked for with others.
///
/// # Errors
/// What STS refuses.
pub async fn session_role(
    base: &Base,
    own: &Sourced,
    role: &str,
    parameters: &Dict,
) -> Result<Sourced, AwsError> {
    let client = aws_sdk_sts::Client::from_conf(base.sts(Some(own)));
    let request = with_parameters(client.assume_role(), parameters).map_err(wrong_parameter)?;
    let operation = "sts:AssumeRole";
    let secrets = Vec::<SecretText>::from(own);
    let secrets: Vec<&str> = secrets.iter().map(SecretText::expose).collect();
    let answer = request
        .send()
        .await
        .map_err(|error| refused(base, operation, role, SdkFailure::new(&error), &secrets))?;
    handed_out(operation, role, answer.credentials)
}

fn handed_out(
    operation: &'static str,
    role: &str,
    granted_by_sts: Option<Granted>,
) -> Result<Sourced, AwsError> {
    let credentials = granted_by_sts.ok_or(AwsError::NotAws { status: 200 })?;
    Ok(Sourced {
        credentials: granted(credentials),
        origin: format!("{operation} on {role}"),
    })
}

fn wrong_parameter(wrong: WrongParameter) -> AwsError {
    let name = &wrong.0;
    if wrong.is_own_refusal() {
        let what = format!("`{name}` in kwarg `assume_role_kwargs`");
        return AwsError::NotServed { what };
    }
    let served = PARAMETERS;
    AwsError::setting(
        format!("`{name}` in kwarg `assume_role_kwargs`"),
        format!("is not served for this method or of the wrong type; served are {served}"),
    )
}

fn refused(
    base: &Base,
    operation: &'static str,
    role: &str,
    failure: SdkFailure,
    secrets: &[&str],
) -> AwsError {
    let denied = match &failure {
        SdkFailure::Service { status, code, .. } => {
            !matches!(meaning(*status, code), Meaning::Throttled | Meaning::Down)
        }
        _ => false,
    };
    match failure.into_error(base.limit, secrets, "the base session") {
        AwsError::CredentialsRejected { code, said, .. } | AwsError::Rejected { code, said }
            if denied =>
        {
            AwsError::RoleRefused {
                operation,
                role: role.to_owned(),
                code,
                said,
            }
        }
        other => other,
    }
}
