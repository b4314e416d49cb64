//! moto, a server that speaks AWS's protocols: open to everybody, or checking signatures and policies as IAM does.

use std::process::Command;
use std::time::Duration;

use reqwest::Client;
use serde_json::Value;

use super::server_process::{ServerProcess, free_tcp_port_pair, new_home};
use super::skipped;

/// A running server.
pub struct Moto {
    url: String,
    _process: ServerProcess,
}

impl Moto {
    /// A server that takes any signature.
    pub fn start() -> Option<Self> {
        Self::start_with(u32::MAX)
    }

    /// A server that checks signatures and policies after the first calls.
    pub fn start_with_iam(free_calls: u32) -> Option<Self> {
        Self::start_with(free_calls)
    }

    fn start_with(free_calls: u32) -> Option<Self> {
        let Some(program) = std::env::var_os("SECRETCTL_TEST_MOTO") else {
            return skipped("moto");
        };
        let port = free_tcp_port_pair();
        let url = format!("http://127.0.0.1:{port}");
        let mut command = Command::new(program);
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        if free_calls != u32::MAX {
            command.env("INITIAL_NO_AUTH_ACTION_COUNT", free_calls.to_string());
        }
        let process = ServerProcess::start(new_home(), &command, || is_up(&url));
        Some(Self {
            url,
            _process: process,
        })
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Calls an operation of a JSON service in eu-west-1, which has to succeed.
    pub fn call(&self, service: &str, target: &str, body: &Value) -> Value {
        self.call_in("eu-west-1", service, target, body)
    }

    /// Calls an operation of a JSON service in a region, which has to succeed.
    pub fn call_in(&self, region: &str, service: &str, target: &str, body: &Value) -> Value {
        let headers = [
            ("X-Amz-Target", target),
            ("Content-Type", "application/x-amz-json-1.1"),
        ];
        let (status, answer) = self.send(region, service, &headers, body.to_string());
        assert!(status < 300, "{target}: {status} {answer}");
        serde_json::from_str(&answer).expect("a JSON answer")
    }

    /// Calls an operation of IAM, which has to succeed; the answer is XML.
    pub fn iam(&self, parameters: &[(&str, &str)]) -> String {
        let pairs: Vec<String> = parameters
            .iter()
            .map(|(name, value)| format!("{name}={}", percent_encoded(value)))
            .collect();
        let form = [("Content-Type", "application/x-www-form-urlencoded")];
        let (status, answer) = self.send(
            "us-east-1",
            "iam",
            &form,
            format!("{}&Version=2010-05-08", pairs.join("&")),
        );
        assert!(status < 300, "{parameters:?}: {status} {answer}");
        answer
    }

    /// The signature is not a real one: the calls that set a server up are free.
    fn send(
        &self,
        region: &str,
        service: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> (u16, String) {
        let scope = format!("AKSETUP/20260101/{region}/{service}/aws4_request");
        let authorization =
            format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none");
        let mut request = client()
            .post(&self.url)
            .header("Authorization", authorization)
            .body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        block_on(async {
            let response = request.send().await.expect("moto answers");
            (
                response.status().as_u16(),
                response.text().await.expect("a whole answer"),
            )
        })
    }
}

/// The text between two tags.
pub fn element<'a>(xml: &'a str, name: &str) -> &'a str {
    let after = xml
        .split(&format!("<{name}>"))
        .nth(1)
        .expect("the element is there");
    after.split('<').next().expect("the element ends")
}

fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

fn is_up(url: &str) -> bool {
    let question = client()
        .get(format!("{url}/moto-api/"))
        .timeout(Duration::from_secs(1));
    block_on(async {
        question
            .send()
            .await
            .is_ok_and(|response| response.status().is_success())
    })
}

fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .build()
        .expect("an HTTP client")
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(future)
}
