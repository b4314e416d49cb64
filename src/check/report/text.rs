//! The report for people: what does not resolve, why and where it is used, then one line that sums it up.

use super::Subject;
use crate::check::{Checked, Status};
use crate::finding::Finding;

/// How many places of a use are told.
const MOST_PLACES: usize = 3;

/// The report, without an end of line.
pub fn text(subject: Subject<'_>) -> String {
    let mut lines = Vec::new();
    for checked in &subject.check.results {
        tell(checked, &mut lines);
    }
    let settings = subject.check.findings.iter();
    lines.extend(settings.map(|finding| format!("settings: {}", finding.in_one_line())));
    let dynamic = subject.scan.dynamic.iter();
    lines.extend(dynamic.map(|dynamic| {
        let kind = dynamic.kind.short_name();
        format!(
            "{}: {kind} decided at run time by {}, so not checked",
            dynamic.place, dynamic.why
        )
    }));
    let unreadable = subject.scan.unreadable.iter();
    lines.extend(
        unreadable.map(|file| format!("{}:{}: not read: {}", file.file, file.line, file.why)),
    );
    lines.push(summary(subject));
    lines.join("\n")
}

fn tell(checked: &Checked, lines: &mut Vec<String>) {
    let told: Vec<&Finding> = checked.findings.iter().collect();
    if checked.status == Status::Ok && told.is_empty() {
        return;
    }
    let secret = &checked.wanted.secret;
    let (kind, id) = (secret.kind.short_name(), &secret.id);
    lines.push(format!("{}: {kind} {id}", checked.status.word()));
    match checked.lookup.found {
        None => lines.extend(
            checked
                .lookup
                .lines()
                .iter()
                .map(|line| format!("  {line}")),
        ),
        Some(_) => lines.extend(
            told.iter()
                .map(|finding| format!("  {}", finding.in_one_line())),
        ),
    }
    lines.extend(checked.hints().iter().map(|hint| format!("  hint: {hint}")));
    let places = &checked.wanted.places;
    lines.extend(
        places
            .iter()
            .take(MOST_PLACES)
            .map(|place| format!("  used at {place}")),
    );
    if let Some(more) = places.len().checked_sub(MOST_PLACES + 1) {
        lines.push(format!("  and {} more", more + 1));
    }
}

fn summary(subject: Subject<'_>) -> String {
    let counted = Status::ALL
        .iter()
        .rev()
        .map(|status| (*status, subject.check.count(*status)));
    let mut parts: Vec<String> = counted
        .filter(|(status, count)| *count > 0 || *status == Status::Ok)
        .map(|(status, count)| format!("{count} {}", status.word().replace('_', " ")))
        .collect();
    if !subject.scan.dynamic.is_empty() {
        parts.push(format!(
            "{} decided at run time",
            subject.scan.dynamic.len()
        ));
    }
    if !subject.scan.unreadable.is_empty() {
        parts.push(format!("{} not read", subject.scan.unreadable.len()));
    }
    let count = subject.check.results.len();
    let ids = if count == 1 { "id" } else { "ids" };
    format!("{count} {ids}: {}", parts.join(", "))
}
