use super::decoder::MAX_DEPTH;
use super::*;

/// `json.dumps(json.loads(text))`
fn rewritten(text: &str) -> String {
    loads(text).map_or_else(|error| panic!("{text:?}: {error}"), |value| dumps(&value))
}

fn problem_at(text: &str) -> (Problem, usize) {
    let error = loads(text).expect_err(text);
    (error.problem, error.offset)
}

#[test]
fn numbers_are_rewritten_as_python_writes_them() {
    let numbers = [
        ("0", "0"),
        ("-0", "0"),
        ("-0.0", "-0.0"),
        (
            "123456789012345678901234567890",
            "123456789012345678901234567890",
        ),
        ("1.0", "1.0"),
        ("2.50", "2.5"),
        ("1e5", "100000.0"),
        ("1E16", "1e+16"),
        ("1e-07", "1e-07"),
        ("1e999", "Infinity"),
        ("-1e999", "-Infinity"),
        ("1e-999", "0.0"),
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
        ("100000000000000000000000.0", "1e+23"),
        ("5e-324", "5e-324"),
    ];
    for (text, written) in numbers {
        assert_eq!(rewritten(text), written, "{text}");
    }
}

#[test]
fn strings_are_written_in_ascii() {
    assert_eq!(rewritten(r#""é€😀""#), r#""\u00e9\u20ac\ud83d\ude00""#);
    assert_eq!(
        rewritten(r#""\ud83d\ude00\u00E9""#),
        r#""\ud83d\ude00\u00e9""#
    );
    assert_eq!(
        rewritten("\"\\b\\f\\n\\r\\t\\/\\\\\\\"\u{7f}\\u0000\""),
        r#""\b\f\n\r\t/\\\"\u007f\u0000""#
    );
}

#[test]
fn containers_keep_their_order() {
    assert_eq!(
        rewritten(" {\"b\" : [ ] ,\r\n\"a\":{ },\t\"c\":[1 , [null,true],false ]}\n"),
        r#"{"b": [], "a": {}, "c": [1, [null, true], false]}"#
    );
}

#[test]
fn of_a_repeated_key_the_last_value_wins_in_the_place_of_the_first() {
    assert_eq!(
        rewritten(r#"{"a": 1, "b": 2, "a": 3}"#),
        r#"{"a": 3, "b": 2}"#
    );
}

#[test]
fn faults_are_found_where_python_finds_them() {
    let faults = [
        ("", Problem::ExpectingValue, 0),
        (" \n", Problem::ExpectingValue, 2),
        ("\u{feff}1", Problem::ByteOrderMark, 0),
        ("nul", Problem::ExpectingValue, 0),
        ("True", Problem::ExpectingValue, 0),
        ("'a'", Problem::ExpectingValue, 0),
        ("-", Problem::ExpectingValue, 0),
        ("-x", Problem::ExpectingValue, 0),
        ("+1", Problem::ExpectingValue, 0),
        (".5", Problem::ExpectingValue, 0),
        ("01", Problem::ExtraData, 1),
        ("1.", Problem::ExtraData, 1),
        ("1.5e", Problem::ExtraData, 3),
        ("1e+", Problem::ExtraData, 1),
        ("{} x", Problem::ExtraData, 3),
        ("\u{a0}1", Problem::ExpectingValue, 0),
        ("{a: 1}", Problem::ExpectingPropertyName, 1),
        ("{\"a\": 1,}", Problem::ExpectingPropertyName, 8),
        ("{\"a\": 1, ", Problem::ExpectingPropertyName, 9),
        ("{\"a\" 1}", Problem::ExpectingColon, 5),
        ("{\"a\":}", Problem::ExpectingValue, 5),
        ("{\"a\": 1 \"b\": 2}", Problem::ExpectingComma, 8),
        ("[1 2]", Problem::ExpectingComma, 3),
        ("[1,]", Problem::ExpectingValue, 3),
        ("[1", Problem::ExpectingComma, 2),
        ("[", Problem::ExpectingValue, 1),
        ("[\"abc", Problem::UnterminatedString, 1),
        ("\"\\", Problem::UnterminatedString, 0),
        ("\"a\nb\"", Problem::ControlCharacter, 2),
        ("\"é\0\"", Problem::ControlCharacter, 3),
        ("\"\\x\"", Problem::InvalidEscape, 1),
        ("\"\\u12G4\"", Problem::InvalidUnicodeEscape, 2),
        ("\"\\u+123\"", Problem::InvalidUnicodeEscape, 2),
        ("\"\\ud83d\\u00\"", Problem::InvalidUnicodeEscape, 8),
    ];
    for (text, problem, offset) in faults {
        assert_eq!(problem_at(text), (problem, offset), "{text:?}");
    }
}

#[test]
fn an_escape_at_the_very_end_is_invalid_rather_than_unterminated() {
    assert_eq!(problem_at("\"\\u00e9"), (Problem::InvalidUnicodeEscape, 2));
    assert_eq!(
        problem_at("\"\\ud83d\\ude00"),
        (Problem::InvalidUnicodeEscape, 8)
    );
    assert_eq!(problem_at("\"\\u00e9 "), (Problem::UnterminatedString, 0));
}

#[test]
fn half_a_surrogate_pair_is_told_only_if_nothing_else_is_wrong() {
    for (text, offset) in [
        (r#""\ud800""#, 1),
        (r#""a\udc00\ud800""#, 2),
        (r#""\ud83d\u0041""#, 1),
        (r#"{"\uD83D": 1}"#, 2),
    ] {
        assert_eq!(
            problem_at(text),
            (Problem::UnpairedSurrogate, offset),
            "{text}"
        );
    }
    assert_eq!(problem_at(r#"["\ud800",]"#), (Problem::ExpectingValue, 10));
}

#[test]
fn line_and_column_count_from_one_in_characters() {
    let error = loads("{\n \"é\": x}").unwrap_err();
    assert_eq!((error.line(), error.column()), (2, 7));
    assert_eq!(error.to_string(), "expecting a value at line 2 column 7");
}

#[test]
fn an_error_holds_none_of_the_text() {
    let error = loads("{\"password\": hunter2}").unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

#[test]
fn a_hint_tells_what_json_wants() {
    let hint = |text: &str| loads(text).unwrap_err().hint();
    assert_eq!(
        hint("\"a\nb\"").as_deref(),
        Some(r"write a line break as `\n` and a tab as `\t`")
    );
    assert_eq!(
        hint(r#""\d""#).as_deref(),
        Some(r"write a backslash as `\\`")
    );
    assert!(hint("{'a': 1}").is_some_and(|hint| hint.contains("double quotes around names")));
    assert_eq!(hint("{} {}"), None);
}

#[test]
fn only_some_errors_are_decode_errors() {
    assert!(loads("x").unwrap_err().is_decode_error());
    assert!(!loads(r#""\ud800""#).unwrap_err().is_decode_error());
    assert!(!loads(&"1".repeat(4301)).unwrap_err().is_decode_error());
    assert!(
        !loads(&"[".repeat(MAX_DEPTH + 1))
            .unwrap_err()
            .is_decode_error()
    );
}

#[test]
fn a_whole_number_has_4300_digits_at_most() {
    assert!(loads(&format!("-{}", "1".repeat(4300))).is_ok());
    assert_eq!(
        problem_at(&format!("[{}]", "1".repeat(4301))),
        (Problem::IntegerTooLong, 1)
    );
    assert_eq!(rewritten(&format!("{}.0", "1".repeat(5000))), "Infinity");
}

#[test]
fn the_deepest_nesting_is_read_written_and_dropped() {
    let text = format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
    let value = loads(&text).unwrap();
    assert_eq!(dumps(&value.clone()), text);
    assert!(is_serializable(&value));
    let deeper = "{\"a\":".repeat(100_000);
    assert_eq!(
        problem_at(&deeper),
        (Problem::NestedTooDeeply, 5 * MAX_DEPTH)
    );
    assert_eq!(
        problem_at(&format!("[{text}]")),
        (Problem::NestedTooDeeply, MAX_DEPTH)
    );
}

#[test]
fn strict_json_is_compact_and_keeps_characters() {
    let value =
        loads("{\"é\": [\"€\\n\\u0085\\u001b\", 1.0, 1e16], \"n\": [NaN, Infinity, -Infinity]}")
            .unwrap();
    let strict = to_strict_json(&value);
    assert_eq!(
        strict,
        "{\"é\":[\"€\\n\\u0085\\u001b\",1.0,1e+16],\"n\":[\"NaN\",\"Infinity\",\"-Infinity\"]}"
    );
    assert!(serde_json::from_str::<serde_json::Value>(&strict).is_ok());
}

#[test]
fn a_date_is_not_serializable_at_any_depth() {
    let date = Value::Date("2024-01-01".to_string());
    let nested = Value::List(vec![Value::Dict(Dict::from([("a".to_string(), date)]))]);
    assert!(!is_serializable(&nested));
    assert_eq!(to_strict_json(&nested), r#"[{"a":"2024-01-01"}]"#);
}
