//! The kwargs that both AWS backends hand to their session: Airflow's "AWS connection extra".
//!
//! Mirrors `AwsConnectionWrapper` of apache-airflow-providers-amazon 9.39.0. The surprising rule: nothing here can stop Airflow
//! at start-up. A wrong value fails each lookup and is kept until then, and a name that means nothing is passed over in silence.

use std::path::PathBuf;

use url::Url;

use super::credentials::CredentialsWithOrigin;
use super::credentials::role::Role;
use super::error::AwsError;
use crate::backend::kwargs::{Faults, KwargError, Kwargs};
use crate::env::Env;
use crate::failure::Fault;
use crate::finding::Finding;
use crate::http::Verify;
use crate::python::json::{Dict, Value};

/// What both classes are called and know.
#[derive(Clone, Copy, Debug)]
pub struct ServiceFacts {
    /// The class.
    pub class: &'static str,
    /// The one version of its interface.
    pub api_version: &'static str,
    /// Every kwarg that has an effect.
    pub kwargs: &'static [&'static str],
}

/// The kwargs that both classes have.
pub(super) const KWARGS: &[&str] = &[
    "connections_prefix",
    "connections_lookup_pattern",
    "variables_prefix",
    "variables_lookup_pattern",
    "config_prefix",
    "config_lookup_pattern",
    "region_name",
    "profile_name",
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "session_kwargs",
    "role_arn",
    "assume_role_method",
    "assume_role_kwargs",
    "assume_role_with_web_identity_federation",
    "assume_role_with_web_identity_token_file",
    "assume_role_with_web_identity_federation_audience",
    "assume_role_with_saml",
    "endpoint_url",
    "verify",
    "use_ssl",
    "api_version",
    "service_config",
    "config_kwargs",
];

/// What the kwargs say of region and credentials.
#[derive(Clone, Debug, Default)]
pub(super) struct SessionSettings {
    /// `region_name`
    pub region_name: Option<String>,
    /// `profile_name`, which also turns the environment's keys off.
    pub profile_name: Option<String>,
    /// The keys of the kwargs.
    pub keys: Option<CredentialsWithOrigin>,
    /// The role to assume.
    pub role: Option<Role>,
    /// The endpoint of STS, from `service_config`.
    pub sts_endpoint_url: Option<String>,
    /// Whether there is a kwarg `profile`, which Airflow ignores.
    pub has_profile: bool,
}

/// The kwargs of the session, read.
#[derive(Clone, Debug)]
pub(super) struct AwsSettings {
    /// Region and credentials.
    pub session: SessionSettings,
    /// `endpoint_url`
    pub endpoint_url: Option<String>,
    /// `verify`; `None`: what the environment says.
    pub verify: Option<Verify>,
    /// Whether the service's own endpoint is asked over TLS.
    pub use_ssl: bool,
    /// What fails each lookup, though Airflow starts with it.
    pub faults: Faults<AwsError>,
}

impl AwsSettings {
    /// Reads the kwargs. What Airflow fails on at the first lookup is kept until then.
    pub fn from_kwargs(kwargs: Kwargs<'_>, service: ServiceFacts) -> Self {
        let mut faults = Faults::default();
        faults.note(api_version(kwargs, service));
        faults.note(config_kwargs(kwargs));
        let role = faults
            .note(Role::from_kwargs(kwargs, service.class))
            .flatten();
        // Without a role Airflow does not look at `service_config` at all; whoever asks STS here goes by it all the same.
        let sts_endpoint_url = match role {
            Some(_) => faults.note(sts_endpoint_url(kwargs)).flatten(),
            None => sts_endpoint_url(kwargs).unwrap_or_default(),
        };
        let session = SessionSettings {
            region_name: faults.note(region_name(kwargs)).flatten(),
            profile_name: faults.note(kwargs.text("profile_name")).flatten(),
            keys: faults.note(keys(kwargs)).flatten(),
            role,
            sts_endpoint_url,
            has_profile: kwargs.get("profile").is_some() && kwargs.get("s3_config_file").is_none(),
        };
        Self {
            session,
            endpoint_url: faults.note(endpoint_url(kwargs)).flatten(),
            verify: faults.note(verify(kwargs)).flatten(),
            use_ssl: kwargs.truthy("use_ssl", true) || kwargs.get("use_ssl") == Some(&Value::None),
            faults,
        }
    }

