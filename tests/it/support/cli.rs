//! Runs `secretctl` the way a test wants it: in an empty environment, under a time limit, with an eye on every secret.

use std::collections::BTreeMap;
use std::io::Read;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::canary::Canary;

/// Longer than any lookup may take on a busy machine; a run that passes it hangs.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// One run of `secretctl`.
#[must_use]
pub struct Secretctl {
    home: TempDir,
    environment: BTreeMap<String, String>,
    arguments: Vec<String>,
    canaries: Vec<Canary>,
    may_print: bool,
}

impl Secretctl {
    /// A run that sees nothing of the environment of the tests, and no cloud's metadata server. Its `HOME` and
    /// `AIRFLOW_HOME` are a directory of its own.
    pub fn new() -> Self {
        let home = TempDir::new().expect("a temporary home");
        let home_path = home.path().display().to_string();
        let environment = [
            ("PATH", "/usr/local/bin:/usr/bin:/bin"),
            ("HOME", &home_path),
            ("AIRFLOW_HOME", &home_path),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("NO_GCE_CHECK", "true"),
            ("NO_PROXY", "127.0.0.1,localhost"),
        ];
        Self {
            home,
            environment: environment
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            arguments: Vec::new(),
            canaries: Vec::new(),
            may_print: false,
        }
    }

    /// Writes a file into the home, where the program also runs: `$HOME/<name>` in kwargs, `<name>` anywhere else.
    pub fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.home().join(name);
        let folder = path.parent().expect("a file stands in a folder");
        std::fs::create_dir_all(folder).expect("a folder in the temporary home");
        std::fs::write(path, content).expect("a file in the temporary home");
        self
    }

    /// Lays a pipe that nobody writes to into the home: whoever reads it waits for ever.
    pub fn pipe(self, name: &str) -> Self {
        let path = self.home().join(name);
        std::fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("a folder");
        let made = Command::new("mkfifo").arg(&path).status();
        assert!(made.expect("mkfifo runs").success(), "{}", path.display());
        self
    }

    /// Writes a shell script into the home, as a program. Its own `PATH` is the system's.
    pub fn program(self, name: &str, script: &str) -> Self {
        let run = self.file(name, format!("#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n"));
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(run.home().join(name), executable).expect("a mode");
        run
    }

    /// The path of a file in the home.
    pub fn path_of(&self, name: &str) -> String {
        path_text(self.home().join(name))
    }

    /// Sets a variable to the path of a file in the home.
    pub fn env_path(self, variable: &str, name: &str) -> Self {
        let path = self.path_of(name);
        self.env(variable, &path)
    }

    /// The home, gone after the run.
    pub fn home(&self) -> &std::path::Path {
        self.home.path()
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Unsets an environment variable.
    pub fn without(mut self, name: &str) -> Self {
        self.environment.remove(name);
        self
    }

    /// The variables that this run sets and a new one does not.
    pub fn settings(&self) -> impl Iterator<Item = (&str, &str)> {
        let plain = Self::new().environment;
        let own = self.environment.iter();
        own.filter(move |(name, _)| !plain.contains_key(*name))
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The command line.
    pub fn command_line(&self) -> &[String] {
        &self.arguments
    }

    /// A text without the planted secrets, and without the path of the home.
    pub fn hide(&self, text: &str) -> String {
        let hide = |text: String, canary: &Canary| canary.hide(&text, "SECRET");
        let text = self.canaries.iter().fold(text.to_owned(), hide);
        text.replace(&path_text(self.home()), "/home/you")
    }

    /// Sets `[secrets] backend`.
    pub fn backend(self, class: &str) -> Self {
        self.env("AIRFLOW__SECRETS__BACKEND", class)
    }

    /// Sets `[secrets] backend_kwargs`.
    pub fn kwargs(self, kwargs: &Value) -> Self {
        self.env("AIRFLOW__SECRETS__BACKEND_KWARGS", &kwargs.to_string())
    }

    /// Adds command-line arguments.
    pub fn args<'a>(mut self, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        self.arguments
            .extend(arguments.into_iter().map(str::to_owned));
        self
    }

    /// Replaces the command line.
    pub fn with_args<'a>(mut self, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        self.arguments.clear();
        self.args(arguments)
    }

    /// Plants a secret that no output may hold.
    pub fn secret(mut self, secret: &str) -> Self {
        self.canaries.push(Canary::new(secret));
        self
    }

    /// Allows the planted secrets on stdout, where a command's job is to print one. Stderr stays forbidden.
    pub fn may_print(mut self) -> Self {
        self.may_print = true;
        self
    }

    /// Runs the program to its end. The home stays, so that a run can be changed and made again.
    #[must_use]
    #[track_caller]
    pub fn run(&self) -> Output {
        let started = Instant::now();
        let mut child = self.command().spawn().expect("secretctl starts");
        let stdout = read_all(child.stdout.take());
        let stderr = read_all(child.stderr.take());
        let status = wait(&mut child, started + TIME_LIMIT);
        let output = Output {
            code: status.and_then(|status| status.code()),
            stdout: stdout.join().expect("stdout is read"),
            stderr: stderr.join().expect("stderr is read"),
            took: started.elapsed(),
        };
        assert!(status.is_some(), "secretctl hung and was killed\n{output}");
        self.assert_no_leak(&output);
        output
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_secretctl"));
        command
            .args(&self.arguments)
            .env_clear()
            .envs(&self.environment)
            .current_dir(self.home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    #[track_caller]
    fn assert_no_leak(&self, output: &Output) {
        for canary in &self.canaries {
            let leak = canary.found_in(&output.stderr);
            assert!(
                leak.is_none(),
                "stderr holds a secret {}\n{output}",
                leak.unwrap_or_default()
            );
            let leak = canary.found_in(&output.stdout).filter(|_| !self.may_print);
            assert!(
                leak.is_none(),
                "stdout holds a secret {}\n{output}",
                leak.unwrap_or_default()
            );
        }
    }
}

fn read_all(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    let mut pipe = pipe.expect("the pipe was asked for");
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).expect("a readable pipe");
        String::from_utf8(bytes).expect("output is UTF-8")
    })
}

