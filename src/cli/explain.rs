//! `explain`: every layer in order, where it looked and what came of it, and the settings behind it. Never a value.
//!
//! The surprising rule: what is a warning where a value is printed (kwargs that only secretctl can read, a URI that Airflow
//! reads otherwise than it is meant) is an error here, because Airflow does not do what the settings want.

use std::io::Write;

use serde::Serialize;

use super::arguments::{ExplainArguments, ExplainOutput};
use super::output;
use super::paint::{Hue, Paint};
use super::terminal::on_one_line;
use crate::airflow_config::SettingUse;
use crate::error::{Error, Result};
use crate::failure::{Failure, Fault};
use crate::finding::Finding;
use crate::search_path::{FoundValue, LayerReport, Lookup, Outcome, SearchPath};
use crate::secret_kind::{SecretId, SecretKind};
use crate::source::Source;

/// Asks every layer and prints what each said. The exit code is the one that a lookup without doubts would have ended with.
pub async fn run(
    arguments: &ExplainArguments,
    search_path: &SearchPath,
    paint: Paint,
    stdout: &mut dyn Write,
) -> Result<u8> {
    let secret = SecretId::new(arguments.kind.into(), &arguments.id);
    let lookup = search_path.explain(&secret).await;
    let findings = findings(search_path, &lookup);
    let exit_code = exit_code(&lookup, &findings);
    let text = match arguments.output {
        ExplainOutput::Text => text(&lookup, &findings, search_path.settings(), paint),
        ExplainOutput::Json => json(&lookup, &findings, search_path.settings(), exit_code),
    };
    output::write(stdout, &text, false)?;
    Ok(exit_code)
}

/// The run that ends before any layer is asked: a program that reads JSON gets an object all the same.
///
/// # Errors
/// Always `error`.
pub fn without_layers(
    arguments: &ExplainArguments,
    error: Error,
    stdout: &mut dyn Write,
) -> Result<u8> {
    if arguments.output == ExplainOutput::Json {
        let kind = SecretKind::from(arguments.kind);
        let explanation = Explanation {
            exit_code: error.failure().exit_code(),
            outcome: error.failure().outcome(),
            error: Some(error.to_string()),
            ..Explanation::of(kind, &arguments.id)
        };
        output::write(stdout, &explanation.to_json(), false)?;
    }
    Err(error)
}

/// What is odd about the settings and about the value that is used.
fn findings(search_path: &SearchPath, lookup: &Lookup) -> Vec<Finding> {
    let of_value = match lookup.found.as_ref().map(|found| &found.value) {
        Some(FoundValue::Connection { connection, .. }) => connection.findings(),
        _ => &[],
    };
    let of_settings = search_path.findings().iter().chain(&lookup.findings);
    of_settings.chain(of_value).cloned().collect()
}

fn exit_code(lookup: &Lookup, findings: &[Finding]) -> u8 {
    let failure = lookup.found.is_none().then(|| lookup.failure());
    let doubts = findings.iter().filter_map(|finding| finding.strictly);
    let worst = doubts.chain(failure).min_by_key(|failure| failure.rank());
    worst.map_or(0, Failure::exit_code)
}

fn text(lookup: &Lookup, findings: &[Finding], settings: &[SettingUse], paint: Paint) -> String {
    let labelled = |label: &str, hue: Hue, text: &str| {
        format!("{} {}", paint.paint(hue, label), on_one_line(text))
    };
    let mut lines = vec![on_one_line(&lookup.sentence())];
    if lookup.layers.is_empty() {
        let told = lookup.lines();
        lines.extend(told.iter().map(|line| format!("  {}", on_one_line(line))));
    }
    for (number, report) in (1..).zip(&lookup.layers) {
        let place = on_one_line(&report.place());
        let outcome = on_one_line(&report.outcome_in_words());
        let outcome = paint.paint(hue(&report.outcome), &outcome);
        lines.push(format!("  {number}. {place}: {outcome}"));
        let asked_as = report.asked_as.iter();
        lines.extend(asked_as.map(|identity| format!("     asked {}", on_one_line(identity))));
    }
    let settings = settings.iter().map(ToString::to_string);
    lines.extend(settings.map(|setting| format!("setting: {}", on_one_line(&setting))));
    let doubts = findings.iter().filter(|finding| finding.strictly.is_some());
    lines.extend(doubts.map(|finding| labelled("error:", Hue::Red, &finding.sentence)));
    let hints = lookup.hints().into_iter();
    lines.extend(hints.map(|hint| labelled("hint:", Hue::Cyan, &hint)));
    lines.join("\n")
}

