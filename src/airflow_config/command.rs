//! Options that a command prints: `AIRFLOW__SECTION__KEY_CMD` and `key_cmd` in airflow.cfg.
//!
//! Mirrors `run_command` of `airflow._shared.configuration.parser` in Airflow 3.3.2. Surprising rules: there is no shell,
//! and what the command prints is the value, its last newline included. Unlike Airflow, a command gets no input and has
//! to end in time.

use std::io::Read;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::env::Env;
use crate::python::shlex::{self, ShlexError};
use crate::secret::SecretText;

/// The most that a command may print, in bytes.
const LARGEST_OUTPUT: usize = 1024 * 1024;
/// The longest that any command is waited for.
const LONGEST_RUN: Duration = Duration::from_secs(24 * 60 * 60);
/// How often to look whether a command has ended, once it has closed its output.
const POLL: Duration = Duration::from_millis(2);

/// Why a command gave no value. Neither the command nor its output is told: both may hold secrets.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The text is no command line.
    #[error("cannot be split into words: {0}")]
    Split(#[from] ShlexError),
    /// The text is empty or blank.
    #[error("is empty")]
    Empty,
    /// The program could not be started.
    #[error("cannot be started: {0}")]
    Start(std::io::ErrorKind),
    /// The program ended, but not well.
    #[error("failed ({0})")]
    Failed(ExitStatus),
    /// The program ran too long and was stopped.
    #[error("did not end within {} seconds", .0.as_secs_f64())]
    TimedOut(Duration),
    /// The program printed too much and was stopped.
    #[error("printed more than {LARGEST_OUTPUT} bytes")]
    TooMuchOutput,
    /// The operating system lost track of the program.
    #[error("cannot be waited for: {0}")]
    Wait(std::io::ErrorKind),
}

impl CommandError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Failed(_) => "run the command by hand, in the same environment, to see why",
            Self::Start(_) | Self::Split(_) | Self::Empty => {
                "the first word must be a program; there is no shell, so no pipes and no `$NAME`"
            }
            Self::TimedOut(_) => "it must not wait for input; `--timeout` gives it longer",
            Self::TooMuchOutput | Self::Wait(_) => return None,
        };
        Some(hint.to_owned())
    }
}

/// Runs `command_line` in exactly the environment `env` and returns what it prints, for at most `timeout`.
///
/// Bytes that are not UTF-8 are dropped, as Airflow drops them.
pub fn run(env: &Env, command_line: &str, timeout: Duration) -> Result<SecretText, CommandError> {
    let words = shlex::split(command_line)?;
    let (program, arguments) = words.split_first().ok_or(CommandError::Empty)?;
    let mut command = Command::new(program.as_str());
    command
        .args(arguments.iter().map(|word| word.as_str()))
        .env_clear()
        .envs(env.to_os());
    output_of(command, timeout)
}

/// Runs `command` without input and returns what it prints, for at most `timeout`.
pub fn output_of(mut command: Command, timeout: Duration) -> Result<SecretText, CommandError> {
    let deadline = Instant::now() + timeout.min(LONGEST_RUN);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = command
        .spawn()
        .map_err(|error| CommandError::Start(error.kind()))?;
    let result = output_before(&mut child, deadline, timeout);
    if result.is_err() {
        // it may have ended by itself, and then there is nothing to stop
        let _ = child.kill();
        let _ = child.wait();
    }
    result
}

fn output_before(
    child: &mut Child,
    deadline: Instant,
    timeout: Duration,
) -> Result<SecretText, CommandError> {
    let output = match child.stdout.take() {
        Some(stdout) => read_before(stdout, deadline).ok_or(CommandError::TimedOut(timeout))?,
        None => Zeroizing::default(),
    };
    if output.len() > LARGEST_OUTPUT {
        return Err(CommandError::TooMuchOutput);
    }
    let status = wait_before(child, deadline)?.ok_or(CommandError::TimedOut(timeout))?;
    if !status.success() {
        return Err(CommandError::Failed(status));
    }
    let text: String = output.utf8_chunks().map(|chunk| chunk.valid()).collect();
    Ok(SecretText::new(text))
}