/// The status that `child` ends with, or nothing when it had to be killed at `deadline`.
fn wait(child: &mut Child, deadline: Instant) -> Option<ExitStatus> {
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait().expect("the child can be waited for") {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().expect("the child can be killed");
    child.wait().expect("the killed child can be waited for");
    None
}

/// What a run left behind.
pub struct Output {
    /// The exit code; none when a signal ended the program.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    /// Wall-clock time.
    pub took: Duration,
}

impl Output {
    /// The exit code is 0.
    #[track_caller]
    pub fn succeeds(&self) -> &Self {
        assert_eq!(self.code, Some(0), "{self}");
        self
    }

    /// The exit code is `code`, and stdout, which carries data only, is empty.
    #[track_caller]
    pub fn fails_with(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "{self}");
        assert_eq!(self.stdout, "", "a failure printed something\n{self}");
        self
    }

    /// It succeeded, and this and a newline is all of stdout.
    #[track_caller]
    pub fn prints(&self, line: &str) -> &Self {
        self.succeeds();
        assert_eq!(self.stdout, format!("{line}\n"), "{self}");
        self
    }

    /// It succeeded, and stdout is this JSON, however it is laid out.
    #[track_caller]
    pub fn prints_json(&self, expected: &Value) -> &Self {
        self.succeeds();
        assert_eq!(&self.json(), expected, "{self}");
        self
    }

    /// Stderr holds `text`.
    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        assert!(self.stderr.contains(text), "stderr lacks {text:?}\n{self}");
        self
    }

    /// Stderr is empty: there was nothing to warn of.
    #[track_caller]
    pub fn quietly(&self) -> &Self {
        assert_eq!(self.stderr, "", "{self}");
        self
    }

    /// Stdout as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("stdout is no JSON: {error}\n{self}"))
    }
}

impl std::fmt::Display for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            code,
            stdout,
            stderr,
            took,
        } = self;
        write!(
            f,
            "exit code: {code:?} after {took:?}\n--- stdout ---\n{stdout}\n--- stderr ---\n{stderr}"
        )
    }
}

/// A path as the text that goes into kwargs.
pub fn path_text(path: impl Into<std::path::PathBuf>) -> String {
    path.into()
        .into_os_string()
        .into_string()
        .expect("a temporary path is UTF-8")
}
