//! Every source of credentials, boto3's order among them, and what stands in for an answer when there is none.

use serde_json::json;

use super::{
    SECRET_KEY, VALUE, aws, lookup, signed_by, target, with_config, with_environment_keys,
};
use crate::support::cli::path_text;
use crate::support::fake_server::{FakeServer, Response};

#[test]
fn a_role_of_the_profile_is_assumed_with_its_source() {
    let server = aws();
    let config = format!(
        "[profile ci]\nrole_arn = arn:aws:iam::123456789012:role/ci\nsource_profile = base\nexternal_id = ext\n\
         [profile base]\naws_access_key_id = AKBASE\naws_secret_access_key = {SECRET_KEY}\n"
    );
    with_config(
        with_environment_keys(lookup(&server, &json!({"profile_name": "ci"}))),
        &config,
    )
    .run()
    .prints(VALUE)
    .quietly();
    assert_eq!(signed_by(&server), "AKAssumeRole");
    let first = &server.requests()[0];
    assert!(String::from_utf8_lossy(&first.body).contains("ExternalId=ext"));
    assert!(
        first
            .header("authorization")
            .unwrap()
            .contains("Credential=AKBASE/")
    );
}

#[test]
fn a_web_identity_of_the_environment_comes_before_keys_of_the_profile() {
    let server = aws();
    let config =
        format!("[default]\naws_access_key_id = AKDEFAULT\naws_secret_access_key = {SECRET_KEY}\n");
    let run = with_config(
        lookup(&server, &json!({})).file("token", "the-web-identity-token"),
        &config,
    );
    let token = format!("{}/token", path_text(run.home()));
    let run = run
        .secret("the-web-identity-token")
        .env("AWS_WEB_IDENTITY_TOKEN_FILE", &token);
    run.env("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/pod")
        .run()
        .prints(VALUE)
        .quietly();
    assert_eq!(signed_by(&server), "AKAssumeRoleWithWebIdentity");
    assert_eq!(server.requests()[0].header("authorization"), None);
}

#[test]
fn a_container_is_asked_with_its_token() {
    let server = aws();
    let run = lookup(&server, &json!({})).env(
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        &format!("{}/container", server.url()),
    );
    run.env("AWS_CONTAINER_AUTHORIZATION_TOKEN", "container-token")
        .run()
        .prints(VALUE)
        .quietly();
    assert_eq!(signed_by(&server), "AKCONTAINER");
}

#[test]
fn keys_of_a_container_that_have_expired_are_none() {
    let server = FakeServer::start(|request| {
        let mut keys = super::keys("AKCONTAINER");
        keys["Expiration"] = json!("2001-01-01T00:00:00Z");
        (request.path() == "/container").then(|| Response::json(200, &keys))
    });
    let uri = format!("{}/container", server.url());
    lookup(&server, &json!({}))
        .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", &uri)
        .run()
        .fails_with(5)
        .says("it gave keys that have expired");
}

#[test]
fn an_instance_is_asked_last() {
    let server = aws();
    let run = lookup(&server, &json!({})).env("AWS_EC2_METADATA_DISABLED", "false");
    run.env("AWS_EC2_METADATA_SERVICE_ENDPOINT", &server.url())
        .run()
        .prints(VALUE)
        .quietly();
    assert_eq!(signed_by(&server), "AKINSTANCE");
}

#[test]
fn the_metadata_address_is_left_alone_when_somebody_names_keys() {
    let server = aws();
    let metadata = FakeServer::start(|_| None);
    let run = lookup(&server, &json!({})).env("AWS_EC2_METADATA_DISABLED", "false");
    let run = run.env("AWS_EC2_METADATA_SERVICE_ENDPOINT", &metadata.url());
    with_environment_keys(run).run().prints(VALUE).quietly();
    assert!(metadata.requests().is_empty());
}

#[test]
fn a_single_sign_on_session_is_used_and_an_expired_one_explained() {
    let server = aws();
    let config = "[profile sso]\nsso_start_url = https://example.awsapps.com/start\nsso_region = eu-west-1\n\
                  sso_account_id = 123456789012\nsso_role_name = reader\n";
    let run = with_config(lookup(&server, &json!({"profile_name": "sso"})), config)
        .secret("the-sso-access-token");
    let cache = run.home().join(".aws/sso/cache");
    std::fs::create_dir_all(&cache).unwrap();
    let session = json!({"accessToken": "the-sso-access-token", "expiresAt": "2099-01-01T00:00:00Z", "region": "eu-west-1",
                         "startUrl": "https://example.awsapps.com/start"});
    std::fs::write(
        cache.join("e8be5486177c5b5392bd9aa76563515b29358e6e.json"),
        session.to_string(),
    )
    .unwrap();
    run.run().prints(VALUE).quietly();
    assert_eq!(signed_by(&server), "AKSSO");

    let run = with_config(lookup(&server, &json!({"profile_name": "sso"})), config);
    run.run()
        .fails_with(5)
        .says("its SSO session is missing or expired")
        .says("run `aws sso login --profile sso`");
}

