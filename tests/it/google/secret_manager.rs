//! Google Cloud Secret Manager as its users meet it: the guide's settings, what each refusal says, TLS and proxies.

use serde_json::{Value, json};

use crate::support::cli::{Secretctl, path_text};
use crate::support::fake_server::{FakeServer, Request, Response};
use crate::support::secret_manager::{
    CLASS, EMAIL, PROJECT, access_path, assert_signed, error, key, lookup, payload, private_line,
};
use crate::support::tls::CertificateAuthority;

/// A server that has one secret, and nothing to say about others.
fn server_with(secret_id: &str, response: Response) -> FakeServer {
    let path = access_path(PROJECT, secret_id);
    FakeServer::start(move |request| answer(request, &path, &response))
}

fn answer(request: &Request, path: &str, response: &Response) -> Option<Response> {
    assert_signed(request, "aud", "https://secretmanager.googleapis.com/");
    if request.path() == path {
        return Some(response.clone());
    }
    let is_question = request.path().starts_with("/v1/projects/");
    is_question.then(|| error(404, "NOT_FOUND", "no such secret"))
}

fn get_hello(server: &FakeServer) -> Secretctl {
    lookup(server)
        .kwargs(&json!({"gcp_keyfile_dict": key()}))
        .args(["get-var", "hello"])
}

/// Astronomer's guide to the letter: the whole key is pasted into the kwargs of an env file, on one line or on many.
#[test]
fn the_guides_settings_work() {
    let server = server_with("airflow-variables-test", payload("my-test-variable"));
    for key in [key().to_string(), format!("{:#}", key())] {
        let settings = format!(
            "AIRFLOW__SECRETS__BACKEND={CLASS}\n\
             AIRFLOW__SECRETS__BACKEND_KWARGS='{{\"connections_prefix\": \"airflow-connections\", \
             \"variables_prefix\": \"airflow-variables\", \"gcp_keyfile_dict\": {key}}}'\n"
        );
        Secretctl::new()
            .file(".env", &settings)
            .env(
                "CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER",
                &server.url(),
            )
            .secret(&private_line())
            .args(["--env-file", ".env", "get-var", "test"])
            .run()
            .prints("my-test-variable")
            .quietly();
    }
}

#[test]
fn a_connection_is_read_as_airflow_reads_it() {
    let server = server_with(
        "airflow-connections-smtp_default",
        payload("smtp://user:hunter2hunter2@h:25"),
    );
    let run = lookup(&server).kwargs(&json!({"gcp_keyfile_dict": key()}));
    run.args(["get-conn", "smtp_default", "--field", "port"])
        .secret("hunter2hunter2")
        .run()
        .prints("25");
}

#[test]
fn a_refusal_names_the_permission_the_secret_and_the_account() {
    let server = server_with(
        "airflow-variables-hello",
        error(
            403,
            "PERMISSION_DENIED",
            "Permission denied (or it may not exist).",
        ),
    );
    get_hello(&server)
        .run()
        .fails_with(4)
        .says("`secretmanager.versions.access` on `projects/proj-from-key/secrets/airflow-variables-hello`")
        .says(EMAIL)
        .says("roles/secretmanager.secretAccessor");
}

#[test]
fn an_api_that_is_not_enabled_is_told_from_a_missing_role() {
    let body = json!({"error": {"code": 403, "status": "PERMISSION_DENIED", "message": "...", "details": [
        {"@type": "type.googleapis.com/google.rpc.Help"},
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED"},
    ]}});
    let server = server_with("airflow-variables-hello", Response::json(403, &body));
    get_hello(&server)
        .run()
        .fails_with(4)
        .says("not enabled in project `proj-from-key`")
        .says("gcloud services enable secretmanager.googleapis.com --project proj-from-key");
}

/// Airflow's exception, which it swallows: the newest version counts even when an older one is enabled.
#[test]
fn a_disabled_version_is_found_but_of_no_use() {
    let server = server_with(
        "airflow-variables-hello",
        error(
            400,
            "FAILED_PRECONDITION",
            "Secret Version [projects/1/secrets/s/versions/3] is in DISABLED state.",
        ),
    );
    get_hello(&server)
        .run()
        .fails_with(8)
        .says("DISABLED")
        .says("newest version only");
    get_hello(&server)
        .env("AIRFLOW_VAR_HELLO", "later")
        .run()
        .prints("later")
        .says("warning");
}

