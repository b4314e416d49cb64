//! What the SDK's errors mean: one table of AWS's error codes for every service.
//!
//! The surprising rule: AWS names a wrong key, an expired one and a missing permission with codes of status 400 and 403 alike,
//! so the code decides; only where there is none does the status.

use std::error::Error as StdError;

use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::error::AwsError;
use super::profile::Profile;
use crate::error::Error;
use crate::http::{self, SettingFault};

const REJECTED_CREDENTIALS: &[&str] = &[
    "UnrecognizedClientException",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "RequestTimeTooSkewed",
];
const DENIALS: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "NotAuthorized",
];
const THROTTLING: &[&str] = &[
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "SlowDown",
];
const NOT_DECRYPTED: &[&str] = &[
    "InvalidKeyId",
    "DecryptionFailure",
    "KMSAccessDeniedException",
    "KMSInvalidStateException",
];

/// An answer of AWS's that is an error, or no answer.
#[derive(Debug)]
pub enum SdkFailure {
    /// AWS's own error.
    Service {
        /// The HTTP status.
        status: u16,
        /// The error code; empty where AWS, or whoever answered, gave none.
        code: String,
        /// The message, which may name who was asking for what.
        message: Option<String>,
    },
    /// A success that is not AWS's.
    NotAws {
        /// The HTTP status.
        status: u16,
    },
    /// The operation's time is up.
    TimedOut,
    /// No answer, or one that is too large.
    Transport(Error),
}

/// What a service's error comes down to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Nobody that AWS knows is asking.
    CredentialsRejected,
    /// Somebody that AWS knows is refused; or, without a code, one of the two.
    Denied,
    /// Ask later.
    Throttled,
    /// The value is there and cannot be decrypted.
    NotDecrypted,
    /// A fault of the service, or of something in its place.
    Down,
    /// The request is not to AWS's liking.
    Rejected,
}

impl SdkFailure {
    /// Sorts an error of any operation.
    pub fn new<E: ProvideErrorMetadata + StdError + 'static>(
        error: &SdkError<E, HttpResponse>,
    ) -> Self {
        let status = error
            .raw_response()
            .map_or(0, |response| response.status().as_u16());
        match error {
            // A success that could not be read comes as one or the other.
            SdkError::ServiceError(_) | SdkError::ResponseError(_)
                if (200..300).contains(&status) =>
            {
                Self::NotAws { status }
            }
            SdkError::ServiceError(context) => {
                let meta = context.err().meta();
                let code = meta.code().unwrap_or_default().to_owned();
                Self::Service {
                    status,
                    code,
                    message: meta.message().map(str::to_owned),
                }
            }
            SdkError::ResponseError(_) => Self::Service {
                status,
                code: String::new(),
                message: None,
            },
            SdkError::TimeoutError(_) => Self::TimedOut,
            other => Self::Transport(transport(other)),
        }
    }

    /// The error code, if AWS gave one.
    pub fn code(&self) -> &str {
        match self {
            Self::Service { code, .. } => code,
            _ => "",
        }
    }

    /// The error, of a call whose refusals need no closer look; `secrets` are kept out of AWS's words.
    pub fn into_error(
        self,
        limit: std::time::Duration,
        secrets: &[&str],
        origin: &str,
    ) -> AwsError {
        let (status, code, message) = match self {
            Self::Service {
                status,
                code,
                message,
            } => (status, code, message),
            Self::NotAws { status } => return AwsError::NotAws { status },
            Self::TimedOut => return Error::TimedOut { limit }.into(),
            Self::Transport(error) => return error.into(),
        };
        let meaning = meaning(status, &code);
        let said = message
            .map(|message| http::servers_words(&message, secrets))
            .filter(|said| !said.is_empty());
        let code = match http::servers_words(&code, secrets) {
            code if code.is_empty() => format!("status {status}"),
            code => format!("{code} (status {status})"),
        };
        match meaning {
            Meaning::CredentialsRejected | Meaning::Denied => AwsError::CredentialsRejected {
                origin: origin.to_owned(),
                code,
                said,
            },
            Meaning::Throttled => AwsError::Throttled { code },
            Meaning::NotDecrypted => AwsError::NotDecrypted { code, said },
            Meaning::Down => AwsError::Down { code, said },
            Meaning::Rejected => AwsError::Rejected { code, said },
        }
    }
}

