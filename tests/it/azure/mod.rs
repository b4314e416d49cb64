//! `AzureKeyVaultBackend` against a stand-in for Azure: recorded lookups, Astronomer's guide, credentials, and failures.

mod challenges;
mod credentials;
mod failures;
mod guide;
mod hints;
mod wire;
