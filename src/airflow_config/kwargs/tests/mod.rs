mod canary;
mod faults;

use super::*;
use crate::airflow_config::{Origin, Place};
use crate::source::Source;

const KNOWN: [&str; 3] = ["url", "token", "connections_path"];

/// What is said of kwargs that could be read.
fn sentences(parsed: &ParsedKwargs) -> Vec<&str> {
    let findings = parsed.findings.iter();
    findings.map(|finding| finding.sentence.as_str()).collect()
}

fn env() -> Env {
    Env::from_pairs([
        ("VAULT__URL", "http://vault:8200"),
        ("ROOT", "s.to$VAULT__URL\"\\ken"),
        ("NUMBER", "5"),
        ("OBJECT", "{\"a\": [\"$NUMBER\"]}"),
        ("EMPTY", ""),
        ("QUOTE", "a\"b"),
        ("LINES", "a\nb"),
        ("SLASH", "C:\\dir"),
        ("PYTHON", "{'url': 's3cret'}"),
        ("JSON", "{\"url\": \"$VAULT__URL\"}"),
        ("SELF", "$SELF"),
        ("OPEN", "\", \"x\": [\""),
    ])
}

fn setting(env: &Env, text: &str, indirection: Indirection) -> Setting {
    let place = Place::Environment {
        name: "KWARGS".into(),
        source: Source::Environment,
    };
    let value = match indirection {
        Indirection::None => expand_env_var(env, text).unwrap(),
        _ => text.to_owned(),
    };
    let origin = Origin { place, indirection };
    Setting {
        value: value.into(),
        unexpanded: text.into(),
        origin,
    }
}

fn parse(text: &str, strict: bool) -> Result<ParsedKwargs, Box<KwargsFault>> {
    let env = env();
    parse_kwargs(
        &env,
        &setting(&env, text, Indirection::None),
        &KNOWN,
        strict,
    )
}

fn kwargs(text: &str) -> Dict {
    parse(text, false).unwrap().kwargs
}

fn fault(text: &str) -> KwargsFault {
    *parse(text, false).unwrap_err()
}

#[test]
fn an_object_becomes_a_dict() {
    let dict = kwargs("{\"a\": \"$VAULT__URL\", \"b\": \"$UNSET\", \"b\": NaN}\n");
    assert_eq!(dict.get("a"), Some(&Value::text("http://vault:8200")));
    assert!(matches!(dict.get("b"), Some(Value::Float(number)) if number.is_nan()));
    assert!(parse("", false).unwrap().kwargs.is_empty());
}

#[test]
fn what_python_takes_for_false_is_no_kwargs() {
    for (text, warnings) in [
        ("null", 0),
        ("{}", 0),
        ("[]", 1),
        ("0", 1),
        ("false", 1),
        ("\"\"", 1),
    ] {
        let parsed = parse(text, true).unwrap();
        assert!(parsed.kwargs.is_empty());
        assert_eq!(parsed.findings.len(), warnings, "{text}");
    }
    assert_eq!(
        sentences(&parse("[]", false).unwrap()),
        [
            "the backend kwargs from environment variable `KWARGS` are a list, which Airflow takes for no kwargs"
        ]
    );
}

#[test]
fn a_whole_message() {
    let fault = fault("{\"url\": \"http://s3cret\",\n \"token\": $UNSET}");
    assert_eq!(
        fault.to_string(),
        "the backend kwargs from environment variable `KWARGS` cannot be used: the variable `$UNSET` stands without quotes \
         and is not set (line 2, column 11)\n   \"token\": $UNSET…\n            ^"
    );
    assert_eq!(
        fault.hint().unwrap(),
        "set `UNSET`, and write \"$UNSET\" with the double quotes"
    );
}

#[test]
fn bare_references_are_read_as_text_with_a_warning() {
    let parsed = parse(
        "{\"url\":$VAULT__URL,\"token\": ${ROOT},\"x\": [$VAULT__URL] , \"y\":\"$NUMBER\"}",
        false,
    );
    let parsed = parsed.unwrap();
    assert_eq!(parsed.kwargs["url"], Value::text("http://vault:8200"));
    assert_eq!(
        parsed.kwargs["token"],
        Value::text("s.tohttp://vault:8200\"\\ken")
    );
    assert_eq!(
        parsed.kwargs["x"],
        Value::List(vec![Value::text("http://vault:8200")])
    );
    assert_eq!(parsed.kwargs["y"], Value::text("5"));
    assert_eq!(
        sentences(&parsed),
        [
            "the backend kwargs from environment variable `KWARGS` have no quotes around `$VAULT__URL`, `$ROOT`: read as text \
          here, but Airflow drops these kwargs, and a class that needs them, as VaultBackend does, then does not start; they work \
          only where the values bring quotes of their own, which `docker --env-file` keeps"
        ]
    );
}

