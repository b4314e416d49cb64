//! The AWS SDK's HTTP connector over the client that all backends share, so that proxies, CAs and limits are the same.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use url::Url;

use crate::error::Error;
use crate::http::{self, Client, SendError};
use crate::trace::Trace;

/// A connector over `reqwest`.
#[derive(Clone, Debug)]
pub struct Connector {
    http: Client,
    timeout: Option<Duration>,
    trace: Trace,
    without_tls: bool,
}

impl Connector {
    /// A connector over `http`.
    pub fn new(http: Client) -> Self {
        Self {
            http,
            timeout: None,
            trace: Trace::default(),
            without_tls: false,
        }
    }

    /// Tells every request, by method, server and operation.
    pub fn telling(self, trace: Trace) -> Self {
        Self { trace, ..self }
    }

    /// Asks over http:// what the SDK would ask over https://: `"use_ssl": false`.
    pub fn without_tls(self) -> Self {
        Self {
            without_tls: true,
            ..self
        }
    }
}

impl HttpClient for Connector {
    /// The SDK asks the metadata address with a connect time-out of its own, which one whole request must keep here.
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let timeout = settings
            .read_timeout()
            .into_iter()
            .chain(settings.connect_timeout())
            .max();
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

impl Connector {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let request = request
            .try_into_http1x()
            .map_err(|error| ConnectorError::user(error.into()))?;
        let (parts, body) = request.into_parts();
        let body = body.bytes().map(<[u8]>::to_vec).unwrap_or_default();
        let url = self.address(&parts.uri)?;
        let asked = format!(
            "  {} {} {}",
            parts.method,
            http::server_name(&url),
            operation(&parts.headers)
        );
        let mut outgoing = self
            .http
            .request(parts.method, url)
            .headers(parts.headers)
            .body(body);
        if let Some(timeout) = self.timeout {
            outgoing = outgoing.timeout(timeout);
        }
        let response = match self.http.send(outgoing).await {
            Ok(response) => response,
            Err(error) => {
                self.trace.detail(|| format!("{asked}: {}", error.failed()));
                return Err(connector_error(error));
            }
        };
        self.trace
            .detail(|| format!("{asked}: {}", response.status().as_u16()));
        let (status, headers) = (response.status(), response.headers().clone());
        let body = http::read_body(response).await.map_err(body_error)?;
        let mut reply = ::http::Response::new(SdkBody::from(body));
        *reply.status_mut() = status;
        *reply.headers_mut() = headers;
        HttpResponse::try_from(reply).map_err(|error| ConnectorError::other(error.into(), None))
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

/// The operation of a JSON protocol, which is no secret.
fn operation(headers: &::http::HeaderMap) -> &str {
    headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok())
        .unwrap_or_default()
}

/// An answer that is too large is so the next time too, and is not asked for again.
fn body_error(error: Error) -> ConnectorError {
    match error {
        Error::AnswerTooLarge { .. } => ConnectorError::other(Box::new(error), None),
        error => ConnectorError::io(Box::new(error)),
    }
}

/// The address stays out of the error: it may be a presigned one. A setting that cannot be used is not tried again.
fn connector_error(error: SendError) -> ConnectorError {
    let failed = Box::new(error.failed());
    match error {
        SendError::Setting(fault) => ConnectorError::user(fault.into()),
        SendError::Exchange { error, .. } if error.is_timeout() => ConnectorError::timeout(failed),
        SendError::Exchange { error, .. } if error.is_connect() || error.is_request() => {
            ConnectorError::io(failed)
        }
        SendError::Exchange { .. } => ConnectorError::other(failed, None),
    }
}
