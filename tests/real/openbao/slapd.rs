//! A throw-away LDAP server (Debian's `slapd`) that knows one person.

use std::net::TcpStream;

use crate::support::server_process::{DebianServer, ServerProcess, free_tcp_port_pair, new_home};

/// Below it everybody is found.
pub const BASE: &str = "dc=example,dc=org";
/// The one person's `uid`.
pub const USERNAME: &str = "alice";
/// The password they bind with.
pub const PASSWORD: &str = "the-ldap-password-of-alice";

/// A running LDAP server.
pub struct Slapd {
    port: u16,
    _process: ServerProcess,
}

impl Slapd {
    /// Starts it, where the program is to be had.
    pub fn start() -> Option<Self> {
        let debian = DebianServer::find("slapd")?;
        let home = new_home();
        let configuration = home.path().join("slapd.conf");
        let directory = home.path().join("people.ldif");
        let port = free_tcp_port_pair();
        std::fs::write(&configuration, slapd_conf(&debian, &home)).expect("slapd.conf is written");
        std::fs::write(&directory, people()).expect("people.ldif is written");

        let mut load = debian.command("slapadd");
        load.arg("-f").arg(&configuration).arg("-l").arg(&directory);
        assert!(
            load.status().expect("slapadd starts").success(),
            "slapadd failed"
        );

        let mut command = debian.command("slapd");
        command
            .args(["-d", "0", "-h", &format!("ldap://127.0.0.1:{port}"), "-f"])
            .arg(&configuration);
        let process = ServerProcess::start(home, &command, || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        Some(Self {
            port,
            _process: process,
        })
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("ldap://127.0.0.1:{}", self.port)
    }
}

fn slapd_conf(debian: &DebianServer, home: &tempfile::TempDir) -> String {
    format!(
        "include {schema}\nmodulepath {modules}\nmoduleload back_mdb\n\
         database mdb\nsuffix \"{BASE}\"\ndirectory {home}\nmaxsize 1048576\n",
        schema = debian.path("etc/ldap/schema/core.schema").display(),
        modules = debian.path("usr/lib/ldap").display(),
        home = home.path().display(),
    )
}

fn people() -> String {
    format!(
        "dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: Example\n\n\
         dn: uid={USERNAME},{BASE}\nobjectClass: person\nobjectClass: uidObject\n\
         uid: {USERNAME}\ncn: Alice\nsn: Example\nuserPassword: {PASSWORD}\n"
    )
}
