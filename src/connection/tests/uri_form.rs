use super::*;
use crate::failure::Fault;
use crate::python::urllib::SplitError;

#[test]
fn white_space_around_the_value_is_stripped() {
    assert_eq!(uri(&server("\u{1c}\u{3000}x://h\n")), "x://h");
    assert_eq!(
        shown(&server("\n{\"host\": \"h\"}\u{a0}"), "host"),
        r#""h""#
    );
    assert_eq!(server_error(" \u{85}\n"), ConnectionError::OnlyWhiteSpace);
}

#[test]
fn a_scheme_in_upper_case_is_not_taken_out_and_does_no_harm() {
    assert_eq!(uri(&server("HTTP://Host/x")), "http://host/x");
    assert_eq!(uri(&server("ht\ntp://h")), "http://h");
}

#[test]
fn a_repeated_scheme_loses_the_host() {
    let connection = server("http://http://host");
    assert_eq!(
        (shown(&connection, "host"), shown(&connection, "schema")),
        (r#""""#.into(), r#""ost""#.into())
    );
    let connection = server("http://h/x?u=http://z");
    assert_eq!(uri(&connection), "http:///%2Fx?u=z");
}

#[test]
fn an_empty_scheme_takes_out_every_separator() {
    assert_eq!(uri(&server("://a://b")), "///b");
    let connection = server("://:80");
    assert_eq!(
        (uri(&connection), shown(&connection, "port")),
        ("//@:80", "80".into())
    );
}

#[test]
fn an_empty_protocol_equals_an_empty_type_but_not_a_missing_one() {
    assert_eq!(uri(&server("://%3A%2F%2Fdb")), "//%3A%2F%2Fdb");
    assert_eq!(uri(&server(r#"{"host": "://db"}"#)), "//db");
    assert_eq!(
        uri(&from_fields(WORKER, r#"{"host": "://db", "conn_type": ""}"#).unwrap()),
        "//%3A%2F%2Fdb"
    );
}

#[test]
fn a_protocol_that_equals_the_type_stays_in_the_host() {
    assert_eq!(uri(&server("x://x%3A%2F%2Fh")), "x://x%3A%2F%2Fh");
    assert_eq!(
        uri(&server("x://y%3A%2F%2Fh%3A%2F%2Fi")),
        "x://y://h%3A%2F%2Fi"
    );
}

#[test]
fn a_host_keeps_its_case_only_with_an_escaped_slash() {
    assert_eq!(
        shown(&server("x://User@HOST%2FPath:1"), "host"),
        r#""HOST/Path""#
    );
    assert_eq!(shown(&server("x://HOST%20Path"), "host"), r#""host Path""#);
}

#[test]
fn an_unescaped_slash_in_the_password_is_told_as_a_bad_port() {
    let error = server_error("postgres://user:pa/ss@host/db");
    assert_eq!(error, ConnectionError::Uri(SplitError::PortNotANumber));
    assert!(
        error
            .hint()
            .is_some_and(|hint| hint.contains("`/` as `%2F`"))
    );
}

#[test]
fn separators_are_counted_in_the_query_too() {
    assert_eq!(
        server_error("x://h?a=b://c&d=e://f"),
        ConnectionError::TooManySchemes
    );
    assert_eq!(
        server_error("x://u:p@h?a=b://c"),
        ConnectionError::UserBeforeProtocol
    );
}

#[test]
fn the_server_reads_query_values_as_json_and_the_worker_does_not() {
    let query = "x://h?a=1&b=true&c=null&d=01&e=NaN&f=&g=%22q%22&h=1e400&a=2.50";
    let read = r#"{"a": 2.5, "b": true, "c": null, "d": "01", "e": NaN, "f": "", "g": "q", "h": Infinity}"#;
    let kept = r#"{"a": "2.50", "b": "true", "c": "null", "d": "01", "e": "NaN", "f": "", "g": "\"q\"", "h": "1e400"}"#;
    assert_eq!(shown(&server(query), "extra"), read);
    assert_eq!(shown(&worker(query), "extra"), kept);
}

#[test]
fn a_query_value_that_python_cannot_read_stops_the_server_only() {
    for value in [
        "1".repeat(4301),
        "[".repeat(2000),
        r#""\ud800""#.to_string(),
    ] {
        let text = format!("x://h?a={value}");
        assert!(
            matches!(server_error(&text), ConnectionError::QueryValue(_)),
            "{value:.20}"
        );
        worker(&text);
    }
}

#[test]
fn a_query_of_separators_only_is_an_empty_extra() {
    assert_eq!(uri(&server("x://h?&&")), "x://h/?__extra__=%7B%7D");
    assert_eq!(uri(&server("x://h?")), "x://h");
}

#[test]
fn an_extra_parameter_replaces_all_others_as_it_stands() {
    let connection = server("x://h/s?a=1&__extra__=%7B%22k%22%3A1%7D");
    assert_eq!(
        connection.field("extra").unwrap().unwrap().expose(),
        r#"{"k":1}"#
    );
    assert_eq!(uri(&connection), "x://h/s?__extra__=%7B%22k%22%3A1%7D");
    assert_eq!(shown(&server("x://h?__extra__="), "extra"), "null");
}

#[test]
fn an_extra_that_is_no_object_stops_the_server_only() {
    let not_json = "x://h?__extra__=nope";
    assert!(matches!(
        server_error(not_json),
        ConnectionError::ExtraNotJson(_)
    ));
    assert_eq!(shown(&worker(not_json), "extra"), "{}");
    assert_eq!(worker(not_json).findings().len(), 1);

    let list = "x://h?__extra__=%5B1%5D";
    assert_eq!(
        server_error(list),
        ConnectionError::ExtraNotAnObject { found: "list" }
    );
    assert_eq!(shown(&worker(list), "extra"), "[1]");
    assert_eq!(uri(&worker(list)), "x://h/?__extra__=%5B1%5D");
}

#[test]
fn an_extra_of_text_values_is_flat() {
    assert_eq!(
        uri(&server(r#"{"extra": {"a b": "c&d", "": ""}}"#)),
        "///?a+b=c%26d&="
    );
    assert_eq!(
        uri(&server(r#"{"extra": {"a": "b", "c": 1}}"#)),
        "///?__extra__=%7B%22a%22%3A+%22b%22%2C+%22c%22%3A+1%7D"
    );
    assert_eq!(
        uri(&server(r#"{"schema": "s", "extra": "{}"}"#)),
        "///s?__extra__=%7B%7D"
    );
}

#[test]
fn an_empty_password_is_none_on_the_server_only() {
    assert_eq!(uri(&server("x://u:@h")), "x://u@h");
    assert_eq!(uri(&worker("x://u:@h")), "x://u:@h");
    assert_eq!(uri(&server(r#"{"login": "", "password": false}"#)), "//");
}
