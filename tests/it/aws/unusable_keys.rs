//! Keys that cannot be signed or sent with, and files and commands that would give keys and do not end.

use std::process::Command;
use std::time::Duration;

use serde_json::json;

use super::{SECRET_KEY, aws, lookup, with_config, with_environment_keys};
use crate::support::cli::{Secretctl, path_text};
use crate::support::fake_server::{FakeServer, Response};

/// A line break that was pasted along, in each part and from each source.
#[test]
fn a_control_character_is_told_with_its_source_and_nothing_is_sent() {
    let server = aws();
    let with = |id: &str, secret: &str, token: &str| {
        lookup(&server, &json!({}))
            .env("AWS_ACCESS_KEY_ID", id)
            .env("AWS_SECRET_ACCESS_KEY", secret)
            .env("AWS_SESSION_TOKEN", token)
            .run()
    };
    let source = "from AWS_ACCESS_KEY_ID in the environment holds a control character";
    for (id, secret, token, part) in [
        ("AK\n", SECRET_KEY, "", "the access key id"),
        (
            "AK",
            &format!("{SECRET_KEY}\r"),
            "",
            "the secret access key",
        ),
        ("AK", SECRET_KEY, "t\u{1b}", "the session token"),
    ] {
        with(id, secret, token)
            .fails_with(7)
            .says(&format!("{part} {source}"));
    }
    let kwargs = json!({"aws_access_key_id": "AK\n", "aws_secret_access_key": SECRET_KEY});
    lookup(&server, &kwargs)
        .run()
        .fails_with(7)
        .says("the access key id from the kwargs holds a control character");
    let run = lookup(&server, &json!({})).file(
        ".env",
        format!("AWS_ACCESS_KEY_ID=\"AK\\n\"\nAWS_SECRET_ACCESS_KEY={SECRET_KEY}\n"),
    );
    run.args(["--env-file", ".env"])
        .run()
        .fails_with(7)
        .says("holds a control character");
    assert!(server.requests().is_empty());
}

#[test]
fn a_control_character_in_the_keys_of_a_source_profile_or_a_process_is_told_too() {
    let server = aws();
    let config = format!(
        "[profile ci]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = base\n\
         [profile base]\naws_access_key_id = AK\u{1}\naws_secret_access_key = {SECRET_KEY}\n"
    );
    let run = || lookup(&server, &json!({"profile_name": "ci"}));
    with_config(run(), &config)
        .run()
        .fails_with(7)
        .says("the access key id from the profile `base` holds a control character");
    let keys = json!({"Version": 1, "AccessKeyId": "AK\n", "SecretAccessKey": SECRET_KEY});
    let run = run().file("keys", keys.to_string());
    let home = path_text(run.home());
    with_config(
        run,
        &format!("[profile ci]\ncredential_process = cat {home}/keys\n"),
    )
    .run()
    .fails_with(7)
    .says("the access key id from the profile `ci` holds a control character");
    assert!(server.requests().is_empty());
}

#[test]
fn keys_of_a_role_with_a_control_character_are_not_used() {
    let server = FakeServer::start(|_| {
        let keys = format!(
            "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>AK&#10;</AccessKeyId>\
             <SecretAccessKey>{SECRET_KEY}</SecretAccessKey><SessionToken>t</SessionToken>\
             <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
        );
        Some(Response::new(200, "text/xml", keys))
    });
    let role = json!({"role_arn": "arn:aws:iam::1:role/r"});
    with_environment_keys(lookup(&server, &role))
        .run()
        .fails_with(7)
        .says("the access key id from sts:AssumeRole on arn:aws:iam::1:role/r holds a control character");
    assert_eq!(server.requests().len(), 1);
}

/// A command that does not end is stopped together with what it started, and told by its profile.
#[test]
fn a_process_that_does_not_end_leaves_nothing_behind() {
    let server = aws();
    let run = lookup(&server, &json!({"profile_name": "ci"}));
    let home = path_text(run.home());
    // A duration that nobody else on this machine sleeps for.
    let nap = format!("77.{}", std::process::id());
    let config = format!(
        "[profile ci]\ncredential_process = sh -c 'sleep {nap} & sleep {nap}; echo {home}'\n"
    );
    let output = with_config(run, &config).args(["--timeout", "1"]).run();
    output
        .fails_with(6)
        .says("the `credential_process` of the AWS profile `ci` did not end within 1 s");
    assert!(output.took < Duration::from_secs(3), "{output}");
    let left = Command::new("pgrep")
        .args(["-f", &format!("^sleep {nap}$")])
        .output();
    if let Ok(left) = left {
        assert_eq!(String::from_utf8_lossy(&left.stdout), "");
    }
    assert!(server.requests().is_empty());
}

/// A pipe that nobody writes to.
fn with_pipe(run: Secretctl, name: &str) -> (Secretctl, String) {
    let path = path_text(run.home().join(name));
    assert!(
        Command::new("mkfifo")
            .arg(&path)
            .status()
            .unwrap()
            .success()
    );
    (run, path)
}

#[test]
fn files_that_do_not_end_are_told_by_name() {
    let server = aws();
    let run = || lookup(&server, &json!({})).args(["--timeout", "1"]);
    let (token, path) = with_pipe(run(), "token");
    let output = token
        .env("AWS_WEB_IDENTITY_TOKEN_FILE", &path)
        .env("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/pod")
        .run();
    output
        .fails_with(6)
        .says("the web identity token file `")
        .says("/token` cannot be read: no answer within 1 s");
    assert!(output.took < Duration::from_secs(3), "{output}");
    for variable in ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"] {
        let (profiles, path) = with_pipe(run(), "profiles");
        with_environment_keys(profiles)
            .env(variable, &path)
            .run()
            .fails_with(6)
            .says("the AWS profile file `")
            .says("/profiles` cannot be read: no answer within 1 s");
    }
    assert!(server.requests().is_empty());
}

#[test]
fn a_token_file_without_end_is_too_large() {
    let server = aws();
    lookup(&server, &json!({}))
        .env("AWS_WEB_IDENTITY_TOKEN_FILE", "/dev/zero")
        .env("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/pod")
        .run()
        .says("the web identity token file `/dev/zero` is larger than");
}

/// The tokens that the official SDK reads itself.
#[test]
fn a_containers_token_file_that_does_not_end_is_given_up() {
    let server = FakeServer::start(|_| Some(Response::text(500, "")));
    let (run, path) = with_pipe(lookup(&server, &json!({})), "token");
    let output = run
        .env(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            &format!("{}/container", server.url()),
        )
        .env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &path)
        .args(["--timeout", "1"])
        .run();
    output.fails_with(6);
    assert!(output.took < Duration::from_secs(3), "{output}");
}
