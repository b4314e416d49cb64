//! Running the command-line tools that already hold a login.
//!
//! Mirrors how azure-identity 1.27.0 starts them: found on `PATH`, in `/bin`, without input, for ten seconds at most. The
//! surprising rule: inside `DefaultAzureCredential` whatever goes wrong with a tool lets the next credential try.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use super::Context;
use super::error::{CredentialError, CredentialFault, Unavailable};
use crate::env::Env;
use crate::process::{self, ProcessError};
use crate::secret::SecretText;

/// The longest that a tool may take.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// A tool, and how it is called.
pub(crate) struct Program {
    /// Its name on `PATH`.
    pub name: &'static str,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// A variable that keeps colours out of its output.
    pub no_color: &'static str,
}

/// What a tool printed. Both may hold a token.
pub(crate) struct Output {
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
pub(crate) async fn run(
    program: Program,
    context: &Context<'_>,
) -> Result<Output, CredentialError> {
    let name = program.name;
    let candidates = candidates(name, context.env);
    let found = context.deadline.off_thread(move || find(candidates)).await;
    let Some(path) = found? else {
        return Err(Unavailable::NotOnPath(name).into());
    };
    context.http.console().detail(|| format!("  run `{name}`"));
    let run = process::Program::new(path, &program.arguments, context.env.to_os())
        .with_variable(program.no_color, "true")
        .in_folder("/bin");
    match run.run(context.deadline.at_most(TIME_LIMIT)).await {
        Ok(output) => Ok(Output {
            succeeded: output.status.success(),
            stdout: output.stdout,
            stderr: output.stderr,
        }),
        Err(error) => Err(failed(name, error, context)),
    }
}

fn failed(name: &'static str, error: ProcessError, context: &Context<'_>) -> CredentialError {
    // Nobody else has time left to try.
    match context.deadline.is_over() {
        true => CredentialFault::Program { name, error }.into(),
        false => Unavailable::Program { name, error }.into(),
    }
}

/// Where `shutil.which` looks.
fn candidates(name: &str, env: &Env) -> Vec<PathBuf> {
    let path = env.get("PATH").ok().flatten().unwrap_or("/bin:/usr/bin");
    let folders = path.split(':').filter(|folder| !folder.is_empty());
    folders
        .map(|folder| PathBuf::from(folder).join(name))
        .collect()
}

#[expect(clippy::disallowed_methods, reason = "off the runtime thread")]
fn find(candidates: Vec<PathBuf>) -> Option<PathBuf> {
    let is_program = |path: &PathBuf| {
        path.metadata()
            .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    };
    candidates.into_iter().find(is_program)
}
