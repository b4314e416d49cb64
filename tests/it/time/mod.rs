//! Whatever a lookup waits for, it waits no longer than `--timeout`: files, programs and servers that never come to an end.
//!
//! Each case lays one of them where a setting in use leads, gives the lookup a second, and looks at what comes back: in time,
//! with the exit code of its kind, by name, and with no program left behind.

mod aws;
mod azure;
mod google;
mod kubernetes;
mod near_misses;
mod settings;
mod vault;

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::cli::{Output, Secretctl};

/// Longer than a second, one more for near misses, and a busy machine; shorter than anything that hangs here.
const SOON: Duration = Duration::from_secs(8);

/// What a program does that never ends; its child does not either.
const HANGS: &str = "sleep 60 &\nwait";

/// An address that is not to be asked: what comes before hangs.
const NOBODY: &str = "http://127.0.0.1:9";
const NOBODY_WITH_TLS: &str = "https://127.0.0.1:9";

/// Something that never ends, and what becomes of a lookup that waits for it.
struct Case {
    /// The file or program in the home that hangs.
    what: &'static str,
    /// Lays it, and sets what leads there.
    lay: fn(Secretctl) -> Secretctl,
    /// What stderr names: the file or program itself, unless something else leads a person there.
    named: &'static str,
    code: i32,
    /// How stderr says why.
    because: &'static str,
}

impl Case {
    /// A file that never ends.
    const fn file(what: &'static str, lay: fn(Secretctl) -> Secretctl) -> Self {
        Self {
            what,
            lay,
            named: what,
            code: 6,
            because: "no answer within 1 s",
        }
    }

    /// A program that never ends.
    const fn program(what: &'static str, lay: fn(Secretctl) -> Secretctl) -> Self {
        Self {
            what,
            lay,
            named: what,
            code: 6,
            because: "did not end within 1 s",
        }
    }

    /// Where stderr names the setting instead of what it leads to.
    const fn named(self, named: &'static str) -> Self {
        Self { named, ..self }
    }

    const fn with_code(self, code: i32) -> Self {
        Self { code, ..self }
    }

    /// Where what hangs is refused before it is waited for.
    const fn refused(self, because: &'static str) -> Self {
        Self {
            code: 7,
            because,
            ..self
        }
    }

    fn check(&self, run: Secretctl) {
        let run = match self.because.starts_with("did") {
            true => run.program(self.what, HANGS),
            false => run.pipe(self.what),
        };
        ends_in_time((self.lay)(run))
            .fails_with(self.code)
            .says(self.because)
            .says(self.named);
    }
}

/// Checks all cases at a time, since each does little but wait. `lookup` makes the run that a case lays something for.
#[track_caller]
fn check_all(cases: &[Case], lookup: impl Fn() -> Secretctl + Sync) {
    let failed: Vec<&str> = std::thread::scope(|scope| {
        let lookup = &lookup;
        let running: Vec<_> = cases
            .iter()
            .map(|case| (case.what, scope.spawn(move || case.check(lookup()))))
            .collect();
        let ended = running
            .into_iter()
            .map(|(what, check)| (what, check.join().is_ok()));
        ended
            .filter(|(_, is_ok)| !is_ok)
            .map(|(what, _)| what)
            .collect()
    });
    assert!(failed.is_empty(), "see above: {failed:?}");
}

/// Runs `get-var hello` with a second's time; what it started may not outlive it.
#[track_caller]
fn ends_in_time(run: Secretctl) -> Output {
    let home = run.home().to_owned();
    let output = run.args(["get-var", "hello", "--timeout", "1"]).run();
    assert!(output.took < SOON, "{output}");
    assert_nobody_is_left(&home, &output);
    output
}

/// Fails if a process lives that knows of this home, from its arguments or its environment.
#[track_caller]
fn assert_nobody_is_left(home: &Path, output: &Output) {
    let end = Instant::now() + SOON;
    // One that was killed takes a moment to go.
    while let Some(left) = somebody_of(home) {
        assert!(Instant::now() < end, "still running: {left}\n{output}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn somebody_of(home: &Path) -> Option<String> {
    let home = home.to_str().expect("a temporary path is UTF-8");
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let told = processes.filter_map(|process| {
        let read = |name| std::fs::read(process.path().join(name)).unwrap_or_default();
        let arguments = String::from_utf8_lossy(&read("cmdline")).replace('\0', " ");
        let environment = String::from_utf8_lossy(&read("environ")).into_owned();
        Some((arguments, environment)).filter(|(arguments, _)| !arguments.is_empty())
    });
    let mut of_home = told
        .filter(|(arguments, environment)| arguments.contains(home) || environment.contains(home));
    of_home.next().map(|(arguments, _)| arguments)
}

/// A lookup with these kwargs, which may hold a path in the home as `$HOME/name`.
fn with_kwargs(run: Secretctl, kwargs: Value) -> Secretctl {
    let home = run.path_of("");
    let kwargs = kwargs.to_string().replace("$HOME/", &home);
    run.env("AIRFLOW__SECRETS__BACKEND_KWARGS", &kwargs)
}

/// The search itself finds who is left.
#[test]
fn a_process_that_is_left_is_found() {
    let home = tempfile::tempdir().unwrap();
    let mut sleeper = std::process::Command::new("sleep")
        .arg("60")
        .env("HOME", home.path())
        .spawn()
        .unwrap();
    let found = somebody_of(home.path());
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
    assert_eq!(found.as_deref(), Some("sleep 60 "));
    assert_eq!(somebody_of(home.path()), None);
}
