//! Each cloud out of reach: a proxy that is dead, no way to the service, no CA store, no credentials at all.
//!
//! None of it is a missing secret. Each is answered within `--timeout`, and nobody who has credentials asks a metadata address.

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::cli::{Output, Secretctl, path_text};
use crate::support::fake_server::{FakeServer, Response};
use crate::support::tls::CertificateAuthority;

const TIMEOUT: &str = "6";
/// What the program itself may need on a busy machine, besides the time limit.
const SLACK: Duration = Duration::from_secs(4);
const SECRET: &str = "the-secret-that-credentials-are-made-of";

/// A cloud's backend with credentials that need nobody to be asked for, or none; its requests go to an address.
struct Cloud {
    name: &'static str,
    class: &'static str,
    /// The kwargs, with credentials.
    kwargs: fn(&str) -> Value,
    /// The rest of the settings, where credentials are set too if they are no kwargs.
    settings: fn(Secretctl, &str) -> Secretctl,
}

const CLOUDS: [Cloud; 5] = [
    Cloud {
        name: "Parameter Store",
        class: "airflow.providers.amazon.aws.secrets.systems_manager.SystemsManagerParameterStoreBackend",
        kwargs: aws_kwargs,
        settings: |run, url| run.env("AWS_ENDPOINT_URL", url),
    },
    Cloud {
        name: "Secrets Manager",
        class: "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend",
        kwargs: aws_kwargs,
        settings: |run, url| run.env("AWS_ENDPOINT_URL", url),
    },
    Cloud {
        name: "Google Cloud",
        class: crate::support::secret_manager::CLASS,
        kwargs: |_| json!({"gcp_keyfile_dict": crate::support::secret_manager::key()}),
        settings: |run, url| run.env("CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER", url),
    },
    Cloud {
        name: "Azure",
        class: "airflow.providers.microsoft.azure.secrets.key_vault.AzureKeyVaultBackend",
        kwargs: |url| {
            json!({
                "vault_url": url, "verify_challenge_resource": false,
                "tenant_id": "11111111-1111-1111-1111-111111111111", "client_id": "c", "client_secret": SECRET,
            })
        },
        settings: |run, url| run.env("AZURE_AUTHORITY_HOST", url),
    },
    Cloud {
        name: "Kubernetes",
        class: "airflow.providers.cncf.kubernetes.secrets.kubernetes_secrets_backend.KubernetesSecretsBackend",
        kwargs: |_| json!({"namespace": "airflow"}),
        settings: |run, url| {
            let kubeconfig = json!({
                "current-context": "ci",
                "contexts": [{"name": "ci", "context": {"cluster": "test", "user": "robot"}}],
                "clusters": [{"name": "test", "cluster": {"server": url}}],
                "users": [{"name": "robot", "user": {"token": SECRET}}],
            });
            let run = run.file("config", kubeconfig.to_string());
            let path = path_text(run.home().join("config"));
            run.env("KUBECONFIG", &path)
        },
    },
];

fn aws_kwargs(_: &str) -> Value {
    json!({"region_name": "eu-west-1", "aws_access_key_id": "AK", "aws_secret_access_key": SECRET})
}

impl Cloud {
    /// `get-var hello` at this address.
    fn lookup(&self, url: &str) -> Secretctl {
        let run = Secretctl::new()
            .backend(self.class)
            .kwargs(&(self.kwargs)(url))
            .secret(SECRET);
        (self.settings)(run, url).args(["--timeout", TIMEOUT, "-vv", "get-var", "hello"])
    }

    /// Fails unless it ended in time with this code and these words.
    #[track_caller]
    fn check(&self, output: &Output, code: i32, words: &str) {
        output.fails_with(code).says(words);
        let limit = Duration::from_secs(TIMEOUT.parse().unwrap()) + SLACK;
        assert!(output.took < limit, "{}: {output}", self.name);
        for metadata in ["169.254.169.254", "metadata.google", "169.254.170.2"] {
            assert!(
                !output.stderr.contains(metadata),
                "{} asks {metadata}\n{output}",
                self.name
            );
        }
    }
}

/// A port that nothing listens at.
fn closed_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// The proxy alone knows the way to a name like this one, so that without it nothing else is asked.
#[test]
fn a_dead_proxy() {
    let proxy = format!("http://127.0.0.1:{}", closed_port());
    for cloud in CLOUDS {
        let output = cloud
            .lookup("https://cloud.invalid")
            .env("HTTPS_PROXY", &proxy)
            // gRPC, which Airflow's Secret Manager client speaks, knows no other spelling.
            .env("https_proxy", &proxy)
            .env("NO_PROXY", "")
            .run();
        cloud.check(&output, 6, "could not be reached: Connection refused");
        assert!(
            output
                .stderr
                .contains(&format!("through the proxy {proxy}")),
            "{output}"
        );
    }
}

