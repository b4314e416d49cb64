//! The tools of the other tests do what those tests believe: a fake server that fails as it is told, canaries that are seen.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;

use crate::support::canary::Canary;
use crate::support::fake_server::{FakeServer, Response, in_turn};
use crate::support::openbao::OpenBao;

/// Sends `GET /path` and reads until the server closes the connection.
fn get(server: &FakeServer, path: &str) -> String {
    let (answer, closed) = exchange(server, path);
    assert!(closed, "the connection stays open after {answer:?}");
    answer
}

/// Sends `GET /path` and reads an answer after which the connection stays open.
fn get_and_stay(server: &FakeServer, path: &str) -> String {
    let (answer, closed) = exchange(server, path);
    assert!(!closed, "the connection is closed after {answer:?}");
    answer
}

/// What comes until the server closes the connection or is silent for half a second, and which of the two it was.
fn exchange(server: &FakeServer, path: &str) -> (String, bool) {
    let mut connection = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    connection
        .set_read_timeout(Some(Duration::from_millis(500)))
        .unwrap();
    write!(
        connection,
        "GET {path} HTTP/1.1\r\nX-First: 1\r\nx-second: 2\r\nContent-Length: 2\r\n\r\n{{}}"
    )
    .unwrap();
    let mut answer = Vec::new();
    let closed = connection.read_to_end(&mut answer).is_ok();
    (String::from_utf8(answer).unwrap(), closed)
}

#[test]
fn a_request_is_kept_as_it_was_sent() {
    let server = FakeServer::start(|_| Some(Response::json(200, &json!({"a": 1}))));
    let answer = get_and_stay(&server, "/v1/a%20b?list=true");
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\n{\"a\":1}"),
        "{answer}"
    );
    let requests = server.requests();
    let [request] = requests.as_slice() else {
        panic!("{requests:?}")
    };
    assert_eq!(
        (request.method.as_str(), request.target.as_str()),
        ("GET", "/v1/a%20b?list=true")
    );
    assert_eq!(request.path(), "/v1/a%20b");
    let names: Vec<&str> = request
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(names, ["X-First", "x-second", "Content-Length"]);
    assert_eq!(request.json(), json!({}));
}

#[test]
fn responses_come_in_turn() {
    let server = FakeServer::start(in_turn([
        Response::text(503, "one"),
        Response::text(200, "two"),
    ]));
    assert!(get_and_stay(&server, "/").ends_with("one"));
    assert!(get_and_stay(&server, "/").ends_with("two"));
    assert_eq!(server.requests().len(), 2);
}

#[test]
#[should_panic(expected = "GET /nobody-asked")]
fn an_unexpected_request_fails_the_test() {
    let server = FakeServer::start(|_| None);
    assert!(get_and_stay(&server, "/nobody-asked").starts_with("HTTP/1.1 599 "));
}

#[test]
#[should_panic(expected = "GET /checked")]
fn a_check_inside_the_handler_fails_the_test() {
    let server = FakeServer::start(|request| {
        assert_eq!(request.header("x-first"), Some("no"));
        None
    });
    get_and_stay(&server, "/checked");
}

#[test]
fn a_server_can_fail_in_every_way() {
    let whole = Response::text(200, "0123456789");
    let cut = FakeServer::start(in_turn([
        whole.clone().cut_after(15),
        whole.clone().cut_after(0),
    ]));
    assert_eq!(get(&cut, "/"), "HTTP/1.1 200 \r\n");
    assert_eq!(get(&cut, "/"), "");

    let silent = FakeServer::start(in_turn([
        Response::hang(),
        Response::garbage(b"220 smtp ready\r\n"),
    ]));
    assert_eq!(get_and_stay(&silent, "/"), "");
    assert_eq!(get(&silent, "/"), "220 smtp ready\r\n");

    let slow = FakeServer::start(in_turn([whole.dripping(Duration::from_millis(1))]));
    assert!(get_and_stay(&slow, "/").ends_with("0123456789"));

    let moved = FakeServer::start(in_turn([Response::redirect("http://localhost:1/x")]));
    assert!(get_and_stay(&moved, "/").contains("Location: http://localhost:1/x\r\n"));
}

#[test]
fn a_body_without_end_goes_on_until_the_client_leaves() {
    let server = FakeServer::start(in_turn([Response::endless("{\"data\": \"")]));
    let mut connection = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    connection.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let mut start = vec![0; 1 << 20];
    connection.read_exact(&mut start).unwrap();
    assert!(String::from_utf8(start).unwrap().ends_with("xxxx"));
}

#[test]
fn a_canary_is_seen_in_every_form() {
    let canary = Canary::new("pa\"ss wörd/+1");
    let leaks = [
        ("is pa\"ss wörd/+1 here", "as it is"),
        (r#"{"password": "pa\"ss wörd/+1"}"#, "JSON-escaped"),
        ("https://h/?p=pa%22ss%20w%c3%b6rd%2f%2b1", "percent-encoded"),
        ("p=pa%22ss+w%C3%B6rd%2F%2B1&q", "form-encoded"),
        ("cGEic3Mgd8O2cmQvKzE=", "in base64"),     // alone
        ("eHBhInNzIHfDtnJkLysx", "in base64"),     // after `x`
        ("eHhwYSJzcyB3w7ZyZC8rMXg=", "in base64"), // between `xx` and `x`
    ];
    for (output, form) in leaks {
        assert_eq!(canary.found_in(output), Some(form), "{output}");
    }
    assert_eq!(canary.found_in("nothing of it: pa ss w rd"), None);
}

#[test]
fn a_real_server_serves_and_can_be_sealed() {
    let Some(server) = OpenBao::start() else {
        return;
    };
    let admin = server.admin();
    admin.write_v2("secret", "a", &json!({"value": "x"}));
    assert_eq!(
        admin.get("secret/data/a")["data"]["data"],
        json!({"value": "x"})
    );
    admin.post("sys/seal", &json!({}));
    assert_eq!(admin.status_of("secret/data/a"), 503);
}

#[test]
fn a_real_server_has_tls() {
    let Some(server) = OpenBao::start_tls() else {
        return;
    };
    assert!(server.url().starts_with("https://"));
    assert!(
        std::fs::read_to_string(server.ca_file())
            .unwrap()
            .contains("BEGIN CERTIFICATE")
    );
    assert_eq!(server.admin().status_of("secret/data/absent"), 404);
}
