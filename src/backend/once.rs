//! The session of the first lookup: opened once for a run, whatever comes of it, and shared by all lookups of that run.

use std::sync::Arc;

use tokio::sync::Mutex;

/// Something that is opened by whoever needs it first. A failure to open it is kept as well: many ids make one login, also
/// when it is refused.
pub struct Once<T, E> {
    opened: Mutex<Option<Result<Arc<T>, E>>>,
}

impl<T, E> Default for Once<T, E> {
    fn default() -> Self {
        Self {
            opened: Mutex::new(None),
        }
    }
}

impl<T, E: Clone> Once<T, E> {
    /// What was opened, or what `open` opens now; others wait for it.
    ///
    /// # Errors
    /// What `open` failed with, now or before.
    pub async fn get_or_open(&self, open: impl Future<Output = Result<T, E>>) -> Result<Arc<T>, E> {
        let mut opened = self.opened.lock().await;
        match opened.as_ref() {
            Some(known) => known.clone(),
            None => opened.insert(open.await.map(Arc::new)).clone(),
        }
    }

    /// What was opened, if it was.
    pub async fn opened(&self) -> Option<Arc<T>> {
        self.opened.lock().await.as_ref()?.as_ref().ok().cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::block_on;

    #[test]
    fn whatever_came_of_it_is_kept() {
        block_on(async {
            let failed: Once<u8, &str> = Once::default();
            assert_eq!(failed.get_or_open(async { Err("no") }).await, Err("no"));
            assert_eq!(failed.get_or_open(async { Ok(1) }).await, Err("no"));
            assert_eq!(failed.opened().await, None);

            let session: Once<u8, &str> = Once::default();
            let first = session.get_or_open(async { Ok(1) }).await.unwrap();
            assert_eq!(session.opened().await, Some(first));
        });
    }
}
