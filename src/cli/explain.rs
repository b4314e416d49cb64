//! `explain`: every layer in order, where it looked and what came of it. Never a value.

use std::io::Write;

use serde::Serialize;

use super::arguments::{ExplainArguments, ExplainOutput};
use super::output;
use super::terminal::printable;
use crate::error::Result;
use crate::failure::Fault;
use crate::search_path::{LayerReport, Lookup, Outcome, SearchPath};
use crate::secret_kind::SecretId;

/// Asks every layer and prints what each said. The exit code is the one that a lookup would have ended with.
pub async fn run(
    arguments: &ExplainArguments,
    search_path: &SearchPath,
    stdout: &mut dyn Write,
) -> Result<u8> {
    let secret = SecretId::new(arguments.kind.into(), &arguments.id);
    let lookup = search_path.explain(&secret).await;
    let text = match arguments.output {
        ExplainOutput::Text => text(&lookup),
        ExplainOutput::Json => json(&lookup),
    };
    output::write(stdout, &text, false)?;
    Ok(if lookup.found.is_some() {
        0
    } else {
        lookup.failure().exit_code()
    })
}

fn text(lookup: &Lookup) -> String {
    let mut lines = vec![lookup.sentence()];
    if lookup.layers.is_empty() {
        lines.extend(lookup.lines().iter().map(|line| format!("  {line}")));
    }
    for (number, report) in lookup.layers.iter().enumerate() {
        lines.push(format!(
            "  {}. {}: {}",
            number + 1,
            report.place(),
            report.outcome_in_words()
        ));
        lines.extend(
            report
                .asked_as
                .iter()
                .map(|identity| format!("     asked {identity}")),
        );
    }
    lines.extend(
        lookup
            .hints()
            .into_iter()
            .map(|hint| format!("hint: {hint}")),
    );
    printable(&lines.join("\n"))
}

/// `secretctl.explain/v1`
#[derive(Serialize)]
struct Explanation<'a> {
    schema: &'static str,
    kind: &'static str,
    id: &'a str,
    outcome: &'static str,
    found_in: Option<&'static str>,
    layers: Vec<ExplainedLayer>,
}

#[derive(Serialize)]
struct ExplainedLayer {
    backend: &'static str,
    class: &'static str,
    location: Option<String>,
    outcome: &'static str,
    message: Option<String>,
    hints: Vec<String>,
}

fn json(lookup: &Lookup) -> String {
    let explanation = Explanation {
        schema: "secretctl.explain/v1",
        kind: lookup.secret.kind.short_name(),
        id: &lookup.secret.id,
        outcome: if lookup.found.is_some() {
            "found"
        } else {
            lookup.failure().outcome()
        },
        found_in: lookup.found_in().map(|report| report.backend),
        layers: lookup.layers.iter().map(ExplainedLayer::from).collect(),
    };
    serde_json::to_string(&explanation).unwrap_or_default()
}

impl From<&LayerReport> for ExplainedLayer {
    fn from(report: &LayerReport) -> Self {
        let message = match &report.outcome {
            Outcome::Found { shadowed: false } | Outcome::NotFound(None) => report
                .asked_as
                .as_ref()
                .map(|identity| format!("asked {identity}")),
            Outcome::NotFound(Some(why)) | Outcome::Skipped(why) => Some(why.clone()),
            Outcome::NotServed(why) => Some((*why).to_owned()),
            Outcome::Found { shadowed: true } => Some("shadowed by an earlier layer".into()),
            Outcome::Failed(error) => Some(error.to_string()),
        };
        let hints = report
            .failure()
            .and_then(Fault::hint)
            .into_iter()
            .chain(report.hints.iter().cloned())
            .collect();
        let place = report.location.places();
        ExplainedLayer {
            backend: report.backend,
            class: report.class_path,
            location: (!place.is_empty()).then_some(place),
            outcome: report.outcome.word(),
            message,
            hints,
        }
    }
}
