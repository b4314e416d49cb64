//! `get-var`: prints one variable.

use std::io::Write;

use super::arguments::{GetVarArguments, VariableOutput};
use super::{Terminal, get_conn, output};
use crate::error::{Failure, Result};
use crate::python::json::{self, Value};
use crate::python::text::upper;
use crate::search_path::SearchPath;
use crate::secret::SecretText;
use crate::secret_kind::SecretKind;

/// Looks the variable up and prints it, or its default.
pub async fn run(
    arguments: &GetVarArguments,
    search_path: &SearchPath,
    terminal: &Terminal,
    stdout: &mut dyn Write,
) -> Result<u8> {
    let lookup = match arguments.output {
        VariableOutput::Json => search_path.lookup_json(&arguments.key).await,
        VariableOutput::Raw | VariableOutput::Env => {
            search_path
                .lookup(SecretKind::Variable, &arguments.key)
                .await
        }
    };
    lookup
        .passed_over()
        .iter()
        .for_each(|warning| terminal.warn(warning));
    let text = match (lookup.into_value(), &arguments.default) {
        (Err(error), Some(default)) if error.failure() == Failure::NotDefined => {
            default.as_str().into()
        }
        (value, _) => rendered(arguments, &value?, terminal),
    };
    output::write(stdout, text.expose(), arguments.no_newline)?;
    Ok(0)
}

fn rendered(arguments: &GetVarArguments, value: &Value, terminal: &Terminal) -> SecretText {
    match arguments.output {
        VariableOutput::Raw => output::value_text(value),
        VariableOutput::Json => json::to_strict_json(value).into(),
        VariableOutput::Env => {
            let name = format!("AIRFLOW_VAR_{}", upper(&arguments.key));
            get_conn::warn_of_odd_name(&name, terminal);
            output::assignment(&name, output::value_text(value).expose())
        }
    }
}
