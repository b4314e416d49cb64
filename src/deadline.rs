//! When something must be over: one point in time, made from `--timeout` and handed down to whatever waits.

use std::future::Future;
use std::time::{Duration, Instant};

/// The longest that anything is waited for.
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest that anybody waits to learn why something failed.
const LONGEST_DIAGNOSIS: Duration = Duration::from_secs(2);

/// How long after its deadline somebody may still say what took so long.
const BACKSTOP: Duration = Duration::from_millis(100);

/// How far beyond its deadline an answer may be completed.
const GRACE: Duration = Duration::from_millis(800);

/// When something must be over.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    end: Instant,
    limit: Duration,
}

/// Time ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no answer within {}", self.in_words())]
pub struct TimedOut {
    /// What was allowed in all.
    pub limit: Duration,
}

impl TimedOut {
    /// What was allowed, as a person writes it: `30 s`, `0.5 s`.
    pub fn in_words(&self) -> String {
        let milliseconds = self.limit.as_millis();
        match milliseconds % 1000 {
            0 => format!("{} s", milliseconds / 1000),
            _ => format!("{} s", (milliseconds as f64) / 1000.0),
        }
    }
}

impl Deadline {
    /// A deadline `limit` from now, a day at most.
    pub fn after(limit: Duration) -> Self {
        Self {
            end: Instant::now() + limit.min(A_DAY),
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

    /// Whether nothing is left.
    pub fn is_over(&self) -> bool {
        self.left().is_zero()
    }

    /// This deadline, or an earlier one `share` from now.
    pub fn at_most(self, share: Duration) -> Self {
        match share < self.left() {
            true => Self::after(share),
            false => self,
        }
    }

    /// The same limit, from now: for the next of many that have one each.
    pub fn renewed(self) -> Self {
        Self::after(self.limit)
    }

    /// A share for finding out why something failed: half of what is left, so that the failure itself is still told in time, and
    /// two seconds at most.
    pub fn for_diagnosis(self) -> Self {
        self.at_most((self.left() / 2).min(LONGEST_DIAGNOSIS))
    }

    /// When what is asked beyond the answer must be over: at most two seconds from now, and less than a second after this
    /// deadline.
    pub fn afterwards(self) -> Self {
        Self::after((self.left() + GRACE).min(LONGEST_DIAGNOSIS))
    }

    /// Waits, unless the deadline would pass first; says whether it waited.
    pub async fn wait(&self, pause: Duration) -> bool {
        if pause >= self.left() {
            return false;
        }
        tokio::time::sleep(pause).await;
        true
    }

    /// Awaits `work`, which is dropped when time runs out.
    ///
    /// # Errors
    /// Time ran out.
    pub async fn bound<F: Future>(&self, work: F) -> Result<F::Output, TimedOut> {
        tokio::time::timeout(self.left(), work)
            .await
            .map_err(|_| self.timed_out())
    }

    /// Awaits `work`, which minds this deadline itself, a little longer: what it says of the time that ran out is more than
    /// can be said of it here.
    ///
    /// # Errors
    /// It does not mind the deadline.
    pub async fn backstop<F: Future>(&self, work: F) -> Result<F::Output, TimedOut> {
        tokio::time::timeout(self.left() + BACKSTOP, work)
            .await
            .map_err(|_| self.timed_out())
    }

    /// Runs `work` on a thread of its own, because nothing may block the one that serves the network. The thread is left behind
    /// when time runs out: a read of a pipe without a writer cannot be called off.
    ///
    /// # Errors
    /// Time ran out.
    pub async fn off_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, TimedOut> {
        match self.bound(tokio::task::spawn_blocking(work)).await? {
            Ok(done) => Ok(done),
            Err(lost) => match lost.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(self.timed_out()),
            },
        }
    }

    /// The error for time that ran out.
    pub fn timed_out(&self) -> TimedOut {
        TimedOut { limit: self.limit }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_without_needless_digits() {
        for (milliseconds, words) in [(30_000, "30 s"), (500, "0.5 s"), (7_999, "7.999 s")] {
            let limit = Duration::from_millis(milliseconds);
            assert_eq!(
                TimedOut { limit }.to_string(),
                format!("no answer within {words}")
            );
        }
    }

    #[test]
    fn any_limit_makes_a_deadline() {
        let deadline = Deadline::after(Duration::MAX);
        assert!(!deadline.is_over());
        assert!(deadline.at_most(Duration::ZERO).is_over());
    }
}
