//! Why there is no token, told without a word of what a credential proved itself with.
//!
//! The surprising rule: the same fault may end the chain in one credential and only pass over another, as in azure-identity, so
//! it is each credential that says which it is.

use super::certificate::CertificateFault;
use super::default::{self, Link};
use crate::deadline::TimedOut;
use crate::env::EnvError;
use crate::failure::{Failure, Fault};
use crate::http::{HttpError, in_quotes};
use crate::process::ProcessError;
use crate::text_file::TextFileError;

/// Why there is no token. Holds names of settings, files and programs, addresses and a server's own short words.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum NoToken {
    /// `AZURE_TOKEN_CREDENTIALS` names neither a chain nor a credential.
    #[error(
        "`AZURE_TOKEN_CREDENTIALS` must be `prod`, `dev` or one of {}",
        default::names()
    )]
    UnknownChain,
    /// The one credential there is failed.
    #[error("{class} gave no token: {fault}")]
    Credential {
        /// Its class.
        class: &'static str,
        /// What went wrong.
        fault: CredentialFault,
    },
    /// Each credential of a chain was passed over, or the last one failed.
    #[error("{} gave no token: {}", default::NAME, in_a_row(.0))]
    Chain(Vec<Tried>),
}

/// A credential of a chain that gave no token.
#[derive(Clone, Debug)]
pub(crate) struct Tried {
    /// Which.
    pub link: Link,
    /// Why.
    pub error: CredentialError,
    /// Whether azure-identity may get a token from it all the same.
    pub may_serve_airflow: bool,
}

fn in_a_row(tried: &[Tried]) -> String {
    let each = tried.iter();
    let each = each.map(|tried| format!("{}: {}", tried.link.name(), tried.error));
    each.collect::<Vec<_>>().join("; ")
}

/// Why a credential gave no token.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum CredentialError {
    /// It is not set up here; the next one may try.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// It is set up and failed.
    #[error(transparent)]
    Failed(CredentialFault),
}

impl<E> From<E> for CredentialError
where
    CredentialFault: From<E>,
{
    fn from(fault: E) -> Self {
        CredentialError::Failed(fault.into())
    }
}

