//! What can go wrong with AWS, told with the permission that is missing, the identity that was used and the sources tried.

use std::fmt;

use crate::airflow_config::command::CommandError;
use crate::backend::kwargs::KwargError;
use crate::deadline::TimedOut;
use crate::env::EnvError;
use crate::failure::{Failure, Fault};
use crate::http::{HttpError, in_quotes};
use crate::process::ProcessError;
use crate::python::json::JsonError;
use crate::python::re::PatternError;
use crate::text_file::TextFileError;

/// How AWS's clients are told which CA to trust.
const TRUST: &str = "name its PEM file with \"verify\" in the kwargs or with AWS_CA_BUNDLE";

/// A failure to read from AWS. Holds names, ARNs, error codes and AWS's own short words, never a key.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AwsError {
    /// A kwarg of the wrong type, which fails each lookup.
    #[error(transparent)]
    Kwarg(#[from] KwargError),
    /// A variable that is not UTF-8.
    #[error(transparent)]
    Env(#[from] EnvError),
    /// The network, TLS, or a file for them.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// STS, which hands out the role, gives no answer.
    #[error("{operation} on {role}: {error}")]
    Sts {
        /// `sts:AssumeRole` or its web identity twin.
        operation: &'static str,
        /// The role's ARN.
        role: String,
        /// Why there is none.
        error: HttpError,
    },
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
    /// A file of `~/.aws` that cannot be read.
    #[error("the AWS profile file {0}")]
    ProfileFile(TextFileError),
    /// A file of `~/.aws` that Python's `configparser` does not read.
    #[error("the AWS profile file `{path}` cannot be read: {problem}")]
    ProfileSyntax {
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
    /// A key that cannot stand in a header.
    #[error("{part} from {origin} holds a control character")]
    ControlCharacter {
        /// Which of the three parts of AWS credentials.
        part: &'static str,
        /// Where they come from.
        origin: String,
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
    /// A source that is still being asked when time runs out.
    #[error("the AWS credentials of {origin} cannot be had: {error}")]
    SlowCredentials {
        /// The source.
        origin: String,
        /// How long was waited.
        error: TimedOut,
    },
    /// The command that a profile names for its keys gave nothing.
    #[error("the `credential_process` of the AWS profile `{profile}` {error}")]
    CredentialProcess {
        /// The profile.
        profile: String,
        /// What became of it.
        error: CommandError,
    },
    /// The file with a web identity's token.
    #[error("the web identity token file {0}")]
    TokenFile(TextFileError),
    /// STS does not hand out the role.
    #[error("{operation} on {role} was refused with {code}{}", in_quotes(.said))]
    RoleRefused {
        /// `sts:AssumeRole` or its web identity twin.
        operation: &'static str,
        /// The role's ARN.
        role: String,
        /// What STS answered.
        code: ErrorCode,
        /// AWS's words.
        said: Option<String>,
    },
    /// AWS does not know who is asking.
    #[error("AWS does not accept the credentials from {origin}: {code}{}", in_quotes(.said))]
    CredentialsRejected {
        /// Where they come from.
        origin: String,
        /// What AWS answered.
        code: ErrorCode,
        /// AWS's words.
        said: Option<String>,
    },
    /// AWS knows who is asking and refuses.
    #[error("{identity} lacks the permission {permission} on {resource}{}", in_quotes(.said))]
    Denied {
        /// Who was asking, by ARN where AWS told it.
        identity: String,
        /// Such as `ssm:GetParameter`.
        permission: String,
        /// The resource's ARN.
        resource: String,
        /// AWS's words, where they are not these.
        said: Option<String>,
    },
    /// The secret may be read, and the key that it is encrypted with may not be used.
    #[error("AWS refuses to decrypt it: {code}{}", in_quotes(.said))]
    DecryptionDenied {
        /// What AWS answered.
        code: ErrorCode,
        /// AWS's words.
        said: Option<String>,
    },
    /// AWS asks for a pause, after retries.
    #[error("AWS is throttling this client: {code}")]
    Throttled {
        /// What AWS answered.
        code: ErrorCode,
    },
    /// A fault of the service.
    #[error("AWS cannot answer: {code}{}", in_quotes(.said))]
    Down {
        /// What AWS answered.
        code: ErrorCode,
        /// AWS's words.
        said: Option<String>,
    },
    /// AWS does not take the request as it is.
    #[error("AWS rejects the request: {code}{}", in_quotes(.said))]
    Rejected {
        /// What AWS answered.
        code: ErrorCode,
        /// AWS's words.
        said: Option<String>,
    },
    /// The value cannot be decrypted.
    #[error("found, but AWS cannot decrypt it: {code}{}", in_quotes(.said))]
    NotDecrypted {
        /// What AWS answered.
        code: ErrorCode,
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
    #[error("found, but it is not JSON: {0}")]
    NotJson(JsonError),
}

/// An error code of AWS's and the HTTP status it came with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorCode {
    /// The code, empty where there was none.
    pub code: String,
    /// The status.
    pub status: u16,
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code.as_str() {
            "" => write!(f, "status {}", self.status),
            code => write!(f, "{code} (status {})", self.status),
        }
    }
}

impl AwsError {
    /// A setting that Airflow or boto3 fails on.
    pub(super) fn setting(origin: impl Into<String>, problem: impl Into<String>) -> Self {
        AwsError::Setting {
            origin: origin.into(),
            problem: problem.into(),
        }
    }
}

impl Fault for AwsError {
    fn failure(&self) -> Failure {
        match self {
            AwsError::Http(error) | AwsError::Sts { error, .. } => error.failure(),
            AwsError::ProfileFile(error) => error.failure(),
            AwsError::TokenFile(TextFileError::TimedOut { .. })
            | AwsError::CredentialProcess {
                error: CommandError::Process(ProcessError::TimedOut(_)),
                ..
            } => Failure::Unreachable,
            AwsError::Kwarg(_)
            | AwsError::Env(_)
            | AwsError::LookupPattern { .. }
            | AwsError::Setting { .. }
            | AwsError::NotServed { .. }
            | AwsError::NoRegion { .. }
            | AwsError::ProfileNotFound { .. }
            | AwsError::ProfileSyntax { .. }
            | AwsError::ControlCharacter { .. }
            | AwsError::Rejected { .. } => Failure::Configuration,
            AwsError::PartialCredentials { .. }
            | AwsError::NoCredentials { .. }
            | AwsError::CredentialSource { .. }
            | AwsError::CredentialProcess { .. }
            | AwsError::TokenFile(_)
            | AwsError::RoleRefused { .. }
            | AwsError::CredentialsRejected { .. } => Failure::Unauthenticated,
            AwsError::Denied { .. } | AwsError::DecryptionDenied { .. } => Failure::Denied,
            AwsError::Throttled { .. } => Failure::Throttled,
            AwsError::SlowCredentials { .. } | AwsError::Down { .. } | AwsError::NotAws { .. } => {
                Failure::Unreachable
            }
            AwsError::NoSuchVersion => Failure::NotDefined,
            AwsError::NotDecrypted { .. } | AwsError::NotJson(_) => Failure::Malformed,
        }
    }

    fn is_own_refusal(&self) -> bool {
        match self {
            AwsError::NotServed { .. } => true,
            AwsError::LookupPattern { because, .. } => because.may_be_read_by_python(),
            AwsError::NotJson(error) => error.may_be_read_by_python(),
            AwsError::Http(error) | AwsError::Sts { error, .. } => error.is_own_refusal(),
            AwsError::ProfileFile(error) | AwsError::TokenFile(error) => error.is_own_refusal(),
            _ => false,
        }
    }

    fn in_lines(&self) -> Vec<String> {
        match self {
            AwsError::NoCredentials { tried, .. } => {
                let head = "no AWS credentials:".to_owned();
                std::iter::once(head).chain(tried.iter().cloned()).collect()
            }
            _ => vec![self.to_string()],
        }
    }

    fn hint(&self) -> Option<String> {
        let advice = match self {
            AwsError::Kwarg(error) => return error.hint(),
            AwsError::Env(error) => return error.hint(),
            AwsError::Http(error) => return error.hint_with(TRUST),
            // `verify` is the service's alone.
            AwsError::Sts { error, .. } => {
                return error.hint_with("name its PEM file with AWS_CA_BUNDLE");
            }
            AwsError::ProfileFile(error) | AwsError::TokenFile(error) => return error.hint(),
            AwsError::NotJson(error) => return error.hint(),
            AwsError::CredentialSource { advice, .. } => return advice.clone(),
            AwsError::SlowCredentials { .. } => {
                "check the files and the servers that it leads to; `--timeout` sets the limit".into()
            }
            AwsError::CredentialProcess { error, .. } => return error.hint(),
            AwsError::NoRegion {
                aws_region_is_set, ..
            } => no_region(*aws_region_is_set).into(),
            AwsError::ProfileNotFound { .. } => {
                "write it as `[profile NAME]` in ~/.aws/config or `[NAME]` in ~/.aws/credentials"
                    .into()
            }
            AwsError::ControlCharacter { .. } => {
                "write it again: a line break or the like was pasted with it".into()
            }
            AwsError::NoCredentials { profile_kwarg, .. } => no_credentials(*profile_kwarg).into(),
            AwsError::RoleRefused { .. } => {
                "the role's trust policy must name who is asking, and who is asking needs the permission".into()
            }
            AwsError::CredentialsRejected { code, .. } => code.advice().into(),
            AwsError::Denied {
                permission,
                resource,
                ..
            } => {
                format!("a policy must allow \"Action\": \"{permission}\", \"Resource\": \"{resource}\"")
            }
            AwsError::DecryptionDenied { .. } => {
                "a policy, and the policy of the secret's KMS key, must allow kms:Decrypt".into()
            }
            AwsError::Throttled { .. } => {
                "ask later, or raise the service's quota for this account".into()
            }
            AwsError::NotDecrypted { .. } => {
                "check that the KMS key is enabled and that kms:Decrypt is allowed".into()
            }
            AwsError::NotAws { .. } => {
                "check \"endpoint_url\": something other than AWS answers there, perhaps a proxy or a login page".into()
            }
            AwsError::PartialCredentials { missing, .. } => format!("set {missing} too"),
            AwsError::LookupPattern { .. }
            | AwsError::Setting { .. }
            | AwsError::NotServed { .. }
            | AwsError::ProfileSyntax { .. }
            | AwsError::Down { .. }
            | AwsError::Rejected { .. }
            | AwsError::NoSuchVersion => return None,
        };
        Some(advice)
    }
}

fn no_region(aws_region_is_set: bool) -> &'static str {
    match aws_region_is_set {
        true => {
            "boto3, and so Airflow, does not read AWS_REGION; set AWS_DEFAULT_REGION, or \"region_name\" in the kwargs"
        }
        false => "set \"region_name\" in the kwargs, or AWS_DEFAULT_REGION",
    }
}

fn no_credentials(profile_kwarg: bool) -> &'static str {
    match profile_kwarg {
        true => "Airflow ignores the kwarg `profile`; write \"profile_name\"",
        false => {
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile with \"profile_name\" in the kwargs"
        }
    }
}

impl ErrorCode {
    /// What to do where AWS does not accept credentials for this reason.
    fn advice(&self) -> &'static str {
        match self.code.as_str() {
            "ExpiredToken" | "ExpiredTokenException" => "get new session credentials",
            "RequestExpired" | "RequestTimeTooSkewed" => {
                "set the clock of this machine right: AWS takes requests of the last minutes only"
            }
            code if code.contains("Signature") => {
                "check the secret access key, and the clock of this machine"
            }
            _ => "check that the access key exists and is active",
        }
    }
}
