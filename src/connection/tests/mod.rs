//! What the parts make together; every expected value is what real Airflow 3.3.2 and task-sdk 1.3.2 gave.

mod arguments;
mod json_form;
mod uri_form;

use super::*;
use crate::airflow_version::AirflowVersion;
use crate::failure::Fault;
use crate::python::json::loads;

const SERVER: Model = Model {
    class: model::Class::Server,
    version: AirflowVersion::V3_3,
};
const WORKER: Model = Model {
    class: model::Class::Worker,
    version: AirflowVersion::V3_3,
};

fn parse(model: Model, text: &str) -> Result<Connection, ConnectionError> {
    Connection::parse(model, "c", &SecretText::from(text))
}

fn server(text: &str) -> Connection {
    parse(SERVER, text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn worker(text: &str) -> Connection {
    parse(WORKER, text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn server_error(text: &str) -> ConnectionError {
    parse(SERVER, text).expect_err(text)
}

fn from_fields(model: Model, json: &str) -> Result<Connection, ConnectionError> {
    match loads(json) {
        Ok(Value::Dict(fields)) => Connection::from_fields(model, "c", fields),
        other => panic!("{other:?}"),
    }
}

/// One field, as JSON.
fn shown(connection: &Connection, field: &str) -> String {
    dumps(&connection.fields()[field])
}

fn uri(connection: &Connection) -> &str {
    connection.uri().expose()
}

#[test]
fn fields_come_in_order() {
    let fields = server("x://h").fields();
    let names = [
        "conn_id",
        "conn_type",
        "description",
        "host",
        "login",
        "password",
        "schema",
        "port",
        "extra",
        "uri",
    ];
    assert!(fields.keys().eq(names));
}

#[test]
fn one_field_is_bare_text() {
    let connection =
        server(r#"{"conn_type": "x", "port": 5, "extra": {"a": "é", "b": [1, "é"], "c.d": null}}"#);
    let field = |name| {
        connection
            .field(name)
            .unwrap()
            .map(|text| text.expose().to_string())
    };
    assert_eq!(field("conn_type").as_deref(), Some("x"));
    assert_eq!(field("port").as_deref(), Some("5"));
    assert_eq!(field("extra.a").as_deref(), Some("é"));
    assert_eq!(field("extra.b").as_deref(), Some(r#"[1, "\u00e9"]"#));
    assert_eq!(field("uri").as_deref(), Some(uri(&connection)));
    assert_eq!(field("extra.c.d").as_deref(), Some(""));
    for absent in [
        "host",
        "login",
        "password",
        "schema",
        "description",
        "extra.z",
        "extra.",
    ] {
        assert_eq!(field(absent), None, "{absent}");
    }
}

#[test]
fn an_unknown_field_lists_the_known_ones() {
    let error = server("x://h").field("username").unwrap_err();
    assert!(
        error
            .to_string()
            .contains("`host`, `login`, `password`, `port`")
    );
    assert_eq!(error.hint().as_deref(), Some("did you mean `login`?"));
    assert_eq!(server("x://h").field("zzz").unwrap_err().hint(), None);
}

#[test]
fn an_id_that_airflow_drops_is_a_warning() {
    let connection = Connection::parse(SERVER, "a b", &"x://h".into()).unwrap();
    assert_eq!(shown(&connection, "conn_id"), "null");
    assert_eq!(connection.findings().len(), 1);
    let connection = Connection::parse(WORKER, "a b", &"x://h".into()).unwrap();
    assert_eq!(
        (shown(&connection, "conn_id"), connection.findings().len()),
        (r#""a b""#.into(), 0)
    );
}

#[test]
fn nothing_secret_is_in_debug_errors_or_hints() {
    let connection = server("hunter2://hunter2:hunter2@hunter2/hunter2?hunter2=hunter2");
    assert!(!format!("{connection:?}").contains("hunter2"));
    let broken = [
        "x://u:hunter2@h:hunter2",
        "x://u:hunter2]@h",
        "x://u:hunter2＃@h",
        "x://u:hunter2@h?a=b://c",
        "x://hunter2://hunter2://",
        "x://h?__extra__=hunter2",
        "{\"password\": hunter2}",
        "{\"port\": \"hunter2\"}",
        "{\"extra\": \"hunter2\"}",
        "{\"login\": [\"hunter2\"]}",
        "{\"uri\": \"hunter2\", \"host\": \"hunter2\"}",
    ];
    for text in broken {
        let error = server_error(text);
        assert!(
            !format!("{error} {error:?} {:?}", error.hint()).contains("hunter2"),
            "{error}"
        );
    }
}

#[test]
fn large_and_deep_values_take_linear_time() {
    let large = 1 << 20;
    server(&format!(r#"{{"password": "{}"}}"#, "%".repeat(large)));
    server(&format!("x://{}h", "@".repeat(large)));
    server(&format!("x://h?{}", "a=[1]&".repeat(large / 16)));
    assert!(parse(SERVER, &"a://".repeat(large)).is_err());
    assert!(parse(SERVER, &"{\"extra\":".repeat(large)).is_err());
    assert!(parse(SERVER, &format!("x://h:{}", "9".repeat(large))).is_err());
}
