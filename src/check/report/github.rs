//! GitHub's workflow commands: annotations in the files that use an id.
//!
//! The surprising rules: GitHub shows ten annotations of a level and drops the rest without a word, so the tenth says how many
//! there are; and whatever a line holds is escaped, so that no id and no server can give the runner a command.

use super::Subject;
use crate::check::{Checked, Status};
use crate::dags::{Place, Unreadable};

/// How many of a level GitHub shows, less the one that says how many more there are.
const MOST_OF_A_LEVEL: usize = 9;

/// The report, without an end of line; empty where all is well.
pub fn github(subject: Subject<'_>) -> String {
    let results = &subject.check.results;
    let mut lines = Vec::new();
    for level in ["error", "warning"] {
        let of_level = results
            .iter()
            .filter(|checked| level_of(checked.status) == Some(level));
        let mut told: Vec<String> = of_level.map(|checked| annotation(level, checked)).collect();
        if level == "warning" {
            told.extend(subject.scan.unreadable.iter().map(not_read));
        }
        let more = told.len().saturating_sub(MOST_OF_A_LEVEL);
        told.truncate(MOST_OF_A_LEVEL);
        lines.extend(told);
        if more > 0 {
            lines.push(format!("::{level} title=secretctl::and {more} more"));
        }
    }
    lines.join("\n")
}

fn level_of(status: Status) -> Option<&'static str> {
    match status {
        Status::Ok | Status::Known | Status::OptionalMissing => None,
        Status::ImplicitMissing => Some("warning"),
        _ => Some("error"),
    }
}

fn annotation(level: &str, checked: &Checked) -> String {
    let secret = &checked.wanted.secret;
    let title = format!(
        "{} {} is {}",
        secret.kind.short_name(),
        secret.id,
        checked.status.word()
    );
    let place = checked
        .wanted
        .places
        .first()
        .map_or_else(String::new, |Place { file, line, column }| {
            format!("file={},line={line},col={column},", property(file))
        });
    let mut message = checked.message().unwrap_or_default();
    for hint in checked.hints() {
        message.push_str(&format!("\nhint: {hint}"));
    }
    format!(
        "::{level} {place}title={}::{}",
        property(&title),
        data(&message)
    )
}

fn not_read(unreadable: &Unreadable) -> String {
    let Unreadable { file, line, why } = unreadable;
    format!(
        "::warning file={},line={line},title=not read::{}",
        property(file),
        data(why)
    )
}

/// Text as the last part of a command.
fn data(text: &str) -> String {
    let escaped = text.replace('%', "%25").replace('\r', "%0D");
    escaped.replace('\n', "%0A")
}

/// Text as a property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_its_part_of_a_command() {
        assert_eq!(
            property("a,b:c\n::error::%"),
            "a%2Cb%3Ac%0A%3A%3Aerror%3A%3A%25"
        );
        assert_eq!(data("x\r\n::stop-commands::y"), "x%0D%0A::stop-commands::y");
    }
}
