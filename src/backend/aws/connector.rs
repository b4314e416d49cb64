//! The AWS SDK's HTTP connector over the client that all backends share, so that proxies, CAs and limits are the same.
//!
//! The surprising rule: the SDK repeats requests as botocore does, so that each is sent once here.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use url::Url;

use crate::deadline::Deadline;
use crate::http::{Cause, Client, HttpError, RetryRule, server_name};

/// The server that was asked, once one was.
pub(super) type AskedServer = Arc<OnceLock<String>>;

/// A connector over `reqwest`.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    http: Client,
    timeout: Duration,
    without_tls: bool,
    asked: AskedServer,
}

/// botocore's `connect_timeout` and `read_timeout`.
pub(super) const TIMEOUT: Duration = Duration::from_secs(60);

impl Connector {
    /// A connector over `http`.
    pub fn new(http: Client) -> Self {
        Self {
            http,
            timeout: TIMEOUT,
            without_tls: false,
            asked: AskedServer::default(),
        }
    }

    /// Asks over http:// what the SDK would ask over https://: `"use_ssl": false`.
    pub fn without_tls(self) -> Self {
        Self {
            without_tls: true,
            ..self
        }
    }

    /// The same, which writes down the first server that it asks.
    pub fn noting(self, asked: AskedServer) -> Self {
        Self { asked, ..self }
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let request = request
            .try_into_http1x()
            .map_err(|error| ConnectorError::user(error.into()))?;
        let (parts, body) = request.into_parts();
        let body = body.bytes().map(<[u8]>::to_vec).unwrap_or_default();
        let url = self.address(&parts.uri)?;
        let server = server_name(&url);
        let _ = self.asked.set(server.clone());
        let name = format!("{} {server} {}", parts.method, operation(&parts.headers));
        let outgoing = self
            .http
            .request(parts.method, url)
            .headers(parts.headers)
            .body(body);
        let deadline = Deadline::after(self.timeout);
        let reply = self
            .http
            .ask(&RetryRule::NEVER, deadline, &name, outgoing)
            .await
            .map_err(connector_error)?;
        let mut response = ::http::Response::new(SdkBody::from(reply.bytes()));
        *response.status_mut() = reply.status;
        *response.headers_mut() = reply.headers;
        HttpResponse::try_from(response).map_err(|error| ConnectorError::other(error.into(), None))
    }

    fn address(&self, uri: &::http::Uri) -> Result<Url, ConnectorError> {
        let mut url =
            Url::parse(&uri.to_string()).map_err(|error| ConnectorError::user(error.into()))?;
        if self.without_tls && url.scheme() == "https" {
            // Between http and https this cannot fail.
            let _ = url.set_scheme("http");
        }
        Ok(url)
    }
}

impl HttpClient for Connector {
    /// The SDK asks the metadata address with a connect time-out of its own, which one whole request must keep here.
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let timeouts = [settings.read_timeout(), settings.connect_timeout()];
        let timeout = timeouts.into_iter().flatten().max().unwrap_or(TIMEOUT);
        SharedHttpConnector::new(Self {
            timeout,
            ..self.clone()
        })
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let connector = self.clone();
        HttpConnectorFuture::new(async move { connector.send(request).await })
    }
}

/// The operation of a JSON protocol, which is no secret.
fn operation(headers: &::http::HeaderMap) -> &str {
    headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok())
        .unwrap_or_default()
}

/// The error as the SDK decides by it whether to ask again: a setting that cannot be used and an answer that is too large are
/// so the next time too.
fn connector_error(error: HttpError) -> ConnectorError {
    let is_final = matches!(error.cause(), Some(Cause::Request | Cause::Circle));
    match &error {
        HttpError::TimedOut(_) => ConnectorError::timeout(error.into()),
        HttpError::Unreachable { .. } if !is_final => ConnectorError::io(error.into()),
        HttpError::Setting(_) | HttpError::Env(_) => ConnectorError::user(error.into()),
        _ => ConnectorError::other(error.into(), None),
    }
}
