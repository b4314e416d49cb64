//! Astronomer's guide for Parameter Store, to the letter: the keys in `.env`, the class and kwargs of the Dockerfile.

use super::{SECRET_KEY, VALUE, aws, signed_by};
use crate::support::cli::{Secretctl, path_text};
use crate::support::fake_server::FakeServer;

const DOT_ENV: &str = "AWS_ACCESS_KEY_ID=\"YOUR-AWS-KEY\"\nAWS_SECRET_ACCESS_KEY=\"the-secret-access-key-of-the-tests\"\n";
const CLASS: &str =
    "airflow.contrib.secrets.aws_systems_manager.SystemsManagerParameterStoreBackend";
const KWARGS: &str =
    r#"{"connections_prefix": "/airflow/connections", "variables_prefix": "/airflow/variables"}"#;

fn guide(server: &FakeServer, kwargs: &str) -> Secretctl {
    let run = Secretctl::new()
        .file(".env", DOT_ENV)
        .secret(SECRET_KEY)
        .backend(CLASS);
    let env_file = format!("{}/.env", path_text(run.home()));
    let run = run
        .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs)
        .env("AWS_ENDPOINT_URL", &server.url());
    run.args(["--env-file", &env_file, "get-var", "hello"])
}

#[test]
fn the_example_works_once_there_is_a_region() {
    let server = aws();
    guide(&server, KWARGS)
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .run()
        .prints(VALUE)
        .says("does not start with");
    assert_eq!(signed_by(&server), "YOUR-AWS-KEY");
}

#[test]
fn without_a_region_it_fails_as_in_airflow_and_says_what_to_set() {
    let server = aws();
    guide(&server, KWARGS)
        .run()
        .fails_with(7)
        .says("no region")
        .says("AWS_DEFAULT_REGION");
    guide(&server, KWARGS)
        .env("AWS_REGION", "us-east-1")
        .run()
        .fails_with(7)
        .says("does not read AWS_REGION");
    assert!(server.requests().is_empty());
}

/// The note on `profile` holds for no Airflow that still runs: the kwarg is ignored, and the keys of `.env` are used.
#[test]
fn the_note_on_profile_changes_nothing_and_says_so() {
    let server = aws();
    let kwargs = KWARGS.replace('}', r#", "profile": "production"}"#);
    let run = guide(&server, &kwargs).env("AWS_DEFAULT_REGION", "us-east-1");
    run.run()
        .prints(VALUE)
        .says("Airflow ignores the kwarg `profile`")
        .says("\"profile_name\"");
    assert_eq!(signed_by(&server), "YOUR-AWS-KEY");
}

#[test]
fn profile_name_is_what_the_note_means() {
    let server = aws();
    let kwargs = KWARGS.replace('}', r#", "profile_name": "production"}"#);
    let run = guide(&server, &kwargs).file("config", "[profile production]\nregion = us-east-2\naws_access_key_id = AKPROD\naws_secret_access_key = SK\n");
    let config = format!("{}/config", path_text(run.home()));
    run.env("AWS_CONFIG_FILE", &config)
        .run()
        .prints(VALUE)
        .says("does not start with");
    assert_eq!(signed_by(&server), "AKPROD");
}
