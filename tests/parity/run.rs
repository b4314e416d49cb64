//! One run over generated cases: two workers, each with Airflow processes of its own.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

use super::case::{Case, Release};
use super::generate::{GRAMMARS, case as generated};
use super::observed::Observed;
use super::oracle::Oracle;
use super::pair;
use super::recorded::{self, Recorded};
use super::results::Results;
use super::shrink::shrink;
use super::verdict::{Verdict, judge};

const WORKERS: usize = 2;
const CASES: u64 = 10_000;
const SEED: u64 = 20_261_125;

/// How many cases of a family are written down at the least.
const LEAST_RECORDED: u64 = 60;

/// Once so many differences are found, more of them would say nothing new.
const MOST_DIFFERENCES: usize = 40;

/// What is to be run.
pub struct Run {
    seed: u64,
    cases: u64,
    family: String,
    recorded: u64,
}

/// What came of it.
pub struct Report {
    seed: u64,
    recorded: u64,
    results: Results,
    versions: Vec<String>,
    took: Duration,
    /// The cases to be written down, by family and number.
    recordings: BTreeMap<(usize, u64), Recorded>,
    /// The differences, shrunk.
    pub differences: Vec<Difference>,
}

/// A difference in its smallest form.
pub struct Difference {
    what: &'static str,
    recording: Recorded,
    ours: Observed,
}

/// The runtime that secretctl's lookups run on, one for a thread.
pub fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// A case, for a person.
pub fn shown(case: &Case, what: &str, airflow: &Observed, ours: &Observed) -> String {
    format!(
        "- {what}\n  case:      {}\n  Airflow:   {}\n  secretctl: {}",
        json(case),
        json(airflow),
        json(ours)
    )
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("plain data")
}

impl Run {
    /// What the environment asks for; nothing where there is no Airflow.
    pub fn from_environment() -> Option<Self> {
        std::env::var_os("SECRETCTL_PARITY_3_3")?;
        std::env::var_os("SECRETCTL_PARITY_2_11")?;
        let number = |name: &str, default: u64| {
            std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
        };
        Some(Self {
            seed: number("SECRETCTL_PARITY_SEED", SEED),
            cases: number("SECRETCTL_PARITY_CASES", CASES),
            family: std::env::var("SECRETCTL_PARITY_FAMILY").unwrap_or_default(),
            recorded: number("SECRETCTL_PARITY_RECORD", 0),
        })
    }

    /// Runs all of it.
    pub fn all_cases(&self) -> Report {
        let started = Instant::now();
        let plan = self.plan();
        let next = AtomicU64::new(0);
        let report = Mutex::new(Report {
            seed: self.seed,
            recorded: self.recorded,
            results: Results::default(),
            versions: Vec::new(),
            took: Duration::ZERO,
            recordings: BTreeMap::new(),
            differences: Vec::new(),
        });
        std::thread::scope(|scope| {
            for _ in 0..WORKERS {
                scope.spawn(|| self.work(&plan, &next, &report));
            }
        });
        let mut report = report.into_inner().expect("no worker panicked");
        report.took = started.elapsed();
        report
    }

    /// The family and number of every case, families in turn, so that both workers have the slow ones.
    fn plan(&self) -> Vec<(usize, u64)> {
        let mut plan: Vec<(usize, u64)> = GRAMMARS
            .iter()
            .enumerate()
            .filter(|(_, grammar)| grammar.family.title().contains(&self.family))
            .flat_map(|(position, grammar)| {
                let count = (self.cases * grammar.share).div_ceil(10_000);
                (0..count).map(move |number| (position, number))
            })
            .collect();
        let share = |position: usize| GRAMMARS[position].share;
        plan.sort_by_key(|(position, number)| number * 10_000 / share(*position));
        plan
    }

    /// Whether a case is written down: of each family its share, and enough of the small ones to show a fault.
    fn is_recorded(&self, position: usize, number: u64) -> bool {
        let share = self.recorded * GRAMMARS[position].share / 10_000;
        self.recorded > 0 && number < share.max(LEAST_RECORDED)
    }

