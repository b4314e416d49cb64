//! The command line's grammar, as clap reads it.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};

use super::check::CheckArguments;
use super::scan::ScanArguments;
use crate::airflow_version::AirflowVersion;
use crate::env::EnvFileFormat;
use crate::search_path::Context;
use crate::secret_kind::SecretKind;

/// Resolves Apache Airflow connections and variables exactly as Airflow does, without Airflow.
#[derive(Debug, Parser)]
#[command(
    name = "secretctl",
    version,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
#[command(after_help = AFTER_HELP)]
pub struct Cli {
    #[command(flatten)]
    pub(super) repeatable: RepeatableOptions,
    #[command(flatten)]
    pub(super) global: GlobalOptions,
    #[command(subcommand)]
    pub(super) command: Command,
}

impl Cli {
    /// The env files, in the order in which they stand.
    pub(super) fn env_files(&self) -> Vec<PathBuf> {
        let after = &self.command.repeatable().env_files;
        [&self.repeatable.env_files[..], after].concat()
    }

    /// The hosts that alone may be sent anything, if there are any.
    pub(super) fn allowed_hosts(&self) -> Vec<String> {
        let after = &self.command.repeatable().allowed_hosts;
        [&self.repeatable.allowed_hosts[..], after].concat()
    }

    /// When to use colour.
    pub fn color(&self) -> Color {
        self.global.color
    }
}

const AFTER_HELP: &str = "\
Example:
  secretctl --env-file .env explain conn smtp_default

Exit codes:
   0  resolved
   1  the output could not be written
   2  the command line is wrong, or the id is empty
   3  defined nowhere: every layer answered, none has it
   4  a backend refused: authenticated, not permitted
   5  authentication failed, or no credentials
   6  a backend could not be reached, or something else answers there
   7  the configuration is wrong
   8  found, but unusable
  70  a bug in secretctl";

/// Options that every command takes any number of times.
///
/// They stand before the command and after it, each an argument of its own: of one that is global, clap keeps only what comes
/// after.
#[derive(Debug, Args)]
pub struct RepeatableOptions {
    /// Read environment variables from a file; a later file wins, the process environment wins over all
    #[arg(long = "env-file", value_name = "FILE", help_heading = SETTINGS)]
    pub env_files: Vec<PathBuf>,

    /// Send nothing to any other host (repeatable; SECRETCTL_ALLOW_HOSTS)
    #[arg(long = "allow-host", value_name = "HOST", help_heading = LOOKUP)]
    pub allowed_hosts: Vec<String>,
}

/// Options that every command takes.
#[derive(Debug, Args)]
pub struct GlobalOptions {
    /// How env files are read: as Compose does, or raw as `docker run --env-file` does
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "compose", global = true, help_heading = SETTINGS)]
    pub env_file_format: EnvFileFormatName,

    /// Run the commands that an env file names (settings that end in _CMD)
    #[arg(long, global = true, help_heading = SETTINGS)]
    pub allow_commands: bool,

    /// Whose search path to follow: the CLI's and scheduler's, or a task's
    #[arg(long, value_enum, default_value = "server", global = true, help_heading = SETTINGS)]
    pub context: ContextName,

    /// Whose rules to follow: those of this release of Airflow, such as 2.11 or 3.3.2
    #[arg(
        long,
        value_name = "VERSION",
        default_value_t,
        global = true,
        help_heading = SETTINGS
    )]
    pub airflow_version: AirflowVersion,

    /// The longest one lookup may take in one backend, retries included
    #[arg(
        long,
        value_name = "SECONDS",
        value_parser = seconds,
        default_value = "30",
        global = true,
        help_heading = LOOKUP
    )]
    pub timeout: Duration,

    /// A failing layer is final, and a warning about a value or the kwargs is an error
    #[arg(long, global = true, help_heading = LOOKUP)]
    pub strict: bool,

    /// Ask nothing more after a lookup that failed: no near misses, no who-am-I
    #[arg(long, global = true, help_heading = LOOKUP)]
    pub no_diagnose: bool,

    /// Do not undo a login of this run at its end
    #[arg(long, global = true, help_heading = LOOKUP)]
    pub keep_login: bool,

    /// Say what is being done and from where each setting came, on stderr; twice: every request
    #[arg(short, long, action = clap::ArgAction::Count, global = true, help_heading = OUTPUT)]
    pub verbose: u8,

    /// Say nothing on stderr but the error that ends the run
    #[arg(short, long, conflicts_with = "verbose", global = true, help_heading = OUTPUT)]
    pub quiet: bool,

    /// When to use colour
    #[arg(long, value_enum, default_value = "auto", global = true, help_heading = OUTPUT)]
    pub color: Color,
}

pub(super) const PRINTED: &str = "What is printed";
const SETTINGS: &str = "Settings";
const LOOKUP: &str = "Lookup";
const OUTPUT: &str = "Messages";

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set or TERM is dumb
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How env files are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EnvFileFormatName {
    /// Quotes, $NAME, comments and export, as Docker Compose reads them
    Compose,
    /// Raw: quotes and $ stay in the value
    Docker,
}

impl From<EnvFileFormatName> for EnvFileFormat {
    fn from(name: EnvFileFormatName) -> Self {
        match name {
            EnvFileFormatName::Compose => EnvFileFormat::Compose,
            EnvFileFormatName::Docker => EnvFileFormat::Docker,
        }
    }
}

/// A search path by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ContextName {
    /// What `airflow connections get` and the scheduler do (or: scheduler)
    #[value(alias = "scheduler")]
    Server,
    /// What a task of Airflow 3 sees (or: task)
    #[value(alias = "task")]
    Worker,
}

