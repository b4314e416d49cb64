//! Many secrets with few requests, and one by one where a batch is not allowed.

use serde_json::{Value, json};

use secretctl::json::Value as PythonValue;
use secretctl::{
    Console, Env, Failure, Files, FoundValue, Lookup, LookupOptions, SecretId, SecretKind, Settings,
};

use super::{error, target};
use crate::support::fake_server::{FakeServer, Request, Response};

const SYSTEMS_MANAGER: &str =
    "airflow.providers.amazon.aws.secrets.systems_manager.SystemsManagerParameterStoreBackend";
const SECRETS_MANAGER: &str =
    "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend";

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
fn looked_up(server: &FakeServer, class_path: &str, ids: &[String]) -> Vec<Lookup> {
    let env = Env::from_pairs([
        ("AIRFLOW__SECRETS__BACKEND", class_path.to_owned()),
        (
            "AIRFLOW__SECRETS__BACKEND_KWARGS",
            r#"{"variables_prefix": "/v"}"#.to_owned(),
        ),
        ("AIRFLOW_HOME", "/nowhere".to_owned()),
        ("AWS_ENDPOINT_URL", server.url()),
        ("AWS_DEFAULT_REGION", "eu-west-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "AK".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "SK".to_owned()),
        ("AWS_MAX_ATTEMPTS", "1".to_owned()),
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
        let secrets: Vec<SecretId> = ids
            .iter()
            .map(|id| SecretId::new(SecretKind::Variable, id))
            .collect();
        search_path.lookup_many(&secrets).await
    })
}

/// The texts of `ids`, empty for an absent one, and how many requests it took.
fn read_all(class_path: &str, ids: &[String], batches_allowed: bool) -> (Vec<String>, usize) {
    let server = FakeServer::start(move |request| Some(many(request, batches_allowed)));
    let lookups = looked_up(&server, class_path, ids);
    let texts = lookups.into_iter().map(|lookup| match lookup.found {
        Some(found) => match found.value {
            FoundValue::Plain(PythonValue::Text(text)) => text.expose().to_owned(),
            _ => panic!("not text"),
        },
        None => String::new(),
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
    assert_eq!(read_all(SYSTEMS_MANAGER, &ids(), true), (expected(), 3 + 1));
}

#[test]
fn twenty_secrets_are_read_with_one_request() {
    assert_eq!(read_all(SECRETS_MANAGER, &ids(), true), (expected(), 2 + 1));
}

#[test]
fn who_may_not_read_batches_reads_one_by_one() {
    for kind in [SYSTEMS_MANAGER, SECRETS_MANAGER] {
        assert_eq!(read_all(kind, &ids(), false), (expected(), 1 + 24));
    }
}

/// A service that is throttling is not asked one by one for it: the secrets of that batch have that failure.
#[test]
fn a_batch_that_is_throttled_fails_and_is_not_repeated_one_by_one() {
    for class_path in [SYSTEMS_MANAGER, SECRETS_MANAGER] {
        let server = FakeServer::start(|_| Some(error("ThrottlingException", "slow down")));
        let ids: Vec<String> = (0..5).map(|number| format!("id{number}")).collect();
        for lookup in looked_up(&server, class_path, &ids) {
            assert_eq!(lookup.failure(), Failure::Throttled);
        }
        assert_eq!(server.requests().len(), 1);
    }
}

/// However many secrets are refused, who is asking is asked once.
#[test]
fn who_is_refused_many_secrets_is_asked_for_once() {
    let server = FakeServer::start(|request| {
        Some(match target(request) {
            "" => super::sts(&String::from_utf8_lossy(&request.body)),
            _ => error("AccessDeniedException", "no"),
        })
    });
    let ids: Vec<String> = (0..5).map(|number| format!("id{number}")).collect();
    for lookup in looked_up(&server, SYSTEMS_MANAGER, &ids) {
        assert_eq!(lookup.failure(), Failure::Denied);
    }
    let of_sts = server
        .requests()
        .into_iter()
        .filter(|request| target(request).is_empty());
    assert_eq!((server.requests().len(), of_sts.count()), (1 + 5 + 1, 1));
}
