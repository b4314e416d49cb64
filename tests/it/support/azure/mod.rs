//! Azure in one place: a vault that gives its secrets only to tokens it can verify, the login that issues them, and the
//! metadata address. Host names are Azure's own; a proxy leads them here, over TLS with a private authority.
//!
//! It was made after the recorded exchanges of Azure's Python clients with the real interfaces, and those clients are answered
//! and refused by it as they should be: `official_clients` says so.

pub mod assertion;
mod proxy;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::hmac;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use self::proxy::Proxy;
use super::cli::{Secretctl, path_text};
use super::fake_server::{FakeServer, Request, Response};
use super::tls::CertificateAuthority;

pub const BACKEND: &str =
    "airflow.providers.microsoft.azure.secrets.key_vault.AzureKeyVaultBackend";
pub const VAULT_URL: &str = "https://myvault.vault.azure.net";
pub const TENANT: &str = "11111111-1111-1111-1111-111111111111";
pub const CLIENT_SECRET: &str = "Qx8~the-client-secret";
const VAULT: &str = "myvault.vault.azure.net";
const LOGIN: &str = "login.microsoftonline.com";
const AUDIENCE: &str = "https://vault.azure.net";

/// What the vault does with one secret.
#[derive(Clone)]
pub enum Stored {
    /// Hands it out.
    Value(&'static str),
    /// Has had it.
    Deleted,
    /// Refuses with this `innererror` code and message.
    Refused(&'static str, &'static str),
    /// Is not asked: a page with status 404 comes from something in its place.
    Page,
}

/// How this Azure is set up.
#[derive(Clone)]
pub struct Setup {
    pub secrets: BTreeMap<&'static str, Stored>,
    /// Client secrets by client id.
    pub applications: BTreeMap<&'static str, &'static str>,
    /// What Kubernetes has signed.
    pub federated: &'static str,
    /// The metadata address's answer to a request with the header it wants, in place of a token.
    pub no_identity: Option<(u16, Value)>,
    /// What the vault asks a token for.
    pub resource: &'static str,
    /// Entra's words to whoever wants to log in, in place of a token.
    pub no_login: Option<&'static str>,
    /// Whether the vault takes back, at once, a token that does not say since when it is good (continuous access evaluation).
    pub wants_claims: bool,
}

impl Setup {
    /// A vault with these secrets, which the client id `client` may read.
    pub fn with(secrets: impl IntoIterator<Item = (&'static str, Stored)>) -> Self {
        Self {
            secrets: secrets.into_iter().collect(),
            applications: [("client", CLIENT_SECRET)].into(),
            federated: "",
            no_identity: None,
            resource: AUDIENCE,
            no_login: None,
            wants_claims: false,
        }
    }
}

/// A request that came, by its whole address.
#[derive(Clone, Debug)]
pub struct Arrived {
    pub url: String,
    pub request: Request,
}

impl Arrived {
    /// The fields of a form.
    pub fn form(&self) -> BTreeMap<String, String> {
        url::form_urlencoded::parse(&self.request.body)
            .into_owned()
            .collect()
    }
}

/// A running stand-in.
pub struct Azure {
    state: Arc<State>,
    plain: Arc<FakeServer>,
    _tls: FakeServer,
    proxy: Proxy,
    ca: NamedTempFile,
}

struct State {
    setup: Setup,
    key: hmac::Key,
    arrived: Mutex<Vec<Arrived>>,
}

impl Azure {
    /// Starts everything.
    pub fn start(setup: Setup) -> Self {
        let authority = CertificateAuthority::new();
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"Microsoft Entra ID's own key");
        let state = Arc::new(State {
            setup,
            key,
            arrived: Mutex::default(),
        });
        let handler = |scheme: &'static str| {
            let state = Arc::clone(&state);
            move |request: &Request| state.answer(scheme, request)
        };
        let tls = authority.server_named(&[VAULT, LOGIN]);
        let tls = FakeServer::start_tls(tls, handler("https"));
        let plain = Arc::new(FakeServer::start(handler("http")));
        let proxy = Proxy::start(tls.port(), plain.port());
        let ca = NamedTempFile::new().unwrap();
        std::fs::write(ca.path(), authority.pem()).unwrap();
        Self {
            state,
            plain,
            _tls: tls,
            proxy,
            ca,
        }
    }

