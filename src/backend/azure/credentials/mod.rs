//! Who asks: the credentials of azure-identity 1.27.0 that can give a token on Linux without a window.
//!
//! The surprising rule: in `DefaultAzureCredential` only a credential that is *unavailable* lets the next one try. A
//! credential that is set up and fails, with a wrong client secret say, ends the chain.

mod application;
mod azure_cli;
mod azure_developer_cli;
mod azure_powershell;
mod certificate;
mod default;
mod entra;
mod environment;
mod error;
mod managed_identity;
mod program;
mod workload_identity;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::RequestBuilder;

use super::settings::{CredentialSettings, RETRIES};
use crate::deadline::Deadline;
use crate::env::{Env, EnvError};
use crate::http::{Client, HttpError, Reply};
use crate::python::json::{self, Value};
use crate::secret::SecretText;
use application::{Application, Proof};
pub(crate) use error::NoToken;

/// What a token is asked for.
pub(crate) struct TokenRequest<'a> {
    /// As in `https://vault.azure.net/.default`.
    pub scope: &'a str,
    /// The tenant that the vault names.
    pub tenant: Option<&'a str>,
    /// Claims that the vault wants besides, as JSON.
    pub claims: Option<&'a str>,
}

impl TokenRequest<'_> {
    /// The scope as the older interfaces want it: `https://vault.azure.net`.
    fn resource(&self) -> &str {
        self.scope.strip_suffix("/.default").unwrap_or(self.scope)
    }
}

/// What credentials need to know and to use.
pub(crate) struct Context<'a> {
    /// Whom to ask with.
    pub http: &'a Client,
    /// The environment, env files included.
    pub env: &'a Env,
    /// When the whole lookup must be over.
    pub deadline: Deadline,
}

impl Context<'_> {
    /// Sends a request, as often as it takes. `name` stands for it in what `-vv` tells.
    ///
    /// # Errors
    /// No answer. Every status is an answer.
    async fn ask(&self, name: &str, request: RequestBuilder) -> Result<Reply, HttpError> {
        self.http.ask(&RETRIES, self.deadline, name, request).await
    }
}

/// A token, and whose it is.
#[derive(Debug)]
pub(crate) struct AccessToken {
    /// The token itself.
    pub text: SecretText,
    /// The credential and the identity behind it, for a person.
    pub identity: String,
}

impl AccessToken {
    /// The token of `identity`, to which the token itself adds the object id that roles are given to.
    fn new(text: SecretText, identity: impl Into<String>) -> Self {
        let mut identity = identity.into();
        if let Some(object_id) = object_id(&text) {
            identity = format!("{identity}, object id `{object_id}`");
        }
        Self { text, identity }
    }

    /// The same token, with the class that got it.
    fn of_credential(self, class: &str) -> Self {
        Self {
            identity: format!("{class} ({})", self.identity),
            ..self
        }
    }
}

/// The JSON object of an answer.
fn object_in(reply: &Reply) -> Option<Value> {
    reply.members().map(Value::Dict)
}

/// The text at `path` in nested JSON objects.
pub(crate) fn text_at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a SecretText> {
    value.at(path).and_then(Value::as_text)
}

/// A variable that is set to something.
fn variable<'a>(env: &'a Env, name: &str) -> Result<Option<&'a str>, EnvError> {
    Ok(env.get(name)?.filter(|value| !value.is_empty()))
}

/// Whether a text can be a token at all, which is shown in a header.
fn is_usable(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The `oid` of a token that is a JWT.
fn object_id(token: &SecretText) -> Option<String> {
    let payload = token.expose().split('.').nth(1)?;
    let payload = String::from_utf8(URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    let Ok(Value::Dict(claims)) = json::loads(&payload) else {
        return None;
    };
    let object_id = claims.get("oid")?.as_text()?.expose();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    (object_id.len() <= 64 && object_id.chars().all(is_plain)).then(|| object_id.to_owned())
}

/// A token from the credential that the kwargs ask for.
///
/// # Errors
/// None to be had, and why.
pub(crate) async fn token(
    settings: &CredentialSettings,
    request: &TokenRequest<'_>,
    context: &Context<'_>,
) -> Result<AccessToken, NoToken> {
    match settings {
        CredentialSettings::ClientSecret {
            tenant,
            client_id,
            secret,
        } => {
            let class = "ClientSecretCredential";
            let login = async {
                let application = Application::new(context.env, tenant, client_id, None)?;
                application
                    .token(Proof::Secret(secret), request, context)
                    .await
            };
            let token = login.await;
            let token = token.map_err(|fault| NoToken::Credential { class, fault })?;
            Ok(token.of_credential(class))
        }
        CredentialSettings::Default(user_assigned) => {
            default::token(user_assigned.as_ref(), request, context).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwt(payload: &str) -> SecretText {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(payload)).into()
    }

    #[test]
    fn a_token_tells_its_object_id_and_nothing_else() {
        let token = AccessToken::new(jwt(r#"{"oid": "1-a", "secret": "x"}"#), "client id `c`");
        assert_eq!(token.identity, "client id `c`, object id `1-a`");
        for text in ["opaque", "a.b.c", "e30.e30.", "e30.Ww.x"] {
            assert_eq!(AccessToken::new(text.into(), "someone").identity, "someone");
        }
        let odd = jwt(r#"{"oid": "not an id\u001b"}"#);
        assert_eq!(AccessToken::new(odd, "someone").identity, "someone");
    }
}
