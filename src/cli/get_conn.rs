//! `get-conn`: prints one connection.

use std::io::Write;

use super::arguments::{ConnectionOutput, GetConnArguments};
use super::output;
use crate::connection::Connection;
use crate::console::Console;
use crate::error::{Error, Result};
use crate::finding::Finding;
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
    connection
        .findings()
        .iter()
        .for_each(|finding| console.finding(finding));
    let text = match &arguments.field {
        Some(field) => one_field(&connection, &arguments.conn_id, field)?,
        None => rendered(arguments, &connection, stored, console),
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
    console: &Console,
) -> SecretText {
    match arguments.output {
        ConnectionOutput::Uri => connection.uri().clone(),
        ConnectionOutput::Raw => stored,
        ConnectionOutput::Json => json::to_strict_json(&Value::Dict(connection.fields())).into(),
        ConnectionOutput::Env => {
            let name = format!("AIRFLOW_CONN_{}", upper(&arguments.conn_id));
            warn_of_odd_name(&name, console);
            output::assignment(&name, connection.uri().expose())
        }
        ConnectionOutput::Table => table(connection, arguments.reveal),
    }
}

/// Warns of a variable that Airflow reads but no shell can set.
pub fn warn_of_odd_name(name: &str, console: &Console) {
    if !output::is_shell_name(name) {
        let sentence = format!("`{name}` is a name that Airflow reads but a shell cannot set");
        console.finding(&Finding::warning("name-not-for-a-shell", sentence));
    }
}

/// Two columns for people. Without `reveal` the password and the extra are masked, and the URI, which holds both, is left out.
fn table(connection: &Connection, reveal: bool) -> SecretText {
    let mut rows = Vec::new();
    for (name, value) in connection.fields() {
        match (name.as_str(), &value) {
            ("uri", _) if !reveal => {}
            ("extra", Value::Dict(extra)) => rows.extend(
                extra
                    .iter()
                    .map(|(key, value)| (format!("extra.{key}"), shown(value, reveal))),
            ),
            ("password", value) => rows.push((name, shown(value, reveal))),
            (_, value) => rows.push((name, shown(value, true))),
        }
    }
    let width = rows
        .iter()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or_default();
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
        value => super::terminal::printable(output::value_text(value).expose()),
    }
}