    /// The variables that lead a program here.
    pub fn environment(&self) -> [(&'static str, String); 3] {
        [
            ("HTTPS_PROXY", self.proxy.url()),
            ("HTTP_PROXY", self.proxy.url()),
            ("SSL_CERT_FILE", path_text(self.ca_file())),
        ]
    }

    /// A run of `secretctl` that is led here and sees no tool that could be logged in.
    pub fn secretctl(&self, kwargs: Value) -> Secretctl {
        let mut run = Secretctl::new()
            .backend(BACKEND)
            .kwargs(&kwargs)
            .secret(CLIENT_SECRET);
        for identity in [
            "client",
            "app-service",
            "imds",
            "federated",
            "certificate",
            "az",
        ] {
            run = run.secret(&self.token(identity));
        }
        let home = path_text(run.home());
        run = run.env("PATH", &home);
        self.environment()
            .iter()
            .fold(run, |run, (name, value)| run.env(name, value))
    }

    /// The address of the server without TLS, for what is named by its address.
    pub fn plain_url(&self) -> String {
        self.plain.url()
    }

    /// The token of an identity.
    pub fn token(&self, identity: &str) -> String {
        self.token_for(identity, self.state.setup.resource)
    }

    /// The token of an identity for `audience`, which may be another service than the vault.
    pub fn token_for(&self, identity: &str, audience: &str) -> String {
        self.state.token(identity, audience)
    }

    /// The token of an identity, with the claims that a vault may want.
    pub fn token_with_claims(&self, identity: &str) -> String {
        let resource = self.state.setup.resource;
        self.state.token_with(identity, resource, true)
    }

    /// The CA file that vouches for it.
    pub fn ca_file(&self) -> &Path {
        self.ca.path()
    }

    /// Every request, in the order they came.
    pub fn arrived(&self) -> Vec<Arrived> {
        self.state.arrived.lock().unwrap().clone()
    }

    /// Whether a request of this beginning came.
    pub fn was_asked(&self, beginning: &str) -> bool {
        self.arrived()
            .iter()
            .any(|arrived| arrived.url.starts_with(beginning))
    }

    /// The form of the one login.
    pub fn login(&self) -> BTreeMap<String, String> {
        let arrived = self.arrived();
        let login = arrived
            .iter()
            .find(|arrived| arrived.request.method == "POST");
        login.expect("a login").form()
    }
}

/// Where the login is, for clients that ask.
fn discovery(request: &Request) -> Option<Response> {
    if request.path() == "/common/discovery/instance" {
        return Some(Response::json(200, &json!({"metadata": []})));
    }
    let path = "/v2.0/.well-known/openid-configuration";
    let tenant = request.path().strip_suffix(path)?;
    let endpoint = |name| format!("https://{LOGIN}{tenant}/oauth2/v2.0/{name}");
    let endpoints = json!({
        "authorization_endpoint": endpoint("authorize"),
        "token_endpoint": endpoint("token"),
        "issuer": format!("https://{LOGIN}{tenant}/v2.0"),
    });
    Some(Response::json(200, &endpoints))
}

/// Whether this is an assertion for this login, signed with the key of the certificate that Entra knows.
fn proves(assertion: &str, client_id: &str, tenant: &str) -> bool {
    let Some((header, claims)) = assertion::verified(assertion) else {
        return false;
    };
    // Python's client leaves the padding on, and Entra takes both.
    let thumbprint = header["x5t"].as_str().map(|x5t| x5t.trim_end_matches('='));
    header["alg"] == "RS256"
        && thumbprint == Some(assertion::thumbprint().as_str())
        && claims["iss"] == client_id
        && claims["sub"] == client_id
        && claims["aud"] == format!("https://{LOGIN}/{tenant}/oauth2/v2.0/token")
        && claims["exp"].as_f64() > claims["iat"].as_f64()
}

/// What a token says.
fn claims_of(token: &str) -> Value {
    let claims = token.split('.').nth(1);
    let claims = claims.and_then(|claims| URL_SAFE_NO_PAD.decode(claims).ok());
    serde_json::from_slice(&claims.unwrap_or_default()).unwrap_or_default()
}

/// Entra's way to refuse an application.
fn invalid_client(words: &str) -> Response {
    let error = json!({"error": "invalid_client", "error_description": words});
    Response::json(401, &error)
}

impl State {
    fn answer(&self, scheme: &str, request: &Request) -> Option<Response> {
        let host = request.header("host").unwrap_or_default();
        let is_absolute = request.target.starts_with("http://");
        let url = match is_absolute {
            true => request.target.clone(),
            false => format!("{scheme}://{host}{}", request.target),
        };
        let arrived = Arrived {
            url: url.clone(),
            request: request.clone(),
        };
        self.arrived.lock().unwrap().push(arrived);
        match (request.method.as_str(), host) {
            ("GET", VAULT) => Some(self.vault(request)),
            ("POST", LOGIN) => self.login(request),
            ("GET", LOGIN) => discovery(request),
            ("GET", "169.254.169.254") => Some(self.metadata(&url, request)),
            ("GET", _) if request.path() == "/msi/token" => Some(self.app_service(request)),
            _ => None,
        }
    }

