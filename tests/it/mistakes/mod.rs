//! The mistakes that people make, each with what it is told: the place that is wrong, and a next step that works.
//!
//! One table, a file for each family. `docs/mistakes.md` shows every message as it is; with `SECRETCTL_WRITE_PAGES` set this test
//! writes that page, and without it compares. The surprising rule: a hint that names a setting is obeyed, and the run is made
//! again, so that no hint can be there that does not help.

mod aws;
mod azure;
mod env_files;
mod google;
mod kubernetes;
mod kwargs;
mod page;
mod settings;
mod values;
mod vault;

use std::any::Any;
use std::path::Path;

use crate::support::cli::{Output, Secretctl};

/// A mistake, and what must come of it.
pub struct Mistake {
    /// What a person did, as a heading of the page.
    done: &'static str,
    run: Secretctl,
    code: i32,
    /// Words that name the setting or place that is wrong.
    named: Vec<String>,
    /// Words of a hint, which is the next step.
    advised: Vec<String>,
    /// Words of the next step where the message itself has it.
    told: Vec<String>,
    obeyed: Option<Obeyed>,
    /// Servers that the runs ask.
    _kept: Vec<Box<dyn Any + Send>>,
}

/// The same run by somebody who did as the hint says.
struct Obeyed {
    code: i32,
    change: Box<dyn FnOnce(Secretctl) -> Secretctl + Send>,
}

/// A mistake that ends `run` with `code`.
pub fn mistake(done: &'static str, code: i32, run: Secretctl) -> Mistake {
    Mistake {
        done,
        run,
        code,
        named: Vec::new(),
        advised: Vec::new(),
        told: Vec::new(),
        obeyed: None,
        _kept: Vec::new(),
    }
}

impl Mistake {
    /// The message holds these words, which name what is wrong.
    pub fn names(mut self, words: impl Into<String>) -> Self {
        self.named.push(words.into());
        self
    }

    /// A hint holds these words.
    pub fn advises(mut self, words: impl Into<String>) -> Self {
        self.advised.push(words.into());
        self
    }

    /// The message itself says what to do in these words.
    pub fn tells(mut self, words: impl Into<String>) -> Self {
        self.told.push(words.into());
        self
    }

    /// Who does as the hint says ends with `code`, and is not given the same hint again.
    pub fn obeyed(
        mut self,
        code: i32,
        change: impl FnOnce(Secretctl) -> Secretctl + Send + 'static,
    ) -> Self {
        let change = Box::new(change);
        self.obeyed = Some(Obeyed { code, change });
        self
    }

    /// Keeps a server until the runs are over.
    pub fn keeps(mut self, server: impl Any + Send) -> Self {
        self._kept.push(Box::new(server));
        self
    }

    /// Makes the runs: the mistake's part of the page, and what it is not told as it should be.
    fn check(self) -> (String, Vec<String>) {
        let output = self.run.run();
        let part = page::part(self.done, &self.run, &output);
        let mut faults = Vec::new();
        let advice = advice(&output);
        if output.code != Some(self.code) {
            faults.push(format!("ends with {:?}, not {}", output.code, self.code));
        }
        let unsaid = self
            .named
            .iter()
            .chain(&self.told)
            .filter(|words| !output.stderr.contains(*words));
        faults.extend(unsaid.map(|words| format!("does not say {words:?}")));
        let unsaid = self.advised.iter().filter(|words| !advice.contains(*words));
        faults.extend(unsaid.map(|words| format!("no hint says {words:?}")));
        if self.named.is_empty() || (self.advised.is_empty() && self.told.is_empty()) {
            faults.push("a case needs words for the place and for the next step".into());
        }
        match self.obeyed {
            Some(obeyed) => {
                let again = (obeyed.change)(self.run).run();
                let words = [self.advised, self.told].concat();
                faults.extend(faults_of_obeyed(&again, obeyed.code, &words));
            }
            None => faults.extend(
                setting_in(&advice).map(|name| format!("nobody obeys the hint about {name:?}")),
            ),
        }
        let done = self.done;
        let faults = faults.into_iter();
        let faults = faults.map(|fault| format!("{done}: {fault}\n{output}"));
        (part, faults.collect())
    }
}

