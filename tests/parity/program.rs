//! The program itself on a case: what it prints, and the code that it ends with.

use std::process::{Command, Stdio};

use secretctl::json::{Value, loads};

use super::case::{Case, Kind, Places};
use super::observed::Observed;

/// Whether the program prints what Airflow uses, and otherwise fails and prints nothing. Gives the fault in words.
///
/// A connection is compared by its URI, which holds all of its fields.
pub fn fault(case: &Case, places: &Places<'_>, airflow: &Observed) -> Option<String> {
    let command = match case.kind {
        Kind::Connection => "get-conn",
        Kind::Variable => "get-var",
        Kind::Config => "get-config",
    };
    let output = Command::new(env!("CARGO_BIN_EXE_secretctl"))
        .args(["--airflow-version", case.release.number()])
        .args(["--context", case.process.name()])
        .args([command, "--no-newline", "--", &case.id])
        .env_clear()
        .envs(case.environment(places))
        .stdin(Stdio::null())
        .output()
        .expect("secretctl starts");
    let printed = places.mask(&String::from_utf8_lossy(&output.stdout));
    match expected(airflow) {
        Some(expected) if output.status.success() && printed == expected => None,
        None if !output.status.success() && printed.is_empty() => None,
        expected => Some(format!(
            "the program printed {printed:?} and ended with {}, where Airflow uses {expected:?}",
            output.status
        )),
    }
}

/// What stands in the answer as text: a URI, or a variable that is text. Anything else is left to the other comparison.
fn expected(airflow: &Observed) -> Option<String> {
    let Ok(Value::Dict(value)) = loads(&airflow.found.as_ref()?.value) else {
        return None;
    };
    let text = value.get("uri").or(value.get("text"))?;
    text.as_text().map(|text| text.expose().to_owned())
}

/// Whether the program can be given the case, as it cannot an empty id, and prints what can be compared.
pub fn is_comparable(case: &Case, airflow: &Observed) -> bool {
    let is_text = airflow.found.is_none() || expected(airflow).is_some();
    let fits = case.env.iter().all(|(name, value)| {
        !name.is_empty() && !name.contains(['=', '\0']) && !value.contains('\0')
    });
    is_text && !case.as_json && fits && !case.id.is_empty() && !case.id.contains('\0')
}
