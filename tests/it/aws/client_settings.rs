//! Settings of boto3's client: what it refuses, passes over, or takes for not set.

use serde_json::json;

use super::{SECRET_KEY, VALUE, aws, lookup, signed_by, with_environment_keys};

/// boto3 builds no client with any of these, so that Airflow finds nothing, whatever the service holds.
#[test]
fn what_boto3_refuses_is_refused_where_it_tells_whom_to_ask() {
    let server = aws();
    for (name, value) in [
        ("AWS_CA_BUNDLE", ""),
        ("AWS_ENDPOINT_URL_SSM", "ssm.example.com"),
    ] {
        with_environment_keys(lookup(&server, &json!({})))
            .env(name, value)
            .run()
            .fails_with(7)
            .says(&format!("`{name}` is"));
    }
    for config in [json!(5), json!("x")] {
        with_environment_keys(lookup(&server, &json!({"config_kwargs": config})))
            .run()
            .fails_with(7)
            .says("`config_kwargs`");
    }
    assert!(server.requests().is_empty());
}

#[test]
fn what_boto3_passes_over_is_passed_over() {
    let server = aws();
    for (name, value) in [
        ("AWS_ENDPOINT_URL_SSM", ""),
        ("AWS_STS_REGIONAL_ENDPOINTS", ""),
        ("AWS_DEFAULTS_MODE", "Standard"),
        ("AWS_RETRY_MODE", "adaptive"),
        ("AWS_USE_FIPS_ENDPOINT", "true"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "true"),
        ("AWS_CREDENTIAL_EXPIRATION", "2999-01-01T00:00:00Z"),
    ] {
        with_environment_keys(lookup(&server, &json!({})))
            .env(name, value)
            .run()
            .prints(VALUE)
            .quietly();
    }
    let kwargs = json!({"endpoint_url": server.url(), "config_kwargs": {"retries": {}}});
    with_environment_keys(lookup(&server, &kwargs))
        .env("AWS_ENDPOINT_URL", "")
        .env("AWS_USE_FIPS_ENDPOINT", "true")
        .run()
        .prints(VALUE)
        .quietly();
}

/// boto3 builds no client with these either, though they change nothing about the value.
#[test]
fn what_boto3_refuses_to_no_avail_is_passed_over() {
    let server = aws();
    for (name, value) in [
        ("AWS_RETRY_MODE", "often"),
        ("AWS_MAX_ATTEMPTS", "many"),
        ("AWS_DEFAULTS_MODE", "odd"),
        ("AWS_STS_REGIONAL_ENDPOINTS", "odd"),
        ("AWS_ACCOUNT_ID_ENDPOINT_MODE", "odd"),
        ("AWS_METADATA_SERVICE_TIMEOUT", "long"),
    ] {
        with_environment_keys(lookup(&server, &json!({})))
            .env(name, value)
            .run()
            .prints(VALUE);
    }
    let kwargs = json!({"config_kwargs": {"no_option_of_botocore": 1}});
    with_environment_keys(lookup(&server, &kwargs))
        .run()
        .prints(VALUE);
}

/// boto3 signs for `us-east-1` instead.
#[test]
fn a_pseudo_region_is_taken_as_it_stands() {
    let server = aws();
    with_environment_keys(lookup(&server, &json!({"region_name": "fips-us-east-1"})))
        .run()
        .prints(VALUE);
    let signed = server.requests()[0]
        .header("authorization")
        .unwrap()
        .to_owned();
    assert!(signed.contains("/fips-us-east-1/"), "{signed}");
}

#[test]
fn keys_of_the_environment_end_when_they_say_so() {
    let server = aws();
    with_environment_keys(lookup(&server, &json!({})))
        .env("AWS_CREDENTIAL_EXPIRATION", "2001-01-01T00:00:00Z")
        .run()
        .fails_with(5)
        .says("`AWS_CREDENTIAL_EXPIRATION` tells of keys that have expired");
    assert!(server.requests().is_empty());
}

/// botocore looks for `AWS_SECURITY_TOKEN` first.
#[test]
fn the_older_name_of_the_token_comes_first() {
    let server = aws();
    with_environment_keys(lookup(&server, &json!({})))
        .env("AWS_SESSION_TOKEN", "newer")
        .env("AWS_SECURITY_TOKEN", "older")
        .secret(SECRET_KEY)
        .run()
        .prints(VALUE)
        .quietly();
    assert_eq!(signed_by(&server), "AKENVIRONMENT");
    let token = server.requests()[0]
        .header("x-amz-security-token")
        .unwrap()
        .to_owned();
    assert_eq!(token, "older");
}
