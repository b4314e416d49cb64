//! Google's metadata server: the service account and the project of the machine that this runs on.
//!
//! Mirrors `google.auth.compute_engine._metadata`, with one short question instead of three long ones to find out whether there
//! is a server. The surprising rule: google-auth asks 169.254.169.254 whether it is there even where `GCE_METADATA_HOST` names
//! another host, unless `GCE_METADATA_IP` is set too; secretctl asks the host that is named.

use std::time::Duration;

use reqwest::RequestBuilder;

use super::exchange::{access_token, no_token};
use super::{Exchange, GoogleError, Scopes, TokenProblem};
use crate::error::Result;
use crate::python::urllib::quote_plus;
use crate::secret::SecretText;
use crate::text_file;

/// How long the question whether there is a server may take: it is on this machine or nowhere.
const PROBE_LIMIT: Duration = Duration::from_secs(2);
/// A machine of Google's says so here even while its metadata server is busy.
const PRODUCT_NAME: &str = "/sys/class/dmi/id/product_name";
const BY: &str = "Google's metadata server";

/// The project of the machine.
///
/// # Errors
/// There is no metadata server, or it does not say.
pub async fn project_id(exchange: &Exchange<'_>) -> Result<String> {
    ask_for_text("project/project-id", exchange).await
}

/// The e-mail address of the machine's service account.
///
/// # Errors
/// There is no metadata server, or it does not say.
pub async fn email(exchange: &Exchange<'_>) -> Result<String> {
    ask_for_text("instance/service-accounts/default/email", exchange).await
}

/// An access token of the machine's service account.
///
/// # Errors
/// There is no metadata server, or it gives none.
pub async fn token(scopes: &Scopes, exchange: &Exchange<'_>) -> Result<SecretText> {
    let path = "instance/service-accounts/default/token";
    let scopes = quote_plus(&scopes.list_or_default().join(","));
    let request = request(&format!("{path}?scopes={scopes}"), exchange).await?;
    let answer = exchange.ask_for_token(BY, request, &[]).await?;
    access_token(&answer, "access_token", BY)
}

async fn ask_for_text(path: &str, exchange: &Exchange<'_>) -> Result<String> {
    let request = request(path, exchange).await?;
    let reply = exchange.ask(BY, request, &[]).await?;
    let text = reply.body().expose().trim();
    if text.is_empty() || !text.chars().all(|c| c.is_ascii_graphic()) {
        return Err(no_token(BY, TokenProblem::NotAToken));
    }
    Ok(text.to_owned())
}

/// A question to the metadata server, once it is known that there is one.
async fn request(path: &str, exchange: &Exchange<'_>) -> Result<RequestBuilder> {
    let named = named_host(exchange)?;
    let host = named.as_deref().unwrap_or("metadata.google.internal");
    let probed = match exchange.env.get("GCE_METADATA_IP")? {
        Some(address) => address,
        None => named.as_deref().unwrap_or("169.254.169.254"),
    };
    let on_google = exchange
        .on_google
        .get_or_init(|| is_on_google(probed, exchange));
    if !*on_google.await {
        let machine = format!("there is no metadata server at {probed}");
        return Err(GoogleError::NoCredentials { machine }.into());
    }
    Ok(question(
        &format!("http://{host}/computeMetadata/v1/{path}"),
        exchange,
    ))
}

/// `GCE_METADATA_HOST`, else `GCE_METADATA_ROOT`.
fn named_host(exchange: &Exchange<'_>) -> Result<Option<String>> {
    for name in ["GCE_METADATA_HOST", "GCE_METADATA_ROOT"] {
        if let Some(host) = exchange.env.get(name)?.filter(|host| !host.is_empty()) {
            return Ok(Some(host.to_owned()));
        }
    }
    Ok(None)
}

fn question(url: &str, exchange: &Exchange<'_>) -> RequestBuilder {
    exchange.http.get(url).header("Metadata-Flavor", "Google")
}

async fn is_on_google(host: &str, exchange: &Exchange<'_>) -> bool {
    let request = question(&format!("http://{host}/"), exchange);
    let answered = match exchange.send_once(request, PROBE_LIMIT).await {
        Ok(reply) => reply.status == 200 && reply.header("Metadata-Flavor") == Some("Google"),
        Err(_) => false,
    };
    answered
        || text_file::read(PRODUCT_NAME.as_ref(), 4096)
            .is_ok_and(|name| name.trim().starts_with("Google"))
}
