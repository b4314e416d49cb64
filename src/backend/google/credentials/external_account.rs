//! Workload identity federation: a token from elsewhere, read from a file or a URL, exchanged for one of Google's.
//!
//! Mirrors `google.auth.identity_pool` and `google.oauth2.sts`. The surprising rule: the token is taken as the file has it,
//! with a newline at its end if there is one.

use std::path::Path;

use super::authorized_user::OAuthClient;
use super::error::SubjectTokenProblem;
use super::impersonation::{self, TokenRequest};
use super::load::{FILE_LIMIT, parse};
use super::servers::{access_token, form};
use super::{
    Access, CredentialsProblem, GoogleError, Scopes, TokenServer, TokenServers, object, required,
    text,
};
use crate::python::json::{self, Dict, Value};
use crate::python::urllib::quote;
use crate::secret::SecretText;
use crate::text_file;

const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const AWS_REQUEST: &str = "urn:ietf:params:aws:token-type:aws4_request";

/// `external_account`
#[derive(Clone, Debug)]
pub struct ExternalAccount {
    audience: String,
    subject_token_type: String,
    token_url: String,
    subject_token: SubjectToken,
    client: Option<OAuthClient>,
    workforce_pool_user_project: Option<String>,
    impersonation_url: Option<String>,
}

/// Where the token from elsewhere is.
#[derive(Clone, Debug)]
struct SubjectToken {
    place: TokenPlace,
    /// The member of a JSON object that holds it; `None`: the whole text.
    field: Option<String>,
}

#[derive(Clone, Debug)]
enum TokenPlace {
    File(String),
    Url {
        url: String,
        headers: Vec<(String, SecretText)>,
    },
}

impl ExternalAccount {
    /// `identity_pool.Credentials.from_info`
    ///
    /// # Errors
    /// A part is missing, or the token comes from AWS, a command or a certificate.
    pub fn from_dict(info: &Dict) -> Result<Self, CredentialsProblem> {
        let optional = |name: &str| text(info, name).map(|text| text.expose().to_owned());
        let subject_token_type = required(info, "subject_token_type")?.expose().to_owned();
        if subject_token_type == AWS_REQUEST {
            return Err(CredentialsProblem::NotServed("an external account of AWS"));
        }
        let source = object(info, "credential_source")
            .ok_or(CredentialsProblem::Lacks("credential_source"))?;
        Ok(Self {
            audience: required(info, "audience")?.expose().to_owned(),
            subject_token_type,
            token_url: optional("token_url")
                .unwrap_or_else(|| "https://sts.googleapis.com/v1/token".to_owned()),
            subject_token: SubjectToken::from_dict(source)?,
            client: text(info, "client_id")
                .map(|_| OAuthClient::from_dict(info))
                .transpose()?,
            workforce_pool_user_project: optional("workforce_pool_user_project"),
            impersonation_url: optional("service_account_impersonation_url"),
        })
    }

    /// The service account that the external account acts as.
    pub fn service_account(&self) -> Option<String> {
        self.impersonation_url
            .as_deref()
            .and_then(impersonation::target_in)
    }

    /// An access token of the external account or of the service account that it acts as.
    ///
    /// # Errors
    /// The token from elsewhere cannot be read or is refused, or a server cannot be asked.
    pub async fn token(
        &self,
        access: &Access,
        origin: &str,
        servers: &TokenServers<'_>,
    ) -> Result<SecretText, GoogleError> {
        let Some(url) = &self.impersonation_url else {
            return self.own_token(&access.scopes, origin, servers).await;
        };
        let own_scopes = Access::to_iam().scopes;
        let request = TokenRequest {
            url,
            token: self.own_token(&own_scopes, origin, servers).await?,
            quota_project: None,
            delegates: None,
            scopes: &access.scopes,
        };
        let target = self
            .service_account()
            .unwrap_or_else(|| "its target".to_owned());
        let identity = async { format!("the external account in {origin}") };
        request.send(&target, identity, servers).await
    }

