//! What goes to stdout: data, written once and whole.

use std::io::{self, ErrorKind, Write};

use crate::error::{Error, Result};
use crate::python::json::{self, Value};
use crate::python::number::float_repr;
use crate::secret::SecretText;

/// Writes `text`, with a newline unless told not to. A reader that went away is no error.
pub fn write(stdout: &mut dyn Write, text: &str, no_newline: bool) -> Result<()> {
    let end = if no_newline { "" } else { "\n" };
    match write_all(stdout, text, end) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(Error::Output),
    }
}

fn write_all(stdout: &mut dyn Write, text: &str, end: &str) -> io::Result<()> {
    stdout.write_all(text.as_bytes())?;
    stdout.write_all(end.as_bytes())?;
    stdout.flush()
}

/// A value as `get-var` and `get-config` print it: text as it is, anything else as JSON.
pub fn value_text(value: &Value) -> SecretText {
    match value {
        Value::Text(text) => text.clone(),
        Value::Date(date) => date.as_str().into(),
        // alone it is no JSON that anybody reads
        Value::Float(number) if !number.is_finite() => float_repr(*number).into(),
        other => json::to_strict_json(other).into(),
    }
}

/// An assignment that a POSIX shell reads back as the same text.
///
/// # Errors
/// No shell can set this name: it would take the line for a command, and print the value in its complaint.
pub fn assignment(name: String, value: &str) -> Result<SecretText> {
    match is_shell_name(&name) {
        true => Ok(format!("{name}={}", shell_quoted(value)).into()),
        false => Err(Error::NotForAShell { name }),
    }
}

/// Whether a shell can set a variable of this name.
fn is_shell_name(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn shell_quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_back_what_was_quoted() {
        for text in [
            "",
            "plain",
            "a b",
            "it's",
            "$HOME `id` \\ \"x\"",
            "line\nbreak",
            "~",
            "#x",
            "a=b",
            "é*",
        ] {
            let script = format!(
                "{}; printf %s \"$V\"",
                assignment("V".into(), text).unwrap().expose()
            );
            let output = std::process::Command::new("sh")
                .args(["-c", &script])
                .output()
                .unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), text, "{script}");
        }
    }

    #[test]
    fn a_uri_without_odd_characters_stays_readable() {
        assert_eq!(
            assignment("AIRFLOW_CONN_A".into(), "smtps://u:h@x:465")
                .unwrap()
                .expose(),
            "AIRFLOW_CONN_A=smtps://u:h@x:465"
        );
    }

    #[test]
    fn names_that_a_shell_can_set() {
        assert!(is_shell_name("AIRFLOW_CONN_A1"));
        for name in ["", "1A", "AIRFLOW_CONN_A.B", "AIRFLOW_CONN_A-B", "É"] {
            assert!(!is_shell_name(name), "{name}");
        }
    }
}
