//! `get-conn`: prints one connection.

use std::io::Write;

use super::arguments::{ConnectionOutput, GetConnArguments};
use super::{output, printable};
use crate::connection::Connection;
use crate::console::Console;
use crate::error::{Error, Result};
use crate::python::json::{self, Value};
use crate::python::text::upper;
use crate::search_path::SearchPath;
use crate::secret::SecretText;
use crate::secret_kind::{SecretId, SecretKind};

/// Looks the connection up and prints it.
pub async fn run(
    arguments: &GetConnArguments,
    search_path: &SearchPath,
    console: &Console,
    stdout: &mut dyn Write,
) -> Result<u8> {
    if let Some(field) = &arguments.field {
        Connection::check_field_name(field)?;
    }
    let secret = SecretId::new(SecretKind::Connection, &arguments.conn_id);
    let lookup = search_path.lookup(&secret).await;
    lookup
        .passed_over()
        .iter()
        .for_each(|finding| console.finding(finding));
    let (connection, stored) = lookup.into_connection()?;
    search_path.tell(connection.findings())?;
    let text = match &arguments.field {
        Some(field) => one_field(&connection, &arguments.conn_id, field)?,
        None => rendered(arguments, &connection, stored)?,
    };
    output::write(stdout, text.expose(), arguments.no_newline)?;
    Ok(0)
}

/// A field that is `None` prints as nothing; a key that the extra does not have is an error.
fn one_field(connection: &Connection, conn_id: &str, field: &str) -> Result<SecretText> {
    match (connection.field(field)?, field.strip_prefix("extra.")) {
        (Some(value), _) => Ok(value),
        (None, Some(key)) => Err(Error::NoSuchExtra {
            conn_id: conn_id.to_owned(),
            key: key.to_owned(),
        }),
        (None, None) => Ok(SecretText::default()),
    }
}

fn rendered(
    arguments: &GetConnArguments,
    connection: &Connection,
    stored: SecretText,
) -> Result<SecretText> {
    Ok(match arguments.output {
        ConnectionOutput::Uri => connection.uri().clone(),
        ConnectionOutput::Raw => stored,
        ConnectionOutput::Json => json::to_strict_json(&Value::Dict(connection.fields())).into(),
        ConnectionOutput::Env => {
            let name = format!("AIRFLOW_CONN_{}", upper(&arguments.conn_id));
            output::assignment(name, connection.uri().expose())?
        }
        ConnectionOutput::Table => table(connection, arguments.reveal),
    })
}

/// Two columns for people. Without `reveal` everything is masked that may hold a secret: the password, the extra, and all of a
/// value that is not a URI with a scheme. The URI, which holds them all, is left out.
fn table(connection: &Connection, reveal: bool) -> SecretText {
    let fields = connection.fields();
    let is_misread = fields.get("conn_type").is_none_or(|kind| !kind.is_truthy())
        || !connection.findings().is_empty();
    let mut rows = Vec::new();
    for (name, value) in fields {
        match (name.as_str(), &value) {
            ("uri", _) if !reveal => {}
            ("extra", Value::Dict(extra)) => rows.extend(extra.iter().map(|(key, value)| {
                let key = printable(key);
                (format!("extra.{key}"), shown(value, reveal))
            })),
            ("extra" | "password", value) => rows.push((name, shown(value, reveal))),
            ("conn_id", value) => rows.push((name, shown(value, true))),
            (_, value) => rows.push((name, shown(value, reveal || !is_misread))),
        }
    }
    let widths = rows.iter().map(|(name, _)| name.chars().count());
    let width = widths.max().unwrap_or_default();
    let lines: Vec<String> = rows
        .iter()
        .map(|(name, value)| format!("{name:width$}  {value}").trim_end().to_owned())
        .collect();
    lines.join("\n").into()
}

fn shown(value: &Value, reveal: bool) -> String {
    match value {
        Value::None => String::new(),
        _ if !reveal => "****".into(),
        value => printable(output::value_text(value).expose()),
    }
}
