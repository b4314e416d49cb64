//! What the vault wants to see, the token for it, and why there is none.
//!
//! The surprising rule: a 401 asks for a new token only if it is about the newest one. Of lookups that went out together with a
//! token that the vault takes back, the first brings a new token for all.

use std::sync::{Arc, Mutex, PoisonError};

use super::challenge::Challenge;
use super::credentials::AccessToken;
use super::error::AzureKeyVaultError;

/// Who asks one vault, as far as that has come to light.
#[derive(Default)]
pub(super) struct AzureSession(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// What the vault's last 401 asks for.
    challenge: Option<Challenge>,
    /// Whether there is no token for it yet.
    is_open: bool,
    /// The newest token, and whose it is.
    token: Option<Arc<AccessToken>>,
    /// Why there is no other: what failed once is not tried again.
    refusal: Option<AzureKeyVaultError>,
}

impl Known {
    fn is_newest(&self, shown: Option<&str>) -> bool {
        shown == self.token.as_ref().map(|token| token.text.expose())
    }
}

impl AzureSession {
    fn with<T>(&self, look: impl FnOnce(&mut Known) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The newest token.
    pub(super) fn token(&self) -> Option<Arc<AccessToken>> {
        self.with(|known| known.token.clone())
    }

    /// Why no token will do.
    pub(super) fn refusal(&self) -> Option<AzureKeyVaultError> {
        self.with(|known| known.refusal.clone())
    }

    /// What the last 401 asks for, if there is no token for it yet.
    pub(super) fn open_challenge(&self) -> Option<Challenge> {
        self.with(|known| known.challenge.clone().filter(|_| known.is_open))
    }

    /// The same, for a request that is about to show a token that the vault has taken back.
    pub(super) fn challenge_of_refused(&self, shown: Option<&str>) -> Option<Challenge> {
        let is_refused = shown.is_some() && self.with(|known| known.is_newest(shown));
        self.open_challenge().filter(|_| is_refused)
    }

    /// A challenge with what it leaves to the one before: where there are claims, the vault may name nothing else.
    pub(super) fn completed(&self, challenge: Challenge) -> Challenge {
        let earlier = self.with(|known| known.challenge.clone());
        match (earlier, challenge.claims) {
            (Some(earlier), claims @ Some(_)) => Challenge { claims, ..earlier },
            (_, claims) => Challenge {
                claims,
                ..challenge
            },
        }
    }

    /// Keeps what a 401 to the token `shown` asks for; without a challenge an earlier one does not come back.
    pub(super) fn keep_challenge(&self, challenge: Option<Challenge>, shown: Option<&str>) {
        self.with(|known| {
            if known.is_newest(shown) {
                known.is_open = challenge.is_some();
                known.challenge = challenge;
            }
        });
    }

    /// Keeps the token that the vault has asked for.
    pub(super) fn keep_token(&self, token: Arc<AccessToken>) {
        self.with(|known| {
            known.token = Some(token);
            known.is_open = false;
        });
    }

    /// Keeps why there is no token, or none that the vault takes.
    pub(super) fn keep_refusal(&self, refusal: AzureKeyVaultError) {
        self.with(|known| known.refusal = Some(refusal));
    }
}
