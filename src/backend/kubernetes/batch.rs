//! Many ids with few requests: one list of all secrets whose label is one of them.
//!
//! The surprising rule: a list that fails fails each of its ids, as each alone would fail, so nothing is asked again one by
//! one. An id that no label can hold is asked for alone, because it would spoil the selector for the others.

use std::collections::{HashMap, HashSet};

use futures_util::{StreamExt, future, stream};

use super::client::KubernetesSession;
use super::secret_list::ListedSecret;
use super::{KubernetesError, KubernetesSecretsBackend, label};
use crate::backend::{Answer, BackendError, SecretRef, one_by_one};
use crate::deadline::Deadline;

/// How many ids one selector names: with 63 characters each it stays well below the longest address that servers take.
const SIZE: usize = 50;

/// How many lists are asked for at a time.
const AT_ONCE: usize = 4;

type Answers = Vec<Result<Answer, BackendError>>;

/// The answers for `secrets`, which are all of one kind, in their order. A secret is asked for once, however often it is named.
pub async fn get_many(
    backend: &KubernetesSecretsBackend,
    secrets: &[SecretRef],
    deadline: Deadline,
) -> Answers {
    let label = secrets.first().and_then(|secret| {
        let keys = backend.settings.keys(secret.secret.kind);
        keys.label.as_deref()
    });
    let Some(label) = label else {
        return one_by_one(backend, secrets, deadline).await;
    };
    let mut seen = HashSet::new();
    let distinct = secrets.iter().filter(|secret| seen.insert(secret.name()));
    let (together, alone): (Vec<SecretRef>, Vec<SecretRef>) = distinct
        .cloned()
        .partition(|secret| goes_in_list(backend, secret));
    let lists: Vec<_> = together
        .chunks(SIZE)
        .map(|chunk| list(backend, label, chunk, deadline))
        .collect();
    let lists = stream::iter(lists).buffered(AT_ONCE).concat();
    let (listed, single) = future::join(lists, one_by_one(backend, &alone, deadline)).await;
    let asked = together.iter().chain(&alone).map(SecretRef::name);
    let answers: HashMap<&str, Result<Answer, BackendError>> =
        asked.zip(listed.into_iter().chain(single)).collect();
    secrets
        .iter()
        .filter_map(|secret| answers.get(secret.name()).cloned())
        .collect()
}

/// Whether a label can hold the id, and is one.
fn goes_in_list(backend: &KubernetesSecretsBackend, secret: &SecretRef) -> bool {
    let secret = &secret.secret;
    label::problem_with_value(&secret.id).is_none()
        && backend.settings.impossible_label(secret.kind).is_none()
}

/// The answers for a few secrets, within the limit of `deadline` from when their turn comes.
async fn list(
    backend: &KubernetesSecretsBackend,
    label: &str,
    secrets: &[SecretRef],
    deadline: Deadline,
) -> Answers {
    let deadline = deadline.renewed();
    let answers = match read(backend, label, secrets, deadline).await {
        Ok(answers) => answers,
        Err(error) if error.is_about_size() => return one_by_one(backend, secrets, deadline).await,
        Err(error) => {
            let failed =
                |secret: &SecretRef| backend.answer_to_failure(&secret.secret, error.clone());
            secrets.iter().map(failed).collect()
        }
    };
    let told = answers.into_iter();
    told.map(|answer| answer.map_err(BackendError::from))
        .collect()
}

async fn read(
    backend: &KubernetesSecretsBackend,
    label: &str,
    secrets: &[SecretRef],
    deadline: Deadline,
) -> Result<Vec<Result<Answer, KubernetesError>>, KubernetesError> {
    backend.settings.usable()?;
    let session = backend.session(deadline).await?;
    let selector = match secrets {
        // One secret is asked for as Airflow asks.
        [one] => one.name().to_owned(),
        many => {
            let ids: Vec<&str> = many.iter().map(|secret| &*secret.secret.id).collect();
            label::selector_of_many(label, &ids, backend.settings.team_label.as_deref())
        }
    };
    let found = backend.find(&session, &selector, deadline).await?;
    Ok(answers(backend, &session, secrets, label, &found))
}

/// Each secret's answer out of the list for all.
fn answers(
    backend: &KubernetesSecretsBackend,
    session: &KubernetesSession,
    secrets: &[SecretRef],
    label: &str,
    found: &[ListedSecret],
) -> Vec<Result<Answer, KubernetesError>> {
    let mut by_id: HashMap<&str, Vec<&ListedSecret>> = HashMap::new();
    for secret in found {
        if let Some(id) = secret.label(label) {
            by_id.entry(id).or_default().push(secret);
        }
    }
    let answer = |secret: &SecretRef| {
        let found = by_id
            .get(secret.secret.id.as_str())
            .map_or(&[][..], Vec::as_slice);
        backend.answer(session, secret, found)
    };
    secrets.iter().map(answer).collect()
}
