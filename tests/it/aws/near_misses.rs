//! What is asked after a lookup that found nothing: little, not for long, and never twice.

use std::time::Duration;

use serde_json::json;

use super::{
    PARAMETER_STORE, SECRETS_MANAGER, VALUE, error, lookup, target, with_environment_keys,
};
use crate::support::cli::Output;
use crate::support::fake_server::{FakeServer, Request, Response};

/// A lookup of a secret that is not there; `other` answers what is asked besides.
fn absent(class: &str, other: fn(&Request) -> Response) -> (Output, Vec<String>) {
    let server = FakeServer::start(move |request| {
        Some(match target(request) {
            "AmazonSSM.GetParameter" => error("ParameterNotFound", ""),
            "secretsmanager.GetSecretValue" => error("ResourceNotFoundException", ""),
            _ => other(request),
        })
    });
    let run = with_environment_keys(lookup(&server, &json!({})));
    let output = run.backend(class).args(["--timeout", "5"]).run();
    let requests = server.requests();
    // Who is asking is STS's to tell.
    let asked = requests.iter().map(|request| target(request).to_owned());
    let asked = asked.filter(|target| !target.is_empty());
    (output, asked.skip(1).collect())
}

#[test]
fn a_question_that_hangs_does_not_outlast_the_limit() {
    for class in [PARAMETER_STORE, SECRETS_MANAGER] {
        let (output, asked) = absent(class, |_| Response::hang());
        output.fails_with(3);
        assert!(output.took < Duration::from_secs(6), "{output}");
        // The second one may be the other service's.
        assert!(asked.len() <= 2, "{asked:?}");
    }
}

#[test]
fn the_first_refusal_or_throttling_is_the_last_question_to_a_service() {
    for (class, own) in [
        (PARAMETER_STORE, "AmazonSSM.GetParameters"),
        (SECRETS_MANAGER, "secretsmanager.DescribeSecret"),
    ] {
        for refusal in [
            (|_| error("AccessDeniedException", "no")) as fn(&Request) -> Response,
            |_| error("ThrottlingException", "slow down"),
        ] {
            let (output, asked) = absent(class, refusal);
            output.fails_with(3);
            let of_own = asked.iter().filter(|asked| *asked == own).count();
            assert_eq!((of_own, asked.len()), (1, 2), "{asked:?}");
        }
    }
}

#[test]
fn each_service_looks_into_the_other_once() {
    let (output, asked) = absent(PARAMETER_STORE, |request| match target(request) {
        "AmazonSSM.GetParameters" => Response::json(200, &json!({"Parameters": []})),
        _ => Response::json(200, &json!({"Name": request.json()["SecretId"]})),
    });
    output.fails_with(3).says(
        "there is such a secret in Secrets Manager, `airflow/variables/hello`, which SecretsManagerBackend reads",
    );
    assert_eq!(
        asked,
        ["AmazonSSM.GetParameters", "secretsmanager.DescribeSecret"]
    );

    let (output, asked) = absent(SECRETS_MANAGER, |request| match target(request) {
        "AmazonSSM.GetParameters" => {
            assert_eq!(request.json()["WithDecryption"], json!(false));
            let name = request.json()["Names"][0].clone();
            Response::json(
                200,
                &json!({"Parameters": [{"Name": name, "Value": VALUE}]}),
            )
        }
        _ => error("ResourceNotFoundException", ""),
    });
    output.fails_with(3).says(
        "there is such a parameter in Parameter Store, `/airflow/variables/hello`, which SystemsManagerParameterStoreBackend reads",
    );
    assert!(!output.stderr.contains(VALUE), "{output}");
    let last = asked.last().map(String::as_str);
    assert_eq!(last, Some("AmazonSSM.GetParameters"));
}

/// An endpoint of the kwargs is one service's alone: nothing that it signs goes anywhere else.
#[test]
fn beside_an_endpoint_of_the_kwargs_the_other_service_is_not_asked() {
    let server = FakeServer::start(|request| {
        Some(match target(request) {
            "AmazonSSM.GetParameters" => Response::json(200, &json!({"Parameters": []})),
            _ => error("ParameterNotFound", ""),
        })
    });
    let nobody = FakeServer::start(|_| None);
    let run = with_environment_keys(lookup(&nobody, &json!({"endpoint_url": server.url()})));
    run.run().fails_with(3);
    assert_eq!(server.requests().len(), 2);
    assert!(nobody.requests().is_empty());
}

#[test]
fn nothing_is_asked_where_nobody_wants_to_know() {
    let server = FakeServer::start(|_| Some(error("ParameterNotFound", "")));
    let run = with_environment_keys(lookup(&server, &json!({})));
    run.args(["--no-diagnose"]).run().fails_with(3);
    assert_eq!(server.requests().len(), 1);
    let server = FakeServer::start(|_| Some(error("AccessDeniedException", "no")));
    let run = with_environment_keys(lookup(&server, &json!({})));
    run.args(["--no-diagnose"]).run().fails_with(4);
    assert_eq!(server.requests().len(), 1);
}
