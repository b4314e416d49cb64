//! Which proxy AWS is asked through: botocore's choice, which is not that of requests.

use serde_json::json;

use super::{VALUE, aws, keys, lookup, with_environment_keys};
use crate::support::fake_server::{FakeServer, Response};

/// A proxy that answers for AWS itself, whatever the host.
fn proxy() -> FakeServer {
    FakeServer::start(|request| {
        assert!(request.target.starts_with("http://aws.invalid/"));
        Some(Response::json(200, &json!({"Parameter": {"Value": VALUE}})))
    })
}

#[test]
fn the_environments_proxy_is_used() {
    let proxy = proxy();
    let run = with_environment_keys(lookup(&proxy, &json!({})))
        .env("AWS_ENDPOINT_URL", "http://aws.invalid");
    run.env("HTTP_PROXY", &proxy.url()).run().prints(VALUE);
}

#[test]
fn a_proxy_for_everything_does_not_count() {
    let (aws, other) = (aws(), FakeServer::start(|_| None));
    let run = with_environment_keys(lookup(&aws, &json!({}))).env("NO_PROXY", "");
    run.env("ALL_PROXY", &other.url()).run().prints(VALUE);
    assert_eq!(other.requests().len(), 0);
}

#[test]
fn a_network_in_no_proxy_is_a_name_like_any_other() {
    let proxy =
        FakeServer::start(|_| Some(Response::json(200, &json!({"Parameter": {"Value": VALUE}}))));
    for (no_proxy, through_the_proxy) in [("127.0.0.0/8", 1), ("*", 1)] {
        let aws = aws();
        let run = with_environment_keys(lookup(&aws, &json!({}))).env("NO_PROXY", no_proxy);
        run.env("HTTP_PROXY", &proxy.url()).run().prints(VALUE);
        assert_eq!(proxy.requests().len(), through_the_proxy, "{no_proxy}");
    }
}

#[test]
fn a_containers_credentials_are_asked_for_without_a_proxy() {
    let container = FakeServer::start(|_| Some(Response::json(200, &keys("AKCONTAINER"))));
    let proxy = proxy();
    let run = lookup(&proxy, &json!({})).env("AWS_ENDPOINT_URL", "http://aws.invalid");
    run.env("HTTP_PROXY", &proxy.url())
        .env("NO_PROXY", "")
        .env(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            &format!("{}/x", container.url()),
        )
        .run()
        .prints(VALUE);
    assert_eq!((container.requests().len(), proxy.requests().len()), (1, 1));
}

#[test]
fn a_proxy_that_cannot_be_used_is_told() {
    let aws = aws();
    let run = with_environment_keys(lookup(&aws, &json!({}))).env("NO_PROXY", "");
    run.env("HTTP_PROXY", "http://user:proxy-password-1@:x")
        .secret("proxy-password-1")
        .run()
        .fails_with(7)
        .says("the proxy given by `HTTP_PROXY`");
    assert_eq!(aws.requests().len(), 0);
}
