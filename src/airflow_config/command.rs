//! Options that a command prints: `AIRFLOW__SECTION__KEY_CMD` and `key_cmd` in airflow.cfg.
//!
//! Mirrors `run_command` of `airflow._shared.configuration.parser` in Airflow 3.3.2. Surprising rules: there is no shell,
//! and what the command prints is the value, its last newline included. Unlike Airflow, a command gets no input and has
//! to end in time.

use crate::deadline::Deadline;
use crate::env::Env;
use crate::process::{ProcessError, Program};
use crate::python::shlex::{self, ShlexError};
use crate::secret::SecretText;

/// Why a command gave no value. Neither the command nor its output is told: both may hold secrets.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CommandError {
    /// The text is not a command line.
    #[error("cannot be split into words: {0}")]
    Split(#[from] ShlexError),
    /// The text is empty or blank.
    #[error("is empty")]
    Empty,
    /// The program gave nothing.
    #[error(transparent)]
    Process(#[from] ProcessError),
}

impl CommandError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Split(_) | Self::Empty => Some(
                "the first word must be a program; there is no shell, so no pipes and no `$NAME`"
                    .to_owned(),
            ),
            Self::Process(error) => error.hint(),
        }
    }
}

/// Runs `command_line` in exactly the environment `env` and returns what it prints.
///
/// Bytes that are not UTF-8 are dropped, as Airflow drops them.
///
/// # Errors
/// It is not a command line, cannot be started, fails, prints too much, or does not end in time.
pub async fn run(
    env: &Env,
    command_line: &str,
    deadline: Deadline,
) -> Result<SecretText, CommandError> {
    let words = shlex::split(command_line)?;
    let (program, arguments) = words.split_first().ok_or(CommandError::Empty)?;
    let arguments = arguments.iter().map(|word| word.as_str());
    let program = Program::new(program.as_str(), arguments, env.to_os());
    Ok(program.output(deadline).await?)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::testing::block_on;

    const SOON: Duration = Duration::from_secs(20);

    fn env() -> Env {
        Env::from_pairs([("PATH", "/usr/bin:/bin"), ("TOKEN", "from-the-snapshot")])
    }

    fn within(limit: Duration, command_line: &str) -> Result<String, CommandError> {
        let printed = block_on(async { run(&env(), command_line, Deadline::after(limit)).await })?;
        Ok(printed.expose().to_owned())
    }

    fn output(command_line: &str) -> String {
        within(SOON, command_line).unwrap()
    }

    fn error(command_line: &str) -> CommandError {
        within(SOON, command_line).unwrap_err()
    }

    #[test]
    fn the_output_is_taken_as_it_is() {
        assert_eq!(output("echo '{\"a\": 1}'"), "{\"a\": 1}\n");
        assert_eq!(output("printf %s x"), "x");
        assert_eq!(output("true"), "");
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
        use ProcessError::{Failed, Start};
        assert!(matches!(error("false"), CommandError::Process(Failed(_))));
        assert!(matches!(
            error("/nonexistent/s3cret"),
            CommandError::Process(Start(_))
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
        for line in [
            "sleep 30",
            "sh -c 'sleep 30 & sleep 30'",
            "sh -c 'exec >&-; sleep 30'",
        ] {
            let stopped = within(Duration::from_millis(100), line).unwrap_err();
            assert_eq!(stopped.to_string(), "did not end within 0.1 s", "{line}");
        }
        assert!(start.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn a_command_that_prints_without_end_is_stopped() {
        assert!(matches!(
            error("yes"),
            CommandError::Process(ProcessError::TooMuchOutput)
        ));
    }
}
