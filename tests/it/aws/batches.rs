//! Many secrets with few requests, and one by one where a batch is not allowed.

use std::time::Duration;

use serde_json::{Value, json};

use secretctl::airflow_version::AirflowVersion;
use secretctl::backend::kind::BackendKind;
use secretctl::backend::open::open;
use secretctl::backend::{Answer, BackendError, Location, Secret, Surroundings};
use secretctl::console::Console;
use secretctl::deadline::Deadline;
use secretctl::env::Env;
use secretctl::failure::Failure;
use secretctl::python::json::Dict;
use secretctl::python::json::Value as PythonValue;
use secretctl::secret_kind::{SecretId, SecretKind};

use super::{error, target};
use crate::support::fake_server::{FakeServer, Request, Response};

/// Every name that ends in an even digit exists and holds itself.
fn exists(name: &str) -> bool {
    name.chars()
        .last()
        .and_then(|c| c.to_digit(10))
        .is_some_and(|digit| digit % 2 == 0)
}

fn many(request: &Request, batches_allowed: bool) -> Response {
    let body = request.json();
    let names = |key: &str| -> Vec<String> {
        body[key]
            .as_array()
            .unwrap()
            .iter()
            .map(|name| name.as_str().unwrap().to_owned())
            .collect()
    };
    match target(request) {
        "AmazonSSM.GetParameters" | "secretsmanager.BatchGetSecretValue" if !batches_allowed => {
            error("AccessDeniedException", "no")
        }
        "AmazonSSM.GetParameters" => {
            assert!(body["WithDecryption"] == true && names("Names").len() <= 10);
            let (found, missing): (Vec<String>, Vec<String>) =
                names("Names").into_iter().partition(|name| exists(name));
            let found: Vec<Value> = found
                .iter()
                .map(|name| json!({"Name": name, "Value": name}))
                .collect();
            Response::json(
                200,
                &json!({"Parameters": found, "InvalidParameters": missing}),
            )
        }
        "secretsmanager.BatchGetSecretValue" => {
            let (found, missing): (Vec<String>, Vec<String>) = names("SecretIdList")
                .into_iter()
                .partition(|name| exists(name));
            let found: Vec<Value> = found
                .iter()
                .map(|name| json!({"Name": name, "SecretString": name}))
                .collect();
            let missing: Vec<Value> = missing
                .iter()
                .map(|name| json!({"SecretId": name, "ErrorCode": "ResourceNotFoundException"}))
                .collect();
            Response::json(200, &json!({"SecretValues": found, "Errors": missing}))
        }
        "AmazonSSM.GetParameter" => match body["Name"].as_str().unwrap() {
            name if exists(name) => Response::json(200, &json!({"Parameter": {"Value": name}})),
            _ => error("ParameterNotFound", ""),
        },
        _ => match body["SecretId"].as_str().unwrap() {
            name if exists(name) => Response::json(200, &json!({"SecretString": name})),
            _ => error("ResourceNotFoundException", ""),
        },
    }
}

/// What this AWS says of `ids`.
fn answers_of(server: &FakeServer, kind: BackendKind, ids: &[String]) -> Vec<Result<Answer, BackendError>> {
    let environment = [
        ("AWS_ENDPOINT_URL", server.url()),
        ("AWS_DEFAULT_REGION", "eu-west-1".into()),
        ("AWS_ACCESS_KEY_ID", "AK".into()),
        ("AWS_SECRET_ACCESS_KEY", "SK".into()),
        ("AWS_MAX_ATTEMPTS", "1".into()),
        ("NO_PROXY", "127.0.0.1".into()),
    ];
    let surroundings = Surroundings {
        env: Env::from_pairs(environment),
        multi_team: false,
        version: AirflowVersion::default(),
        console: Console::silent(),
    };
    let kwargs = Dict::from([("variables_prefix".to_owned(), PythonValue::text("/v"))]);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let deadline = Deadline::after(Duration::from_secs(20));
        let opened = open(kind, &kwargs, &surroundings, deadline).await.unwrap();
        let backend = opened.backend.unwrap();
        let located = ids.iter().map(|id| {
            match backend.locate(&SecretId::new(SecretKind::Variable, id)) {
                Location::At(secret) => secret,
                Location::Skipped(why) => panic!("{why}"),
            }
        });
        let secrets: Vec<_> = located.collect();
        backend.get_many(&secrets, deadline).await
    })
}

/// The texts of `ids`, empty for an absent one, and how many requests it took.
fn read_all(kind: BackendKind, ids: &[String], batches_allowed: bool) -> (Vec<String>, usize) {
    let server = FakeServer::start(move |request| Some(many(request, batches_allowed)));
    let answers = answers_of(&server, kind, ids);
    let texts = answers.into_iter().map(|answer| match answer.unwrap() {
        Answer::Found(Secret::Text(text)) => text.expose().to_owned(),
        Answer::Found(_) => panic!("not text"),
        Answer::Absent(_) => String::new(),
    });
    (texts.collect(), server.requests().len())
}

fn ids() -> Vec<String> {
    let mut ids: Vec<String> = (0..23).rev().map(|number| format!("id{number}")).collect();
    // Asked for twice, and with a version, which a batch would answer under another name.
    ids.extend(["id4".to_owned(), "id4:2".to_owned()]);
    ids
}

fn expected() -> Vec<String> {
    ids()
        .iter()
        .map(|id| {
            if exists(id) {
                format!("/v/{id}")
            } else {
                String::new()
            }
        })
        .collect()
}

#[test]
fn ten_parameters_are_read_with_one_request() {
    assert_eq!(
        read_all(BackendKind::SystemsManagerParameterStore, &ids(), true),
        (expected(), 3 + 1)
    );
}

#[test]
fn twenty_secrets_are_read_with_one_request() {
    assert_eq!(
        read_all(BackendKind::SecretsManager, &ids(), true),
        (expected(), 2 + 1)
    );
}

#[test]
fn who_may_not_read_batches_reads_one_by_one() {
    for kind in [
        BackendKind::SystemsManagerParameterStore,
        BackendKind::SecretsManager,
    ] {
        assert_eq!(read_all(kind, &ids(), false), (expected(), 1 + 24));
    }
}

/// A service that is throttling is not asked one by one for it: the secrets of that batch have that failure.
#[test]
fn a_batch_that_is_throttled_fails_and_is_not_repeated_one_by_one() {
    for kind in [
        BackendKind::SystemsManagerParameterStore,
        BackendKind::SecretsManager,
    ] {
        let server = FakeServer::start(|_| Some(error("ThrottlingException", "slow down")));
        let ids: Vec<String> = (0..5).map(|number| format!("id{number}")).collect();
        for answer in answers_of(&server, kind, &ids) {
            assert_eq!(answer.unwrap_err().failure(), Failure::Throttled);
        }
        assert_eq!(server.requests().len(), 1);
    }
}
