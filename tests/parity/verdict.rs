//! Whether secretctl did with a case what Airflow did, and if not, whether it is meant to do something else.

use super::case::Case;
use super::departures;
use super::observed::{Layer, Observed, Said};

/// What came out of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The same.
    Equal,
    /// Something else, on purpose: the words of docs/differences.md.
    Departs(&'static str),
    /// Something else, and nobody meant it.
    Differs(&'static str),
}

/// Compares what both programs did with a case.
pub fn judge(case: &Case, airflow: &Observed, ours: &Observed) -> Verdict {
    let Some(difference) = difference(airflow, ours) else {
        return Verdict::Equal;
    };
    match departures::reason(case, airflow, ours) {
        Some(words) => Verdict::Departs(words),
        None => Verdict::Differs(difference),
    }
}

/// The first thing in which they differ.
fn difference(airflow: &Observed, ours: &Observed) -> Option<&'static str> {
    match (&airflow.stopped, &ours.stopped) {
        (Some(_), Some(_)) => return None,
        (Some(_), None) => return Some("Airflow does not start, secretctl does"),
        (None, Some(_)) => return Some("Airflow starts, secretctl does not"),
        (None, None) => {}
    }
    match (&airflow.found, &ours.found) {
        (Some(theirs), Some(own)) if theirs.backend != own.backend => {
            Some("the secret is found in another layer")
        }
        (Some(theirs), Some(own)) if theirs.value != own.value => Some("the value is another one"),
        (None, Some(_)) => Some("secretctl finds what Airflow does not"),
        (Some(_), None) => Some("Airflow finds what secretctl does not"),
        _ => layers_differ(airflow, ours).or_else(|| {
            (airflow.requests != ours.requests).then_some("the server is sent other requests")
        }),
    }
}

/// A failure must be told as one, and nothing else may be.
fn layers_differ(airflow: &Observed, ours: &Observed) -> Option<&'static str> {
    let failed = |observed: &Observed| -> Vec<String> {
        let failed = |layer: &&Layer| layer.said == Said::Failed;
        observed
            .layers
            .iter()
            .filter(failed)
            .map(|layer| layer.backend.clone())
            .collect()
    };
    let (theirs, own) = (failed(airflow), failed(ours));
    if theirs == own {
        None
    } else if theirs.len() > own.len() {
        Some("a failure is told as an absence")
    } else {
        Some("an absence is told as a failure")
    }
}
