//! The kwargs of `AzureKeyVaultBackend`: which there are, what they default to, and which Airflow ignores.
//!
//! Mirrors the constructor of apache-airflow-providers-microsoft-azure 15.2.1, which hands what it does not know to
//! `SecretClient` of azure-keyvault-secrets 4.12.0. The surprising rule: `tenant_id`, `client_id` and `client_secret` count
//! only all together, and so do `managed_identity_client_id` and `workload_identity_tenant_id`.

use std::time::Duration;

use url::Url;

use super::error::AzureKeyVaultError;
use super::naming::Naming;
use crate::backend::kwargs::{Faults, KwargError, Kwargs};
use crate::failure::Fault;
use crate::finding::Finding;
use crate::http::{self, HttpSettings, Proxies, RetryRule, Verify};
use crate::python::json::Value;
use crate::secret::SecretText;

/// Every kwarg that has an effect here: the constructor's, then `SecretClient`'s.
pub(crate) const KWARGS: &[&str] = &[
    "connections_prefix",
    "variables_prefix",
    "config_prefix",
    "vault_url",
    "sep",
    "tenant_id",
    "client_id",
    "client_secret",
    "managed_identity_client_id",
    "workload_identity_tenant_id",
    "api_version",
    "verify_challenge_resource",
    "connection_verify",
    "retry_total",
];

/// The version of Key Vault's interface that azure-keyvault-secrets 4.12.0 speaks.
const API_VERSION: &str = "2026-04-01";
/// The kwargs of `ClientSecretCredential`.
const APPLICATION: &[&str] = &["tenant_id", "client_id", "client_secret"];
/// The kwargs of a user-assigned managed identity.
const USER_ASSIGNED: &[&str] = &["managed_identity_client_id", "workload_identity_tenant_id"];
/// azure-core's default for one request.
pub(crate) const READ_TIMEOUT: Duration = Duration::from_secs(300);

/// The kwargs, read.
#[derive(Clone, Debug)]
pub(crate) struct AzureSettings {
    /// How secrets are called.
    pub naming: Naming,
    /// The vault, if `vault_url` is an address at all.
    pub vault: Option<Vault>,
    /// `api-version` of every request.
    pub api_version: String,
    /// Whether a token is asked for the vault's own domain only.
    pub verify_challenge_resource: bool,
    /// Who asks.
    pub credential: CredentialSettings,
    /// How to connect to the vault.
    pub http: HttpSettings,
    /// How often a request is repeated at most.
    pub retries: u32,
    findings: Vec<Finding>,
    /// What fails each lookup, though Airflow starts with it.
    faults: Faults<AzureKeyVaultError>,
}

/// The vault's address.
#[derive(Clone, Debug)]
pub(crate) struct Vault {
    /// As it is written in front of paths.
    pub url: String,
    /// Host and port as written, without user and password.
    pub host: String,
    /// Scheme, host and port, fit to be shown.
    pub name: String,
}

/// Which credential the constructor builds.
#[derive(Clone, Debug)]
pub(crate) enum CredentialSettings {
    /// `ClientSecretCredential`
    ClientSecret {
        /// `tenant_id`
        tenant: String,
        /// `client_id`
        client_id: String,
        /// `client_secret`
        secret: SecretText,
    },
    /// `DefaultAzureCredential`, for a user-assigned identity if the kwargs name one.
    Default(Option<UserAssigned>),
}

/// `managed_identity_client_id` with `workload_identity_tenant_id`.
#[derive(Clone, Debug)]
pub(crate) struct UserAssigned {
    /// The identity.
    pub client_id: String,
    /// The tenant of its workload identity.
    pub tenant: String,
}

/// `RetryPolicy`'s defaults in azure-core 1.41: three repetitions for a status, after 0, 1.6 and 3.2 seconds. A token request
/// is a POST and is repeated all the same.
pub(crate) const RETRIES: RetryRule = RetryRule {
    retries: 3,
    reconnects: 3,
    backoff: Duration::from_millis(800),
    statuses: &[408, 429, 500, 502, 503, 504],
    repeats_posts: true,
};

