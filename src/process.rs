//! Running a program: in exactly the snapshot of the environment, without input, until its deadline.
//!
//! A program that is given up is ended together with whatever it started: each runs in a process group of its own.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use zeroize::Zeroizing;

use crate::deadline::{Deadline, TimedOut};
use crate::secret::SecretText;

/// The most that a program may print, in bytes.
const LARGEST_OUTPUT: usize = 1024 * 1024;

/// A program and how it is called.
pub struct Program(Command);

/// What a program that ended has printed. Both texts may hold a token; bytes that are not UTF-8 are dropped.
pub struct Output {
    /// How it ended.
    pub status: ExitStatus,
    /// Standard output.
    pub stdout: SecretText,
    /// Standard error.
    pub stderr: SecretText,
}

/// Why a program gave no output. Neither its arguments nor its output is told: both may hold secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProcessError {
    /// It could not be started.
    #[error("cannot be started: {0}")]
    Start(std::io::ErrorKind),
    /// It ended, but not well.
    #[error("failed ({0})")]
    Failed(ExitStatus),
    /// It ran too long and was stopped.
    #[error("did not end within {}", .0.in_words())]
    TimedOut(#[from] TimedOut),
    /// It printed too much and was stopped.
    #[error("printed more than {LARGEST_OUTPUT} bytes")]
    TooMuchOutput,
    /// The operating system lost track of it.
    #[error("cannot be waited for: {0}")]
    Wait(std::io::ErrorKind),
}

impl ProcessError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Failed(_) => "run the command by hand, in the same environment, to see why",
            Self::Start(_) => {
                "the first word must be a program; there is no shell, so no pipes and no `$NAME`"
            }
            Self::TimedOut(_) => "it must not wait for input; `--timeout` gives it longer",
            Self::TooMuchOutput | Self::Wait(_) => return None,
        };
        Some(hint.to_owned())
    }
}

impl Program {
    /// The program at `path`, or of this name on `PATH`, in exactly the environment `variables`.
    #[expect(clippy::disallowed_methods, reason = "this is where programs are run")]
    pub fn new<'a>(
        path: impl AsRef<Path>,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
        variables: impl Iterator<Item = (&'a OsStr, &'a OsStr)>,
    ) -> Self {
        let mut command = Command::new(path.as_ref());
        command
            .args(arguments)
            .env_clear()
            .envs(variables)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .process_group(0);
        Self(command)
    }

    /// The same with one more variable.
    pub fn with_variable(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.0.env(name, value);
        self
    }

    /// The same in another working directory.
    pub fn in_folder(mut self, folder: &str) -> Self {
        self.0.current_dir(folder);
        self
    }

    /// Runs it to its end, however that is.
    ///
    /// # Errors
    /// It cannot be started, prints too much, or is not over in time.
    pub async fn run(mut self, deadline: Deadline) -> Result<Output, ProcessError> {
        let mut child = self
            .0
            .spawn()
            .map_err(|error| ProcessError::Start(error.kind()))?;
        let group = Group::of(&child);
        let output = deadline.bound(output_of(&mut child)).await??;
        group.has_ended();
        Ok(output)
    }

    /// Runs it and gives what it printed, if it ended well.
    ///
    /// # Errors
    /// As [`Program::run`], and another exit code than 0.
    pub async fn output(self, deadline: Deadline) -> Result<SecretText, ProcessError> {
        let output = self.run(deadline).await?;
        match output.status.success() {
            true => Ok(output.stdout),
            false => Err(ProcessError::Failed(output.status)),
        }
    }
}

async fn output_of(child: &mut Child) -> Result<Output, ProcessError> {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (stdout, stderr) = tokio::try_join!(whole(stdout), whole(stderr))?;
    let status = child
        .wait()
        .await
        .map_err(|error| ProcessError::Wait(error.kind()))?;
    Ok(Output {
        status,
        stdout,
        stderr,
    })
}

/// Everything that comes before the pipe is closed. A pipe that breaks has ended.
async fn whole(pipe: Option<impl AsyncRead + Unpin>) -> Result<SecretText, ProcessError> {
    let mut bytes = Zeroizing::new(Vec::new());
    if let Some(pipe) = pipe {
        let _ = pipe
            .take(LARGEST_OUTPUT as u64 + 1)
            .read_to_end(&mut bytes)
            .await;
    }
    if bytes.len() > LARGEST_OUTPUT {
        return Err(ProcessError::TooMuchOutput);
    }
    let text: String = bytes.utf8_chunks().map(|chunk| chunk.valid()).collect();
    Ok(SecretText::new(text))
}

/// The process group of a program, which is ended when this is dropped.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(Pid::from_raw))
    }

    /// What it left running by itself may go on.
    fn has_ended(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // It may have ended by itself, and then there is nothing to stop.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
