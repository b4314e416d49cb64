use std::collections::BTreeMap;

use serde::Deserialize;

use std::time::Duration;

use super::*;
use crate::testing::block_on;

/// What Docker Compose made of env files.
#[derive(Deserialize)]
struct Recorded {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    files: Vec<String>,
    variables: Option<BTreeMap<String, String>>,
    departure: Option<String>,
}

fn process() -> Env {
    Env::from_pairs([("P", "pv"), ("E", "")])
}

fn lay(texts: &[&str]) -> Result<Env, EnvError> {
    let file = |text: &&str| EnvFile::from_text(Path::new("dir/.env"), *text);
    process().lay_under(&texts.iter().map(file).collect::<Vec<_>>())
}

/// The variables that env files add, by name.
fn added(texts: &[&str]) -> Option<BTreeMap<String, String>> {
    let env = lay(texts).ok()?;
    let names = env.names().filter(|name| !process().is_set(name));
    Some(
        names
            .map(|name| (name.to_owned(), value(&env, name)))
            .collect(),
    )
}

fn value(env: &Env, name: &str) -> String {
    env.get(name).unwrap().unwrap().to_owned()
}

fn error(text: &str) -> String {
    lay(&[text]).unwrap_err().to_string()
}

#[test]
fn env_files_mean_what_they_mean_to_compose() {
    let recorded = include_str!("../../../tests/data/compose_env_files.json");
    let recorded: Recorded = serde_json::from_str(recorded).unwrap();
    assert!(recorded.cases.len() > 100);
    for case in recorded.cases {
        let texts: Vec<&str> = case.files.iter().map(String::as_str).collect();
        let same = added(&texts) == case.variables;
        assert_eq!(
            same,
            case.departure.is_none(),
            "{texts:?}: {:?}",
            added(&texts)
        );
    }
}

#[test]
fn departures_from_compose() {
    assert_eq!(added(&["KEY"]), Some(BTreeMap::new()));
    assert_eq!(
        error("=v"),
        "env file `dir/.env` line 1, column 1: no variable name before the value"
    );
    assert_eq!(
        error("A=1\nA\tB=1"),
        "env file `dir/.env` line 2, column 2: a blank in a variable name"
    );
    assert!(error("A=x\0y").contains("line 1, column 3: a NUL character"));
}

#[test]
fn faults_are_told_with_their_place_and_without_the_value() {
    let cases = [
        ("A=1\n  B s3cret=2", 2, 4, "a blank in a variable name"),
        (
            "s3cret!=x",
            1,
            7,
            "a character that cannot stand in a variable name",
        ),
        (
            "A=1\nB=\"s3cret\nC=2",
            2,
            3,
            "the quote that opens here is not closed",
        ),
        (
            "É=\"s3cret ${\"",
            1,
            3,
            "`${` in this value does not start a reference",
        ),
        (
            "A=${NAME:?s3cret}",
            1,
            3,
            "this value needs the variable `NAME`, which is not set",
        ),
    ];
    for (text, line, column, problem) in cases {
        let message = error(text);
        let start = format!("env file `dir/.env` line {line}, column {column}: {problem}");
        assert!(message.starts_with(&start), "{message}");
        assert!(!message.contains("s3cret"), "{message}");
        assert!(!format!("{:?}", lay(&[text]).unwrap_err()).contains("s3cret"));
    }
}

#[test]
fn the_process_wins_over_files_and_later_files_over_earlier_ones() {
    let env = lay(&["P=file\nA=1\nB=1", "B=2\nC=$A$P"]).unwrap();
    let values = ["P", "A", "B", "C"].map(|name| value(&env, name));
    assert_eq!(values, ["pv", "1", "2", "1pv"]);
}

#[test]
fn a_variable_knows_its_file_and_line() {
    let env = lay(&["A=1\n\nB='x\ny'\nC=3", "A=2"]).unwrap();
    let line = |name| match env.source_of(name)? {
        Source::File { line, .. } => Some(*line),
        Source::Environment => None,
    };
    assert_eq!(
        [line("A"), line("B"), line("C"), line("P")],
        [Some(1), Some(3), Some(5), None]
    );
    assert!(matches!(
        env.overridden("A"),
        [Source::File { line: 1, .. }]
    ));
}

