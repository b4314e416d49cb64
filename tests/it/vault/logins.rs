//! The logins of `VaultBackend` that no free server has: GitHub, AWS with a role, Google; and the two that are none.

use crate::support::cli::Secretctl;
use crate::support::fake_server::{FakeServer, Request, Response};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use serde_json::{Value, json};

/// Made for these tests; it opens nothing.
const KEY: &str = include_str!("../../data/service_account_test_key.pem");
const EMAIL: &str = "airflow@project-1.iam.gserviceaccount.com";

/// A Vault that lets everybody in at one auth mount and holds one variable.
fn vault(login_path: &'static str) -> FakeServer {
    FakeServer::start(
        move |request| match (request.method.as_str(), request.path()) {
            ("POST", path) if path == login_path => Some(Response::json(
                200,
                &json!({"auth": {"client_token": "s.logged-in"}}),
            )),
            ("POST", "/v1/auth/token/revoke-self") => {
                assert_eq!(request.header("X-Vault-Token"), Some("s.logged-in"));
                Some(Response::new(204, "application/json", ""))
            }
            ("GET", "/v1/secret/data/variables/hello") => {
                assert_eq!(request.header("X-Vault-Token"), Some("s.logged-in"));
                Some(Response::json(
                    200,
                    &json!({"data": {"data": {"value": "world"}}}),
                ))
            }
            _ => None,
        },
    )
}

fn lookup(server: &FakeServer, mut kwargs: Value) -> Secretctl {
    kwargs["url"] = server.url().into();
    let run = Secretctl::new().backend("airflow.providers.hashicorp.secrets.vault.VaultBackend");
    run.kwargs(&kwargs).args(["get-var", "hello"])
}

fn login(server: &FakeServer) -> Value {
    server.requests()[0].json()
}

