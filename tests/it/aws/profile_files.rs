//! `~/.aws/config` and `~/.aws/credentials` as boto3 reads them, where other AWS SDKs read them otherwise.

use serde_json::json;

use super::{SECRET_KEY, VALUE, aws, lookup, signed_by, with_config, with_environment_keys};
use crate::support::cli::{Secretctl, path_text};
use crate::support::fake_server::FakeServer;

fn with_credentials(run: Secretctl, credentials: &str) -> Secretctl {
    let path = path_text(run.home().join("credentials"));
    run.file("credentials", credentials)
        .env("AWS_SHARED_CREDENTIALS_FILE", &path)
}

fn by_profile(server: &FakeServer) -> Secretctl {
    lookup(server, &json!({"profile_name": "ci"}))
}

/// A profile with a process and, in the credentials file, with keys: the keys count, and the process is not run.
#[test]
fn keys_of_the_credentials_file_come_before_a_process_and_those_of_the_config_file_after_it() {
    let server = aws();
    let process = format!(
        "credential_process = printf '{{\"Version\": 1, \"AccessKeyId\": \"AKPROCESS\", \"SecretAccessKey\": \"{SECRET_KEY}\"}}'\n"
    );
    let keys =
        |id: &str| format!("aws_access_key_id = {id}\naws_secret_access_key = {SECRET_KEY}\n");
    let config = format!("[profile ci]\n{process}{}", keys("AKCONFIG"));
    with_config(by_profile(&server), &config)
        .run()
        .prints(VALUE)
        .quietly();
    assert_eq!(signed_by(&server), "AKPROCESS");
    let run = with_config(by_profile(&server), &config);
    with_credentials(run, &format!("[ci]\n{}", keys("AKCREDENTIALS")))
        .run()
        .prints(VALUE)
        .quietly();
    assert_eq!(signed_by(&server), "AKCREDENTIALS");
}

#[test]
fn a_comment_after_a_value_belongs_to_it_a_colon_separates_and_a_name_may_have_blanks() {
    let server = aws();
    let config = format!(
        "[profile \"ci\"]\naws_access_key_id: AKCI ; mine\naws_secret_access_key: {SECRET_KEY}\n"
    );
    with_config(by_profile(&server), &config)
        .run()
        .prints(VALUE)
        .quietly();
    assert_eq!(signed_by(&server), "AKCI ; mine");
}

#[test]
fn a_file_that_python_cannot_read_is_told_by_line_and_without_its_values() {
    let server = aws();
    for text in [
        format!(
            "[profile ci]\naws_secret_access_key = {SECRET_KEY}\naws_secret_access_key = {SECRET_KEY}\n"
        ),
        format!("[profile ci]\n\n{SECRET_KEY}\n"),
        format!("[profile ci]\n[profile ci]\naws_secret_access_key = {SECRET_KEY}\n"),
    ] {
        with_config(by_profile(&server), &text)
            .run()
            .fails_with(7)
            .says("/config` cannot be read: line ");
    }
    assert!(server.requests().is_empty());
}

/// The command sees `--env-file`, which the process environment does not hold.
#[test]
fn a_process_of_a_profile_or_of_its_source_sees_the_env_files() {
    let server = aws();
    let script = format!(
        "printf '{{\"Version\": 1, \"AccessKeyId\": \"%s\", \"SecretAccessKey\": \"{SECRET_KEY}\"}}' \"$KEY_ID\"\n"
    );
    let run = |profiles: &dyn Fn(&str) -> String| {
        let run = by_profile(&server)
            .file("keys.sh", &script)
            .file(".env", "KEY_ID=AKFROMFILE\n");
        let process = format!(
            "credential_process = sh {}/keys.sh\n",
            path_text(run.home())
        );
        with_config(run, &profiles(&process))
            .args(["--env-file", ".env"])
            .run()
    };
    run(&|process| format!("[profile ci]\n{process}"))
        .prints(VALUE)
        .quietly();
    assert_eq!(signed_by(&server), "AKFROMFILE");

    let role = "role_arn = arn:aws:iam::123456789012:role/ci\nsource_profile = a source\n";
    run(&|process| format!("[profile ci]\n{role}[profile 'a source']\n{process}"))
        .prints(VALUE)
        .quietly();
    assert_eq!(signed_by(&server), "AKAssumeRole");
    let requests = server.requests();
    let role = &requests[requests.len() - 2];
    let signature = role.header("authorization").unwrap();
    assert!(signature.contains("Credential=AKFROMFILE/"), "{signature}");
}

#[test]
fn what_a_process_prints_is_taken_as_boto3_takes_it() {
    let server = aws();
    let keys = |version: &str, end: &str| {
        format!(
            "{{\"Version\": {version}, \"AccessKeyId\": \"AKOLD\", \"SecretAccessKey\": \"{SECRET_KEY}\"{end}}}"
        )
    };
    for (printed, because) in [
        (keys("2", ""), "something else than version 1"),
        (
            keys("1", ", \"Expiration\": \"2001-01-01T00:00:00Z\""),
            "keys that have expired",
        ),
        (SECRET_KEY.to_owned(), "something that is not a JSON object"),
    ] {
        let run = by_profile(&server).file("keys", &printed);
        let config = format!(
            "[profile ci]\ncredential_process = cat {}/keys\n",
            path_text(run.home())
        );
        with_config(run, &config)
            .run()
            .fails_with(5)
            .says("its `credential_process` printed ")
            .says(because);
    }
    let config = "[profile ci]\ncredential_process = sleep 60\n";
    with_config(by_profile(&server), config)
        .args(["--timeout", "1"])
        .run()
        .fails_with(6)
        .says("the `credential_process` of the AWS profile `ci` did not end within 1 s");
    assert!(server.requests().is_empty());
}

/// Airflow would ask as whoever they belong to, and nobody would expect that.
#[test]
fn keys_of_boto_2_are_refused_by_name_where_airflow_would_use_them() {
    let server = aws();
    let keys = format!(
        "[Credentials]\naws_access_key_id = AKBOTO\naws_secret_access_key = {SECRET_KEY}\n"
    );
    let run = || lookup(&server, &json!({})).file(".boto", &keys);
    run()
        .run()
        .fails_with(7)
        .says("secretctl does not serve keys of boto 2, in `")
        .says("/.boto`");
    lookup(&server, &json!({}))
        .env("AWS_CREDENTIAL_FILE", "/somewhere")
        .run()
        .fails_with(7)
        .says("does not serve `AWS_CREDENTIAL_FILE`");
    assert!(server.requests().is_empty());
    with_environment_keys(run()).run().prints(VALUE).quietly();
}
