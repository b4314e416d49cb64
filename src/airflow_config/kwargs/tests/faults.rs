//! What a fault says, and where its caret stands.

use super::*;

/// Compares what a fault says with `problem (line, column)` and its excerpt, in which `^` marks the caret's place.
fn assert_fault(text: &str, problem: &str, excerpt: &str) {
    let fault = fault(text);
    let mut marked = fault.excerpt().to_owned();
    let caret = marked
        .char_indices()
        .nth(fault.caret())
        .map_or(marked.len(), |(at, _)| at);
    marked.insert(caret, '^');
    let said = format!("{} ({}, {})", fault.problem, fault.line, fault.column);
    assert_eq!(
        (said.as_str(), marked.as_str()),
        (problem, excerpt),
        "{text:?}"
    );
}

#[test]
fn variables_at_fault() {
    assert_fault(
        "$SELF",
        "the JSON is a text, not an object in braces (1, 1)",
        "^…",
    );
    let unset = "stands without quotes and is not set";
    assert_fault(
        "{\"url\":$VAULT__URL,\"token\": $UNSET}",
        &format!("the variable `$UNSET` {unset} (1, 29)"),
        "{\"url\":$VAULT__URL,\"token\": ^$UNSET…",
    );
    assert_fault(
        "{\"token\": $s3cret}",
        &format!("a variable {unset} (1, 11)"),
        "{\"token\": ^…",
    );
    assert_fault(
        "$UNSET",
        &format!("the variable `$UNSET` {unset} (1, 1)"),
        "^$UNSET",
    );
    assert_fault(
        "{\"url\": $VAULT__URL, \"token\": \"x$QUOTE\"}",
        "the value of the variable `$QUOTE` holds a double quote (1, 33)",
        "{\"url\": $VAULT__URL, \"token\": \"****^$QUOTE…",
    );
    assert_fault(
        "{\"url\":\"${LINES}\"}",
        "the value of the variable `$LINES` holds a line break (1, 9)",
        "{\"url\":\"^${LINES}…",
    );
    assert_fault(
        "{\"url\":\"$SLASH\"}",
        "the value of the variable `$SLASH` holds a backslash (1, 9)",
        "{\"url\":\"^$SLASH…",
    );
    assert_fault(
        "{\"url\": $VAULT__URL/x}",
        "a text without quotes (1, 9)",
        "{\"url\": ^…",
    );
}

#[test]
fn a_repair_does_not_hide_another_fault() {
    assert_fault(
        "{\"url\": $VAULT__URL, 'token': 1}",
        "a single quote where JSON has a double quote (1, 22)",
        "{\"url\": $VAULT__URL, ^'…",
    );
    assert_fault(
        "{'token': 1, \"url\": $UNSET}",
        "a single quote where JSON has a double quote (1, 2)",
        "{^'…",
    );
}

#[test]
fn quotes_at_fault() {
    let extra = "the JSON stands in an extra pair of quotes";
    assert_fault("'{\"url\": 1}'", &format!("{extra} (1, 1)"), "^'…");
    assert_fault("\"{\"url\": 1}\"", &format!("{extra} (1, 1)"), "^\"…");
    assert_fault(" \"{\\\"url\\\": 1}\"", &format!("{extra} (1, 2)"), " ^\"…");
    assert_fault("'{'url': 1}'", &format!("{extra} (1, 1)"), "^'…");
    assert_fault(
        "{'url': 1}",
        "a single quote where JSON has a double quote (1, 2)",
        "{^'…",
    );
    assert_fault(
        "{\"url\": 'x'}",
        "a single quote where JSON has a double quote (1, 9)",
        "{\"url\": ^'…",
    );
    assert_fault(
        "{“url”: 1}",
        "a typographic quote where JSON has a plain double quote (1, 2)",
        "{^“…",
    );
    assert_fault(
        "{\\\"url\\\": 1}",
        "a backslash before the quote (1, 2)",
        "{^\\…",
    );
    assert_fault(
        "{\"url\": \"x}",
        "the quote that opens here is not closed (1, 9)",
        "{\"url\": ^\"…",
    );
    assert_fault(
        "{\"url\": \"s3\"cret\"}",
        "text goes on after a closing quote (1, 13)",
        "{\"url\": \"****\"^…",
    );
    assert_fault(
        "{\"url\": \"s3cret, \"token\": \"x\"}",
        "text goes on after a closing quote (1, 19)",
        "{\"url\": \"****\"^…",
    );
}

