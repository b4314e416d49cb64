//! `docs/mistakes.md`: what was done and what secretctl says, with stable text where a run has its own.

use std::path::Path;

use crate::support::cli::{Output, Secretctl};

const HEAD: &str = "# Mistakes, and what secretctl says

Every message below was printed by a run of the tests (`tests/it/mistakes`), which also obey each hint that names a setting and see the failure change.
`SECRET` stands for what no output may hold, `PORT` for a free port, `/home/you` for the home. `AIRFLOW_HOME` is the home too; what is not shown is not set.
";

/// Files of more lines than this are named only.
const LONGEST_FILE: usize = 12;

/// The page.
pub fn whole(families: &[String]) -> String {
    format!("{HEAD}\n{}", families.join("\n"))
}

/// One family's part of it.
pub fn family(title: &str, parts: &[String]) -> String {
    format!("## {title}\n\n{}", parts.join("\n"))
}

/// One mistake's part of that.
pub fn part(done: &str, run: &Secretctl, output: &Output) -> String {
    let mut lines = files(run.home());
    lines.extend(
        run.settings()
            .map(|(name, value)| format!("{name}={value}")),
    );
    lines.push(format!("$ secretctl {}", run.command_line().join(" ")));
    let before = stable(run, &lines.join("\n"));
    let said = stable(run, output.stderr.trim_end());
    let code = output.code.unwrap_or_default();
    format!(
        "### {}\n\n```text\n{before}\n{said}\n```\n\nExit code {code}.\n",
        capitalised(done)
    )
}

/// The files in the home with their text, where it is short and text.
fn files(home: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(home).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().flat_map(|path| file(path)).collect()
}

fn file(path: &Path) -> Vec<String> {
    let name = path.file_name().unwrap_or_default().display();
    let text = std::fs::read(path)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let is_short =
        |text: &String| text.lines().count() <= LONGEST_FILE && !text.contains("BEGIN CERTIFICATE");
    match text.filter(is_short) {
        Some(text) => {
            let lines = text.lines().map(|line| format!("    {}", line.trim_end()));
            std::iter::once(format!("{name}:")).chain(lines).collect()
        }
        None => vec![format!("{name}: ...")],
    }
}

/// A text without what differs from run to run.
fn stable(run: &Secretctl, text: &str) -> String {
    let text = without_resolvers_words(&run.hide(text));
    let mut parts = text.split("127.0.0.1:");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        format!("{text}127.0.0.1:PORT{rest}")
    })
}

/// What a machine says of a host that it does not know is its own.
fn without_resolvers_words(text: &str) -> String {
    const WORDS: &str = "failed to lookup address information";
    let lines = text.lines().map(|line| match line.split_once(WORDS) {
        Some((before, _)) => format!("{before}{WORDS}"),
        None => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|c| c.to_uppercase().to_string());
    first.unwrap_or_default() + characters.as_str()
}
