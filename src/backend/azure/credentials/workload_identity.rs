//! `WorkloadIdentityCredential`: a Kubernetes service account that Entra trusts.
//!
//! Mirrors azure-identity 1.27.0. The surprising rule: the token file is sent as it is, its last newline included.

use std::path::Path;

use super::super::settings::UserAssigned;
use super::application::{Application, Proof, checked_tenant};
use super::error::{CredentialError, CredentialFault, Unavailable};
use super::{AccessToken, Context, TokenRequest, variable};
use crate::env::{Env, EnvError};
use crate::secret::SecretText;
use crate::text_file;

/// The largest token file that is read, in bytes.
const LARGEST_TOKEN: u64 = 1024 * 1024;

/// Logs in with the token of `AZURE_FEDERATED_TOKEN_FILE`.
///
/// # Errors
/// Something is missing, which makes it unavailable; anything else is a failure.
pub(crate) async fn token(
    user_assigned: Option<&UserAssigned>,
    request: &TokenRequest<'_>,
    context: &Context<'_>,
) -> Result<AccessToken, CredentialError> {
    let env = context.env;
    let tenant = own_or_variable(user_assigned.map(|own| &own.tenant), env, "AZURE_TENANT_ID")?;
    let client_id = own_or_variable(
        user_assigned.map(|own| &own.client_id),
        env,
        "AZURE_CLIENT_ID",
    )?;
    let file = own_or_variable(None, env, "AZURE_FEDERATED_TOKEN_FILE")?;
    let (Some(tenant), Some(client_id), Some(file)) = (tenant, client_id, file) else {
        return Err(missing(tenant, client_id, file).into());
    };
    let tenant = checked_tenant(tenant).map_err(Unavailable::Tenant)?;
    let other_tenant = user_assigned.map(|own| own.tenant.as_str());
    let application = Application::new(env, tenant, client_id, other_tenant)?;
    let text = text_file::read(Path::new(file), LARGEST_TOKEN, context.deadline).await;
    let token = SecretText::from(text.map_err(CredentialFault::FederatedToken)?);
    let login = application.token(Proof::Federated(&token), request, context);
    Ok(login.await?)
}

/// A kwarg, else the variable; an empty one counts as missing.
fn own_or_variable<'a>(
    own: Option<&'a String>,
    env: &'a Env,
    name: &str,
) -> Result<Option<&'a str>, EnvError> {
    match own {
        Some(own) => Ok(Some(own)),
        None => variable(env, name),
    }
}

fn missing(tenant: Option<&str>, client_id: Option<&str>, file: Option<&str>) -> Unavailable {
    let needed = [
        (tenant, "`AZURE_TENANT_ID`"),
        (client_id, "`AZURE_CLIENT_ID`"),
        (file, "`AZURE_FEDERATED_TOKEN_FILE`"),
    ];
    let missing = needed
        .iter()
        .filter(|(value, _)| value.is_none())
        .map(|(_, name)| *name);
    Unavailable::NotSet(missing.collect())
}
