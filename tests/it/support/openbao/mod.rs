//! A real OpenBao server, which speaks Vault's protocol: in memory, unsealed, with a root token of its own.

mod admin;

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use super::server_process::{ServerProcess, free_tcp_port_pair, new_home};
use super::skipped;

pub use admin::Admin;

/// A running server.
pub struct OpenBao {
    url: String,
    root_token: String,
    ca_file: Option<PathBuf>,
    _process: ServerProcess,
}

impl OpenBao {
    /// The server that the tests of one binary share; each test uses mounts of its own.
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<OpenBao>> = OnceLock::new();
        SHARED.get_or_init(Self::start).as_ref()
    }

    /// A server of its own for a test that changes more than its mounts.
    pub fn start() -> Option<Self> {
        Self::start_with("http", &[])
    }

    /// A server with a certificate of an authority that only it knows.
    pub fn start_tls() -> Option<Self> {
        Self::start_with("https", &["-dev-tls", "-dev-tls-cert-dir=."])
    }

    fn start_with(scheme: &str, arguments: &[&str]) -> Option<Self> {
        let Some(program) = std::env::var_os("SECRETCTL_TEST_BAO") else {
            return skipped("OpenBao");
        };
        let home = new_home();
        let port = free_tcp_port_pair();
        let url = format!("{scheme}://127.0.0.1:{port}");
        // Its own token tells this server from another that was quicker to take the port.
        let root_token = format!(
            "root-token-of-the-server-at-{port}-of-{}",
            std::process::id()
        );
        let ca_file = (scheme == "https").then(|| home.path().join("vault-ca.pem"));
        let admin = Admin::new(&url, &root_token, ca_file.as_deref());

        let mut command = Command::new(program);
        command.args(["server", "-dev", "-dev-no-store-token"]);
        command.arg(format!("-dev-root-token-id={root_token}"));
        command.arg(format!("-dev-listen-address=127.0.0.1:{port}"));
        command.args(arguments);
        let process = ServerProcess::start(home, &command, || admin.is_accepted());
        Some(Self {
            url,
            root_token,
            ca_file,
            _process: process,
        })
    }

    /// Its address, such as `http://127.0.0.1:8200`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The token that may do everything.
    pub fn root_token(&self) -> &str {
        &self.root_token
    }

    /// The CA file of a server with TLS.
    pub fn ca_file(&self) -> &str {
        let file = self.ca_file.as_ref().expect("this server has no TLS");
        file.to_str().expect("a path under target/ is UTF-8")
    }

    /// Somebody who may do everything there.
    pub fn admin(&self) -> Admin {
        Admin::new(&self.url, &self.root_token, self.ca_file.as_deref())
    }
}
