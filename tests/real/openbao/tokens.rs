//! The tokens of a run at a real server: whether they are given up, and what is said of one that is used up.

use serde_json::{Value, json};

use super::{HELLO, lookup, mount_with_hello};
use crate::support::cli::Secretctl;
use crate::support::openbao::OpenBao;

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// A role of AppRole at a mount of its own, with what it logs in with.
fn approle(server: &OpenBao, name: &str, role: &Value, uses: u32) -> Value {
    let admin = server.admin();
    admin.enable_auth(name, "approle");
    let path = format!("auth/{name}/role/worker");
    admin.post(&path, role);
    let role_id = text(&admin.get(&format!("{path}/role-id"))["data"]["role_id"]);
    let secret_id = admin.post(&format!("{path}/secret-id"), &json!({"num_uses": uses}));
    let secret_id = text(&secret_id["data"]["secret_id"]);
    json!({"auth_type": "approle", "auth_mount_point": name, "mount_point": name, "role_id": role_id, "secret_id": secret_id})
}

fn get_hello(server: &OpenBao, kwargs: &Value) -> Secretctl {
    let run = lookup(server, kwargs).args(["get-var", "hello"]);
    run.secret(kwargs["secret_id"].as_str().unwrap_or("s.none"))
}

/// How many tokens are alive that a login at this auth mount gave.
fn tokens_of(server: &OpenBao, name: &str) -> usize {
    let admin = server.admin();
    let accessors = admin.get("auth/token/accessors?list=true");
    let accessors = accessors["data"]["keys"].as_array().unwrap().clone();
    let path = json!(format!("auth/{name}/login"));
    let is_of_login = |accessor: &Value| {
        let body = json!({"accessor": accessor});
        let token = admin.try_post("auth/token/lookup-accessor", &body);
        token.is_some_and(|token| token["data"]["path"] == path)
    };
    accessors
        .iter()
        .filter(|accessor| is_of_login(accessor))
        .count()
}

#[test]
fn a_login_leaves_no_token_behind() {
    let Some(server) = OpenBao::shared() else {
        return;
    };
    mount_with_hello(server, "leaves-none");
    let kwargs = approle(
        server,
        "leaves-none",
        &json!({"token_policies": "leaves-none"}),
        0,
    );
    get_hello(server, &kwargs).run().prints(HELLO).quietly();
    assert_eq!(tokens_of(server, "leaves-none"), 0);
    let kept = get_hello(server, &kwargs).args(["--keep-login"]);
    kept.run().prints(HELLO).quietly();
    assert_eq!(tokens_of(server, "leaves-none"), 1);
}

#[test]
fn a_denied_path_and_a_secret_id_for_one_login() {
    let Some(server) = OpenBao::shared() else {
        return;
    };
    mount_with_hello(server, "one-login");
    let kwargs = approle(
        server,
        "one-login",
        &json!({"token_policies": "default"}),
        1,
    );
    get_hello(server, &kwargs)
        .run()
        .fails_with(4)
        .says("permission denied to the token `one-login`")
        .says("Airflow logs in again after a 403, and that login was refused as well")
        .says("path \"one-login/data/variables/hello\"");
    assert_eq!(tokens_of(server, "one-login"), 0);
}

/// The one use of the token is the read of a secret that is not there.
#[test]
fn a_token_that_is_used_up() {
    let Some(server) = OpenBao::shared() else {
        return;
    };
    mount_with_hello(server, "used-up");
    let body = json!({"policies": ["used-up"], "num_uses": 1});
    let token = text(&server.admin().post("auth/token/create", &body)["auth"]["client_token"]);
    let kwargs = json!({"token": token, "mount_point": "used-up"});
    let run = lookup(server, &kwargs).secret(&token);
    let output = run.args(["get-var", "absent"]).run();
    output.fails_with(3).says("`num_uses`");
    assert!(!output.stderr.contains("nothing is mounted"), "{output}");
}
