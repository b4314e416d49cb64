//! `AzureKeyVaultBackend` against a stand-in for Azure: recorded lookups, Astronomer's guide, credentials, and failures.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod assertion;
mod credentials;
mod failures;
mod guide;
mod proxy;
mod stand_in;
#[path = "../support/mod.rs"]
mod support;
mod wire;