impl From<ContextName> for Context {
    fn from(name: ContextName) -> Self {
        match name {
            ContextName::Server => Context::Server,
            ContextName::Worker => Context::Worker,
        }
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// One secret.
    #[command(flatten)]
    Lookup(LookupCommand),
    /// Find the ids that DAG files use, without running them
    #[command(after_help = "Example:\n  secretctl scan dags")]
    Scan(ScanArguments),
    /// Prove that every id that is needed resolves
    #[command(after_help = "Example:\n  secretctl --env-file .env check --dags dags")]
    Check(CheckArguments),
}

impl Command {
    /// Its repeatable options.
    fn repeatable(&self) -> &RepeatableOptions {
        match self {
            Command::Lookup(LookupCommand::GetConn(arguments)) => &arguments.repeatable,
            Command::Lookup(LookupCommand::GetVar(arguments)) => &arguments.repeatable,
            Command::Lookup(LookupCommand::GetConfig(arguments)) => &arguments.repeatable,
            Command::Lookup(LookupCommand::Explain(arguments)) => &arguments.repeatable,
            Command::Scan(arguments) => &arguments.repeatable,
            Command::Check(arguments) => &arguments.repeatable,
        }
    }
}

/// The commands that look one secret up.
#[derive(Debug, Subcommand)]
pub enum LookupCommand {
    /// Print one connection
    #[command(
        after_help = "Example:\n  secretctl --env-file .env get-conn smtp_default --field host"
    )]
    GetConn(GetConnArguments),
    /// Print one variable
    #[command(after_help = "Example:\n  secretctl --env-file .env get-var test --default none")]
    GetVar(GetVarArguments),
    /// Print what the custom backend's get_config gives
    #[command(after_help = "Example:\n  secretctl --env-file .env get-config sql_alchemy_conn")]
    GetConfig(GetConfigArguments),
    /// Say what every layer answers, without a value
    #[command(after_help = "Example:\n  secretctl --env-file .env explain conn smtp_default")]
    Explain(ExplainArguments),
}

/// `get-conn`
#[derive(Debug, Args)]
pub struct GetConnArguments {
    #[command(flatten)]
    pub(super) repeatable: RepeatableOptions,
    /// The conn_id
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub conn_id: String,
    /// The form to print
    #[arg(short, long, value_enum, value_name = "FORM", default_value = "uri", help_heading = PRINTED)]
    pub output: ConnectionOutput,
    /// Print one field bare: host, login, password, port, schema, conn_type, description, extra, extra.KEY or uri
    #[arg(long, value_name = "NAME", conflicts_with = "output", help_heading = PRINTED)]
    pub field: Option<String>,
    /// Show password and extra in the table
    #[arg(long, help_heading = PRINTED)]
    pub reveal: bool,
    /// Print no newline after the value
    #[arg(short, long, help_heading = PRINTED)]
    pub no_newline: bool,
}

/// The forms of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ConnectionOutput {
    /// What Connection.get_uri() gives
    Uri,
    /// The stored text, untouched
    Raw,
    /// One JSON object
    Json,
    /// AIRFLOW_CONN_<ID>=<uri>, quoted for a POSIX shell
    Env,
    /// For people; password and extra hidden
    Table,
}

/// `get-var`
#[derive(Debug, Args)]
pub struct GetVarArguments {
    #[command(flatten)]
    pub(super) repeatable: RepeatableOptions,
    /// The variable's key
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub key: String,
    /// The form to print
    #[arg(short, long, value_enum, value_name = "FORM", default_value = "raw", help_heading = PRINTED)]
    pub output: VariableOutput,
    /// Printed when the variable is defined nowhere (not when a backend failed)
    #[arg(long, value_name = "TEXT", help_heading = PRINTED)]
    pub default: Option<String>,
    /// Print no newline after the value
    #[arg(short, long, help_heading = PRINTED)]
    pub no_newline: bool,
}

/// The forms of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum VariableOutput {
    /// The text
    Raw,
    /// Parsed as deserialize_json does, printed as JSON
    Json,
    /// AIRFLOW_VAR_<KEY>=<text>, quoted for a POSIX shell
    Env,
}

/// `get-config`
#[derive(Debug, Args)]
pub struct GetConfigArguments {
    #[command(flatten)]
    pub(super) repeatable: RepeatableOptions,
    /// The text that an AIRFLOW__SECTION__OPTION_SECRET option names
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub key: String,
    /// Print no newline after the value
    #[arg(short, long, help_heading = PRINTED)]
    pub no_newline: bool,
}

/// `explain`
#[derive(Debug, Args)]
pub struct ExplainArguments {
    #[command(flatten)]
    pub(super) repeatable: RepeatableOptions,
    /// What the id names
    #[arg(value_enum)]
    pub kind: KindName,
    /// The conn_id, the variable's key or the config's key
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub id: String,
    /// The form to print
    #[arg(short, long, value_enum, value_name = "FORM", default_value = "text", help_heading = PRINTED)]
    pub output: ExplainOutput,
}

/// A kind of secret by its short name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KindName {
    /// A connection
    #[value(alias = "connection")]
    Conn,
    /// A variable
    #[value(alias = "variable")]
    Var,
    /// A config option
    Config,
}

impl From<KindName> for SecretKind {
    fn from(name: KindName) -> Self {
        match name {
            KindName::Conn => SecretKind::Connection,
            KindName::Var => SecretKind::Variable,
            KindName::Config => SecretKind::Config,
        }
    }
}

/// The forms of an explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExplainOutput {
    /// For people
    Text,
    /// One JSON object, schema secretctl.explain/v1
    Json,
}

/// A number of seconds above zero, at most a day.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_| "it is not a number of seconds".to_owned())?;
    if seconds > 0.0 && seconds <= 86_400.0 {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err("it must be above 0 and at most 86400 seconds".into())
    }
}
