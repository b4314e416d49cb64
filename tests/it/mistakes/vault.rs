//! Vault: where it is asked, as whom, and what it refuses.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::{Mistake, mistake};
use crate::support::cli::Secretctl;
use crate::support::fake_server::{FakeServer, Request, Response};
use crate::support::tls::CertificateAuthority;

const BACKEND: &str = "airflow.providers.hashicorp.secrets.vault.VaultBackend";
const TOKEN: &str = "s.the-token-of-this-test";
const SECRET_ID: &str = "the-secret-id-of-this-test";
const EXPIRED: &str = "s.the-token-of-last-year";

/// A Vault with a version 2 mount `kv/` and a version 1 mount `old/`, that each hold variable `hello`.
fn vault() -> FakeServer {
    FakeServer::start(|request| Some(answer(request)))
}

fn answer(request: &Request) -> Response {
    let path = request.path().trim_start_matches("/v1/");
    if request.method == "POST" {
        return login(path, request);
    }
    if request.header("x-vault-token") != Some(TOKEN) {
        return refusal(403, "permission denied");
    }
    if request.target.ends_with("?list=true") {
        return match path {
            "kv/metadata/variables" => Response::json(200, &json!({"data": {"keys": ["hello"]}})),
            "kv/metadata" => Response::json(200, &json!({"data": {"keys": ["variables/"]}})),
            _ => Response::json(404, &json!({"errors": []})),
        };
    }
    match path {
        "auth/token/lookup-self" => Response::json(
            200,
            &json!({"data": {"display_name": "token", "policies": ["default"]}}),
        ),
        "sys/internal/ui/mounts" => Response::json(
            200,
            &json!({"data": {"secret": {"kv/": mount("kv"), "old/": mount("old")}}}),
        ),
        "kv/data/variables/hello" => {
            Response::json(200, &json!({"data": {"data": {"value": "world"}}}))
        }
        "kv/data/variables/no_value" => {
            Response::json(200, &json!({"data": {"data": {"text": "world"}}}))
        }
        "kv/data/variables/deleted" => Response::json(
            404,
            &json!({"data": {"data": null, "metadata": {"deletion_time": "2026-01-01T00:00:00Z", "destroyed": false, "version": 1}}}),
        ),
        "old/variables/hello" => Response::json(200, &json!({"data": {"value": "world"}})),
        "kv/data/variables/denied" => refusal(403, "permission denied"),
        path => elsewhere(path),
    }
}

/// What Vault says of its mounts, and of paths where nothing is.
fn elsewhere(path: &str) -> Response {
    if let Some(place) = path.strip_prefix("sys/internal/ui/mounts/") {
        return match place.split('/').next() {
            Some(name @ ("kv" | "old")) => Response::json(200, &json!({"data": mount(name)})),
            _ => refusal(
                403,
                "preflight capability check returned 403, please ensure client's policies grant access to path",
            ),
        };
    }
    match path.split('/').next() {
        Some("kv") if path.starts_with("kv/variables") => Response::json(
            404,
            &json!({"request_id": "1", "lease_id": "", "data": null, "auth": null, "warnings": ["Invalid path for a versioned K/V secrets engine"]}),
        ),
        Some("kv" | "old") => Response::json(404, &json!({"errors": []})),
        _ => refusal(
            404,
            &format!("no handler for route \"{path}\". route entry not found."),
        ),
    }
}

fn login(path: &str, request: &Request) -> Response {
    let proof = request.json();
    match path {
        "auth/token/revoke-self" => Response::new(204, "application/json", ""),
        "auth/approle/login"
            if proof["secret_id"] == SECRET_ID && proof["role_id"] == "airflow" =>
        {
            Response::json(200, &json!({"auth": {"client_token": TOKEN}}))
        }
        "auth/approle/login" if proof["secret_id"] == "" => refusal(400, "missing secret_id"),
        "auth/approle/login" => refusal(400, "invalid role or secret ID"),
        _ => refusal(404, "no handler for route. route entry not found."),
    }
}

