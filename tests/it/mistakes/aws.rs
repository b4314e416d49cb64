//! Parameter Store and Secrets Manager: regions, credentials, permissions, and names that are not quite right.

use serde_json::{Value, json};

use super::{Mistake, mistake};
use crate::support::cli::Secretctl;
use crate::support::fake_server::{FakeServer, Request, Response};

const PARAMETER_STORE: &str =
    "airflow.providers.amazon.aws.secrets.systems_manager.SystemsManagerParameterStoreBackend";
const SECRETS_MANAGER: &str =
    "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend";
const SECRET_KEY: &str = "the-secret-access-key-of-this-test";
const PROFILES: &str = "[ci]\naws_access_key_id = AKGOOD\naws_secret_access_key = the-secret-access-key-of-this-test\n";

/// An AWS that has variable `hello` in each service in eu-west-1, for whoever signs with the key `AKGOOD`.
fn aws() -> FakeServer {
    FakeServer::start(answer)
}

/// The same with Secrets Manager alone.
fn secrets_manager() -> FakeServer {
    FakeServer::start(|request| match target(request) {
        "AmazonSSM.GetParameter" => Some(error("ParameterNotFound", "")),
        "AmazonSSM.GetParameters" => Some(Response::json(200, &json!({"Parameters": []}))),
        _ => answer(request),
    })
}

fn answer(request: &Request) -> Option<Response> {
    let authorization = request.header("authorization").unwrap_or_default();
    let signed = |part: &str| authorization.contains(part);
    let is_here = signed("/eu-west-1/");
    Some(match target(request) {
        _ if signed("Credential=AKWRONG/") => error(
            "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided.",
        ),
        _ if !signed("Credential=AKGOOD/") => error(
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        ),
        "AmazonSSM.GetParameter" => match request.json()["Name"].as_str() {
            Some("/airflow/variables/hello") if is_here => {
                Response::json(200, &json!({"Parameter": {"Value": "world"}}))
            }
            Some("/airflow/variables/denied") => error(
                "AccessDeniedException",
                "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: ssm:GetParameter on resource: arn:aws:ssm:eu-west-1:123456789012:parameter/airflow/variables/denied because no identity-based policy allows the ssm:GetParameter action",
            ),
            _ => error("ParameterNotFound", ""),
        },
        "AmazonSSM.GetParameters" => {
            let names = request.json()["Names"].clone();
            let has = names
                .as_array()
                .unwrap()
                .contains(&json!("/airflow/variables/hello"));
            let found = match has && is_here {
                true => vec![json!({"Name": "/airflow/variables/hello", "Value": "world"})],
                false => Vec::new(),
            };
            Response::json(200, &json!({"Parameters": found}))
        }
        "secretsmanager.DescribeSecret" | "secretsmanager.GetSecretValue" => {
            match request.json()["SecretId"].as_str() {
                Some(name @ "airflow/variables/hello") if is_here => {
                    Response::json(200, &json!({"Name": name, "SecretString": "world"}))
                }
                _ => error("ResourceNotFoundException", ""),
            }
        }
        "" => who(),
        _ => return None,
    })
}

fn who() -> Response {
    let result = "<Arn>arn:aws:iam::123456789012:user/ci</Arn><UserId>U</UserId><Account>123456789012</Account>";
    Response::new(
        200,
        "text/xml",
        format!(
            "<GetCallerIdentityResponse><GetCallerIdentityResult>{result}</GetCallerIdentityResult></GetCallerIdentityResponse>"
        ),
    )
}

fn target(request: &Request) -> &str {
    request.header("x-amz-target").unwrap_or_default()
}

fn error(code: &str, message: &str) -> Response {
    Response::json(400, &json!({"__type": code, "message": message}))
}

/// A run that asks for `id` and has no credentials yet.
fn nobody(server: &FakeServer, kwargs: &Value, id: &str) -> Secretctl {
    Secretctl::new()
        .backend(PARAMETER_STORE)
        .secret(SECRET_KEY)
        .kwargs(kwargs)
        .env("AWS_ENDPOINT_URL", &server.url())
        .env("AWS_DEFAULT_REGION", "eu-west-1")
        .args(["get-var", id])
}

fn with_keys(run: Secretctl) -> Secretctl {
    run.env("AWS_ACCESS_KEY_ID", "AKGOOD")
        .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
}

fn lookup(server: &FakeServer, id: &str) -> Secretctl {
    with_keys(nobody(server, &json!({}), id))
}

pub fn mistakes() -> Vec<Mistake> {
    let mut mistakes = places();
    mistakes.extend(credentials());
    mistakes.extend(profiles());
    mistakes
}

