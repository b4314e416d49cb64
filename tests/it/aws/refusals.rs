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

/// AWS has no code of its own for a key that may not be used, only words.
#[test]
fn a_key_that_may_not_be_used_is_told_from_a_secret_that_may_not_be_read() {
    for message in [
        "Access to KMS is not allowed",
        "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.",
    ] {
        let server = denying(message);
        let run = with_environment_keys(lookup(&server, &json!({}))).backend(SECRETS_MANAGER);
        let output = run.run();
        output
            .fails_with(4)
            .says("AWS refuses to decrypt it: AccessDeniedException (status 400)")
            .says(message)
            .says("must allow kms:Decrypt");
        assert!(
            !output.stderr.contains("secretsmanager:GetSecretValue"),
            "{output}"
        );
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn awss_own_words_are_shown_where_they_name_nothing() {
    let server = denying("not today");
    let run = with_environment_keys(lookup(&server, &json!({})));
    run.run()
        .fails_with(4)
        .says("lacks the permission ssm:GetParameter on")
        .says(": \"not today\"");
}

/// The signature was good, so that whatever keeps STS from answering says nothing of the credentials.
#[test]
fn a_refusal_stays_one_though_sts_cannot_be_asked() {
    for sts in [
        Response::html(403),
        Response::new(403, "text/plain", ""),
        Response::html(200),
    ] {
        let server = FakeServer::start(move |request| {
            Some(match target(request) {
                "" => sts.clone(),
                _ => error("AccessDeniedException", "no"),
            })
        });
        with_environment_keys(lookup(&server, &json!({})))
            .run()
            .fails_with(4)
            .says(
                "whoever the credentials from AWS_ACCESS_KEY_ID in the environment belong to lacks",
            );
    }
}

#[test]
fn an_answer_of_something_on_the_way_is_not_awss_whatever_its_status() {
    for answer in [
        Response::html(403),
        Response::new(403, "text/plain", ""),
        Response::html(401),
        Response::html(404),
        Response::html(200),
        Response::json(403, &json!({"error": "forbidden"})),
        Response::json(200, &json!({"status": "ok"})),
    ] {
        let server = FakeServer::start(move |_| Some(answer.clone()));
        for class in [super::PARAMETER_STORE, SECRETS_MANAGER] {
            with_environment_keys(lookup(&server, &json!({})))
                .backend(class)
                .run()
                .fails_with(6)
                .says("is not AWS's");
        }
    }
}

#[test]
fn a_request_that_is_too_old_is_a_matter_of_the_clock() {
    let server = FakeServer::start(|_| Some(error("RequestExpired", "")));
    with_environment_keys(lookup(&server, &json!({})))
        .run()
        .fails_with(5)
        .says("set the clock of this machine right");
}
