//! Airflow's side of a case: `oracle.py` in a real Airflow, one process for all cases.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use super::case::{Case, Places, Release};
use super::observed::Observed;

/// A real Airflow that answers cases.
pub struct Oracle {
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// What it said of itself: its release and those of its providers.
    pub versions: Value,
}

impl Oracle {
    /// Starts the Airflow of a release; nothing if `tests/parity/install` has not put it there.
    pub fn start(release: Release) -> Option<Self> {
        let variable = match release {
            Release::V3_3 => "SECRETCTL_PARITY_3_3",
            Release::V2_11 => "SECRETCTL_PARITY_2_11",
        };
        let python = std::env::var_os(variable)?;
        let driver = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/parity/oracle.py");
        let log = std::fs::File::create(log_file(release)).expect("a log file");
        let mut process = Command::new(python)
            .arg(driver)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("Airflow's Python starts");
        let questions = process.stdin.take().expect("a pipe");
        let answers = BufReader::new(process.stdout.take().expect("a pipe"));
        let mut oracle = Self {
            process,
            questions,
            answers,
            versions: Value::Null,
        };
        oracle.versions = serde_json::from_str(&oracle.line()).expect("the oracle names itself");
        Some(oracle)
    }

    /// What Airflow does with a case.
    pub fn observe(&mut self, case: &Case, places: &Places<'_>) -> Observed {
        let env: serde_json::Map<String, Value> = case
            .environment(places)
            .into_iter()
            .map(|(name, value)| (name, Value::String(value)))
            .collect();
        let question = json!({
            "context": case.process.name(),
            "home": places.home,
            "env": env,
            "kind": case.kind.name(),
            "id": case.id,
            "deserialize_json": case.as_json,
        });
        writeln!(self.questions, "{question}").expect("the oracle listens");
        let answer = self.line();
        Observed::from_airflow(&answer, places).unwrap_or_else(|fault| panic!("{fault}"))
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        let length = self.answers.read_line(&mut line).expect("an answer");
        assert!(length > 0, "the oracle ended; see target/parity/*.log");
        line
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A log for each process, since each worker has its own oracle.
fn log_file(release: Release) -> std::path::PathBuf {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static STARTED: AtomicUsize = AtomicUsize::new(0);
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/parity");
    std::fs::create_dir_all(&folder).expect("target/parity");
    let number = STARTED.fetch_add(1, Ordering::Relaxed);
    folder.join(format!("oracle-{}-{number}.log", release.number()))
}
