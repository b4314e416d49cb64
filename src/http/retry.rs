//! Which answers are asked for again, and when: urllib3's `Retry` 2.x as the Vault provider sets it up, within a deadline.
//!
//! The surprising rule: 413, 429 and 503 are retried only when the server says when, by `Retry-After`.

use std::time::{Duration, Instant, SystemTime};

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use url::Url;

use super::{Client, failed};
use crate::error::Result;

/// When the whole lookup must be over.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    end: Instant,
    limit: Duration,
}

impl Deadline {
    /// A deadline `limit` from now.
    pub fn after(limit: Duration) -> Self {
        Self {
            end: Instant::now() + limit,
            limit,
        }
    }

    /// What was allowed in all.
    pub fn limit(&self) -> Duration {
        self.limit
    }

    /// What is left.
    pub fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    /// Waits, unless the deadline would pass first; says whether it waited.
    pub async fn wait(&self, pause: Duration) -> bool {
        if pause >= self.left() {
            return false;
        }
        tokio::time::sleep(pause).await;
        true
    }
}

/// How often and for which answers a request is repeated.
#[derive(Clone, Copy, Debug)]
pub struct RetryRule {
    /// Repetitions after the first try.
    pub retries: u32,
    /// The first pause; it doubles with each further one, and the very first repetition does not wait.
    pub backoff: Duration,
    /// Statuses that a repeatable request is repeated for without being told to.
    pub statuses: &'static [u16],
}

/// Methods that urllib3 repeats on an answer: POST is not among them.
fn is_repeatable(method: &Method) -> bool {
    matches!(
        *method,
        Method::GET | Method::HEAD | Method::PUT | Method::DELETE | Method::OPTIONS | Method::TRACE
    )
}

impl RetryRule {
    /// Sends a request, again where this rule says so, until `deadline`; `tell` hears what came of each try. Once a redirect
    /// was followed, its target alone is asked again, with all the repetitions that there are.
    ///
    /// # Errors
    /// No answer. Every status is an answer.
    pub async fn send(
        &self,
        http: &Client,
        method: &Method,
        deadline: Deadline,
        request: impl Fn() -> RequestBuilder,
        tell: impl Fn(&str),
    ) -> Result<Response> {
        let mut tried = 0;
        let mut target: Option<Url> = None;
        loop {
            tried += 1;
            let mut request = request().build().map_err(|error| failed(&error))?;
            if let Some(target) = &target {
                request.url_mut().clone_from(target);
            }
            let asked = request.url().clone();
            let (outcome, pause) = match http.execute(request).await {
                Ok(response) => {
                    if *response.url() != asked {
                        tried = 1;
                        target = Some(response.url().clone());
                    }
                    tell(response.status().as_str());
                    let pause = self.pause(tried, method, response.status(), response.headers());
                    (Ok(response), pause)
                }
                Err(error) => {
                    let failed = error.failed();
                    tell(&failed.to_string());
                    let again = error.never_sent() || (*method == Method::GET && error.was_cut());
                    (
                        Err(failed),
                        self.pause_before_reconnecting(tried).filter(|_| again),
                    )
                }
            };
            match pause {
                Some(pause) if deadline.wait(pause).await => {}
                _ => return outcome,
            }
        }
    }

    /// How long to wait before asking again after this answer; `None`: do not ask again.
    pub fn pause(
        &self,
        tried: u32,
        method: &Method,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Option<Duration> {
        if tried > self.retries || !is_repeatable(method) {
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
    pub fn pause_before_reconnecting(&self, tried: u32) -> Option<Duration> {
        (tried <= self.retries).then(|| self.backoff_before(tried))
    }

    fn backoff_before(&self, tried: u32) -> Duration {
        if tried <= 1 {
            Duration::ZERO
        } else {
            self.backoff * 2_u32.saturating_pow(tried - 1)
        }
    }
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
        backoff: Duration::from_millis(100),
        statuses: &[412, 500, 502, 503],
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
