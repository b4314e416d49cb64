//! JUnit's XML, as CI servers read it: one test case an id.
//!
//! The surprising rule: a character that XML cannot hold at all, escaped or not, is written as U+FFFD.

use std::fmt::Write;

use super::Subject;
use crate::check::{Checked, Status};

/// The report, without an end of line.
pub fn junit(subject: Subject<'_>) -> String {
    let results = &subject.check.results;
    let failures = results
        .iter()
        .filter(|checked| outcome(checked) == Outcome::Failure);
    let skipped = results
        .iter()
        .filter(|checked| outcome(checked) == Outcome::Skipped);
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let (count, failures, skipped) = (results.len(), failures.count(), skipped.count());
    // writing to a string cannot fail
    let _ = writeln!(
        xml,
        "<testsuites>\n<testsuite name=\"secretctl check\" tests=\"{count}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\">"
    );
    results
        .iter()
        .for_each(|checked| test_case(checked, &mut xml));
    xml.push_str("</testsuite>\n</testsuites>");
    xml
}

#[derive(PartialEq)]
enum Outcome {
    Success,
    Failure,
    Skipped,
}

fn outcome(checked: &Checked) -> Outcome {
    match checked.status {
        Status::Ok => Outcome::Success,
        Status::ImplicitMissing | Status::OptionalMissing | Status::Known => Outcome::Skipped,
        _ => Outcome::Failure,
    }
}

fn test_case(checked: &Checked, xml: &mut String) {
    let secret = &checked.wanted.secret;
    let (kind, id) = (secret.kind.short_name(), escaped(&secret.id));
    let place = checked.wanted.places.first();
    let file = place.map_or_else(String::new, |place| {
        format!(" file=\"{}\" line=\"{}\"", escaped(&place.file), place.line)
    });
    let _ = write!(xml, "<testcase classname=\"{kind}\" name=\"{id}\"{file}");
    let status = checked.status.word();
    let message = checked.message().unwrap_or_default();
    let hints = checked.hints().join("\n");
    let _ = match outcome(checked) {
        Outcome::Success => writeln!(xml, "/>"),
        Outcome::Skipped => writeln!(xml, "><skipped message=\"{status}\"/></testcase>"),
        Outcome::Failure => writeln!(
            xml,
            "><failure type=\"{status}\" message=\"{}\">{}</failure></testcase>",
            escaped(&message),
            escaped(&hints)
        ),
    };
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_replaced() {
        assert_eq!(
            escaped("a<&>\"\n\u{1b}\u{ffff}é"),
            "a&lt;&amp;&gt;&quot;&#10;\u{fffd}\u{fffd}é"
        );
    }
}
