//! `Connection(**kwargs)`, as `LocalFilesystemBackend` calls it.

use super::*;

#[test]
fn a_text_is_always_a_uri() {
    let connection = Connection::from_uri(SERVER, "c", &r#"{"conn_type": "x"}"#.into()).unwrap();
    assert_eq!(shown(&connection, "conn_type"), r#""""#);
    assert!(
        connection.findings()[0]
            .sentence
            .contains("looks like JSON")
    );
}

#[test]
fn an_empty_text_is_an_empty_connection() {
    let on_server = Connection::from_uri(SERVER, "c", &"".into()).unwrap();
    let on_worker = Connection::from_uri(WORKER, "c", &"".into()).unwrap();
    assert_eq!(
        (
            shown(&on_server, "conn_type"),
            shown(&on_worker, "conn_type")
        ),
        ("null".into(), r#""""#.into())
    );
    assert_eq!((uri(&on_server), uri(&on_worker)), ("//", "//"));
}

#[test]
fn fields_are_neither_normalised_nor_cast() {
    let connection = from_fields(
        SERVER,
        r#"{"conn_id": "c", "conn_type": "postgresql", "port": "1"}"#,
    )
    .unwrap();
    assert_eq!(
        (shown(&connection, "conn_type"), shown(&connection, "port")),
        (r#""postgresql""#.into(), r#""1""#.into())
    );
    assert_eq!(uri(&connection), "postgresql://@:1");
}

#[test]
fn a_port_of_any_type_is_written_as_python_shows_it() {
    for (port, written) in [
        ("true", "//@:True"),
        ("1.0", "//@:1.0"),
        ("NaN", "//@:nan"),
        (r#""a b""#, "//@:a b"),
        ("[]", "//"),
    ] {
        assert_eq!(
            uri(&from_fields(SERVER, &format!(r#"{{"port": {port}}}"#)).unwrap()),
            written
        );
    }
    let date = Dict::from([("port".to_string(), Value::Date("2024-01-01".to_string()))]);
    assert_eq!(
        uri(&Connection::from_fields(SERVER, "c", date).unwrap()),
        "//@:2024-01-01"
    );
    assert_eq!(
        from_fields(SERVER, r#"{"port": [1]}"#).unwrap_err(),
        ConnectionError::NoUri(Box::new(ConnectionError::PortHasNoForm { found: "list" }))
    );
}

#[test]
fn an_extra_object_is_written_as_json_by_the_server_only() {
    let extra = r#"{"extra": {"a": "é"}}"#;
    let connection = from_fields(SERVER, extra).unwrap();
    assert_eq!(
        connection.field("extra").unwrap().unwrap().expose(),
        r#"{"a": "\u00e9"}"#
    );
    assert_eq!(
        from_fields(WORKER, extra).unwrap_err(),
        ConnectionError::NotText {
            field: "extra",
            found: "dict"
        }
    );
    assert_eq!(
        shown(&from_fields(SERVER, r#"{"extra": ""}"#).unwrap(), "extra"),
        "null"
    );
}

#[test]
fn an_extra_with_a_date_is_refused() {
    let date = Dict::from([("since".to_string(), Value::Date("2024-01-01".to_string()))]);
    let fields = Dict::from([("extra".to_string(), Value::Dict(date))]);
    assert_eq!(
        Connection::from_fields(SERVER, "c", fields).unwrap_err(),
        ConnectionError::ExtraHoldsDate
    );
}
