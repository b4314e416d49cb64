//! A configuration that asks at the wrong place. The server just says 404, so `secretctl` looks at the mount and says what
//! is wrong with it.

use serde_json::{Value, json};

use super::lookup;
use crate::support::cli::Output;
use crate::support::openbao::OpenBao;

fn get_hello(server: &OpenBao, mount: &str, version: Value) -> Output {
    let kwargs =
        json!({"token": server.root_token(), "mount_point": mount, "kv_engine_version": version});
    lookup(server, &kwargs).args(["get-var", "hello"]).run()
}

#[test]
fn version_2_is_asked_for_and_the_mount_is_version_1() {
    let Some(server) = OpenBao::shared() else {
        return;
    };
    let admin = server.admin();
    admin.mount_kv("really-1", 1);
    admin.write_v1(
        "really-1",
        "variables/hello",
        &json!({"value": "in version 1"}),
    );
    get_hello(server, "really-1", json!(2))
        .fails_with(3)
        .says("kv_engine_version")
        .says("really-1");
    get_hello(server, "really-1", json!(1))
        .prints("in version 1")
        .quietly();
}

#[test]
fn version_1_is_asked_for_and_the_mount_is_version_2() {
    let Some(server) = OpenBao::shared() else {
        return;
    };
    let admin = server.admin();
    admin.mount_kv("really-2", 2);
    admin.write_v2(
        "really-2",
        "variables/hello",
        &json!({"value": "in version 2"}),
    );
    get_hello(server, "really-2", json!(1))
        .fails_with(3)
        .says("kv_engine_version")
        .says("really-2");
    get_hello(server, "really-2", json!(2))
        .prints("in version 2")
        .quietly();
}

/// The version is right and the id is not: there is nothing to say about the version.
#[test]
fn a_right_version_is_not_blamed() {
    let Some(server) = OpenBao::shared() else {
        return;
    };
    server.admin().mount_kv("blameless", 2);
    let output = get_hello(server, "blameless", json!(2));
    output.fails_with(3);
    assert!(!output.stderr.contains("kv_engine_version"), "{output}");
}

#[test]
fn a_mount_that_does_not_exist() {
    let Some(server) = OpenBao::shared() else {
        return;
    };
    get_hello(server, "no-such-mount", json!(2))
        .fails_with(3)
        .says("no-such-mount")
        .says("mount_point");
}