    async fn own_token(
        &self,
        scopes: &Scopes,
        origin: &str,
        servers: &TokenServers<'_>,
    ) -> Result<SecretText, GoogleError> {
        let subject_token = self.subject_token.read(origin, servers).await?;
        let scopes = scopes.list_or_default().join(" ");
        let options = self.options();
        let mut fields = vec![
            ("grant_type", TOKEN_EXCHANGE),
            ("audience", self.audience.as_str()),
            ("scope", scopes.as_str()),
            ("requested_token_type", ACCESS_TOKEN),
            ("subject_token", subject_token.expose()),
            ("subject_token_type", self.subject_token_type.as_str()),
        ];
        fields.extend(options.as_deref().map(|options| ("options", options)));
        let mut request = servers
            .http
            .post(&self.token_url)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(form(&fields));
        if let Some(client) = &self.client {
            request = request.header("Authorization", client.basic_authorization().expose());
        }
        let server = TokenServer::TokenExchange;
        let mut hidden = vec![subject_token.expose()];
        hidden.extend(self.client.as_ref().map(OAuthClient::secret));
        let answer = servers.ask_for_token(server, request, &hidden).await?;
        access_token(&answer, "access_token", server)
    }

    /// Who pays for a workforce pool's request, unless the client id says so already.
    fn options(&self) -> Option<String> {
        let project = self
            .workforce_pool_user_project
            .as_deref()
            .filter(|_| self.client.is_none())?;
        let user_project = ("userProject".to_owned(), Value::text(project));
        let options = json::dumps(&Value::Dict(Dict::from([user_project])));
        Some(quote(&options, "/"))
    }
}

impl SubjectToken {
    fn from_dict(source: &Dict) -> Result<Self, CredentialsProblem> {
        if source.contains_key("executable") {
            return Err(CredentialsProblem::NotServed(
                "an external account whose token a command prints",
            ));
        }
        if source.contains_key("certificate") {
            return Err(CredentialsProblem::NotServed(
                "an external account with a certificate",
            ));
        }
        if source.contains_key("environment_id") {
            return Err(CredentialsProblem::NotServed("an external account of AWS"));
        }
        let place = match (text(source, "file"), text(source, "url")) {
            (Some(path), None) => TokenPlace::File(path.expose().to_owned()),
            (None, Some(url)) => TokenPlace::Url {
                url: url.expose().to_owned(),
                headers: headers(source)?,
            },
            _ => return Err(CredentialsProblem::Odd("credential_source")),
        };
        Ok(Self {
            place,
            field: field(source)?,
        })
    }

    async fn read(
        &self,
        origin: &str,
        servers: &TokenServers<'_>,
    ) -> Result<SecretText, GoogleError> {
        let failed = |problem| GoogleError::SubjectToken {
            origin: origin.to_owned(),
            problem,
        };
        let content = match &self.place {
            TokenPlace::File(path) => {
                text_file::read(Path::new(path), FILE_LIMIT, servers.deadline)
                    .await
                    .map_err(|error| failed(error.into()))?
                    .into()
            }
            TokenPlace::Url { url, headers } => ask(url, headers, servers).await?,
        };
        let token = match &self.field {
            None => Some(content),
            Some(field) => match parse(content.expose()) {
                Ok(Value::Dict(members)) => text(&members, field).cloned(),
                _ => None,
            },
        };
        let token = token.filter(|token| !token.expose().is_empty());
        token.ok_or_else(|| failed(SubjectTokenProblem::Absent))
    }
}

/// The text at the URL of `credential_source`.
async fn ask(
    url: &str,
    headers: &[(String, SecretText)],
    servers: &TokenServers<'_>,
) -> Result<SecretText, GoogleError> {
    let mut request = servers.http.get(url);
    for (name, value) in headers {
        request = request.header(name, value.expose());
    }
    let hidden: Vec<&str> = headers.iter().map(|(_, value)| value.expose()).collect();
    let reply = servers
        .ask(TokenServer::SubjectToken, request, &hidden)
        .await?;
    Ok(reply.text())
}

/// `format`: text, or the member of a JSON object.
fn field(source: &Dict) -> Result<Option<String>, CredentialsProblem> {
    let Some(format) = object(source, "format") else {
        return Ok(None);
    };
    match text(format, "type").map(SecretText::expose) {
        None | Some("" | "text") => Ok(None),
        Some("json") => {
            let field = required(format, "subject_token_field_name")?;
            Ok(Some(field.expose().to_owned()))
        }
        Some(_) => Err(CredentialsProblem::Odd("format")),
    }
}

fn headers(source: &Dict) -> Result<Vec<(String, SecretText)>, CredentialsProblem> {
    let Some(headers) = object(source, "headers") else {
        return Ok(Vec::new());
    };
    let pairs = headers.iter().map(|(name, value)| {
        let value = value.as_text().ok_or(CredentialsProblem::Odd("headers"))?;
        Ok((name.clone(), value.clone()))
    });
    pairs.collect()
}
