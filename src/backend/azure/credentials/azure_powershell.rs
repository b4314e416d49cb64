//! `AzurePowerShellCredential`: whoever is logged in with `Connect-AzAccount`.
//!
//! Mirrors azure-identity 1.27.0. The surprising rule: newer modules hand the token out as a `SecureString`, which the
//! script has to open again. The script is handed over as base64 of UTF-16, so that no quoting can break it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::application::checked_tenant;
use super::error::{CredentialError, CredentialFault, Unavailable};
use super::program::{self, Program};
use super::{AccessToken, Context, TokenRequest, is_usable};
use crate::secret::SecretText;

/// What the token's line begins with.
const MARK: &str = "secretctl-token:";
/// What stands for a missing module.
const NO_MODULE: &str = "secretctl-no-module";

/// Asks `Get-AzAccessToken`.
///
/// # Errors
/// No PowerShell, no module or no login.
pub(crate) async fn token(
    request: &TokenRequest<'_>,
    context: &Context<'_>,
) -> Result<AccessToken, CredentialError> {
    let script = script(request)?;
    let utf16: Vec<u8> = script.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let fixed = ["-NoProfile", "-NonInteractive", "-EncodedCommand"].map(str::to_owned);
    let arguments = [fixed.to_vec(), vec![STANDARD.encode(utf16)]].concat();
    let program = Program {
        name: "pwsh",
        arguments,
        no_color: "NO_COLOR",
    };
    let output = program::run(program, context).await?;
    let printed = output.stdout.expose();
    if output.succeeded && printed.contains(NO_MODULE) {
        return Err(Unavailable::NoPowerShellModule.into());
    }
    let token = printed
        .lines()
        .find_map(|line| line.trim().strip_prefix(MARK));
    match token.filter(|token| output.succeeded && is_usable(token)) {
        Some(token) => Ok(AccessToken::new(
            SecretText::from(token),
            "the login of Azure PowerShell",
        )),
        None => Err(Unavailable::NoTokenPrinted {
            command: "Get-AzAccessToken",
            login: Some("Connect-AzAccount"),
        }
        .into()),
    }
}

fn script(request: &TokenRequest<'_>) -> Result<String, CredentialFault> {
    let resource = request.resource();
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-.:/".contains(c);
    if !resource.chars().all(allowed) {
        return Err(CredentialFault::OddResource);
    }
    let tenant = match request.tenant {
        None => String::new(),
        Some(tenant) => {
            let tenant = checked_tenant(tenant).map_err(CredentialFault::TenantOfVault)?;
            format!(" -TenantId '{tenant}'")
        }
    };
    Ok(format!(
        "$ErrorActionPreference = 'Stop'
if (-not (Import-Module Az.Accounts -MinimumVersion 2.2.0 -PassThru -ErrorAction SilentlyContinue)) {{
    '{NO_MODULE}'
    exit 0
}}
$answer = Get-AzAccessToken -ResourceUrl '{resource}'{tenant} -WarningAction Ignore
$token = $answer.Token
if ($token -is [securestring]) {{
    $token = [System.Net.NetworkCredential]::new('', $token).Password
}}
'{MARK}' + $token
"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_server_says_can_end_the_quotes() {
        let request = |scope, tenant| {
            script(&TokenRequest {
                scope,
                tenant,
                claims: None,
            })
        };
        let script = request("https://vault.azure.net/.default", Some("t-1")).unwrap();
        assert!(
            script.contains("-ResourceUrl 'https://vault.azure.net' -TenantId 't-1' "),
            "{script}"
        );
        assert!(request("https://x/'; exit; '", None).is_err());
        assert!(request("https://x", Some("'; exit; '")).is_err());
    }
}