#[test]
fn a_variable_that_is_not_set_is_named_with_its_kwarg() {
    let parsed = parse(
        r#"{"url": "$NOWHERE", "other": ["${NOWHERE}"], "token": "pa$WORD", "x": "$lower", "y": "$NUMBER"}"#,
        true,
    );
    let parsed = parsed.unwrap();
    let told = "in the backend kwargs from environment variable `KWARGS` is `$NOWHERE`, and `NOWHERE` is set neither in the \
                environment nor in an env file";
    assert_eq!(
        sentences(&parsed),
        [format!("`url` {told}"), format!("a kwarg {told}")]
    );
    assert!(parsed.findings[0].strictly.is_some());
}

#[test]
fn a_bare_reference_to_json_stays_json() {
    let parsed = parse("{\"a\": $OBJECT, \"b\": $NUMBER, \"c\": $EMPTY}", false).unwrap();
    let expected = Dict::from([("a".to_owned(), Value::List(vec![Value::text("5")]))]);
    assert_eq!(parsed.kwargs["a"], Value::Dict(expected));
    assert_eq!(parsed.kwargs["b"], Value::Int("5".into()));
    assert_eq!(parsed.kwargs["c"], Value::text(""));
    // this much Airflow reads too
    assert!(parse("{\"b\": $NUMBER}", true).unwrap().findings.is_empty());
}

#[test]
fn strict_repairs_nothing() {
    let fault = |text| parse(text, true).unwrap_err();
    let first = fault("{\"b\": $NUMBER, \"url\": $VAULT__URL}");
    assert_eq!(
        first.problem,
        KwargsProblem::UnquotedVariable {
            name: "VAULT__URL".into()
        }
    );
    assert_eq!(
        (first.column, first.excerpt()),
        (23, "{\"****\": $NUMBER, \"url\": $VAULT__URL…")
    );
    assert!(
        first
            .hint()
            .unwrap()
            .contains("Airflow would ignore these kwargs")
    );
    let other = fault("{\"b\": $NUMBER, \"url\": \"$QUOTE\"}");
    assert!(
        matches!(&other.problem, KwargsProblem::VariableBreaksText { name, .. } if name == "QUOTE")
    );
}

#[test]
fn output_of_commands_has_no_variables() {
    let env = env();
    let parse = |text: &str| {
        parse_kwargs(
            &env,
            &setting(&env, text, Indirection::Command),
            &KNOWN,
            false,
        )
    };
    assert_eq!(
        parse("{\"url\": \"$VAULT__URL\"}").unwrap().kwargs["url"],
        Value::text("$VAULT__URL")
    );
    assert_eq!(
        parse("{\"url\": $VAULT__URL}").unwrap_err().problem,
        KwargsProblem::UnquotedText
    );
    assert_eq!(
        parse("$JSON\n").unwrap_err().problem,
        KwargsProblem::NoBraces
    );
    let fault = parse("{\"url\": 'x'}").unwrap_err().to_string();
    assert!(fault.starts_with(
        "the backend kwargs from the command in environment variable `KWARGS` cannot be used"
    ));
}

#[test]
fn kwargs_may_be_the_value_of_a_variable() {
    assert_eq!(kwargs(" ${JSON}")["url"], Value::text("http://vault:8200"));
    let fault = fault("$PYTHON");
    assert_eq!(fault.variable.as_deref(), Some("PYTHON"));
    assert!(fault.to_string().starts_with(
        "the backend kwargs from environment variable `KWARGS`, which are the value of `$PYTHON`, cannot be used: a single \
         quote"
    ));
}

#[test]
fn hostile_texts_take_linear_time() {
    let half = LARGEST_TEXT / 2;
    let start = std::time::Instant::now();
    for text in [
        "$A".repeat(half),
        "${".repeat(half),
        format!("{{\"a\": \"{}", "$QUOTE".repeat(10_000)),
        format!("{{\"a\": {}", "$VAULT__URL,".repeat(10_000)),
        format!("{{\"a\": [{}]}}", "$VAULT__URL, ".repeat(10_000)),
        "{\"\":".repeat(100_000),
        "\\\"".repeat(half),
        ",".repeat(LARGEST_TEXT),
    ] {
        fault(&text);
    }
    assert!(start.elapsed() < std::time::Duration::from_secs(60));
}

#[test]
fn variables_that_break_the_json_only_together_are_told_as_such() {
    let env = Env::from_pairs([("A", "\\"), ("B", "x")]);
    let fault = parse_kwargs(
        &env,
        &setting(&env, "{\"a\": \"$A$B\"}", Indirection::None),
        &KNOWN,
        false,
    );
    assert!(matches!(
        fault.unwrap_err().problem,
        KwargsProblem::VariableBreaksText { .. }
    ));
    let env = Env::from_pairs([("A", "\\ud83d"), ("B", "\\u0031\\"), ("C", "u")]);
    let text = setting(&env, "{\"a\": \"$A$B$C\"}", Indirection::None);
    assert!(parse_kwargs(&env, &text, &KNOWN, false).is_err());
}
