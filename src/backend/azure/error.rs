//! What can go wrong with Azure Key Vault, told so that nobody has to read the SDK's source.

use super::credentials::NoToken;
use crate::backend::kwargs::KwargError;
use crate::env::EnvError;
use crate::failure::{Failure, Fault};
use crate::http::{HttpError, in_quotes};

/// A failure to read from Key Vault. Holds names, addresses, statuses and a server's own short words, never a token.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum AzureKeyVaultError {
    /// A kwarg is of the wrong type.
    #[error(transparent)]
    Kwarg(#[from] KwargError),
    /// A variable cannot be read.
    #[error(transparent)]
    Env(#[from] EnvError),
    /// The vault could not be asked.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// `vault_url` is absent or empty.
    #[error("kwarg `vault_url` is missing, so no vault can be asked")]
    NoVaultUrl,
    /// `vault_url` is not an address that a token may be sent to.
    #[error("kwarg `vault_url` is not an https:// address")]
    VaultUrl,
    /// The first answer is not a request for a token.
    #[error("{server} answered 401 without saying whom it trusts, as a vault would")]
    NoChallenge {
        /// Scheme, host and port.
        server: String,
    },
    /// The vault wants a token for a service that it is not part of.
    #[error(
        "{vault_host} asks for a token for `{domain}`, which it does not belong to, so none was sent"
    )]
    ForeignResource {
        /// Whom the token would be for.
        domain: String,
        /// Who asks.
        vault_host: String,
    },
    /// There is no token to show.
    #[error(transparent)]
    NoToken(#[from] NoToken),
    /// The vault does not accept the token.
    #[error("the vault refused the token of {identity}{}", in_quotes(.said))]
    Rejected {
        /// Whose token.
        identity: String,
        /// The vault's words.
        said: Option<String>,
    },
    /// The secret is there, but switched off or outside its dates.
    #[error("the secret is {state}, so the vault does not hand it out")]
    NotActive {
        /// In words.
        state: &'static str,
    },
    /// The vault's firewall refuses this machine.
    #[error("the vault's firewall refuses this machine{}", in_quotes(.said))]
    Firewall {
        /// The vault's words.
        said: Option<String>,
    },
    /// The token is good, but may not read secrets.
    #[error("permission denied to {identity}{}", in_quotes(.said))]
    Denied {
        /// Whose token.
        identity: String,
        /// Scheme and host of the vault.
        vault: String,
        /// The vault's words.
        said: Option<String>,
    },
    /// 429.
    #[error("the vault is throttling this client{}", in_quotes(.said))]
    Throttled {
        /// The vault's words.
        said: Option<String>,
    },
    /// A fault of the service, or a request that it does not understand.
    #[error("the vault cannot answer: status {status}{}", in_quotes(.said))]
    Down {
        /// The HTTP status.
        status: u16,
        /// The vault's words.
        said: Option<String>,
    },
    /// An answer that is not Key Vault's.
    #[error("the answer, of status {status}, is not Key Vault's")]
    NotKeyVault {
        /// The HTTP status.
        status: u16,
    },
    /// A secret without a value.
    #[error("found, but it has no `value`, so Airflow takes it for absent")]
    NoValue,
}

/// How this backend is told which CA to trust.
const TRUST: &str =
    "name its PEM file with \"connection_verify\" in the kwargs or with REQUESTS_CA_BUNDLE";

impl Fault for AzureKeyVaultError {
    fn in_lines(&self) -> Vec<String> {
        match self {
            AzureKeyVaultError::NoToken(error) => error.in_lines(),
            _ => vec![self.to_string()],
        }
    }

    fn is_own_refusal(&self) -> bool {
        match self {
            AzureKeyVaultError::Http(error) => error.is_own_refusal(),
            AzureKeyVaultError::NoToken(error) => error.is_own_refusal(),
            _ => false,
        }
    }

    fn failure(&self) -> Failure {
        match self {
            AzureKeyVaultError::Kwarg(error) => error.failure(),
            AzureKeyVaultError::Env(error) => error.failure(),
            AzureKeyVaultError::Http(error) => error.failure(),
            AzureKeyVaultError::NoVaultUrl | AzureKeyVaultError::VaultUrl => Failure::Configuration,
            AzureKeyVaultError::NoToken(error) => error.failure(),
            AzureKeyVaultError::ForeignResource { .. } | AzureKeyVaultError::Rejected { .. } => {
                Failure::Unauthenticated
            }
            AzureKeyVaultError::Firewall { .. } | AzureKeyVaultError::Denied { .. } => {
                Failure::Denied
            }
            AzureKeyVaultError::Throttled { .. } => Failure::Throttled,
            AzureKeyVaultError::Down { .. }
            | AzureKeyVaultError::NoChallenge { .. }
            | AzureKeyVaultError::NotKeyVault { .. } => Failure::Unreachable,
            AzureKeyVaultError::NotActive { .. } | AzureKeyVaultError::NoValue => {
                Failure::Malformed
            }
        }
    }

    fn hint(&self) -> Option<String> {
        let advice = match self {
            AzureKeyVaultError::Kwarg(error) => return error.hint(),
            AzureKeyVaultError::Env(error) => return error.hint(),
            AzureKeyVaultError::Http(error) => return error.hint_with(TRUST),
            AzureKeyVaultError::NoVaultUrl | AzureKeyVaultError::VaultUrl => {
                "write it as in \"vault_url\": \"https://NAME.vault.azure.net\"".into()
            }
            AzureKeyVaultError::ForeignResource { .. } => {
                "check `vault_url`: a vault asks for tokens for its own domain only".into()
            }
            AzureKeyVaultError::NoToken(error) => return error.hint(),
            AzureKeyVaultError::NotActive { .. } => {
                "enable it or change its dates with `az keyvault secret set-attributes`".into()
            }
            AzureKeyVaultError::Firewall { .. } => {
                "admit this machine's address or network in the vault's network settings".into()
            }
            AzureKeyVaultError::Denied { vault, .. } => format!(
                "give it the role `Key Vault Secrets User` on {vault}, or `Get` for secrets in the vault's access policies"
            ),
            AzureKeyVaultError::Throttled { .. } => {
                "ask later, or spread the secrets over more vaults".into()
            }
            AzureKeyVaultError::NoChallenge { .. } | AzureKeyVaultError::NotKeyVault { .. } => {
                "check `vault_url`: something other than Key Vault answers there, perhaps a proxy"
                    .into()
            }
            AzureKeyVaultError::Rejected { .. } => {
                "check that this identity belongs to the tenant of the vault's subscription".into()
            }
            AzureKeyVaultError::Down { .. } | AzureKeyVaultError::NoValue => return None,
        };
        Some(advice)
    }
}
