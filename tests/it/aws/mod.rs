//! The AWS session as boto3 builds it, against a fake AWS: where credentials, region and endpoint come from, what is refused,
//! and what a person is told.

mod batches;
mod client_settings;
mod credentials;
mod endpoints;
mod guide;
mod near_misses;
mod profile_files;
mod proxy;
mod refusals;
mod tls;
mod unusable_keys;
mod wire;

use serde_json::{Value, json};

use crate::support::cli::{Secretctl, path_text};
use crate::support::fake_server::{FakeServer, Request, Response};

const PARAMETER_STORE: &str =
    "airflow.providers.amazon.aws.secrets.systems_manager.SystemsManagerParameterStoreBackend";
const SECRETS_MANAGER: &str =
    "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend";
const VALUE: &str = "the-value-of-hello";
const SECRET_KEY: &str = "the-secret-access-key-of-the-tests";

/// An AWS that has variable `hello`, hands out every role, and plays the container's and the instance's endpoint too.
fn aws() -> FakeServer {
    FakeServer::start(answer)
}

fn answer(request: &Request) -> Option<Response> {
    match (request.method.as_str(), request.path(), target(request)) {
        ("POST", "/", "AmazonSSM.GetParameter")
            if request.json()["Name"] == "/airflow/variables/hello" =>
        {
            Some(Response::json(200, &json!({"Parameter": {"Value": VALUE}})))
        }
        ("POST", "/", "AmazonSSM.GetParameter") => Some(error("ParameterNotFound", "")),
        ("POST", "/", "AmazonSSM.GetParameters") => {
            let exist = |name: &&Value| {
                **name == "/airflow/variables/hello" || **name == "/airflow/connections/hi_there"
            };
            let names = request.json()["Names"].clone();
            let found: Vec<Value> = names
                .as_array()
                .unwrap()
                .iter()
                .filter(exist)
                .map(|name| json!({"Name": name, "Value": VALUE}))
                .collect();
            Some(Response::json(200, &json!({"Parameters": found})))
        }
        ("POST", "/", "secretsmanager.DescribeSecret") => {
            Some(error("ResourceNotFoundException", ""))
        }
        ("POST", "/", "") => Some(sts(&String::from_utf8_lossy(&request.body))),
        ("GET", "/container", _) if request.header("authorization") == Some("container-token") => {
            Some(Response::json(200, &keys("AKCONTAINER")))
        }
        ("PUT", "/latest/api/token", _) => Some(
            Response::text(200, "imds-token")
                .header("x-aws-ec2-metadata-token-ttl-seconds", "21600"),
        ),
        ("GET", path, _) if request.header("x-aws-ec2-metadata-token") == Some("imds-token") => {
            instance(path)
        }
        ("GET", "/federation/credentials", _)
            if request.header("x-amz-sso_bearer_token") == Some("the-sso-access-token") =>
        {
            let role = json!({"accessKeyId": "AKSSO", "secretAccessKey": SECRET_KEY, "sessionToken": "t", "expiration": 4_000_000_000_000_u64});
            Some(Response::json(200, &json!({ "roleCredentials": role })))
        }
        _ => None,
    }
}

fn instance(path: &str) -> Option<Response> {
    match path.trim_end_matches('/') {
        "/latest/meta-data/iam/security-credentials" => Some(Response::text(200, "the-role")),
        "/latest/meta-data/iam/security-credentials/the-role" => {
            Some(Response::json(200, &keys("AKINSTANCE")))
        }
        "/latest/meta-data/iam/security-credentials-extended" => {
            Some(Response::text(200, "the-role"))
        }
        "/latest/meta-data/iam/security-credentials-extended/the-role" => {
            Some(Response::json(200, &keys("AKINSTANCE")))
        }
        _ => None,
    }
}

fn keys(id: &str) -> Value {
    json!({"Code": "Success", "AccessKeyId": id, "SecretAccessKey": SECRET_KEY, "Token": "t", "Expiration": "2099-01-01T00:00:00Z",
           "Type": "AWS-HMAC", "LastUpdated": "2026-01-01T00:00:00Z"})
}

fn target(request: &Request) -> &str {
    request.header("x-amz-target").unwrap_or_default()
}

fn error(code: &str, message: &str) -> Response {
    Response::json(400, &json!({"__type": code, "message": message}))
}

/// STS hands out a role whose key id tells for which call.
fn sts(form: &str) -> Response {
    let action = form
        .split('&')
        .find_map(|pair| pair.strip_prefix("Action="))
        .unwrap();
    let result = match action {
        "GetCallerIdentity" => "<Arn>arn:aws:iam::123456789012:user/ci</Arn><UserId>U</UserId><Account>123456789012</Account>".to_owned(),
        _ => format!(
            "<Credentials><AccessKeyId>AK{action}</AccessKeyId><SecretAccessKey>{SECRET_KEY}</SecretAccessKey>\
             <SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"
        ),
    };
    Response::new(
        200,
        "text/xml",
        format!("<{action}Response><{action}Result>{result}</{action}Result></{action}Response>"),
    )
}

/// A run that asks the fake AWS for everything, in a home with these profile files.
fn lookup(server: &FakeServer, kwargs: &Value) -> Secretctl {
    let run = Secretctl::new()
        .backend(PARAMETER_STORE)
        .kwargs(kwargs)
        .secret(SECRET_KEY);
    run.env("AWS_ENDPOINT_URL", &server.url())
        .env("AWS_DEFAULT_REGION", "eu-west-1")
        .args(["get-var", "hello"])
}

fn with_environment_keys(run: Secretctl) -> Secretctl {
    run.env("AWS_ACCESS_KEY_ID", "AKENVIRONMENT")
        .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
}

fn with_config(run: Secretctl, config: &str) -> Secretctl {
    let home = path_text(run.home());
    run.file("config", config)
        .env("AWS_CONFIG_FILE", &format!("{home}/config"))
}

/// The access key of the last request.
fn signed_by(server: &FakeServer) -> String {
    let requests = server.requests();
    let authorization = requests
        .last()
        .unwrap()
        .header("authorization")
        .unwrap()
        .to_owned();
    authorization
        .split("Credential=")
        .nth(1)
        .unwrap()
        .split('/')
        .next()
        .unwrap()
        .to_owned()
}
