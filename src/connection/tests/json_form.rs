use super::*;
use crate::failure::Fault;

#[test]
fn json_ports_are_cast_as_int_does() {
    let ports = [
        ("80.9", "80"),
        ("true", "1"),
        ("-0.5", "0"),
        ("1e22", "10000000000000000000000"),
        (r#"" 5_0\n""#, "50"),
        (r#""٣٣""#, "33"),
        (r#""0""#, "0"),
        ("-5", "-5"),
        ("0", "null"),
        ("[]", "null"),
        (r#""""#, "null"),
    ];
    for (port, cast) in ports {
        assert_eq!(
            shown(&server(&format!(r#"{{"port": {port}}}"#)), "port"),
            cast,
            "{port}"
        );
    }
    for port in [
        r#""abc""#,
        r#""1.0""#,
        "NaN",
        "Infinity",
        "[1]",
        "{\"a\": 1}",
        r#""\u001c5""#,
    ] {
        let error = server_error(&format!(r#"{{"port": {port}}}"#));
        assert!(
            matches!(error, ConnectionError::PortNotANumber { .. }),
            "{port}"
        );
    }
}

#[test]
fn a_whole_connection_under_another_key_is_told_where_it_belongs() {
    let hint = |key: &str| {
        let error = server_error(&format!("{{\"{key}\": \"x://h\"}}"));
        (
            error.hint_in_vault().unwrap_or_default(),
            error.hint().unwrap(),
        )
    };
    for key in ["conn_url", "connection_uri", "url", "Conn_Url"] {
        let (in_vault, elsewhere) = hint(key);
        assert_eq!(in_vault, "did you mean the key `conn_uri`?", "{key}");
        assert!(
            elsewhere.starts_with("did you mean `uri`?"),
            "{key}: {elsewhere}"
        );
    }
    assert!(hint("value").0.ends_with("(`value` is for variables)"));
    assert!(hint("conn_uri").0.starts_with("its `conn_uri` is empty"));
    for field in ["hostname", "conn_typ", "login_name"] {
        assert_eq!(hint(field).0, "", "{field}");
    }
}

#[test]
fn json_types_are_normalised() {
    assert_eq!(
        shown(&server(r#"{"conn_type": "postgresql"}"#), "conn_type"),
        r#""postgres""#
    );
    assert_eq!(
        shown(&server(r#"{"conn_type": "my-type"}"#), "conn_type"),
        r#""my_type""#
    );
    assert_eq!(uri(&server(r#"{"conn_type": "My_Type"}"#)), "my-type://");
    assert_eq!(shown(&server(r#"{"conn_type": 0}"#), "conn_type"), "null");
}

#[test]
fn values_that_count_as_false_pass_where_text_is_due() {
    for value in ["0", "0.0", "false", "[]", "{}", "null", r#""""#] {
        let connection = server(&format!(
            r#"{{"host": {value}, "schema": {value}, "description": {value}}}"#
        ));
        assert_eq!(
            (uri(&connection), shown(&connection, "host").as_str()),
            ("//", value)
        );
    }
}

/// The field that should be text, whether the constructor or `get_uri()` says so.
fn not_text(error: &ConnectionError) -> Option<&'static str> {
    match error {
        ConnectionError::NotText { field, .. } => Some(field),
        ConnectionError::NoUri(error) => not_text(error),
        _ => None,
    }
}

#[test]
fn values_of_another_type_stop_the_connection() {
    for field in ["host", "schema", "login", "password", "conn_type"] {
        for value in ["1", "1.5", "true", r#"["://"]"#, r#"{"a": 1}"#] {
            for model in [SERVER, WORKER] {
                let error = parse(model, &format!(r#"{{"{field}": {value}}}"#)).unwrap_err();
                assert_eq!(not_text(&error), Some(field));
            }
        }
    }
    assert_eq!(not_text(&server_error(r#"{"login": 0}"#)), Some("login"));
    assert!(parse(WORKER, r#"{"password": 0}"#).is_err());
}

#[test]
fn an_unknown_key_is_named_with_the_field_that_was_meant() {
    for (key, field) in [
        ("username", "login"),
        ("hots", "host"),
        ("conn-type", "conn_type"),
        ("Database", "schema"),
    ] {
        let error = server_error(&format!(r#"{{"{key}": "hunter2"}}"#));
        assert_eq!(
            error.to_string(),
            format!("`{key}` is not a field of a connection")
        );
        assert!(
            error
                .hint()
                .is_some_and(|hint| hint.starts_with(&format!("did you mean `{field}`?"))),
            "{error:?}"
        );
    }
    let error = server_error(r#"{"hunter2 is my password": 1}"#);
    assert!(!format!("{error} {error:?} {:?}", error.hint()).contains("hunter2"));
}

#[test]
fn a_team_is_known_to_the_server_only() {
    assert_eq!(uri(&server(r#"{"team_name": ["t"]}"#)), "//");
    assert!(matches!(
        parse(WORKER, r#"{"team_name": "t"}"#),
        Err(ConnectionError::UnknownKey { .. })
    ));
    assert_eq!(
        server_error(r#"{"conn_id": "c"}"#),
        ConnectionError::HoldsConnId
    );
}

#[test]
fn a_uri_in_json_stands_alone() {
    let both = r#"{"uri": "x://h", "host": "i"}"#;
    let with_none = r#"{"uri": "x://h", "host": null}"#;
    let with_description = r#"{"uri": "x://h", "description": "d"}"#;
    let with_empty_extra = r#"{"uri": "x://h", "extra": {}, "port": 0, "conn_type": ""}"#;
    assert_eq!(server_error(both), ConnectionError::UriAndFields);
    assert_eq!(uri(&server(with_none)), "x://h");
    assert_eq!(
        parse(WORKER, with_none).unwrap_err(),
        ConnectionError::UriAndFields
    );
    assert_eq!(shown(&server(with_description), "description"), r#""d""#);
    assert_eq!(
        parse(WORKER, with_description).unwrap_err(),
        ConnectionError::UriAndFields
    );
    assert_eq!(
        (
            uri(&server(with_empty_extra)),
            uri(&worker(with_empty_extra))
        ),
        ("x://h", "x://h")
    );
    assert_eq!(uri(&server(r#"{"uri": "", "host": "i"}"#)), "//i");
    assert!(matches!(
        server_error(r#"{"uri": ["x"]}"#),
        ConnectionError::NotText { field: "uri", .. }
    ));
}

#[test]
fn only_an_object_is_json() {
    assert_eq!(
        json::kwargs("[1]"),
        Err(ConnectionError::NotAnObject { found: "list" })
    );
    let connection = server("[1]");
    assert_eq!(
        (uri(&connection), connection.findings().len()),
        ("///1%5D", 1)
    );
}
