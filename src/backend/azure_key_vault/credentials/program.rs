//! Running the command-line tools that already hold a login.
//!
//! Mirrors how azure-identity 1.27.0 starts them: found on `PATH`, in `/bin`, without input, for ten seconds at most. The
//! surprising rule: inside `DefaultAzureCredential` whatever goes wrong with a tool lets the next credential try.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::{Context, CredentialError};
use crate::env::Env;
use crate::error::Failure;
use crate::secret::SecretText;

/// The longest that a tool may take.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// The most that is read of what a tool prints, in bytes.
const LARGEST_OUTPUT: u64 = 1024 * 1024;
/// How often to look whether a tool has ended, once it has closed its output.
const POLL: Duration = Duration::from_millis(2);

/// A tool, and how it is called.
pub struct Program {
    /// Its name on `PATH`.
    pub name: &'static str,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// A variable that keeps colours out of its output.
    pub no_color: &'static str,
}

/// What a tool printed. Both may hold a token.
pub struct Output {
    /// Whether its exit code was 0.
    pub succeeded: bool,
    /// Standard output.
    pub stdout: SecretText,
    /// Standard error.
    pub stderr: SecretText,
}

/// Runs a tool to its end.
///
/// # Errors
/// It is not there, cannot be started or takes too long, each of which makes its credential unavailable; or the whole
/// lookup has taken too long.
pub async fn run(program: Program, context: &Context<'_>) -> Result<Output, CredentialError> {
    let name = program.name;
    let Some(path) = find(name, context.env) else {
        return Err(CredentialError::unavailable(format!(
            "`{name}` is not on `PATH`"
        )));
    };
    let command = command(path, &program, context.env);
    let end = Instant::now() + TIME_LIMIT.min(context.exchange.deadline.left());
    context.exchange.trace.detail(|| format!("  run `{name}`"));
    let ended = tokio::task::spawn_blocking(move || run_until(command, end)).await;
    let because = match ended {
        Ok(Ok(output)) => return Ok(output),
        Ok(Err(because)) => because,
        Err(_) => "could not be waited for",
    };
    let because = format!("`{name}` {because}");
    // Nobody else has time left to try.
    match context.exchange.deadline.left().is_zero() {
        true => Err(CredentialError::Failed {
            because,
            failure: Failure::Unreachable,
        }),
        false => Err(CredentialError::Unavailable(because)),
    }
}

/// `shutil.which`
fn find(name: &str, env: &Env) -> Option<PathBuf> {
    let path = env.get("PATH").ok().flatten().unwrap_or("/bin:/usr/bin");
    let is_program = |path: &PathBuf| {
        let metadata = fs::metadata(path);
        metadata.is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    };
    let folders = path.split(':').filter(|folder| !folder.is_empty());
    folders
        .map(|folder| PathBuf::from(folder).join(name))
        .find(is_program)
}

fn command(path: PathBuf, program: &Program, env: &Env) -> Command {
    let mut command = Command::new(path);
    command
        .args(&program.arguments)
        .env_clear()
        .envs(env.to_os())
        .env(program.no_color, "true")
        .current_dir("/bin")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn run_until(mut command: Command, end: Instant) -> Result<Output, &'static str> {
    let mut child = command.spawn().map_err(|_| "could not be started")?;
    let stdout = read_aside(child.stdout.take());
    let stderr = read_aside(child.stderr.take());
    let output = output_before(&mut child, &stdout, &stderr, end);
    if output.is_none() {
        // It may have ended by itself, and then there is nothing to stop.
        let _ = child.kill();
        let _ = child.wait();
    }
    output.ok_or("did not end in time")
}

fn output_before(
    child: &mut Child,
    stdout: &Receiver<SecretText>,
    stderr: &Receiver<SecretText>,
    end: Instant,
) -> Option<Output> {
    let left = || end.saturating_duration_since(Instant::now());
    let stdout = stdout.recv_timeout(left()).ok()?;
    let stderr = stderr.recv_timeout(left()).ok()?;
    loop {
        match child.try_wait().ok()? {
            Some(status) => {
                return Some(Output {
                    succeeded: status.success(),
                    stdout,
                    stderr,
                });
            }
            None if left().is_zero() => return None,
            None => thread::sleep(POLL),
        }
    }
}

/// Everything that comes before the pipe is closed. The thread may be left behind: it ends with the last process that holds
/// the pipe open.
fn read_aside(pipe: Option<impl Read + Send + 'static>) -> Receiver<SecretText> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Zeroizing::new(Vec::new());
        if let Some(pipe) = pipe {
            // A pipe that breaks has ended.
            let _ = pipe.take(LARGEST_OUTPUT).read_to_end(&mut bytes);
        }
        let _ = sender.send(SecretText::new(String::from_utf8_lossy(&bytes)));
    });
    receiver
}
