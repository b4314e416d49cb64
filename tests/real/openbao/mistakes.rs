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

/// Vault's own words say more than "not found".
#[test]
fn vaults_own_words() {
    let Some(server) = OpenBao::shared() else {
        return;
    };
    server.admin().mount_kv("wordy", 2);
    get_hello(server, "wordy", json!(1))
        .fails_with(3)
        .says("Invalid path for a versioned K/V secrets engine");
    get_hello(server, "no-such-mount", json!(2))
        .fails_with(3)
        .says("no handler for route \"no-such-mount/data/variables/hello\"");
}

#[test]
fn an_address_that_ends_in_v1() {
    let Some(server) = OpenBao::shared() else {
        return;
    };
    let url = format!("{}/v1", server.url());
    let kwargs = json!({"token": server.root_token(), "url": url});
    lookup(server, &kwargs)
        .args(["get-var", "hello"])
        .run()
        .fails_with(3)
        .says("no handler for route \"v1/secret/data/variables/hello\"")
        .says("Airflow adds /v1 itself");
}

#[test]
fn ids_and_folders_that_are_not_quite_those_in_vault() {
    let Some(server) = OpenBao::shared() else {
        return;
    };
    let admin = server.admin();
    for version in [1, 2] {
        let mount = format!("near-{version}");
        admin.mount_kv(&mount, version);
        let secret = json!({"value": "found"});
        match version {
            1 => admin.write_v1(&mount, "airflow/variables/Hello", &secret),
            _ => admin.write_v2(&mount, "airflow/variables/Hello", &secret),
        }
        let get = |id: &str, path: &str| {
            let kwargs = json!({
                "token": server.root_token(), "mount_point": mount, "kv_engine_version": version, "variables_path": path,
            });
            lookup(server, &kwargs).args(["get-var", id]).run()
        };
        get("Hello", "airflow/variables").prints("found").quietly();
        for id in ["hello", "Hello ", "Helo"] {
            get(id, "airflow/variables")
                .fails_with(3)
                .says(&format!("`{mount}/airflow/variables/` has `Hello`"));
        }
        get("Hello", "airflow/variable")
            .fails_with(3)
            .says(&format!("`{mount}/airflow/` has `variables/`"));
        get("Hello", "variables").fails_with(3).says(&format!(
            "`{mount}/` has no folder `variables/`; it has `airflow/`"
        ));
    }
}

/// The token may read the path of version 2, and is asked for that of version 1.
#[test]
fn a_denied_path_of_the_wrong_version() {
    let Some(server) = OpenBao::shared() else {
        return;
    };
    let admin = server.admin();
    admin.mount_kv("policed", 2);
    let policy = r#"path "policed/data/*" { capabilities = ["read"] }"#;
    admin.post("sys/policies/acl/policed", &json!({"policy": policy}));
    let token = admin.new_token(&["policed"], "1h");
    let kwargs = json!({"token": token, "mount_point": "policed", "kv_engine_version": 1});
    let output = lookup(server, &kwargs)
        .secret(&token)
        .args(["get-var", "hello"])
        .run();
    output
        .fails_with(4)
        .says("`policed/` is a KV version 2 mount; set \"kv_engine_version\": 2");
    assert!(!output.stderr.contains("capabilities"), "{output}");
}
