//! `scan`: the ids that DAG files use. Offline: no backend is opened.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::arguments::{PRINTED, RepeatableOptions};
use super::output;
use crate::airflow_config::{ConfigError, Found};
use crate::dags::{self, IgnoreSyntax, Scan, ScanOptions};
use crate::error::{Error, Result};
use crate::settings::Settings;
use crate::source::Source;
use crate::text_file;

/// `scan`
#[derive(Debug, Args)]
pub struct ScanArguments {
    #[command(flatten)]
    pub(super) repeatable: RepeatableOptions,
    /// Folders of DAGs, walked as Airflow walks them, and files; without one, `dags` in this folder
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// The form to print
    #[arg(short, long, value_enum, value_name = "FORM", default_value = "text", help_heading = PRINTED)]
    pub output: ScanOutput,
}

/// The forms of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ScanOutput {
    /// One line a use: file, line, column, kind and id
    Text,
    /// One JSON object, schema secretctl.scan/v1
    Json,
}

/// Scans and prints.
pub async fn run(
    arguments: &ScanArguments,
    settings: &Settings,
    stdout: &mut dyn Write,
) -> Result<u8> {
    let default = [PathBuf::from("dags")];
    let paths = if arguments.paths.is_empty() {
        &default[..]
    } else {
        &arguments.paths
    };
    let scan = scanned(paths, settings).await?;
    let text = match arguments.output {
        ScanOutput::Text => dags::text(&scan),
        ScanOutput::Json => dags::json(&scan).map_err(|error| Error::Output(error.into()))?,
    };
    output::write(stdout, &text, true)?;
    Ok(0)
}

/// What the files below `paths` use, by the rules that the settings choose.
///
/// # Errors
/// A path leads nowhere, or a setting cannot be read.
pub async fn scanned(paths: &[PathBuf], settings: &Settings) -> Result<Scan> {
    let deadline = settings.deadline();
    for path in paths {
        if text_file::kind_of(path, deadline)
            .await
            .ok()
            .flatten()
            .is_none()
        {
            return Err(Error::NoSuchPath(path.clone()));
        }
    }
    let options = scan_options(paths.to_vec(), settings).await?;
    Ok(dags::scan(&options))
}

async fn scan_options(
    paths: Vec<PathBuf>,
    settings: &Settings,
) -> Result<ScanOptions, ConfigError> {
    let (config, deadline) = (settings.config(), settings.deadline());
    let safe_mode = config
        .flag("core", "dag_discovery_safe_mode", deadline)
        .await?;
    let syntax = config
        .option("core", "dag_ignore_file_syntax", deadline)
        .await?;
    let ignore_syntax = match syntax {
        Some(Found::Value(setting)) => match setting.value.expose() {
            "glob" => Some(IgnoreSyntax::Glob),
            "regexp" => Some(IgnoreSyntax::Regexp),
            _ => None,
        },
        _ => None,
    };
    let env = config.env();
    // What a DAG file reads from the environment is the deployment's, which the files describe and this machine does not.
    let of_files = env
        .names()
        .filter(|name| matches!(env.source_of(name), Some(Source::File { .. })));
    let environment = of_files.filter_map(|name| {
        let value = env.get(name).ok().flatten()?;
        Some((name.to_owned(), value.to_owned()))
    });
    Ok(ScanOptions {
        paths,
        dags_folder: None,
        base: std::env::current_dir().unwrap_or_else(|_| Path::new(".").to_owned()),
        airflow_version: settings.options().version,
        ignore_syntax,
        safe_mode: safe_mode.unwrap_or(true),
        environment: environment.collect(),
    })
}
