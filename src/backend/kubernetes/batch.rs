//! Many ids with few requests: one list of all secrets whose label is one of them.
//!
//! The surprising rule: an id that no label can hold would spoil the selector for the others, so it is asked for alone.

use std::collections::HashMap;

use reqwest::StatusCode;

use super::client::{self, KubernetesSession};
use super::secret_list::{self, ListedSecret};
use super::{KubernetesError, KubernetesSecretsBackend, label};
use crate::backend::{Answer, BackendError, SecretRef, one_by_one};
use crate::deadline::Deadline;

/// How many ids one selector names: with 63 characters each it stays well below the longest address that servers take.
const SIZE: usize = 50;

/// The answers for `secrets`, which are all of one kind, in their order. What a list does not settle is asked for alone.
pub async fn read(
    backend: &KubernetesSecretsBackend,
    secrets: &[SecretRef],
    deadline: Deadline,
) -> Vec<Result<Answer, BackendError>> {
    let mut answers: Vec<Option<Result<Answer, BackendError>>> = vec![None; secrets.len()];
    let fit: Vec<usize> = (0..secrets.len())
        .filter(|&index| label::problem_with_value(&secrets[index].secret.id).is_none())
        .collect();
    for chunk in fit.chunks(SIZE) {
        let asked: Vec<&SecretRef> = chunk.iter().map(|&index| &secrets[index]).collect();
        let Ok(Some(found)) = list(backend, &asked, deadline.renewed()).await else {
            break;
        };
        for (&index, answer) in chunk.iter().zip(found) {
            answers[index] = Some(answer.map_err(BackendError::from));
        }
    }
    let unsettled = secrets.iter().zip(&answers);
    let left: Vec<SecretRef> = unsettled
        .filter(|(_, answer)| answer.is_none())
        .map(|(secret, _)| secret.clone())
        .collect();
    let mut others = one_by_one(backend, &left, deadline).await.into_iter();
    answers
        .into_iter()
        .filter_map(|answer| answer.or_else(|| others.next()))
        .collect()
}

/// The answers for a few secrets; `None` where the server does not give a list, so that each has to be asked for alone.
async fn list(
    backend: &KubernetesSecretsBackend,
    secrets: &[&SecretRef],
    deadline: Deadline,
) -> Result<Option<Vec<Result<Answer, KubernetesError>>>, KubernetesError> {
    backend.settings.usable()?;
    let Some(label) = secrets.first().and_then(|first| {
        let keys = backend.settings.keys(first.secret.kind);
        keys.label.as_deref()
    }) else {
        return Ok(None);
    };
    let session = backend.session(deadline).await?;
    let ids: Vec<&str> = secrets.iter().map(|secret| &*secret.secret.id).collect();
    let selector = label::selector_of_many(label, &ids, backend.settings.team_label.as_deref());
    let query = [
        ("labelSelector", selector.as_str()),
        ("resourceVersion", "0"),
    ];
    let reply = session.list_secrets(&query, client::JSON, deadline).await?;
    let listed = match reply.status {
        StatusCode::OK => reply.members().and_then(secret_list::secrets),
        _ => None,
    };
    Ok(listed.map(|listed| answers(backend, &session, secrets, label, listed)))
}

fn answers(
    backend: &KubernetesSecretsBackend,
    session: &KubernetesSession,
    secrets: &[&SecretRef],
    label: &str,
    listed: Vec<ListedSecret>,
) -> Vec<Result<Answer, KubernetesError>> {
    let mut by_id: HashMap<String, Vec<ListedSecret>> = HashMap::new();
    for secret in listed {
        if let Some(id) = secret.label(label).map(str::to_owned) {
            by_id.entry(id).or_default().push(secret);
        }
    }
    let none = Vec::new();
    secrets
        .iter()
        .map(|secret| {
            let found = by_id.get(&secret.secret.id).unwrap_or(&none);
            backend.first_of(session, secret, found)
        })
        .collect()
}
