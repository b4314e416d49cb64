//! PyYAML's own results, recorded, and what secretctl refuses where PyYAML does not.

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use super::error::Problem;
use super::{Document, Entry, MAX_DEPTH, ObjectId, YamlError, safe_load};
use crate::python::json::Value;
use crate::python::number::float_repr;

/// Texts and what `yaml.load(text, CSafeLoader)` of PyYAML 6.0.3 made of them: the value, or the name of the exception.
const RECORDED: &str = include_str!("../../../tests/data/pyyaml_6.0.3.jsonl");

fn load(text: &str) -> Result<Value, YamlError> {
    safe_load(text).and_then(|document| document.value())
}

/// What `json.dumps` takes: no date is a key in it.
fn dumped(text: &str) -> Result<Value, YamlError> {
    let document = safe_load(text)?;
    let root = document.root.map(ObjectId);
    root.map_or(Ok(Value::None), |root| Ok(document.dumped(root)?.0))
}

fn problem(text: &str) -> Problem {
    load(text).unwrap_err().problem
}

/// The text at key `A`.
fn text(yaml: &str) -> String {
    match load(yaml).unwrap() {
        Value::Dict(dict) => dict["A"].as_text().unwrap().expose().to_owned(),
        _ => unreachable!("a dict"),
    }
}

/// A value with its types, as the recording writes it.
fn typed(value: &Value) -> Json {
    match value {
        Value::None => Json::Null,
        Value::Bool(is_true) => json!(["b", is_true]),
        Value::Int(digits) => json!(["i", digits]),
        Value::Float(number) => json!(["f", float_repr(*number)]),
        Value::Text(text) => json!(["s", text.expose()]),
        Value::Date(text) => json!(["d", text]),
        Value::List(items) => json!(["l", items.iter().map(typed).collect::<Vec<_>>()]),
        Value::Dict(pairs) => {
            json!([
                "m",
                pairs
                    .iter()
                    .map(|(key, value)| json!([key, typed(value)]))
                    .collect::<Vec<_>>()
            ])
        }
    }
}

/// The entry with this text as its key.
fn entry<'a>(document: &'a Document, key: &str) -> Option<Entry<'a>> {
    entries(document).find(|entry| entry.key() == Some(key))
}

fn entries(document: &Document) -> impl Iterator<Item = Entry<'_>> {
    let count = document.len().unwrap_or_default();
    (0..count).filter_map(|index| document.entry(index))
}

#[test]
fn every_recorded_text_gives_pyyaml_s_value() {
    let mut compared = 0;
    for line in RECORDED.lines() {
        let recorded: Json = serde_json::from_str(line).unwrap();
        let loaded = dumped(recorded["yaml"].as_str().unwrap());
        match recorded.get("value") {
            Some(value) => assert_eq!(loaded.as_ref().map(typed), Ok(value.clone()), "{line}"),
            None => assert!(loaded.is_err(), "{line}"),
        }
        compared += 1;
    }
    assert_eq!(compared, 1831);
}

#[test]
fn a_block_scalar_may_end_with_the_text() {
    let same_without_break = [
        ("A: |-\n  a", "a"),
        ("A: >-\n  a\n  b", "a b"),
        ("A: |\n  a\n ", "a\n"),
        ("A: |+\n  a\n\n", "a\n\n"),
        ("A: |+\n  a\n\n ", "a\n\n"),
    ];
    for (yaml, value) in same_without_break {
        assert_eq!(text(yaml), value, "{yaml:?}");
    }
    assert_eq!(text("A: |\n  a"), "a");
    assert_eq!(text("A: |+\n  a\n   "), "a\n ");
    assert_eq!(text("A: |+\n  a\u{2028}"), "a\u{2028}");
    assert_eq!(text("A: \"a\u{2028}\u{2028}b\"\n"), "a\u{2028}\u{2028}b");
    assert_eq!(
        problem("A: \"\\"),
        Problem::Syntax("found unexpected end of stream")
    );
}