#[test]
fn punctuation_at_fault() {
    assert_fault(
        "{\"url\": 1,}",
        "a comma after the last item (1, 10)",
        "{\"url\": ****^,…",
    );
    assert_fault(
        "{\"url\": [1, ]}",
        "a comma after the last item (1, 11)",
        "{\"url\": [****^,…",
    );
    assert_fault(
        "{\"url\": 1,,}",
        "a comma with nothing before it (1, 11)",
        "{\"url\": ****,^,…",
    );
    assert_fault("{,}", "a comma with nothing before it (1, 2)", "{^,…");
    assert_fault(
        "{\"url\": 1 \"token\": 2}",
        "a comma is missing (1, 11)",
        "{\"url\": **** ^…",
    );
    assert_fault(
        "{\"url\" = 1}",
        "`=` where JSON has `:` (1, 8)",
        "{\"url\" ^=…",
    );
    assert_fault(
        "{\"url\" 1}",
        "`:` is missing after the name (1, 8)",
        "{\"url\" ^…",
    );
    assert_fault("{\"url\"}", "the name has no value (1, 7)", "{\"url\"^}");
    assert_fault("{\"url\": }", "a value is missing (1, 9)", "{\"url\": ^}");
    assert_fault(
        "{{\"url\": 1}}",
        "the opening brace is doubled (1, 2)",
        "{^{…",
    );
    assert_fault(
        "{\"url\": 1}}",
        "one closing brace too many (1, 11)",
        "{\"url\": ****}^}",
    );
    assert_fault(
        "{\"url\": 1} s3cret",
        "text goes on after the closing brace (1, 12)",
        "{\"url\": ****} ^…",
    );
    assert_fault(
        "{\"url\": [1}",
        "a closing bracket that does not match the opening one (1, 11)",
        "{\"url\": [****^}",
    );
    for text in ["{\"url\": 1", "{\"url\":", "{\"url\"", "{"] {
        assert_eq!(fault(text).problem, KwargsProblem::Incomplete, "{text}");
    }
}

#[test]
fn words_at_fault() {
    assert_fault(
        "{\"url\": None}",
        "`None` where JSON has `null` (1, 9)",
        "{\"url\": ^None…",
    );
    assert_fault(
        "{\"url\": [True]}",
        "`True` where JSON has `true` (1, 10)",
        "{\"url\": [^True…",
    );
    assert_fault(
        "{\"url\": s3cret}",
        "a text without quotes (1, 9)",
        "{\"url\": ^…",
    );
    assert_fault(
        "{\"url\": 10.1.2.3}",
        "a text without quotes (1, 9)",
        "{\"url\": ^…",
    );
    assert_fault(
        "{\"a\": true, \"url\": nullx}",
        "a text without quotes (1, 20)",
        "{\"****\": true, \"url\": ^…",
    );
    assert_fault(
        "{url: s3cret}",
        "a name without quotes, and no double quote anywhere (1, 2)",
        "{^…",
    );
    assert_fault("{url: \"s3cret\"}", "a name without quotes (1, 2)", "{^…");
    assert_fault(
        "url:s3cret",
        "there is no JSON object in braces, and no quote (1, 1)",
        "^…",
    );
    assert_fault(
        "{\"token\": <your-s3cret>}",
        "a placeholder in angle brackets was not filled in (1, 11)",
        "{\"token\": ^…",
    );
    assert_fault(
        "url=s3cret",
        "there is no JSON object in braces (1, 1)",
        "^…",
    );
    assert_fault(
        "\"url\": \"s3cret\"",
        "there is no JSON object in braces (1, 1)",
        "^…",
    );
    assert_fault("10.0.0.1", "there is no JSON object in braces (1, 1)", "^…");
    assert_fault(
        "{\"url\": 1} // c",
        "a comment, which JSON does not have (1, 12)",
        "{\"url\": ****} ^/…",
    );
    assert_fault(
        "{ # c\n}",
        "a comment, which JSON does not have (1, 3)",
        "{ ^#…",
    );
    for (text, found) in [
        ("[1]", "a list"),
        ("5", "a number"),
        ("\"x\"", "a text"),
        ("true", "`true` or `false`"),
    ] {
        assert_fault(
            text,
            &format!("the JSON is {found}, not an object in braces (1, 1)"),
            "^…",
        );
    }
}

#[test]
fn characters_at_fault() {
    assert_fault(
        "\u{feff}{}",
        "a byte order mark (U+FEFF) before the JSON (1, 1)",
        "^…",
    );
    assert_fault(
        "{\u{a0}\"url\": 1}",
        "a character that cannot be seen (U+00A0) (1, 2)",
        "{^…",
    );
    assert_fault(
        "{\"url\": \"x\ny\"}",
        "a line break inside a text in quotes (1, 11)",
        "{\"url\": \"****^…",
    );
    assert_fault(
        "{\"url\": \"x\ty\"}",
        "a tab inside a text in quotes (1, 11)",
        "{\"url\": \"****^…",
    );
    assert_fault(
        "{\"url\": \"\\x\"}",
        "a backslash that JSON does not know (1, 10)",
        "{\"url\": \"^\\…",
    );
    assert_fault(
        "{\"url\": \"x\\u12\"}",
        "a backslash that JSON does not know (1, 11)",
        "{\"url\": \"****^\\…",
    );
    assert_eq!(fault(" \n").problem, KwargsProblem::Blank);
    assert_eq!(fault(" \n").excerpt(), "");
}

#[test]
fn sizes_at_fault() {
    let nested = format!("{{\"a\": {}", "[".repeat(50_000));
    assert_eq!(fault(&nested).problem, KwargsProblem::NestedTooDeeply);
    let many = format!("{{\"a\": [1{}]}}", ",1".repeat(100_000));
    assert_eq!(fault(&many).problem, KwargsProblem::TooManyValues);
    let number = format!("{{\"a\": {}}}", "1".repeat(5000));
    assert_eq!(fault(&number).problem, KwargsProblem::NumberTooLong);
    let large = format!("{{\"a\": \"{}\"}}", "x".repeat(LARGEST_TEXT));
    assert_eq!(
        fault(&large).to_string(),
        "the backend kwargs from environment variable `KWARGS` cannot be used: they are larger than 1048576 bytes"
    );
}
