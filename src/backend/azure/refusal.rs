//! What an answer of the vault that is not a secret stands for: its status, and in its body the reason.

use super::client::VaultAnswer;
use super::credentials::text_at;
use super::error::AzureKeyVaultError;
use crate::http;
use crate::secret::SecretText;

/// The error that an answer stands for; `hidden` never shows.
pub(crate) fn of(
    answer: &VaultAnswer,
    identity: String,
    vault: &str,
    hidden: &[&str],
) -> AzureKeyVaultError {
    let at = |path: &[&str]| {
        let body = answer.body.as_ref();
        body.and_then(|body| text_at(body, path))
            .map(SecretText::expose)
    };
    let message = at(&["error", "message"]).unwrap_or_default();
    let said = Some(http::servers_words(message, hidden)).filter(|said| !said.is_empty());
    let status = answer.status;
    match status {
        _ if !answer.is_own_error() => AzureKeyVaultError::NotKeyVault { status },
        401 => AzureKeyVaultError::Rejected { identity, said },
        403 => {
            let reason = at(&["error", "innererror", "code"]).unwrap_or_default();
            let about_the_secret = state(reason, message);
            about_the_secret.unwrap_or_else(|| match reason {
                "ForbiddenByFirewall" | "ForbiddenByConnection" => {
                    AzureKeyVaultError::Firewall { said }
                }
                _ => AzureKeyVaultError::Denied {
                    identity,
                    vault: vault.to_owned(),
                    said,
                },
            })
        }
        429 => AzureKeyVaultError::Throttled { said },
        400..=599 => AzureKeyVaultError::Down { status, said },
        _ => AzureKeyVaultError::NotKeyVault { status },
    }
}

/// A 403 that is about the secret and not about who asks.
fn state(reason: &str, message: &str) -> Option<AzureKeyVaultError> {
    let about_the_secret = message.contains("is not allowed on");
    let is =
        |code: &str, word: &str| reason == code || (about_the_secret && message.contains(word));
    let state = match () {
        () if is("SecretDisabled", "disabled") => "disabled",
        () if is("SecretExpired", "expired") => "expired",
        () if is("SecretNotYetValid", "not yet valid") => "not yet valid",
        () => return None,
    };
    Some(AzureKeyVaultError::NotActive { state })
}
