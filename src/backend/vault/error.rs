//! What can go wrong with Vault, told so that nobody has to read hvac's source.

use super::auth::{AwsLoginError, GcpLoginError};
use super::foreign::ForeignAnswer;
use super::mismatch::Mismatch;
use crate::backend::kwargs::KwargError;
use crate::env::EnvError;
use crate::failure::{Failure, Fault};
use crate::http::{HttpError, in_quotes};
use crate::python::json::JsonError;
use crate::text_file::TextFileError;

/// A failure to read from Vault. Holds paths, statuses and Vault's own short words, never a token.
#[derive(Clone, Debug, thiserror::Error)]
pub enum VaultError {
    /// A kwarg.
    #[error(transparent)]
    Kwarg(#[from] KwargError),
    /// A variable that cannot be read.
    #[error(transparent)]
    Env(#[from] EnvError),
    /// There is no answer.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// `url` or `VAULT_ADDR` is not an address.
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
    /// There is no signature for a login with AWS credentials.
    #[error(transparent)]
    AwsIam(#[from] AwsLoginError),
    /// There is no JWT for a login with Google credentials.
    #[error(transparent)]
    Gcp(#[from] GcpLoginError),
    /// Vault did not accept the login.
    #[error("Vault refused the login at {path} with status {status}{}", in_quotes(.said))]
    LoginRefused {
        /// The login's path below `/v1/`, and its namespace.
        path: String,
        /// The HTTP status.
        status: u16,
        /// Vault's words.
        said: Option<String>,
        /// What of the kwargs to look at.
        advice: String,
    },
    /// There is no such auth method. Airflow takes this for "secret not found".
    #[error("nothing is mounted at {path}, where the login was sent")]
    LoginPathMissing {
        /// The login's path below `/v1/`, and its namespace.
        path: String,
    },
    /// 403, not yet told apart.
    #[error("Vault answered 403{}", in_quotes(.said))]
    Forbidden {
        /// Vault's words.
        said: Option<String>,
    },
    /// 403, and the login that Airflow makes then has failed as well.
    #[error(
        "{denied}; Airflow logs in again after a 403, and that login {} as well: {login}",
        if matches!(**.login, VaultError::LoginRefused { .. }) { "was refused" } else { "failed" }
    )]
    SecondLogin {
        /// What the 403 means.
        denied: Box<VaultError>,
        /// What became of the login.
        login: Box<VaultError>,
    },
    /// 404 where the kwargs keep hvac from telling Airflow so.
    #[error(
        "not found, but with \"ignore_exceptions\" Airflow fails on this answer and asks no further path"
    )]
    AbsenceIgnored,
    /// The token is not one that Vault knows any more, or it may not even ask about itself; Vault does not tell which.
    #[error("the token is invalid or expired, or may not ask about itself{}{}", in_namespace(.namespace), in_quotes(.said))]
    TokenRejected {
        /// The namespace in the kwargs.
        namespace: Option<String>,
        /// Where the token comes from.
        origin: String,
        /// Whether it is in quotes, which are sent along.
        is_quoted: bool,
        /// Vault's words.
        said: Option<String>,
    },
    /// The token was good for an earlier request of this run.
    #[error("the token was good for an earlier request and is not any more: its uses (`num_uses`) are used up, or it has just expired{}", in_quotes(.said))]
    TokenUsedUp {
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
        /// What of the settings is not as the mount is, if that is known.
        mismatch: Option<Mismatch>,
    },
    /// 429
    #[error("Vault is throttling this client with status 429{}", in_quotes(.said))]
    Throttled {
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
    #[error("{0}")]
    NotVault(ForeignAnswer),
    /// Vault, or what stands in front of it, speaks TLS on this port.
    #[error("the server at {url} takes requests over TLS only")]
    WantsTls {
        /// The address that was asked.
        url: String,
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
    /// An answer of KV version 1 where version 2 is expected.
    #[error("found, but there is no `data` in its `data`, as a KV version 2 mount has it")]
    NotAVersion,
    /// The secret is not a set of keys and values.
    #[error("found, but it is not an object of keys and values")]
    NotAnObject,
    /// The secret of a variable or config lacks its key.
    #[error("found, but it has no key `value`, so Airflow takes it for absent")]
    NoValueKey,
}

impl VaultError {
    /// The error that a status stands for where Vault itself answers (hvac's `VaultError.from_status`).
    pub fn from_status(status: u16, said: Option<String>) -> Self {
        match status {
            401 => VaultError::Unauthorized { said },
            403 => VaultError::Forbidden { said },
            _ => VaultError::Down { status, said },
        }
    }

    /// The same as the answer to a login at `path`, with a status of its own for each; `advice` is for one that is refused.
    pub fn at_login(self, path: String, advice: String) -> Self {
        match self {
            VaultError::Forbidden { said } => VaultError::LoginRefused {
                path,
                status: 403,
                said,
                advice,
            },
            VaultError::Unauthorized { said } => VaultError::LoginRefused {
                path,
                status: 401,
                said,
                advice,
            },
            VaultError::Down { status: 404, .. } => VaultError::LoginPathMissing { path },
            VaultError::Down { status, said } if status < 500 => VaultError::LoginRefused {
                path,
                status,
                said,
                advice,
            },
            other => other,
        }
    }

    /// A 403 that stands for `denied`, once the login that Airflow then makes has failed too. Where the token is no good any
    /// more, that login is all that matters.
    pub fn after_second_login(denied: VaultError, login: VaultError) -> Self {
        match denied.failure() {
            Failure::Unauthenticated => login,
            _ => VaultError::SecondLogin {
                denied: Box::new(denied),
                login: Box::new(login),
            },
        }
    }

    /// Whether Vault answered 403, to a read or to a login.
    pub fn is_forbidden(&self) -> bool {
        matches!(
            self,
            VaultError::Forbidden { .. } | VaultError::LoginRefused { status: 403, .. }
        )
    }
}

/// How Airflow is told which CA to trust for Vault.
const TRUST: &str = "name its PEM file with \"verify\" in the kwargs or with REQUESTS_CA_BUNDLE; Airflow reads VAULT_CACERT only with \"verify\": null";

impl Fault for VaultError {
    fn is_own_refusal(&self) -> bool {
        match self {
            VaultError::NotAPath { .. } | VaultError::Charset { .. } => true,
            VaultError::Address { is_own_refusal, .. } => *is_own_refusal,
            VaultError::Unreadable(error) => error.may_be_read_by_python(),
            VaultError::Http(error) => error.is_own_refusal(),
            VaultError::AwsIam(error) => error.is_own_refusal(),
            VaultError::Gcp(error) => error.is_own_refusal(),
            _ => false,
        }
    }

    fn failure(&self) -> Failure {
        match self {
            VaultError::Kwarg(error) => error.failure(),
            VaultError::Env(error) => error.failure(),
            VaultError::Http(error) => error.failure(),
            VaultError::AwsIam(error) => error.failure(),
            VaultError::Gcp(error) => error.failure(),
            VaultError::SecondLogin { denied, .. } => denied.failure(),
            VaultError::CredentialFile {
                error: TextFileError::TimedOut { .. },
                ..
            } => Failure::Unreachable,
            VaultError::Address { .. }
            | VaultError::NotAHeader { .. }
            | VaultError::AbsenceIgnored
            | VaultError::NotAPath { .. } => Failure::Configuration,
            VaultError::NoToken { .. }
            | VaultError::CredentialFile { .. }
            | VaultError::LoginRefused { .. }
            | VaultError::LoginPathMissing { .. }
            | VaultError::Unauthorized { .. }
            | VaultError::TokenRejected { .. }
            | VaultError::TokenUsedUp { .. } => Failure::Unauthenticated,
            VaultError::Forbidden { .. }
            | VaultError::Denied { .. }
            | VaultError::Refused { .. } => Failure::Denied,
            VaultError::Throttled { .. } => Failure::Throttled,
            VaultError::Down { .. } | VaultError::NotVault(_) | VaultError::WantsTls { .. } => {
                Failure::Unreachable
            }
            VaultError::Charset { .. }
            | VaultError::Unreadable(_)
            | VaultError::UnusableToken
            | VaultError::NotAVersion
            | VaultError::NotAnObject
            | VaultError::NoValueKey => Failure::Malformed,
        }
    }

    fn hint(&self) -> Option<String> {
        let advice = match self {
            VaultError::Kwarg(error) => return error.hint(),
            VaultError::Env(error) => return error.hint(),
            VaultError::Http(error) => return error.hint_with(TRUST),
            VaultError::AwsIam(error) => return error.hint(),
            VaultError::Gcp(error) => return error.hint(),
            VaultError::SecondLogin { denied, .. } => return denied.hint(),
            VaultError::TokenRejected {
                origin,
                is_quoted,
                namespace,
                ..
            } => return Some(new_token(origin, *is_quoted, namespace.is_some())),
            VaultError::TokenUsedUp { origin, .. } => {
                return Some(format!(
                    "the token came from {origin}; one that is to be used again needs `num_uses` of 0"
                ));
            }
            VaultError::Denied { path, mismatch, .. } => {
                return Some(missing_policy(path, mismatch.as_ref()));
            }
            VaultError::NotVault(answer) if answer.ends_in_v1 => {
                return Some(Mismatch::EndsInV1.to_string());
            }
            VaultError::Address { .. } => {
                "write it as in \"url\": \"http://127.0.0.1:8200\", without blanks, line breaks, `?` or `#`; secretctl repairs nothing, as Airflow would then ask nothing"
            }
            VaultError::NoToken { .. } => {
                "set \"token\" or \"token_path\" in the kwargs, or VAULT_TOKEN in the environment"
            }
            VaultError::LoginRefused { advice, .. } => {
                return Some(format!(
                    "{advice}; all of it must belong to this auth mount and namespace"
                ));
            }
            VaultError::LoginPathMissing { .. } => {
                "enable the auth method, or name its mount with \"auth_mount_point\"; Airflow takes this for `secret not found`"
            }
            VaultError::Refused { .. } => {
                "try `vault token lookup`: a token that Vault knows lacks a policy, any other has expired"
            }
            VaultError::Throttled { .. } => "ask later, or raise the rate-limit quota of this path",
            VaultError::Down { status: 503, .. } => {
                "the server is sealed, or not ready; unseal it or ask again later"
            }
            VaultError::NotVault(ForeignAnswer {
                proxy: None,
                status: 500..,
                ..
            }) => {
                "something in front of Vault answers, and Vault behind it may be down: ask again later, or check \"url\""
            }
            VaultError::NotVault(ForeignAnswer { proxy: Some(_), .. }) => {
                "check the proxy, or name the host in NO_PROXY if it needs none; and check \"url\": something other than Vault answers there"
            }
            VaultError::NotVault(_) => {
                "check \"url\": something other than Vault answers there, perhaps a proxy or a login page"
            }
            VaultError::WantsTls { .. } => "write https:// in \"url\"",
            VaultError::NotAVersion => {
                "if the mount is of KV version 1, set \"kv_engine_version\": 1"
            }
            VaultError::NoValueKey => "store it as in `vault kv put PATH value=...`",
            VaultError::AbsenceIgnored => "leave \"ignore_exceptions\" out of the kwargs",
            VaultError::NotAHeader { .. } => {
                "a file's last line break or a blank in front is a usual cause; write the text without it"
            }
            VaultError::NotAPath { .. }
            | VaultError::Charset { .. }
            | VaultError::Unreadable(_)
            | VaultError::UnusableToken
            | VaultError::CredentialFile { .. }
            | VaultError::Forbidden { .. }
            | VaultError::Unauthorized { .. }
            | VaultError::Down { .. }
            | VaultError::NotAnObject => return None,
        };
        Some(advice.to_owned())
    }
}

/// The namespace, where one is set.
pub(super) fn in_namespace(namespace: &Option<String>) -> String {
    let namespace = namespace.as_ref();
    namespace.map_or_else(String::new, |namespace| {
        format!(" in the namespace `{namespace}`")
    })
}

fn new_token(origin: &str, is_quoted: bool, has_namespace: bool) -> String {
    match is_quoted {
        true => format!(
            "the token from {origin} begins and ends with a quote, which is sent along; write it without (Docker's `--env-file` keeps quotes)"
        ),
        false if has_namespace => format!(
            "the token came from {origin}; get a new one, or set \"namespace\" to the one that made it, or one below"
        ),
        false => format!(
            "the token came from {origin}; get a new one, or a policy for this one if Vault still knows it"
        ),
    }
}

/// The policy that would allow a read, unless something else than a policy is amiss.
fn missing_policy(path: &str, mismatch: Option<&Mismatch>) -> String {
    let policy = format!(
        "a policy of this token must say: path \"{path}\" {{ capabilities = [\"read\"] }}, and none may say `deny`"
    );
    match mismatch {
        None => policy,
        // A token without any policy on a mount does not see it, which is nothing new then.
        Some(Mismatch::NotSeen { seen, .. }) if seen.is_empty() => policy,
        Some(mismatch) if mismatch.is_certain() => mismatch.to_string(),
        Some(mismatch) => format!("{mismatch}; if that is as meant, {policy}"),
    }
}
