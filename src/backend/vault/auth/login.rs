//! Logging in, as `_VaultClient._client` and hvac's auth methods do.
//!
//! The surprising rule: the first token is that of `VAULT_TOKEN` or `~/.vault-token`, and a login shows it.

use std::path::Path;
use std::sync::Arc;

use super::{Auth, AuthMethod, aws_iam};
use crate::backend::Surroundings;
use crate::backend::vault::error::VaultError;
use crate::backend::vault::header;
use crate::backend::vault::reply::text;
use crate::backend::vault::session::{Token, VaultSession};
use crate::backend::vault::settings::VaultSettings;
use crate::deadline::Deadline;
use crate::http::Client;
use crate::python::json::{Dict, Value};
use crate::python::text::strip;
use crate::python::urllib::quote;
use crate::secret::SecretText;
use crate::text_file;

/// Opens a session and gets its token, as `_VaultClient._client` does.
///
/// # Errors
/// No token to be had, or no answer.
pub async fn log_in(
    settings: &Arc<VaultSettings>,
    surroundings: &Surroundings,
    deadline: Deadline,
) -> Result<VaultSession, VaultError> {
    let Surroundings { env, console, .. } = surroundings;
    let http = Client::open(env, &settings.http, console, deadline).await?;
    let auth = &settings.auth;
    let initial = auth.initial.read(deadline).await?;
    let mut session = VaultSession::new(http, Arc::clone(settings), initial);
    let session = match &auth.method {
        AuthMethod::Token {
            path: Some(path), ..
        } => {
            let token = Token {
                text: read_stripped(path.as_ref(), "`token_path`", deadline).await?,
                origin: format!("the file `{path}`, named by \"token_path\""),
                is_of_own_login: false,
            };
            session.with_token(Some(token))
        }
        AuthMethod::Token { token, path: None } => session.with_token(token.clone()),
        AuthMethod::Azure | AuthMethod::Radius => session,
        method => {
            let (path, body) = login_request(method, auth, surroundings, deadline).await?;
            session.hide(secrets_in(&body));
            let token = Token {
                text: token_from_login(&session, &path, &body, deadline).await?,
                origin: format!("the {} login", method.name()),
                is_of_own_login: true,
            };
            session.with_token(Some(token))
        }
    };
    match session.token() {
        Some(_) => Ok(session),
        None => Err(VaultError::NoToken {
            because: format!("{} gives none", auth.token_origin()),
        }),
    }
}

/// The path below `/v1/` and the body of a login.
async fn login_request(
    method: &AuthMethod,
    auth: &Auth,
    surroundings: &Surroundings,
    deadline: Deadline,
) -> Result<(String, Value), VaultError> {
    let role_and_jwt =
        |role: &str, jwt: SecretText| body([("role", Some(role.into())), ("jwt", Some(jwt))]);
    let at_login = |body| Ok((auth.login_path(), body));
    match method {
        AuthMethod::AppRole { role_id, secret_id } => at_login(body([
            ("role_id", Some(role_id.clone())),
            ("secret_id", secret_id.clone()),
        ])),
        AuthMethod::GitHub { token } => at_login(body([("token", token.clone())])),
        AuthMethod::Jwt { role, token, path } => {
            at_login(role_and_jwt(role, jwt(token, path, deadline).await?))
        }
        AuthMethod::Kubernetes { role, path } => at_login(role_and_jwt(
            role,
            read_stripped(path.as_ref(), "`kubernetes_jwt_path`", deadline).await?,
        )),
        AuthMethod::Ldap { username, password } => {
            let path = format!("{}/{}", auth.login_path(), quote(username, "/"));
            Ok((path, body([("password", password.clone())])))
        }
        // hvac quotes neither mount nor user here, so a `?` in either begins a query.
        AuthMethod::UserPass { username, password } => Ok((
            format!("auth/{}/login/{username}", auth.mount()),
            body([("password", password.clone())]),
        )),
        // The two chains of credentials are deep, and only these logins have to carry them.
        AuthMethod::AwsIam(aws_iam) => {
            at_login(Box::pin(aws_iam.login_body(surroundings, deadline)).await?)
        }
        AuthMethod::Gcp(gcp) => {
            let jwt = Box::pin(gcp.signed_jwt(surroundings, deadline)).await?;
            at_login(role_and_jwt(gcp.role(), jwt))
        }
        AuthMethod::Token { .. } | AuthMethod::Azure | AuthMethod::Radius => at_login(Value::None),
    }
}

async fn jwt(
    token: &Option<SecretText>,
    path: &Option<String>,
    deadline: Deadline,
) -> Result<SecretText, VaultError> {
    match (token, path) {
        (Some(token), _) => Ok(strip(token.expose()).into()),
        (None, path) => {
            let path = path.as_deref().unwrap_or_default();
            read_stripped(path.as_ref(), "`jwt_token_path`", deadline).await
        }
    }
}

/// A JSON object of texts, `null` for what is not given.
fn body<const N: usize>(members: [(&str, Option<SecretText>); N]) -> Value {
    let value = |text: Option<SecretText>| text.map_or(Value::None, Value::Text);
    Value::Dict(
        members
            .into_iter()
            .map(|(name, text)| (name.to_owned(), value(text)))
            .collect::<Dict>(),
    )
}

/// The members of a login's body that are secret; a role or a user is not, and a refusal may well name it.
const SECRET_MEMBERS: &[&str] = &[
    "iam_request_headers",
    "jwt",
    "password",
    "role_id",
    "secret_id",
    "token",
];

/// Every secret that a login sends.
fn secrets_in(body: &Value) -> Vec<SecretText> {
    let secret = |name: &&str| body.at(&[name])?.as_text().cloned();
    let mut secrets: Vec<SecretText> = SECRET_MEMBERS.iter().filter_map(secret).collect();
    if let Some(headers) = body.at(&["iam_request_headers"]).and_then(text) {
        secrets.extend(aws_iam::secrets_in(headers));
    }
    secrets
}

/// Sends a login and takes `auth.client_token` out of the answer.
async fn token_from_login(
    session: &VaultSession,
    path: &str,
    body: &Value,
    deadline: Deadline,
) -> Result<SecretText, VaultError> {
    let token = session.log_in(path, body, deadline).await?;
    match !token.expose().is_empty() && header::value(token.expose()).is_none() {
        true => Err(VaultError::UnusableToken),
        false => Ok(token),
    }
}

/// The largest token that is read from a file, in bytes.
const LARGEST_TOKEN: u64 = 1024 * 1024;

/// A small text file, without the white space around it.
pub(super) async fn read_stripped(
    path: &Path,
    origin: &'static str,
    deadline: Deadline,
) -> Result<SecretText, VaultError> {
    let text = text_file::read(path, LARGEST_TOKEN, deadline).await;
    let text =
        SecretText::from(text.map_err(|error| VaultError::CredentialFile { origin, error })?);
    Ok(strip(text.expose()).into())
}
