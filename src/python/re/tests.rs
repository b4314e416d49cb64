//! What CPython 3.11.7 made of each pattern and text: `tests/data/python_re_match.json`.

use super::*;

/// Patterns that Python compiles and that are refused here.
const NOT_SERVED: &[&str] = &[
    "(a)\\1",
    "(?<=a|b)c",
    "(?s).",
    "(?m)^a",
    "(?x) a",
    "(?a)x",
    "\\012",
    "\\0",
    "[\\0]",
    "\\N{DIGIT ONE}",
    "(?(1)a|b)",
    "()*",
];

#[derive(serde::Deserialize)]
struct Recorded {
    texts: Vec<String>,
    patterns: Vec<(String, Option<String>)>,
}

#[test]
fn every_pattern_matches_what_it_matches_in_python() {
    let recorded: Recorded =
        serde_json::from_str(include_str!("../../../tests/data/python_re_match.json")).unwrap();
    let mut wrong = Vec::new();
    for (pattern, matched) in &recorded.patterns {
        match (Pattern::compile(pattern), matched) {
            (Ok(compiled), Some(matched)) => {
                for (text, expected) in recorded.texts.iter().zip(matched.chars()) {
                    if compiled.matches(text) != Ok(expected == '1') {
                        wrong.push(format!("{pattern:?} on {text:?}, in Python {expected}"));
                    }
                }
            }
            (Err(PatternError::Invalid(_)), None) => {}
            (Err(PatternError::NotServed(_)), _)
                if NOT_SERVED.contains(&pattern.as_str()) || matched.is_none() => {}
            (outcome, _) => wrong.push(format!("{pattern:?}: {outcome:?}, in Python {matched:?}")),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_pattern_that_would_run_for_ever_is_stopped() {
    let endless = Pattern::compile("(a(?!c)|a(?!d))*b").unwrap();
    assert_eq!(
        endless.matches(&"a".repeat(40)),
        Err(PatternError::TooManySteps)
    );
}

#[test]
fn deep_and_long_patterns_are_refused_in_bounded_time() {
    for pattern in [
        "(".repeat(100_000),
        format!("{}a{}", "(?:".repeat(5_000), ")".repeat(5_000)),
        "(a{1000}){1000}{2}".into(),
    ] {
        assert!(Pattern::compile(&pattern).is_err());
    }
}

#[test]
fn a_letter_whose_case_differs_from_pythons_is_refused_and_not_mismatched() {
    let refused = |result| matches!(result, Err(PatternError::NotServed(_)));
    assert!(refused(Pattern::compile("\u{130}").map(|_| true)));
    assert!(refused(Pattern::compile("i").unwrap().matches("\u{131}d")));
    assert_eq!(Pattern::compile("i").unwrap().matches("Id"), Ok(true));
}
