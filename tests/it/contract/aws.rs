//! The two AWS backends with keys of their own and a session token.

use serde_json::{Value, json};

use super::{BackendUnderTest, Credential};
use crate::support::fake_server::{FakeServer, Request, Response};

/// The session token: of the three parts of AWS credentials the only secret one that is sent.
const TOKEN: &str = "the-session-token-of-the-contract-suite";

const OWN_WORDS: &str = "something of the service's own";

pub const PARAMETER_STORE: BackendUnderTest = BackendUnderTest {
    class: "airflow.providers.amazon.aws.secrets.systems_manager.SystemsManagerParameterStoreBackend",
    start: |handler| FakeServer::start(handler),
    kwargs,
    surroundings: |run, _| run,
    variables_kwarg: "variables_prefix",
    credential: TOKEN,
    is_read: |request| {
        target(request) == "AmazonSSM.GetParameter"
            && request.json()["Name"] == "/airflow/variables/hello"
    },
    found: |text| {
        Response::json(
            200,
            &json!({"Parameter": {"Name": "/airflow/variables/hello", "Value": text}}),
        )
    },
    absent: || error(400, "ParameterNotFound", OWN_WORDS),
    failure: |status| failure(status, "InternalServerError", OWN_WORDS),
    failure_saying: |status, message| failure(status, "InternalServerError", message),
    explanation,
};

pub const SECRETS_MANAGER: BackendUnderTest = BackendUnderTest {
    class: "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend",
    start: |handler| FakeServer::start(handler),
    kwargs,
    surroundings: |run, _| run,
    variables_kwarg: "variables_prefix",
    credential: TOKEN,
    is_read: |request| {
        target(request) == "secretsmanager.GetSecretValue"
            && request.json()["SecretId"] == "airflow/variables/hello"
    },
    found: |text| {
        Response::json(
            200,
            &json!({"Name": "airflow/variables/hello", "SecretString": text}),
        )
    },
    absent: || error(400, "ResourceNotFoundException", OWN_WORDS),
    failure: |status| failure(status, "InternalServiceError", OWN_WORDS),
    failure_saying: |status, message| failure(status, "InternalServiceError", message),
    explanation,
};

fn kwargs(url: &str) -> Value {
    json!({
        "region_name": "eu-west-1",
        "endpoint_url": url,
        "service_config": {"sts": {"endpoint_url": url}},
        "aws_access_key_id": "AKIACONTRACT",
        "aws_secret_access_key": "the-secret-key-of-the-contract-suite",
        "aws_session_token": TOKEN,
    })
}

fn target(request: &Request) -> &str {
    request.header("x-amz-target").unwrap_or_default()
}

/// AWS tells by the code what other services tell by the status.
fn failure(status: u16, fault: &str, message: &str) -> Response {
    match status {
        401 => error(400, "UnrecognizedClientException", message),
        403 => error(400, "AccessDeniedException", message),
        429 => error(400, "ThrottlingException", message),
        status => error(status, fault, message),
    }
}

fn error(status: u16, code: &str, message: &str) -> Response {
    Response::json(status, &json!({"__type": code, "message": message}))
}

/// Whether similar names exist, and who is asking.
fn explanation(request: &Request, credential: Credential) -> Option<Response> {
    match (target(request), credential) {
        ("AmazonSSM.GetParameters", _) => Some(Response::json(200, &json!({"Parameters": []}))),
        ("secretsmanager.DescribeSecret", _) => {
            Some(error(400, "ResourceNotFoundException", OWN_WORDS))
        }
        ("", Credential::Good) => Some(Response::new(200, "text/xml", IDENTITY)),
        ("", Credential::Bad) => Some(Response::new(403, "text/xml", WHO_ARE_YOU)),
        _ => None,
    }
}

const IDENTITY: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/ci</Arn>\
    <UserId>U</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";
const WHO_ARE_YOU: &str = "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidClientTokenId</Code>\
    <Message>The security token included in the request is invalid.</Message></Error></ErrorResponse>";
