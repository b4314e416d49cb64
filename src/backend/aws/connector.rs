//! The AWS SDK's HTTP connector over the client that all backends share, so that proxies, CAs and limits are the same.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use reqwest::Client;

/// A connector over `reqwest`.
#[derive(Clone, Debug)]
pub struct Connector {
    http: Client,
    timeout: Option<Duration>,
}

impl Connector {
    /// A connector over `http`.
    pub fn new(http: Client) -> Self {
        Self {
            http,
            timeout: None,
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
            http: self.http.clone(),
            timeout,
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
        let mut outgoing = self
            .http
            .request(parts.method, parts.uri.to_string())
            .headers(parts.headers)
            .body(body);
        if let Some(timeout) = self.timeout {
            outgoing = outgoing.timeout(timeout);
        }
        let response = outgoing.send().await.map_err(connector_error)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = crate::http::read_body(response)
            .await
            .map_err(|error| ConnectorError::io(Box::new(error)))?;
        let mut reply = http::Response::new(SdkBody::from(body));
        *reply.status_mut() = status;
        *reply.headers_mut() = headers;
        HttpResponse::try_from(reply).map_err(|error| ConnectorError::other(error.into(), None))
    }
}

/// The address stays out of the error: it may be a presigned one.
fn connector_error(error: reqwest::Error) -> ConnectorError {
    let error = error.without_url();
    if error.is_timeout() {
        ConnectorError::timeout(error.into())
    } else if error.is_connect() || error.is_request() {
        ConnectorError::io(error.into())
    } else {
        ConnectorError::other(error.into(), None)
    }
}
