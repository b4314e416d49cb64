//! The process edge: the environment comes in once, an exit code goes out.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use secretctl::{Cli, Env, Fault, Paint, Terminal};
use tokio::runtime::{Builder, Runtime};

#[expect(
    clippy::disallowed_methods,
    reason = "the one snapshot, and the end of the process"
)]
fn main() -> ExitCode {
    keep_memory_private();
    std::panic::set_hook(Box::new(|panic| {
        // The payload may hold a secret, so only the place is told.
        let place = panic.location().map_or_else(String::new, |place| {
            format!(" at {}:{}", place.file(), place.line())
        });
        let _ = writeln!(
            io::stderr(),
            "error: a bug in secretctl{place}\nhint: please report it, without any secret"
        );
        std::process::exit(70);
    }));
    let cli = Cli::parse();
    let env = Env::from_os(std::env::vars_os());
    let paint = |is_terminal| Paint::new(cli.color(), is_terminal, &env);
    let terminal = Terminal::new(
        paint(io::stdout().is_terminal()),
        paint(io::stderr().is_terminal()),
    );
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error:#}");
            return ExitCode::from(70);
        }
    };
    let outcome = runtime.block_on(secretctl::run(
        &cli,
        env,
        &terminal,
        &mut io::stdout().lock(),
    ));
    // A helper thread that still waits for a file or a name must not delay the answer.
    runtime.shutdown_background();
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            terminal.error(&error);
            ExitCode::from(error.failure().exit_code())
        }
    }
}

fn runtime() -> anyhow::Result<Runtime> {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.context("the program could not start")
}

/// No core dump and no debugger of another process: memory holds secrets.
fn keep_memory_private() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    #[cfg(unix)]
    let _ = rustix::process::setrlimit(
        rustix::process::Resource::Core,
        rustix::process::Rlimit {
            current: Some(0),
            maximum: Some(0),
        },
    );
}
