//! `AzureDeveloperCliCredential`: whoever is logged in with `azd auth login`.
//!
//! Mirrors azure-identity 1.27.0. The surprising rule: it is asked last of the tools, after PowerShell.

use super::azure_cli::{tenant_argument, token_in};
use super::error::{CredentialError, Unavailable};
use super::program::{self, Program};
use super::{AccessToken, Context, TokenRequest};

/// Asks `azd auth token`.
///
/// # Errors
/// No tool or no login.
pub(crate) async fn token(
    request: &TokenRequest<'_>,
    context: &Context<'_>,
) -> Result<AccessToken, CredentialError> {
    let fixed = [
        "auth",
        "token",
        "--output",
        "json",
        "--no-prompt",
        "--scope",
        request.scope,
    ];
    let mut arguments = fixed.map(str::to_owned).to_vec();
    arguments.extend(tenant_argument("--tenant-id", request.tenant)?);
    let program = Program {
        name: "azd",
        arguments,
        no_color: "NO_COLOR",
    };
    let output = program::run(program, context).await?;
    let printed = Some(&output.stdout).filter(|_| output.succeeded);
    match printed.and_then(|text| token_in(text, "token", &["expiresOn"])) {
        Some(token) => Ok(AccessToken::new(token, "the login of `azd`")),
        None => Err(Unavailable::NoTokenPrinted {
            command: "azd auth token",
            login: Some("azd auth login"),
        }
        .into()),
    }
}
