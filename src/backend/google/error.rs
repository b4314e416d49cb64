//! What can go wrong between Google credentials and an access token, told without a word of either.

use std::fmt;

use crate::error::Failure;
use crate::http::in_quotes;

/// A failure to get at a token. Holds names of settings and files, addresses, statuses and Google's own short words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GoogleError {
    /// `gcp_key_path` ends in .p12 or in anything else but .json.
    #[error("kwarg `gcp_key_path` must name a JSON key file whose name ends in .json")]
    NotAJsonKeyFile,
    /// The account to impersonate is no e-mail address.
    #[error(
        "the last account of kwarg `impersonation_chain` has no `@`, after which Airflow looks for the project"
    )]
    NoProjectInImpersonationChain,
    /// There are credentials, but not usable ones.
    #[error("the Google credentials in {origin} cannot be used: {problem}")]
    Unusable {
        /// The setting or file.
        origin: String,
        /// What is wrong with them.
        problem: CredentialsProblem,
        /// Whether Airflow's constructor logs this and goes on, to fail at each lookup.
        logged: bool,
    },
    /// Nothing names credentials.
    #[error(
        "there are no Google credentials: none in the kwargs, `GOOGLE_APPLICATION_CREDENTIALS` or gcloud's folder, and {machine}"
    )]
    NoCredentials {
        /// What became of the metadata server.
        machine: String,
    },
    /// A server that gives tokens, or something on the way to them, did not.
    #[error("no access token: {by} {problem}")]
    NoToken {
        /// Who was asked.
        by: String,
        /// What it did.
        problem: TokenProblem,
    },
    /// The credentials may not impersonate.
    #[error("{identity} may not impersonate `{target}`{}", in_quotes(.said))]
    ImpersonationDenied {
        /// Who asked.
        identity: String,
        /// The service account asked for.
        target: String,
        /// IAM's words.
        said: Option<String>,
    },
    /// The token that stands for an external account cannot be read.
    #[error("the token of the external account in {origin} cannot be read: {because}")]
    SubjectToken {
        /// The setting or file of the credentials.
        origin: String,
        /// What is wrong.
        because: String,
    },
}

/// What is wrong with credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialsProblem {
    /// No such file.
    Missing,
    /// The file cannot be read, in the system's words.
    Unreadable(String),
    /// Not JSON.
    NotJson,
    /// JSON, but no object.
    NotAnObject,
    /// A part is not there or is no text.
    Lacks(&'static str),
    /// A part is there, but of no use.
    Odd(&'static str),
    /// `private_key` is no RSA key in PKCS#8 and PEM.
    PrivateKey,
    /// `type` is none that google-auth knows.
    UnknownType,
    /// google-auth knows it, secretctl does not.
    NotServed(&'static str),
}

impl GoogleError {
    /// Whether Airflow can do what secretctl refuses here.
    pub fn is_own_refusal(&self) -> bool {
        matches!(
            self,
            Self::Unusable {
                problem: CredentialsProblem::NotServed(_),
                ..
            }
        )
    }
}

impl fmt::Display for CredentialsProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("the file does not exist"),
            Self::Unreadable(because) => f.write_str(because),
            Self::NotJson => f.write_str("this is not JSON"),
            Self::NotAnObject => f.write_str("this is no JSON object"),
            Self::Lacks(name) => write!(f, "`{name}` is missing"),
            Self::Odd(name) => write!(f, "`{name}` is not as Google writes it"),
            Self::PrivateKey => f.write_str("`private_key` is no private key in PEM form"),
            Self::UnknownType => f.write_str("their `type` is none that Google's library knows"),
            Self::NotServed(what) => write!(f, "secretctl does not serve {what}"),
        }
    }
}

/// What became of a request for a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenProblem {
    /// No answer, in the network's words.
    Unreachable(String),
    /// 429
    Throttled,
    /// 5xx
    Down(u16),
    /// Any other status but success.
    Refused {
        /// The status.
        status: u16,
        /// The server's words.
        said: Option<String>,
    },
    /// Success, but no token.
    NotAToken,
}

impl fmt::Display for TokenProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(because) => write!(f, "could not be reached: {because}"),
            Self::Throttled => f.write_str("asks to be asked less often"),
            Self::Down(status) => write!(f, "cannot answer: status {status}"),
            Self::Refused { status, said } => {
                write!(f, "refused with status {status}{}", in_quotes(said))
            }
            Self::NotAToken => f.write_str("answered without a token"),
        }
    }
}

impl GoogleError {
    /// Credentials that cannot be used; `logged` says whether Airflow's constructor logs it and goes on.
    pub fn unusable(origin: &str, problem: CredentialsProblem, logged: bool) -> Self {
        GoogleError::Unusable {
            origin: origin.to_owned(),
            problem,
            logged,
        }
    }

    /// Whether Airflow's constructor catches it: `except (DefaultCredentialsError, FileNotFoundError)`.
    pub fn is_logged_by_airflow(&self) -> bool {
        match self {
            GoogleError::Unusable { logged, .. } => *logged,
            GoogleError::NoCredentials { .. } => true,
            _ => false,
        }
    }

    /// The kind of failure.
    pub fn failure(&self) -> Failure {
        match self {
            GoogleError::NotAJsonKeyFile
            | GoogleError::NoProjectInImpersonationChain
            | GoogleError::Unusable { .. } => Failure::Configuration,
            GoogleError::NoCredentials { .. } | GoogleError::SubjectToken { .. } => {
                Failure::Unauthenticated
            }
            GoogleError::ImpersonationDenied { .. } => Failure::Denied,
            GoogleError::NoToken { problem, .. } => match problem {
                TokenProblem::Unreachable(_) | TokenProblem::Down(_) => Failure::Unreachable,
                TokenProblem::Throttled => Failure::Throttled,
                TokenProblem::Refused { .. } => Failure::Unauthenticated,
                TokenProblem::NotAToken => Failure::Malformed,
            },
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let advice = match self {
            GoogleError::NoCredentials { .. } => {
                "set \"gcp_key_path\" or \"gcp_keyfile_dict\" in the kwargs, or GOOGLE_APPLICATION_CREDENTIALS, or run `gcloud auth application-default login`".to_owned()
            }
            GoogleError::Unusable { problem, .. } => return problem.hint(),
            GoogleError::ImpersonationDenied { target, .. } => {
                format!("grant it the role roles/iam.serviceAccountTokenCreator on `{target}`")
            }
            GoogleError::NoToken { problem: TokenProblem::Refused { said: Some(said), .. }, .. }
                if said.contains("invalid_grant") || said.contains("invalid_rapt") =>
            {
                "the login has expired or was revoked; run `gcloud auth application-default login`".to_owned()
            }
            _ => return None,
        };
        Some(advice)
    }
}

impl CredentialsProblem {
    fn hint(&self) -> Option<String> {
        let advice = match self {
            Self::PrivateKey => {
                "copy the key file unchanged: its lines end in `\\n` inside the JSON text, between BEGIN and END PRIVATE KEY"
            }
            Self::NotServed(_) => {
                "name a service account's key, a user's login, an external account with a token in a file or at a URL, or an impersonated service account"
            }
            _ => return None,
        };
        Some(advice.to_owned())
    }
}
