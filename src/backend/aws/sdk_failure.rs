//! What the SDK's errors mean: one table of AWS's error codes for every service.
//!
//! The surprising rule: AWS names a wrong key, an expired one and a missing permission with codes of status 400 and 403 alike,
//! so the code decides. An error without a code comes from something on the way, whatever its status.

use std::error::Error as StdError;
use std::future::Future;

use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::error::{AwsError, ErrorCode};
use crate::deadline::Deadline;
use crate::http::{Cause, HttpError, servers_words};

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
#[derive(Clone, Debug)]
pub enum SdkFailure {
    /// AWS's own error.
    Service {
        /// The HTTP status.
        status: u16,
        /// The error code; empty where whoever answered gave none.
        code: String,
        /// The message, which may name who was asking for what.
        message: Option<String>,
    },
    /// No answer, or one that is too large.
    Http(HttpError),
}

/// What a service's error comes down to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Nobody that AWS knows is asking.
    CredentialsRejected,
    /// Somebody that AWS knows is refused.
    Denied,
    /// Ask later.
    Throttled,
    /// The value is there and cannot be decrypted.
    NotDecrypted,
    /// A fault of the service.
    Down,
    /// Something other than AWS answers.
    NotAws,
    /// The request is not to AWS's liking.
    Rejected,
}

/// What a request of the SDK's comes to, until `deadline`.
///
/// # Errors
/// AWS's own error, or no answer.
pub(super) async fn answered<T, E>(
    request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    deadline: Deadline,
) -> Result<T, SdkFailure>
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    match deadline.bound(request).await {
        Ok(answer) => answer.map_err(|error| SdkFailure::new(&error, deadline)),
        Err(timed_out) => Err(SdkFailure::Http(timed_out.into())),
    }
}

impl SdkFailure {
    fn new<E>(error: &SdkError<E, HttpResponse>, deadline: Deadline) -> Self
    where
        E: ProvideErrorMetadata + StdError + 'static,
    {
        let status = error
            .raw_response()
            .map_or(0, |response| response.status().as_u16());
        let (code, message) = match error {
            SdkError::ServiceError(context) if context.err().meta().code().is_some() => {
                let meta = context.err().meta();
                let message = meta.message().map(str::to_owned);
                (meta.code().map(str::to_owned), message)
            }
            SdkError::ServiceError(_) | SdkError::ResponseError(_) => {
                let body = error.raw_response().and_then(|raw| raw.body().bytes());
                body.and_then(xml_error).unzip()
            }
            SdkError::TimeoutError(_) => return Self::Http(deadline.timed_out().into()),
            other => return Self::Http(http_error(other)),
        };
        Self::Service {
            status,
            // A success that could not be read comes as an error, and what it calls its code is not AWS's.
            code: code.filter(|_| status >= 300).unwrap_or_default(),
            message,
        }
    }

    /// The error code, if AWS gave one.
    pub(super) fn code(&self) -> &str {
        match self {
            Self::Service { code, .. } => code,
            Self::Http(_) => "",
        }
    }

    /// What the service's error comes down to, if the service answered.
    pub(super) fn meaning(&self) -> Option<Meaning> {
        match self {
            Self::Service { status, code, .. } => Some(meaning(*status, code)),
            Self::Http(_) => None,
        }
    }

    /// The service's message, as it came.
    pub(super) fn message(&self) -> Option<&str> {
        match self {
            Self::Service { message, .. } => message.as_deref(),
            Self::Http(_) => None,
        }
    }

    /// The service's own words, without `secrets`.
    pub(super) fn said(&self, secrets: &[&str]) -> Option<String> {
        let said = servers_words(self.message()?, secrets);
        (!said.is_empty()).then_some(said)
    }

    /// The error code and the status, fit to be shown.
    pub(super) fn error_code(&self, secrets: &[&str]) -> ErrorCode {
        let status = match self {
            Self::Service { status, .. } => *status,
            Self::Http(_) => 0,
        };
        ErrorCode {
            code: servers_words(self.code(), secrets),
            status,
        }
    }

    /// The error, of a call whose refusals need no closer look; `secrets` are kept out of AWS's words, and the credentials are
    /// those from `origin`.
    pub(super) fn into_error(self, secrets: &[&str], origin: &str) -> AwsError {
        let (code, said) = (self.error_code(secrets), self.said(secrets));
        let meaning = match self {
            Self::Service { status, code, .. } => meaning(status, &code),
            Self::Http(error) => return error.into(),
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
            Meaning::NotAws => AwsError::NotAws {
                status: code.status,
            },
            Meaning::Rejected => AwsError::Rejected { code, said },
        }
    }
}

/// Code and message of an error in the XML of AWS's older services, with which emulators refuse whoever lacks a permission.
fn xml_error(body: &[u8]) -> Option<(String, String)> {
    let body = std::str::from_utf8(body).ok()?;
    let (_, error) = body.split_once("<ErrorResponse")?;
    let text = |opening, closing| {
        let (_, rest) = error.split_once(opening)?;
        rest.split_once(closing).map(|(text, _)| text.to_owned())
    };
    Some((
        text("<Code>", "</Code>")?,
        text("<Message>", "</Message>").unwrap_or_default(),
    ))
}

/// What an error code means, or its status where there is no code.
fn meaning(status: u16, code: &str) -> Meaning {
    match status {
        _ if REJECTED_CREDENTIALS.contains(&code) => Meaning::CredentialsRejected,
        _ if DENIALS.contains(&code) => Meaning::Denied,
        _ if THROTTLING.contains(&code) => Meaning::Throttled,
        _ if NOT_DECRYPTED.contains(&code) => Meaning::NotDecrypted,
        429 => Meaning::Throttled,
        500.. => Meaning::Down,
        _ if code.is_empty() => Meaning::NotAws,
        401 => Meaning::CredentialsRejected,
        403 => Meaning::Denied,
        _ => Meaning::Rejected,
    }
}

/// What kept AWS from being asked, from the end of the chain.
fn http_error(error: &(dyn StdError + 'static)) -> HttpError {
    let mut last = error;
    loop {
        if let Some(error) = last.downcast_ref::<HttpError>() {
            return error.clone();
        }
        match last.source() {
            Some(source) => last = source,
            None => return HttpError::unreachable(Cause::Request, last),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_decides_and_else_the_status() {
        for (status, code, expected) in [
            (
                400,
                "UnrecognizedClientException",
                Meaning::CredentialsRejected,
            ),
            (400, "AccessDeniedException", Meaning::Denied),
            (400, "ThrottlingException", Meaning::Throttled),
            (400, "ValidationException", Meaning::Rejected),
            (403, "SomethingNew", Meaning::Denied),
            (500, "InternalServerError", Meaning::Down),
            (429, "", Meaning::Throttled),
            (502, "", Meaning::Down),
        ] {
            assert_eq!(meaning(status, code), expected, "{status} {code}");
        }
    }

    #[test]
    fn an_error_in_xml_has_its_code_and_a_page_has_none() {
        let error = b"<?xml version='1.0'?><ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>";
        assert_eq!(
            xml_error(error),
            Some(("AccessDenied".to_owned(), "no".to_owned()))
        );
        for page in [
            &b"<html><code>AccessDenied</code></html>"[..],
            b"<ErrorResponse",
            b"\xff",
        ] {
            assert_eq!(xml_error(page), None);
        }
    }

    #[test]
    fn what_gives_no_code_is_not_aws() {
        for status in [200, 307, 401, 403, 404] {
            assert_eq!(meaning(status, ""), Meaning::NotAws, "{status}");
        }
    }
}