#[test]
fn a_process_of_the_profile_is_run_and_its_failure_told_without_its_words() {
    let server = aws();
    let keys = format!(
        "{{\"Version\": 1, \"AccessKeyId\": \"AKPROCESS\", \"SecretAccessKey\": \"{SECRET_KEY}\"}}"
    );
    let run = lookup(&server, &json!({"profile_name": "vault"})).file("keys", &keys);
    let config = format!(
        "[profile vault]\ncredential_process = cat {}/keys\n",
        path_text(run.home())
    );
    with_config(run, &config).run().prints(VALUE).quietly();
    assert_eq!(signed_by(&server), "AKPROCESS");

    let config =
        format!("[profile vault]\ncredential_process = sh -c 'echo {SECRET_KEY} >&2; exit 1'\n");
    let run = with_config(lookup(&server, &json!({"profile_name": "vault"})), &config);
    run.run()
        .fails_with(5)
        .says("the `credential_process` of the AWS profile `vault` failed (exit status: 1)");
}

#[test]
fn nobody_to_ask_as_names_every_source() {
    let server = aws();
    let output = lookup(&server, &json!({})).run();
    output.fails_with(5);
    for source in [
        "AWS_ACCESS_KEY_ID is not set",
        "AWS_WEB_IDENTITY_TOKEN_FILE is not set",
        "the profile `default` does not exist",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or AWS_CONTAINER_CREDENTIALS_FULL_URI is not set",
        "switched off by AWS_EC2_METADATA_DISABLED",
    ] {
        output.says(source);
    }
    assert!(server.requests().is_empty());
}

#[test]
fn half_a_key_pair_is_an_error_and_not_the_word_none() {
    let server = aws();
    lookup(&server, &json!({}))
        .env("AWS_ACCESS_KEY_ID", "AKENVIRONMENT")
        .run()
        .fails_with(5)
        .says("AWS_SECRET_ACCESS_KEY is missing");
    let kwargs = json!({"aws_access_key_id": "AKKWARGS"});
    with_environment_keys(lookup(&server, &kwargs))
        .run()
        .fails_with(5)
        .says("`aws_secret_access_key` is missing");
    assert!(server.requests().is_empty());
}

#[test]
fn what_boto3_does_and_secretctl_does_not_is_refused_by_name() {
    let server = aws();
    let config = "[profile mfa]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = base\nmfa_serial = arn:aws:iam::1:mfa/me\n\
                  [profile base]\naws_access_key_id = AK\naws_secret_access_key = SK\n";
    let run = with_config(lookup(&server, &json!({"profile_name": "mfa"})), config);
    run.run()
        .fails_with(7)
        .says("secretctl does not serve `mfa_serial` in the AWS profile `mfa`");
    let saml =
        json!({"role_arn": "arn:aws:iam::1:role/r", "assume_role_method": "assume_role_with_saml"});
    lookup(&server, &saml)
        .run()
        .fails_with(7)
        .says("assume_role_with_saml");
    let google = json!({"role_arn": "arn:aws:iam::1:role/r", "assume_role_method": "assume_role_with_web_identity",
                        "assume_role_with_web_identity_federation": "google"});
    lookup(&server, &google).run().fails_with(7).says("google");
    assert!(server.requests().is_empty());
}

#[test]
fn a_role_that_sts_refuses_is_told_with_the_permission() {
    let server = FakeServer::start(|request| {
        let refusal = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not authorized</Message></Error></ErrorResponse>";
        target(request)
            .is_empty()
            .then(|| Response::new(403, "text/xml", refusal))
    });
    let run = with_environment_keys(lookup(
        &server,
        &json!({"role_arn": "arn:aws:iam::1:role/r"}),
    ));
    run.run()
        .fails_with(5)
        .says("sts:AssumeRole on arn:aws:iam::1:role/r was refused with AccessDenied");
}

#[test]
fn the_session_token_that_a_role_is_asked_for_with_is_never_shown() {
    const TOKEN: &str = "the-session-token-of-the-base";
    let server = FakeServer::start(|request| {
        let heard = request.header("x-amz-security-token").unwrap();
        let refusal = format!(
            "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no: {heard}</Message></Error></ErrorResponse>"
        );
        Some(Response::new(403, "text/xml", refusal))
    });
    let run = lookup(&server, &json!({"role_arn": "arn:aws:iam::1:role/r"}));
    with_environment_keys(run)
        .env("AWS_SESSION_TOKEN", TOKEN)
        .secret(TOKEN)
        .run()
        .fails_with(5)
        .says("sts:AssumeRole");
}