#[test]
fn what_is_no_text_is_of_no_use() {
    let server = server_with("airflow-variables-hello", payload([0xff, 0xfe]));
    get_hello(&server).run().fails_with(8).says("not UTF-8");
}

#[test]
fn a_refused_token_is_told_with_its_account() {
    let server = server_with(
        "airflow-variables-hello",
        error(401, "UNAUTHENTICATED", "invalid credentials"),
    );
    get_hello(&server)
        .run()
        .fails_with(5)
        .says(EMAIL)
        .says("clock");
}

#[test]
fn a_secret_without_versions_and_a_look_alike_are_pointed_out() {
    let there = |name: &str| format!("/v1/projects/{PROJECT}/secrets/{name}");
    let asked = there("airflow-variables-hello");
    let server = FakeServer::start(move |request| match request.path() {
        path if path == asked => Some(Response::json(200, &json!({"name": path}))),
        _ => Some(error(404, "NOT_FOUND", "not found or has no versions")),
    });
    get_hello(&server)
        .run()
        .fails_with(3)
        .says("has no version");

    let look_alike = there("airflow-variables-my-key");
    let server = FakeServer::start(move |request| match request.path() {
        path if path == look_alike => Some(Response::json(200, &json!({"name": path}))),
        _ => Some(error(404, "NOT_FOUND", "no such secret")),
    });
    let run = lookup(&server).kwargs(&json!({"gcp_keyfile_dict": key()}));
    run.args(["get-var", "my_key"])
        .run()
        .fails_with(3)
        .says("there is a secret `airflow-variables-my-key`");
    // Nobody's value is read but the one that was asked for.
    let reads = server
        .requests()
        .into_iter()
        .filter(|request| request.path().ends_with(":access"));
    assert_eq!(reads.count(), 1);
}

#[test]
fn an_outage_passes_but_not_forever() {
    let answers = crate::support::fake_server::in_turn([
        error(503, "UNAVAILABLE", "try again"),
        error(429, "RESOURCE_EXHAUSTED", "slowly"),
        payload("after all"),
    ]);
    get_hello(&FakeServer::start(answers))
        .run()
        .prints("after all")
        .quietly();
}

/// Airflow hands `gcp_scopes` on as text, whose letters become the scopes. What Google refuses there it has to refuse here.
#[test]
fn scopes_as_text_are_sent_as_airflow_sends_them() {
    let server = FakeServer::start(|request| {
        assert_signed(request, "scope", "a b");
        Some(error(401, "UNAUTHENTICATED", "invalid scope"))
    });
    let kwargs = json!({"gcp_keyfile_dict": key(), "gcp_scopes": "ab"});
    lookup(&server)
        .kwargs(&kwargs)
        .args(["get-var", "hello"])
        .run()
        .fails_with(5)
        .says("gcp_scopes");
}

fn tls_lookup(variables: &[(&str, &str)], kwargs: &Value) -> crate::support::cli::Output {
    let authority = CertificateAuthority::new();
    let path = access_path(PROJECT, "airflow-variables-hello");
    let response = payload("over TLS");
    let server = FakeServer::start_tls(authority.server(), move |request| {
        answer(request, &path, &response)
    });
    let mut run = lookup(&server)
        .kwargs(kwargs)
        .file("ca.pem", authority.pem());
    run = run.file("other.pem", CertificateAuthority::new().pem());
    for (name, file) in variables {
        let path = path_text(run.home().join(file));
        run = run.env(name, &path);
    }
    run.args(["get-var", "hello"]).run()
}

#[test]
fn a_private_authority_is_trusted_by_each_of_its_variables() {
    let kwargs = json!({"gcp_keyfile_dict": key()});
    let grpc = "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH";
    for name in ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", grpc] {
        tls_lookup(&[(name, "ca.pem")], &kwargs)
            .prints("over TLS")
            .quietly();
    }
    // gRPC's own variable is the one that counts for Secret Manager.
    tls_lookup(
        &[("REQUESTS_CA_BUNDLE", "other.pem"), (grpc, "ca.pem")],
        &kwargs,
    )
    .prints("over TLS");
    tls_lookup(
        &[("REQUESTS_CA_BUNDLE", "ca.pem"), (grpc, "other.pem")],
        &kwargs,
    )
    .fails_with(6);
    tls_lookup(&[], &kwargs).fails_with(6).says("certificate");
    tls_lookup(&[(grpc, "missing.pem")], &kwargs)
        .fails_with(7)
        .says(grpc);
}

