//! Google Cloud Secret Manager: projects, keys, permissions, a private CA.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::{Mistake, mistake};
use crate::support::cli::{Secretctl, path_text};
use crate::support::fake_server::{FakeServer, Request, Response};
use crate::support::secret_manager::{self, PROJECT, access_path, error, key, payload};
use crate::support::tls::CertificateAuthority;

/// Secret Manager with variable `hello` in the project of the key.
fn google() -> FakeServer {
    FakeServer::start(|request| Some(answer(request)))
}

fn answer(request: &Request) -> Response {
    let is = |path: &str| request.path() == path;
    match () {
        () if is(&access_path(PROJECT, "airflow-variables-hello")) => payload("world"),
        () if is(&format!(
            "/v1/projects/{PROJECT}/secrets/airflow-variables-hello"
        )) =>
        {
            Response::json(200, &json!({"name": request.path()}))
        }
        () if !request.path().contains(PROJECT) => error(
            403,
            "PERMISSION_DENIED",
            "Permission denied on resource (or it may not exist).",
        ),
        () => error(404, "NOT_FOUND", "no such secret"),
    }
}

/// A lookup with the key in a file of the home, and `more` in the kwargs.
fn lookup(server: &FakeServer, more: &Value) -> Secretctl {
    let run = secret_manager::lookup(server)
        .file("key.json", key().to_string())
        .args(["get-var", "hello"]);
    with_kwargs(run, more)
}

fn with_kwargs(run: Secretctl, more: &Value) -> Secretctl {
    let path = path_text(run.home().join("key.json"));
    let mut kwargs = json!({"gcp_key_path": path});
    let members = kwargs.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    members.retain(|_, value| !value.is_null());
    run.kwargs(&kwargs)
}

pub fn mistakes() -> Vec<Mistake> {
    let (project, separator, none, file) = (google(), google(), google(), google());
    vec![
        private_ca(),
        mistake("the wrong project", 4, lookup(&project, &json!({"project_id": "another-project"})))
            .names("`projects/another-project/secrets/airflow-variables-hello`")
            .advises("where project `another-project` has no such secret or is not the one that was meant")
            .advises("\"project_id\"")
            .obeyed(0, |run| with_kwargs(run, &json!({"project_id": PROJECT})))
            .keeps(project),
        mistake("another separator than the secrets have", 3, lookup(&separator, &json!({"sep": "_"})))
            .names("airflow-variables_hello")
            .advises("there is a secret `airflow-variables-hello`, and Airflow asks for `airflow-variables_hello` to the letter")
            .obeyed(0, |run| with_kwargs(run, &json!({})))
            .keeps(separator),
        permission(),
        mistake("no credentials", 5, lookup(&none, &json!({"gcp_key_path": null, "project_id": PROJECT})))
            .names("there are no Google credentials: none in the kwargs, `GOOGLE_APPLICATION_CREDENTIALS` or gcloud's folder")
            .advises("set \"gcp_key_path\" or \"gcp_keyfile_dict\" in the kwargs, or GOOGLE_APPLICATION_CREDENTIALS")
            .obeyed(0, |run| with_kwargs(run, &json!({})))
            .keeps(none),
        mistake("a key file that does not exist", 7, lookup(&file, &json!({"gcp_key_path": "/run/secrets/key.json", "project_id": PROJECT})))
            .names("the Google credentials in `/run/secrets/key.json`, named by kwarg `gcp_key_path` cannot be used: the file does not exist")
            .advises("correct the path, or hand over the key itself with \"gcp_keyfile_dict\"")
            .obeyed(0, |run| with_kwargs(run, &json!({})))
            .keeps(file),
    ]
}

fn private_ca() -> Mistake {
    let authority = CertificateAuthority::new();
    let server = FakeServer::start_tls(authority.server(), |request| Some(answer(request)));
    let run = lookup(&server, &json!({})).file("ca.pem", authority.pem());
    let ca = path_text(run.home().join("ca.pem"));
    mistake("a private CA", 6, run)
        .names(format!("{}: could not be reached", server.url()))
        .advises("name its PEM file with GRPC_DEFAULT_SSL_ROOTS_FILE_PATH")
        .obeyed(0, move |run| {
            run.env("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", &ca)
        })
        .keeps(server)
}

/// A role that is granted when the hint has been read.
fn permission() -> Mistake {
    let is_granted = Arc::new(AtomicBool::new(false));
    let granted = Arc::clone(&is_granted);
    let server = FakeServer::start(move |request| {
        Some(match granted.load(Ordering::SeqCst) {
            true => answer(request),
            false => error(
                403,
                "PERMISSION_DENIED",
                "Permission denied on resource (or it may not exist).",
            ),
        })
    });
    mistake("a permission that is missing", 4, lookup(&server, &json!({})))
        .names("permission `secretmanager.versions.access` on `projects/proj-from-key/secrets/airflow-variables-hello` is denied to the service account `sa@proj.iam.gserviceaccount.com`")
        .advises("grant the role roles/secretmanager.secretAccessor on it")
        .obeyed(0, move |run| {
            is_granted.store(true, Ordering::SeqCst);
            run
        })
        .keeps(server)
}
