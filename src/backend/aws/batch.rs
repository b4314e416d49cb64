//! Reading many secrets with few requests. What a batch does not settle, one by one does, so the answers are the same.
//!
//! The surprising rule: only who may not ask for batches asks one by one. A service that throttles or does not answer would
//! be asked more often for that.

use std::collections::HashMap;

use super::backend::{AwsBackend, AwsService, Opened};
use super::sdk_failure::{Meaning, SdkFailure};
use crate::backend::{Answer, BackendError, SecretRef, one_by_one};
use crate::deadline::Deadline;
use crate::secret_kind::SecretKind;

type Answers = HashMap<String, Result<Answer, BackendError>>;

/// The answers for `secrets`, which are of one kind, in their order. A name is asked for once, however often it is named.
pub(super) async fn get_many<S: AwsService>(
    backend: &AwsBackend<S>,
    secrets: &[SecretRef],
    deadline: Deadline,
) -> Vec<Result<Answer, BackendError>> {
    let mut distinct: Vec<&SecretRef> = Vec::new();
    for secret in secrets {
        if !distinct.iter().any(|other| other.name() == secret.name()) {
            distinct.push(secret);
        }
    }
    let mut known = match backend.opened(deadline).await {
        // Everybody fails alike, each with what fails it first.
        Err(_) => Answers::new(),
        Ok(opened) => settled(backend, &opened, &distinct, deadline).await,
    };
    let left: Vec<SecretRef> = distinct
        .into_iter()
        .filter(|secret| !known.contains_key(secret.name()))
        .cloned()
        .collect();
    let answers = one_by_one(backend, &left, deadline).await;
    for (secret, answer) in left.iter().zip(answers) {
        known.insert(secret.name().to_owned(), answer);
    }
    secrets
        .iter()
        .filter_map(|secret| known.get(secret.name()).cloned())
        .collect()
}

/// What batches settle.
async fn settled<S: AwsService>(
    backend: &AwsBackend<S>,
    opened: &Opened<S::Client>,
    secrets: &[&SecretRef],
    deadline: Deadline,
) -> Answers {
    let mut known = Answers::new();
    let Some(kind) = secrets.first().map(|secret| secret.secret.kind) else {
        return known;
    };
    let names: Vec<String> = secrets
        .iter()
        .filter(|secret| backend.goes_in_batch(secret))
        .map(|secret| secret.name().to_owned())
        .collect();
    // One name is better asked for as Airflow asks.
    for names in names.chunks(S::MOST_NAMES).filter(|names| names.len() > 1) {
        match read(backend, opened, kind, names, deadline.renewed()).await {
            Ok(answers) => known.extend(answers),
            Err(Refused) => break,
        }
    }
    known
}

/// Batches are not for who is asking.
struct Refused;

async fn read<S: AwsService>(
    backend: &AwsBackend<S>,
    opened: &Opened<S::Client>,
    kind: SecretKind,
    names: &[String],
    deadline: Deadline,
) -> Result<Answers, Refused> {
    let read = backend
        .service
        .read_batch(&opened.client, kind, names, deadline);
    match read.await {
        Ok(answers) => Ok(answers
            .into_iter()
            .map(|(name, answer)| (name, Ok(answer)))
            .collect()),
        Err(failure) if is_about_batches(&failure) => Err(Refused),
        Err(failure) => {
            let session = &opened.session;
            let error = failure.into_error(&session.secrets(), session.origin());
            let error = BackendError::from(error);
            let failed = names.iter().map(|name| (name.clone(), Err(error.clone())));
            Ok(failed.collect())
        }
    }
}

/// Whether the same names may be read one by one: the operation has a permission of its own, and not every stand-in has it.
fn is_about_batches(failure: &SdkFailure) -> bool {
    matches!(failure.meaning(), Some(Meaning::Denied | Meaning::Rejected))
}