    fn work(&self, plan: &[(usize, u64)], next: &AtomicU64, report: &Mutex<Report>) {
        let mut pair = Pair::start();
        let mut results = Results::default();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some((position, number)) = plan.get(index as usize).copied() else {
                break;
            };
            let case = generated(self.seed, position, number);
            let (airflow, ours) = pair.observe(&case);
            let verdict = judge(&case, &airflow, &ours);
            results.count(&case, airflow.found.is_some(), &verdict);
            if self.is_recorded(position, number) {
                let recording = Recorded {
                    name: None,
                    case: case.clone(),
                    airflow,
                };
                let mut report = report.lock().expect("no worker panicked");
                report.recordings.insert((position, number), recording);
            }
            if let Verdict::Differs(what) = verdict {
                let difference = pair.smallest(case, what);
                let mut report = report.lock().expect("no worker panicked");
                report.differences.push(difference);
                if report.differences.len() >= MOST_DIFFERENCES {
                    break;
                }
            }
        }
        let mut report = report.lock().expect("no worker panicked");
        report.results.add(results);
        report.versions = pair.versions();
    }
}

/// Both programs, ready for cases.
struct Pair {
    oracles: BTreeMap<Release, Oracle>,
    runtime: Runtime,
}

impl Pair {
    fn start() -> Self {
        let oracles = [Release::V3_3, Release::V2_11]
            .into_iter()
            .filter_map(|release| Some((release, Oracle::start(release)?)))
            .collect();
        Self {
            oracles,
            runtime: runtime(),
        }
    }

    fn observe(&mut self, case: &Case) -> (Observed, Observed) {
        let oracle = self.oracles.get_mut(&case.release).expect("an oracle");
        let airflow = pair::airflow(oracle, case);
        (airflow, pair::secretctl(&self.runtime, case))
    }

    fn smallest(&mut self, case: Case, what: &'static str) -> Difference {
        let case = shrink(case, |smaller| {
            let (airflow, ours) = self.observe(smaller);
            judge(smaller, &airflow, &ours) == Verdict::Differs(what)
        });
        let (airflow, ours) = self.observe(&case);
        Difference {
            what,
            recording: Recorded {
                name: Some(what.to_owned()),
                case,
                airflow,
            },
            ours,
        }
    }

    /// The recordings with what Airflow does with their cases today.
    fn recorded_again(&mut self, recordings: Vec<Recorded>) -> Vec<Recorded> {
        recordings
            .into_iter()
            .map(|recording| Recorded {
                airflow: self.observe(&recording.case).0,
                ..recording
            })
            .collect()
    }

    fn versions(&self) -> Vec<String> {
        self.oracles
            .values()
            .map(|oracle| {
                let providers = oracle.versions["providers"].as_object();
                let providers: Vec<String> = providers
                    .into_iter()
                    .flatten()
                    .map(|(name, version)| {
                        format!("{name} {}", version.as_str().unwrap_or_default())
                    })
                    .collect();
                format!(
                    "Airflow {} with the providers {}",
                    oracle.versions["airflow"].as_str().unwrap_or_default(),
                    providers.join(", ")
                )
            })
            .collect()
    }
}

impl Report {
    /// One line for the log.
    pub fn summary(&self) -> String {
        format!(
            "parity: {} cases in {:.0} s, {} differences",
            self.results.cases(),
            self.took.as_secs_f64(),
            self.differences.len()
        )
    }

    /// Every difference, for a person.
    pub fn differences_in_words(&self) -> String {
        self.differences
            .iter()
            .map(|difference| {
                let Recorded { case, airflow, .. } = &difference.recording;
                shown(case, difference.what, airflow, &difference.ours)
            })
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// The table and the recordings, where the environment asks for them; the differences always.
    pub fn write_files(&self) {
        if let Ok(path) = std::env::var("SECRETCTL_PARITY_RESULTS") {
            let page = self.results.page(self.seed, &today(), &self.versions);
            std::fs::write(path, page).expect("the table is written");
        }
        if self.recorded > 0 {
            let recordings: Vec<Recorded> = self.recordings.values().cloned().collect();
            recorded::write(&recorded::slice_file(), &recordings);
            let regressions = recorded::regressions_file();
            let again = Pair::start().recorded_again(recorded::read(&regressions));
            recorded::write(&regressions, &again);
        }
        if !self.differences.is_empty() {
            let found: Vec<Recorded> = self
                .differences
                .iter()
                .map(|found| found.recording.clone())
                .collect();
            let path =
                Path::new(env!("CARGO_MANIFEST_DIR")).join("target/parity/differences.jsonl");
            recorded::write(&path, &found);
        }
    }
}

fn today() -> String {
    let output = Command::new("date")
        .arg("+%Y-%m-%d")
        .output()
        .expect("a date");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
