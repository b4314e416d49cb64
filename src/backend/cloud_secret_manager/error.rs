//! What can go wrong with Secret Manager, told so that nobody has to read gRPC's codes.

use super::service::{Asked, Refusal};
use crate::backend::google::GoogleError;
use crate::error::Failure;
use crate::http::in_quotes;

/// A failure to read from Secret Manager. Holds names, statuses and Google's own short words, never a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CloudSecretManagerError {
    /// `connections_prefix` and `sep` make no name.
    #[error(
        "kwargs `connections_prefix` and `sep` may hold letters, digits, `-` and `_` only; Airflow does not start with others"
    )]
    Prefix,
    /// Neither credentials nor `project_id`, which the constructor raises on.
    #[error("{0}; without `project_id` Airflow does not start")]
    NotStarted(GoogleError),
    /// The credentials belong to no project.
    #[error("no Google Cloud project is named, and Airflow does not start without one")]
    NoProject,
    /// The address in gcloud's variable is none.
    #[error(
        "`CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER` is not an http:// or https:// address"
    )]
    Endpoint,
    /// A variable that Google's client refuses.
    #[error("`GOOGLE_API_USE_MTLS_ENDPOINT` must be `never`, `auto` or `always`")]
    MtlsEndpoint,
    /// The key belongs to another cloud than the one that is asked.
    #[error("the service account's key is for `{own}`, and Secret Manager of `{asked}` is asked")]
    Universe {
        /// `universe_domain` of the key.
        own: String,
        /// `GOOGLE_CLOUD_UNIVERSE_DOMAIN`, or Google's own.
        asked: String,
    },
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
    /// The secret is no text.
    #[error("found, but it is not UTF-8 text")]
    NotText,
}

impl CloudSecretManagerError {
    /// The error that a refusal stands for.
    pub fn from_refusal(refusal: Refusal, asked: Asked) -> Self {
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
        let Asked {
            identity,
            project,
            secret_id,
        } = asked;
        match code.as_str() {
            "UNAUTHENTICATED" => Self::Unauthenticated { identity, said },
            "PERMISSION_DENIED" if reason.as_deref() == Some("SERVICE_DISABLED") => {
                Self::ApiDisabled { project }
            }
            "PERMISSION_DENIED" => Self::Denied {
                identity,
                project,
                secret_id,
                reason,
            },
            "FAILED_PRECONDITION" => Self::VersionUnusable { secret_id, said },
            "RESOURCE_EXHAUSTED" => Self::Throttled { said },
            _ => Self::Down { status, said },
        }
    }

    /// The kind of failure.
    pub fn failure(&self) -> Failure {
        match self {
            Self::Prefix
            | Self::NotStarted(_)
            | Self::NoProject
            | Self::Endpoint
            | Self::MtlsEndpoint
            | Self::Universe { .. } => Failure::Configuration,
            Self::Unauthenticated { .. } => Failure::Unauthenticated,
            Self::Denied { .. } | Self::ApiDisabled { .. } => Failure::Denied,
            Self::Throttled { .. } => Failure::Throttled,
            Self::Down { .. } => Failure::Unreachable,
            Self::NotSecretManager { status: 200 }
            | Self::VersionUnusable { .. }
            | Self::NotText => Failure::Malformed,
            Self::NotSecretManager { .. } => Failure::Unreachable,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let advice = match self {
            Self::NotStarted(error) => return error.hint(),
            Self::NoProject => "set \"project_id\" in the kwargs".to_owned(),
            Self::Endpoint => "write it as in https://secretmanager.example.internal".to_owned(),
            Self::MtlsEndpoint => "leave it out".to_owned(),
            Self::Universe { own, .. } => format!("set GOOGLE_CLOUD_UNIVERSE_DOMAIN to {own}"),
            Self::Unauthenticated { .. } => {
                "the key may be deleted or disabled, or this machine's clock is wrong".to_owned()
            }
            Self::Denied { reason, .. } => advice_for(reason.as_deref()),
            Self::ApiDisabled { project } => format!(
                "run `gcloud services enable secretmanager.googleapis.com --project {project}`, and check that this is the project that holds the secrets"
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
}

/// Advice by the reason that Google gives.
fn advice_for(reason: Option<&str>) -> String {
    match reason {
        Some("ACCESS_TOKEN_SCOPE_INSUFFICIENT") => "the token lacks the scope cloud-platform; change the access scopes of this machine".to_owned(),
        Some("CONSUMER_INVALID") => "Google knows no such project; check \"project_id\" and the project of the credentials".to_owned(),
        Some("BILLING_DISABLED") => "the project has no billing account".to_owned(),
        Some("USER_PROJECT_DENIED") => "the quota project may not be used; grant roles/serviceusage.serviceUsageConsumer on it or unset GOOGLE_CLOUD_QUOTA_PROJECT".to_owned(),
        _ => "grant the role roles/secretmanager.secretAccessor on it; Google answers the same where there is no such secret, and Airflow takes both for absent".to_owned(),
    }
}