impl AzureSettings {
    /// Reads the kwargs as the constructor does; `multi_team` is `[core] multi_team`.
    ///
    /// # Errors
    /// What the constructor raises on.
    pub(crate) fn from_kwargs(
        kwargs: Kwargs<'_>,
        multi_team: bool,
    ) -> Result<AzureSettings, KwargError> {
        let mut faults = Faults::default();
        let naming = Naming::from_kwargs(kwargs, multi_team, &mut faults)?;
        let vault = vault(kwargs, &mut faults);
        let api_version = api_version(kwargs, &mut faults);
        let verify = connection_verify(kwargs, &mut faults);
        unserved_options(kwargs, &mut faults);
        Ok(AzureSettings {
            naming,
            vault,
            api_version,
            verify_challenge_resource: kwargs.truthy("verify_challenge_resource", true),
            credential: credential(kwargs, &mut faults),
            findings: findings(kwargs, &verify),
            http: http_settings(verify),
            retries: retries(kwargs, &mut faults),
            faults,
        })
    }

    /// What a person should know about these kwargs.
    pub(crate) fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// When a request to the vault is repeated.
    pub(crate) fn retry_rule(&self) -> RetryRule {
        RetryRule {
            retries: self.retries,
            reconnects: self.retries,
            ..RETRIES
        }
    }

    /// The vault to ask.
    ///
    /// # Errors
    /// What fails each lookup, though Airflow starts with it.
    pub(crate) fn usable_vault(&self) -> Result<&Vault, AzureKeyVaultError> {
        self.faults.check()?;
        self.vault.as_ref().ok_or(AzureKeyVaultError::NoVaultUrl)
    }
}

/// Requests that go elsewhere than to the vault, which the kwargs do not touch.
pub(crate) fn http_settings(verify: Verify) -> HttpSettings {
    HttpSettings {
        verify,
        client_certificate: None,
        proxies: Proxies::default(),
        timeout: Some(READ_TIMEOUT),
        follow_redirects: true,
    }
}

/// `vault_url` without the spaces and slashes around it.
fn vault(kwargs: Kwargs<'_>, faults: &mut Faults<AzureKeyVaultError>) -> Option<Vault> {
    let given = faults
        .note(kwargs.text("vault_url"))
        .flatten()
        .filter(|url| !url.is_empty())?;
    let parsed = vault_at(given.trim_matches([' ', '/']));
    faults.note(parsed.ok_or(AzureKeyVaultError::VaultUrl))
}

fn vault_at(url: &str) -> Option<Vault> {
    let parsed = Url::parse(url).ok().filter(|url| url.scheme() == "https")?;
    let port = parsed
        .port()
        .map_or_else(String::new, |port| format!(":{port}"));
    Some(Vault {
        url: url.to_owned(),
        host: format!("{}{port}", parsed.host_str()?),
        name: http::server_name(&parsed),
    })
}

fn credential(kwargs: Kwargs<'_>, faults: &mut Faults<AzureKeyVaultError>) -> CredentialSettings {
    let mut given = |name| {
        faults
            .note(kwargs.secret(name))
            .flatten()
            .filter(|text| !text.expose().is_empty())
    };
    let application = (
        given("tenant_id"),
        given("client_id"),
        given("client_secret"),
    );
    let user_assigned = (
        given("managed_identity_client_id"),
        given("workload_identity_tenant_id"),
    );
    let plain = |text: SecretText| text.expose().to_owned();
    match (application, user_assigned) {
        ((Some(tenant), Some(client_id), Some(secret)), _) => {
            let (tenant, client_id) = (plain(tenant), plain(client_id));
            CredentialSettings::ClientSecret {
                tenant,
                client_id,
                secret,
            }
        }
        (_, (Some(client_id), Some(tenant))) => {
            let (client_id, tenant) = (plain(client_id), plain(tenant));
            CredentialSettings::Default(Some(UserAssigned { client_id, tenant }))
        }
        _ => CredentialSettings::Default(None),
    }
}

/// `api_version`, of which null is none.
fn api_version(kwargs: Kwargs<'_>, faults: &mut Faults<AzureKeyVaultError>) -> String {
    if let Some(null @ Value::None) = kwargs.get("api_version") {
        faults.keep(kwargs.wrong_type("api_version", "text", null));
    }
    faults
        .note(kwargs.text("api_version"))
        .flatten()
        .unwrap_or_else(|| API_VERSION.to_owned())
}