/// What an error code means, or its status where there is no code.
pub fn meaning(status: u16, code: &str) -> Meaning {
    match status {
        _ if REJECTED_CREDENTIALS.contains(&code) => Meaning::CredentialsRejected,
        _ if DENIALS.contains(&code) => Meaning::Denied,
        _ if THROTTLING.contains(&code) => Meaning::Throttled,
        _ if NOT_DECRYPTED.contains(&code) => Meaning::NotDecrypted,
        401 => Meaning::CredentialsRejected,
        403 => Meaning::Denied,
        429 => Meaning::Throttled,
        300..=399 | 500.. => Meaning::Down,
        _ if code.is_empty() => Meaning::Down,
        _ => Meaning::Rejected,
    }
}

/// What became of a profile that names credentials. The SDK's words stay out: a process's output may be among them.
pub fn profile_failed(
    profile: &Profile,
    origin: &str,
    error: &(dyn StdError + 'static),
) -> AwsError {
    let (because, advice) = if let Some(code) = sts_code(error) {
        (
            format!("STS refused its role with {code}"),
            Some("check `role_arn` and its trust policy".to_owned()),
        )
    } else if profile.has_sso() {
        (
            "its SSO session is missing or expired".into(),
            Some(format!("run `aws sso login --profile {}`", profile.name)),
        )
    } else if profile.get("role_arn").is_some() {
        (
            "its role could not be assumed".into(),
            Some("check `source_profile` or `credential_source` of the profile".to_owned()),
        )
    } else {
        ("it is incomplete".into(), None)
    };
    AwsError::CredentialSource {
        origin: origin.to_owned(),
        because,
        advice,
    }
}

/// The error code of STS, somewhere in the chain.
fn sts_code(error: &(dyn StdError + 'static)) -> Option<String> {
    use aws_sdk_sts::error::ProvideErrorMetadata;
    use aws_sdk_sts::operation::assume_role::AssumeRoleError;
    let mut error = Some(error);
    while let Some(current) = error {
        if let Some(refused) = current.downcast_ref::<AssumeRoleError>() {
            return refused.code().map(str::to_owned);
        }
        error = current.source();
    }
    None
}

/// The network's own words, from the end of the chain.
fn transport(error: &(dyn StdError + 'static)) -> Error {
    let mut last = error;
    loop {
        match last.downcast_ref() {
            Some(Error::AnswerTooLarge { limit }) => {
                return Error::AnswerTooLarge { limit: *limit };
            }
            Some(Error::RedirectRefused { target }) => {
                let target = target.clone();
                return Error::RedirectRefused { target };
            }
            Some(Error::Unreachable { because }) => {
                let because = because.clone();
                return Error::Unreachable { because };
            }
            _ => {}
        }
        if let Some(fault) = last.downcast_ref::<SettingFault>() {
            return fault.clone().into();
        }
        match last.source() {
            Some(source) => last = source,
            None => {
                return Error::Unreachable {
                    because: last.to_string(),
                };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_decides_and_else_the_status() {
        assert_eq!(
            meaning(400, "UnrecognizedClientException"),
            Meaning::CredentialsRejected
        );
        assert_eq!(meaning(400, "AccessDeniedException"), Meaning::Denied);
        assert_eq!(meaning(400, "ThrottlingException"), Meaning::Throttled);
        assert_eq!(meaning(400, "ValidationException"), Meaning::Rejected);
        assert_eq!(meaning(500, "InternalServerError"), Meaning::Down);
        assert_eq!(
            [403, 429, 502, 307, 404].map(|status| meaning(status, "")),
            [
                Meaning::Denied,
                Meaning::Throttled,
                Meaning::Down,
                Meaning::Down,
                Meaning::Down
            ]
        );
    }
}
