//! Whether every id that is needed resolves: the ids, what came of each, and the one exit code of all.
//!
//! The surprising rule: what is wrong with the settings or a backend outranks what is missing, so that an outage is never
//! taken for a missing secret; and an id that nobody wrote down (a class's default) fails nothing unless told so.

mod id_list;
pub mod report;
mod wanted;

use crate::failure::Failure;
use crate::finding::Finding;
use crate::search_path::{FoundValue, LayerReport, Lookup, SearchPath};

pub use id_list::{IdListError, ids_in};
pub use wanted::{Wanted, WantedIds};

/// How many ids that no layer has are looked into: which neighbours there are, and what else may be the matter.
const MOST_DIAGNOSED: usize = 10;

/// What came of one id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Who is asking is not known to the backend.
    Unauthenticated,
    /// The backend refuses this id.
    Denied,
    /// No answer.
    Unreachable,
    /// Found, and not what Airflow can use or what is meant.
    Malformed,
    /// Defined nowhere.
    Missing,
    /// The same, and nobody wrote the id: a class takes it by default.
    ImplicitMissing,
    /// The same, and every use has a default.
    OptionalMissing,
    /// The same, and it is said to live where secretctl cannot look.
    Known,
    /// It resolves.
    Ok,
}

impl Status {
    /// All of them, the worst first.
    pub const ALL: [Status; 9] = [
        Self::Unauthenticated,
        Self::Denied,
        Self::Unreachable,
        Self::Malformed,
        Self::Missing,
        Self::ImplicitMissing,
        Self::OptionalMissing,
        Self::Known,
        Self::Ok,
    ];

    /// The word for it in every report.
    pub fn word(self) -> &'static str {
        match self {
            Status::Unauthenticated => "unauthenticated",
            Status::Denied => "denied",
            Status::Unreachable => "unreachable",
            Status::Malformed => "malformed",
            Status::Missing => "missing",
            Status::ImplicitMissing => "implicit_missing",
            Status::OptionalMissing => "optional_missing",
            Status::Known => "known",
            Status::Ok => "ok",
        }
    }
}

/// What the missing default ids of classes are taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Implicit {
    /// Told, and no failure.
    Warn,
    /// Missing like any other.
    Error,
    /// Not asked for at all.
    Skip,
}

/// One id and what came of it.
#[derive(Debug)]
pub struct Checked {
    /// The id and who uses it.
    pub wanted: Wanted,
    /// What came of it.
    pub status: Status,
    /// What each layer said.
    pub lookup: Lookup,
    /// What is odd about it although it was found; never a value.
    pub findings: Vec<Finding>,
}

impl Checked {
    /// What is the matter, for a person: the words of the layers that were asked.
    pub fn message(&self) -> Option<String> {
        match self.status {
            Status::Ok => None,
            _ if self.lookup.found.is_some() => {
                let doubts = self.findings.iter().filter(|f| f.strictly.is_some());
                let sentences: Vec<&str> = doubts.map(|f| f.sentence.as_str()).collect();
                Some(sentences.join("; "))
            }
            _ => Some(self.lookup.lines().join("; ")),
        }
    }

    /// The layer to be named: the one whose value is used, or that failed, or that was asked first.
    pub fn layer(&self) -> Option<&LayerReport> {
        let layers = &self.lookup.layers;
        let failed = || layers.iter().find(|layer| layer.failure().is_some());
        let found = self.lookup.found_in();
        found.or_else(failed).or_else(|| layers.first())
    }

    /// Advice on it.
    pub fn hints(&self) -> Vec<String> {
        match self.status {
            Status::Ok => Vec::new(),
            _ => self.lookup.hints(),
        }
    }
}

/// What came of all of them.
#[derive(Debug)]
pub struct Check {
    /// Every id once, the worst first.
    pub results: Vec<Checked>,
    /// What is odd about the settings.
    pub findings: Vec<Finding>,
    /// 0, 1 where something is missing or wrong, or the code of the failure that concerns a backend or the settings.
    pub exit_code: u8,
}

impl Check {
    /// How many ids ended so.
    pub fn count(&self, status: Status) -> usize {
        let of_status = self
            .results
            .iter()
            .filter(|checked| checked.status == status);
        of_status.count()
    }
}

/// Asks for every id of `wanted` once, layer by layer.
pub async fn check(search_path: &SearchPath, wanted: WantedIds, implicit: Implicit) -> Check {
    let wanted = wanted.into_ids(implicit);
    let secrets: Vec<_> = wanted.iter().map(|wanted| wanted.secret.clone()).collect();
    let lookups = search_path.lookup_many(&secrets).await;
    let mut results: Vec<Checked> = wanted
        .into_iter()
        .zip(lookups)
        .map(|(wanted, lookup)| judged(wanted, lookup, implicit))
        .collect();
    results.sort_by_key(|checked| checked.status);
    let missing = results
        .iter_mut()
        .filter(|checked| matches!(checked.status, Status::Missing | Status::ImplicitMissing));
    for checked in missing.take(MOST_DIAGNOSED) {
        search_path.diagnose_missing(&mut checked.lookup).await;
    }
    let mut findings = search_path.findings().to_vec();
    if results
        .iter()
        .any(|checked| checked.status == Status::Missing)
    {
        findings.extend_from_slice(search_path.unconfigured());
    }
    let exit_code = exit_code(&results, &findings);
    Check {
        results,
        findings,
        exit_code,
    }
}

fn judged(wanted: Wanted, lookup: Lookup, implicit: Implicit) -> Checked {
    let mut findings = lookup.passed_over();
    if let Some(FoundValue::Connection { connection, .. }) =
        lookup.found.as_ref().map(|found| &found.value)
    {
        findings.extend_from_slice(connection.findings());
    }
    let is_doubtful = findings.iter().any(|finding| finding.strictly.is_some());
    let status = match (&lookup.found, lookup.failure()) {
        (Some(_), _) if is_doubtful => Status::Malformed,
        (Some(_), _) => Status::Ok,
        (None, Failure::Unauthenticated) => Status::Unauthenticated,
        (None, Failure::Denied) => Status::Denied,
        (None, Failure::Unreachable | Failure::Throttled) => Status::Unreachable,
        (None, Failure::NotDefined) if wanted.is_known => Status::Known,
        (None, Failure::NotDefined) if wanted.is_optional => Status::OptionalMissing,
        (None, Failure::NotDefined) if wanted.is_implicit && implicit == Implicit::Warn => {
            Status::ImplicitMissing
        }
        (None, Failure::NotDefined) => Status::Missing,
        (None, _) => Status::Malformed,
    };
    Checked {
        wanted,
        status,
        lookup,
        findings,
    }
}

/// The settings first, then who asks, what is refused, what does not answer; what is missing or unusable last.
fn exit_code(results: &[Checked], findings: &[Finding]) -> u8 {
    let of_settings = findings.iter().filter_map(|finding| finding.strictly);
    let of_backends = results
        .iter()
        .filter(|checked| checked.lookup.found.is_none())
        .map(|checked| checked.lookup.failure())
        .filter(|failure| !matches!(failure, Failure::NotDefined | Failure::Malformed));
    let worst = of_settings
        .chain(of_backends)
        .min_by_key(|failure| failure.rank());
    let fails = |checked: &Checked| matches!(checked.status, Status::Missing | Status::Malformed);
    match worst {
        Some(failure) => failure.exit_code(),
        None => u8::from(results.iter().any(fails)),
    }
}
