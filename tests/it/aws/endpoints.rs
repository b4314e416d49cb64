//! Which server is asked, by environment, profile and partition, and that it is the one that messages name.

use serde_json::{Value, json};

use super::{
    PARAMETER_STORE, SECRET_KEY, SECRETS_MANAGER, VALUE, aws, error, lookup, target, with_config,
    with_environment_keys,
};
use crate::support::cli::Secretctl;
use crate::support::fake_server::{FakeServer, Response};

/// A lookup without any endpoint set, which ends at this server whatever host it asks.
fn through(proxy: &FakeServer, kwargs: &Value) -> Secretctl {
    let run = Secretctl::new()
        .backend(PARAMETER_STORE)
        .kwargs(kwargs)
        .secret(SECRET_KEY)
        .env("HTTP_PROXY", &proxy.url())
        .env("NO_PROXY", "")
        .env("AWS_DEFAULT_REGION", "eu-west-1");
    with_environment_keys(run).args(["explain", "var", "hello"])
}

/// An AWS that has nothing, whatever host is meant.
fn empty() -> FakeServer {
    FakeServer::start(|request| {
        Some(match target(request) {
            "AmazonSSM.GetParameters" => Response::json(200, &json!({"Parameters": []})),
            "AmazonSSM.GetParameter" => error("ParameterNotFound", ""),
            _ => error("ResourceNotFoundException", ""),
        })
    })
}

/// The `services` of a profile, by the key that AWS documents; the SDK's own spelling means nothing to Airflow.
#[test]
fn the_services_of_a_profile_have_botocores_names() {
    let secrets = FakeServer::start(|_| Some(Response::json(200, &json!({"SecretString": VALUE}))));
    let run = |key: &str| {
        let config = format!(
            "[default]\nservices = local\n[services local]\n{key} =\n  endpoint_url = {}\n",
            secrets.url()
        );
        let run = Secretctl::new()
            .backend(SECRETS_MANAGER)
            .secret(SECRET_KEY)
            .env("AWS_DEFAULT_REGION", "eu-west-1")
            .env("AWS_MAX_ATTEMPTS", "1")
            .env("HTTPS_PROXY", "http://127.0.0.1:9")
            .args(["get-var", "hello"]);
        with_config(with_environment_keys(run), &config).run()
    };
    run("secrets_manager").prints(VALUE).quietly();
    assert_eq!(secrets.requests().len(), 1);
    run("secrets-manager")
        .fails_with(6)
        .says("at https://secretsmanager.eu-west-1.amazonaws.com");
    assert_eq!(secrets.requests().len(), 1);
}

#[test]
fn the_server_that_is_told_is_the_one_that_is_asked() {
    let plain = |region: &str| json!({"use_ssl": false, "region_name": region});
    for (kwargs, variable, server) in [
        (
            plain("eu-west-1"),
            "AWS_PAGER",
            "http://ssm.eu-west-1.amazonaws.com",
        ),
        (
            plain("cn-north-1"),
            "AWS_PAGER",
            "http://ssm.cn-north-1.amazonaws.com.cn",
        ),
        (
            plain("us-iso-east-1"),
            "AWS_PAGER",
            "http://ssm.us-iso-east-1.c2s.ic.gov",
        ),
        (
            plain("us-east-1"),
            "AWS_USE_FIPS_ENDPOINT",
            "http://ssm-fips.us-east-1.amazonaws.com",
        ),
        (
            plain("eu-west-1"),
            "AWS_USE_DUALSTACK_ENDPOINT",
            "http://ssm.eu-west-1.api.aws",
        ),
    ] {
        let proxy = empty();
        let output = through(&proxy, &kwargs).env(variable, "true").run();
        assert!(
            output
                .stdout
                .contains(&format!("/airflow/variables/hello at {server}: not found")),
            "{output}"
        );
        let asked = &proxy.requests()[0].target;
        assert_eq!(asked, &format!("{server}/"));
    }
}

#[test]
fn configured_endpoints_may_be_ignored() {
    let (proxy, nobody) = (empty(), FakeServer::start(|_| None));
    let output = through(&proxy, &json!({"use_ssl": false}))
        .env("AWS_ENDPOINT_URL", &nobody.url())
        .env("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
        .run();
    assert!(
        output
            .stdout
            .contains("at http://ssm.eu-west-1.amazonaws.com: not found"),
        "{output}"
    );
    let config = format!(
        "[default]\nignore_configured_endpoint_urls = true\nendpoint_url = {}\n",
        nobody.url()
    );
    let output = with_config(through(&proxy, &json!({"use_ssl": false})), &config).run();
    assert!(
        output
            .stdout
            .contains("at http://ssm.eu-west-1.amazonaws.com: not found"),
        "{output}"
    );
    assert!(nobody.requests().is_empty());
}

#[test]
fn the_endpoint_of_a_profile_is_told_though_kwargs_name_the_region() {
    let server = aws();
    let config = format!("[default]\nendpoint_url = {}\n", server.url());
    let run = Secretctl::new()
        .backend(PARAMETER_STORE)
        .kwargs(&json!({"region_name": "eu-west-1"}))
        .secret(SECRET_KEY)
        .secret(VALUE)
        .args(["explain", "var", "hello"]);
    let output = with_config(with_environment_keys(run), &config).run();
    let place = format!("/airflow/variables/hello at {}: found", server.url());
    assert!(output.stdout.contains(&place), "{output}");
}

/// Where no server was asked for the secret, none is named.
#[test]
fn no_server_is_told_where_the_session_fails() {
    let server = aws();
    let output = lookup(&server, &json!({})).run();
    output
        .fails_with(5)
        .says("/airflow/variables/hello: no AWS credentials");
}

#[test]
fn endpoints_without_a_scheme_are_refused_unless_they_are_ignored() {
    let server = aws();
    let run = || with_environment_keys(lookup(&server, &json!({"endpoint_url": server.url()})));
    run()
        .env("AWS_ENDPOINT_URL", "localhost:4566")
        .run()
        .fails_with(7)
        .says("`AWS_ENDPOINT_URL` is not an http:// or https:// address");
    run()
        .env("AWS_ENDPOINT_URL", "localhost:4566")
        .env("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "TRUE")
        .run()
        .prints(VALUE);
}
