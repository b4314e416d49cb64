//! What can go wrong between Google credentials and an access token, told without a word of either.

use std::fmt;

use crate::deadline::TimedOut;
use crate::env::EnvError;
use crate::failure::{Failure, Fault};
use crate::http::{HttpError, in_quotes};
use crate::text_file::TextFileError;

/// Why there is no token. Holds names of settings and files, addresses, statuses and Google's own short words.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum GoogleError {
    /// A variable cannot be read.
    #[error(transparent)]
    Env(#[from] EnvError),
    /// A file of gcloud's, other than credentials, does not end.
    #[error("gcloud's {0}")]
    Gcloud(TextFileError),
    /// `gcp_key_path` ends in .p12 or in anything else but .json.
    #[error("kwarg `gcp_key_path` must name a JSON key file whose name ends in .json")]
    NotAJsonKeyFile,
    /// The account to impersonate is not an e-mail address.
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
        "there are no Google credentials: none in the kwargs, `GOOGLE_APPLICATION_CREDENTIALS` or gcloud's folder, and {}",
        no_machine(.metadata_server)
    )]
    NoCredentials {
        /// Where a metadata server was looked for, unless that was forbidden.
        metadata_server: Option<String>,
    },
    /// A server that gives tokens cannot be asked.
    #[error("no access token: {server}: {error}")]
    NoAnswer {
        /// Who was asked.
        server: TokenServer,
        /// What is in the way.
        error: HttpError,
    },
    /// A server that gives tokens did not give one.
    #[error("no access token: {server} {problem}")]
    NoToken {
        /// Who was asked.
        server: TokenServer,
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
    #[error("the token of the external account in {origin} cannot be read: {problem}")]
    SubjectToken {
        /// The setting or file of the credentials.
        origin: String,
        /// What is wrong.
        problem: SubjectTokenProblem,
    },
}

/// What is wrong with credentials.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum CredentialsProblem {
    /// There is no such file, or it cannot be read.
    #[error("{}", file_in_words(.0))]
    File(TextFileError),
    /// It could not be found out in time what stands there.
    #[error(transparent)]
    TimedOut(TimedOut),
    /// Not JSON.
    #[error("this is not JSON")]
    NotJson,
    /// JSON, but not an object.
    #[error("this is not a JSON object")]
    NotAnObject,
    /// A part is not there or is not text.
    #[error("`{0}` is missing")]
    Lacks(&'static str),
    /// A part is there, but of no use.
    #[error("`{0}` is not as Google writes it")]
    Odd(&'static str),
    /// `private_key` cannot be signed with.
    #[error("`private_key` is not an RSA private key in PEM form")]
    PrivateKey,
    /// `type` is none that google-auth knows.
    #[error("their `type` is none that Google's library knows")]
    UnknownType,
    /// google-auth knows it, secretctl does not.
    #[error("secretctl does not serve {0}")]
    NotServed(&'static str),
}

/// What is wrong with the token that stands for an external account.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum SubjectTokenProblem {
    /// The file that holds it cannot be read.
    #[error(transparent)]
    File(#[from] TextFileError),
    /// There is nothing in its place.
    #[error("there is none where `credential_source` says")]
    Absent,
}

/// Who is asked on the way to a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenServer {
    /// For Google's own users.
    Google,
    /// For the users of a workforce pool.
    ExternalAccount,
    /// For workload identity federation.
    TokenExchange,
    /// Where an external account has its own token.
    SubjectToken,
    /// For impersonation.
    Iam,
    /// Of the machine that this runs on.
    Metadata,
}

impl fmt::Display for TokenServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Google => "Google's token endpoint",
            Self::ExternalAccount => "the token endpoint of the external account",
            Self::TokenExchange => "the token exchange of the external account",
            Self::SubjectToken => "the URL of the external account's own token",
            Self::Iam => "Google's IAM",
            Self::Metadata => "Google's metadata server",
        })
    }
}

/// What a server made of a request for a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenProblem {
    /// 429
    #[error("asks to be asked less often")]
    Throttled,
    /// 5xx
    #[error("cannot answer: status {0}")]
    Down(u16),
    /// Any other status but success.
    #[error("refused with status {status}{}", in_quotes(.said))]
    Refused {
        /// The status.
        status: u16,
        /// Whether OAuth's own code is `invalid_grant`.
        invalid_grant: bool,
        /// The server's words.
        said: Option<String>,
    },
    /// An answer that a token server does not give.
    #[error("answered with status {0}, but not as a token server does")]
    Foreign(u16),
}

fn no_machine(metadata_server: &Option<String>) -> String {
    match metadata_server {
        Some(address) => format!("there is no metadata server at {address}"),
        None => "`NO_GCE_CHECK` forbids to ask for a metadata server".to_owned(),
    }
}

