//! A scan as text and as `secretctl.scan/v1`.
//!
//! The surprising rule: the text has one line a use, in the form `file:line:column`, which editors and terminals make a link of.

use std::fmt::Write;

use serde::Serialize;

use super::reference::{Dynamic, Reference, Scan, Unreadable};

#[derive(Serialize)]
struct Document<'s> {
    schema: &'static str,
    files: usize,
    references: &'s [Reference],
    dynamic: &'s [Dynamic],
    unreadable: &'s [Unreadable],
}

/// The scan as one JSON object and a newline.
///
/// # Errors
/// None that a scan can cause.
pub fn json(scan: &Scan) -> serde_json::Result<String> {
    let document = Document {
        schema: "secretctl.scan/v1",
        files: scan.files,
        references: &scan.references,
        dynamic: &scan.dynamic,
        unreadable: &scan.unreadable,
    };
    serde_json::to_string(&document).map(|json| json + "\n")
}

/// The scan for people: one line a use, then what is not known, then what was not read.
pub fn text(scan: &Scan) -> String {
    let mut written = String::new();
    for reference in &scan.references {
        let notes = notes(reference);
        let notes = if notes.is_empty() {
            notes
        } else {
            format!(" ({notes})")
        };
        line(
            &mut written,
            &reference.place.to_string(),
            &format!("{} {}{notes}", reference.kind.short_name(), reference.id),
        );
    }
    for dynamic in &scan.dynamic {
        line(
            &mut written,
            &dynamic.place.to_string(),
            &format!(
                "{} decided at run time by {}",
                dynamic.kind.short_name(),
                dynamic.why
            ),
        );
    }
    for unreadable in &scan.unreadable {
        line(
            &mut written,
            &format!("{}:{}", unreadable.file, unreadable.line),
            &format!("not read: {}", unreadable.why),
        );
    }
    written
}

fn line(written: &mut String, place: &str, what: &str) {
    // writing to a string cannot fail
    let _ = writeln!(written, "{place}: {what}");
}

fn notes(reference: &Reference) -> String {
    let environment = reference
        .environment_variable
        .as_ref()
        .map(|name| format!("unless `{name}` is set"));
    let flags = [
        (reference.implicit, "a default"),
        (reference.optional, "optional"),
        (reference.guarded, "guarded"),
        (reference.top_level, "looked up at every parse"),
    ];
    let set = flags
        .iter()
        .filter(|(set, _)| *set)
        .map(|(_, word)| (*word).to_owned());
    environment
        .into_iter()
        .chain(set)
        .collect::<Vec<_>>()
        .join(", ")
}
