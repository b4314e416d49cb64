use super::*;

fn get(text: &str, key: &str) -> Result<Option<String>, CfgFault> {
    let file = CfgFile::parse(text)?;
    Ok(file
        .get("s", key)?
        .map(|value| value.text.expose().to_owned()))
}

fn value(text: &str, key: &str) -> String {
    get(text, key).unwrap().unwrap()
}

fn fault(text: &str, key: &str) -> (usize, CfgProblem) {
    let fault = get(text, key).unwrap_err();
    (fault.line, fault.problem)
}

#[test]
fn values_start_after_the_first_delimiter_and_keep_everything_else() {
    // text, option, and its value in CPython 3.11.7
    let cases = [
        ("[s]\na = 1", "a", "1"),
        (
            "[s]\na: b=c # no comment ; none",
            "a",
            "b=c # no comment ; none",
        ),
        ("[s]\nkey==x", "key", "=x"),
        ("[s]\na =", "a", ""),
        ("  [s] ignored\na b\u{1c} = x\x0b", "a b", "x"),
        ("[s]\r\na=1\r\nb=2\r\n", "a", "1"),
        ("[s]\ra=1\rb=2", "b", "2"),
        ("[s]\né=x", "é", "x"),
        ("[s]\na=[x]", "a", "[x]"),
    ];
    for (text, key, expected) in cases {
        assert_eq!(value(text, key), expected, "{text:?}");
    }
}

#[test]
fn indented_lines_go_on_with_a_value() {
    let json = "[s]\na={\n  \"x\": 1,\n\n  # a comment\n ; another\n    \"y\": 2}\n\n\nb=1";
    assert_eq!(value(json, "a"), "{\n\"x\": 1,\n\n\"y\": 2}");
    assert_eq!(value("[s]\n  a=1\n  b=2\n   [t]", "b"), "2\n[t]");
    assert_eq!(value("[s]\na=1\n # only a comment\n[t]\n  a=2", "a"), "1");
    assert_eq!(value("[s]\na=1\n\u{3000}wide", "a"), "1\nwide");
}

#[test]
fn defaults_stand_in_for_missing_options_of_sections_that_exist() {
    let text = "[DEFAULT]\na=1\nb=2\n[s]\nb=%(a)s\n[DEFAULT]\nc=3";
    assert_eq!(value(text, "a"), "1");
    assert_eq!(value(text, "b"), "1");
    assert_eq!(value(text, "c"), "3");
    assert_eq!(get("[DEFAULT]\na=1", "a"), Ok(None));
}

#[test]
fn names_are_case_sensitive() {
    assert_eq!(get("[S]\na=1", "a"), Ok(None));
    assert_eq!(get("[s]\nA=1", "a"), Ok(None));
    assert_eq!(value("[s]\nA=1\na=2", "A"), "1");
    let brackets = CfgFile::parse("[]]\na=1\n[[x]]\na=2").unwrap();
    assert!(brackets.get("]", "a").unwrap().is_some());
    assert!(brackets.get("[x]", "a").unwrap().is_some());
}

#[test]
fn an_option_knows_its_line() {
    let file = CfgFile::parse("# c\n[s]\na=1\n 2\nb=3").unwrap();
    assert_eq!(file.get("s", "b").unwrap().unwrap().line, 5);
}

#[test]
fn interpolation() {
    let text = "[s]\nx=yy\na=100%% %(x)s %(x)s%(l)s\nl=<%(x)s>\nd=%%(x)s";
    assert_eq!(value(text, "a"), "100% yy yy<yy>");
    assert_eq!(value(text, "d"), "%(x)s");
}

#[test]
fn a_percent_sign_is_an_error_only_when_it_is_read() {
    for bad in ["100%", "%x", "%(x", "%(x)d", "%()s", "%"] {
        let text = format!("[s]\nx=1\na={bad}\nb=fine");
        assert_eq!(
            fault(&text, "a"),
            (3, CfgProblem::BadInterpolation),
            "{bad}"
        );
        assert_eq!(value(&text, "b"), "fine");
    }
    assert_eq!(
        fault("[s]\na=%(nope)s", "a"),
        (2, CfgProblem::MissingReference)
    );
}

#[test]
fn interpolation_is_bounded() {
    assert_eq!(fault("[s]\na=%(a)s", "a"), (2, CfgProblem::TooDeep));
    // ten levels and a plain value below them are what Python allows
    let chain = |levels: usize| -> String {
        let lines = (1..levels).map(|n| format!("k{n}=%(k{})s\n", n + 1));
        format!("[s]\n{}k{levels}=end", lines.collect::<String>())
    };
    assert_eq!(value(&chain(11), "k1"), "end");
    assert_eq!(fault(&chain(12), "k1"), (2, CfgProblem::TooDeep));
    let wide = format!(
        "[s]\na={}\nb={}\nc=",
        "%(b)s".repeat(1000),
        "%(c)s".repeat(1000)
    );
    assert_eq!(fault(&wide, "a"), (2, CfgProblem::TooLarge));
    let large = format!("[s]\na={}\nb={}", "%(b)s".repeat(9000), "x".repeat(9000));
    assert_eq!(fault(&large, "a"), (2, CfgProblem::TooLarge));
}

#[test]
fn what_python_refuses_is_refused_with_its_line() {
    let cases = [
        ("a=1", 1, CfgProblem::NoSection),
        ("# c\n\n a", 3, CfgProblem::NoSection),
        ("\u{feff}[s]\na=1", 1, CfgProblem::ByteOrderMark),
        ("[s]\n[t]\n[s]", 3, CfgProblem::DuplicateSection),
        ("[s]\na=1\na =2", 3, CfgProblem::DuplicateOption),
        (
            "[DEFAULT]\na=1\n[s]\n[DEFAULT]\na=2",
            5,
            CfgProblem::DuplicateOption,
        ),
        ("[s]\na=1\ns3cret", 3, CfgProblem::NotAnOption),
        ("[s]\n=1", 2, CfgProblem::NotAnOption),
        ("[s]\n[]", 2, CfgProblem::NotAnOption),
    ];
    for (text, line, problem) in cases {
        assert_eq!(fault(text, "a"), (line, problem), "{text:?}");
    }
}

#[test]
fn debug_hides_values() {
    let file = CfgFile::parse("[s]\na=s3cret").unwrap();
    assert!(!format!("{file:?}").contains("s3cret"));
}
