//! `VaultBackend` against a real OpenBao server: what is stored there is what comes out, and what fails says why.
//!
//! One server is shared by all tests of a process; a test keeps to mounts that carry its own name.

mod failures;
mod freeradius;
mod guide;
mod jwt;
mod key_value;
mod login;
mod mistakes;
mod slapd;
mod tls;
mod tokens;

use serde_json::{Value, json};

use crate::support::cli::Secretctl;
use crate::support::openbao::OpenBao;

const VAULT: &str = "airflow.providers.hashicorp.secrets.vault.VaultBackend";

/// What variable `hello` holds in every mount of [`mount_with_hello`].
const HELLO: &str = "a-value-only-the-server-knows";

/// A run with these kwargs, and `url` if they have none.
fn lookup(server: &OpenBao, kwargs: &Value) -> Secretctl {
    let mut all = json!({"url": server.url()});
    for (name, value) in kwargs.as_object().expect("kwargs are an object") {
        all[name] = value.clone();
    }
    Secretctl::new()
        .backend(VAULT)
        .kwargs(&all)
        .secret(server.root_token())
}

/// A version 2 mount with variable `hello`, and a policy of the mount's name that allows reading it.
fn mount_with_hello(server: &OpenBao, mount: &str) {
    let admin = server.admin();
    admin.mount_kv(mount, 2);
    admin.write_v2(mount, "variables/hello", &json!({"value": HELLO}));
    admin.allow_reading(mount, &format!("{mount}/data"));
}