/// The proxy is asked for an address that only it knows, in an env file as well as in the environment.
#[test]
fn requests_go_through_the_proxy() {
    let proxy = FakeServer::start(|request| {
        let path = access_path(PROJECT, "airflow-variables-hello");
        (request.target == format!("http://secrets.internal{path}"))
            .then(|| payload("through the proxy"))
    });
    let settings = format!(
        "http_proxy={}\nCLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER=http://secrets.internal/\n",
        proxy.url()
    );
    let run = Secretctl::new()
        .backend(CLASS)
        .kwargs(&json!({"gcp_keyfile_dict": key()}));
    run.file(".env", &settings)
        .secret(&private_line())
        .args(["--env-file", ".env", "get-var", "hello"])
        .run()
        .prints("through the proxy")
        .quietly();
}

/// gRPC, which Airflow's client speaks, knows the variables in lower case only, `NO_PROXY` included.
#[test]
fn the_proxy_is_grpcs_choice() {
    let path = access_path(PROJECT, "airflow-variables-hello");
    let proxy = FakeServer::start(move |request| {
        assert_eq!(request.target, format!("http://secrets.invalid{path}"));
        Some(payload("through the proxy"))
    });
    let run = get_hello(&proxy).env(
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER",
        "http://secrets.invalid",
    );
    run.env("https_proxy", &proxy.url())
        .env("NO_PROXY", "secrets.invalid")
        .run()
        .prints("through the proxy");

    let (direct, other) = (
        server_with("airflow-variables-hello", payload("directly")),
        FakeServer::start(|_| None),
    );
    let run = get_hello(&direct).env("NO_PROXY", "");
    let run = run
        .env("HTTP_PROXY", &other.url())
        .env("HTTPS_PROXY", &other.url());
    run.env("ALL_PROXY", &other.url()).run().prints("directly");
    assert_eq!(other.requests().len(), 0);
}

#[test]
fn explain_names_the_account_and_the_project() {
    let server = server_with("airflow-variables-hello", payload("v"));
    let output = lookup(&server)
        .kwargs(&json!({"gcp_keyfile_dict": key()}))
        .args(["explain", "var", "hello"])
        .run();
    let line = format!("     asked as the service account `{EMAIL}`, in project `{PROJECT}`\n");
    assert!(output.succeeds().stdout.contains(&line), "{output}");
}

/// Google's client raises at each lookup, so that Airflow finds nothing; it starts, though, and asks the next layer.
#[test]
fn a_value_of_the_mtls_variable_that_googles_client_refuses_fails_the_lookup() {
    let server = server_with("airflow-variables-hello", payload("v"));
    let run = || get_hello(&server).env("GOOGLE_API_USE_MTLS_ENDPOINT", "sometimes");
    run()
        .run()
        .fails_with(7)
        .says("`GOOGLE_API_USE_MTLS_ENDPOINT` must be `never`, `auto` or `always`");
    run()
        .env("AIRFLOW_VAR_HELLO", "from the environment")
        .run()
        .prints("from the environment");
    assert!(server.requests().is_empty());
    for value in ["never", "auto", "always"] {
        get_hello(&server)
            .env("GOOGLE_API_USE_MTLS_ENDPOINT", value)
            .run()
            .prints("v")
            .quietly();
    }
}

#[test]
fn the_mtls_address_is_asked_where_the_variable_wants_it() {
    let output = Secretctl::new()
        .backend(CLASS)
        .kwargs(&json!({"gcp_keyfile_dict": key()}))
        .secret(&private_line())
        .env("GOOGLE_API_USE_MTLS_ENDPOINT", "always")
        .env("HTTPS_PROXY", "http://127.0.0.1:1")
        .args(["get-conn", "hello", "--timeout", "3"])
        .run();
    output
        .fails_with(6)
        .says(" at https://secretmanager.mtls.googleapis.com: could not be reached");
}

#[test]
fn blanks_around_a_private_key_are_passed_over() {
    let server = server_with("airflow-variables-hello", payload("v"));
    let mut key = key();
    key["private_key"] = json!(format!(" \n{}\n\n", key["private_key"].as_str().unwrap()));
    lookup(&server)
        .kwargs(&json!({"gcp_keyfile_dict": key}))
        .args(["get-var", "hello"])
        .run()
        .prints("v")
        .quietly();
}
