//! `ManagedIdentityCredential`: the identity of the machine itself, asked of the platform it runs on.
//!
//! Mirrors azure-identity 1.27.0 over msal 1.39.0. The surprising rule: off Azure the metadata address would keep a request
//! hanging, so a probe is sent first, without the header that a real answer takes; any answer to it will do.

use std::time::Duration;

use super::super::settings::UserAssigned;
use super::error::{CredentialError, CredentialFault, Unavailable};
use super::{AccessToken, Context, TokenRequest};
use super::{is_usable, object_in, text_at, variable, workload_identity};
use crate::env::{Env, EnvError};
use crate::http::{self, Reply, RetryRule};
use crate::python::json::Value;
use crate::python::urllib::quote;
use crate::secret::SecretText;

/// Azure's metadata address.
const IMDS: &str = "http://169.254.169.254";
/// How long the probe may take.
const PROBE_LIMIT: Duration = Duration::from_secs(1);
/// Five repetitions with `ImdsCredential`'s pauses, for every status that it names.
const IMDS_RETRIES: RetryRule = RetryRule {
    retries: 5,
    reconnects: 5,
    repeats_posts: false,
    backoff: Duration::from_millis(800),
    statuses: &[404, 408, 410, 429, 500, 501, 502, 503, 504, 505],
};
/// A platform that gives its machines an identity.
pub(crate) struct ManagedIdentity {
    platform: Platform,
    /// A user-assigned identity; none is the system-assigned one.
    client_id: Option<String>,
    user_assigned: Option<UserAssigned>,
}

#[derive(Debug, PartialEq, Eq)]
enum Platform {
    /// App Service, Functions, Container Apps.
    AppService {
        endpoint: String,
        header: SecretText,
    },
    /// Kubernetes, once more.
    WorkloadIdentity,
    /// A virtual machine, or anything that is not known to be something else.
    Imds { authority: String, probe: bool },
    /// One that secretctl cannot ask.
    NotServed(&'static str),
    /// `IDENTITY_ENDPOINT` alone.
    None,
}

impl ManagedIdentity {
    /// The identity that the environment points to. `after_workload_identity` says whether that credential is in the chain.
    ///
    /// # Errors
    /// A variable that is not UTF-8.
    pub(crate) fn of(
        env: &Env,
        user_assigned: Option<&UserAssigned>,
        probe: bool,
        after_workload_identity: bool,
    ) -> Result<Self, EnvError> {
        let client_id = match user_assigned {
            Some(own) => Some(own.client_id.as_str()),
            None => variable(env, "AZURE_CLIENT_ID")?,
        };
        Ok(Self {
            platform: platform(env, probe, after_workload_identity)?,
            client_id: client_id.map(str::to_owned),
            user_assigned: user_assigned.cloned(),
        })
    }

    /// Asks the platform for a token.
    ///
    /// # Errors
    /// No such platform or no identity on it, which makes it unavailable; an answer of another kind is a failure.
    pub(crate) async fn token(
        &self,
        request: &TokenRequest<'_>,
        context: &Context<'_>,
    ) -> Result<AccessToken, CredentialError> {
        match &self.platform {
            Platform::AppService { endpoint, header } => {
                self.ask_app_service(endpoint, header, request, context)
                    .await
            }
            Platform::WorkloadIdentity if self.client_id.is_none() => {
                Err(CredentialFault::WorkloadWithoutClientId.into())
            }
            Platform::WorkloadIdentity => {
                workload_identity::token(self.user_assigned.as_ref(), request, context).await
            }
            Platform::Imds { authority, probe } => {
                let url = format!("{authority}/metadata/identity/oauth2/token");
                let url = self.url(&url, "2018-02-01", request);
                if *probe {
                    probe_imds(&url, context).await?;
                }
                self.ask_imds(&url, context).await
            }
            Platform::NotServed(name) => Err(CredentialFault::Platform(name).into()),
            Platform::None => Err(Unavailable::IdentityEndpointAlone.into()),
        }
    }

