//! `EnvironmentCredential`: an application by its client secret or its certificate, from `AZURE_*` variables.
//!
//! Mirrors azure-identity 1.27.0. The surprising rule: a variable that is set to nothing counts as set, so an empty
//! `AZURE_CLIENT_SECRET` ends the chain where a missing one would let the next credential try.

use super::super::settings::UserAssigned;
use super::application::{Application, Proof};
use super::certificate::Certificate;
use super::error::{CredentialError, CredentialFault, Unavailable};
use super::{AccessToken, Context, TokenRequest};
use crate::secret::SecretText;

/// Logs in with what the environment names.
///
/// # Errors
/// The variables are not complete, which makes it unavailable; anything else is a failure.
pub(crate) async fn token(
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
            let login = application.token(Proof::Secret(&secret), request, context);
            return Ok(login.await?);
        }
        if let Some(path) = variable("AZURE_CLIENT_CERTIFICATE_PATH")? {
            let application = application(tenant, client_id)?;
            let certificate =
                Certificate::from_environment(path, context.env, context.deadline).await?;
            let login = application.token(Proof::Certificate(&certificate), request, context);
            return Ok(login.await?);
        }
    }
    let user = variable("AZURE_USERNAME")?
        .and(variable("AZURE_PASSWORD")?)
        .and(client_id);
    match user {
        Some(_) => Err(CredentialFault::UserPassword.into()),
        None => Err(Unavailable::NoApplication.into()),
    }
}

fn not_empty(secret: &str, variable: &'static str) -> Result<SecretText, CredentialFault> {
    match secret {
        "" => Err(CredentialFault::Empty(variable)),
        secret => Ok(secret.into()),
    }
}