/// Options of `SecretClient` that are only warned about, but with values on which each of Airflow's lookups fails.
fn unserved_options(kwargs: Kwargs<'_>, faults: &mut Faults<AzureKeyVaultError>) {
    let mut refuse = |name, wanted, fails: fn(&Value) -> bool| {
        if let Some(value) = kwargs.get(name).filter(|value| fails(value)) {
            faults.keep(kwargs.wrong_type(name, wanted, value));
        }
    };
    for name in ["connection_timeout", "read_timeout"] {
        refuse(name, "a number of seconds", is_no_timeout);
    }
    refuse("proxies", "an object", |value| {
        value.is_truthy() && !matches!(value, Value::Dict(_))
    });
    refuse("transport", "left out", |value| *value != Value::None);
    for name in ["per_call_policies", "per_retry_policies"] {
        refuse(name, "left out", Value::is_truthy);
    }
}

/// What urllib3 takes for no time-out: everything but null and a number above zero.
fn is_no_timeout(value: &Value) -> bool {
    match value {
        Value::None => false,
        Value::Int(digits) => digits.starts_with('-') || digits == "0",
        Value::Float(seconds) => *seconds <= 0.0,
        _ => true,
    }
}

/// `connection_verify`: true, false, or the path of a CA file.
fn connection_verify(kwargs: Kwargs<'_>, faults: &mut Faults<AzureKeyVaultError>) -> Verify {
    match kwargs.get("connection_verify") {
        None | Some(Value::Bool(true)) => Verify::Trusted,
        Some(Value::Text(path)) if !path.expose().is_empty() => {
            let origin = "kwarg `connection_verify`".to_owned();
            Verify::Bundle {
                path: path.expose().into(),
                origin,
            }
        }
        Some(Value::Bool(false)) => Verify::Off,
        Some(other) => {
            let wanted = "true, false or the path of a CA file";
            faults.keep(kwargs.wrong_type("connection_verify", wanted, other));
            Verify::Trusted
        }
    }
}

/// `retry_total`: it can only lower the number, since repetitions for a status have a limit of their own.
fn retries(kwargs: Kwargs<'_>, faults: &mut Faults<AzureKeyVaultError>) -> u32 {
    match kwargs.get("retry_total") {
        None => RETRIES.retries,
        Some(Value::Int(digits)) if !digits.starts_with('-') => {
            digits.parse().unwrap_or(u32::MAX).min(RETRIES.retries)
        }
        Some(other) => {
            faults.keep(kwargs.wrong_type("retry_total", "a number of repetitions", other));
            RETRIES.retries
        }
    }
}

fn findings(kwargs: Kwargs<'_>, verify: &Verify) -> Vec<Finding> {
    let mut findings: Vec<Finding> = kwargs.unknown(KWARGS).iter().map(ignored).collect();
    let complete = |names: &[&str]| {
        let given = names
            .iter()
            .filter(|name| kwargs.truthy(name, false))
            .count();
        given == 0 || given == names.len()
    };
    for names in [APPLICATION, USER_ASSIGNED] {
        if !complete(names) {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            let sentence = format!(
                "{} count only all together; Airflow ignores the ones that are given",
                names.join(", ")
            );
            findings.push(Finding::warning("incomplete-kwargs", sentence));
        }
    }
    if *verify == Verify::Off {
        let sentence = "\"connection_verify\" is false: the vault's certificate is not checked, so anyone on the way can read the secrets";
        findings.push(Finding::warning("certificate-not-verified", sentence));
    }
    findings
}

/// The constructor takes every kwarg, and `SecretClient` ignores what it does not know.
fn ignored(unknown: &KwargError) -> Finding {
    let advice = unknown
        .hint()
        .map_or_else(String::new, |hint| format!("; {hint}"));
    let sentence = format!(
        "{unknown}: Airflow hands it on to Azure's SecretClient, and secretctl ignores it{advice}"
    );
    Finding::warning("unknown-kwarg", sentence)
}
