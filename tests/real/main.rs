//! Against servers that others wrote: OpenBao, moto, and the clouds' own Python clients.
//!
//! `tests/servers/install` puts them under `target/test-servers`. Where one is missing its tests are skipped, and say so.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod moto;
mod official_clients;
mod openbao;
#[path = "../it/support/mod.rs"]
mod support;