    fn url(&self, endpoint: &str, api_version: &str, request: &TokenRequest<'_>) -> String {
        let separator = if endpoint.contains('?') { '&' } else { '?' };
        let resource = quote(request.resource(), ":/");
        let client_id = self.client_id.as_ref();
        let client_id =
            client_id.map_or_else(String::new, |id| format!("&client_id={}", quote(id, "")));
        format!("{endpoint}{separator}api-version={api_version}&resource={resource}{client_id}")
    }

    fn identity(&self) -> String {
        match &self.client_id {
            Some(client_id) => format!("managed identity of client id `{client_id}`"),
            None => "system-assigned managed identity".to_owned(),
        }
    }

    async fn ask_app_service(
        &self,
        endpoint: &str,
        header: &SecretText,
        request: &TokenRequest<'_>,
        context: &Context<'_>,
    ) -> Result<AccessToken, CredentialError> {
        let url = self.url(endpoint, "2019-08-01", request);
        let get = context.http.get(&url);
        let get = get
            .header("X-IDENTITY-HEADER", header.expose())
            .header("Metadata", "true");
        let reply = context.ask("GET `IDENTITY_ENDPOINT`", get).await?;
        let Some(body) = object_in(&reply) else {
            return Err(CredentialFault::ForeignIdentityEndpoint.into());
        };
        match token_with(&body, "expires_on") {
            Some(token) => Ok(AccessToken::new(token, self.identity())),
            None => Err(refused(&reply, &body, "message", &[header.expose()]).into()),
        }
    }

