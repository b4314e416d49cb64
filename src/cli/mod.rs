//! The command line: its options, its commands, and the run of one command.

mod arguments;
mod explain;
mod get_config;
mod get_conn;
mod get_var;
mod output;
mod terminal;

use std::io::Write;
use std::sync::Arc;

use crate::console::Console;
use crate::env::Env;
use crate::error::Result;
use crate::search_path::LookupOptions;
use crate::settings::Settings;

pub use arguments::Cli;
use arguments::{Command, GlobalOptions};
pub use terminal::{Terminal, printable};

/// Runs one command: data to `stdout`, everything else to `terminal`. Gives the exit code of a run that ended well.
///
/// # Errors
/// Everything that can go wrong; the error knows its own exit code.
pub async fn run(cli: &Cli, env: Env, terminal: &Terminal, stdout: &mut dyn Write) -> Result<u8> {
    let global = &cli.global;
    let console = Console::new(global.verbose, Arc::new(terminal.clone()));
    let settings = Settings::load(env, &global.env_files, options(global), console.clone()).await?;
    let search_path = settings.open().await?;
    match &cli.command {
        Command::GetConn(arguments) => {
            get_conn::run(arguments, &search_path, &console, stdout).await
        }
        Command::GetVar(arguments) => get_var::run(arguments, &search_path, &console, stdout).await,
        Command::GetConfig(arguments) => get_config::run(arguments, &search_path, stdout).await,
        Command::Explain(arguments) => explain::run(arguments, &search_path, stdout).await,
    }
}

fn options(global: &GlobalOptions) -> LookupOptions {
    LookupOptions {
        context: global.context.into(),
        version: global.airflow_version,
        timeout: global.timeout,
        strict: global.strict,
    }
}
