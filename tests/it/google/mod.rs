//! `CloudSecretManagerBackend` against a fake Secret Manager: recorded lookups, every kind of credentials, and what its users meet.

mod credentials;
mod secret_manager;
mod wire;
