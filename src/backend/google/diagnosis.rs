//! Why a secret may be absent although somebody expects it: it has no version, or its name differs in a `_` or a `-`.
//!
//! Asked only after a lookup has failed, and only about secrets, never for another one's value. The surprising rule: the role
//! that may read a secret's value may not see whether the secret is there, so most accounts get no advice.

use super::naming;
use super::session::SecretManagerSession;
use crate::deadline::Deadline;

/// Advice about the secret that was asked for and about its look-alikes. The first question without an answer is the last.
pub(super) async fn near_misses(
    session: &SecretManagerSession,
    asked: &str,
    look_alikes: Vec<String>,
    deadline: Deadline,
) -> Vec<String> {
    if session.is_invalid(asked).await {
        return Vec::new();
    }
    if naming::why_impossible(asked).is_none() {
        match session.has_secret(asked, deadline).await {
            None => return Vec::new(),
            Some(true) => return vec![without_version(asked, session.project())],
            Some(false) => {}
        }
    }
    let mut hints = Vec::new();
    for name in look_alikes {
        match session.has_secret(&name, deadline).await {
            Some(true) => hints.push(format!(
                "there is a secret `{name}`, and Airflow asks for `{asked}` to the letter"
            )),
            Some(false) => {}
            None => break,
        }
    }
    hints
}

fn without_version(asked: &str, project: &str) -> String {
    format!(
        "the secret `{asked}` is there but has no version; add one with `gcloud secrets versions add {asked} --project {project} --data-file=-`"
    )
}
