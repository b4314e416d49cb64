//! The kwargs that both AWS backends hand to their session: Airflow's "AWS connection extra".
//!
//! Mirrors `AwsConnectionWrapper` of apache-airflow-providers-amazon 9.39.0. The surprising rule: nothing here can stop Airflow
//! at start-up. A wrong value fails each lookup and is kept until then, and a name that means nothing is passed over in silence.

use std::path::PathBuf;

use url::Url;

use super::config_kwargs;
use super::error::AwsError;
use super::role::Role;
use crate::backend::kwargs::{KwargError, Kwargs};
use crate::env::Env;
use crate::error::Result;
use crate::http::{self, Verify};
use crate::python::json::{Dict, Value};
use crate::secret::SecretText;

/// The kwargs that are read here.
pub const KWARGS: &[&str] = &[
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

/// A backend's own kwargs and those of the session.
pub const fn with_session_kwargs<const N: usize>(own: &[&'static str]) -> [&'static str; N] {
    let mut names = [""; N];
    let mut index = 0;
    while index < N {
        names[index] = if index < own.len() {
            own[index]
        } else {
            KWARGS[index - own.len()]
        };
        index += 1;
    }
    names
}

/// One of the two services.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    /// The backend's class.
    pub class: &'static str,
    /// The first part of its host name.
    pub host: &'static str,
    /// The variable that sets its endpoint alone.
    pub endpoint_variable: &'static str,
    /// The one version of its interface.
    pub api_version: &'static str,
}

/// A key pair, with the token of a session.
#[derive(Clone, Debug)]
pub struct Keys {
    /// The access key id, which is no secret.
    pub id: String,
    /// The secret access key.
    pub secret: SecretText,
    /// The session token.
    pub token: Option<SecretText>,
}

/// The kwargs of the session, read.
#[derive(Clone, Debug)]
pub struct AwsSettings {
    /// Which service is asked.
    pub service: Service,
    /// `region_name`
    pub region_name: Option<String>,
    /// `profile_name`, which also turns the environment's keys off.
    pub profile_name: Option<String>,
    /// The keys of the kwargs.
    pub keys: Option<Keys>,
    /// The role to assume.
    pub role: Option<Role>,
    /// `endpoint_url`
    pub endpoint_url: Option<String>,
    /// The endpoint of STS, from `service_config`.
    pub sts_endpoint_url: Option<String>,
    /// `verify`; `None`: what the environment says.
    pub verify: Option<Verify>,
    /// Whether the service's own endpoint is asked over TLS.
    pub use_ssl: bool,
    /// Whether there is a kwarg `profile`, which Airflow ignores.
    pub has_profile: bool,
    fault: Option<AwsError>,
}

impl AwsSettings {
    /// Reads the kwargs. What Airflow fails on at the first lookup is kept until then.
    pub fn from_kwargs(kwargs: Kwargs<'_>, service: Service) -> Self {
        let mut faults = Faults::default();
        faults.note(api_version(kwargs, service));
        faults.note(config_kwargs::check(kwargs));
        let role = faults.note(Role::from_kwargs(kwargs)).flatten();
        // Without a role Airflow does not look at `service_config` at all.
        let sts_endpoint_url = match role {
            Some(_) => faults.note(sts_endpoint_url(kwargs)).flatten(),
            None => sts_endpoint_url(kwargs).unwrap_or_default(),
        };
        Self {
            service,
            region_name: faults.note(region_name(kwargs)).flatten(),
            profile_name: faults
                .note(kwargs.text("profile_name").map_err(AwsError::from))
                .flatten(),
            keys: faults.note(keys(kwargs)).flatten(),
            role,
            endpoint_url: faults.note(endpoint_url(kwargs)).flatten(),
            sts_endpoint_url,
            verify: faults.note(verify(kwargs)).flatten(),
            use_ssl: kwargs.truthy("use_ssl", true) || kwargs.get("use_ssl") == Some(&Value::None),
            has_profile: kwargs.get("profile").is_some() && kwargs.get("s3_config_file").is_none(),
            fault: faults.first,
        }
    }

    /// # Errors
    /// What fails each lookup, though Airflow starts with it.
    pub fn usable(&self) -> Result<(), AwsError> {
        self.fault.clone().map_or(Ok(()), Err)
    }

    /// Scheme, host and port of the service, as far as kwargs and environment tell without a look at the profile files.
    pub fn server(&self, env: &Env) -> Option<String> {
        let set = |name: &str| {
            env.get(name)
                .ok()
                .flatten()
                .filter(|value| !value.is_empty())
                .map(str::to_owned)
        };
        let endpoint = self
            .endpoint_url
            .clone()
            .or_else(|| set(self.service.endpoint_variable))
            .or_else(|| set("AWS_ENDPOINT_URL"));
        if let Some(endpoint) = endpoint {
            return Url::parse(&endpoint)
                .ok()
                .map(|url| http::server_name(&url));
        }
        let region = self
            .region_name
            .clone()
            .or_else(|| set("AWS_DEFAULT_REGION"))?;
        let suffix = if region.starts_with("cn-") {
            "amazonaws.com.cn"
        } else {
            "amazonaws.com"
        };
        let scheme = if self.use_ssl { "https" } else { "http" };
        Some(format!(
            "{scheme}://{}.{region}.{suffix}",
            self.service.host
        ))
    }

    /// A hint at the region that every AWS tool but boto3 would use.
    pub fn other_region(&self, env: &Env) -> Option<String> {
        let other = env
            .get("AWS_REGION")
            .ok()
            .flatten()
            .filter(|region| is_region(region))?;
        let own = self
            .region_name
            .as_deref()
            .or(env.get("AWS_DEFAULT_REGION").ok().flatten());
        let advice = format!(
            "AWS_REGION is {other}, which boto3, and so Airflow, does not read; is the secret in that region?"
        );
        (own != Some(other)).then_some(advice)
    }

    /// What a person should know about these settings.
    pub fn warnings(&self, kwargs: Kwargs<'_>, known: &'static [&'static str]) -> Vec<String> {
        let mut warnings = Vec::new();
        for unknown in kwargs.unknown(known) {
            let KwargError::Unknown { name, .. } = &unknown else {
                continue;
            };
            if name == "profile" {
                warnings.push("Airflow ignores the kwarg `profile` and goes on with its default profile; write \"profile_name\"".into());
                continue;
            }
            let hint = unknown
                .hint()
                .map_or_else(String::new, |hint| format!("; {hint}"));
            warnings.push(format!("{unknown}, and Airflow ignores it{hint}"));
        }
        if self.verify == Some(Verify::Off) {
            warnings.push("\"verify\" is false: the server's certificate is not checked, so anyone on the way can read the secrets".into());
        }
        if !self.use_ssl && self.endpoint_url.is_none() {
            warnings.push("\"use_ssl\" is false: secrets travel without TLS, so anyone on the way can read them".into());
        }
        warnings
    }
}

/// The first fault is kept.
#[derive(Default)]
struct Faults {
    first: Option<AwsError>,
}

impl Faults {
    fn note<T>(&mut self, value: Result<T, AwsError>) -> Option<T> {
        value
            .map_err(|error| self.first.get_or_insert(error).clone())
            .ok()
    }
}

/// A text, with the empty one for none.
pub fn text(kwargs: Kwargs<'_>, name: &'static str) -> Result<Option<String>, AwsError> {
    Ok(kwargs.text(name)?.filter(|text| !text.is_empty()))
}

/// `validate_region_name` of botocore.
fn region_name(kwargs: Kwargs<'_>) -> Result<Option<String>, AwsError> {
    match kwargs.text("region_name")? {
        Some(region) if !is_region(&region) => Err(AwsError::setting(
            "kwarg `region_name`",
            "is no name of a region",
        )),
        region => Ok(region),
    }
}

/// Whether a text can be a part of a host name.
pub fn is_region(text: &str) -> bool {
    let label = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    label
        && text.len() <= 63
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.chars().all(|c| c.is_ascii_digit())
}

/// `_get_credentials`: both keys from the top, else both from `session_kwargs`; the token from either.
fn keys(kwargs: Kwargs<'_>) -> Result<Option<Keys>, AwsError> {
    let wrong = |value| kwargs.wrong_type("session_kwargs", "an object", value);
    let nothing = Dict::new();
    let session = match kwargs
        .get("session_kwargs")
        .filter(|value| value.is_truthy())
    {
        None => &nothing,
        Some(Value::Dict(session)) => session,
        Some(other) => return Err(wrong(other).into()),
    };
    let session = Kwargs::new("session_kwargs", session);
    let pair = |from: Kwargs<'_>| {
        Ok::<_, AwsError>((
            text(from, "aws_access_key_id")?,
            text(from, "aws_secret_access_key")?,
        ))
    };
    let (own, older) = (pair(kwargs)?, pair(session)?);
    let (id, secret) = match (&own, &older) {
        ((Some(_), Some(_)), _) => own,
        (_, (Some(_), Some(_))) => older,
        _ => own,
    };
    let token = text(kwargs, "aws_session_token")?
        .or(text(session, "aws_session_token")?)
        .map(SecretText::from);
    let partial = |missing| {
        Err(AwsError::PartialCredentials {
            origin: "the kwargs".into(),
            missing,
        })
    };
    match (id, secret, token) {
        (Some(id), Some(secret), token) => Ok(Some(Keys {
            id,
            secret: secret.into(),
            token,
        })),
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
pub fn is_address(text: &str) -> bool {
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
            "is no http:// or https:// address",
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
fn api_version(kwargs: Kwargs<'_>, service: Service) -> Result<(), AwsError> {
    match kwargs.text("api_version")? {
        Some(version) if version != service.api_version => Err(AwsError::setting(
            "kwarg `api_version`",
            format!("must be {} or null", service.api_version),
        )),
        _ => Ok(()),
    }
}
