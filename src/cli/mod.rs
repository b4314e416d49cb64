//! The command line: its options, its commands, and the run of one command.

mod arguments;
mod check;
mod explain;
mod get_config;
mod get_conn;
mod get_var;
mod output;
mod paint;
mod scan;
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
use arguments::{Command, GlobalOptions, LookupCommand};
use check::CheckArguments;
pub use paint::Paint;
pub use terminal::{Terminal, printable};

/// Runs one command: data to `stdout`, everything else to `terminal`. Gives the exit code of a run that ended well.
///
/// # Errors
/// Everything that can go wrong; the error knows its own exit code.
pub async fn run(cli: &Cli, env: Env, terminal: &Terminal, stdout: &mut dyn Write) -> Result<u8> {
    let global = &cli.global;
    let console = Console::new(verbosity(global), Arc::new(*terminal));
    let settings = settings(cli, env, &console).await;
    let arguments = match &cli.command {
        Command::Scan(arguments) => return scan::run(arguments, &settings?, stdout).await,
        Command::Check(arguments) => return check(cli, arguments, settings?, stdout).await,
        Command::Lookup(arguments) => arguments,
    };
    let search_path = match (open(settings).await, arguments) {
        (Err(error), LookupCommand::Explain(arguments)) => {
            return explain::without_layers(arguments, error, stdout);
        }
        (opened, _) => opened?,
    };
    let done = match arguments {
        LookupCommand::GetConn(arguments) => {
            get_conn::run(arguments, &search_path, &console, stdout).await
        }
        LookupCommand::GetVar(arguments) => {
            get_var::run(arguments, &search_path, &console, stdout).await
        }
        LookupCommand::GetConfig(arguments) => {
            get_config::run(arguments, &search_path, stdout).await
        }
        LookupCommand::Explain(arguments) => {
            explain::run(arguments, &search_path, terminal.stdout(), stdout).await
        }
    };
    close(global, &search_path).await;
    done
}

async fn open(settings: Result<Settings>) -> Result<SearchPath> {
    Ok(settings?.open().await?)
}

/// Undoes what this run did at a server, unless it is to be kept.
async fn close(global: &GlobalOptions, search_path: &SearchPath) {
    if !global.keep_login {
        search_path.close().await;
    }
}

async fn check(
    cli: &Cli,
    arguments: &CheckArguments,
    settings: Settings,
    stdout: &mut dyn Write,
) -> Result<u8> {
    // The DAG files first: they are read offline, and a path that leads nowhere needs no login.
    let wanted = check::wanted(arguments, &settings).await?;
    let search_path = settings.open().await?;
    let done = check::run(arguments, wanted, &search_path, stdout).await;
    close(&cli.global, &search_path).await;
    done
}

/// What is set, before any backend is opened.
async fn settings(cli: &Cli, env: Env, console: &Console) -> Result<Settings> {
    let global = &cli.global;
    let files = Files {
        env_files: cli.env_files(),
        format: global.env_file_format.into(),
        may_run_commands: global.allow_commands,
    };
    let allowed_hosts = cli.allowed_hosts();
    let env = match allowed_hosts.is_empty() {
        true => env,
        false => env.with(ALLOW_HOSTS, &allowed_hosts.join(",")),
    };
    Ok(Settings::load(env, &files, options(cli), console.clone()).await?)
}

fn options(cli: &Cli) -> LookupOptions {
    let global = &cli.global;
    let is_strict = global.strict
        || matches!(
            cli.command,
            Command::Check(_) | Command::Lookup(LookupCommand::Explain(_))
        );
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
