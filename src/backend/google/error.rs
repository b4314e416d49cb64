//! What can go wrong with Secret Manager, told so that nobody has to read gRPC's codes.

use super::credentials::GoogleError;
use super::service::Refusal;
use crate::backend::kwargs::KwargError;
use crate::env::EnvError;
use crate::failure::{Failure, Fault};
use crate::http::{HttpError, in_quotes};

/// Why a secret cannot be read from Secret Manager. Holds names, statuses and Google's own short words, never a token.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum CloudSecretManagerError {
    /// A kwarg that the constructor raises on.
    #[error(transparent)]
    Kwarg(#[from] KwargError),
    /// A variable cannot be read.
    #[error(transparent)]
    Env(#[from] EnvError),
    /// Secret Manager cannot be asked.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// There is no token to ask with.
    #[error(transparent)]
    Credentials(#[from] GoogleError),
    /// Neither credentials nor `project_id`, which the constructor raises on.
    #[error("{0}; without `project_id` Airflow does not start")]
    NotStarted(GoogleError),
    /// `connections_prefix` and `sep` do not make a name.
    #[error(
        "kwargs `connections_prefix` and `sep` may hold letters, digits, `-` and `_` only; Airflow does not start with others"
    )]
    Prefix,
    /// The credentials belong to no project.
    #[error("no Google Cloud project is named, and Airflow does not start without one")]
    NoProject,
    /// gcloud's variable does not hold an address.
    #[error(
        "`CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER` is not an http:// or https:// address"
    )]
    Endpoint,
    /// A variable that Google's client refuses.
    #[error("`GOOGLE_API_USE_MTLS_ENDPOINT` must be `never`, `auto` or `always`")]
    MtlsEndpoint,
    /// The token is not accepted.
    #[error("Google does not accept the credentials of {identity}{}", in_quotes(.said))]
    Unauthenticated {
        /// Who asked.
        identity: String,
        /// Google's words.
        said: Option<String>,
    },
    /// The permission is missing, or there is no such secret: Google does not say which.
    #[error(
        "permission `secretmanager.versions.access` on `projects/{project}/secrets/{secret_id}` is denied to {identity}"
    )]
    Denied {
        /// Who asked.
        identity: String,
        /// In which project.
        project: String,
        /// For which secret.
        secret_id: String,
        /// Why, if Google says more than that.
        reason: Option<String>,
    },
    /// The API is switched off.
    #[error(
        "the Secret Manager API is not enabled in project `{project}`, or has never been used there"
    )]
    ApiDisabled {
        /// The project.
        project: String,
    },
    /// The latest version is disabled or destroyed.
    #[error("found, but the latest version of `{secret_id}` cannot be read{}", in_quotes(.said))]
    VersionUnusable {
        /// The secret.
        secret_id: String,
        /// Google's words.
        said: Option<String>,
    },
    /// 429
    #[error("Secret Manager is throttling this client{}", in_quotes(.said))]
    Throttled {
        /// Google's words.
        said: Option<String>,
    },
    /// Any other error of Google's.
    #[error("Secret Manager cannot answer: status {status}{}", in_quotes(.said))]
    Down {
        /// The HTTP status.
        status: u16,
        /// Google's words.
        said: Option<String>,
    },
    /// An answer that is not Secret Manager's.
    #[error("the answer, of status {status}, is not Secret Manager's")]
    NotSecretManager {
        /// The HTTP status.
        status: u16,
    },
    /// The secret is not text.
    #[error("found, but it is not UTF-8 text")]
    NotText,
}

impl CloudSecretManagerError {
    /// The error that a refusal to read a secret stands for; `identity` is asked for where it is told.
    pub(super) async fn from_refusal(
        refusal: Refusal,
        project: &str,
        secret_id: &str,
        identity: impl Future<Output = String>,
    ) -> Self {
        let (status, code, reason, said) = match refusal {
            Refusal::NotText => return Self::NotText,
            Refusal::Foreign(status) => return Self::NotSecretManager { status },
            Refusal::Error {
                status,
                code,
                reason,
                said,
            } => (status, code, reason, said),
        };
        let (project, secret_id) = (project.to_owned(), secret_id.to_owned());
        match code.as_str() {
            "UNAUTHENTICATED" => Self::Unauthenticated {
                identity: identity.await,
                said,
            },
            "PERMISSION_DENIED" if reason.as_deref() == Some("SERVICE_DISABLED") => {
                Self::ApiDisabled { project }
            }
            "PERMISSION_DENIED" => Self::Denied {
                identity: identity.await,
                project,
                secret_id,
                reason,
            },
            "FAILED_PRECONDITION" => Self::VersionUnusable { secret_id, said },
            "RESOURCE_EXHAUSTED" => Self::Throttled { said },
            _ => Self::Down { status, said },
        }
    }
}

