//! What can go wrong with AWS, told with the permission that is missing, the identity that was used and the sources tried.

use std::sync::Arc;

use crate::backend::kwargs::KwargError;
use crate::error::{Error, Failure};
use crate::http::in_quotes;
use crate::python::json::JsonError;
use crate::python::re::PatternError;

/// A failure to read from AWS. Holds names, ARNs, error codes and AWS's own short words, never a key.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AwsError {
    /// A kwarg of the wrong type, which fails each lookup.
    #[error(transparent)]
    Kwarg(#[from] KwargError),
    /// A lookup pattern that cannot be used.
    #[error("`{name}` cannot be matched: {because}")]
    LookupPattern {
        /// The kwarg.
        name: &'static str,
        /// What is wrong with it.
        because: PatternError,
    },
    /// A setting that boto3 or Airflow fails on.
    #[error("{origin} {problem}")]
    Setting {
        /// The kwarg or variable.
        origin: String,
        /// What is wrong, as the rest of the sentence.
        problem: String,
    },
    /// Airflow could do this; secretctl cannot.
    #[error("secretctl does not serve {what}")]
    NotServed {
        /// The setting and its value's name.
        what: String,
    },
    /// `NoRegionError`
    #[error(
        "no region: neither the kwargs nor AWS_DEFAULT_REGION nor the profile `{profile}` names one"
    )]
    NoRegion {
        /// The profile in use.
        profile: String,
        /// Whether `AWS_REGION` is set, which boto3 does not read.
        aws_region_is_set: bool,
    },
    /// `ProfileNotFound`
    #[error("the AWS profile `{name}`, named by {origin}, is in neither of the profile files")]
    ProfileNotFound {
        /// The profile.
        name: String,
        /// The setting that names it.
        origin: &'static str,
    },
    /// A file of `~/.aws` that Python's `configparser` does not read.
    #[error("the AWS profile file `{path}` cannot be read: {problem}")]
    ProfileFile {
        /// The file.
        path: String,
        /// What is wrong, without any of its values.
        problem: String,
    },
    /// One half of a key pair.
    #[error("the AWS credentials from {origin} are incomplete: {missing} is missing")]
    PartialCredentials {
        /// Where they come from.
        origin: String,
        /// The other half.
        missing: &'static str,
    },
    /// `NoCredentialsError`
    #[error("no AWS credentials: {}", tried.join("; "))]
    NoCredentials {
        /// Every source, and why it was passed over.
        tried: Vec<String>,
        /// Whether the kwargs hold `profile`, which Airflow ignores.
        profile_kwarg: bool,
    },
    /// A source that is set up, but gives nothing.
    #[error("the AWS credentials of {origin} cannot be had: {because}")]
    CredentialSource {
        /// The source.
        origin: String,
        /// What happened there.
        because: String,
        /// What to do.
        advice: Option<String>,
    },
    /// STS does not hand out the role.
    #[error("{operation} on {role} was refused with {code}{}", in_quotes(.said))]
    RoleRefused {
        /// `sts:AssumeRole` or its web identity twin.
        operation: &'static str,
        /// The role's ARN.
        role: String,
        /// The error code and the HTTP status.
        code: String,
        /// AWS's words.
        said: Option<String>,
    },
    /// AWS does not know who is asking.
    #[error("AWS does not accept the credentials from {origin}: {code}{}", in_quotes(.said))]
    CredentialsRejected {
        /// Where they come from.
        origin: String,
        /// The error code and the HTTP status.
        code: String,
        /// AWS's words.
        said: Option<String>,
    },
    /// AWS knows who is asking and refuses.
    #[error("{identity} lacks the permission {permission} on {resource}")]
    Denied {
        /// Who was asking, by ARN where AWS told it.
        identity: String,
        /// Such as `ssm:GetParameter`.
        permission: String,
        /// The resource's ARN.
        resource: String,
    },
    /// AWS asks for a pause, after retries.
    #[error("AWS is throttling this client: {code}")]
    Throttled {
        /// The error code and the HTTP status.
        code: String,
    },
    /// A fault of the service.
    #[error("AWS cannot answer: {code}{}", in_quotes(.said))]
    Down {
        /// The error code and the HTTP status.
        code: String,
        /// AWS's words.
        said: Option<String>,
    },
    /// AWS does not take the request as it is.
    #[error("AWS rejects the request: {code}{}", in_quotes(.said))]
    Rejected {
        /// The error code and the HTTP status.
        code: String,
        /// AWS's words.
        said: Option<String>,
    },
    /// The value cannot be decrypted.
    #[error("found, but AWS cannot decrypt it: {code}{}", in_quotes(.said))]
    NotDecrypted {
        /// The error code and the HTTP status.
        code: String,
        /// AWS's words.
        said: Option<String>,
    },
    /// A version or label that the id itself asks for.
    #[error("the parameter has no such version or label, on which Airflow fails")]
    NoSuchVersion,
    /// An answer that is not AWS's.
    #[error("the answer, of status {status}, is not AWS's")]
    NotAws {
        /// The HTTP status.
        status: u16,
    },
    /// A connection stored as JSON that Python cannot read.
    #[error("found, but it is no JSON: {0}")]
    NotJson(JsonError),
    /// The network, TLS, or a file for them.
    #[error(transparent)]
    Transport(Arc<Error>),
}

