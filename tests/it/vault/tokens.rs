//! The tokens of a run: one login however many secrets, a second one after the first 403, each given up at the end; and where
//! a token that Vault does not take came from.

use std::sync::atomic::{AtomicUsize, Ordering};

use secretctl::{
    Console, Env, Failure, Fault, Files, Lookup, LookupOptions, SecretId, SecretKind, Settings,
};
use serde_json::{Value, json};

use crate::support::cli::Secretctl;
use crate::support::fake_server::{FakeServer, Request, Response};

const VAULT: &str = "airflow.providers.hashicorp.secrets.vault.VaultBackend";

fn lookup(server: &FakeServer, mut kwargs: Value) -> Secretctl {
    kwargs["url"] = server.url().into();
    let run = Secretctl::new().backend(VAULT).kwargs(&kwargs);
    run.args(["get-var", "hello"])
}

fn approle() -> Value {
    json!({"auth_type": "approle", "role_id": "the-role-id", "secret_id": "the-secret-id"})
}

fn refusal(status: u16, words: &str) -> Response {
    Response::json(status, &json!({"errors": [words]}))
}

fn secret() -> Response {
    Response::json(200, &json!({"data": {"data": {"value": "world"}}}))
}

/// A Vault that lets AppRole in `logins` times, with a token of its own each time, and answers reads as `read` says.
fn vault(
    logins: usize,
    read: impl Fn(&Request) -> Option<Response> + Send + Sync + 'static,
) -> FakeServer {
    let made = AtomicUsize::new(0);
    FakeServer::start(move |request| match request.path() {
        "/v1/auth/approle/login" => Some(match made.fetch_add(1, Ordering::SeqCst) {
            made if made < logins => {
                let token = format!("s.token-{made}");
                Response::json(200, &json!({"auth": {"client_token": token}}))
            }
            _ => refusal(400, "invalid secret id"),
        }),
        "/v1/auth/token/revoke-self" => Some(Response::new(204, "application/json", "")),
        "/v1/auth/token/lookup-self" => Some(Response::json(
            200,
            &json!({"data": {"display_name": "approle", "policies": ["default"]}}),
        )),
        _ => read(request),
    })
}

fn count(server: &FakeServer, path: &str) -> usize {
    let targets = server.targets();
    targets.iter().filter(|target| *target == path).count()
}

/// A secret id that is good for one login: the 403 is what the reader has to know, and the login that Airflow makes after it is
/// the second half.
#[test]
fn a_denied_path_and_a_secret_id_that_is_used_up() {
    let server = vault(1, |_| Some(refusal(403, "permission denied")));
    let output = lookup(&server, approle()).secret("the-secret-id").run();
    output
        .fails_with(4)
        .says("permission denied to the token `approle` with the policies [default]; Airflow logs in again after a 403, and that login was refused as well: Vault refused the login at auth/approle/login with status 400: \"invalid secret id\"")
        .says("path \"secret/data/variables/hello\" { capabilities = [\"read\"] }");
    assert_eq!(count(&server, "/v1/auth/approle/login"), 2);
}

#[test]
fn a_path_that_is_denied_twice() {
    let server = vault(9, |_| Some(refusal(403, "permission denied")));
    let output = lookup(&server, approle()).run();
    output.fails_with(4).says("permission denied to the token");
    assert!(!output.stderr.contains("logs in again"), "{output}");
    assert_eq!(count(&server, "/v1/auth/approle/login"), 2);
    assert_eq!(count(&server, "/v1/secret/data/variables/hello"), 2);
}

#[test]
fn a_token_that_expires_is_replaced() {
    let server = vault(9, |request| match request.header("x-vault-token") {
        Some("s.token-1") => Some(secret()),
        _ => Some(refusal(403, "permission denied")),
    });
    lookup(&server, approle()).run().prints("world").quietly();
}

/// The tokens of a run's own logins are given up, and no other.
#[test]
fn a_token_of_its_own_is_given_up() {
    let server = vault(9, |_| Some(secret()));
    lookup(&server, approle()).run().prints("world").quietly();
    let last = server.requests().pop().unwrap();
    assert_eq!(
        (last.method.as_str(), last.path()),
        ("POST", "/v1/auth/token/revoke-self")
    );
    assert_eq!(last.header("x-vault-token"), Some("s.token-0"));

    let denied = vault(9, |_| Some(refusal(403, "permission denied")));
    lookup(&denied, approle()).run().fails_with(4);
    let revoked = denied.requests().into_iter();
    let revoked = revoked.filter(|request| request.path().ends_with("revoke-self"));
    let tokens: Vec<String> = revoked
        .map(|request| request.header("x-vault-token").unwrap().to_owned())
        .collect();
    assert_eq!(tokens, ["s.token-0", "s.token-1"]);

    let server = vault(0, |_| Some(secret()));
    lookup(&server, json!({"token": "s.given"}))
        .run()
        .prints("world");
    assert_eq!(server.targets(), ["/v1/secret/data/variables/hello"]);
}

/// A Vault that hangs at the end does not hold up a run that has its value.
#[test]
fn giving_up_a_token_takes_no_longer_than_a_second() {
    let server = FakeServer::start(|request| match request.path() {
        "/v1/auth/approle/login" => Some(Response::json(
            200,
            &json!({"auth": {"client_token": "s.t"}}),
        )),
        "/v1/auth/token/revoke-self" => Some(Response::hang()),
        _ => Some(secret()),
    });
    let output = lookup(&server, approle()).run();
    output.prints("world").quietly();
    assert!(output.took.as_secs() < 10, "{output}");
}

