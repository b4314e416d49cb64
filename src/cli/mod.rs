//! The command line: its options, its commands, and the run of one command.

mod arguments;
mod explain;
mod get_config;
mod get_conn;
mod get_var;
mod output;
mod terminal;

use std::io::Write;

use crate::airflow_config::AirflowConfig;
use crate::env::{Env, EnvFile};
use crate::error::Result;
use crate::search_path::{LookupOptions, OpenedSearchPath, SearchPath};
use crate::trace::Trace;

pub use arguments::Cli;
use arguments::{Command, GlobalOptions};
pub use terminal::{Terminal, printable};

/// Runs one command: data to `stdout`, everything else to `terminal`. Gives the exit code of a run that ended well.
///
/// # Errors
/// Everything that can go wrong; the error knows its own exit code.
pub async fn run(cli: &Cli, env: Env, terminal: &Terminal, stdout: &mut dyn Write) -> Result<u8> {
    let search_path = open_search_path(&cli.global, env, terminal)?;
    match &cli.command {
        Command::GetConn(arguments) => {
            get_conn::run(arguments, &search_path, terminal, stdout).await
        }
        Command::GetVar(arguments) => get_var::run(arguments, &search_path, terminal, stdout).await,
        Command::GetConfig(arguments) => {
            get_config::run(arguments, &search_path, terminal, stdout).await
        }
        Command::Explain(arguments) => {
            explain::run(arguments, &search_path, terminal, stdout).await
        }
    }
}

/// Everything that comes before the lookup: env files, airflow.cfg, class path, kwargs.
fn open_search_path(global: &GlobalOptions, env: Env, terminal: &Terminal) -> Result<SearchPath> {
    let files = global
        .env_files
        .iter()
        .map(|path| EnvFile::read(path))
        .collect::<Result<Vec<_>, _>>()?;
    let env = env.lay_under(&files)?;
    env.warnings()
        .iter()
        .for_each(|warning| terminal.warn(warning));
    let options = LookupOptions {
        context: global.context.into(),
        version: global.airflow_version,
        timeout: global.timeout,
        strict: global.strict,
        trace: Trace::new(global.verbose),
    };
    let config = AirflowConfig::load(env, options.timeout)?;
    let OpenedSearchPath {
        search_path,
        warnings,
    } = SearchPath::open(config, options)?;
    for warning in warnings {
        terminal.warn(&warning);
    }
    Ok(search_path)
}
