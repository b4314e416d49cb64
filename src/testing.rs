//! What unit tests share.

use std::future::Future;

/// A server that answers as a test tells it to.
#[allow(dead_code)]
#[path = "../tests/it/support/fake_server/mod.rs"]
pub mod fake_server;
/// Certificates of a private CA.
#[allow(dead_code)]
#[path = "../tests/it/support/tls.rs"]
pub mod tls;

/// Runs `work` to its end on a runtime of its own.
pub fn block_on<F: Future>(work: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(work)
}
