//! What can go wrong with Vault, told so that nobody has to read hvac's source.

use crate::error::Failure;
use crate::http::in_quotes;
use crate::python::json::JsonError;
use crate::text_file::TextFileError;

/// A failure to read from Vault. Holds paths, statuses and Vault's own short words, never a token.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// `url` or `VAULT_ADDR` is no address.
    #[error("{origin} is not an http:// or https:// address that Airflow asks for a secret at")]
    Address {
        /// The setting that gives it.
        origin: &'static str,
        /// Whether Airflow may send something to it.
        is_own_refusal: bool,
    },
    /// A token or a namespace cannot be sent as a header.
    #[error("{what} begins with white space, or holds a character that no HTTP header can carry")]
    NotAHeader {
        /// The setting.
        what: String,
    },
    /// The login gave a token that cannot be sent.
    #[error(
        "the login gave a token that no HTTP header can carry, so Airflow cannot use it either"
    )]
    UnusableToken,
    /// A path whose `..` comes to light only when an escape is undone.
    #[error("{path} holds an escaped `..` or a query that cannot be sent as Airflow sends it")]
    NotAPath {
        /// The path below `/v1/`.
        path: String,
    },
    /// The login yields no token and none is set.
    #[error("there is no token to show to Vault: {because}")]
    NoToken {
        /// Where one was looked for.
        because: String,
    },
    /// A file with a token or JWT cannot be read.
    #[error("{origin} names a file that cannot be used: {error}")]
    CredentialFile {
        /// The setting that names it.
        origin: &'static str,
        /// The file, and what is the matter with it.
        error: TextFileError,
    },
    /// No AWS or Google credentials, or no region, for a login that is signed with them.
    #[error("the {auth_type} login could not be signed: {because}")]
    NotSigned {
        /// `aws_iam` or `gcp`.
        auth_type: &'static str,
        /// What is missing or refused.
        because: String,
        /// Whether it is secretctl that refuses it.
        is_own_refusal: bool,
    },
    /// Vault did not accept the login.
    #[error("Vault refused the login at {path} with status {status}{}", in_quotes(.said))]
    LoginRefused {
        /// The login's path below `/v1/`.
        path: String,
        /// The HTTP status.
        status: u16,
        /// Vault's words.
        said: Option<String>,
    },
    /// There is no such auth method. Airflow takes this for "secret not found".
    #[error("nothing is mounted at {path}, where the login was sent")]
    LoginPathMissing {
        /// The login's path below `/v1/`.
        path: String,
    },
    /// 403, not yet told apart.
    #[error("Vault answered 403{}", in_quotes(.said))]
    Forbidden {
        /// Vault's words.
        said: Option<String>,
        /// The login's path below `/v1/`, if it was the login that was forbidden.
        login: Option<String>,
    },
    /// 404 where the kwargs keep hvac from telling Airflow so.
    #[error(
        "not found, but with \"ignore_exceptions\" Airflow fails on this answer and asks no further path"
    )]
    AbsenceIgnored,
    /// The token is not one that Vault knows any more, or it may not even ask about itself; Vault does not tell which.
    #[error("the token is invalid or expired, or may not ask about itself{}", in_quotes(.said))]
    TokenRejected {
        /// Where the token comes from.
        origin: String,
        /// Vault's words.
        said: Option<String>,
    },
    /// 403, and no answer about the token.
    #[error("permission denied{}; whether the token is good could not be found out: {because}", in_quotes(.said))]
    Refused {
        /// Vault's words.
        said: Option<String>,
        /// Why not.
        because: String,
    },
    /// 401, which Vault itself does not send but proxies in front of it do.
    #[error("the request was refused with status 401{}", in_quotes(.said))]
    Unauthorized {
        /// The server's words.
        said: Option<String>,
    },
    /// The token is good, but no policy of it allows the read.
    #[error("permission denied to {identity}")]
    Denied {
        /// The token, by its policies.
        identity: String,
        /// The request's path below `/v1/`.
        path: String,
    },
    /// 429, or a 503 that asks for a pause.
    #[error("Vault is throttling this client with status {status}{}", in_quotes(.said))]
    Throttled {
        /// The HTTP status.
        status: u16,
        /// Vault's words.
        said: Option<String>,
    },
    /// Sealed, standing by, uninitialised or broken.
    #[error("Vault cannot answer: status {status}{}", in_quotes(.said))]
    Down {
        /// The HTTP status.
        status: u16,
        /// Vault's words.
        said: Option<String>,
    },
    /// An answer that is not Vault's.
    #[error("the answer, of status {status}, is not Vault's")]
    NotVault {
        /// The HTTP status.
        status: u16,
    },
    /// An answer in a charset that is not read.
    #[error("the answer is in a charset that secretctl does not read: {charset}")]
    Charset {
        /// Its name, as the server gives it.
        charset: String,
    },
    /// JSON that has no form here, though it may be Vault's.
    #[error("found, but the answer cannot be read: {0}")]
    Unreadable(JsonError),
    /// The secret is not a set of keys and values.
    #[error("found, but it is no object of keys and values")]
    NotAnObject,
    /// The secret of a variable or config lacks its key.
    #[error("found, but it has no key `value`, so Airflow takes it for absent")]
    NoValueKey,
}