    fn vault(&self, request: &Request) -> Response {
        let (tenant, resource) = (TENANT, self.setup.resource);
        let shown = request
            .header("authorization")
            .and_then(|shown| shown.strip_prefix("Bearer "));
        if !shown.is_some_and(|token| self.is_genuine(token)) {
            let challenge = format!(
                "Bearer authorization=\"https://{LOGIN}/{tenant}\", resource=\"{resource}\""
            );
            let words = json!({"error": {"code": "Unauthorized", "message": "AKV10000: no token"}});
            return Response::json(401, &words).header("WWW-Authenticate", &challenge);
        }
        if self.setup.wants_claims && !shown.is_some_and(|token| claims_of(token)["nbf"] == 1) {
            let words = json!({"error": {"code": "Unauthorized", "message": "AKV10042: claims"}});
            let claims =
                STANDARD.encode(r#"{"access_token":{"nbf":{"essential":true,"value":"1"}}}"#);
            // Neither tenant nor resource is named again.
            let challenge = format!(
                "Bearer authorization=\"https://{LOGIN}/\", error=\"insufficient_claims\", claims=\"{claims}\""
            );
            return Response::json(401, &words).header("WWW-Authenticate", &challenge);
        }
        let mut parts = request.path().trim_matches('/').split('/');
        let (collection, name) = (parts.next().unwrap(), parts.next().unwrap());
        match (collection, self.setup.secrets.get(name)) {
            ("secrets", Some(Stored::Value(value))) => {
                let id = format!("{VAULT_URL}/secrets/{name}/1");
                Response::json(
                    200,
                    &json!({"value": value, "id": id, "attributes": {"enabled": true}}),
                )
            }
            ("secrets", Some(Stored::Refused(code, message))) => {
                let inner = json!({"code": code});
                let error = json!({"code": "Forbidden", "message": message, "innererror": inner});
                Response::json(403, &json!({"error": error}))
            }
            ("secrets", Some(Stored::Page)) => Response::html(404),
            ("deletedsecrets", Some(Stored::Deleted)) => {
                Response::json(200, &json!({"recoveryId": "x", "deletedDate": 1}))
            }
            _ => Response::json(
                404,
                &json!({"error": {"code": "SecretNotFound", "message": "m"}}),
            ),
        }
    }

    fn login(&self, request: &Request) -> Option<Response> {
        let tenant = request
            .path()
            .strip_suffix("/oauth2/v2.0/token")?
            .trim_matches('/');
        let form: BTreeMap<String, String> = url::form_urlencoded::parse(&request.body)
            .into_owned()
            .collect();
        if let Some(words) = self.setup.no_login {
            return Some(invalid_client(words));
        }
        let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        assert_eq!(field("grant_type"), "client_credentials");
        let client_id = field("client_id");
        let audience = field("scope").strip_suffix("/.default").expect("a scope");
        let identity = match field("client_assertion") {
            "" if self.setup.applications.get(client_id) == Some(&field("client_secret")) => {
                client_id
            }
            "" => {
                let shown = field("client_secret");
                let words = format!("AADSTS7000215: Invalid client secret provided: {shown}");
                return Some(invalid_client(&words));
            }
            assertion if assertion == self.setup.federated => "federated",
            assertion if proves(assertion, client_id, tenant) => "certificate",
            _ => {
                return Some(invalid_client(
                    "AADSTS700027: The certificate is not registered on application",
                ));
            }
        };
        let wanted: Value = serde_json::from_str(field("claims")).unwrap_or_default();
        let has_claims = wanted["access_token"]["nbf"]["value"] == "1";
        let token = self.token_with(identity, audience, has_claims);
        Some(Response::json(
            200,
            &json!({"token_type": "Bearer", "expires_in": 3599, "access_token": token}),
        ))
    }

    fn metadata(&self, url: &str, request: &Request) -> Response {
        if request.header("metadata") != Some("true") {
            return Response::json(400, &json!({"error": "invalid_request"}));
        }
        match &self.setup.no_identity {
            Some((status, body)) => Response::json(*status, body),
            None => {
                assert!(url.contains("resource=https://vault.azure.net"), "{url}");
                let token = self.token("imds", AUDIENCE);
                Response::json(
                    200,
                    &json!({"access_token": token, "expires_in": "86399", "resource": AUDIENCE}),
                )
            }
        }
    }

    fn app_service(&self, request: &Request) -> Response {
        assert_eq!(request.header("x-identity-header"), Some("hdr"));
        let token = self.token("app-service", AUDIENCE);
        Response::json(
            200,
            &json!({"access_token": token, "expires_on": "4102444800", "resource": AUDIENCE}),
        )
    }

    /// A JWT as Entra would sign it, but for the kind of signature.
    fn token(&self, identity: &str, audience: &str) -> String {
        self.token_with(identity, audience, false)
    }

    fn token_with(&self, identity: &str, audience: &str, has_claims: bool) -> String {
        let encoded = |json: Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let mut claims =
            json!({"aud": audience, "oid": format!("oid-of-{identity}"), "tid": TENANT});
        if has_claims {
            claims["nbf"] = json!(1);
        }
        let message = format!("{}.{}", encoded(json!({"alg": "HS256"})), encoded(claims));
        let signature = hmac::sign(&self.key, message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn is_genuine(&self, token: &str) -> bool {
        let Some((message, signature)) = token.rsplit_once('.') else {
            return false;
        };
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap_or_default();
        let is_for_the_vault = claims_of(token)["aud"] == self.setup.resource;
        is_for_the_vault && hmac::verify(&self.key, message.as_bytes(), &signature).is_ok()
    }
}
