//! Why a secret may be absent although somebody expects it: it has no version, or its name differs in a `_` or a `-`.
//!
//! Asked only after a lookup has failed, and only about secrets, never for another one's value. The surprising rule: the role
//! that may read a secret's value may not see whether the secret is there, so most accounts get no advice.

use super::naming;
use super::session::Session;
use super::settings::Settings;
use crate::backend::google::Exchange;

/// Advice about the secret that was asked for and about its look-alikes.
pub async fn near_misses(
    session: &Session,
    settings: &Settings,
    exchange: &Exchange<'_>,
    asked: &str,
    look_alikes: Vec<String>,
) -> Vec<String> {
    let is_possible = naming::why_impossible(asked).is_none();
    let is_there = if is_possible {
        session.has_secret(settings, exchange, asked).await
    } else {
        Some(false)
    };
    match is_there {
        None => return Vec::new(),
        Some(true) => {
            return vec![format!(
                "the secret `{asked}` is there but has no version; add one with `gcloud secrets versions add {asked} --data-file=-`"
            )];
        }
        Some(false) => {}
    }
    let mut hints = Vec::new();
    for name in look_alikes {
        match session.has_secret(settings, exchange, &name).await {
            Some(true) => hints.push(format!(
                "there is a secret `{name}`, and Airflow asks for `{asked}` to the letter"
            )),
            Some(false) => {}
            None => break,
        }
    }
    hints
}
