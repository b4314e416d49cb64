//! Which redirects are followed: those to the same host and port, as a redirect to another would carry the token along.

use reqwest::redirect::{Action, Attempt, Policy};

/// How many redirects `requests` follows.
const MAX_REDIRECTS: usize = 30;

/// A redirect that is not followed.
#[derive(Debug, thiserror::Error)]
pub enum RedirectRefused {
    /// It would have carried the token along.
    #[error("it redirects to {0}")]
    ToAnotherHost(String),
    /// It leads to where it comes from, at once or after many others.
    #[error("it redirects in a circle")]
    InACircle,
}

/// Follows redirects on the same host, or none at all.
pub fn policy(follow: bool) -> Policy {
    match follow {
        true => Policy::custom(same_host_only),
        false => Policy::none(),
    }
}

/// Follows a redirect to another address of the same host and port, never from https to http.
fn same_host_only(attempt: Attempt<'_>) -> Action {
    let next = attempt.url();
    let stays = attempt.previous().first().is_none_or(|first| {
        let downgrade = first.scheme() == "https" && next.scheme() != "https";
        !downgrade
            && first.host() == next.host()
            && first.port_or_known_default() == next.port_or_known_default()
    });
    if !stays {
        let target = super::server_name(next);
        return attempt.error(RedirectRefused::ToAnotherHost(target));
    }
    // An empty Location too comes out as the address that was asked, and `requests` does not follow it.
    let leads_nowhere = attempt.previous().last() == Some(next);
    if leads_nowhere || attempt.previous().len() > MAX_REDIRECTS {
        return attempt.error(RedirectRefused::InACircle);
    }
    attempt.follow()
}
