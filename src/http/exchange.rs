//! Asking a server until it answers: which answers are asked for again, and when.
//!
//! Mirrors urllib3's `Retry` 2.x, which the Python clients share in spirit, within one deadline. The surprising rule: 413, 429
//! and 503 are waited out only when the server says how long, by `Retry-After`.

use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Method, Request, RequestBuilder, Response, StatusCode};

use super::client::{Client, SendError};
use super::error::{Cause, HttpError, innermost};
use super::reply::Reply;
use crate::deadline::Deadline;

/// How often and for which answers a request is repeated.
#[derive(Clone, Copy, Debug)]
pub struct RetryRule {
    /// Repetitions after the first try.
    pub retries: u32,
    /// Repetitions after a failure to connect.
    pub reconnects: u32,
    /// The first pause; it doubles with each further one, and the very first repetition does not wait.
    pub backoff: Duration,
    /// Statuses that a repeatable request is repeated for without being told to.
    pub statuses: &'static [u16],
    /// Whether a POST is repeated too, since it changes nothing at the other end.
    pub repeats_posts: bool,
}

impl RetryRule {
    /// Nothing is repeated.
    pub const NEVER: RetryRule = RetryRule {
        retries: 0,
        reconnects: 0,
        backoff: Duration::ZERO,
        statuses: &[],
        repeats_posts: false,
    };

    /// How long to wait before asking again after this answer; `None`: do not ask again.
    fn pause(
        &self,
        tried: u32,
        method: &Method,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Option<Duration> {
        if tried > self.retries || !self.may_repeat(method) {
            return None;
        }
        let told = retry_after(headers).filter(|_| matches!(status.as_u16(), 413 | 429 | 503));
        let forced = self
            .statuses
            .contains(&status.as_u16())
            .then(|| self.backoff_before(tried));
        told.or(forced)
    }

    /// How long to wait before connecting again after `tried` failed tries; `None`: give up.
    fn pause_before_reconnecting(
        &self,
        tried: u32,
        method: &Method,
        error: &SendError,
    ) -> Option<Duration> {
        let reads = *method == Method::GET || self.repeats_posts;
        let may_help = error.never_sent() || (reads && error.was_cut());
        (may_help && tried <= self.reconnects).then(|| self.backoff_before(tried))
    }

    /// Methods that urllib3 repeats on an answer: POST is not among them.
    fn may_repeat(&self, method: &Method) -> bool {
        match *method {
            Method::POST => self.repeats_posts,
            Method::GET | Method::HEAD | Method::PUT | Method::DELETE => true,
            Method::OPTIONS | Method::TRACE => true,
            _ => false,
        }
    }

    fn backoff_before(&self, tried: u32) -> Duration {
        match tried {
            0 | 1 => Duration::ZERO,
            tried => self.backoff * 2_u32.saturating_pow(tried - 1),
        }
    }
}

impl Client {
    /// Sends a request, again where `rule` says so, until `deadline`, and reads the answer. Once a redirect was followed, its
    /// target alone is asked again, with all the repetitions that there are. `name` stands for the request in what `-vv` tells.
    ///
    /// # Errors
    /// No answer, or a body that cannot be read. Every status is an answer.
    pub async fn ask(
        &self,
        rule: &RetryRule,
        deadline: Deadline,
        name: &str,
        request: RequestBuilder,
    ) -> Result<Reply, HttpError> {
        let mut request = built(request)?;
        let mut tried = 0;
        loop {
            tried += 1;
            let sent = self.execute(copy_of(&request)?, deadline).await;
            let method = request.method().clone();
            let (outcome, pause) = match sent {
                Ok(response) => {
                    if response.url() != request.url() {
                        tried = 1;
                        *request.url_mut() = response.url().clone();
                    }
                    self.console()
                        .detail(|| format!("  {name}: {}", response.status().as_u16()));
                    let (status, headers) = (response.status(), response.headers());
                    let pause = rule.pause(tried, &method, status, headers);
                    (Ok(response), pause)
                }
                Err(error) => {
                    let pause = rule.pause_before_reconnecting(tried, &method, &error);
                    let error = HttpError::from(error);
                    self.console().detail(|| format!("  {name}: {error}"));
                    (Err(error), pause)
                }
            };
            match pause {
                Some(pause) if deadline.wait(pause).await => {}
                _ => return whole(outcome, deadline).await,
            }
        }
    }
}

/// The answer with its body. Where the deadline is what ended the exchange, that is said.
async fn whole(
    outcome: Result<Response, HttpError>,
    deadline: Deadline,
) -> Result<Reply, HttpError> {
    let read = match outcome {
        Ok(response) => Reply::read(response).await,
        Err(error) => Err(error),
    };
    read.map_err(|error| match error {
        HttpError::Unreachable { .. } if deadline.is_over() => deadline.timed_out().into(),
        other => other,
    })
}

/// The request as it will be sent.
fn built(request: RequestBuilder) -> Result<Request, HttpError> {
    let unsendable = |error| HttpError::unreachable(Cause::Request, innermost(&error));
    request.build().map_err(unsendable)
}

/// A copy to send; there is always one, as no body is a stream.
fn copy_of(request: &Request) -> Result<Request, HttpError> {
    request
        .try_clone()
        .ok_or_else(|| HttpError::unreachable(Cause::Request, "the request cannot be sent twice"))
}

/// `Retry-After`: whole seconds or an HTTP date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let when = httpdate::parse_http_date(text).ok()?;
    Some(when.duration_since(SystemTime::now()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: RetryRule = RetryRule {
        retries: 3,
        reconnects: 3,
        backoff: Duration::from_millis(100),
        statuses: &[412, 500, 502, 503],
        repeats_posts: false,
    };

    fn pause(tried: u32, method: &Method, status: u16, after: Option<&str>) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        if let Some(after) = after {
            headers.insert(RETRY_AFTER, after.parse().unwrap());
        }
        RULE.pause(
            tried,
            method,
            StatusCode::from_u16(status).unwrap(),
            &headers,
        )
    }

    #[test]
    fn a_get_is_sent_four_times_with_urllib3s_pauses() {
        let millis = |tried| pause(tried, &Method::GET, 500, None).map(|pause| pause.as_millis());
        assert_eq!(
            [millis(1), millis(2), millis(3), millis(4)],
            [Some(0), Some(200), Some(400), None]
        );
    }

    #[test]
    fn a_post_is_never_repeated_for_an_answer() {
        assert_eq!(pause(1, &Method::POST, 503, Some("1")), None);
    }

    #[test]
    fn throttling_is_waited_out_only_when_the_server_says_how_long() {
        assert_eq!(pause(1, &Method::GET, 429, None), None);
        assert_eq!(
            pause(1, &Method::GET, 429, Some("2")),
            Some(Duration::from_secs(2))
        );
        assert_eq!(pause(1, &Method::GET, 504, Some("2")), None);
        assert_eq!(
            pause(1, &Method::GET, 429, Some("Thu, 01 Jan 1970 00:00:00 GMT")),
            Some(Duration::ZERO)
        );
    }
}
