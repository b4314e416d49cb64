//! `DefaultAzureCredential`: one credential after another, until one gives a token.
//!
//! Mirrors azure-identity 1.27.0 on Linux. The surprising rule: `AZURE_TOKEN_CREDENTIALS` cuts the chain down to `prod`,
//! `dev` or one class, and a managed identity that is named there is asked for without a probe.

use super::super::error::AzureKeyVaultError;
use super::super::settings::UserAssigned;
use super::application::authority;
use super::managed_identity::ManagedIdentity;
use super::{AccessToken, Context, CredentialError, TokenRequest};
use super::{azure_cli, azure_developer_cli, azure_powershell, environment, workload_identity};
use crate::deadline::Deadline;
use crate::env::Env;
use crate::failure::Failure;
use crate::python::text::strip;
use crate::text_file;

const NAME: &str = "DefaultAzureCredential";
/// What to do where nobody is logged in at all.
const NOT_LOGGED_IN: &str =
    "set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or run `az login`";
const VARIABLE: &str = "AZURE_TOKEN_CREDENTIALS";

/// The cache that Azure's tools for developers share, below the home directory; Key Vault's client asks the one of tokens
/// that can be revoked at once.
const SHARED_TOKEN_CACHE: &str = ".IdentityService/msal.cache.cae";
/// Who is logged in to Visual Studio Code.
const VISUAL_STUDIO_CODE_LOGIN: &str =
    ".azure/ms-azuretools.vscode-azureresourcegroups/authRecord.json";

/// A credential of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Environment,
    WorkloadIdentity,
    ManagedIdentity {
        alone: bool,
        after_workload_identity: bool,
    },
    SharedTokenCache,
    VisualStudioCode,
    AzureCli,
    AzurePowerShell,
    AzureDeveloperCli,
    InteractiveBrowser,
    Broker,
}

/// The chain of a server, and that of a person's own machine.
const PROD: [Link; 3] = [
    Link::Environment,
    Link::WorkloadIdentity,
    Link::ManagedIdentity {
        alone: false,
        after_workload_identity: true,
    },
];
const DEV: [Link; 6] = [
    Link::SharedTokenCache,
    Link::VisualStudioCode,
    Link::AzureCli,
    Link::AzurePowerShell,
    Link::AzureDeveloperCli,
    Link::Broker,
];
/// What `AZURE_TOKEN_CREDENTIALS` can name.
const BY_NAME: [Link; 8] = [
    Link::Environment,
    Link::WorkloadIdentity,
    Link::ManagedIdentity {
        alone: true,
        after_workload_identity: false,
    },
    Link::VisualStudioCode,
    Link::AzureCli,
    Link::AzurePowerShell,
    Link::AzureDeveloperCli,
    Link::InteractiveBrowser,
];

impl Link {
    /// The class.
    fn name(self) -> &'static str {
        match self {
            Link::Environment => "EnvironmentCredential",
            Link::WorkloadIdentity => "WorkloadIdentityCredential",
            Link::ManagedIdentity { .. } => "ManagedIdentityCredential",
            Link::SharedTokenCache => "SharedTokenCacheCredential",
            Link::VisualStudioCode => "VisualStudioCodeCredential",
            Link::AzureCli => "AzureCliCredential",
            Link::AzurePowerShell => "AzurePowerShellCredential",
            Link::AzureDeveloperCli => "AzureDeveloperCliCredential",
            Link::InteractiveBrowser => "InteractiveBrowserCredential",
            Link::Broker => "BrokerCredential",
        }
    }

    /// Whether azure-identity may get a token where secretctl has nothing: by what the environment asks for by name, or by the
    /// login that it finds on this machine.
    async fn may_serve_airflow(self, links: &[Link], context: &Context<'_>) -> bool {
        let is_named = links.len() == 1;
        let (env, deadline) = (context.env, context.deadline);
        match self {
            Link::SharedTokenCache => is_here(env, SHARED_TOKEN_CACHE, deadline).await,
            Link::VisualStudioCode => {
                is_named || is_here(env, VISUAL_STUDIO_CODE_LOGIN, deadline).await
            }
            Link::InteractiveBrowser => is_named,
            _ => false,
        }
    }

    async fn token(
        self,
        user_assigned: Option<&UserAssigned>,
        request: &TokenRequest<'_>,
        context: &Context<'_>,
    ) -> Result<AccessToken, CredentialError> {
        match self {
            Link::Environment => environment::token(user_assigned, request, context).await,
            Link::WorkloadIdentity => {
                workload_identity::token(user_assigned, request, context).await
            }
            Link::ManagedIdentity {
                alone,
                after_workload_identity,
            } => {
                let host = ManagedIdentity::of(
                    context.env,
                    user_assigned,
                    !alone,
                    after_workload_identity,
                )?;
                host.token(request, context).await
            }
            Link::AzureCli => azure_cli::token(request, context).await,
            Link::AzurePowerShell => azure_powershell::token(request, context).await,
            Link::AzureDeveloperCli => azure_developer_cli::token(request, context).await,
            Link::SharedTokenCache
            | Link::VisualStudioCode
            | Link::InteractiveBrowser
            | Link::Broker => Err(CredentialError::unavailable("secretctl does not have it")),
        }
    }
}