    /// A hint at the region that every AWS tool but boto3 would use.
    pub fn other_region(&self, env: &Env) -> Option<String> {
        let set = |name| env.get(name).ok().flatten();
        let other = set("AWS_REGION").filter(|region| is_region(region))?;
        let own = self.session.region_name.as_deref();
        let advice = format!(
            "AWS_REGION is {other}, which boto3, and so Airflow, does not read; is the secret in that region?"
        );
        (own.or(set("AWS_DEFAULT_REGION")) != Some(other)).then_some(advice)
    }

    /// What a person should know about these settings.
    pub fn findings(&self, kwargs: Kwargs<'_>, service: ServiceFacts) -> Vec<Finding> {
        let mut findings: Vec<Finding> = kwargs
            .unknown(service.kwargs)
            .iter()
            .filter(
                |unknown| !matches!(unknown, KwargError::Unknown { name, .. } if name == "profile"),
            )
            .map(ignored)
            .collect();
        if kwargs.get("profile").is_some() {
            let sentence =
                "Airflow ignores the kwarg `profile` and goes on with its default profile";
            let finding = Finding::warning("unknown-kwarg", sentence);
            findings.push(finding.with_hint("write \"profile_name\""));
        }
        if self.verify == Some(Verify::Off) {
            let sentence = "\"verify\" is false: the server's certificate is not checked, so anyone on the way can read the secrets";
            findings.push(Finding::warning("certificate-not-verified", sentence));
        }
        if !self.use_ssl && self.endpoint_url.is_none() {
            let sentence = "\"use_ssl\" is false: secrets travel without TLS, so anyone on the way can read them";
            findings.push(Finding::warning("without-tls", sentence));
        }
        findings
    }
}

/// What to say of a kwarg that means nothing to Airflow.
fn ignored(unknown: &KwargError) -> Finding {
    let finding = Finding::warning(
        "unknown-kwarg",
        format!("{unknown}, and Airflow ignores it"),
    );
    Finding {
        hint: unknown.hint(),
        ..finding
    }
}

/// A text, with the empty one for none.
pub(super) fn text(kwargs: Kwargs<'_>, name: &'static str) -> Result<Option<String>, AwsError> {
    Ok(kwargs.text(name)?.filter(|text| !text.is_empty()))
}

/// An object, with anything false for none.
pub(super) fn object<'a>(
    kwargs: Kwargs<'a>,
    name: &'static str,
) -> Result<Option<&'a Dict>, AwsError> {
    match kwargs.get(name).filter(|value| value.is_truthy()) {
        None => Ok(None),
        Some(Value::Dict(object)) => Ok(Some(object)),
        Some(other) => Err(kwargs.wrong_type(name, "an object", other).into()),
    }
}

/// `validate_region_name` of botocore.
fn region_name(kwargs: Kwargs<'_>) -> Result<Option<String>, AwsError> {
    match kwargs.text("region_name")? {
        Some(region) if !is_region(&region) => Err(AwsError::setting(
            "kwarg `region_name`",
            "is not a region name",
        )),
        region => Ok(region),
    }
}

/// Whether a text can be a part of a host name.
pub(super) fn is_region(text: &str) -> bool {
    let label = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    label
        && text.len() <= 63
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.chars().all(|c| c.is_ascii_digit())
}

