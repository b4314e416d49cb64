//! A real server as a child process: a home of its own, a free port of 127.0.0.1, gone when the test is.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::{say_skipped, skipped};

/// Longer than any of the servers takes to start on a busy machine.
const START_LIMIT: Duration = Duration::from_secs(30);

/// A running server; dropping it kills the server and removes its home.
pub struct ServerProcess {
    supervisor: Child,
    home: PathBuf,
}

/// An empty directory for the files of one server, under `target/`.
pub fn new_home() -> TempDir {
    TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory under target/tmp")
}

impl ServerProcess {
    /// Starts `command` in `home` and waits until it is `ready`.
    pub fn start(home: TempDir, command: &Command, mut ready: impl FnMut() -> bool) -> Self {
        let home = home.keep();
        let server = Self {
            supervisor: spawn(&home, command),
            home,
        };
        let deadline = Instant::now() + START_LIMIT;
        while !ready() {
            assert!(
                Instant::now() < deadline,
                "{command:?} did not start:\n{}",
                server.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    /// Its files.
    pub fn home(&self) -> &Path {
        &self.home
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.home.join("log")).unwrap_or_default()
    }
}

fn spawn(home: &Path, command: &Command) -> Child {
    let environment = command
        .get_envs()
        .filter_map(|(name, value)| Some((name, value?)));
    Command::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/servers/run-attached"
    ))
    .arg(home)
    .arg(command.get_program())
    .args(command.get_args())
    .current_dir(home)
    .env("HOME", home)
    .envs(environment)
    .stdin(Stdio::piped())
    .spawn()
    .expect("run-attached starts")
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        drop(self.supervisor.stdin.take());
        let _ = self.supervisor.wait();
    }
}

/// A free TCP port whose next one is free too: OpenBao takes both.
pub fn free_tcp_port_pair() -> u16 {
    loop {
        let first = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = first
            .local_addr()
            .expect("a bound socket has an address")
            .port();
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port.saturating_add(1))) {
            Ok(_) => return port,
            Err(error) => assert_eq!(error.kind(), ErrorKind::AddrInUse, "{error}"),
        }
    }
}

/// A free UDP port.
pub fn free_udp_port() -> u16 {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    socket
        .local_addr()
        .expect("a bound socket has an address")
        .port()
}

/// A server of Debian's, installed or unpacked somewhere: the path of its program and the libraries it needs.
pub struct DebianServer {
    root: PathBuf,
}

impl DebianServer {
    /// Looks below `SECRETCTL_TEST_DEBIAN`, then in the system itself.
    ///
    /// `SECRETCTL_TEST_DEBIAN=none` says that Debian's packages are not to be had here: then the server is never required.
    pub fn find(program: &str) -> Option<Self> {
        let unpacked = std::env::var_os("SECRETCTL_TEST_DEBIAN").map(PathBuf::from);
        let unobtainable = unpacked.as_ref().is_some_and(|root| root == "none");
        let found = unpacked
            .into_iter()
            .chain([PathBuf::from("/")])
            .find(|root| root.join("usr/sbin").join(program).exists());
        match found {
            Some(root) => Some(Self { root }),
            None if unobtainable => say_skipped(program),
            None => skipped(program),
        }
    }

    /// A file of the package; `path` has no leading `/`.
    pub fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// A command that runs one of the package's programs.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.path("usr/sbin").join(program));
        command.env(
            "LD_LIBRARY_PATH",
            std::env::join_paths(self.library_directories()).expect("plain paths"),
        );
        command
    }

    fn library_directories(&self) -> Vec<PathBuf> {
        let architecture = format!("{}-linux-gnu", std::env::consts::ARCH);
        let directories =
            ["usr/lib", "lib"].map(|directory| self.path(directory).join(&architecture));
        [directories.to_vec(), vec![self.path("usr/lib/freeradius")]].concat()
    }
}
