//! A server with a certificate of its own authority.

use serde_json::json;

use super::{HELLO, lookup};
use crate::support::openbao::OpenBao;

#[test]
fn a_certificate_of_an_own_authority() {
    let Some(server) = OpenBao::start_tls() else {
        return;
    };
    server
        .admin()
        .write_v2("secret", "variables/hello", &json!({"value": HELLO}));
    let get_hello = |verify| {
        let kwargs = json!({"token": server.root_token(), "verify": verify});
        lookup(&server, &kwargs).args(["get-var", "hello"]).run()
    };
    get_hello(json!(server.ca_file())).prints(HELLO).quietly();
    get_hello(json!(true)).fails_with(6).says("certificate");
    get_hello(json!(false))
        .prints(HELLO)
        .says("warning")
        .says("verify");
}

#[test]
fn an_address_without_tls() {
    let Some(server) = OpenBao::start_tls() else {
        return;
    };
    let url = server.url().replace("https://", "http://");
    lookup(&server, &json!({"token": server.root_token(), "url": url}))
        .args(["get-var", "hello"])
        .run()
        .fails_with(6)
        .says("write https://");
}