/// What lets the next credential try.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Unavailable {
    /// No application in the environment.
    #[error("`AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and `AZURE_CLIENT_SECRET` are not all set")]
    NoApplication,
    /// What workload identity needs.
    #[error("{} not set", .0.join(", "))]
    NotSet(Vec<&'static str>),
    /// A tenant that no token can be asked for.
    #[error(transparent)]
    Tenant(#[from] TenantFault),
    /// Half of App Service, half of Azure Arc.
    #[error("`IDENTITY_ENDPOINT` is set without `IDENTITY_HEADER` or `IMDS_ENDPOINT`")]
    IdentityEndpointAlone,
    /// Not a machine of Azure's.
    #[error("no answer from Azure's metadata address: {0}")]
    NoMetadata(HttpError),
    /// Docker Desktop answers for it.
    #[error("the metadata address is unreachable")]
    MetadataUnreachable,
    /// Something else answers there.
    #[error("the answer of the metadata address is not Azure's")]
    ForeignMetadata,
    /// The machine has no such identity.
    #[error("the platform gave no token, with status {status}{}", in_quotes(.said))]
    NoIdentity {
        /// The HTTP status.
        status: u16,
        /// The platform's words.
        said: Option<String>,
    },
    /// A tool is not installed.
    #[error("`{0}` is not on `PATH`")]
    NotOnPath(&'static str),
    /// A tool did not run to its end.
    #[error("`{name}` {error}")]
    Program {
        /// The tool.
        name: &'static str,
        /// What became of it.
        error: ProcessError,
    },
    /// `az` says so.
    #[error("nobody is logged in; `az login` does that")]
    NobodyLoggedIn,
    /// PowerShell is there, what logs in to Azure is not.
    #[error("the module Az.Accounts is not installed")]
    NoPowerShellModule,
    /// A tool has printed something else than a token.
    #[error("`{command}` gave no token{}", logs_in(.login))]
    NoTokenPrinted {
        /// The command that was to print it.
        command: &'static str,
        /// The command that logs in, unless that is told otherwise.
        login: Option<&'static str>,
    },
    /// One that azure-identity has and secretctl has not.
    #[error("secretctl does not have it")]
    NotServed,
}

fn logs_in(login: &Option<&'static str>) -> String {
    login.map_or_else(String::new, |login| format!("; `{login}` logs in"))
}

/// What ends the search for a token.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum CredentialFault {
    /// A variable cannot be read.
    #[error(transparent)]
    Env(#[from] EnvError),
    /// Nobody answered whom a token was asked of.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// It could not be found out in time which tools there are.
    #[error(transparent)]
    TimedOut(#[from] TimedOut),
    /// `AZURE_AUTHORITY_HOST` is no place to log in.
    #[error("`AZURE_AUTHORITY_HOST` is not an https:// address")]
    Authority,
    /// The tenant in the settings.
    #[error(transparent)]
    Tenant(#[from] TenantFault),
    /// The tenant that the vault names.
    #[error("{0}, as the vault names it")]
    TenantOfVault(TenantFault),
    /// The client id in the settings.
    #[error("the client id is empty")]
    NoClientId,
    /// A variable is there and empty.
    #[error("`{0}` is set to nothing")]
    Empty(&'static str),
    /// A credential of another tenant than the vault's.
    #[error(
        "the vault belongs to tenant `{vault}`, and this credential is of tenant `{own}`; Airflow compares the two letter by letter"
    )]
    OtherTenant {
        /// The vault's.
        vault: String,
        /// The credential's.
        own: String,
    },
    /// The certificate of an application.
    #[error("`{path}`, named by `AZURE_CLIENT_CERTIFICATE_PATH`, cannot be used: {fault}")]
    Certificate {
        /// The file.
        path: String,
        /// What is wrong with it.
        fault: CertificateFault,
    },
    /// The system gave no random numbers, or the key does not fit itself.
    #[error("the certificate's key could not sign")]
    CannotSign,
    /// The token that Kubernetes has signed.
    #[error("`AZURE_FEDERATED_TOKEN_FILE` {0}")]
    FederatedToken(TextFileError),
    /// Kubernetes without an application.
    #[error("workload identity is set up without `AZURE_CLIENT_ID`")]
    WorkloadWithoutClientId,
    /// Entra does not let it in, or cannot.
    #[error("Microsoft Entra ID refused with status {status}: \"{said}\"")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Entra's words.
        said: String,
        /// What to do, where Entra's code tells.
        advice: Option<&'static str>,
    },
    /// Something else answers in Entra's place.
    #[error("the answer of the login, of status {0}, is not Microsoft Entra ID's")]
    ForeignLogin(u16),
    /// Something else answers in App Service's place.
    #[error("the answer of `IDENTITY_ENDPOINT` is not App Service's")]
    ForeignIdentityEndpoint,
    /// Something that claims to speak JSON answers at the metadata address.
    #[error("the answer of the metadata address is not Azure's")]
    ForeignMetadata,
    /// A resource that no script may hold.
    #[error("the vault asks for a token for an odd resource")]
    OddResource,
    /// A tool was stopped at the end of the whole lookup.
    #[error("`{name}` {error}")]
    Program {
        /// The tool.
        name: &'static str,
        /// What became of it.
        error: ProcessError,
    },
    /// A login that needs a person.
    #[error(
        "`AZURE_USERNAME` and `AZURE_PASSWORD` are set, and secretctl does not log in with a user's password"
    )]
    UserPassword,
    /// A platform that binds its identity to one machine.
    #[error("secretctl cannot ask {0} for its identity")]
    Platform(&'static str),
}

/// Why a text is not a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TenantFault {
    /// Nothing.
    #[error("the tenant id is empty")]
    Empty,
    /// It goes into a path and into command lines.
    #[error("the tenant id holds something else than letters, digits, `-` and `.`")]
    Characters,
}

impl Fault for NoToken {
    fn failure(&self) -> Failure {
        match self {
            NoToken::UnknownChain => Failure::Configuration,
            NoToken::Credential { fault, .. } => fault.failure(),
            NoToken::Chain(tried) => match tried.last().map(|tried| &tried.error) {
                Some(CredentialError::Failed(fault)) => fault.failure(),
                _ => Failure::Unauthenticated,
            },
        }
    }

