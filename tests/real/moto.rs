//! The AWS backends against moto, another's reading of AWS's protocols: what is stored there is what comes out, and in its IAM
//! mode a right signature and a policy are needed.

use serde_json::json;

use crate::support::cli::Secretctl;
use crate::support::moto::{Moto, element};

const PARAMETER_STORE: &str =
    "airflow.providers.amazon.aws.secrets.systems_manager.SystemsManagerParameterStoreBackend";
const SECRETS_MANAGER: &str =
    "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend";

fn lookup(server: &Moto, class: &str, id: &str, key: &str) -> Secretctl {
    let run = Secretctl::new()
        .backend(class)
        .secret(key)
        .env("AWS_ENDPOINT_URL", server.url());
    let run = run
        .env("AWS_ACCESS_KEY_ID", id)
        .env("AWS_SECRET_ACCESS_KEY", key);
    run.env("AWS_DEFAULT_REGION", "eu-west-1")
}

fn put_parameter(server: &Moto, name: &str, value: &str) {
    server.call(
        "ssm",
        "AmazonSSM.PutParameter",
        &json!({"Name": name, "Value": value, "Type": "SecureString"}),
    );
}

fn create_secret(server: &Moto, name: &str, value: &str) {
    let token = "0123456789abcdef0123456789abcdef";
    server.call(
        "secretsmanager",
        "secretsmanager.CreateSecret",
        &json!({"Name": name, "SecretString": value, "ClientRequestToken": token}),
    );
}

#[test]
fn what_is_stored_comes_out() {
    let Some(server) = Moto::start() else { return };
    put_parameter(&server, "/airflow/variables/hello", "wörld");
    put_parameter(
        &server,
        "/airflow/connections/db-main",
        "postgres://u:p@h:5432/d",
    );
    create_secret(
        &server,
        "airflow/connections/db",
        r#"{"user": "u", "pass": "p", "server": "h", "engine": "mysql", "port": 3306}"#,
    );
    let run = |class, args: &[&'static str]| {
        lookup(&server, class, "AKANYBODY", "any-secret-key")
            .args(args.iter().copied())
            .run()
    };
    run(PARAMETER_STORE, &["get-var", "hello"])
        .prints("wörld")
        .quietly();
    run(PARAMETER_STORE, &["get-conn", "db-main"]).prints("postgres://u:p@h:5432/d");
    run(SECRETS_MANAGER, &["get-conn", "db"]).prints("mysql://u:p@h:3306");
    run(PARAMETER_STORE, &["get-conn", "db_main"])
        .fails_with(3)
        .says("`/airflow/connections/db-main` exists");
    run(SECRETS_MANAGER, &["get-var", "db"])
        .fails_with(3)
        .says("`airflow/connections/db` exists");
    lookup(&server, PARAMETER_STORE, "AKANYBODY", "any-secret-key")
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .args(["get-var", "hello"])
        .run()
        .fails_with(3);
}

#[test]
fn a_signature_and_a_policy_are_needed() {
    let Some(server) = Moto::start_with_iam(5) else {
        return;
    };
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": "*"}]});
    put_parameter(&server, "/airflow/variables/hello", "world");
    create_secret(&server, "airflow/variables/hello", "world");
    server.iam(&[("Action", "CreateUser"), ("UserName", "ci")]);
    server.iam(&[
        ("Action", "PutUserPolicy"),
        ("UserName", "ci"),
        ("PolicyName", "p"),
        ("PolicyDocument", &policy.to_string()),
    ]);
    let keys = server.iam(&[("Action", "CreateAccessKey"), ("UserName", "ci")]);
    let (id, key) = (
        element(&keys, "AccessKeyId"),
        element(&keys, "SecretAccessKey"),
    );

    lookup(&server, PARAMETER_STORE, id, key)
        .args(["get-var", "hello"])
        .run()
        .prints("world")
        .quietly();
    let denied = lookup(&server, SECRETS_MANAGER, id, key)
        .args(["get-var", "hello"])
        .run();
    denied
        .fails_with(4)
        .says("user/ci lacks the permission secretsmanager:GetSecretValue on");
    lookup(&server, PARAMETER_STORE, id, "not-the-key-of-this-user")
        .args(["get-var", "hello"])
        .run()
        .fails_with(5);
    lookup(&server, PARAMETER_STORE, "AKNOBODYATALL", key)
        .args(["get-var", "hello"])
        .run()
        .fails_with(5);
}