impl From<Error> for AwsError {
    fn from(error: Error) -> Self {
        match error {
            Error::Aws(error) => error,
            error => AwsError::Transport(Arc::new(error)),
        }
    }
}

impl AwsError {
    /// A setting that Airflow or boto3 fails on.
    pub fn setting(origin: impl Into<String>, problem: impl Into<String>) -> Self {
        AwsError::Setting {
            origin: origin.into(),
            problem: problem.into(),
        }
    }

    /// The kind of failure.
    pub fn failure(&self) -> Failure {
        match self {
            AwsError::Kwarg(_)
            | AwsError::LookupPattern { .. }
            | AwsError::Setting { .. }
            | AwsError::NotServed { .. }
            | AwsError::NoRegion { .. }
            | AwsError::ProfileNotFound { .. }
            | AwsError::ProfileFile { .. }
            | AwsError::Rejected { .. } => Failure::Configuration,
            AwsError::PartialCredentials { .. }
            | AwsError::NoCredentials { .. }
            | AwsError::CredentialSource { .. }
            | AwsError::RoleRefused { .. }
            | AwsError::CredentialsRejected { .. } => Failure::Unauthenticated,
            AwsError::Denied { .. } => Failure::Denied,
            AwsError::Throttled { .. } => Failure::Throttled,
            AwsError::Down { .. } => Failure::Unreachable,
            AwsError::NoSuchVersion => Failure::NotDefined,
            AwsError::NotDecrypted { .. } | AwsError::NotAws { .. } | AwsError::NotJson(_) => {
                Failure::Malformed
            }
            AwsError::Transport(error) => error.failure(),
        }
    }

    /// Whether Airflow can do what secretctl refuses here.
    pub fn is_own_refusal(&self) -> bool {
        match self {
            AwsError::NotServed { .. } => true,
            AwsError::LookupPattern { because, .. } => because.may_be_read_by_python(),
            AwsError::NotJson(error) => error.may_be_read_by_python(),
            AwsError::Transport(error) => error.is_own_refusal(),
            _ => false,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let advice = match self {
            AwsError::Kwarg(error) => return error.hint(),
            AwsError::Transport(error) => return error.hint(),
            AwsError::NotJson(error) => return error.hint(),
            AwsError::CredentialSource { advice, .. } => return advice.clone(),
            AwsError::NoRegion { aws_region_is_set: true, .. } => {
                "boto3, and so Airflow, does not read AWS_REGION; set AWS_DEFAULT_REGION, or \"region_name\" in the kwargs".into()
            }
            AwsError::NoRegion { .. } => "set \"region_name\" in the kwargs, or AWS_DEFAULT_REGION".into(),
            AwsError::ProfileNotFound { .. } => {
                "write it as `[profile NAME]` in ~/.aws/config or `[NAME]` in ~/.aws/credentials".into()
            }
            AwsError::NoCredentials { profile_kwarg: true, .. } => {
                "Airflow ignores the kwarg `profile`; write \"profile_name\"".into()
            }
            AwsError::NoCredentials { .. } => {
                "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile with \"profile_name\" in the kwargs".into()
            }
            AwsError::RoleRefused { .. } => {
                "the role's trust policy must name who is asking, and who is asking needs the permission".into()
            }
            AwsError::CredentialsRejected { code, .. } if code.starts_with("Expired") => "get new session credentials".into(),
            AwsError::CredentialsRejected { code, .. } if code.contains("Signature") => {
                "check the secret access key, and the clock of this machine".into()
            }
            AwsError::CredentialsRejected { .. } => "check that the access key exists and is active".into(),
            AwsError::Denied { permission, resource, .. } => {
                format!("a policy must allow \"Action\": \"{permission}\", \"Resource\": \"{resource}\"")
            }
            AwsError::Throttled { .. } => "ask later, or raise the service's quota for this account".into(),
            AwsError::NotDecrypted { .. } => "check that the KMS key is enabled and that kms:Decrypt is allowed".into(),
            AwsError::NotAws { .. } => {
                "check \"endpoint_url\": something other than AWS answers there, perhaps a proxy or a login page".into()
            }
            AwsError::LookupPattern { .. }
            | AwsError::Setting { .. }
            | AwsError::NotServed { .. }
            | AwsError::ProfileFile { .. }
            | AwsError::PartialCredentials { .. }
            | AwsError::Down { .. }
            | AwsError::Rejected { .. }
            | AwsError::NoSuchVersion => return None,
        };
        Some(advice)
    }
}
