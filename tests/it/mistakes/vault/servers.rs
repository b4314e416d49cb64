//! Servers that are not Vault, do not answer, or are not trusted.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::{answer, kwargs, lookup, refusal, vault};
use crate::mistakes::{Mistake, mistake};
use crate::support::cli::Secretctl;
use crate::support::fake_server::{FakeServer, Response};
use crate::support::tls::CertificateAuthority;

pub fn mistakes() -> Vec<Mistake> {
    let mut mistakes = addresses();
    mistakes.extend(foreign());
    mistakes.extend(tls());
    mistakes.extend(down());
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
