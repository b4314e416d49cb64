//! Mounts, paths and ids, tokens and logins.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::{
    BACKEND, EXPIRED, SECRET_ID, TOKEN, answer, kwargs, lookup, misplaced, of_id, refusal, vault,
};
use crate::mistakes::{Mistake, mistake};
use crate::support::cli::Secretctl;
use crate::support::fake_server::FakeServer;

pub fn mistakes() -> Vec<Mistake> {
    let mut mistakes = mounts();
    mistakes.extend(tokens());
    mistakes.extend(logins());
    mistakes.extend(ids());
    mistakes
}

fn mounts() -> Vec<Mistake> {
    vec![
        misplaced(
            "`mount_point` left out",
            3,
            json!({"mount_point": null}),
            json!({"mount_point": "kv"}),
        )
        .names("secret/data/variables/hello")
        .advises("\"mount_point\" names the KV mount (this token sees `kv/`, `old/`)"),
        misplaced(
            "a mount that does not exist",
            3,
            json!({"mount_point": "kvv"}),
            json!({}),
        )
        .names("nothing is mounted at `kvv/`")
        .advises("this token sees `kv/`"),
        misplaced(
            "the mount again in the path",
            3,
            json!({"variables_path": "kv/variables"}),
            json!({"variables_path": "variables"}),
        )
        .names("kv/data/kv/variables/hello")
        .advises("the path begins with the mount's own name, `kv/`, which \"mount_point\" adds"),
        misplaced(
            "`data` in `mount_point`",
            3,
            json!({"mount_point": "kv/data"}),
            json!({}),
        )
        .names("kv/data/data/variables/hello")
        .advises("take it from \"mount_point\""),
        misplaced(
            "version 2 asked of a version 1 mount",
            3,
            json!({"mount_point": "old"}),
            json!({"mount_point": "old", "kv_engine_version": 1}),
        )
        .names("old/data/variables/hello")
        .advises("set \"kv_engine_version\": 1"),
        misplaced(
            "version 1 asked of a version 2 mount",
            3,
            json!({"kv_engine_version": 1}),
            json!({}),
        )
        .names("kv/variables/hello")
        .advises("set \"kv_engine_version\": 2"),
        misplaced(
            "a folder that is not the one in Vault",
            3,
            json!({"variables_path": "variable"}),
            json!({"variables_path": "variables"}),
        )
        .names("kv/data/variable/hello")
        .advises("`kv/` has `variables/`"),
        namespace(),
    ]
}

/// A Vault that has its mounts in one namespace.
fn namespace() -> Mistake {
    let server = FakeServer::start(|request| {
        Some(match request.header("x-vault-namespace") {
            Some("team-a") => answer(request),
            _ => refusal(403, "permission denied"),
        })
    });
    let url = server.url();
    mistake(
        "the wrong namespace",
        5,
        lookup(&url, &json!({"namespace": "team-b"})),
    )
    .names("in the namespace `team-b`")
    .advises("set \"namespace\" to the one that made it")
    .obeyed(0, move |run| {
        run.kwargs(&kwargs(&url, &json!({"namespace": "team-a"})))
    })
    .keeps(server)
}

fn tokens() -> Vec<Mistake> {
    let quoted = {
        let server = vault();
        let run = lookup(&server.url(), &json!({"token": null}));
        mistake(
            "a token in quotes, which `docker --env-file` keeps",
            5,
            run.env("VAULT_TOKEN", &format!("\"{TOKEN}\"")),
        )
        .names("the token from `VAULT_TOKEN`")
        .advises("begins and ends with a quote, which is sent along; write it without")
        .obeyed(0, |run| run.env("VAULT_TOKEN", TOKEN))
        .keeps(server)
    };
    let stale = {
        let server = vault();
        let run = lookup(&server.url(), &json!({"token": null}));
        let run = run.file(".env", format!("VAULT_TOKEN={TOKEN}\n"));
        mistake(
            "an old `export` that wins over .env",
            5,
            run.args(["--env-file", ".env"]).env("VAULT_TOKEN", EXPIRED),
        )
        .names("`VAULT_TOKEN` in the environment, which wins over `.env` line 1")
        .advises("get a new one")
        .obeyed(0, |run| run.without("VAULT_TOKEN"))
        .keeps(server)
    };
    let expired = misplaced(
        "a token that has expired",
        5,
        json!({"token": EXPIRED}),
        json!({}),
    )
    .names("the token is invalid or expired")
    .advises("the token came from kwarg `token`; get a new one");
    let line_break = misplaced(
        "a token with a line break",
        7,
        json!({"token": format!("{TOKEN}\nx")}),
        json!({}),
    )
    .names("kwarg `token`")
    .advises("write the text without it");
    let none = misplaced("no token", 7, json!({"token": null}), json!({}))
        .names("needs `token` or `token_path`, or VAULT_TOKEN")
        .advises("\"token\"");
    let empty = {
        let server = vault();
        let url = server.url();
        mistake(
            "a token that is empty",
            5,
            lookup(&url, &json!({"token": null})).env("VAULT_TOKEN", ""),
        )
        .names("there is no token to show to Vault: `VAULT_TOKEN` gives none")
        .advises("set \"token\" or \"token_path\" in the kwargs, or VAULT_TOKEN in the environment")
        .obeyed(0, |run| run.env("VAULT_TOKEN", TOKEN))
        .keeps(server)
    };
    let denied = of_id("a policy that lacks the path", 4, "denied")
        .names("permission denied to the token `token` with the policies [default]")
        .advises("path \"kv/data/variables/denied\" { capabilities = [\"read\"] }");
    let kv_1_policy = of_id("a policy written for version 1 paths", 4, "denied")
        .names("permission denied to the token `token` with the policies [default]")
        .advises("path \"kv/data/variables/denied\"");
    vec![
        quoted,
        stale,
        expired,
        line_break,
        none,
        empty,
        denied,
        kv_1_policy,
    ]
}

