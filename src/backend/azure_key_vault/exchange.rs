//! One request and its answer, asked again where azure-core would, within the deadline.
//!
//! Mirrors `RetryPolicy` of azure-core 1.41. The surprising rule: a token request is a POST and is repeated all the same.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder, Response, StatusCode};

use crate::error::Result;
use crate::http::{self, Client, Deadline, RetryRule};
use crate::python::json::{self, Value};
use crate::secret::SecretText;
use crate::trace::Trace;

/// `RetryPolicy`'s defaults: three repetitions for a status, after 0, 1.6 and 3.2 seconds.
pub const RETRIES: RetryRule = RetryRule {
    retries: 3,
    backoff: Duration::from_millis(800),
    statuses: &[408, 429, 500, 502, 503, 504],
};

/// How requests are sent.
#[derive(Clone, Copy)]
pub struct Exchange {
    /// When they are sent again.
    pub rule: RetryRule,
    /// The longest one of them may take.
    pub limit: Duration,
    /// When the whole lookup must be over.
    pub deadline: Deadline,
    /// Where to tell of them.
    pub trace: Trace,
}

/// What a server answered.
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    body: SecretText,
}

impl Exchange {
    /// Sends the request that `request` builds, as often as it takes. `what` names it for `-vv`.
    ///
    /// # Errors
    /// No answer, or a body that cannot be read. Every status is an answer.
    pub async fn send(
        &self,
        http: &Client,
        what: &str,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<Reply> {
        let mut tried = 0;
        loop {
            tried += 1;
            let limit = self.deadline.left().min(self.limit);
            let (outcome, pause) = match http.send(request().timeout(limit)).await {
                Ok(response) => {
                    self.trace
                        .detail(|| format!("  {what}: {}", response.status().as_u16()));
                    let pause = self.pause_after(tried, &response);
                    (Ok(response), pause)
                }
                Err(error) => {
                    let failed = error.failed();
                    self.trace.detail(|| format!("  {what}: {failed}"));
                    let again = error.never_sent() || error.was_cut();
                    (
                        Err(failed),
                        self.rule.pause_before_reconnecting(tried).filter(|_| again),
                    )
                }
            };
            match pause {
                Some(pause) if self.deadline.wait(pause).await => {}
                _ => return Reply::read(outcome?).await,
            }
        }
    }

    /// Everything that is asked here changes nothing, so that it may be asked again as if it were a GET.
    fn pause_after(&self, tried: u32, response: &Response) -> Option<Duration> {
        self.rule
            .pause(tried, &Method::GET, response.status(), response.headers())
    }
}

impl Reply {
    async fn read(response: Response) -> Result<Self> {
        let (status, headers) = (response.status(), response.headers().clone());
        let body = http::read_body(response).await?;
        // What is not UTF-8 is not JSON either, which is all that is ever read here.
        let body = String::from_utf8(body)
            .unwrap_or_else(|_| "not UTF-8".to_owned())
            .into();
        Ok(Self {
            status,
            headers,
            body,
        })
    }

    /// The body as a JSON object.
    pub fn json(&self) -> Option<Value> {
        let body = json::loads(self.body.expose()).ok()?;
        matches!(body, Value::Dict(_)).then_some(body)
    }

    /// Whether there is no body.
    pub fn is_empty(&self) -> bool {
        self.body.expose().is_empty()
    }

    /// Whether the body says `word` anywhere.
    pub fn says(&self, word: &str) -> bool {
        self.body.expose().contains(word)
    }
}

/// The text at `path` in nested JSON objects.
pub fn text_at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a SecretText> {
    value.at(path).and_then(Value::as_text)
}