fn with_token(server: &FakeServer, token: &str) -> Secretctl {
    lookup(server, json!({"token": token}))
}

fn refusing() -> FakeServer {
    FakeServer::start(|_| Some(refusal(403, "permission denied")))
}

#[test]
fn a_token_in_quotes() {
    let server = refusing();
    for token in ["\"s.the-token\"", "'s.the-token'"] {
        with_token(&server, token)
            .run()
            .fails_with(5)
            .says("begins and ends with a quote");
    }
    let output = with_token(&server, "s.the-token").run();
    output
        .fails_with(5)
        .says("the token came from kwarg `token`");
    assert!(!output.stderr.contains("quote"), "{output}");
}

#[test]
fn where_a_token_of_the_environment_comes_from() {
    let server = refusing();
    let run = || lookup(&server, json!({})).file(".env", "OTHER=x\n\nVAULT_TOKEN=s.of-the-file\n");
    run()
        .args(["--env-file", ".env"])
        .env("VAULT_TOKEN", "s.exported")
        .run()
        .fails_with(5)
        .says(
            "the token came from `VAULT_TOKEN` in the environment, which wins over `.env` line 3",
        );
    run()
        .args(["--env-file", ".env"])
        .run()
        .fails_with(5)
        .says("the token came from `VAULT_TOKEN` in `.env` line 3;");
    run()
        .env("VAULT_TOKEN", "s.exported")
        .run()
        .fails_with(5)
        .says("the token came from `VAULT_TOKEN` in the environment;");
}

/// `num_uses`: the token answers for so many requests, and is gone.
#[test]
fn a_token_whose_uses_are_used_up() {
    let used_up_after = |uses: usize| {
        let used = AtomicUsize::new(0);
        FakeServer::start(move |_| {
            Some(match used.fetch_add(1, Ordering::SeqCst) < uses {
                true => Response::json(404, &json!({"errors": []})),
                false => refusal(403, "permission denied"),
            })
        })
    };
    let output = with_token(&used_up_after(1), "s.the-token").run();
    output.fails_with(3).says("`num_uses`");
    assert!(!output.stderr.contains("nothing is mounted"), "{output}");

    let server = used_up_after(1);
    lookup(
        &server,
        json!({"token": "s.the-token", "variables_path": ["a", "b"]}),
    )
    .run()
    .fails_with(5)
    .says("the token was good for an earlier request");
}

/// Looks up many variables in one run, as the library does it.
fn looked_up(server: &FakeServer, mut kwargs: Value, ids: &[String]) -> Vec<Lookup> {
    kwargs["url"] = server.url().into();
    let env = Env::from_pairs([
        ("AIRFLOW__SECRETS__BACKEND", VAULT.to_owned()),
        ("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs.to_string()),
        ("AIRFLOW_HOME", "/nowhere".to_owned()),
        ("NO_PROXY", "127.0.0.1".to_owned()),
    ]);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let options = LookupOptions::default();
        let settings = Settings::load(env, &Files::default(), options, Console::silent()).await;
        let search_path = settings.unwrap().open().await.unwrap();
        let id = |id: &String| SecretId::new(SecretKind::Variable, id);
        let secrets: Vec<SecretId> = ids.iter().map(id).collect();
        search_path.lookup_many(&secrets).await
    })
}

fn ids() -> Vec<String> {
    (0..30).map(|number| format!("id{number}")).collect()
}

/// What the lookups came to: how many were found, denied, and refused for who is asking.
fn outcomes(lookups: &[Lookup]) -> (usize, usize, usize) {
    let failed = |failure| {
        let open = lookups.iter().filter(|lookup| lookup.found.is_none());
        open.filter(|lookup| lookup.failure() == failure).count()
    };
    (
        lookups
            .iter()
            .filter(|lookup| lookup.found.is_some())
            .count(),
        failed(Failure::Denied),
        failed(Failure::Unauthenticated),
    )
}

/// One of three ids is denied: every other one is read, though the second login fails, and each question is asked once.
#[test]
fn many_ids_of_which_some_are_denied() {
    for logins in [1, 9] {
        let server = vault(logins, |request| {
            let path = request.path();
            Some(match path.strip_prefix("/v1/secret/data/variables/id") {
                Some(number) if number.parse::<u32>().unwrap().is_multiple_of(3) => {
                    refusal(403, "permission denied")
                }
                Some(_) => secret(),
                None => Response::json(
                    200,
                    &json!({"data": {"type": "kv", "path": "secret/", "options": {"version": "2"}}}),
                ),
            })
        });
        let lookups = looked_up(&server, approle(), &ids());
        assert_eq!(outcomes(&lookups), (20, 10, 0));
        assert_eq!(count(&server, "/v1/auth/approle/login"), 2);
        assert!(count(&server, "/v1/auth/token/lookup-self") <= 2);
        let mounts = "/v1/sys/internal/ui/mounts/secret/variables";
        assert!(count(&server, mounts) <= 2);
        let hint = lookups[0].layers[0].failure().unwrap().hint().unwrap();
        assert!(hint.contains("secret/data/variables/id0"), "{hint}");
    }
}

#[test]
fn many_ids_and_a_login_that_is_refused() {
    let server = vault(0, |_| Some(secret()));
    let lookups = looked_up(&server, approle(), &ids());
    assert_eq!(outcomes(&lookups), (0, 0, 30));
    assert_eq!(server.targets(), ["/v1/auth/approle/login"]);
}