#[test]
fn a_service_that_is_not_there() {
    for cloud in CLOUDS {
        let url = format!("https://127.0.0.1:{}", closed_port());
        let output = cloud.lookup(&url).run();
        cloud.check(&output, 6, "could not be reached: Connection refused");
    }
}

#[test]
fn a_name_that_nobody_knows() {
    for cloud in CLOUDS {
        let output = cloud.lookup("https://cloud.invalid").run();
        cloud.check(&output, 6, "could not be reached: ");
        output.says("this host name is not known here");
    }
}

/// A server that takes a connection and says nothing.
#[test]
fn a_service_that_says_nothing() {
    for cloud in CLOUDS {
        let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("https://{}", silent.local_addr().unwrap());
        let output = cloud.lookup(&url).args(["--timeout", "2"]).run();
        cloud.check(&output, 6, "no answer ");
    }
}

/// A slim container image holds no CA certificates.
#[test]
fn no_ca_store() {
    let authority = CertificateAuthority::new();
    for cloud in CLOUDS {
        let server = FakeServer::start_tls(authority.server(), |_| None);
        let run = cloud.lookup(&server.url()).file("empty.pem", "");
        let empty = path_text(run.home().join("empty.pem"));
        let output = run.env("SSL_CERT_FILE", &empty).run();
        cloud.check(&output, 6, "certificate");
        assert!(server.requests().is_empty(), "{}: {output}", cloud.name);
    }
}

#[test]
fn no_credentials_at_all() {
    let nobody = FakeServer::start(|_| None);
    let run = |cloud: &Cloud, kwargs: Value| {
        Secretctl::new()
            .backend(cloud.class)
            .kwargs(&kwargs)
            .env("AWS_ENDPOINT_URL", &nobody.url())
            .args(["--timeout", TIMEOUT, "get-var", "hello"])
            .run()
    };
    let [parameter_store, secrets_manager, google, _, kubernetes] = CLOUDS;
    for aws in [parameter_store, secrets_manager] {
        let output = run(&aws, json!({"region_name": "eu-west-1"}));
        aws.check(&output, 5, "no AWS credentials:\n");
        for source in [
            "the kwargs hold no keys",
            "AWS_ACCESS_KEY_ID is not set",
            "AWS_WEB_IDENTITY_TOKEN_FILE is not set",
            "the profile `default` does not exist",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or AWS_CONTAINER_CREDENTIALS_FULL_URI is not set",
            "the instance metadata is switched off by AWS_EC2_METADATA_DISABLED",
        ] {
            output.says(source);
        }
    }
    let output = run(&google, json!({"project_id": "p"}));
    google.check(
        &output,
        5,
        "there are no Google credentials: none in the kwargs",
    );
    output
        .says("`GOOGLE_APPLICATION_CREDENTIALS` or gcloud's folder")
        .says("`NO_GCE_CHECK` forbids to ask for a metadata server");
    // Without a project Airflow does not even start.
    google.check(
        &run(&google, json!({})),
        7,
        "without `project_id` Airflow does not start",
    );
    let output = run(&kubernetes, json!({}));
    kubernetes.check(&output, 5, "there is no cluster to ask");
    output.says("KUBERNETES_SERVICE_HOST").says("KUBECONFIG");
}

/// Where each cloud's machines have their credentials, something answers nothing: it is given up in time, and told.
#[test]
fn a_metadata_address_that_says_nothing() {
    let silent = FakeServer::start(|_| Some(Response::hang()));
    let [aws, _, google, ..] = CLOUDS;
    let output = Secretctl::new()
        .backend(aws.class)
        .kwargs(&json!({"region_name": "eu-west-1"}))
        .env("AWS_EC2_METADATA_DISABLED", "false")
        .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", &silent.url())
        .args(["--timeout", TIMEOUT, "get-var", "hello"])
        .run();
    aws.check(&output, 5, "the instance metadata does not answer");
    let host = silent.url().replace("http://", "");
    let output = Secretctl::new()
        .backend(google.class)
        .kwargs(&json!({"project_id": "p"}))
        .env("NO_GCE_CHECK", "false")
        .env("GCE_METADATA_HOST", &host)
        .args(["--timeout", TIMEOUT, "get-var", "hello"])
        .run();
    google.check(&output, 5, "there is no metadata server at");
}
