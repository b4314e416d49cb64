//! The command line: its options, its commands, and the run of one command.

mod arguments;
mod explain;
mod get_config;
mod get_conn;
mod get_var;
mod output;
mod paint;
mod terminal;

use std::io::Write;
use std::sync::Arc;

use crate::console::{Console, Verbosity};
use crate::env::Env;
use crate::error::Result;
use crate::http::ALLOW_HOSTS;
use crate::search_path::{LookupOptions, SearchPath};
use crate::settings::{Files, Settings};

pub use arguments::Cli;
use arguments::{Command, GlobalOptions};
pub use paint::Paint;
pub use terminal::{Terminal, printable};

/// Runs one command: data to `stdout`, everything else to `terminal`. Gives the exit code of a run that ended well.
///
/// # Errors
/// Everything that can go wrong; the error knows its own exit code.
pub async fn run(cli: &Cli, env: Env, terminal: &Terminal, stdout: &mut dyn Write) -> Result<u8> {
    let global = &cli.global;
    let console = Console::new(verbosity(global), Arc::new(*terminal));
    let opened = open(cli, env, &console).await;
    let search_path = match (opened, &cli.command) {
        (Err(error), Command::Explain(arguments)) => {
            return explain::without_layers(arguments, error, stdout);
        }
        (opened, _) => opened?,
    };
    let done = match &cli.command {
        Command::GetConn(arguments) => {
            get_conn::run(arguments, &search_path, &console, stdout).await
        }
        Command::GetVar(arguments) => get_var::run(arguments, &search_path, &console, stdout).await,
        Command::GetConfig(arguments) => get_config::run(arguments, &search_path, stdout).await,
        Command::Explain(arguments) => {
            explain::run(arguments, &search_path, terminal.stdout(), stdout).await
        }
    };
    if !global.keep_login {
        search_path.close().await;
    }
    done
}

/// Everything that comes before the first lookup.
async fn open(cli: &Cli, env: Env, console: &Console) -> Result<SearchPath> {
    let global = &cli.global;
    let files = Files {
        env_files: global.env_files.clone(),
        format: global.env_file_format.into(),
        may_run_commands: global.allow_commands,
    };
    let env = match global.allowed_hosts.is_empty() {
        true => env,
        false => env.with(ALLOW_HOSTS, &global.allowed_hosts.join(",")),
    };
    let settings = Settings::load(env, &files, options(cli), console.clone()).await?;
    Ok(settings.open().await?)
}

fn options(cli: &Cli) -> LookupOptions {
    let global = &cli.global;
    let is_strict = global.strict || matches!(cli.command, Command::Explain(_));
    LookupOptions {
        context: global.context.into(),
        version: global.airflow_version,
        timeout: global.timeout,
        strict: global.strict,
        repairs_kwargs: !is_strict,
        diagnoses: !global.no_diagnose,
    }
}

fn verbosity(global: &GlobalOptions) -> Verbosity {
    match (global.quiet, global.verbose) {
        (true, _) => Verbosity::Quiet,
        (false, 0) => Verbosity::Normal,
        (false, 1) => Verbosity::Steps,
        (false, _) => Verbosity::Requests,
    }
}