/// Everything that comes before the pipe is closed, or a byte more than may come; `None` when time runs out.
///
/// The thread is left behind then: it ends with the last process that holds the pipe open.
fn read_before(stdout: ChildStdout, deadline: Instant) -> Option<Zeroizing<Vec<u8>>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut output = Zeroizing::new(Vec::new());
        // a pipe that breaks has ended
        let _ = stdout
            .take(LARGEST_OUTPUT as u64 + 1)
            .read_to_end(&mut output);
        let _ = sender.send(output);
    });
    receiver
        .recv_timeout(deadline.saturating_duration_since(Instant::now()))
        .ok()
}

/// The exit status, or `None` when time runs out.
fn wait_before(child: &mut Child, deadline: Instant) -> Result<Option<ExitStatus>, CommandError> {
    loop {
        let status = child
            .try_wait()
            .map_err(|error| CommandError::Wait(error.kind()))?;
        if status.is_some() || Instant::now() >= deadline {
            return Ok(status);
        }
        thread::sleep(POLL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(20);

    fn env() -> Env {
        Env::from_pairs([("PATH", "/usr/bin:/bin"), ("TOKEN", "from-the-snapshot")])
    }

    fn output(command_line: &str) -> String {
        run(&env(), command_line, SOON).unwrap().expose().to_owned()
    }

    fn error(command_line: &str) -> CommandError {
        run(&env(), command_line, SOON).unwrap_err()
    }

    #[test]
    fn the_output_is_taken_as_it_is() {
        assert_eq!(output("echo '{\"a\": 1}'"), "{\"a\": 1}\n");
        assert_eq!(output("printf %s x"), "x");
        assert_eq!(output("true"), "");
    }

    #[test]
    fn any_time_is_a_timeout() {
        assert_eq!(
            run(&env(), "printf x", Duration::MAX).unwrap().expose(),
            "x"
        );
        assert!(matches!(
            run(&env(), "sleep 30", Duration::ZERO),
            Err(CommandError::TimedOut(_))
        ));
    }

    #[test]
    fn there_is_no_shell() {
        assert_eq!(output("echo $HOME | cat"), "$HOME | cat\n");
    }

    #[test]
    fn the_environment_is_the_snapshot_and_nothing_else() {
        assert_eq!(
            output("env"),
            "PATH=/usr/bin:/bin\nTOKEN=from-the-snapshot\n"
        );
    }

    #[test]
    fn bytes_that_are_not_utf8_are_dropped() {
        assert_eq!(output(r"printf 'a\351b\357\277\275c'"), "ab\u{fffd}c");
    }

    #[test]
    fn a_command_reads_nothing() {
        assert_eq!(output("cat"), "");
    }

    #[test]
    fn failures_are_told_apart_and_quote_nothing() {
        assert!(matches!(error("false"), CommandError::Failed(_)));
        assert!(matches!(
            error("/nonexistent/s3cret"),
            CommandError::Start(_)
        ));
        assert!(matches!(error(" "), CommandError::Empty));
        assert!(matches!(error("'s3cret"), CommandError::Split(_)));
        assert_eq!(
            error("sh -c 'echo s3cret >&2; exit 3'").to_string(),
            "failed (exit status: 3)"
        );
        assert_eq!(
            error("/nonexistent/s3cret").to_string(),
            "cannot be started: entity not found"
        );
    }

    #[test]
    fn a_command_that_does_not_end_is_stopped() {
        let start = Instant::now();
        let limit = Duration::from_millis(100);
        for line in [
            "sleep 30",
            "sh -c 'sleep 30 & sleep 30'",
            "sh -c 'exec >&-; sleep 30'",
        ] {
            let stopped = run(&env(), line, limit).unwrap_err();
            assert_eq!(
                stopped.to_string(),
                "did not end within 0.1 seconds",
                "{line}"
            );
        }
        assert!(start.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn a_command_that_prints_without_end_is_stopped() {
        assert!(matches!(error("yes"), CommandError::TooMuchOutput));
    }
}
