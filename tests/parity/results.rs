//! The table that a run writes: for each family of rules and each process, how many cases, and what came of them.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::case::{Case, Family, Process, Release};
use super::verdict::Verdict;

/// The counts of a run.
#[derive(Default)]
pub struct Results {
    rows: BTreeMap<(Family, Release, Process), Row>,
    departures: BTreeMap<&'static str, u64>,
}

#[derive(Default)]
struct Row {
    cases: u64,
    found: u64,
    equal: u64,
    departs: u64,
    differs: u64,
}

impl Results {
    /// Counts one case. `found` tells whether Airflow found a secret.
    pub fn count(&mut self, case: &Case, found: bool, verdict: &Verdict) {
        let row = self
            .rows
            .entry((case.family, case.release, case.process))
            .or_default();
        row.cases += 1;
        row.found += u64::from(found);
        match verdict {
            Verdict::Equal => row.equal += 1,
            Verdict::Departs(words) => {
                row.departs += 1;
                *self.departures.entry(words).or_default() += 1;
            }
            Verdict::Differs(_) => row.differs += 1,
        }
    }

    /// Adds what another worker counted.
    pub fn add(&mut self, other: Results) {
        for (key, row) in other.rows {
            let sum = self.rows.entry(key).or_default();
            sum.cases += row.cases;
            sum.found += row.found;
            sum.equal += row.equal;
            sum.departs += row.departs;
            sum.differs += row.differs;
        }
        for (words, count) in other.departures {
            *self.departures.entry(words).or_default() += count;
        }
    }

    /// How many cases were compared.
    pub fn cases(&self) -> u64 {
        self.rows.values().map(|row| row.cases).sum()
    }

    /// The page, in Markdown.
    pub fn page(&self, seed: u64, date: &str, versions: &[String]) -> String {
        let mut page = format!(
            "# secretctl and Airflow, case by case\n\n\
             {} generated cases, seed {seed}, on {date}, in real Airflow and in secretctl; written by `tests/parity/run`.\n\
             Compared are the value with all its fields, the layer that it is found in, the layers that fail, the requests that a server\n\
             is sent, and whether Airflow starts at all. \"Departs\" counts what docs/differences.md lists.\n\n",
            self.cases()
        );
        for version in versions {
            let _ = writeln!(page, "- {version}");
        }
        page.push_str("\n| rules | Airflow | process | cases | found | equal | departs | different |\n|---|---|---|--:|--:|--:|--:|--:|\n");
        for ((family, release, process), row) in &self.rows {
            let _ = writeln!(
                page,
                "| {} | {} | {} | {} | {} | {} | {} | {} |",
                family.title(),
                release.number(),
                process.name(),
                row.cases,
                row.found,
                row.equal,
                row.departs,
                row.differs
            );
        }
        let sum = |count: fn(&Row) -> u64| -> u64 { self.rows.values().map(count).sum() };
        let _ = writeln!(
            page,
            "| all | | | {} | {} | {} | {} | {} |",
            self.cases(),
            sum(|row| row.found),
            sum(|row| row.equal),
            sum(|row| row.departs),
            sum(|row| row.differs)
        );
        page.push_str("\n| departure | cases |\n|---|--:|\n");
        for (words, count) in &self.departures {
            let _ = writeln!(page, "| {words} | {count} |");
        }
        page
    }
}