fn places() -> Vec<Mistake> {
    let parameter_store = FakeServer::start(|request| match target(request) {
        target if target.starts_with("secretsmanager.") => {
            Some(error("ResourceNotFoundException", ""))
        }
        _ => answer(request),
    });
    let (other, region, none, variable) = (secrets_manager(), aws(), aws(), aws());
    let (case, denied, prefix) = (aws(), aws(), aws());
    let no_region = |run: Secretctl| run.without("AWS_DEFAULT_REGION");
    vec![
        mistake("the secret is in Secrets Manager, and Parameter Store is asked", 3, lookup(&other, "hello"))
            .names("SystemsManagerParameterStoreBackend: /airflow/variables/hello")
            .advises("there is such a secret in Secrets Manager, `airflow/variables/hello`, which SecretsManagerBackend reads")
            .obeyed(0, |run| run.backend(SECRETS_MANAGER))
            .keeps(other),
        mistake(
            "the secret is in Parameter Store, and Secrets Manager is asked",
            3,
            lookup(&parameter_store, "hello").backend(SECRETS_MANAGER),
        )
        .names("SecretsManagerBackend: airflow/variables/hello")
        .advises("there is such a parameter in Parameter Store, `/airflow/variables/hello`, which SystemsManagerParameterStoreBackend reads")
        .obeyed(0, |run| run.backend(PARAMETER_STORE))
        .keeps(parameter_store),
        mistake("the wrong region", 3, lookup(&region, "hello").env("AWS_DEFAULT_REGION", "us-east-1"))
            .names("/airflow/variables/hello")
            .advises("asked in region us-east-1 as arn:aws:iam::123456789012:user/ci")
            .obeyed(0, |run| run.env("AWS_DEFAULT_REGION", "eu-west-1"))
            .keeps(region),
        mistake("no region", 7, no_region(lookup(&none, "hello")))
            .names("no region: neither the kwargs nor AWS_DEFAULT_REGION nor the profile `default` names one")
            .advises("set \"region_name\" in the kwargs, or AWS_DEFAULT_REGION")
            .obeyed(0, |run| run.kwargs(&json!({"region_name": "eu-west-1"})))
            .keeps(none),
        mistake("`AWS_REGION` for `AWS_DEFAULT_REGION`", 7, no_region(lookup(&variable, "hello")).env("AWS_REGION", "eu-west-1"))
            .names("no region")
            .advises("boto3, and so Airflow, does not read AWS_REGION; set AWS_DEFAULT_REGION")
            .obeyed(0, |run| run.env("AWS_DEFAULT_REGION", "eu-west-1"))
            .keeps(variable),
        mistake("an id in the wrong case", 3, lookup(&case, "Hello"))
            .names("/airflow/variables/Hello")
            .advises("`/airflow/variables/hello` exists; check the id")
            .keeps(case),
        mistake("a permission that is missing", 4, lookup(&denied, "denied"))
            .names("arn:aws:iam::123456789012:user/ci lacks the permission ssm:GetParameter on arn:aws:ssm:eu-west-1:123456789012:parameter/airflow/variables/denied")
            .advises("a policy must allow \"Action\": \"ssm:GetParameter\"")
            .keeps(denied),
        mistake("`variable_prefix` for `variables_prefix`", 3, with_keys(nobody(&prefix, &json!({"variable_prefix": "/airflow/variables", "variables_prefix": "/team/variables"}), "hello")))
            .names("`variable_prefix`")
            .advises("`variables_prefix`")
            .obeyed(0, |run| run.kwargs(&json!({"variables_prefix": "/airflow/variables"})))
            .keeps(prefix),
    ]
}

/// A prefix with a slash too many, and one without its first, name the same parameter.
pub fn assert_slashes_of_prefixes_work() {
    let server = aws();
    for prefix in [
        "airflow/variables",
        "/airflow/variables/",
        "airflow/variables/",
    ] {
        let run = nobody(&server, &json!({"variables_prefix": prefix}), "hello");
        with_keys(run).run().prints("world").quietly();
    }
}

fn credentials() -> Vec<Mistake> {
    let (none, unknown, wrong, half) = (aws(), aws(), aws(), aws());
    vec![
        mistake("no credentials", 5, nobody(&none, &json!({}), "hello"))
            .names("no AWS credentials:\n")
            .names("\n    AWS_ACCESS_KEY_ID is not set\n")
            .advises("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
            .obeyed(0, with_keys)
            .keeps(none),
        mistake(
            "an access key that AWS does not know",
            5,
            lookup(&unknown, "hello").env("AWS_ACCESS_KEY_ID", "AKOLD"),
        )
        .names("AWS does not accept the credentials from")
        .names("AWS_ACCESS_KEY_ID")
        .advises("access key")
        .obeyed(0, with_keys)
        .keeps(unknown),
        mistake(
            "a secret key that is not the access key's",
            5,
            lookup(&wrong, "hello").env("AWS_ACCESS_KEY_ID", "AKWRONG"),
        )
        .names("AWS does not accept the credentials from")
        .advises("secret access key")
        .obeyed(0, with_keys)
        .keeps(wrong),
        mistake(
            "half a key pair",
            5,
            lookup(&half, "hello").without("AWS_SECRET_ACCESS_KEY"),
        )
        .names("are incomplete: ")
        .advises("set AWS_SECRET_ACCESS_KEY")
        .obeyed(0, with_keys)
        .keeps(half),
    ]
}

fn profiles() -> Vec<Mistake> {
    let (kwarg, absent) = (aws(), aws());
    let with_profiles = |run: Secretctl| {
        run.file("credentials", PROFILES)
            .env("AWS_SHARED_CREDENTIALS_FILE", "credentials")
    };
    vec![
        mistake("`profile` for `profile_name`", 5, with_profiles(nobody(&kwarg, &json!({"profile": "ci"}), "hello")))
            .names("no AWS credentials")
            .advises("Airflow ignores the kwarg `profile`; write \"profile_name\"")
            .obeyed(0, |run| run.kwargs(&json!({"profile_name": "ci"})))
            .keeps(kwarg),
        mistake("a profile that does not exist", 7, with_profiles(nobody(&absent, &json!({"profile_name": "prod"}), "hello")))
            .names("the AWS profile `prod`, named by kwarg `profile_name`, is in neither of the profile files")
            .advises("write it as `[profile NAME]` in ~/.aws/config or `[NAME]` in ~/.aws/credentials")
            .obeyed(0, |run| run.file("credentials", PROFILES.replace("ci", "prod")))
            .keeps(absent),
    ]
}
