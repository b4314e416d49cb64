//! Many secrets of a backend that is asked for one at a time: a few side by side, and no longer than somebody answers.
//!
//! The surprising rule: once as many as are asked side by side have failed in a row because of the whole backend (nobody
//! answers, or nobody is logged in), the rest are not asked and fail alike. A thousand ids would else wait a thousand times.

use std::sync::{Mutex, PoisonError};

use futures_util::{StreamExt, stream};

use super::{Answer, Backend, BackendError, SecretRef, ask};
use crate::deadline::Deadline;
use crate::failure::Failure;

/// How many secrets are asked for at a time.
const AT_ONCE: usize = 8;

/// Asks for each of `secrets` alone, a few at a time, each with the limit of `deadline` from when its turn comes.
pub async fn one_by_one<B: Backend + ?Sized>(
    backend: &B,
    secrets: &[SecretRef],
    deadline: Deadline,
) -> Vec<Result<Answer, BackendError>> {
    let outage = Outage::default();
    let questions: Vec<_> = secrets
        .iter()
        .map(|secret| ask_unless_out(backend, secret, deadline, &outage))
        .collect();
    stream::iter(questions).buffered(AT_ONCE).collect().await
}

async fn ask_unless_out<B: Backend + ?Sized>(
    backend: &B,
    secret: &SecretRef,
    deadline: Deadline,
    outage: &Outage,
) -> Result<Answer, BackendError> {
    if let Some(error) = outage.error() {
        return Err(error);
    }
    let answer = ask(backend, secret, deadline.renewed()).await;
    outage.note(&answer);
    answer
}

/// The failures in a row that concern a whole backend.
#[derive(Default)]
struct Outage {
    failures: Mutex<Vec<BackendError>>,
}

impl Outage {
    /// Why nobody is asked any more.
    fn error(&self) -> Option<BackendError> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let is_out = failures.len() >= AT_ONCE;
        failures.last().filter(|_| is_out).cloned()
    }

    fn note(&self, answer: &Result<Answer, BackendError>) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        match answer {
            Err(error) if concerns_all(error.failure()) => failures.push(error.clone()),
            _ if failures.len() < AT_ONCE => failures.clear(),
            _ => {}
        }
    }
}

fn concerns_all(failure: Failure) -> bool {
    matches!(
        failure,
        Failure::Unauthenticated | Failure::Unreachable | Failure::Configuration
    )
}