#[test]
fn a_reference_that_comes_to_nothing_is_named_only_if_it_is_all_there_is() {
    let env = lay(&[
        "A=pa$word\nB=$P",
        "C=${word:-x}\nD='$word'\nH=\"${UNSET}\"\nF=$UNSET # c\nG=$unset",
    ])
    .unwrap();
    let sentences: Vec<&str> = env
        .findings()
        .iter()
        .map(|it| it.sentence.as_str())
        .collect();
    assert_eq!(
        sentences,
        [
            "`A` in `dir/.env` line 1 refers to a variable that is not set: nothing stands in its place, as with Compose",
            "`H` in `dir/.env` line 3 refers to `UNSET`, which is not set: nothing stands in its place, as with Compose",
            "`F` in `dir/.env` line 4 refers to `UNSET`, which is not set: nothing stands in its place, as with Compose",
            "`G` in `dir/.env` line 5 refers to a variable that is not set: nothing stands in its place, as with Compose",
        ]
    );
}

#[test]
fn kwargs_in_single_quotes_keep_their_references() {
    let env = lay(&["KWARGS='{\"url\":$VAULT__URL}'\nVAULT__URL=\"http://v\""]).unwrap();
    assert_eq!(value(&env, "KWARGS"), "{\"url\":$VAULT__URL}");
}

#[test]
fn a_variable_that_is_not_utf8_can_be_inherited_but_not_referred_to() {
    use std::os::unix::ffi::OsStringExt;
    let latin = std::ffi::OsString::from_vec(vec![0xe9]);
    let process = || Env::from_os([("LATIN".into(), latin.clone())].into_iter());
    let file = |text| [EnvFile::from_text(Path::new(".env"), text)];
    assert!(process().lay_under(&file("LATIN\nA=1")).is_ok());
    let message = process()
        .lay_under(&file("A=$LATIN"))
        .unwrap_err()
        .to_string();
    assert!(
        message.ends_with("this value refers to `LATIN`, which is not UTF-8 text"),
        "{message}"
    );
}

#[test]
fn files_that_cannot_be_read_are_errors() {
    let directory = tempfile::tempdir().unwrap();
    let soon = Deadline::after(Duration::from_secs(20));
    let message = block_on(EnvFile::read(
        directory.path(),
        EnvFileFormat::Compose,
        soon,
    ))
    .unwrap_err()
    .to_string();
    assert!(message.starts_with("env file `") && message.ends_with("is a directory, not a file"));
    let missing = directory.path().join(".env");
    assert!(
        block_on(EnvFile::read(&missing, EnvFileFormat::Compose, soon))
            .unwrap_err()
            .to_string()
            .ends_with("does not exist")
    );
}

#[test]
fn values_that_grow_without_bound_are_stopped() {
    let doubling: String = (0..64)
        .map(|n| format!("A{}=$A{n}$A{n}\n", n + 1))
        .collect();
    let message = error(&format!("A0=xx\n{doubling}"));
    assert!(
        message.ends_with("the values in this file come to more than 16777216 bytes"),
        "{message}"
    );
}

#[test]
fn hostile_files_take_linear_time() {
    let texts = [
        "A=${U:-{".repeat(200_000),
        format!("A={}", "${U:-x}".repeat(200_000)),
        format!("A=\"{}\"", "\\0".repeat(300_000)),
        "#\n".repeat(500_000),
        "A=1\n".repeat(200_000),
        format!("A={}}}", "${U:-{".repeat(100_000)),
    ];
    let start = std::time::Instant::now();
    for text in &texts {
        let _ = lay(&[text]);
    }
    assert!(start.elapsed() < std::time::Duration::from_secs(30));
}

#[test]
fn debug_of_a_file_hides_its_text() {
    let file = EnvFile::from_text(Path::new(".env"), "TOKEN=s3cret");
    assert!(!format!("{file:?}").contains("s3cret"));
}
