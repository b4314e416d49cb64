//! The server that both programs ask in one case, and what it was sent, in the one form in which requests are compared.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use rustls::ServerConfig;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::case::{Case, Server, Service};
use super::support::fake_server::{FakeServer, Request, Response};
use super::support::tls::CertificateAuthority;

/// The file in the home directory that holds the certificate of [`AUTHORITY`].
pub const CA_FILE: &str = "ca.pem";

/// The private authority behind every TLS server of a run.
static AUTHORITY: LazyLock<(String, ServerConfig)> = LazyLock::new(|| {
    let authority = CertificateAuthority::new();
    (authority.pem(), authority.server())
});

/// The certificate that a client must trust for the services that insist on TLS.
pub fn ca_certificate() -> &'static str {
    &AUTHORITY.0
}

/// A server for one run of a case, if the case has one.
pub struct Running(Option<(FakeServer, Service)>);

impl Running {
    /// Starts the server of a case on a free port.
    pub fn start(case: &Case) -> Self {
        let Some(script) = &case.server else {
            return Self(None);
        };
        let service = script.service;
        let script = script.clone();
        let answer = move |request: &Request| Some(answer(&script, request));
        let server = match service {
            Service::AzureKeyVault => FakeServer::start_tls(AUTHORITY.1.clone(), answer),
            _ => FakeServer::start(answer),
        };
        Self(Some((server, service)))
    }

    /// Scheme, host and port; "" without a server.
    pub fn address(&self) -> String {
        self.0
            .as_ref()
            .map_or_else(String::new, |(server, _)| server.url())
    }

    /// What it was sent, but for what Airflow and secretctl send differently by design: logins that the oracle leaves out,
    /// and questions about the cause of a failure.
    pub fn requests(&self) -> Vec<String> {
        let Some((server, service)) = &self.0 else {
            return Vec::new();
        };
        server
            .requests()
            .iter()
            .filter_map(|request| comparable(*service, request))
            .collect()
    }
}

fn answer(server: &Server, request: &Request) -> Response {
    if server.service == Service::AzureKeyVault
        && let Some(response) = azure_login(request)
    {
        return response;
    }
    let place = place(server.service, request);
    if server.service == Service::CloudSecretManager && !is_google_name(&place) {
        return google_error(
            400,
            "INVALID_ARGUMENT",
            "Invalid resource field value in the request.",
        );
    }
    let reply = server.replies.iter().find(|reply| reply.place == place);
    match reply {
        Some(reply) => Response::new(
            reply.status,
            content_type(server.service),
            reply.body.as_str(),
        ),
        None => absent(server.service, request),
    }
}

fn content_type(service: Service) -> &'static str {
    match service {
        Service::Aws => "application/x-amz-json-1.1",
        _ => "application/json",
    }
}

/// What a request asks for, as a reply names it.
fn place(service: Service, request: &Request) -> String {
    match service {
        Service::Vault => request.target.clone(),
        Service::Aws if operation(request).is_empty() => String::new(),
        Service::Aws => {
            let body = request.json();
            let name = body["Name"].as_str().or(body["SecretId"].as_str());
            format!("{} {}", operation(request), name.unwrap_or_default())
        }
        Service::CloudSecretManager | Service::AzureKeyVault => decoded(request.path()),
        Service::Kubernetes => {
            let selector = query(request).remove("labelSelector").unwrap_or_default();
            format!("{} {selector}", decoded(request.path()))
        }
    }
}

/// A service's own "not found".
fn absent(service: Service, request: &Request) -> Response {
    match service {
        Service::Vault => Response::json(404, &json!({"errors": []})),
        Service::Aws if operation(request) == "GetParameter" => {
            aws_error("ParameterNotFound", "no such parameter")
        }
        Service::Aws => aws_error(
            "ResourceNotFoundException",
            "Secrets Manager can't find the specified secret.",
        ),
        Service::CloudSecretManager => {
            google_error(404, "NOT_FOUND", "Secret not found or has no versions.")
        }
        Service::AzureKeyVault => Response::json(
            404,
            &json!({"error": {"code": "SecretNotFound", "message": "A secret with this name was not found"}}),
        ),
        Service::Kubernetes => Response::json(
            200,
            &json!({"apiVersion": "v1", "kind": "SecretList", "metadata": {"resourceVersion": "1"}, "items": []}),
        ),
    }
}

