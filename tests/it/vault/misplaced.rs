//! Settings that look beside the secret, and ids that are not quite those in Vault: what Vault is asked then, and the hint.

use serde_json::{Value, json};

use crate::support::cli::{Output, Secretctl};
use crate::support::fake_server::{FakeServer, Request, Response};

/// A Vault with one KV mount, `kv/`, of `version`, in which these folders have these names. It answers reads with `read`.
fn vault(version: &'static str, read: u16, folders: &'static [(&str, &[&str])]) -> FakeServer {
    FakeServer::start(move |request| Some(answer(request, version, read, folders)))
}

fn answer(request: &Request, version: &str, read: u16, folders: &[(&str, &[&str])]) -> Response {
    let mount = json!({"type": "kv", "path": "kv/", "options": {"version": version}});
    let path = request.path().trim_start_matches("/v1/");
    if let Some(place) = path.strip_prefix("sys/internal/ui/mounts/") {
        return match place == "kv" || place.starts_with("kv/") {
            true => Response::json(200, &json!({"data": mount})),
            false => refusal(403),
        };
    }
    if path == "sys/internal/ui/mounts" {
        let sys = json!({"type": "system"});
        let mounts = json!({"data": {"secret": {"kv/": mount, "sys/": sys}, "auth": {}}});
        return Response::json(200, &mounts);
    }
    if path == "auth/token/lookup-self" {
        return Response::json(200, &json!({"data": {"policies": ["default"]}}));
    }
    if request.target.ends_with("?list=true") {
        let folder = folders.iter().find(|(folder, _)| *folder == path);
        return match folder {
            Some((_, names)) => Response::json(200, &json!({"data": {"keys": names}})),
            None => refusal(404),
        };
    }
    refusal(read)
}

fn refusal(status: u16) -> Response {
    match status {
        404 => Response::json(404, &json!({"errors": []})),
        status => Response::json(status, &json!({"errors": ["permission denied"]})),
    }
}

fn get(server: &FakeServer, id: &str, more: Value) -> Output {
    let mut kwargs = json!({"url": server.url(), "token": "s.the-token", "mount_point": "kv"});
    let members = kwargs.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    Secretctl::new()
        .backend("airflow.providers.hashicorp.secrets.vault.VaultBackend")
        .kwargs(&kwargs)
        .args(["get-var", id])
        .run()
}

#[test]
fn an_address_that_ends_in_v1() {
    for read in [404, 403] {
        let server = FakeServer::start(move |request| {
            assert!(request.path().starts_with("/v1/v1/"), "{}", request.path());
            Some(match request.path() {
                "/v1/v1/auth/token/lookup-self" => {
                    Response::json(200, &json!({"data": {"policies": ["root"]}}))
                }
                _ => refusal(read),
            })
        });
        let url = format!("{}/v1", server.url());
        get(&server, "hello", json!({"url": url}))
            .fails_with(if read == 404 { 3 } else { 4 })
            .says(&format!("at {url}"))
            .says("Airflow adds /v1 itself; take it from \"url\"");
    }
    let page = FakeServer::start(|_| Some(Response::html(404)));
    let url = format!("{}/v1/", page.url());
    get(&page, "hello", json!({"url": url}))
        .fails_with(6)
        .says("/v1/v1/kv/data/variables/hello")
        .says("Airflow adds /v1 itself");
}

#[test]
fn the_mount_named_twice() {
    for (read, code) in [(404, 3), (403, 4)] {
        let server = vault("2", read, &[("kv/metadata", &["variables/"])]);
        get(&server, "hello", json!({"variables_path": "kv/variables"}))
            .fails_with(code)
            .says("the path begins with the mount's own name, `kv/`, which \"mount_point\" adds");
        get(&server, "hello", json!({"mount_point": "kv/data"}))
            .fails_with(code)
            .says("Airflow adds `data/` itself, so take it from \"mount_point\"");
        get(
            &server,
            "hello",
            json!({"variables_path": "data/variables"}),
        )
        .fails_with(code)
        .says("take it from the path");
    }
}

/// A policy for a path that no secret can have would help nobody: the mount is asked first.
#[test]
fn a_denied_path_of_the_wrong_version() {
    let server = vault("2", 403, &[]);
    let output = get(&server, "hello", json!({"kv_engine_version": 1}));
    output
        .fails_with(4)
        .says("`kv/` is a KV version 2 mount; set \"kv_engine_version\": 2");
    assert!(!output.stderr.contains("capabilities"), "{output}");
    get(&server, "hello", json!({})).fails_with(4).says(
        "path \"kv/data/variables/hello\" { capabilities = [\"read\"] }, and none may say `deny`",
    );
}

#[test]
fn a_mount_that_is_not_there() {
    for (read, code) in [(404, 3), (403, 4)] {
        let server = vault("2", read, &[]);
        get(&server, "hello", json!({"mount_point": "secret"}))
            .fails_with(code)
            .says("nothing is mounted at `secret/`, or this token may not see it")
            .says("(this token sees `kv/`)");
    }
}

#[test]
fn an_id_that_is_not_quite_the_one_in_vault() {
    const NAMES: &[(&str, &[&str])] = &[("kv/metadata/variables", &["Hello_World", "another"])];
    let server = vault("2", 404, NAMES);
    for id in ["hello_world", "HELLO_WORLD", "Hello_World ", "Hello_Wrold"] {
        get(&server, id, json!({}))
            .fails_with(3)
            .says("`kv/variables/` has `Hello_World`; Vault wants the very same name");
    }
    let output = get(&server, "zzz", json!({}));
    output.fails_with(3);
    assert!(!output.stderr.contains("hint"), "{output}");
    let server = vault("1", 404, &[("kv/variables", &["Hello_World"])]);
    get(&server, "hello_world", json!({"kv_engine_version": 1}))
        .fails_with(3)
        .says("`kv/variables/` has `Hello_World`");
}

#[test]
fn a_folder_that_is_not_quite_the_one_in_vault() {
    const ROOT: &[(&str, &[&str])] = &[("kv/metadata", &["airflow/", "variables/", "x"])];
    let server = vault("2", 404, ROOT);
    get(&server, "hello", json!({"variables_path": "variable"}))
        .fails_with(3)
        .says("`kv/` has `variables/`");
    get(&server, "hello", json!({"variables_path": "team/zzz"}))
        .fails_with(3)
        .says("`kv/` has no folder `team/`; it has `airflow/`, `variables/`");
}

/// What may not be listed says nothing of an id, unless the id is one that is easily mistaken.
#[test]
fn a_token_that_may_not_list() {
    let server = FakeServer::start(|request| {
        let lists = request.target.ends_with("?list=true");
        Some(match lists {
            true => refusal(403),
            false => answer(request, "2", 404, &[]),
        })
    });
    get(&server, "Hello", json!({}))
        .fails_with(3)
        .says("this token may not list `kv/variables/`");
    let output = get(&server, "hello", json!({}));
    output.fails_with(3);
    assert!(!output.stderr.contains("hint"), "{output}");
}
