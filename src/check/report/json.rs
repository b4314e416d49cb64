//! `secretctl.check/v1`

use std::collections::BTreeMap;

use serde::Serialize;

use super::Subject;
use crate::check::{Checked, Status};
use crate::dags::{Dynamic, Place, Unreadable};
use crate::finding::{Finding, Level};
use crate::source::Source;

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    exit_code: u8,
    summary: BTreeMap<&'static str, usize>,
    results: Vec<ResultEntry<'a>>,
    dynamic: &'a [Dynamic],
    unreadable: &'a [Unreadable],
    findings: Vec<FindingEntry<'a>>,
}

#[derive(Serialize)]
struct ResultEntry<'a> {
    kind: &'static str,
    id: &'a str,
    status: &'static str,
    backend: Option<&'static str>,
    endpoint: Option<&'a str>,
    location: Option<String>,
    message: Option<String>,
    hints: Vec<String>,
    warnings: Vec<&'a str>,
    references: &'a [Place],
}

#[derive(Serialize)]
struct FindingEntry<'a> {
    rule: &'static str,
    level: &'static str,
    message: &'a str,
    hint: Option<&'a str>,
    file: Option<String>,
    line: Option<usize>,
}

/// The report as one JSON object.
///
/// # Errors
/// None that a check can cause.
pub fn json(subject: Subject<'_>) -> serde_json::Result<String> {
    let check = subject.check;
    let counted = Status::ALL
        .iter()
        .map(|status| (status.word(), check.count(*status)));
    let dynamic = ("dynamic", subject.scan.dynamic.len());
    let document = Document {
        schema: "secretctl.check/v1",
        exit_code: check.exit_code,
        summary: counted.chain([dynamic]).collect(),
        results: check.results.iter().map(ResultEntry::from).collect(),
        dynamic: &subject.scan.dynamic,
        unreadable: &subject.scan.unreadable,
        findings: check.findings.iter().map(FindingEntry::from).collect(),
    };
    serde_json::to_string(&document)
}

impl<'a> From<&'a Checked> for ResultEntry<'a> {
    fn from(checked: &'a Checked) -> Self {
        let layer = checked.layer();
        Self {
            kind: checked.wanted.secret.kind.short_name(),
            id: &checked.wanted.secret.id,
            status: checked.status.word(),
            backend: layer.map(|layer| layer.backend),
            endpoint: layer.and_then(|layer| layer.location.server()),
            location: layer.map(|layer| layer.location.places()),
            message: checked.message(),
            hints: checked.hints(),
            warnings: checked
                .findings
                .iter()
                .map(|finding| &*finding.sentence)
                .collect(),
            references: &checked.wanted.places,
        }
    }
}

impl<'a> From<&'a Finding> for FindingEntry<'a> {
    fn from(finding: &'a Finding) -> Self {
        let (file, line) = match &finding.source {
            Some(Source::File { path, line }) => (Some(path.display().to_string()), Some(*line)),
            _ => (None, None),
        };
        Self {
            rule: finding.rule,
            level: match finding.level {
                Level::Note => "note",
                Level::Warning => "warning",
                Level::Error => "error",
            },
            message: &finding.sentence,
            hint: finding.hint.as_deref(),
            file,
            line,
        }
    }
}