fn approle(more: &Value) -> Value {
    let mut kwargs = json!({"auth_type": "approle", "role_id": "airflow", "secret_id": SECRET_ID, "token": null});
    kwargs
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    kwargs
}

fn logins() -> Vec<Mistake> {
    let role_id_unset = {
        let server = vault();
        let run = lookup(&server.url(), &approle(&json!({"role_id": "$ROLE_ID"})));
        mistake("`$ROLE_ID` that is not handed to the step", 5, run)
            .names(
                "is `$ROLE_ID`, and `ROLE_ID` is set neither in the environment nor in an env file",
            )
            .advises("set `ROLE_ID`")
            .obeyed(0, |run| run.env("ROLE_ID", "airflow"))
            .keeps(server)
    };
    vec![
        role_id_unset,
        misplaced("a secret id that is empty", 5, approle(&json!({"secret_id": ""})), approle(&json!({})))
            .names("Vault refused the login at auth/approle/login with status 400")
            .advises("\"secret_id\" is empty"),
        misplaced("a role id that is misspelt", 5, approle(&json!({"role_id": "airflwo"})), approle(&json!({})))
            .names("Vault refused the login at auth/approle/login with status 400: \"invalid role or secret ID\"")
            .advises("check \"role_id\" and \"secret_id\""),
        misplaced("an auth mount that is not there", 5, approle(&json!({"auth_mount_point": "ci"})), approle(&json!({})))
            .names("nothing is mounted at auth/ci/login")
            .advises("\"auth_mount_point\""),
        used_up(),
        denied_and_used_up(),
    ]
}

/// A secret id that an earlier login has used up.
fn used_up() -> Mistake {
    let made = AtomicUsize::new(0);
    let server = FakeServer::start(move |request| {
        let is_login = request.path() == "/v1/auth/approle/login";
        Some(match is_login && made.fetch_add(1, Ordering::SeqCst) == 0 {
            true => refusal(400, "invalid role or secret ID"),
            false => answer(request),
        })
    });
    mistake("a secret id that an earlier run has used up", 5, lookup(&server.url(), &approle(&json!({}))))
        .names("Vault refused the login at auth/approle/login with status 400: \"invalid role or secret ID\"")
        .advises("a secret id that is used up (`secret_id_num_uses`) or has expired is refused in the same words")
        // The stand-in takes the next one.
        .obeyed(0, |run| run)
        .keeps(server)
}

/// A secret id that is good for one login, and a path that is denied.
fn denied_and_used_up() -> Mistake {
    let made = AtomicUsize::new(0);
    let server = FakeServer::start(move |request| {
        let is_login = request.path() == "/v1/auth/approle/login";
        Some(match is_login && made.fetch_add(1, Ordering::SeqCst) > 0 {
            true => refusal(400, "invalid role or secret ID"),
            false => answer(request),
        })
    });
    let run = Secretctl::new().backend(BACKEND).secret(SECRET_ID);
    let run = run
        .kwargs(&kwargs(&server.url(), &approle(&json!({}))))
        .args(["get-var", "denied"]);
    mistake("a path that is denied, and a secret id for one login", 4, run)
        .names("permission denied to the token `token` with the policies [default]; Airflow logs in again after a 403, and that login was refused as well")
        .advises("path \"kv/data/variables/denied\" { capabilities = [\"read\"] }")
        .keeps(server)
}

fn ids() -> Vec<Mistake> {
    let absent = |done, id| {
        of_id(done, 3, id)
            .names(format!("kv/data/variables/{id} at "))
            .advises("`kv/variables/` has `hello`; Vault wants the very same name")
    };
    vec![
        absent("an id in the wrong case", "Hello"),
        absent("an id that is misspelt", "helo"),
        absent("a blank at the end of an id", "hello "),
        of_id("a variable without the key `value`", 8, "no_value")
            .names("found, but it has no key `value`")
            .advises("store it as in `vault kv put PATH value=...`"),
        of_id("a version that is deleted", 3, "deleted")
            .names("kv/data/variables/deleted")
            .tells("its latest version is deleted; `vault kv undelete` brings it back"),
    ]
}
