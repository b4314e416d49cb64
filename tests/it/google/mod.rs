//! `CloudSecretManagerBackend` against a fake Secret Manager: recorded lookups, every kind of credentials, and what its users meet.

mod credentials;
mod foreign_answers;
mod keys;
mod near_misses;
mod secret_manager;
mod wire;