#[test]
fn a_tag_right_before_a_comma_is_refused_and_nothing_else() {
    for yaml in [
        "[!, a]",
        "[!!str, a]",
        "{a: !x, b: c}",
        "[a, b!x,!y,]",
        "[!<x>, a]",
        "[\"!a,\", !b,]",
    ] {
        assert_eq!(problem(yaml), Problem::TagBeforeComma, "{yaml:?}");
    }
    let fine = "A: pa!ss,word\nB: \"x !y,z\"\nC: 'x !y,z' # a !b,c\nD: |\n  !y,z\nE: [a!b,c]\nF: [!!str a, b]\n";
    assert!(load(fine).is_ok());
    assert!(load("A: !<tag:yaml.org,2002:str> 1\n").is_ok());
    assert!(load("A: [!<tag:yaml.org,2002:str> 1, 2]\n").is_ok());
    assert!(load(&format!("A: '{}'\n", "!".repeat(1 << 20))).is_ok());
}

#[test]
fn errors_name_the_line_and_none_of_the_text() {
    let canary = "hunter2";
    let texts = [
        "A: *hunter2\n",
        "A: &hunter2 x\nB: &hunter2 y\n",
        "A: !hunter2 x\n",
        "A: !!python/hunter2 x\n",
        "A: @hunter2\n",
        "A: \"hunter2\n",
        "A: {hunter2\n",
        "A: !!int hunter2\n",
        "A: !!float hunter2\n",
        "A: !!bool hunter2\n",
        "A: !!timestamp hunter2\n",
        "A: !!binary hunter2é\n",
        "A: {[hunter2]: x}\n",
        "<<: hunter2\n",
        "A: hunter2: x\n",
        "A: hunter2\n--- hunter2\n",
        "A: \"\\uhunter2\"\n",
        "A: \u{7}hunter2\n",
        "A: [!hunter2,]\n",
        "%hunter2 x\n",
    ];
    for text in texts {
        let error = safe_load(&format!("x: 1\n{text}")).err().unwrap();
        let shown = format!("{error} {error:?} {:?}", error.hint());
        assert!(!shown.contains(canary), "{shown}");
        assert!((2..=4).contains(&error.line), "{text:?} {shown}");
    }
}

#[test]
fn the_line_is_where_the_problem_is() {
    let line = |text| load(text).unwrap_err().line;
    assert_eq!(line("a: 1\n\nb: *x\n"), 3);
    assert_eq!(line("a: 1\nb: 2024-13-01\n"), 2);
    assert_eq!(line("a: 1\nb: \u{0}\n"), 2);
    assert_eq!(line("a: x\n---\nb: y\n"), 2);
    assert_eq!(line("a: 1\n b: 2\n"), 2);
}

#[test]
fn entries_tell_their_key_and_line() {
    let document = safe_load("a: 1\n\n1: x\n'b': [x, y]\n").ok().unwrap();
    let entries: Vec<_> = entries(&document).collect();
    let keys: Vec<_> = entries
        .iter()
        .map(|entry| (entry.key(), entry.key_as_written(), entry.line()))
        .collect();
    assert_eq!(
        keys,
        [(Some("a"), "a", 1), (None, "1", 3), (Some("b"), "b", 4)]
    );
    assert_eq!(entries[1].key_type_name(), "int");
    assert_eq!(entries[2].list_length(), Some(2));
    assert_eq!(entries[0].list_length(), None);
    assert!(entry(&document, "b").is_some());
    assert!(entry(&document, "1").is_none());
}

fn is_dict(document: &Document) -> bool {
    document.len().is_some()
}

#[test]
fn only_a_mapping_has_entries() {
    for text in [
        "",
        "# only a comment\n",
        "- a\n",
        "a\n",
        "!!set {a}\n",
        "!!omap [{a: b}]\n",
    ] {
        assert!(!is_dict(&safe_load(text).ok().unwrap()), "{text:?}");
    }
    assert!(is_dict(&safe_load("{}").ok().unwrap()));
}

#[test]
fn a_list_that_holds_itself_is_only_refused_when_asked_for() {
    let document = safe_load("a: &a [*a]\nb: x\n").ok().unwrap();
    assert!(entry(&document, "b").unwrap().value().is_ok());
    let error = entry(&document, "a").unwrap().value().unwrap_err();
    assert_eq!(error.problem, Problem::HoldsItself);
}

#[test]
fn a_mapping_that_merges_itself_is_refused() {
    assert_eq!(problem("a: &a {<<: *a}\n"), Problem::MergesItself);
    assert_eq!(problem("a: &a {<<: [{<<: *a}]}\n"), Problem::MergesItself);
}

/// Nine lists, each ten times the one before.
fn bomb() -> String {
    let mut yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let items = vec![format!("*a{}", level - 1); 10].join(", ");
        yaml += &format!("a{level}: &a{level} [{items}]\n");
    }
    yaml + "b: x\n"
}