/// Where a file is missing, the setting that names it is told with its path already.
fn file_in_words(error: &TextFileError) -> String {
    match error {
        TextFileError::Missing { .. } => "the file does not exist".to_owned(),
        other => other.to_string(),
    }
}

impl GoogleError {
    /// Credentials that cannot be used; `logged` says whether Airflow's constructor logs it and goes on.
    pub(super) fn unusable(origin: &str, problem: CredentialsProblem, logged: bool) -> Self {
        Self::Unusable {
            origin: origin.to_owned(),
            problem,
            logged,
        }
    }

    /// Whether Airflow's constructor catches it: `except (DefaultCredentialsError, FileNotFoundError)`.
    pub(crate) fn is_logged_by_airflow(&self) -> bool {
        match self {
            Self::Unusable { logged, .. } => *logged,
            Self::NoCredentials { .. } => true,
            _ => false,
        }
    }
}

impl Fault for GoogleError {
    fn failure(&self) -> Failure {
        match self {
            Self::Env(error) => error.failure(),
            Self::Gcloud(error) => error.failure(),
            Self::NotAJsonKeyFile | Self::NoProjectInImpersonationChain => Failure::Configuration,
            Self::Unusable { problem, .. } => problem.failure(),
            Self::NoCredentials { .. } => Failure::Unauthenticated,
            Self::SubjectToken { problem, .. } => problem.failure(),
            Self::ImpersonationDenied { .. } => Failure::Denied,
            Self::NoAnswer { error, .. } => error.failure(),
            Self::NoToken { problem, .. } => match problem {
                TokenProblem::Foreign(_) | TokenProblem::Down(_) => Failure::Unreachable,
                TokenProblem::Throttled => Failure::Throttled,
                TokenProblem::Refused { .. } => Failure::Unauthenticated,
            },
        }
    }

    fn hint(&self) -> Option<String> {
        let advice = match self {
            Self::Env(error) => return error.hint(),
            // What trusts here is requests, as in google-auth.
            Self::NoAnswer { error, .. } => return error.hint(),
            Self::Unusable { problem, .. } => return problem.hint().map(str::to_owned),
            Self::NoToken { server, problem } => return problem.hint(*server).map(str::to_owned),
            Self::NoCredentials { .. } => {
                "set \"gcp_key_path\" or \"gcp_keyfile_dict\" in the kwargs, or GOOGLE_APPLICATION_CREDENTIALS, or run `gcloud auth application-default login`".to_owned()
            }
            Self::ImpersonationDenied { target, .. } => {
                format!("grant it the role roles/iam.serviceAccountTokenCreator on `{target}`")
            }
            Self::Gcloud(_)
            | Self::NotAJsonKeyFile
            | Self::NoProjectInImpersonationChain
            | Self::SubjectToken { .. } => return None,
        };
        Some(advice)
    }

    fn is_own_refusal(&self) -> bool {
        match self {
            Self::Unusable { problem, .. } => problem.is_own_refusal(),
            Self::NoAnswer { error, .. } => error.is_own_refusal(),
            _ => false,
        }
    }
}

impl CredentialsProblem {
    fn failure(&self) -> Failure {
        match self {
            Self::File(error) => error.failure(),
            Self::TimedOut(error) => error.failure(),
            _ => Failure::Configuration,
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::PrivateKey => Some(
                "copy the key file unchanged: its lines end in `\\n` inside the JSON text, between BEGIN and END PRIVATE KEY",
            ),
            Self::NotServed(_) => Some(
                "name a service account's key, a user's login, an external account with a token in a file or at a URL, or an impersonated service account",
            ),
            Self::File(TextFileError::Missing { .. }) => Some(
                "correct the path, or hand over the key itself with \"gcp_keyfile_dict\" in the kwargs",
            ),
            _ => None,
        }
    }

    fn is_own_refusal(&self) -> bool {
        match self {
            Self::File(error) => error.is_own_refusal(),
            Self::NotServed(_) => true,
            _ => false,
        }
    }
}

impl SubjectTokenProblem {
    /// A file that is not there yet is a login that has not taken place.
    fn failure(&self) -> Failure {
        match self {
            Self::File(error @ TextFileError::TimedOut { .. }) => error.failure(),
            Self::File(_) | Self::Absent => Failure::Unauthenticated,
        }
    }
}

impl TokenProblem {
    fn hint(&self, server: TokenServer) -> Option<&'static str> {
        match (self, server) {
            (Self::Foreign(_), _) => {
                Some("something else answers there, perhaps a proxy or a login page")
            }
            (
                Self::Refused {
                    invalid_grant: true,
                    ..
                },
                TokenServer::Google | TokenServer::ExternalAccount,
            ) => Some(
                "the login has expired or was revoked; run `gcloud auth application-default login`",
            ),
            _ => None,
        }
    }
}