#[test]
fn github() {
    let server = vault("/v1/auth/github/login");
    let kwargs = json!({"auth_type": "github", "token": "ghp_0123456789"});
    lookup(&server, kwargs)
        .secret("ghp_0123456789")
        .run()
        .prints("world")
        .quietly();
    assert_eq!(login(&server), json!({"token": "ghp_0123456789"}));
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn github_with_a_token_path_alone_sends_no_token_as_airflow_does() {
    let server = vault("/v1/auth/github/login");
    lookup(
        &server,
        json!({"auth_type": "github", "token_path": "/nonexistent"}),
    )
    .run()
    .prints("world");
    assert_eq!(login(&server), json!({"token": null}));
}

/// An STS that hands out a role's credentials once.
fn sts() -> FakeServer {
    FakeServer::start(|request| {
        let body = String::from_utf8(request.body.clone()).unwrap();
        assert!(
            request
                .header("authorization")
                .unwrap()
                .contains("Credential=AKOWN/")
        );
        for part in [
            "Action=AssumeRole",
            "RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr",
            "RoleSessionName=s",
            "DurationSeconds=900",
            "ExternalId=x",
        ] {
            assert!(body.contains(part), "{body} lacks {part}");
        }
        Some(Response::new(200, "text/xml", ASSUMED))
    })
}

const ASSUMED: &str = r#"<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>role-secret-key</SecretAccessKey><SessionToken>role-session-token</SessionToken>
<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"#;

#[test]
fn aws_iam_with_a_role() {
    let (server, sts) = (vault("/v1/auth/aws/login"), sts());
    let role = json!({"RoleArn": "arn:aws:iam::1:role/r", "RoleSessionName": "s", "DurationSeconds": 900, "ExternalId": "x"});
    let kwargs =
        json!({"auth_type": "aws_iam", "role_id": "vault-role", "assume_role_kwargs": role});
    lookup(&server, kwargs)
        .secret("role-secret-key")
        .secret("own-secret-key")
        .env("AWS_ACCESS_KEY_ID", "AKOWN")
        .env("AWS_SECRET_ACCESS_KEY", "own-secret-key")
        .env("AWS_DEFAULT_REGION", "eu-west-1")
        .env("AWS_ENDPOINT_URL_STS", &sts.url())
        .run()
        .prints("world")
        .quietly();
    assert_eq!(sts.requests().len(), 1);
    let body = login(&server);
    assert_eq!(body["role"], "vault-role");
    let headers = STANDARD
        .decode(body["iam_request_headers"].as_str().unwrap())
        .unwrap();
    let headers: Value = serde_json::from_slice(&headers).unwrap();
    assert_eq!(
        headers["X-Amz-Security-Token"],
        json!(["role-session-token"])
    );
    let authorization = headers["Authorization"][0].as_str().unwrap();
    assert!(
        authorization.contains("Credential=ASIAROLE/") && authorization.contains("/eu-west-1/sts/"),
        "{authorization}"
    );
}

#[test]
fn aws_iam_reads_its_keys_from_an_env_file_and_a_profile() {
    let credentials =
        "[team]\naws_access_key_id = AKTEAM\naws_secret_access_key = team-secret-key\n";
    for (name, content, credential) in [
        (
            "keys.env",
            "AWS_ACCESS_KEY_ID=AKFILE\nAWS_SECRET_ACCESS_KEY=file-secret-key\nAWS_DEFAULT_REGION=eu-west-1\n",
            "AKFILE/",
        ),
        (
            "profile.env",
            "AWS_PROFILE=team\nAWS_SHARED_CREDENTIALS_FILE=credentials\nAWS_CONFIG_FILE=config\n",
            "AKTEAM/",
        ),
    ] {
        let server = vault("/v1/auth/aws/login");
        let run = lookup(&server, json!({"auth_type": "aws_iam"}))
            .file(name, content)
            .file("credentials", credentials);
        let run = run
            .file("config", "[profile team]\nregion = eu-west-1\n")
            .args(["--env-file", name]);
        run.run().prints("world");
        let headers = STANDARD
            .decode(login(&server)["iam_request_headers"].as_str().unwrap())
            .unwrap();
        let headers = String::from_utf8(headers).unwrap();
        assert!(
            headers.contains(credential) && headers.contains("/eu-west-1/"),
            "{headers}"
        );
    }
}

#[test]
fn aws_iam_without_keys_or_region_says_so() {
    let server = FakeServer::start(|_| None);
    let run = || lookup(&server, json!({"auth_type": "aws_iam"}));
    run()
        .env("AWS_DEFAULT_REGION", "eu-west-1")
        .run()
        .fails_with(5)
        .says("no AWS credentials");
    let keys = run()
        .env("AWS_ACCESS_KEY_ID", "AK")
        .env("AWS_SECRET_ACCESS_KEY", "own-secret-key");
    keys.env("AWS_REGION", "eu-west-1")
        .run()
        .fails_with(5)
        .says("boto3 does not read AWS_REGION");
}

fn service_account() -> Value {
    json!({"type": "service_account", "project_id": "project-1", "private_key_id": "k1", "private_key": KEY,
           "client_email": EMAIL, "client_id": "1", "token_uri": "https://oauth2.googleapis.com/token"})
}

fn claims(jwt: &str) -> Value {
    let part = jwt.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// Whether the service account's key signed the token.
fn is_signed(jwt: &str) -> bool {
    let der = STANDARD
        .decode(
            KEY.lines()
                .filter(|line| !line.starts_with("---"))
                .collect::<String>(),
        )
        .unwrap();
    let pair = RsaKeyPair::from_pkcs8(&der).unwrap();
    let (message, signature) = jwt.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref());
    key.verify(message.as_bytes(), &signature).is_ok()
}

/// Google's IAM: signs for whoever shows a token of the service account.
fn iam() -> FakeServer {
    FakeServer::start(|request: &Request| {
        let token = request
            .header("authorization")
            .unwrap()
            .strip_prefix("Bearer ")
            .unwrap()
            .to_owned();
        assert!(
            token == "machine-token-0123" || (is_signed(&token) && claims(&token)["iss"] == EMAIL)
        );
        assert_eq!(
            request.path(),
            format!("/v1/projects/project-1/serviceAccounts/{EMAIL}:signJwt")
        );
        let payload: Value =
            serde_json::from_str(request.json()["payload"].as_str().unwrap()).unwrap();
        assert_eq!(payload["aud"], "vault/vault-role");
        assert_eq!(payload["sub"], EMAIL);
        assert_eq!(
            payload["exp"].as_u64().unwrap() - payload["iat"].as_u64().unwrap(),
            900
        );
        Some(Response::json(
            200,
            &json!({"keyId": "k1", "signedJwt": "the.signed.jwt"}),
        ))
    })
}

const SCOPES: &str = "https://www.googleapis.com/auth/cloud-platform";

#[test]
fn gcp_with_a_key_in_the_kwargs_in_a_file_or_as_the_default() {
    for source in ["kwargs", "file", "default"] {
        let (server, iam) = (vault("/v1/auth/gcp/login"), iam());
        let mut kwargs = json!({"auth_type": "gcp", "role_id": "vault-role", "gcp_scopes": SCOPES});
        match source {
            "kwargs" => kwargs["gcp_keyfile_dict"] = service_account(),
            "file" => kwargs["gcp_key_path"] = "key.json".into(),
            _ => {}
        }
        let mut run = lookup(&server, kwargs).file("key.json", service_account().to_string());
        if source == "default" {
            run = run.env("GOOGLE_APPLICATION_CREDENTIALS", "key.json");
        }
        run.secret(KEY.lines().nth(3).unwrap())
            .env("CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM", &iam.url())
            .run()
            .prints("world")
            .quietly();
        assert_eq!(
            login(&server),
            json!({"role": "vault-role", "jwt": "the.signed.jwt"}),
            "{source}"
        );
    }
}

#[test]
fn gcp_on_a_google_machine() {
    let (server, iam) = (vault("/v1/auth/gcp/login"), iam());
    let metadata = FakeServer::start(|request| {
        assert_eq!(request.header("Metadata-Flavor"), Some("Google"));
        if request.path() == "/" {
            return Some(Response::text(200, "").header("Metadata-Flavor", "Google"));
        }
        match request.path().strip_prefix("/computeMetadata/v1/")? {
            "instance/service-accounts/default/email" => Some(Response::text(200, EMAIL)),
            "project/project-id" => Some(Response::text(200, "project-1")),
            "instance/service-accounts/default/token" => Some(Response::json(
                200,
                &json!({"access_token": "machine-token-0123", "expires_in": 60}),
            )),
            _ => None,
        }
    });
    lookup(
        &server,
        json!({"auth_type": "gcp", "role_id": "vault-role", "gcp_scopes": SCOPES}),
    )
    .secret("machine-token-0123")
    .env("NO_GCE_CHECK", "false")
    .env(
        "GCE_METADATA_HOST",
        metadata.url().trim_start_matches("http://"),
    )
    .env("CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM", &iam.url())
    .run()
    .prints("world");
}

#[test]
fn gcp_that_cannot_sign_says_why() {
    let server = FakeServer::start(|_| None);
    let kwargs = json!({"auth_type": "gcp", "role_id": "vault-role", "gcp_scopes": SCOPES, "gcp_keyfile_dict": service_account()});
    let refusing = FakeServer::start(|_| {
        Some(Response::json(
            403,
            &json!({"error": {"message": "Permission denied on key"}}),
        ))
    });
    let run = |kwargs: &Value| {
        lookup(&server, kwargs.clone()).env("CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM", &refusing.url())
    };
    run(&kwargs)
        .run()
        .fails_with(5)
        .says("Permission denied on key")
        .says("iam.serviceAccounts.signJwt");
    let nobody = json!({"auth_type": "gcp", "role_id": "vault-role", "gcp_scopes": SCOPES});
    run(&nobody)
        .run()
        .fails_with(5)
        .says("there are no Google credentials");
    let person = json!({"type": "authorized_user", "client_id": "i", "client_secret": "s", "refresh_token": "r"});
    let mut not_an_account = kwargs.clone();
    not_an_account["gcp_keyfile_dict"] = person;
    run(&not_an_account)
        .run()
        .fails_with(7)
        .says("`private_key` is missing");
    run(&json!({"auth_type": "gcp", "role_id": "r"}))
        .run()
        .fails_with(7)
        .says("gcp_scopes");
}

#[test]
fn azure_and_radius_never_write_their_configuration() {
    for kwargs in [
        json!({"auth_type": "azure", "azure_tenant_id": "t", "azure_resource": "r", "key_id": "i", "secret_id": "client-secret-1"}),
        json!({"auth_type": "radius", "radius_host": "h", "radius_secret": "client-secret-1"}),
    ] {
        let server = vault("/v1/nothing");
        let run = lookup(&server, kwargs.clone())
            .secret("client-secret-1")
            .env("VAULT_TOKEN", "s.logged-in");
        run.run().prints("world").says("does not send the write");
        assert_eq!(server.requests().len(), 1);
        let dotfile = lookup(&server, kwargs.clone()).file(".vault-token", "s.logged-in\n");
        dotfile.run().prints("world");
        lookup(&server, kwargs)
            .run()
            .fails_with(5)
            .says("VAULT_TOKEN");
        assert_eq!(server.requests().len(), 2);
    }
}

/// A server that repeats what it was sent, at the login and at each request after it, in plain and in base64.
#[test]
fn what_a_login_sends_is_never_shown() {
    const SECRET: &str = "a-long\tand  secret\u{e9} \"text\"";
    for kwargs in [
        json!({"auth_type": "jwt", "jwt_role": "r", "jwt_token": format!(" {SECRET}\n")}),
        json!({"auth_type": "jwt", "jwt_role": "r", "jwt_token_path": "secret"}),
        json!({"auth_type": "kubernetes", "kubernetes_role": "r", "kubernetes_jwt_path": "secret"}),
        json!({"auth_type": "userpass", "username": "u", "password": SECRET}),
        json!({"auth_type": "ldap", "username": "u", "password": SECRET}),
        json!({"auth_type": "approle", "role_id": "r", "secret_id": SECRET}),
        json!({"auth_type": "approle", "role_id": SECRET}),
        json!({"auth_type": "github", "token": SECRET}),
        json!({"auth_type": "aws_iam", "key_id": "AKIAEXAMPLE", "secret_id": SECRET}),
    ] {
        for login_status in [400, 200] {
            let heard = std::sync::Mutex::new(String::new());
            let server = FakeServer::start(move |request| {
                let mut heard = heard.lock().unwrap();
                if request.method == "POST" && !request.path().ends_with("/revoke-self") {
                    *heard = String::from_utf8_lossy(&request.body).into_owned();
                }
                let values = serde_json::from_str::<serde_json::Map<String, Value>>(&heard);
                let values = values.unwrap();
                let mut errors: Vec<String> = values.values().map(ToString::to_string).collect();
                errors.extend(values.values().filter_map(Value::as_str).map(str::to_owned));
                errors.push(STANDARD.encode(&*heard));
                let answer = json!({"errors": errors, "auth": {"client_token": "s.logged-in"}});
                let status = if request.method == "POST" {
                    login_status
                } else {
                    400
                };
                Some(Response::json(status, &answer))
            });
            let output = lookup(&server, kwargs.clone())
                .file("secret", format!("{SECRET}\n"))
                .secret(SECRET)
                .secret("a-long and secret")
                .secret("s.logged-in")
                .run();
            output.fails_with(if login_status == 200 { 6 } else { 5 });
        }
    }
}

/// Vault sees the headers that AWS is to see, so it may repeat what stands in them; and STS may answer anything.
#[test]
fn the_credentials_of_a_role_are_never_shown() {
    let role = json!({"RoleArn": "arn:aws:iam::1:role/r", "RoleSessionName": "s", "DurationSeconds": 900, "ExternalId": "x"});
    let kwargs = json!({"auth_type": "aws_iam", "role_id": "r", "assume_role_kwargs": role});
    let as_role = |server: &FakeServer, sts: &FakeServer| {
        lookup(server, kwargs.clone())
            .secret("role-session-token")
            .secret("own-session-token/1")
            .env("AWS_ACCESS_KEY_ID", "AKOWN")
            .env("AWS_SECRET_ACCESS_KEY", "own-secret-key")
            .env("AWS_SESSION_TOKEN", "own-session-token/1")
            .env("AWS_DEFAULT_REGION", "eu-west-1")
            .env("AWS_ENDPOINT_URL_STS", &sts.url())
            .run()
    };
    let server = FakeServer::start(|request| {
        let headers = request.json()["iam_request_headers"]
            .as_str()
            .unwrap()
            .to_owned();
        let headers = String::from_utf8(STANDARD.decode(headers).unwrap()).unwrap();
        let headers: Value = serde_json::from_str(&headers).unwrap();
        let token = headers["X-Amz-Security-Token"][0].as_str().unwrap();
        Some(Response::json(
            400,
            &json!({"errors": [format!("no: {token}")]}),
        ))
    });
    as_role(&server, &sts()).fails_with(5).says("no: ****");

    let echo = FakeServer::start(|request| {
        let token = request.header("x-amz-security-token").unwrap();
        let answer = format!("<ErrorResponse><Error><Code>{token}</Code></Error></ErrorResponse>");
        Some(Response::new(403, "text/xml", answer))
    });
    as_role(&server, &echo).fails_with(5).says("sts:AssumeRole");
}
