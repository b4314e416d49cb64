//! `get-var`: prints one variable.

use std::io::Write;

use super::arguments::{GetVarArguments, VariableOutput};
use super::output;
use crate::console::Console;
use crate::error::Result;
use crate::failure::Failure;
use crate::python::json::{self, Value};
use crate::python::text::upper;
use crate::search_path::SearchPath;
use crate::secret::SecretText;
use crate::secret_kind::{SecretId, SecretKind};

/// Looks the variable up and prints it, or its default.
pub async fn run(
    arguments: &GetVarArguments,
    search_path: &SearchPath,
    console: &Console,
    stdout: &mut dyn Write,
) -> Result<u8> {
    let lookup = match arguments.output {
        VariableOutput::Json => search_path.lookup_json(&arguments.key).await,
        VariableOutput::Raw | VariableOutput::Env => {
            let secret = SecretId::new(SecretKind::Variable, &arguments.key);
            search_path.lookup(&secret).await
        }
    };
    lookup
        .passed_over()
        .iter()
        .for_each(|finding| console.finding(finding));
    let text = match (lookup.into_value(), &arguments.default) {
        (Err(lookup), Some(default)) if lookup.failure() == Failure::NotDefined => {
            default.as_str().into()
        }
        (value, _) => rendered(arguments, &value?)?,
    };
    output::write(stdout, text.expose(), arguments.no_newline)?;
    Ok(0)
}

fn rendered(arguments: &GetVarArguments, value: &Value) -> Result<SecretText> {
    Ok(match arguments.output {
        VariableOutput::Raw => output::value_text(value),
        VariableOutput::Json => json::to_strict_json(value).into(),
        VariableOutput::Env => {
            let name = format!("AIRFLOW_VAR_{}", upper(&arguments.key));
            output::assignment(name, output::value_text(value).expose())?
        }
    })
}