#[test]
fn a_bomb_of_aliases_harms_no_other_entry() {
    let document = safe_load(&bomb()).ok().unwrap();
    assert!(entry(&document, "b").unwrap().value().is_ok());
    assert!(entry(&document, "a3").unwrap().value().is_ok());
    assert_eq!(
        entry(&document, "a9").unwrap().value().unwrap_err().problem,
        Problem::TooLarge
    );
}

#[test]
fn a_bomb_of_long_texts_is_bounded() {
    let yaml = format!(
        "a: &a {}\nb: [{}]\n",
        "x".repeat(1 << 20),
        "*a, ".repeat(100)
    );
    let document = safe_load(&yaml).ok().unwrap();
    assert_eq!(
        entry(&document, "b").unwrap().value().unwrap_err().problem,
        Problem::TooLarge
    );
}

#[test]
fn a_bomb_of_merges_is_bounded() {
    let mut yaml = "a0: &a0 {k: v}\n".to_owned();
    for level in 1..20 {
        let items = vec![format!("*a{}", level - 1); 10].join(", ");
        yaml += &format!("a{level}: &a{level} {{<<: [{items}]}}\n");
    }
    assert_eq!(problem(&yaml), Problem::TooManyMerged);
}

#[test]
fn nesting_has_a_limit() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(load(&nested(MAX_DEPTH)).is_ok());
    assert_eq!(problem(&nested(MAX_DEPTH + 1)), Problem::NestedTooDeeply);
    assert_eq!(problem(&"[".repeat(100_000)), Problem::NestedTooDeeply);
    assert_eq!(problem(&"- ".repeat(100_000)), Problem::NestedTooDeeply);
    assert_eq!(problem(&"{a: ".repeat(100_000)), Problem::NestedTooDeeply);
    let chain: String = (1..10_000)
        .map(|n| format!("a{n}: &a{n} [*a{}]\n", n - 1))
        .collect();
    assert_eq!(
        problem(&format!("a0: &a0 []\n{chain}")),
        Problem::NestedTooDeeply
    );
    let merges: String = (1..10_000)
        .map(|n| format!(", &a{n} {{<<: *a{}}}", n - 1))
        .collect();
    assert_eq!(
        problem(&format!("x: [[&a0 {{}}{merges}]]\ny: {{<<: *a9999}}\n")),
        Problem::NestedTooDeeply
    );
}

#[test]
fn a_long_number_is_bounded_as_in_python() {
    assert!(load(&"1".repeat(4300)).is_ok());
    assert!(load(&"1".repeat(4301)).is_err());
    // in another base it is loaded, and only writing it fails
    let hexadecimal = format!("0x{}", "f".repeat(4300));
    let binary = format!("0b1{}", "0".repeat(100_000));
    let octal = format!("0{}", "7".repeat(5000));
    let sexagesimal = format!("1{}", ":59".repeat(100_000));
    for number in [hexadecimal, binary, octal, sexagesimal] {
        assert_eq!(problem(&number), Problem::IntegerTooLong);
        let document = safe_load(&format!("a: {number}\nb: x\n")).ok().unwrap();
        assert!(entry(&document, "b").unwrap().value().is_ok());
    }
}

#[test]
fn keys_that_json_writes_alike_are_told_apart_by_python() {
    for text in [
        "{1: a, '1': b}",
        "{true: a, 'true': b}",
        "{~: a, 'null': b}",
    ] {
        assert_eq!(problem(text), Problem::KeysAlike, "{text}");
    }
    for text in ["{1: a, 1.0: b}", "{.nan: a, .nan: b}", "{2024-01-01: a}"] {
        assert!(load(text).is_ok(), "{text}");
    }
}

#[test]
fn a_large_text_takes_time_in_proportion() {
    let started = Instant::now();
    let lines: String = (0..20_000)
        .map(|n| format!("key{n}: !!str 'value' # !a,b\n"))
        .collect();
    assert!(safe_load(&lines).is_ok());
    assert!(load(&format!("A: \"{}\"\n", "\\x41 ".repeat(50_000))).is_ok());
    assert!(load(&format!("A: |\n{}", "  x\n".repeat(50_000))).is_ok());
    assert!(load(&format!("A: {}\n", "x ".repeat(50_000))).is_ok());
    assert!(load(&format!("{{{}}}\n", "<<: {a: b}, ".repeat(10_000))).is_ok());
    assert!(started.elapsed() < Duration::from_secs(30));
}