fn faults_of_obeyed(output: &Output, code: i32, advised: &[String]) -> Vec<String> {
    let mut faults = Vec::new();
    if output.code != Some(code) {
        faults.push(format!("obeyed, it does not end with {code}:\n{output}"));
    }
    if advised.iter().all(|words| output.stderr.contains(words)) {
        faults.push(format!("obeyed, it gives the same advice:\n{output}"));
    }
    faults
}

/// What stderr advises: its hints, and the warnings, which hold theirs.
fn advice(output: &Output) -> String {
    let holds = |line: &&str| line.starts_with("hint: ") || line.starts_with("warning: ");
    let advice = output.stderr.lines().filter(holds);
    advice.collect::<Vec<_>>().join("\n")
}

/// A setting that advice names: a kwarg in double quotes, a variable, or an option.
fn setting_in(advice: &str) -> Option<&str> {
    let is_name = |word: &str| word.len() > 3 && word.contains('_');
    let is_kwarg =
        |word: &str| is_name(word) && word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let is_variable =
        |word: &str| is_name(word) && word.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    let mut kwargs = advice.split('"').skip(1).step_by(2);
    let mut words = advice.split([' ', ',', ';', '`', '=', ')', '(', '"']);
    kwargs
        .find(|word| is_kwarg(word) || *word == "url" || *word == "verify")
        .or_else(|| {
            words.find(|word| is_variable(word) || (word.starts_with("--") && word.len() > 2))
        })
}

/// A family of mistakes with its heading.
type Family = (&'static str, fn() -> Vec<Mistake>);

const FAMILIES: [Family; 9] = [
    ("The settings of a secrets backend", settings::mistakes),
    ("Backend kwargs", kwargs::mistakes),
    ("Env files", env_files::mistakes),
    ("HashiCorp Vault", vault::mistakes),
    ("AWS", aws::mistakes),
    ("Google Cloud", google::mistakes),
    ("Azure Key Vault", azure::mistakes),
    ("Kubernetes", kubernetes::mistakes),
    ("Values", values::mistakes),
];

#[test]
fn every_mistake_is_told_by_its_place_and_the_next_step() {
    let families = std::thread::scope(|scope| {
        let families = FAMILIES.map(|(title, mistakes)| {
            let checked = move || mistakes().into_iter().map(Mistake::check).unzip();
            (title, scope.spawn(checked))
        });
        families.map(|(title, family)| {
            let (parts, faults): (Vec<String>, Vec<Vec<String>>) = family
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            (page::family(title, &parts), faults.concat())
        })
    });
    let (families, faults): (Vec<String>, Vec<Vec<String>>) = families.into_iter().unzip();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/mistakes.md");
    let text = page::whole(&families);
    if std::env::var_os("SECRETCTL_WRITE_PAGES").is_some() {
        std::fs::write(&page, &text).unwrap();
    }
    let faults = faults.concat();
    assert!(
        faults.is_empty(),
        "{} faults:\n\n{}",
        faults.len(),
        faults.join("\n\n")
    );
    let written = std::fs::read_to_string(&page).unwrap_or_default();
    let differs = text
        .lines()
        .zip(written.lines())
        .find(|(now, then)| now != then);
    assert!(
        text == written,
        "docs/mistakes.md differs, first in {differs:?}; SECRETCTL_WRITE_PAGES=1 writes it anew"
    );
}

/// What looks like a mistake, and means in Airflow what it should.
#[test]
fn what_looks_like_a_mistake_and_is_none() {
    env_files::assert_odd_lines_work();
    aws::assert_slashes_of_prefixes_work();
}
