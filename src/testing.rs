//! What unit tests share.

use std::future::Future;

/// Runs `work` to its end on a runtime of its own.
pub fn block_on<F: Future>(work: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(work)
}