fn mount(name: &str) -> Value {
    let version = if name == "kv" { "2" } else { "1" };
    json!({"type": "kv", "path": format!("{name}/"), "options": {"version": version}})
}

fn refusal(status: u16, words: &str) -> Response {
    Response::json(status, &json!({"errors": [words]}))
}

/// The kwargs that find variable `hello` with a token, and `more`; what is `null` there is left out.
fn kwargs(url: &str, more: &Value) -> Value {
    let mut kwargs = json!({"url": url, "token": TOKEN, "mount_point": "kv"});
    let members = kwargs.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    members.retain(|_, value| !value.is_null());
    kwargs
}

fn lookup(url: &str, more: &Value) -> Secretctl {
    Secretctl::new()
        .backend(BACKEND)
        .secret(TOKEN)
        .secret(SECRET_ID)
        .secret(EXPIRED)
        .kwargs(&kwargs(url, more))
        .args(["get-var", "hello"])
}

/// A lookup at that Vault with kwargs of which `wrong` are mistaken, and `right` are what the hint says.
fn misplaced(done: &'static str, code: i32, wrong: Value, right: Value) -> Mistake {
    let server = vault();
    let url = server.url();
    mistake(done, code, lookup(&url, &wrong))
        .obeyed(0, move |run| run.kwargs(&kwargs(&url, &right)))
        .keeps(server)
}

/// A lookup of an id with right kwargs.
fn of_id(done: &'static str, code: i32, id: &str) -> Mistake {
    let server = vault();
    let run = Secretctl::new()
        .backend(BACKEND)
        .secret(TOKEN)
        .kwargs(&kwargs(&server.url(), &json!({})));
    mistake(done, code, run.args(["get-var", id])).keeps(server)
}

pub fn mistakes() -> Vec<Mistake> {
    let mut mistakes = addresses();
    mistakes.extend(foreign());
    mistakes.extend(mounts());
    mistakes.extend(tokens());
    mistakes.extend(logins());
    mistakes.extend(tls());
    mistakes.extend(down());
    mistakes.extend(ids());
    mistakes
}

fn addresses() -> Vec<Mistake> {
    let (v1, bare) = (vault(), vault());
    let v1_url = v1.url();
    let (bare_url, right) = (bare.url().replace("http://", ""), bare.url());
    let secure = vault();
    let (https, http) = (secure.url().replace("http:", "https:"), secure.url());
    let body = "Client sent an HTTP request to an HTTPS server.\n";
    let wants_tls = FakeServer::start(move |_| Some(Response::text(400, body)));
    let dead = vault();
    let dead_url = dead.url();
    let live = vault();
    let live_url = live.url();
    vec![
        mistake(
            "`url` ends in /v1",
            3,
            lookup(&format!("{v1_url}/v1"), &json!({})),
        )
        .names(format!("at {v1_url}/v1"))
        .advises("Airflow adds /v1 itself; take it from \"url\"")
        .obeyed(0, move |run| run.kwargs(&kwargs(&v1_url, &json!({}))))
        .keeps(v1),
        mistake("`url` without a scheme", 7, lookup(&bare_url, &json!({})))
            .names("kwarg `url`")
            .advises("write it as in \"url\": \"http://127.0.0.1:8200\"")
            .obeyed(0, move |run| run.kwargs(&kwargs(&right, &json!({}))))
            .keeps(bare),
        mistake(
            "`https://` to a port without TLS",
            6,
            lookup(&https, &json!({})),
        )
        .names(https.clone())
        .advises("http:// rather than https://")
        .obeyed(0, move |run| run.kwargs(&kwargs(&http, &json!({}))))
        .keeps(secure),
        mistake(
            "`http://` to a port with TLS",
            6,
            lookup(&wants_tls.url(), &json!({})),
        )
        .names(format!(
            "the server at {}/v1/kv/data/variables/hello takes requests over TLS only",
            wants_tls.url()
        ))
        .advises("write https:// in \"url\"")
        .obeyed(6, {
            let url = wants_tls.url().replace("http:", "https:");
            move |run| run.kwargs(&kwargs(&url, &json!({})))
        })
        .keeps(wants_tls),
        mistake(
            "a port on which nothing listens",
            6,
            lookup("http://127.0.0.1:1", &json!({})),
        )
        .names("http://127.0.0.1:1: could not be reached: Connection refused")
        .advises("check host and port")
        .obeyed(0, move |run| run.kwargs(&kwargs(&dead_url, &json!({}))))
        .keeps(dead),
        mistake(
            "a host name that is not known",
            6,
            lookup("http://vault.invalid:8200", &json!({})),
        )
        .names("http://vault.invalid:8200")
        .advises("this host name is not known here")
        .obeyed(0, move |run| run.kwargs(&kwargs(&live_url, &json!({}))))
        .keeps(live),
        dead_proxy(),
    ]
}

