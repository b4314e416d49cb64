//! `get-config`: prints what the custom backend's `get_config` gives, the value behind an `AIRFLOW__SECTION__OPTION_SECRET`.

use std::io::Write;

use super::arguments::GetConfigArguments;
use super::output;
use crate::error::Result;
use crate::search_path::SearchPath;
use crate::secret_kind::{SecretId, SecretKind};

/// Looks the config up and prints it.
pub async fn run(
    arguments: &GetConfigArguments,
    search_path: &SearchPath,
    stdout: &mut dyn Write,
) -> Result<u8> {
    let lookup = search_path
        .lookup(&SecretId::new(SecretKind::Config, &arguments.key))
        .await;
    let value = lookup.into_value()?;
    output::write(
        stdout,
        output::value_text(&value).expose(),
        arguments.no_newline,
    )?;
    Ok(0)
}
