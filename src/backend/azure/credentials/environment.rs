//! `EnvironmentCredential`: an application by its client secret or its certificate, from `AZURE_*` variables.
//!
//! Mirrors azure-identity 1.27.0. The surprising rule: a variable that is set to nothing counts as set, so an empty
//! `AZURE_CLIENT_SECRET` ends the chain where a missing one would let the next credential try.

use super::super::settings::UserAssigned;
use super::application::{Application, Proof};
use super::certificate::Certificate;
use super::{AccessToken, Context, CredentialError, TokenRequest};
use crate::secret::SecretText;

/// Logs in with what the environment names.
///
/// # Errors
/// The variables are not complete, which makes it unavailable; anything else is a failure.
pub async fn token(
    user_assigned: Option<&UserAssigned>,
    request: &TokenRequest<'_>,
    context: &Context<'_>,
) -> Result<AccessToken, CredentialError> {
    let variable = |name| context.env.get(name);
    let tenant = variable("AZURE_TENANT_ID")?;
    let client_id = variable("AZURE_CLIENT_ID")?;
    let other_tenant = user_assigned.map(|own| own.tenant.as_str());
    let application =
        |tenant, client_id| Application::new(context.env, tenant, client_id, other_tenant);
    if let (Some(tenant), Some(client_id)) = (tenant, client_id) {
        if let Some(secret) = variable("AZURE_CLIENT_SECRET")? {
            let secret = not_empty(secret, "AZURE_CLIENT_SECRET")?;
            let application = application(tenant, client_id)?;
            return application
                .token(Proof::Secret(&secret), request, context)
                .await;
        }
        if let Some(path) = variable("AZURE_CLIENT_CERTIFICATE_PATH")? {
            let application = application(tenant, client_id)?;
            let certificate =
                Certificate::from_environment(path, context.env, context.deadline).await?;
            return application
                .token(Proof::Certificate(&certificate), request, context)
                .await;
        }
    }
    let user = variable("AZURE_USERNAME")?
        .and(variable("AZURE_PASSWORD")?)
        .and(client_id);
    match user {
        Some(_) => Err(CredentialError::not_served(
            "`AZURE_USERNAME` and `AZURE_PASSWORD` are set, and secretctl does not log in with a user's password",
        )),
        None => Err(CredentialError::unavailable(
            "`AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and `AZURE_CLIENT_SECRET` are not all set",
        )),
    }
}

fn not_empty(secret: &str, variable: &str) -> Result<SecretText, CredentialError> {
    if secret.is_empty() {
        let because = format!("`{variable}` is set to nothing");
        return Err(CredentialError::misconfigured(because));
    }
    Ok(secret.into())
}
