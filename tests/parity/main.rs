//! Parity: the same generated cases in real Airflow and in secretctl, and every difference is a failure.
//!
//! `generate` makes the cases from a seed, `oracle` asks the real Airflow that `tests/parity/install` has put under
//! `target/parity`, `ours` asks secretctl, `verdict` compares, `departures` knows what is meant to differ, `shrink` makes a
//! difference small. Without Airflow the recorded cases are repeated, and the rest says that it is skipped.
//!
//! A difference that was found stands in `target/parity/differences.jsonl`, ready to be named and put into `regressions.jsonl`
//! once it is mended.
//!
//! | variable | meaning |
//! |---|---|
//! | `SECRETCTL_PARITY_CASES` | how many cases are generated; 10,000 |
//! | `SECRETCTL_PARITY_SEED` | the seed they are generated from |
//! | `SECRETCTL_PARITY_FAMILY` | only the families whose title holds this text |
//! | `SECRETCTL_PARITY_RESULTS` | the file that the table of the run is written to |
//! | `SECRETCTL_PARITY_RECORD` | how many cases are written down, with what Airflow did, in place of those recorded before; the regressions are recorded again |

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod case;
mod departures;
mod dice;
mod generate;
mod observed;
mod oracle;
mod ours;
mod pair;
mod program;
mod recorded;
mod results;
mod run;
mod server;
mod shrink;
#[path = "../it/support/mod.rs"]
mod support;
mod verdict;

use std::io::Write as _;

use recorded::Recorded;
use run::{Run, runtime};
use verdict::Verdict;

/// What was recorded holds without Airflow too.
#[test]
fn recorded_cases_agree() {
    let recordings = recorded::read(&recorded::slice_file());
    assert!(recordings.len() >= 1000, "{} cases", recordings.len());
    repeat(&recordings);
}

/// The library is what the other tests compare; this is the program, on some of the same cases.
#[test]
fn the_program_prints_what_airflow_uses() {
    let runtime = runtime();
    let mut compared = 0;
    let mut faults = Vec::new();
    for recording in recorded::read(&recorded::slice_file()).iter().step_by(7) {
        let Recorded { case, airflow, .. } = recording;
        let ours = pair::secretctl(&runtime, case);
        let is_equal = verdict::judge(case, airflow, &ours) == Verdict::Equal;
        let is_usage_error = case.id.is_empty(); // docs/differences.md
        if !is_equal || is_usage_error || !program::is_comparable(case, airflow) {
            continue;
        }
        compared += 1;
        if let Some(fault) = pair::fault_of_program(case, airflow) {
            faults.push(run::shown(case, &fault, airflow, &ours));
        }
    }
    assert!(compared >= 200, "{compared} cases");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What is meant to differ stands in docs/differences.md, where `tests/it/differences` proves it.
#[test]
fn every_departure_is_on_the_page_of_differences() {
    let list = include_str!("../../docs/differences.md");
    let folded = list.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in departures::all_words() {
        assert_eq!(folded.matches(words).count(), 1, "{words:?}");
    }
}

/// What once differed stays mended.
#[test]
fn regressions_stay_mended() {
    repeat(&recorded::read(&recorded::regressions_file()));
}

fn repeat(recordings: &[Recorded]) {
    let runtime = runtime();
    let mut differences = Vec::new();
    for recording in recordings {
        let ours = pair::secretctl(&runtime, &recording.case);
        if let Verdict::Differs(what) = verdict::judge(&recording.case, &recording.airflow, &ours) {
            differences.push(run::shown(&recording.case, what, &recording.airflow, &ours));
        }
    }
    assert!(
        differences.is_empty(),
        "{} of {} recorded cases differ:\n{}",
        differences.len(),
        recordings.len(),
        differences.join("\n")
    );
}

/// Real Airflow and secretctl do the same with every generated case.
#[test]
fn generated_cases_agree() {
    let Some(run) = Run::from_environment() else {
        return support::skipped("real Airflow").unwrap_or_default();
    };
    let report = run.all_cases();
    let _ = writeln!(std::io::stderr(), "{}", report.summary());
    report.write_files();
    assert!(
        report.differences.is_empty(),
        "{}",
        report.differences_in_words()
    );
}