/// Whether there is such a file in the home directory.
async fn is_here(env: &Env, name: &str, deadline: Deadline) -> bool {
    match env.in_home(name) {
        Ok(Some(path)) => matches!(text_file::kind_of(&path, deadline).await, Ok(Some(_))),
        Ok(None) | Err(_) => false,
    }
}

/// The links that the environment leaves of the chain.
fn links(env: &Env) -> Result<Vec<Link>, AzureKeyVaultError> {
    let wanted = strip(env.get(VARIABLE)?.unwrap_or_default()).to_lowercase();
    match wanted.as_str() {
        "" => return Ok([PROD.as_slice(), DEV.as_slice()].concat()),
        "prod" => return Ok(PROD.to_vec()),
        "dev" => return Ok(DEV.to_vec()),
        _ => {}
    }
    let named = BY_NAME
        .into_iter()
        .find(|link| link.name().to_lowercase() == wanted);
    named.map(|link| vec![link]).ok_or_else(|| {
        let names = BY_NAME.map(|link| format!("`{}`", link.name())).join(", ");
        let because = format!("must be `prod`, `dev` or one of {names}");
        AzureKeyVaultError::Setting {
            setting: "`AZURE_TOKEN_CREDENTIALS`",
            because,
        }
    })
}

/// The token of the first credential that has one.
///
/// # Errors
/// What each credential said, if none has one.
pub async fn token(
    user_assigned: Option<&UserAssigned>,
    request: &TokenRequest<'_>,
    context: &Context<'_>,
) -> Result<AccessToken, AzureKeyVaultError> {
    // The constructor looks at it, whichever credentials there are.
    authority(context.env).map_err(|error| {
        no_token(
            &[error.to_string()],
            error.failure(),
            error.is_own_refusal(),
            None,
        )
    })?;
    let mut tried = Vec::new();
    let mut failure = Failure::Unauthenticated;
    let mut is_own_refusal = false;
    let mut advice = Some(NOT_LOGGED_IN);
    let links = links(context.env)?;
    for link in &links {
        match link.token(user_assigned, request, context).await {
            Ok(token) => return Ok(token.of_credential(link.name())),
            Err(error) => {
                tried.push(format!("{}: {error}", link.name()));
                failure = error.failure();
                is_own_refusal |=
                    error.is_own_refusal() || link.may_serve_airflow(&links, context).await;
                if !matches!(error, CredentialError::Unavailable(_)) {
                    advice = error.advice();
                    break;
                }
            }
        }
    }
    Err(no_token(&tried, failure, is_own_refusal, advice))
}

fn no_token(
    tried: &[String],
    failure: Failure,
    is_own_refusal: bool,
    advice: Option<&'static str>,
) -> AzureKeyVaultError {
    AzureKeyVaultError::NoToken {
        credential: NAME,
        because: tried.join("; "),
        failure,
        is_own_refusal,
        advice,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(value: &str) -> Vec<&'static str> {
        let links = links(&Env::from_pairs([(VARIABLE, value)])).unwrap();
        links.into_iter().map(Link::name).collect()
    }

    #[test]
    fn the_chain_has_the_sdk_s_order() {
        let whole = [
            "EnvironmentCredential",
            "WorkloadIdentityCredential",
            "ManagedIdentityCredential",
            "SharedTokenCacheCredential",
            "VisualStudioCodeCredential",
            "AzureCliCredential",
            "AzurePowerShellCredential",
            "AzureDeveloperCliCredential",
            "BrokerCredential",
        ];
        assert_eq!(names(""), whole);
        assert_eq!(names(" PROD\n"), whole[..3]);
        assert_eq!(names("dev"), whole[3..]);
        assert_eq!(names("AzureCLICredential"), ["AzureCliCredential"]);
    }

    #[test]
    fn a_managed_identity_that_is_named_is_not_probed() {
        let named = links(&Env::from_pairs([(VARIABLE, "ManagedIdentityCredential")])).unwrap();
        assert_eq!(
            named,
            [Link::ManagedIdentity {
                alone: true,
                after_workload_identity: false
            }]
        );
    }

    #[test]
    fn an_unknown_name_is_refused_with_those_that_there_are() {
        for name in ["brokercredential", "staging"] {
            let error = links(&Env::from_pairs([(VARIABLE, name)])).unwrap_err();
            assert!(
                error.to_string().contains("`EnvironmentCredential`, "),
                "{error}"
            );
            assert!(!error.to_string().contains(name), "{error}");
        }
    }
}
