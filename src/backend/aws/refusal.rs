//! Telling a missing permission from credentials that AWS does not take, and naming who lacks what on which resource.
//!
//! The surprising rule: AWS's own message names identity, permission and resource, and more truly than the request does, since
//! it may be `kms:Decrypt` that is missing. Only where it does not is STS asked who is asking.

use std::time::Duration;

use super::error::AwsError;
use super::sdk_failure::{Meaning, SdkFailure, meaning};
use super::session::Session;
use crate::error::Error;

/// Time for the question who is asking.
const IDENTITY_LIMIT: Duration = Duration::from_secs(3);

/// What a request needs.
pub struct Needed {
    /// Such as `ssm:GetParameter`.
    pub permission: &'static str,
    /// The resource's ARN after the account, such as `parameter/NAME`.
    pub resource: String,
}

/// Who is asking, by the word of STS.
enum Caller {
    Known { arn: String, account: String },
    Rejected(AwsError),
    Unknown,
}

/// The error that a failure stands for.
pub async fn explain(session: &Session, failure: SdkFailure, needed: Needed) -> Error {
    let message = match &failure {
        SdkFailure::Service {
            status,
            code,
            message,
        } if meaning(*status, code) == Meaning::Denied => message.clone(),
        _ => {
            return failure
                .into_error(session.limit, &session.secrets(), &session.origin)
                .into();
        }
    };
    if let Some(denied) = message.as_deref().and_then(named_in) {
        return denied.into();
    }
    match caller(session).await {
        Caller::Rejected(error) => error.into(),
        Caller::Known { arn, account } => denied(session, arn, &account, needed).into(),
        Caller::Unknown => denied(
            session,
            format!("whoever the credentials from {} belong to", session.origin),
            "*",
            needed,
        )
        .into(),
    }
}

fn denied(session: &Session, identity: String, account: &str, needed: Needed) -> AwsError {
    let service = needed.permission.split(':').next().unwrap_or_default();
    let (region, partition) = (&session.region, partition(&session.region));
    let resource = format!(
        "arn:{partition}:{service}:{region}:{account}:{}",
        needed.resource
    );
    AwsError::Denied {
        identity,
        permission: needed.permission.to_owned(),
        resource,
    }
}

/// The part of AWS that a region belongs to.
fn partition(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

/// `User: ARN is not authorized to perform: ACTION on resource: ARN because ...`
fn named_in(message: &str) -> Option<AwsError> {
    let after = |mark: &str| {
        let word = message.split_once(mark)?.1.split_whitespace().next()?;
        let word = word.trim_end_matches([',', '.']);
        let is_plain = word.len() <= 2048 && word.chars().all(|c| c.is_ascii_graphic());
        is_plain.then(|| word.to_owned())
    };
    Some(AwsError::Denied {
        identity: after("User: ")?,
        permission: after("not authorized to perform: ")?,
        resource: after("on resource: ")?,
    })
}

async fn caller(session: &Session) -> Caller {
    let question = session.sts().get_caller_identity().send();
    let Ok(answer) = tokio::time::timeout(IDENTITY_LIMIT.min(session.limit), question).await else {
        return Caller::Unknown;
    };
    match answer {
        Ok(identity) => match (identity.arn, identity.account) {
            (Some(arn), Some(account)) => Caller::Known { arn, account },
            _ => Caller::Unknown,
        },
        Err(error) => match SdkFailure::new(&error) {
            // Everybody may ask this, so a refusal is one of the credentials.
            failure @ SdkFailure::Service { .. } if is_refusal(&failure) => Caller::Rejected(
                failure.into_error(session.limit, &session.secrets(), &session.origin),
            ),
            _ => Caller::Unknown,
        },
    }
}

fn is_refusal(failure: &SdkFailure) -> bool {
    match failure {
        SdkFailure::Service { status, code, .. } => {
            matches!(
                meaning(*status, code),
                Meaning::CredentialsRejected | Meaning::Denied
            )
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn awss_own_words_name_what_is_missing() {
        let message = "User: arn:aws:sts::123456789012:assumed-role/ci/x is not authorized to perform: kms:Decrypt on resource: \
                       arn:aws:kms:eu-west-1:123456789012:key/k because no identity-based policy allows the kms:Decrypt action";
        assert_eq!(
            named_in(message).unwrap().to_string(),
            "arn:aws:sts::123456789012:assumed-role/ci/x lacks the permission kms:Decrypt on arn:aws:kms:eu-west-1:123456789012:key/k"
        );
        assert!(named_in("Access to KMS is not allowed").is_none());
    }
}