    fn in_lines(&self) -> Vec<String> {
        match self {
            NoToken::Chain(tried) => {
                let head = format!("{} gave no token:", default::NAME);
                let each = tried.iter();
                let each = each.map(|tried| format!("{}: {}", tried.link.name(), tried.error));
                std::iter::once(head).chain(each).collect()
            }
            _ => vec![self.to_string()],
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            NoToken::UnknownChain => None,
            NoToken::Credential { fault, .. } => fault.hint(),
            NoToken::Chain(tried) => match tried.last().map(|tried| &tried.error) {
                Some(CredentialError::Failed(fault)) => fault.hint(),
                _ => Some(login_hint(tried)),
            },
        }
    }

    fn is_own_refusal(&self) -> bool {
        match self {
            NoToken::UnknownChain => false,
            NoToken::Credential { fault, .. } => fault.is_own_refusal(),
            NoToken::Chain(tried) => tried.iter().any(|tried| {
                let fault = match &tried.error {
                    CredentialError::Failed(fault) => Some(fault),
                    CredentialError::Unavailable(_) => None,
                };
                tried.may_serve_airflow || fault.is_some_and(Fault::is_own_refusal)
            }),
        }
    }
}

/// Who could log in here: nobody looks at what `AZURE_TOKEN_CREDENTIALS` leaves out.
fn login_hint(tried: &[Tried]) -> String {
    let has = |link| tried.iter().any(|tried| tried.link == link);
    let application = "set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET";
    match (has(Link::Environment), has(Link::AzureCli)) {
        (true, true) => format!("{application}, or run `az login`"),
        (true, false) => application.to_owned(),
        (false, true) => "run `az login`".to_owned(),
        (false, false) => {
            "`AZURE_TOKEN_CREDENTIALS` lets no other credential try; unset it for the others"
                .to_owned()
        }
    }
}

impl Fault for CredentialFault {
    fn failure(&self) -> Failure {
        match self {
            Self::Env(error) => error.failure(),
            Self::Http(error) => error.failure(),
            Self::TimedOut(error) => error.failure(),
            Self::Certificate { fault, .. } => fault.failure(),
            Self::Authority | Self::Tenant(_) | Self::NoClientId | Self::Empty(_) => {
                Failure::Configuration
            }
            // A file that is not there yet is a login that has not taken place.
            Self::FederatedToken(error) => match error.failure() {
                Failure::Configuration => Failure::Unauthenticated,
                other => other,
            },
            Self::Refused { status, .. } => match status {
                429 => Failure::Throttled,
                400..=499 => Failure::Unauthenticated,
                _ => Failure::Unreachable,
            },
            Self::ForeignLogin(429) => Failure::Throttled,
            Self::ForeignLogin(_)
            | Self::ForeignIdentityEndpoint
            | Self::ForeignMetadata
            | Self::Program { .. } => Failure::Unreachable,
            Self::TenantOfVault(_)
            | Self::OtherTenant { .. }
            | Self::CannotSign
            | Self::WorkloadWithoutClientId
            | Self::OddResource
            | Self::UserPassword
            | Self::Platform(_) => Failure::Unauthenticated,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Env(error) => error.hint(),
            // What the kwargs say of the vault's certificate does not hold for the login's.
            Self::Http(error) => error.hint(),
            Self::TimedOut(error) => error.hint(),
            Self::Program { error, .. } => error.hint(),
            Self::Refused { advice, .. } => advice.map(str::to_owned),
            Self::OtherTenant { .. } => Some(
                "set \"tenant_id\" to the tenant of the vault, letter by letter, or AZURE_TENANT_ID where that names it"
                    .to_owned(),
            ),
            Self::ForeignLogin(_) => {
                Some("something else answers there, perhaps a proxy or a login page".to_owned())
            }
            _ => None,
        }
    }

    fn is_own_refusal(&self) -> bool {
        match self {
            Self::Http(error) => error.is_own_refusal(),
            Self::Certificate { fault, .. } => fault.is_own_refusal(),
            Self::UserPassword | Self::Platform(_) => true,
            _ => false,
        }
    }
}
