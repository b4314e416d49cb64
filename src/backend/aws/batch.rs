//! Reading many secrets with few requests. What a batch does not settle, one by one does, so the answers are the same.

use std::collections::HashMap;

use async_trait::async_trait;

use crate::backend::{Answer, Backend, one_by_one};
use crate::error::Result;
use crate::secret_kind::SecretKind;

/// A service that can be asked for several names at once.
#[async_trait]
pub trait Batches: Backend {
    /// How many names one request takes.
    const SIZE: usize;

    /// The name of a secret; `None`: it is not asked for.
    fn name_of(&self, kind: SecretKind, id: &str) -> Option<String>;

    /// What is certain of these names, each named once; `None`: this service does not take batches from who is asking.
    async fn read_batch(
        &self,
        kind: SecretKind,
        names: &[String],
    ) -> Option<HashMap<String, Answer>>;
}

/// The answers for `ids`, in their order.
pub async fn in_batches<B: Batches>(
    backend: &B,
    kind: SecretKind,
    ids: &[String],
) -> Vec<Result<Answer>> {
    let names: Vec<Option<String>> = ids.iter().map(|id| backend.name_of(kind, id)).collect();
    let mut certain = settled(backend, kind, &names).await;
    let taken: Vec<Option<Answer>> = names
        .iter()
        .map(|name| certain.remove(name.as_ref()?))
        .collect();
    let left: Vec<String> = ids
        .iter()
        .zip(&taken)
        .filter(|(_, answer)| answer.is_none())
        .map(|(id, _)| id.clone())
        .collect();
    let mut others = one_by_one(backend, kind, &left).await.into_iter();
    taken
        .into_iter()
        .filter_map(|answer| answer.map(Ok).or_else(|| others.next()))
        .collect()
}

async fn settled<B: Batches>(
    backend: &B,
    kind: SecretKind,
    names: &[Option<String>],
) -> HashMap<String, Answer> {
    let mut distinct: Vec<String> = names.iter().flatten().cloned().collect();
    distinct.sort_unstable();
    distinct.dedup();
    let mut certain = HashMap::new();
    // One name is better asked for as Airflow asks.
    for names in distinct.chunks(B::SIZE).filter(|names| names.len() > 1) {
        match backend.read_batch(kind, names).await {
            Some(answers) => certain.extend(answers),
            None => break,
        }
    }
    certain
}