fn dead_proxy() -> Mistake {
    let server = vault();
    let run = lookup(&server.url(), &json!({}));
    mistake(
        "a proxy that is not there",
        6,
        run.env("NO_PROXY", "")
            .env("HTTP_PROXY", "http://127.0.0.1:1"),
    )
    .names("through the proxy http://127.0.0.1:1")
    .advises("check HTTPS_PROXY, HTTP_PROXY and NO_PROXY")
    .obeyed(0, |run| run.env("NO_PROXY", "127.0.0.1"))
    .keeps(server)
}

fn foreign() -> Vec<Mistake> {
    let case = |done, response: Response| {
        let server = FakeServer::start(move |_| Some(response.clone()));
        let vault = vault();
        let url = vault.url();
        let named = format!("{}/v1/kv/data/variables/hello", server.url());
        mistake(done, 6, lookup(&server.url(), &json!({})))
            .names(named)
            .names("is not Vault's")
            .advises("check \"url\"")
            .obeyed(0, move |run| run.kwargs(&kwargs(&url, &json!({}))))
            .keeps((server, vault))
    };
    let ui = vault_with_pages();
    let (ui_url, api) = (format!("{}/ui/", ui.url()), ui.url());
    let portal = FakeServer::start(|request| {
        Some(match request.path() {
            "/login" => Response::html(200),
            _ => Response::redirect("/login"),
        })
    });
    let behind = vault();
    let behind_url = behind.url();
    let proxy = FakeServer::start(|_| Some(Response::html(404)));
    let proxied = vault();
    let run = lookup(&proxied.url(), &json!({}))
        .env("NO_PROXY", "")
        .env("HTTP_PROXY", &proxy.url());
    vec![
        case(
            "another server at `url`: its 404 is not a missing secret",
            Response::text(404, "default backend - 404"),
        ),
        case("a gateway that answers 502", Response::html(502)).advises("ask again later"),
        mistake("a proxy that answers 404 itself", 6, run)
            .names(format!("through the proxy {}", proxy.url()))
            .advises("check the proxy")
            .advises("NO_PROXY")
            .obeyed(0, |run| run.env("NO_PROXY", "127.0.0.1"))
            .keeps((proxy, proxied)),
        mistake(
            "a login page in front of Vault",
            6,
            lookup(&portal.url(), &json!({})),
        )
        .names("redirects to")
        .names("/login, of status 200")
        .advises("check \"url\"")
        .obeyed(0, move |run| run.kwargs(&kwargs(&behind_url, &json!({}))))
        .keeps((portal, behind)),
        mistake(
            "the address of Vault's pages, /ui/",
            6,
            lookup(&ui_url, &json!({})),
        )
        .names("/ui/v1/kv/data/variables/hello")
        .advises("check \"url\"")
        .obeyed(0, move |run| run.kwargs(&kwargs(&api, &json!({}))))
        .keeps(ui),
    ]
}

