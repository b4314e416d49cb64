//! The two calls of STS that hand out a role's credentials, with parameters as they stand in `assume_role_kwargs`, and what is
//! said when STS refuses.
//!
//! Mirrors `BaseSessionFactory` of apache-airflow-providers-amazon 9.39.0 and botocore 1.44.5. The surprising rule: a web
//! identity needs no credentials, so its call is not signed.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sdk_sts::operation::assume_role::builders::AssumeRoleFluentBuilder;
use aws_sdk_sts::operation::assume_role_with_web_identity::builders::AssumeRoleWithWebIdentityFluentBuilder;
use aws_sdk_sts::types::Credentials as Granted;

use super::super::error::AwsError;
use super::super::sdk_failure::{SdkFailure, answered};
use super::super::session::BaseSession;
use super::CredentialsWithOrigin;
use crate::deadline::Deadline;
use crate::python::json::{Dict, Value};
use crate::secret::SecretText;
use crate::text_file;

/// The parameters that are served.
const PARAMETERS: &str = "RoleArn, RoleSessionName, ExternalId, DurationSeconds, Policy, SerialNumber, TokenCode and SourceIdentity";

/// Those that boto3 knows besides, and that are too much for this.
const NOT_SERVED: &[&str] = &[
    "Tags",
    "PolicyArns",
    "TransitiveTagKeys",
    "ProvidedContexts",
];

/// The largest token file that is read, in bytes; STS takes tokens of 20,000 characters.
const TOKEN_LIMIT: u64 = 64 * 1024;

/// A call of STS's and the role that it is for.
#[derive(Clone, Copy)]
struct Call<'a> {
    operation: &'static str,
    role: &'a str,
}

/// The credentials of a role for a token in a file.
///
/// # Errors
/// A token that cannot be read, or one that STS does not take.
pub(in super::super) async fn web_identity_role(
    base: &BaseSession,
    file: &str,
    parameters: &Dict,
    deadline: Deadline,
) -> Result<CredentialsWithOrigin, AwsError> {
    let token = text_file::read(Path::new(file), TOKEN_LIMIT, deadline)
        .await
        .map_err(AwsError::TokenFile)?;
    let token = SecretText::from(token);
    let request = base.sts(None, true).assume_role_with_web_identity();
    let request = with_web_identity(request, &token, parameters)?;
    let call = Call {
        operation: "sts:AssumeRoleWithWebIdentity",
        role: role_in(parameters),
    };
    let answer = answered(request.send(), deadline).await;
    let answer = answer.map_err(|failure| call.failed(failure, &[token.expose()]))?;
    call.granted(answer.credentials)
}

/// The credentials of a role, asked for with others: `sts.assume_role(**parameters)`.
///
/// # Errors
/// A parameter that is not served, and what STS refuses.
pub(in super::super) async fn session_role(
    base: &BaseSession,
    own: &CredentialsWithOrigin,
    parameters: &Dict,
    deadline: Deadline,
) -> Result<CredentialsWithOrigin, AwsError> {
    let request = base.sts(Some(&own.credentials), true).assume_role();
    let request = with_parameters(request, parameters)?;
    let call = Call {
        operation: "sts:AssumeRole",
        role: role_in(parameters),
    };
    let answer = answered(request.send(), deadline).await;
    let answer = answer.map_err(|failure| call.failed(failure, &own.secrets()))?;
    call.granted(answer.credentials)
}

fn role_in(parameters: &Dict) -> &str {
    let role = parameters.get("RoleArn").and_then(Value::as_text);
    role.map_or("no role", SecretText::expose)
}

fn with_parameters(
    mut request: AssumeRoleFluentBuilder,
    parameters: &Dict,
) -> Result<AssumeRoleFluentBuilder, AwsError> {
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
            _ => return Err(wrong_parameter(name)),
        };
    }
    Ok(request)
}

/// The token and, where no parameter names one, botocore's session name.
fn with_web_identity(
    request: AssumeRoleWithWebIdentityFluentBuilder,
    token: &SecretText,
    parameters: &Dict,
) -> Result<AssumeRoleWithWebIdentityFluentBuilder, AwsError> {
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
            _ => return Err(wrong_parameter(name)),
        };
    }
    Ok(request)
}

fn seconds(name: &str, digits: &str) -> Result<i32, AwsError> {
    digits.parse().map_err(|_| wrong_parameter(name))
}

fn wrong_parameter(name: &str) -> AwsError {
    let origin = format!("`{name}` in kwarg `assume_role_kwargs`");
    match NOT_SERVED.contains(&name) {
        true => AwsError::NotServed { what: origin },
        false => AwsError::setting(
            origin,
            format!("is not served for this method or of the wrong type; served are {PARAMETERS}"),
        ),
    }
}

impl Call<'_> {
    fn granted(self, granted: Option<Granted>) -> Result<CredentialsWithOrigin, AwsError> {
        let granted = granted.ok_or(AwsError::NotAws { status: 200 })?;
        let credentials = Credentials::new(
            granted.access_key_id,
            granted.secret_access_key,
            Some(granted.session_token),
            None,
            "sts",
        );
        CredentialsWithOrigin::new(credentials, format!("{} on {}", self.operation, self.role))
    }

    fn failed(self, failure: SdkFailure, secrets: &[&str]) -> AwsError {
        if let SdkFailure::Http(error) = failure {
            return AwsError::Sts {
                operation: self.operation,
                role: self.role.to_owned(),
                error,
            };
        }
        match failure.into_error(secrets, "the base session") {
            AwsError::CredentialsRejected { code, said, .. }
            | AwsError::Rejected { code, said } => AwsError::RoleRefused {
                operation: self.operation,
                role: self.role.to_owned(),
                code,
                said,
            },
            other => other,
        }
    }
}
