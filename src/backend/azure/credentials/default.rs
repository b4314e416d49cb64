//! `DefaultAzureCredential`: one credential after another, until one gives a token.
//!
//! Mirrors azure-identity 1.27.0 on Linux. The surprising rule: `AZURE_TOKEN_CREDENTIALS` cuts the chain down to `prod`,
//! `dev` or one class, and a managed identity that is named there is asked for without a probe.

use super::super::settings::UserAssigned;
use super::application::authority;
use super::error::{CredentialError, NoToken, Tried, Unavailable};
use super::managed_identity::ManagedIdentity;
use super::{AccessToken, Context, TokenRequest};
use super::{azure_cli, azure_developer_cli, azure_powershell, environment, workload_identity};
use crate::deadline::Deadline;
use crate::env::{Env, EnvError};
use crate::python::text::strip;
use crate::text_file;

/// The class of the whole chain.
pub(super) const NAME: &str = "DefaultAzureCredential";
const VARIABLE: &str = "AZURE_TOKEN_CREDENTIALS";

/// The cache that Azure's tools for developers share, below the home directory; Key Vault's client asks the one of tokens
/// that can be revoked at once.
const SHARED_TOKEN_CACHE: &str = ".IdentityService/msal.cache.cae";
/// Who is logged in to Visual Studio Code.
const VISUAL_STUDIO_CODE_LOGIN: &str =
    ".azure/ms-azuretools.vscode-azureresourcegroups/authRecord.json";

/// A credential of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
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
    pub(super) fn name(self) -> &'static str {
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
            | Link::Broker => Err(Unavailable::NotServed.into()),
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

/// The links that the environment leaves of the chain; none if it names something else.
fn links(env: &Env) -> Result<Option<Vec<Link>>, EnvError> {
    let wanted = strip(env.get(VARIABLE)?.unwrap_or_default()).to_lowercase();
    Ok(match wanted.as_str() {
        "" => Some([PROD.as_slice(), DEV.as_slice()].concat()),
        "prod" => Some(PROD.to_vec()),
        "dev" => Some(DEV.to_vec()),
        name => BY_NAME
            .into_iter()
            .find(|link| link.name().to_lowercase() == name)
            .map(|link| vec![link]),
    })
}

/// What `AZURE_TOKEN_CREDENTIALS` can name, in words.
pub(super) fn names() -> String {
    BY_NAME.map(|link| format!("`{}`", link.name())).join(", ")
}

/// The token of the first credential that has one.
///
/// # Errors
/// What each credential said, if none has one.
pub(crate) async fn token(
    user_assigned: Option<&UserAssigned>,
    request: &TokenRequest<'_>,
    context: &Context<'_>,
) -> Result<AccessToken, NoToken> {
    let failed = |fault| NoToken::Credential { class: NAME, fault };
    // The constructor looks at it, whichever credentials there are.
    authority(context.env).map_err(failed)?;
    let links = links(context.env).map_err(|error| failed(error.into()))?;
    let links = links.ok_or(NoToken::UnknownChain)?;
    let mut tried = Vec::new();
    for &link in &links {
        match link.token(user_assigned, request, context).await {
            Ok(token) => return Ok(token.of_credential(link.name())),
            Err(error) => {
                let is_last = matches!(error, CredentialError::Failed(_));
                tried.push(Tried {
                    link,
                    error,
                    may_serve_airflow: link.may_serve_airflow(&links, context).await,
                });
                if is_last {
                    break;
                }
            }
        }
    }
    Err(NoToken::Chain(tried))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(value: &str) -> Vec<&'static str> {
        let links = links(&Env::from_pairs([(VARIABLE, value)]))
            .unwrap()
            .unwrap();
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
        let named = links(&Env::from_pairs([(VARIABLE, "ManagedIdentityCredential")]));
        assert_eq!(
            named.unwrap().unwrap(),
            [Link::ManagedIdentity {
                alone: true,
                after_workload_identity: false
            }]
        );
    }

    #[test]
    fn an_unknown_name_is_refused_with_those_that_there_are() {
        for name in ["brokercredential", "staging"] {
            let links = links(&Env::from_pairs([(VARIABLE, name)])).unwrap();
            assert_eq!(links, None, "{name}");
        }
        let words = NoToken::UnknownChain.to_string();
        assert!(words.contains("`EnvironmentCredential`, "), "{words}");
    }
}
