//! What a Vault administrator does: mounts, policies, tokens, secrets. Every call has to succeed.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use reqwest::{Certificate, Client, Method};
use serde_json::{Value, json};

/// An administrator of one server, in one namespace.
#[derive(Clone)]
pub struct Admin {
    url: String,
    token: String,
    ca_file: Option<PathBuf>,
    namespace: String,
}

impl Admin {
    pub(super) fn new(url: &str, token: &str, ca_file: Option<&Path>) -> Self {
        let ca_file = ca_file.map(Path::to_owned);
        Self {
            url: url.to_owned(),
            token: token.to_owned(),
            ca_file,
            namespace: String::new(),
        }
    }

    /// The same administrator in a namespace.
    pub fn in_namespace(&self, namespace: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            ..self.clone()
        }
    }

    /// The answer to `GET /v1/<path>`.
    pub fn get(&self, path: &str) -> Value {
        self.call(Method::GET, path, &Value::Null)
    }

    /// The answer to `POST /v1/<path>`.
    pub fn post(&self, path: &str, body: &Value) -> Value {
        self.call(Method::POST, path, body)
    }

    /// The answer to `POST /v1/<path>`, if it is a good one.
    pub fn try_post(&self, path: &str, body: &Value) -> Option<Value> {
        let (status, text) = self.send(Method::POST, path, body);
        (status < 300).then(|| serde_json::from_str(&text).unwrap_or_default())
    }

    /// Sends `DELETE /v1/<path>`.
    pub fn delete(&self, path: &str) {
        self.call(Method::DELETE, path, &Value::Null);
    }

    /// Mounts a key/value secrets engine.
    pub fn mount_kv(&self, mount: &str, version: u8) {
        let options = json!({"version": version.to_string()});
        self.post(
            &format!("sys/mounts/{mount}"),
            &json!({"type": "kv", "options": options}),
        );
        if version == 2 {
            self.wait_for_upgrade(mount);
        }
    }

    /// A fresh version 2 mount refuses writes until it has upgraded itself.
    fn wait_for_upgrade(&self, mount: &str) {
        let deadline = Instant::now() + Duration::from_secs(10);
        let probe = format!("{mount}/data/upgrade-probe");
        while self.send(Method::POST, &probe, &json!({"data": {}})).0 >= 400 {
            assert!(Instant::now() < deadline, "{mount} stays in its upgrade");
            std::thread::sleep(Duration::from_millis(20));
        }
        self.delete(&format!("{mount}/metadata/upgrade-probe"));
    }

    /// Writes a secret into a version 1 mount.
    pub fn write_v1(&self, mount: &str, path: &str, secret: &Value) {
        self.post(&format!("{mount}/{path}"), secret);
    }

    /// Writes a secret into a version 2 mount.
    pub fn write_v2(&self, mount: &str, path: &str, secret: &Value) {
        self.post(&format!("{mount}/data/{path}"), &json!({"data": secret}));
    }

    /// Mounts an auth method.
    pub fn enable_auth(&self, mount: &str, method: &str) {
        self.post(&format!("sys/auth/{mount}"), &json!({"type": method}));
    }

    /// Writes a policy that allows reading everything below `path`.
    pub fn allow_reading(&self, policy: &str, path: &str) {
        let rule = format!(r#"path "{path}/*" {{ capabilities = ["read"] }}"#);
        self.post(
            &format!("sys/policies/acl/{policy}"),
            &json!({"policy": rule}),
        );
    }

    /// A new token with these policies, and `default`, that lives this long, such as `1h`.
    pub fn new_token(&self, policies: &[&str], lifetime: &str) -> String {
        let answer = self.post(
            "auth/token/create",
            &json!({"policies": policies, "ttl": lifetime}),
        );
        answer["auth"]["client_token"]
            .as_str()
            .expect("a token")
            .to_owned()
    }

    /// Logs in the way a client does; whether the server let it in.
    pub fn can_log_in(&self, path: &str, body: &Value) -> bool {
        self.send(Method::POST, path, body).0 == 200
    }

    /// Whether the server answers this administrator at all.
    pub(super) fn is_accepted(&self) -> bool {
        self.try_send(Method::GET, "auth/token/lookup-self", &Value::Null)
            .is_ok_and(|(status, _)| status == 200)
    }

    /// The status of `GET /v1/<path>`.
    pub fn status_of(&self, path: &str) -> u16 {
        self.send(Method::GET, path, &Value::Null).0
    }

    fn call(&self, method: Method, path: &str, body: &Value) -> Value {
        let (status, text) = self.send(method.clone(), path, body);
        assert!(status < 300, "{method} {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    fn send(&self, method: Method, path: &str, body: &Value) -> (u16, String) {
        self.try_send(method, path, body)
            .expect("the server answers")
    }

    fn try_send(&self, method: Method, path: &str, body: &Value) -> reqwest::Result<(u16, String)> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let request = self
                .client()
                .request(method, format!("{}/v1/{path}", self.url));
            let request = request
                .header("X-Vault-Token", &self.token)
                .header("X-Vault-Namespace", &self.namespace);
            let body = if body.is_null() {
                String::new()
            } else {
                body.to_string()
            };
            let response = request.body(body).send().await?;
            Ok((response.status().as_u16(), response.text().await?))
        })
    }

    fn client(&self) -> Client {
        // Only the first call of a process installs it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // A server that is only starting has not written its CA file yet.
        let ca = self
            .ca_file
            .as_ref()
            .and_then(|file| std::fs::read(file).ok());
        let roots = ca.map(|pem| Certificate::from_pem(&pem).expect("a CA certificate"));
        Client::builder()
            .no_proxy()
            .tls_certs_only(roots)
            .build()
            .expect("an HTTP client")
    }
}