/// `_get_credentials`: both keys from the top, else both from `session_kwargs`; the token from either.
fn keys(kwargs: Kwargs<'_>) -> Result<Option<CredentialsWithOrigin>, AwsError> {
    let nothing = Dict::new();
    let session = object(kwargs, "session_kwargs")?.unwrap_or(&nothing);
    let session = Kwargs::new("session_kwargs", session);
    let secret = |from: Kwargs<'_>, name| {
        let secret = from.secret(name)?;
        Ok::<_, AwsError>(secret.filter(|secret| !secret.expose().is_empty()))
    };
    let pair = |from| {
        let id = text(from, "aws_access_key_id")?;
        Ok::<_, AwsError>((id, secret(from, "aws_secret_access_key")?))
    };
    let (own, older) = (pair(kwargs)?, pair(session)?);
    let (id, key) = match (&own, &older) {
        ((Some(_), Some(_)), _) => own,
        (_, (Some(_), Some(_))) => older,
        _ => own,
    };
    let token = secret(kwargs, "aws_session_token")?.or(secret(session, "aws_session_token")?);
    let origin = "the kwargs";
    let partial = |missing| {
        Err(AwsError::PartialCredentials {
            origin: origin.into(),
            missing,
        })
    };
    match (id, key, token) {
        (Some(id), Some(key), token) => {
            let token = token.as_ref().map(|token| token.expose());
            CredentialsWithOrigin::of_keys(&id, key.expose(), token, origin).map(Some)
        }
        (None, None, None) => Ok(None),
        (Some(_), None, _) => partial("`aws_secret_access_key`"),
        (None, _, _) => partial("`aws_access_key_id`"),
    }
}

/// An address with a scheme, as botocore insists.
fn endpoint_url(kwargs: Kwargs<'_>) -> Result<Option<String>, AwsError> {
    match kwargs.text("endpoint_url")? {
        Some(url) if !is_address(&url) => Err(AwsError::setting(
            "kwarg `endpoint_url`",
            "is not an http:// or https:// address",
        )),
        url => Ok(url),
    }
}

/// Whether a text can be an endpoint.
pub(super) fn is_address(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// `service_config`, of which only `{"sts": {"endpoint_url": ...}}` has an effect, and only with a role.
fn sts_endpoint_url(kwargs: Kwargs<'_>) -> Result<Option<String>, AwsError> {
    let wrong = |value| kwargs.wrong_type("service_config", "an object of objects", value);
    let by_service = match kwargs.get("service_config") {
        None => return Ok(None),
        Some(Value::Dict(by_service)) => by_service,
        Some(other) => return Err(wrong(other).into()),
    };
    let url = match by_service.get("sts") {
        None => return Ok(None),
        Some(Value::Dict(sts)) => sts.get("endpoint_url"),
        Some(other) => return Err(wrong(other).into()),
    };
    match url {
        None | Some(Value::None) => Ok(None),
        Some(Value::Text(url)) if is_address(url.expose()) => Ok(Some(url.expose().to_owned())),
        Some(_) => Err(AwsError::setting(
            "the \"endpoint_url\" of \"sts\" in kwarg `service_config`",
            "is not an http:// or https:// address",
        )),
    }
}

/// `verify`: true, false, a CA file; null leaves it to `AWS_CA_BUNDLE`.
fn verify(kwargs: Kwargs<'_>) -> Result<Option<Verify>, AwsError> {
    match kwargs.get("verify") {
        None | Some(Value::None) => Ok(None),
        Some(Value::Bool(true)) => Ok(Some(Verify::Trusted)),
        Some(Value::Text(path)) if path.expose().trim().is_empty() => Err(AwsError::setting(
            "kwarg `verify`",
            "is empty, where true, false or the path of a CA file is due",
        )),
        Some(Value::Text(path)) => Ok(Some(Verify::Bundle {
            path: PathBuf::from(path.expose()),
            origin: "kwarg `verify`".into(),
        })),
        Some(value) if !value.is_truthy() => Ok(Some(Verify::Off)),
        Some(other) => Err(kwargs
            .wrong_type("verify", "true, false or the path of a CA file", other)
            .into()),
    }
}

/// boto3 knows one version of each interface.
fn api_version(kwargs: Kwargs<'_>, service: ServiceFacts) -> Result<(), AwsError> {
    match kwargs.text("api_version")? {
        Some(version) if version != service.api_version => Err(AwsError::setting(
            "kwarg `api_version`",
            format!("must be {} or null", service.api_version),
        )),
        _ => Ok(()),
    }
}

/// Airflow uses `config_kwargs` for STS alone, and yet builds botocore's `Config` from it for every lookup.
fn config_kwargs(kwargs: Kwargs<'_>) -> Result<(), AwsError> {
    object(kwargs, "config_kwargs").map(drop)
}
