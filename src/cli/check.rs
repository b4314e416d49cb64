//! `check`: proves that every id that is needed resolves. Prints no value.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueEnum};

use super::arguments::{PRINTED, RepeatableOptions};
use super::{output, scan};
use crate::airflow_config::ConfigError;
use crate::check::report::{self, Subject};
use crate::check::{self, Implicit, WantedIds};
use crate::dags::Scan;
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::search_path::SearchPath;
use crate::secret_kind::{SecretId, SecretKind};
use crate::settings::Settings;
use crate::text_file;

/// The largest id list that is read, in bytes.
const LARGEST_LIST: u64 = 16 * 1024 * 1024;

/// `check`
#[derive(Debug, Args)]
pub struct CheckArguments {
    #[command(flatten)]
    pub(super) repeatable: RepeatableOptions,
    /// A conn_id that must resolve (repeatable)
    #[arg(long = "conn", value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub connections: Vec<String>,
    /// A variable that must resolve (repeatable)
    #[arg(long = "var", value_name = "KEY", value_parser = NonEmptyStringValueParser::new())]
    pub variables: Vec<String>,
    /// A config that must resolve (repeatable)
    #[arg(long = "config", value_name = "KEY", value_parser = NonEmptyStringValueParser::new())]
    pub configs: Vec<String>,
    /// A list of ids, one a line: conn:ID, var:KEY, config:KEY; `-` is stdin (repeatable)
    #[arg(long = "from", value_name = "FILE")]
    pub lists: Vec<PathBuf>,
    /// A folder of DAGs, or a DAG file: the ids that it uses must resolve (repeatable)
    #[arg(long = "dags", value_name = "PATH")]
    pub dags: Vec<PathBuf>,
    /// A list of ids that live where secretctl cannot look, such as Airflow's database (repeatable)
    #[arg(long = "known", value_name = "FILE")]
    pub known: Vec<PathBuf>,
    /// What a missing default id of a class is
    #[arg(long, value_enum, default_value = "warn")]
    pub implicit: ImplicitName,
    /// The form to print
    #[arg(short, long, value_enum, value_name = "FORM", default_value = "text", help_heading = PRINTED)]
    pub output: CheckOutput,
}

/// What a missing default id of a class is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ImplicitName {
    /// Told, and no failure
    Warn,
    /// A failure
    Error,
    /// Not asked for
    Skip,
}

impl From<ImplicitName> for Implicit {
    fn from(name: ImplicitName) -> Self {
        match name {
            ImplicitName::Warn => Implicit::Warn,
            ImplicitName::Error => Implicit::Error,
            ImplicitName::Skip => Implicit::Skip,
        }
    }
}

/// The forms of a check's report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CheckOutput {
    /// For people
    Text,
    /// One JSON object, schema secretctl.check/v1
    Json,
    /// JUnit XML
    Junit,
    /// Annotations of GitHub Actions
    Github,
}

/// The ids that are to be checked, and what else the DAG files gave.
///
/// # Errors
/// A path or a list cannot be read, or there are no ids to check.
pub async fn wanted(arguments: &CheckArguments, settings: &Settings) -> Result<(WantedIds, Scan)> {
    let mut wanted = WantedIds::default();
    for (kind, ids) in [
        (SecretKind::Connection, &arguments.connections),
        (SecretKind::Variable, &arguments.variables),
        (SecretKind::Config, &arguments.configs),
    ] {
        ids.iter()
            .for_each(|id| wanted.add(SecretId::new(kind, id)));
    }
    for list in &arguments.lists {
        let ids = listed(list, settings.deadline()).await?;
        ids.into_iter().for_each(|id| wanted.add(id));
    }
    if wanted.is_empty() && arguments.dags.is_empty() && arguments.lists.is_empty() {
        return Err(Error::NothingGiven("id to check"));
    }
    let scan = scan::scanned(&arguments.dags, settings).await?;
    scan.references
        .iter()
        .for_each(|reference| wanted.add_reference(reference));
    for list in &arguments.known {
        let ids = listed(list, settings.deadline()).await?;
        ids.iter().for_each(|id| wanted.know(id));
    }
    Ok((wanted, scan))
}

async fn listed(path: &Path, deadline: Deadline) -> Result<Vec<SecretId>> {
    let (text, name) = match path == Path::new("-") {
        true => (stdin()?, "stdin".to_owned()),
        false => {
            let text = text_file::read(path, LARGEST_LIST, deadline).await;
            let text = text.map_err(ConfigError::from)?;
            (text, format!("`{}`", path.display()))
        }
    };
    Ok(check::ids_in(&text, &name)?)
}

fn stdin() -> Result<String> {
    let mut text = String::new();
    let read = std::io::stdin()
        .take(LARGEST_LIST)
        .read_to_string(&mut text);
    read.map_err(Error::Input)?;
    Ok(text)
}

/// Asks for every id and prints the report.
pub async fn run(
    arguments: &CheckArguments,
    (wanted, scan): (WantedIds, Scan),
    search_path: &SearchPath,
    stdout: &mut dyn Write,
) -> Result<u8> {
    let check = check::check(search_path, wanted, arguments.implicit.into()).await;
    let subject = Subject {
        check: &check,
        scan: &scan,
    };
    let text = match arguments.output {
        CheckOutput::Text => report::text(subject),
        CheckOutput::Json => report::json(subject).map_err(|error| Error::Output(error.into()))?,
        CheckOutput::Junit => report::junit(subject),
        CheckOutput::Github => report::github(subject),
    };
    let nothing_to_say = text.is_empty();
    output::write(stdout, &text, nothing_to_say)?;
    Ok(check.exit_code)
}
