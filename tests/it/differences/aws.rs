//! The entries about AWS, against a fake one.

use serde_json::{Value, json};

use crate::support::cli::{Secretctl, path_text};
use crate::support::fake_server::{FakeServer, Request, Response};

const PARAMETER_STORE: &str =
    "airflow.providers.amazon.aws.secrets.systems_manager.SystemsManagerParameterStoreBackend";
const SECRETS_MANAGER: &str =
    "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend";
const SECRET_KEY: &str = "the-secret-access-key-of-the-tests";
const ROLE: &str = "arn:aws:iam::1:role/r";

/// A lookup with keys of the environment.
fn lookup(server: &FakeServer, class: &str, kwargs: &Value) -> Secretctl {
    let settings = [
        ("AWS_ENDPOINT_URL", server.url()),
        ("AWS_DEFAULT_REGION", "eu-west-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY.to_owned()),
        ("AWS_MAX_ATTEMPTS", "1".to_owned()),
    ];
    let run = Secretctl::new()
        .backend(class)
        .kwargs(kwargs)
        .secret(SECRET_KEY);
    let run = settings
        .iter()
        .fold(run, |run, (name, value)| run.env(name, value));
    run.args(["get-var", "hello"])
}

fn target(request: &Request) -> &str {
    request.header("x-amz-target").unwrap_or_default()
}

fn error(status: u16, code: &str) -> Response {
    Response::json(status, &json!({"__type": code, "message": "a message"}))
}

/// STS, which knows who is asking and hands out a role.
fn sts(request: &Request) -> Option<Response> {
    let form = String::from_utf8_lossy(&request.body);
    let action = form
        .split('&')
        .find_map(|pair| pair.strip_prefix("Action="))?;
    let result = match action {
        "GetCallerIdentity" => {
            "<Arn>arn:aws:iam::1:user/ci</Arn><UserId>U</UserId><Account>1</Account>".to_owned()
        }
        _ => format!(
            "<Credentials><AccessKeyId>AKROLE</AccessKeyId><SecretAccessKey>{SECRET_KEY}</SecretAccessKey>\
             <SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"
        ),
    };
    let body =
        format!("<{action}Response><{action}Result>{result}</{action}Result></{action}Response>");
    Some(Response::new(200, "text/xml", body))
}

#[test]
fn a_fault_of_secrets_manager_is_no_absent_secret() {
    for (status, code, exit_code) in [
        (500, "InternalServiceError", 6),
        (400, "DecryptionFailure", 8),
    ] {
        let server = FakeServer::start(move |_| Some(error(status, code)));
        lookup(&server, SECRETS_MANAGER, &json!({}))
            .run()
            .fails_with(exit_code)
            .says(code);
    }
}

#[test]
fn logins_of_their_own_are_refused_by_name() {
    let server = FakeServer::start(|_| None);
    let role = |members: Value| {
        let mut kwargs = json!({"role_arn": ROLE});
        let kwargs_of_role = kwargs.as_object_mut().unwrap();
        kwargs_of_role.extend(members.as_object().unwrap().clone());
        kwargs
    };
    let saml = role(json!({"assume_role_method": "assume_role_with_saml"}));
    let google = role(json!({
        "assume_role_method": "assume_role_with_web_identity",
        "assume_role_with_web_identity_federation": "google",
    }));
    for (kwargs, name) in [(saml, "assume_role_with_saml"), (google, "google")] {
        lookup(&server, PARAMETER_STORE, &kwargs)
            .run()
            .fails_with(7)
            .says("does not serve")
            .says(name);
    }
    for (setting, name) in [
        (
            format!("role_arn = {ROLE}\nsource_profile = p\nmfa_serial = m"),
            "mfa_serial",
        ),
        (
            "login_session = arn:aws:iam::1:user/u".to_owned(),
            "login_session",
        ),
        (
            format!("role_arn = {ROLE}\ncredential_source = Environment"),
            "credential_source = Environment",
        ),
    ] {
        let run = lookup(&server, PARAMETER_STORE, &json!({"profile_name": "p"}))
            .file("config", format!("[profile p]\n{setting}\n"));
        let config = path_text(run.home().join("config"));
        run.env("AWS_CONFIG_FILE", &config)
            .run()
            .fails_with(7)
            .says(&format!("does not serve `{name}` in the AWS profile `p`"));
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn config_kwargs_leave_sts_alone() {
    let server = FakeServer::start(|request| match target(request) {
        "" => sts(request),
        _ => Some(Response::json(
            200,
            &json!({"Parameter": {"Value": "the value"}}),
        )),
    });
    let kwargs =
        json!({"role_arn": ROLE, "config_kwargs": {"user_agent_extra": "tuned-by-kwargs"}});
    lookup(&server, PARAMETER_STORE, &kwargs)
        .run()
        .prints("the value");
    let of_sts = server
        .requests()
        .into_iter()
        .find(|request| target(request).is_empty())
        .unwrap();
    let user_agent = of_sts.header("user-agent").unwrap_or_default();
    assert!(!user_agent.contains("tuned-by-kwargs"), "{user_agent}");
}

#[test]
fn what_may_never_end_is_refused_in_lookup_patterns() {
    let server = FakeServer::start(|_| None);
    for pattern in [
        r"(a)\1",
        r"(?P<x>a)(?P=x)",
        r"(a)?(?(1)b|c)",
        r"\012",
        r"\N{LATIN SMALL LETTER A}",
        r"(?s)a",
        r"(?x)a b",
        r"(?m)^a",
    ] {
        let kwargs = json!({"variables_lookup_pattern": pattern});
        lookup(&server, PARAMETER_STORE, &kwargs)
            .run()
            .fails_with(7)
            .says("`variables_lookup_pattern`");
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn parameters_that_would_be_dropped_are_refused() {
    let server = FakeServer::start(sts);
    for name in [
        "Tags",
        "PolicyArns",
        "TransitiveTagKeys",
        "ProvidedContexts",
    ] {
        let kwargs = json!({"role_arn": ROLE, "assume_role_kwargs": {name: []}});
        lookup(&server, PARAMETER_STORE, &kwargs)
            .run()
            .fails_with(7)
            .says(&format!(
                "does not serve `{name}` in kwarg `assume_role_kwargs`"
            ));
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn after_a_failure_aws_is_asked_for_the_cause() {
    let asked = |class: &str, code: &'static str| {
        let server = FakeServer::start(move |request| match target(request) {
            "" => sts(request),
            "AmazonSSM.GetParameters" => {
                assert_ne!(request.json()["WithDecryption"], json!(true));
                Some(Response::json(200, &json!({"Parameters": []})))
            }
            _ => Some(error(400, code)),
        });
        let _ = lookup(&server, class, &json!({})).run();
        let requests = server.requests();
        let names = requests.iter().map(|request| match target(request) {
            "" => "sts".to_owned(),
            name => name.split_once('.').unwrap().1.to_owned(),
        });
        names.collect::<Vec<_>>()
    };
    assert_eq!(
        asked(PARAMETER_STORE, "AccessDeniedException"),
        ["GetParameter", "sts"]
    );
    let near_misses = asked(PARAMETER_STORE, "ParameterNotFound");
    assert_eq!(near_misses[..2], ["GetParameter", "GetParameters"]);
    let near_misses = asked(SECRETS_MANAGER, "ResourceNotFoundException");
    assert_eq!(near_misses[..2], ["GetSecretValue", "DescribeSecret"]);
}
