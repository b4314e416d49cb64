//! `AzureCliCredential`: whoever is logged in with `az login`.
//!
//! Mirrors azure-identity 1.27.0. The surprising rule: the tool is told the tenant that the vault named, so a user may be
//! logged in to several.

use super::application::checked_tenant;
use super::error::{CredentialError, CredentialFault, Unavailable};
use super::program::{self, Program};
use super::{AccessToken, Context, TokenRequest, is_usable};
use crate::python::json;
use crate::secret::SecretText;

/// Asks `az account get-access-token`.
///
/// # Errors
/// No tool or no login.
pub(crate) async fn token(
    request: &TokenRequest<'_>,
    context: &Context<'_>,
) -> Result<AccessToken, CredentialError> {
    let fixed = [
        "account",
        "get-access-token",
        "--output",
        "json",
        "--resource",
        request.resource(),
    ];
    let mut arguments = fixed.map(str::to_owned).to_vec();
    arguments.extend(tenant_argument("--tenant", request.tenant)?);
    let program = Program {
        name: "az",
        arguments,
        no_color: "AZURE_CORE_NO_COLOR",
    };
    let output = program::run(program, context).await?;
    let says = |words| output.stderr.expose().contains(words);
    if !output.succeeded && (says("az login") || says("az account set")) && !says("AADSTS") {
        return Err(Unavailable::NobodyLoggedIn.into());
    }
    let printed = Some(&output.stdout).filter(|_| output.succeeded);
    match printed.and_then(|text| token_in(text, "accessToken", &["expires_on", "expiresOn"])) {
        Some(token) => Ok(AccessToken::new(token, "the login of `az`")),
        None => Err(Unavailable::NoTokenPrinted {
            command: "az account get-access-token",
            login: None,
        }
        .into()),
    }
}

/// The argument that names a tenant, if there is one to name.
pub(crate) fn tenant_argument(
    argument: &str,
    tenant: Option<&str>,
) -> Result<Vec<String>, CredentialFault> {
    let Some(tenant) = tenant else {
        return Ok(Vec::new());
    };
    let tenant = checked_tenant(tenant).map_err(CredentialFault::TenantOfVault)?;
    Ok(vec![argument.to_owned(), tenant.to_owned()])
}

/// The token in what a tool printed, if it also says how long it is good for.
pub(crate) fn token_in(printed: &SecretText, name: &str, expiry: &[&str]) -> Option<SecretText> {
    let json::Value::Dict(members) = json::loads(printed.expose()).ok()? else {
        return None;
    };
    expiry.iter().find_map(|name| members.get(*name))?;
    let token = members.get(name)?.as_text()?;
    is_usable(token.expose()).then(|| token.clone())
}
