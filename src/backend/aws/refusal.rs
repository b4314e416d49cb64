//! Naming who lacks which permission on which resource.
//!
//! The surprising rule: AWS looks at the signature first, so whoever is refused a secret has been recognised, whatever STS says
//! of it. AWS's own message names identity, permission and resource, and more truly than the request does, since it may be
//! `kms:Decrypt` that is missing; only where it does not is STS asked who is asking.

use super::error::AwsError;
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
pub struct Caller {
    arn: String,
    account: String,
}

/// The error that a failure stands for. Asks who is asking where nothing else tells it, and takes a share of the time for that.
pub(super) async fn explain(
    session: &AwsSession,
    failure: SdkFailure,
    needed: Needed,
    deadline: Deadline,
) -> AwsError {
    let secrets = session.secrets();
    if failure.meaning() != Some(Meaning::Denied) {
        return failure.into_error(&secrets, session.origin());
    }
    let message = failure.message().unwrap_or_default();
    if let Some(denied) = named_in(message) {
        return denied;
    }
    let said = failure.said(&secrets);
    if is_about_encryption(message) {
        let code = failure.error_code(&secrets);
        return AwsError::DecryptionDenied { code, said };
    }
    let (identity, account) = asker(session, deadline.for_diagnosis()).await;
    let (permission, resource) = (needed.permission, needed.resource);
    let service = permission.split(':').next().unwrap_or_default();
    let (region, partition) = (&session.region, partition(&session.region));
    AwsError::Denied {
        identity,
        permission: permission.to_owned(),
        resource: format!("arn:{partition}:{service}:{region}:{account}:{resource}"),
        said,
    }
}

/// Who is asking, in words, and the account's number in an ARN.
async fn asker(session: &AwsSession, deadline: Deadline) -> (String, String) {
    let asked = caller(session, deadline);
    match session.caller.get_or_init(|| asked).await {
        Some(caller) => (caller.arn.clone(), caller.account.clone()),
        None => {
            let origin = session.origin();
            let nobody = format!("whoever the credentials from {origin} belong to");
            (nobody, "*".to_owned())
        }
    }
}

/// The ARN of who is asking, where that can be found out.
pub(super) async fn caller_of(session: &AwsSession, deadline: Deadline) -> Option<String> {
    let asked = caller(session, deadline);
    let caller = session.caller.get_or_init(|| asked).await;
    caller.as_ref().map(|caller| caller.arn.clone())
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

/// Everybody may ask this; where no answer comes, something on the way keeps it.
async fn caller(session: &AwsSession, deadline: Deadline) -> Option<Caller> {
    let request = session.sts()?.get_caller_identity();
    let identity = answered(request.send(), deadline).await.ok()?;
    Some(Caller {
        arn: identity.arn?,
        account: identity.account?,
    })
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