fn hue(outcome: &Outcome) -> Hue {
    match outcome {
        Outcome::Found { shadowed: false } => Hue::Green,
        Outcome::Failed(_) => Hue::Red,
        Outcome::Found { shadowed: true }
        | Outcome::NotFound(_)
        | Outcome::Skipped(_)
        | Outcome::NotServed(_) => Hue::Yellow,
    }
}

fn json(lookup: &Lookup, findings: &[Finding], settings: &[SettingUse], exit_code: u8) -> String {
    let outcome = match lookup.found {
        Some(_) => "found",
        None => lookup.failure().outcome(),
    };
    let explanation = Explanation {
        exit_code,
        outcome,
        found_in: lookup.found_in().map(|report| report.backend),
        warnings: findings
            .iter()
            .map(|finding| finding.sentence.clone())
            .collect(),
        settings: settings.iter().map(ExplainedSetting::from).collect(),
        layers: lookup.layers.iter().map(ExplainedLayer::from).collect(),
        ..Explanation::of(lookup.secret.kind, &lookup.secret.id)
    };
    explanation.to_json()
}

/// `secretctl.explain/v1`
#[derive(Serialize)]
struct Explanation<'a> {
    schema: &'static str,
    exit_code: u8,
    kind: &'static str,
    id: &'a str,
    outcome: &'static str,
    found_in: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    warnings: Vec<String>,
    settings: Vec<ExplainedSetting>,
    layers: Vec<ExplainedLayer>,
}

#[derive(Serialize)]
struct ExplainedSetting {
    name: String,
    source: ExplainedSource,
    overrides: Vec<ExplainedSource>,
}

/// A line of a file; both are null for the environment of the process.
#[derive(Serialize)]
struct ExplainedSource {
    file: Option<String>,
    line: Option<usize>,
}

#[derive(Serialize)]
struct ExplainedLayer {
    backend: &'static str,
    class: &'static str,
    endpoint: Option<String>,
    location: Option<String>,
    outcome: &'static str,
    asked_as: Option<String>,
    message: Option<String>,
    hints: Vec<String>,
}

impl<'a> Explanation<'a> {
    /// An explanation that says nothing yet.
    fn of(kind: SecretKind, id: &'a str) -> Self {
        Self {
            schema: "secretctl.explain/v1",
            exit_code: 0,
            kind: kind.short_name(),
            id,
            outcome: Failure::NotDefined.outcome(),
            found_in: None,
            error: None,
            warnings: Vec::new(),
            settings: Vec::new(),
            layers: Vec::new(),
        }
    }

    fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl From<&SettingUse> for ExplainedSetting {
    fn from(setting: &SettingUse) -> Self {
        Self {
            name: setting.name.clone(),
            source: ExplainedSource::from(&setting.source),
            overrides: setting
                .overridden
                .iter()
                .map(ExplainedSource::from)
                .collect(),
        }
    }
}

impl From<&Source> for ExplainedSource {
    fn from(source: &Source) -> Self {
        match source {
            Source::Environment => Self {
                file: None,
                line: None,
            },
            Source::File { path, line } => Self {
                file: Some(path.display().to_string()),
                line: Some(*line),
            },
        }
    }
}

impl From<&LayerReport> for ExplainedLayer {
    fn from(report: &LayerReport) -> Self {
        let message = match &report.outcome {
            Outcome::Found { shadowed: false } | Outcome::NotFound(None) => None,
            Outcome::NotFound(Some(why)) | Outcome::Skipped(why) => Some(why.clone()),
            Outcome::NotServed(why) => Some((*why).to_owned()),
            Outcome::Found { shadowed: true } => Some("shadowed by an earlier layer".into()),
            Outcome::Failed(error) => Some(error.to_string()),
        };
        let place = report.location.places();
        Self {
            backend: report.backend,
            class: report.class_path,
            endpoint: report.location.server().map(str::to_owned),
            location: (!place.is_empty()).then_some(place),
            outcome: report.outcome.word(),
            asked_as: report.asked_as.clone(),
            message,
            hints: report.advice().collect(),
        }
    }
}
