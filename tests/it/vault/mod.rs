//! `VaultBackend` against a fake Vault: recorded lookups, kwargs, logins, answers, proxies and TLS. The real server is asked in `tests/real/openbao`.

mod answers;
mod foreign;
mod kwargs;
mod logins;
mod misplaced;
mod proxy;
mod tls;
mod tokens;
mod wire;