    async fn ask_imds(
        &self,
        url: &str,
        context: &Context<'_>,
    ) -> Result<AccessToken, CredentialError> {
        let get = context.http.get(url).header("Metadata", "true");
        let name = "GET the metadata address";
        let asked = context.http.ask(&IMDS_RETRIES, context.deadline, name, get);
        let reply = asked.await.map_err(Unavailable::NoMetadata)?;
        let Some(body) = object_in(&reply) else {
            return Err(not_imds(&reply));
        };
        match token_with(&body, "expires_in") {
            Some(token) => Ok(AccessToken::new(token, self.identity())),
            None => Err(refused(&reply, &body, "error_description", &[]).into()),
        }
    }
}

/// Which platform the environment speaks of, in azure-identity's order.
fn platform(env: &Env, probe: bool, after_workload_identity: bool) -> Result<Platform, EnvError> {
    let given = |name| variable(env, name);
    if let Some(endpoint) = given("IDENTITY_ENDPOINT")? {
        let header = given("IDENTITY_HEADER")?;
        return Ok(
            match (
                header,
                given("IDENTITY_SERVER_THUMBPRINT")?,
                given("IMDS_ENDPOINT")?,
            ) {
                (Some(_), Some(_), _) => Platform::NotServed("Service Fabric"),
                (Some(header), None, _) => Platform::AppService {
                    endpoint: endpoint.to_owned(),
                    header: header.into(),
                },
                (None, _, Some(_)) => Platform::NotServed("Azure Arc"),
                (None, _, None) => Platform::None,
            },
        );
    }
    if given("MSI_ENDPOINT")?.is_some() {
        let is_machine_learning = given("MSI_SECRET")?.is_some();
        let name = if is_machine_learning {
            "Azure Machine Learning"
        } else {
            "Cloud Shell"
        };
        return Ok(Platform::NotServed(name));
    }
    let mut kubernetes = after_workload_identity;
    for name in [
        "AZURE_AUTHORITY_HOST",
        "AZURE_TENANT_ID",
        "AZURE_FEDERATED_TOKEN_FILE",
    ] {
        kubernetes &= given(name)?.is_some();
    }
    if kubernetes {
        return Ok(Platform::WorkloadIdentity);
    }
    let pod_identity = env.get("AZURE_POD_IDENTITY_AUTHORITY_HOST")?;
    let authority = pod_identity.unwrap_or(IMDS).trim_matches('/').to_owned();
    Ok(Platform::Imds {
        authority,
        probe: probe && pod_identity.is_none(),
    })
}

/// Finds out whether anything answers at the metadata address. Docker Desktop answers in its place, with 403.
async fn probe_imds(url: &str, context: &Context<'_>) -> Result<(), Unavailable> {
    let name = "GET the metadata address, as a probe";
    let (deadline, get) = (context.deadline.at_most(PROBE_LIMIT), context.http.get(url));
    let asked = context.http.ask(&RetryRule::NEVER, deadline, name, get);
    let reply = asked.await.map_err(Unavailable::NoMetadata)?;
    let says_unreachable = reply.text().expose().contains("unreachable");
    match reply.status.as_u16() == 403 && says_unreachable {
        true => Err(Unavailable::MetadataUnreachable),
        false => Ok(()),
    }
}

/// An answer that claims to be JSON ends the chain, any other does not.
fn not_imds(reply: &Reply) -> CredentialError {
    let content_type = reply.header("Content-Type");
    match content_type.is_some_and(|content_type| content_type.starts_with("text/")) {
        true => Unavailable::ForeignMetadata.into(),
        false => CredentialFault::ForeignMetadata.into(),
    }
}

/// The token in an answer that also says how long it is good for.
fn token_with(body: &Value, expiry: &str) -> Option<SecretText> {
    let Value::Dict(members) = body else {
        return None;
    };
    members.get(expiry).filter(|expiry| expiry.is_truthy())?;
    let token = text_at(body, &["access_token"])?;
    is_usable(token.expose()).then(|| token.clone())
}

/// No identity, says the platform.
fn refused(reply: &Reply, body: &Value, words: &str, hidden: &[&str]) -> Unavailable {
    let said = text_at(body, &[words]).map(|words| http::servers_words(words.expose(), hidden));
    Unavailable::NoIdentity {
        status: reply.status.as_u16(),
        said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platform_of(variables: &[(&str, &str)]) -> Platform {
        platform(&Env::from_pairs(variables.iter().copied()), true, true).unwrap()
    }

    #[test]
    fn the_environment_tells_the_platform() {
        let imds = |authority: &str, probe| Platform::Imds {
            authority: authority.into(),
            probe,
        };
        let (endpoint, header) = (("IDENTITY_ENDPOINT", "http://e"), ("IDENTITY_HEADER", "h"));
        let app_service = Platform::AppService {
            endpoint: "http://e".into(),
            header: "h".into(),
        };
        assert_eq!(platform_of(&[]), imds("http://169.254.169.254", true));
        assert_eq!(
            platform_of(&[("IDENTITY_ENDPOINT", "")]),
            imds("http://169.254.169.254", true)
        );
        assert_eq!(platform_of(&[endpoint, header]), app_service);
        assert_eq!(platform_of(&[endpoint]), Platform::None);
        assert_eq!(
            platform_of(&[endpoint, ("IMDS_ENDPOINT", "x")]),
            Platform::NotServed("Azure Arc")
        );
        let thumbprint = ("IDENTITY_SERVER_THUMBPRINT", "x");
        let service_fabric = Platform::NotServed("Service Fabric");
        assert_eq!(platform_of(&[endpoint, header, thumbprint]), service_fabric);
        assert_eq!(
            platform_of(&[("MSI_ENDPOINT", "x")]),
            Platform::NotServed("Cloud Shell")
        );
        let pod_identity = ("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:1/");
        assert_eq!(
            platform_of(&[pod_identity]),
            imds("http://127.0.0.1:1", false)
        );
    }

    #[test]
    fn kubernetes_is_asked_again_only_if_it_is_in_the_chain() {
        let env = Env::from_pairs([
            ("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.com"),
            ("AZURE_TENANT_ID", "t"),
            ("AZURE_FEDERATED_TOKEN_FILE", "f"),
        ]);
        assert_eq!(
            platform(&env, true, true).unwrap(),
            Platform::WorkloadIdentity
        );
        assert!(matches!(
            platform(&env, true, false).unwrap(),
            Platform::Imds { .. }
        ));
    }

    #[test]
    fn an_address_is_built_as_the_sdk_builds_it() {
        let identity = ManagedIdentity {
            platform: Platform::None,
            client_id: Some("a b".into()),
            user_assigned: None,
        };
        let request = TokenRequest {
            scope: "https://vault.azure.net/.default",
            tenant: None,
            claims: None,
        };
        assert_eq!(
            identity.url("http://e/msi?x=1", "1", &request),
            "http://e/msi?x=1&api-version=1&resource=https://vault.azure.net&client_id=a%20b"
        );
    }
}
