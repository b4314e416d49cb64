//! A throw-away RADIUS server (Debian's `freeradius`) that knows one person.

use std::path::Path;

use crate::support::server_process::{DebianServer, ServerProcess, free_udp_port, new_home};

/// What a client of the server proves itself with.
pub const SHARED_SECRET: &str = "the-secret-between-the-radius-hosts";
/// The one person's name.
pub const USERNAME: &str = "alice";
/// The password they log in with.
pub const PASSWORD: &str = "the-radius-password-of-alice";

/// A running RADIUS server.
pub struct FreeRadius {
    port: u16,
    _process: ServerProcess,
}

impl FreeRadius {
    /// Starts it, where the program is to be had.
    pub fn start() -> Option<Self> {
        let debian = DebianServer::find("freeradius")?;
        let home = new_home();
        let port = free_udp_port();
        let users = home.path().join("users");
        std::fs::write(
            &users,
            format!("{USERNAME} Cleartext-Password := \"{PASSWORD}\"\n"),
        )
        .expect("users is written");
        let configuration = radiusd_conf(home.path(), &debian.path("usr/lib/freeradius"), port);
        std::fs::write(home.path().join("radiusd.conf"), configuration)
            .expect("radiusd.conf is written");

        let mut command = debian.command("freeradius");
        command.args(["-f", "-l", "stdout", "-d"]).arg(home.path());
        command.arg("-D").arg(debian.path("usr/share/freeradius"));
        let log = home.path().join("log");
        let ready = || {
            std::fs::read_to_string(&log).is_ok_and(|log| log.contains("Ready to process requests"))
        };
        Some(Self {
            port,
            _process: ServerProcess::start(home, &command, ready),
        })
    }

    /// The UDP port of 127.0.0.1 where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }
}

fn radiusd_conf(home: &Path, modules: &Path, port: u16) -> String {
    let (home, modules) = (home.display(), modules.display());
    format!(
        r"libdir = {modules}
logdir = {home}
raddbdir = {home}
run_dir = {home}
client openbao {{
  ipaddr = 127.0.0.1
  secret = {SHARED_SECRET}
}}
modules {{
  pap {{
  }}
  files {{
    filename = {home}/users
  }}
}}
server default {{
  listen {{
    type = auth
    ipaddr = 127.0.0.1
    port = {port}
  }}
  authorize {{
    files
    pap
  }}
  authenticate {{
    Auth-Type PAP {{
      pap
    }}
  }}
}}
"
    )
}