/// Whether Secret Manager takes the name of the secret for one.
pub fn is_google_name(place: &str) -> bool {
    let name = place.split('/').nth(5).unwrap_or_default();
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (1..=255).contains(&name.len()) && name.chars().all(is_allowed) && place.split('/').count() == 8
}

fn google_error(code: u16, status: &str, message: &str) -> Response {
    let error = json!({"code": code, "status": status, "message": message});
    Response::json(code, &json!({ "error": error }))
}

fn aws_error(code: &str, message: &str) -> Response {
    let body = json!({"__type": code, "message": message});
    Response::new(400, "application/x-amz-json-1.1", body.to_string())
}

/// Key Vault's challenge, and the login that it sends a client to.
fn azure_login(request: &Request) -> Option<Response> {
    if request.path().ends_with("/oauth2/v2.0/token") {
        let token = json!({"access_token": "a-token", "expires_in": 3600, "token_type": "Bearer"});
        return Some(Response::json(200, &token));
    }
    if request.header("authorization").is_some() {
        return None;
    }
    let host = request.header("host").unwrap_or_default();
    let challenge = format!(
        "Bearer authorization=\"https://{host}/tenant\", resource=\"https://vault.azure.net\""
    );
    Some(Response::json(401, &json!({})).header("WWW-Authenticate", &challenge))
}

/// A request in words; nothing for one that is not compared.
fn comparable(service: Service, request: &Request) -> Option<String> {
    let path = request.path();
    match service {
        Service::Vault => {
            let asks_why = path.ends_with("/auth/token/lookup-self")
                || path.contains("/v1/sys/internal/ui/mounts")
                || request.target.ends_with("?list=true")
                || path.ends_with("/auth/token/revoke-self");
            (!asks_why).then(|| vault_request(request))
        }
        Service::Aws => {
            let operation = operation(request);
            // Without one it is STS, which is asked who the caller is.
            let asks_why = matches!(operation.as_str(), "" | "GetParameters" | "DescribeSecret");
            (!asks_why).then(|| format!("{operation} {}", sorted(&request.json())))
        }
        Service::CloudSecretManager => {
            let is_lookup = path.ends_with(":access");
            is_lookup.then(|| format!("{} {}", request.method, decoded(path)))
        }
        Service::AzureKeyVault => path.contains("/secrets").then(|| {
            let with_token = request.header("authorization").is_some();
            format!("{} {} token: {with_token}", request.method, request.target)
        }),
        Service::Kubernetes => {
            let query = query(request);
            let is_lookup = query.contains_key("labelSelector");
            is_lookup.then(|| format!("{} {} {query:?}", request.method, decoded(path)))
        }
    }
}

fn vault_request(request: &Request) -> String {
    let headers = [
        "x-vault-token",
        "x-vault-namespace",
        "x-vault-request",
        "x-vault-aws-iam-server-id",
    ];
    let headers: Vec<String> = headers
        .iter()
        .filter_map(|name| Some(format!("{name}: {}", request.header(name)?)))
        .collect();
    let body = match request.body.is_empty() {
        true => String::new(),
        false => sorted(&request.json()),
    };
    format!(
        "{} {} {{{}}} {body}",
        request.method,
        request.target,
        headers.join(", ")
    )
}

/// The operation of an AWS request in the JSON protocol, without the service in front.
fn operation(request: &Request) -> String {
    let target = request.header("x-amz-target").unwrap_or_default();
    let operation = target
        .rsplit_once('.')
        .map_or(target, |(_, operation)| operation);
    operation.to_owned()
}

/// JSON with its keys in order.
fn sorted(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields: BTreeMap<&String, String> = fields
                .iter()
                .map(|(key, value)| (key, sorted(value)))
                .collect();
            let fields: Vec<String> = fields
                .into_iter()
                .map(|(key, value)| format!("{key:?}: {value}"))
                .collect();
            format!("{{{}}}", fields.join(", "))
        }
        value => value.to_string(),
    }
}

fn query(request: &Request) -> BTreeMap<String, String> {
    let query = request
        .target
        .split_once('?')
        .map_or("", |(_, query)| query);
    form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

fn decoded(path: &str) -> String {
    // A form would read `+` as a blank; a path does not.
    let escaped = path
        .replace('+', "%2B")
        .replace('&', "%26")
        .replace('=', "%3D");
    form_urlencoded::parse(escaped.as_bytes())
        .next()
        .map_or_else(String::new, |(path, _)| path.into_owned())
}
