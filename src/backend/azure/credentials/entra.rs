//! What Microsoft Entra ID answers to a login: a token, or why not, in its own codes.
//!
//! The surprising rule: the kind of a refusal is in a code such as `AADSTS7000215` inside the words; `error` is `invalid_client`
//! for nearly all of them. Microsoft may change the codes, so nothing but the advice rests on them.

use super::error::CredentialFault;
use super::{is_usable, object_in, text_at};
use crate::http::{self, Reply};
use crate::secret::SecretText;

/// What to do about the refusals that people meet most.
const ADVICE: [(&[&str], &str); 7] = [
    (
        &["AADSTS7000215"],
        "the client secret is wrong: copy the secret's Value, not its ID",
    ),
    (
        &["AADSTS7000222"],
        "the client secret has expired: make a new one for this application",
    ),
    (
        &["AADSTS700016"],
        "there is no such application in this tenant: check the client id and the tenant id",
    ),
    (
        &["AADSTS90002"],
        "there is no such tenant: check the tenant id",
    ),
    (
        &["AADSTS900023"],
        "the tenant id is neither a GUID nor a domain: check the tenant id",
    ),
    (
        &["AADSTS700027"],
        "the application does not know this certificate: upload it to the application",
    ),
    (
        &[
            "AADSTS70021",
            "AADSTS700211",
            "AADSTS700213",
            "AADSTS7002138",
        ],
        "no federated credential of the application matches the token: check its issuer and subject, letter by letter",
    ),
];

fn advice(words: &str) -> Option<&'static str> {
    let has = |code: &&str| {
        words
            .split(|c: char| !c.is_ascii_alphanumeric())
            .any(|word| word == *code)
    };
    let known = ADVICE.iter().find(|(codes, _)| codes.iter().any(has));
    known.map(|(_, advice)| *advice)
}

/// The token in Entra's answer; `hidden` never shows.
///
/// # Errors
/// Entra refuses, or it is not Entra that answers.
pub(super) fn token_in(reply: &Reply, hidden: &[&str]) -> Result<SecretText, CredentialFault> {
    let (status, body) = (reply.status.as_u16(), object_in(reply));
    let at = |name| body.as_ref().and_then(|body| text_at(body, &[name]));
    if let Some(token) = at("access_token").filter(|token| is_usable(token.expose())) {
        return Ok(token.clone());
    }
    let words = at("error_description").or_else(|| at("error"));
    let Some(words) = words.map(SecretText::expose) else {
        return Err(CredentialFault::ForeignLogin(status));
    };
    Err(CredentialFault::Refused {
        status,
        said: http::servers_words(words, hidden),
        advice: advice(words),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_have_advice() {
        let words = "AADSTS7000215: Invalid client secret provided. Ensure";
        assert!(advice(words).unwrap().contains("Value"));
        assert_eq!(advice("AADSTS70002150: x"), None);
        assert_eq!(advice("invalid_client"), None);
    }
}