impl VaultError {
    /// Whether Airflow may read the secret all the same.
    pub fn is_own_refusal(&self) -> bool {
        match self {
            VaultError::NotAPath { .. } | VaultError::Charset { .. } => true,
            VaultError::Address { is_own_refusal, .. }
            | VaultError::NotSigned { is_own_refusal, .. } => *is_own_refusal,
            VaultError::Unreadable(error) => error.may_be_read_by_python(),
            _ => false,
        }
    }

    /// The error that a status stands for (hvac's `VaultError.from_status`).
    ///
    /// `login` is the path of a login that was asked for.
    pub fn from_status(status: u16, said: Option<String>, login: Option<&str>) -> Self {
        match (status, login.map(str::to_owned)) {
            (403, login) => VaultError::Forbidden { said, login },
            (404, Some(path)) => VaultError::LoginPathMissing { path },
            (429, _) => VaultError::Throttled { status, said },
            (400..=499, Some(path)) => VaultError::LoginRefused { path, status, said },
            (401, None) => VaultError::Unauthorized { said },
            (500..=599, _) => VaultError::Down { status, said },
            (_, _) if said.is_some() => VaultError::Down { status, said },
            (_, _) => VaultError::NotVault { status },
        }
    }

    /// The kind of failure.
    pub fn failure(&self) -> Failure {
        match self {
            VaultError::Address { .. }
            | VaultError::NotAHeader { .. }
            | VaultError::AbsenceIgnored
            | VaultError::NotAPath { .. } => Failure::Configuration,
            VaultError::NoToken { .. }
            | VaultError::CredentialFile { .. }
            | VaultError::NotSigned { .. }
            | VaultError::LoginRefused { .. }
            | VaultError::LoginPathMissing { .. }
            | VaultError::Forbidden { .. }
            | VaultError::Unauthorized { .. }
            | VaultError::TokenRejected { .. } => Failure::Unauthenticated,
            VaultError::Denied { .. } | VaultError::Refused { .. } => Failure::Denied,
            VaultError::Throttled { .. } => Failure::Throttled,
            VaultError::Down { .. } => Failure::Unreachable,
            VaultError::NotVault { .. }
            | VaultError::Charset { .. }
            | VaultError::Unreadable(_)
            | VaultError::UnusableToken
            | VaultError::NotAnObject
            | VaultError::NoValueKey => Failure::Malformed,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let advice = match self {
            VaultError::Address { .. } => "write it as in \"url\": \"http://127.0.0.1:8200\", without blanks, line breaks, `?` or `#`; secretctl repairs nothing, as Airflow would then ask nothing".into(),
            VaultError::NoToken { .. } => {
                "set \"token\" or \"token_path\" in the kwargs, or VAULT_TOKEN in the environment".into()
            }
            VaultError::LoginRefused { .. } => {
                "check the role, user or secret in the kwargs, and that they belong to this auth mount and namespace".into()
            }
            VaultError::LoginPathMissing { .. } => {
                "enable the auth method, or name its mount with \"auth_mount_point\"; Airflow takes this for `secret not found`".into()
            }
            VaultError::TokenRejected { origin, .. } => {
                format!("the token came from {origin}; get a new one, or a policy for this one if Vault still knows it")
            }
            VaultError::Refused { .. } => {
                "try `vault token lookup`: a token that Vault knows lacks a policy, any other has expired".into()
            }
            VaultError::Denied { path, .. } => {
                format!("a policy of this token must say: path \"{path}\" {{ capabilities = [\"read\"] }}")
            }
            VaultError::Throttled { .. } => "ask later, or raise the rate-limit quota of this path".into(),
            VaultError::Down { status: 503, .. } => "the server is sealed, or not ready; unseal it or ask again later".into(),
            VaultError::NotVault { .. } => {
                "check \"url\": something other than Vault answers there, perhaps a proxy or a login page".into()
            }
            VaultError::NoValueKey => "store it as in `vault kv put PATH value=...`".into(),
            VaultError::AbsenceIgnored => "leave \"ignore_exceptions\" out of the kwargs".into(),
            VaultError::NotAHeader { .. } => "a file's last line break or a blank in front is a usual cause; write the text without it".into(),
            VaultError::NotAPath { .. }
            | VaultError::Charset { .. }
            | VaultError::Unreadable(_)
            | VaultError::UnusableToken
            | VaultError::CredentialFile { .. }
            | VaultError::NotSigned { .. }
            | VaultError::Forbidden { .. }
            | VaultError::Unauthorized { .. }
            | VaultError::Down { .. }
            | VaultError::NotAnObject => return None,
        };
        Some(advice)
    }
}
