//! Google's metadata server: the service account and the project of the machine that this runs on.
//!
//! Mirrors `google.auth.compute_engine._metadata`, with one short question instead of three long ones to find out whether there
//! is a server. The surprising rule: google-auth asks 169.254.169.254 whether it is there even where `GCE_METADATA_HOST` names
//! another host, unless `GCE_METADATA_IP` is set too; secretctl asks the host that is named.

use std::time::Duration;

use reqwest::RequestBuilder;

use super::servers::{access_token, no_token};
use super::{GoogleError, Scopes, TokenProblem, TokenServer, TokenServers};
use crate::env::EnvError;
use crate::http::RetryRule;
use crate::python::urllib::quote_plus;
use crate::secret::SecretText;
use crate::text_file;

/// How long the question whether there is a server may take: it is on this machine or nowhere.
const PROBE_LIMIT: Duration = Duration::from_secs(2);
/// A machine of Google's says so here even while its metadata server is busy.
const PRODUCT_NAME: &str = "/sys/class/dmi/id/product_name";

/// The project of the machine.
///
/// # Errors
/// There is no metadata server, or it does not say.
pub async fn project_id(servers: &TokenServers<'_>) -> Result<String, GoogleError> {
    ask_for_text("project/project-id", servers).await
}

/// The e-mail address of the machine's service account.
///
/// # Errors
/// There is no metadata server, or it does not say.
pub async fn email(servers: &TokenServers<'_>) -> Result<String, GoogleError> {
    ask_for_text("instance/service-accounts/default/email", servers).await
}

/// An access token of the machine's service account.
///
/// # Errors
/// There is no metadata server, or it gives none.
pub async fn token(scopes: &Scopes, servers: &TokenServers<'_>) -> Result<SecretText, GoogleError> {
    let path = "instance/service-accounts/default/token";
    let scopes = quote_plus(&scopes.list_or_default().join(","));
    let request = request(&format!("{path}?scopes={scopes}"), servers).await?;
    // Its refusals are plain text, so that not every status but success is somebody else's.
    let reply = servers.ask(TokenServer::Metadata, request, &[]).await?;
    let answer = reply.members().unwrap_or_default();
    access_token(&answer, "access_token", TokenServer::Metadata)
}

async fn ask_for_text(path: &str, servers: &TokenServers<'_>) -> Result<String, GoogleError> {
    let request = request(path, servers).await?;
    let reply = servers.ask(TokenServer::Metadata, request, &[]).await?;
    let text = reply.text();
    let text = text.expose().trim();
    if text.is_empty() || !text.chars().all(|c| c.is_ascii_graphic()) {
        let foreign = TokenProblem::Foreign(reply.status.as_u16());
        return Err(no_token(TokenServer::Metadata, foreign));
    }
    Ok(text.to_owned())
}

/// A question to the metadata server, once it is known that there is one.
async fn request(path: &str, servers: &TokenServers<'_>) -> Result<RequestBuilder, GoogleError> {
    let named = named_host(servers)?;
    let host = named.as_deref().unwrap_or("metadata.google.internal");
    let probed = match servers.env.get("GCE_METADATA_IP")? {
        Some(address) => address,
        None => named.as_deref().unwrap_or("169.254.169.254"),
    };
    let on_google = servers
        .on_google
        .get_or_init(|| is_on_google(probed, servers));
    if !*on_google.await {
        return Err(GoogleError::NoCredentials {
            metadata_server: Some(probed.to_owned()),
        });
    }
    Ok(question(
        &format!("http://{host}/computeMetadata/v1/{path}"),
        servers,
    ))
}

/// `GCE_METADATA_HOST`, else `GCE_METADATA_ROOT`.
fn named_host(servers: &TokenServers<'_>) -> Result<Option<String>, EnvError> {
    for name in ["GCE_METADATA_HOST", "GCE_METADATA_ROOT"] {
        if let Some(host) = servers.env.get(name)?.filter(|host| !host.is_empty()) {
            return Ok(Some(host.to_owned()));
        }
    }
    Ok(None)
}

fn question(url: &str, servers: &TokenServers<'_>) -> RequestBuilder {
    servers.http.get(url).header("Metadata-Flavor", "Google")
}

async fn is_on_google(host: &str, servers: &TokenServers<'_>) -> bool {
    let request = question(&format!("http://{host}/"), servers);
    let (limit, name) = (
        servers.deadline.at_most(PROBE_LIMIT),
        format!("GET http://{host}/"),
    );
    let reply = servers.http.ask(&RetryRule::NEVER, limit, &name, request);
    if let Ok(reply) = reply.await
        && reply.status == 200
        && reply.header("Metadata-Flavor") == Some("Google")
    {
        return true;
    }
    let product = text_file::read(PRODUCT_NAME.as_ref(), 4096, servers.deadline);
    product
        .await
        .is_ok_and(|name| name.trim().starts_with("Google"))
}