impl Fault for CloudSecretManagerError {
    fn failure(&self) -> Failure {
        match self {
            Self::Kwarg(error) => error.failure(),
            Self::Env(error) => error.failure(),
            Self::Http(error) => error.failure(),
            Self::Credentials(error) => error.failure(),
            Self::NotStarted(_)
            | Self::Prefix
            | Self::NoProject
            | Self::Endpoint
            | Self::MtlsEndpoint => Failure::Configuration,
            Self::Unauthenticated { .. } => Failure::Unauthenticated,
            Self::Denied { .. } | Self::ApiDisabled { .. } => Failure::Denied,
            Self::Throttled { .. } => Failure::Throttled,
            Self::Down { .. } | Self::NotSecretManager { .. } => Failure::Unreachable,
            Self::VersionUnusable { .. } | Self::NotText => Failure::Malformed,
        }
    }

    fn hint(&self) -> Option<String> {
        let advice = match self {
            Self::Kwarg(error) => return error.hint(),
            Self::Env(error) => return error.hint(),
            // gRPC's own variable: REQUESTS_CA_BUNDLE is for google-auth.
            Self::Http(error) => {
                return error.hint_with("name its PEM file with GRPC_DEFAULT_SSL_ROOTS_FILE_PATH");
            }
            Self::Credentials(error) | Self::NotStarted(error) => return error.hint(),
            Self::NoProject => "set \"project_id\" in the kwargs".to_owned(),
            Self::Endpoint => "write it as in https://secretmanager.example.internal".to_owned(),
            Self::MtlsEndpoint => "leave it out".to_owned(),
            Self::Unauthenticated { .. } => {
                "the key may be deleted or disabled, or this machine's clock is wrong".to_owned()
            }
            Self::Denied {
                reason, project, ..
            } => advice_for(reason.as_deref(), project),
            Self::ApiDisabled { project } => format!(
                "run `gcloud services enable secretmanager.googleapis.com --project {project}`, if that is the project that holds the secrets; else set \"project_id\" in the kwargs"
            ),
            Self::VersionUnusable { secret_id, .. } => format!(
                "Airflow reads the newest version only, even when an older one is enabled; run `gcloud secrets versions list {secret_id}`, then enable it or add a new one"
            ),
            Self::NotSecretManager { .. } => {
                "something other than Secret Manager answers there, perhaps a proxy or a login page"
                    .to_owned()
            }
            Self::Prefix | Self::Throttled { .. } | Self::Down { .. } | Self::NotText => {
                return None;
            }
        };
        Some(advice)
    }

    fn is_own_refusal(&self) -> bool {
        match self {
            Self::Http(error) => error.is_own_refusal(),
            Self::Credentials(error) | Self::NotStarted(error) => error.is_own_refusal(),
            _ => false,
        }
    }
}

/// Advice by the reason that Google gives.
fn advice_for(reason: Option<&str>, project: &str) -> String {
    match reason {
        Some("ACCESS_TOKEN_SCOPE_INSUFFICIENT") => "the token lacks the scope cloud-platform; change the access scopes of this machine".to_owned(),
        Some("CONSUMER_INVALID") => format!("Google knows no project `{project}`, or it is deleted; set \"project_id\" in the kwargs to the id of the one that holds the secrets"),
        Some("BILLING_DISABLED") => format!("the project `{project}` has no billing account"),
        Some("USER_PROJECT_DENIED") => "the quota project may not be used; grant roles/serviceusage.serviceUsageConsumer on it or unset GOOGLE_CLOUD_QUOTA_PROJECT".to_owned(),
        _ => format!("grant the role roles/secretmanager.secretAccessor on it; Google answers the same where project `{project}` has no such secret or is not the one that was meant (\"project_id\" in the kwargs), and Airflow takes all of it for absent"),
    }
}
