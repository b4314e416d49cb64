//! Telling a missing permission from credentials that AWS does not take, and naming who lacks what on which resource.
//!
//! The surprising rule: AWS's own message names identity, permission and resource, and more truly than the request does, since
//! it may be `kms:Decrypt` that is missing. Only where it does not is STS asked who is asking.

use super::error::{AwsError, ErrorCode};
use super::sdk_failure::{Meaning, SdkFailure, answered};
use super::session::AwsSession;
use crate::deadline::Deadline;

/// What a request needs.
pub(super) struct Needed {
    /// Such as `ssm:GetParameter`.
    pub permission: &'static str,
    /// The resource's ARN after the account, such as `parameter/NAME`.
    pub resource: String,
}

/// Who is asking, by the word of STS.
pub enum Caller {
    /// Somebody.
    Known {
        /// The ARN.
        arn: String,
        /// The account's number.
        account: String,
    },
    /// Nobody that AWS knows.
    Rejected(AwsError),
    /// STS does not tell.
    Unknown,
}

/// The error that a failure stands for. Asks who is asking where nothing else tells it, and takes a share of the time for that.
pub(super) async fn explain(
    session: &AwsSession,
    failure: SdkFailure,
    needed: Needed,
    deadline: Deadline,
) -> AwsError {
    let secrets = session.secrets();
    let SdkFailure::Service {
        status,
        code,
        message,
    } = &failure
    else {
        return failure.into_error(&secrets, session.origin());
    };
    if failure.meaning() != Some(Meaning::Denied) {
        return failure.into_error(&secrets, session.origin());
    }
    let message = message.as_deref().unwrap_or_default();
    if let Some(denied) = named_in(message) {
        return denied;
    }
    let said = failure.said(&secrets);
    if is_about_encryption(message) {
        let code = ErrorCode {
            code: code.clone(),
            status: *status,
        };
        return AwsError::DecryptionDenied { code, said };
    }
    let asked = caller(session, deadline.for_diagnosis());
    match session.caller.get_or_init(|| asked).await {
        Caller::Rejected(error) => error.clone(),
        Caller::Known { arn, account } => denied(session, arn.clone(), account, needed, said),
        Caller::Unknown => {
            let nobody = format!(
                "whoever the credentials from {} belong to",
                session.origin()
            );
            denied(session, nobody, "*", needed, said)
        }
    }
}

fn denied(
    session: &AwsSession,
    identity: String,
    account: &str,
    needed: Needed,
    said: Option<String>,
) -> AwsError {
    let service = needed.permission.split(':').next().unwrap_or_default();
    let (region, partition) = (&session.region, partition(&session.region));
    let resource = needed.resource;
    AwsError::Denied {
        identity,
        permission: needed.permission.to_owned(),
        resource: format!("arn:{partition}:{service}:{region}:{account}:{resource}"),
        said,
    }
}

/// The part of AWS that a region belongs to.
fn partition(region: &str) -> &'static str {
    const PARTITIONS: &[(&str, &str)] = &[
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-iso-", "aws-iso"),
        ("us-isob-", "aws-iso-b"),
        ("eu-isoe-", "aws-iso-e"),
        ("us-isof-", "aws-iso-f"),
        ("eusc-", "aws-eusc"),
    ];
    let found = PARTITIONS
        .iter()
        .find(|(prefix, _)| region.starts_with(prefix));
    found.map_or("aws", |(_, partition)| partition)
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
        said: None,
    })
}

/// "Access to KMS is not allowed", "The ciphertext refers to a customer master key that …": the one thing that AWS has no code
/// for here.
fn is_about_encryption(message: &str) -> bool {
    let message = message.to_lowercase();
    message.contains("kms") || message.contains("ciphertext")
}

/// Everybody may ask this, so that a refusal of the credentials is one; any other refusal comes from something on the way.
async fn caller(session: &AwsSession, deadline: Deadline) -> Caller {
    let Some(sts) = session.sts() else {
        return Caller::Unknown;
    };
    match answered(sts.get_caller_identity().send(), deadline).await {
        Ok(identity) => match (identity.arn, identity.account) {
            (Some(arn), Some(account)) => Caller::Known { arn, account },
            _ => Caller::Unknown,
        },
        Err(failure) if failure.meaning() == Some(Meaning::CredentialsRejected) => {
            Caller::Rejected(failure.into_error(&session.secrets(), session.origin()))
        }
        Err(_) => Caller::Unknown,
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

    #[test]
    fn a_region_belongs_to_a_part_of_aws() {
        assert_eq!(
            ["eu-west-1", "us-iso-east-1", "eusc-de-east-1"].map(partition),
            ["aws", "aws-iso", "aws-eusc"]
        );
    }
}
