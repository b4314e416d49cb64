//! `WorkloadIdentityCredential`: a Kubernetes service account that Entra trusts.
//!
//! Mirrors azure-identity 1.27.0. The surprising rule: the token file is sent as it is, its last newline included.

use std::path::Path;

use super::super::settings::UserAssigned;
use super::application::{Application, Proof, tenant_problem};
use super::{AccessToken, Context, CredentialError, TokenRequest, variable};
use crate::env::Env;
use crate::failure::{Failure, Fault};
use crate::secret::SecretText;
use crate::text_file;

/// The largest token file that is read, in bytes.
const LARGEST_TOKEN: u64 = 1024 * 1024;

/// Logs in with the token of `AZURE_FEDERATED_TOKEN_FILE`.
///
/// # Errors
/// Something is missing, which makes it unavailable; anything else is a failure.
pub async fn token(
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
        return Err(CredentialError::unavailable(missing(
            tenant, client_id, file,
        )));
    };
    if let Some(problem) = tenant_problem(tenant) {
        return Err(CredentialError::unavailable(problem));
    }
    let other_tenant = user_assigned.map(|own| own.tenant.as_str());
    let application = Application::new(env, tenant, client_id, other_tenant)?;
    let text = text_file::read(Path::new(file), LARGEST_TOKEN, context.deadline).await;
    let text = text.map_err(|error| CredentialError::Failed {
        because: format!("`AZURE_FEDERATED_TOKEN_FILE` {error}"),
        failure: match error.failure() {
            Failure::Unreachable => Failure::Unreachable,
            _ => Failure::Unauthenticated,
        },
        advice: None,
    })?;
    application
        .token(Proof::Federated(&SecretText::from(text)), request, context)
        .await
}

/// A kwarg, else the variable; an empty one counts as missing.
fn own_or_variable<'a>(
    own: Option<&'a String>,
    env: &'a Env,
    name: &str,
) -> Result<Option<&'a str>, CredentialError> {
    match own {
        Some(own) => Ok(Some(own)),
        None => Ok(variable(env, name)?),
    }
}

fn missing(tenant: Option<&str>, client_id: Option<&str>, file: Option<&str>) -> String {
    let needed = [
        (tenant, "`AZURE_TENANT_ID`"),
        (client_id, "`AZURE_CLIENT_ID`"),
        (file, "`AZURE_FEDERATED_TOKEN_FILE`"),
    ];
    let missing = needed
        .iter()
        .filter(|(value, _)| value.is_none())
        .map(|(_, name)| *name);
    format!("{} not set", missing.collect::<Vec<_>>().join(", "))
}
