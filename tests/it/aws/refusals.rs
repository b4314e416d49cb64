//! What a person is told when AWS says no, or when what was looked for is somewhere else.

use serde_json::json;

use super::{
    SECRET_KEY, SECRETS_MANAGER, VALUE, aws, error, lookup, sts, target, with_config,
    with_environment_keys,
};
use crate::support::fake_server::{FakeServer, Response};

fn denying(message: &'static str) -> FakeServer {
    FakeServer::start(move |request| {
        Some(match target(request) {
            "" => sts(&String::from_utf8_lossy(&request.body)),
            _ => error("AccessDeniedException", message),
        })
    })
}

#[test]
fn the_missing_permission_is_named_by_arn() {
    let server = denying("no");
    let run = with_environment_keys(lookup(&server, &json!({})));
    run.run().fails_with(4).says(
        "arn:aws:iam::123456789012:user/ci lacks the permission ssm:GetParameter on \
         arn:aws:ssm:eu-west-1:123456789012:parameter/airflow/variables/hello",
    );
    let run = with_environment_keys(lookup(&server, &json!({"region_name": "cn-north-1"})))
        .backend(SECRETS_MANAGER);
    run.run().fails_with(4).says(
        "secretsmanager:GetSecretValue on arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:airflow/variables/hello-??????",
    );
}

#[test]
fn awss_own_word_on_what_is_missing_comes_first() {
    let server = denying(
        "User: arn:aws:iam::1:user/u is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:eu-west-1:1:key/k because x",
    );
    let run = with_environment_keys(lookup(&server, &json!({})));
    run.run().fails_with(4).says(
        "arn:aws:iam::1:user/u lacks the permission kms:Decrypt on arn:aws:kms:eu-west-1:1:key/k",
    );
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_similar_name_is_pointed_out() {
    let server = aws();
    let run = with_environment_keys(lookup(&server, &json!({})).env("AWS_REGION", "us-east-1"))
        .args(["--strict"]);
    run.run().prints(VALUE);
    let run = with_environment_keys(
        super::Secretctl::new()
            .backend(super::PARAMETER_STORE)
            .kwargs(&json!({})),
    );
    let run = run
        .env("AWS_ENDPOINT_URL", &server.url())
        .env("AWS_DEFAULT_REGION", "eu-west-1")
        .env("AWS_REGION", "us-east-1");
    let output = run.args(["get-conn", "hi-there"]).run();
    output
        .fails_with(3)
        .says("`/airflow/connections/hi_there` exists")
        .says("AWS_REGION is us-east-1");
}

#[test]
fn a_secret_that_is_marked_for_deletion_is_told_from_a_missing_one() {
    let server = FakeServer::start(|request| {
        Some(match target(request) {
            "secretsmanager.DescribeSecret"
                if request.json()["SecretId"] == "airflow/variables/hello" =>
            {
                Response::json(
                    200,
                    &json!({"Name": "airflow/variables/hello", "DeletedDate": 1.7e9}),
                )
            }
            "secretsmanager.DescribeSecret" => error("ResourceNotFoundException", ""),
            _ => error("InvalidRequestException", "it was marked for deletion"),
        })
    });
    let run = with_environment_keys(lookup(&server, &json!({}))).backend(SECRETS_MANAGER);
    run.run()
        .fails_with(3)
        .says("marked for deletion")
        .says("restore-secret");
}

#[test]
fn a_lookup_pattern_keeps_aws_from_being_asked() {
    let server = aws();
    let run = with_environment_keys(lookup(
        &server,
        &json!({"variables_lookup_pattern": "(?!HEL)"}),
    ));
    run.run()
        .fails_with(3)
        .says("`variables_lookup_pattern` does not match it");
    let run = with_environment_keys(lookup(
        &server,
        &json!({"variables_lookup_pattern": "(hel"}),
    ));
    run.run()
        .fails_with(7)
        .says("no regular expression of Python's");
    assert!(server.requests().is_empty());
    with_environment_keys(lookup(
        &server,
        &json!({"variables_lookup_pattern": "^HEL"}),
    ))
    .run()
    .prints(VALUE);
}

#[test]
fn unknown_kwargs_are_ignored_as_in_airflow_but_not_in_silence() {
    let server = aws();
    let run = with_environment_keys(lookup(&server, &json!({"variable_prefix": "/x"})));
    run.run()
        .prints(VALUE)
        .says("has no kwarg `variable_prefix`, and Airflow ignores it")
        .says("did you mean `variables_prefix`?");
}

#[test]
fn a_prefix_that_is_not_text_would_stop_airflow() {
    let server = aws();
    with_environment_keys(lookup(&server, &json!({"config_prefix": 5})))
        .run()
        .fails_with(7)
        .says("`config_prefix`");
}

#[test]
fn explain_names_the_credentials_and_the_region_that_were_used() {
    let server = aws();
    let config = format!(
        "[profile ci]\nregion = eu-west-3\naws_access_key_id = AKCI\naws_secret_access_key = {SECRET_KEY}\n"
    );
    let run = |id: &'static str| {
        let run = with_config(
            super::Secretctl::new()
                .backend(super::PARAMETER_STORE)
                .kwargs(&json!({})),
            &config,
        );
        run.env("AWS_ENDPOINT_URL", &server.url())
            .env("AWS_PROFILE", "ci")
            .secret(VALUE)
            .args(["explain", "var", id])
            .run()
    };
    let place = "     asked with the credentials from the profile `ci`, in region eu-west-3\n";
    for id in ["hello", "absent"] {
        let output = run(id);
        assert!(output.stdout.contains(place), "{output}");
    }
}
