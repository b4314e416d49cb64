//! One session with an API server: requests as the Python client sends them, with its retries.
//!
//! The surprising rule: `resourceVersion=0` lets the server answer from its cache, so a secret made a moment ago may be
//! missing; Airflow asks like that.

use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, RequestBuilder};
use url::Url;

use super::cluster::Cluster;
use super::error::KubernetesError;
use crate::backend::Surroundings;
use crate::console::Console;
use crate::deadline::Deadline;
use crate::finding::Finding;
use crate::http::{self, Client, HttpSettings, Reply, RetryRule, Verify};
use crate::python::json::{self, Value};
use crate::python::urllib;
use crate::secret::SecretText;

/// urllib3's `Retry(3)`, which waits when the server says how long, and in addition what any server gets wrong for a moment.
const RETRIES: RetryRule = RetryRule {
    retries: 3,
    reconnects: 3,
    backoff: Duration::from_millis(100),
    statuses: &[500, 502, 503, 504],
    repeats_posts: false,
};

/// The whole objects.
pub const JSON: &str = "application/json";
/// Names and labels only. Nothing else is taken in its place, because whole objects hold values.
pub const METADATA_ONLY: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// A client with the credentials it shows and the namespace it asks.
pub struct KubernetesSession {
    http: Client,
    server: Url,
    /// Whether a message has to name the server, because no setting does.
    names_server: bool,
    authorization: Option<SecretText>,
    header: Option<HeaderValue>,
    namespace: String,
    credential_origin: String,
    trusted: String,
    console: Console,
}

impl KubernetesSession {
    /// A session with `cluster` about `namespace`. Reads certificate files; sends nothing.
    ///
    /// # Errors
    /// A certificate or a token that cannot be used.
    pub async fn open(
        cluster: Cluster,
        namespace: String,
        surroundings: &Surroundings,
        deadline: Deadline,
    ) -> Result<KubernetesSession, KubernetesError> {
        let Surroundings { env, console, .. } = surroundings;
        if cluster.verify == Verify::Off {
            let sentence = "`insecure-skip-tls-verify` is true in the kubeconfig: the server's certificate is not checked, so anyone on the way can read the token";
            console.finding(&Finding::warning("certificate-not-verified", sentence));
        }
        let settings = HttpSettings {
            verify: cluster.verify,
            client_certificate: cluster.login.client_certificate,
            proxies: cluster.proxies,
            timeout: None,
            follow_redirects: true,
        };
        Ok(KubernetesSession {
            http: Client::open(env, &settings, console, deadline).await?,
            header: header(cluster.login.authorization.as_ref(), &cluster.login.origin)?,
            authorization: cluster.login.authorization,
            server: cluster.server,
            names_server: cluster.is_of_a_file,
            namespace,
            credential_origin: cluster.login.origin,
            trusted: cluster.trusted,
            console: console.clone(),
        })
    }

    /// The namespace that is asked.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Where the credentials come from, in words.
    pub fn credential_origin(&self) -> &str {
        &self.credential_origin
    }

    /// Scheme, host and port of the server.
    pub fn server_name(&self) -> String {
        http::server_name(&self.server)
    }

    /// Lists secrets of the namespace.
    ///
    /// # Errors
    /// No answer, or a body that cannot be read. Every status is an answer.
    pub async fn list_secrets(
        &self,
        query: &[(&str, &str)],
        accept: &'static str,
        deadline: Deadline,
    ) -> Result<Reply, KubernetesError> {
        let path = format!(
            "/api/v1/namespaces/{}/secrets",
            urllib::quote(&self.namespace, "")
        );
        let query = urllib::urlencode(query.iter().copied());
        self.send(&Method::GET, &path, Some(&query), deadline, |request| {
            request.header(ACCEPT, accept)
        })
        .await
    }

    /// Sends an object for review, which changes nothing on the server.
    ///
    /// # Errors
    /// No answer, or a body that cannot be read. Every status is an answer.
    pub async fn review(
        &self,
        path: &str,
        object: &Value,
        deadline: Deadline,
    ) -> Result<Reply, KubernetesError> {
        let body = json::dumps(object);
        let with_body = |request: RequestBuilder| {
            request
                .header(CONTENT_TYPE, JSON)
                .header(ACCEPT, JSON)
                .body(body.clone())
        };
        self.send(&Method::POST, path, None, deadline, with_body)
            .await
    }

    async fn send(
        &self,
        method: &Method,
        path: &str,
        query: Option<&str>,
        deadline: Deadline,
        complete: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Reply, KubernetesError> {
        let request = self.http.request(method.clone(), self.url(path, query));
        let request = complete(match &self.header {
            Some(header) => request.header(AUTHORIZATION, header),
            None => request,
        });
        let name = format!("{method} {path}");
        let asked = self.http.ask(&RETRIES, deadline, &name, request).await;
        asked.map_err(|error| KubernetesError::Exchange {
            server: self.names_server.then(|| self.server_name()),
            error,
            trusted: self.trusted.clone(),
        })
    }

    /// The address of a path of the API, below the path of the server's own address.
    fn url(&self, path: &str, query: Option<&str>) -> Url {
        let mut url = self.server.clone();
        url.set_path(&format!(
            "{}{path}",
            self.server.path().trim_end_matches('/')
        ));
        url.set_query(query);
        url.set_fragment(None);
        url
    }

    /// The error that a failed reply stands for. A 401 or 403 need not be the API server's own, because one in front of it may
    /// see to who is asking; a page is nobody's.
    pub fn error(&self, reply: &Reply) -> KubernetesError {
        let status = reply.status.as_u16();
        let said = message_in(reply).map(|message| self.without_secrets(&message));
        match status {
            401 if reply.members().is_some() => KubernetesError::Unauthorized {
                origin: self.credential_origin.clone(),
                said,
            },
            400 if said.is_some() => KubernetesError::BadRequest { said },
            429 => KubernetesError::Throttled { status, said },
            500..=599 => KubernetesError::Down { status, said },
            300..=499 if said.is_some() => KubernetesError::Down { status, said },
            _ => KubernetesError::NotKubernetes { status },
        }
    }

    /// A server's words without the credentials, fit for a terminal.
    pub fn without_secrets(&self, words: &str) -> String {
        let authorization = self.authorization.as_ref().map_or("", SecretText::expose);
        let token = authorization.split_once(' ').map_or("", |(_, token)| token);
        http::servers_words(words, &[token])
    }

    /// Tells what a lookup brings to light although it succeeds.
    pub fn tell(&self, finding: &Finding) {
        self.console.finding(finding);
    }
}

/// The credentials as a header that is never logged.
fn header(
    authorization: Option<&SecretText>,
    origin: &str,
) -> Result<Option<HeaderValue>, KubernetesError> {
    let Some(authorization) = authorization else {
        return Ok(None);
    };
    let not_a_header = |_| KubernetesError::NotAHeader {
        origin: origin.to_owned(),
    };
    let mut header = HeaderValue::from_str(authorization.expose()).map_err(not_a_header)?;
    header.set_sensitive(true);
    Ok(Some(header))
}

/// The message of a `Status` object; nothing else of a failed body is ever shown.
pub fn message_in(reply: &Reply) -> Option<String> {
    let object = reply.members()?;
    let text = |key: &str| {
        object
            .get(key)
            .and_then(Value::as_text)
            .map(SecretText::expose)
    };
    let message = text("message").filter(|_| text("kind") == Some("Status"))?;
    Some(message.to_owned())
}