/// The same Vault with its pages at /ui/.
fn vault_with_pages() -> FakeServer {
    FakeServer::start(|request| {
        Some(match request.path().starts_with("/ui/") {
            true => Response::html(200),
            false => answer(request),
        })
    })
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
        // branch core
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

fn tls() -> Vec<Mistake> {
    let authority = CertificateAuthority::new();
    let start = || FakeServer::start_tls(authority.server(), |request| Some(answer(request)));
    let private = |run: Secretctl| run.file("ca.pem", authority.pem());
    let with_verify = |url: String, verify: Value| {
        move |run: Secretctl| {
            let mut kwargs = kwargs(&url, &json!({}));
            kwargs["verify"] = verify;
            run.kwargs(&kwargs)
        }
    };
    let (plain, variable, missing) = (start(), start(), start());
    let lookup = |server: &FakeServer, more: &Value| private(lookup(&server.url(), more));
    vec![
        mistake("a private CA", 6, lookup(&plain, &json!({})))
            .names(format!("{}: could not be reached", plain.url()))
            .advises("name its PEM file with \"verify\" in the kwargs")
            .obeyed(0, with_verify(plain.url(), json!("$HOME/ca.pem")))
            .keeps(plain),
        mistake(
            "a private CA in `VAULT_CACERT`",
            6,
            lookup(&variable, &json!({})).env("VAULT_CACERT", "ca.pem"),
        )
        .names("signed by a CA that is not trusted here")
        .advises("Airflow reads VAULT_CACERT only with \"verify\": null")
        .obeyed(0, with_verify(variable.url(), Value::Null))
        .keeps(variable),
        mistake(
            "`verify` names no file",
            7,
            lookup(&missing, &json!({"verify": "/etc/ssl/our-ca.pem"})),
        )
        .names("`/etc/ssl/our-ca.pem`, given by kwarg `verify`, is not a usable CA bundle: it does not exist")
        .advises("\"verify\"")
        .obeyed(0, with_verify(missing.url(), json!("$HOME/ca.pem")))
        .keeps(missing),
    ]
}

/// A Vault whose first answer is not one yet.
fn not_yet(first: Response) -> FakeServer {
    let made = AtomicUsize::new(0);
    FakeServer::start(move |request| {
        Some(match made.fetch_add(1, Ordering::SeqCst) {
            0 => first.clone(),
            _ => answer(request),
        })
    })
}

fn down() -> Vec<Mistake> {
    let slow =
        FakeServer::start(|request| Some(answer(request).dripping(Duration::from_millis(5))));
    let throttled = not_yet(refusal(
        429,
        "request path \"kv/data/variables/hello\": rate limit quota exceeded",
    ));
    let sealed = FakeServer::start(|_| Some(refusal(503, "Vault is sealed")));
    let passed_over = FakeServer::start(|_| Some(refusal(503, "Vault is sealed")));
    vec![
        mistake(
            "a server that does not answer in time",
            6,
            lookup(&slow.url(), &json!({})).args(["--timeout", "0.2"]),
        )
        .names(format!("{}: no answer within 0.2 s", slow.url()))
        .advises("`--timeout` sets the limit")
        .obeyed(0, |run| {
            run.with_args(["get-var", "hello", "--timeout", "60"])
        })
        .keeps(slow),
        mistake("too many requests", 6, lookup(&throttled.url(), &json!({})))
            .names("Vault is throttling this client with status 429")
            .advises("ask later, or raise the rate-limit quota of this path")
            .obeyed(0, |run| run)
            .keeps(throttled),
        mistake(
            "a server that is sealed",
            6,
            lookup(&sealed.url(), &json!({})),
        )
        .names("Vault cannot answer: status 503: \"Vault is sealed\"")
        .advises("unseal it or ask again later")
        .keeps(sealed),
        mistake(
            "a server that is sealed, and a value in the environment",
            0,
            lookup(&passed_over.url(), &json!({})).env("AIRFLOW_VAR_HELLO", "old"),
        )
        .names("Vault cannot answer: status 503: \"Vault is sealed\"")
        .advises("goes on and uses the value of EnvironmentVariablesBackend")
        .keeps(passed_over),
    ]
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
