//! The session of one backend: region, credentials and endpoints as Airflow's `SessionFactory` and boto3 choose them.
//!
//! Mirrors `BaseSessionFactory` of apache-airflow-providers-amazon 9.39.0 over boto3 1.44.5. The surprising rule: `verify`,
//! `endpoint_url` and `use_ssl` are the service's alone; STS is asked at its own address with the default trust.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_types::os_shim_internal::Env as SdkEnv;

use super::assume_role;
use super::client_settings;
use super::connector::Connector;
use super::credentials::{self, Sourced};
use super::error::AwsError;
use super::profile::{Profile, SDK_NAME};
use super::role::RoleMethod;
use super::settings::{AwsSettings, Keys, is_address, is_region};
use super::{ENDPOINT, SessionError, boto_environment};
use crate::backend::Surroundings;
use crate::env::{Env, EnvError};
use crate::http::{self, HttpSettings, Proxies, Verify};
use crate::python::json::{Dict, Value};
use crate::python::urllib::urlsplit;
use crate::secret::SecretText;

/// botocore's standard retry mode.
const ATTEMPTS: u32 = 3;

/// What is known before there are credentials.
pub struct Base {
    /// The environment, for a command of the profile.
    pub env: Env,
    /// The environment with boto3's names.
    pub variables: HashMap<String, String>,
    /// The selected profile.
    pub profile: Profile,
    /// The region, for signing and for endpoints.
    pub region: String,
    /// The longest one operation may take.
    pub limit: Duration,
    connector: Connector,
    config: SdkConfig,
    sts_endpoint_url: Option<String>,
}

/// A session with credentials.
pub struct Session {
    /// How the service is asked.
    pub config: SdkConfig,
    /// The region.
    pub region: String,
    /// Where the credentials come from, in words.
    pub origin: String,
    /// The longest one operation may take.
    pub limit: Duration,
    sts: aws_sdk_sts::Config,
    secrets: Vec<SecretText>,
}

impl Session {
    /// Finds region and credentials, and assumes the role if there is one.
    ///
    /// # Errors
    /// What boto3 fails on, and what is not served.
    pub async fn open(
        settings: &AwsSettings,
        surroundings: &Surroundings,
    ) -> Result<Self, AwsError> {
        settings.usable()?;
        let base = Base::new(settings, surroundings).await?;
        let found = credentials(&base, settings).await?;
        surroundings
            .trace
            .detail(|| format!("  AWS credentials from {}", found.origin));
        let service = service_connector(settings, surroundings, &base)?;
        let config = with_credentials(&base.config, &found)
            .http_client(service)
            .build();
        let sts = base.sts(Some(&found));
        let secrets = Vec::from(&found);
        Ok(Self {
            config,
            region: base.region,
            origin: found.origin,
            limit: base.limit,
            sts,
            secrets,
        })
    }

    /// A client of STS as who is asking.
    pub fn sts(&self) -> aws_sdk_sts::Client {
        aws_sdk_sts::Client::from_conf(self.sts.clone())
    }

    /// Whose credentials these are, and the region.
    pub fn asked_as(&self) -> String {
        format!(
            "with the credentials from {}, in region {}",
            self.origin, self.region
        )
    }

    /// What must not appear in anything AWS says.
    pub fn secrets(&self) -> Vec<&str> {
        self.secrets.iter().map(SecretText::expose).collect()
    }
}

/// The role's credentials, else the kwargs', else the chain's.
async fn credentials(base: &Base, settings: &AwsSettings) -> Result<Sourced, AwsError> {
    let Some(role) = &settings.role else {
        return own_credentials(base, settings).await;
    };
    let mut parameters = role.parameters.clone();
    parameters.insert("RoleArn".into(), Value::text(&role.arn));
    match &role.method {
        RoleMethod::WebIdentityFile(file) => {
            let from_env = || base.variables.get("AWS_WEB_IDENTITY_TOKEN_FILE").cloned();
            let file = file.clone().or_else(from_env).ok_or_else(|| {
                AwsError::setting(
                    "kwarg `assume_role_with_web_identity_token_file`",
                    "is missing, and AWS_WEB_IDENTITY_TOKEN_FILE is not set",
                )
            })?;
            assume_role::web_identity_role(base, &role.arn, &file, parameters).await
        }
        RoleMethod::Session => {
            let own = own_credentials(base, settings).await?;
            let parameters = with_session_name(parameters, settings.service.class);
            assume_role::session_role(base, &own, &role.arn, &parameters).await
        }
    }
}

/// `slugify(f"Airflow_{conn_id}")`
fn with_session_name(mut parameters: Dict, class: &str) -> Dict {
    let name = format!("airflow_{}__connection", class.to_lowercase());
    parameters
        .entry("RoleSessionName".into())
        .or_insert_with(|| Value::text(name));
    parameters
}

async fn own_credentials(base: &Base, settings: &AwsSettings) -> Result<Sourced, AwsError> {
    match &settings.keys {
        Some(keys) => Ok(Sourced::from_kwargs(keys)),
        None => credentials::from_chain(base, settings.has_profile).await,
    }
}

impl Base {
    async fn new(settings: &AwsSettings, surroundings: &Surroundings) -> Result<Self, AwsError> {
        let mut variables = boto_environment(&surroundings.env)?;
        let profile = Profile::load(&surroundings.env, settings.profile_name.as_deref())?;
        client_settings::check(&variables, &profile)?;
        check_endpoints(&mut variables)?;
        let region = region(settings, &surroundings.env, &profile)?;
        let verify = default_verify(&variables, &profile)?;
        let http = http_settings(verify, &surroundings.env, surroundings.timeout)?;
        let connector =
            Connector::new(http::client(&surroundings.env, &http)?).telling(surroundings.trace);
        let mut base = Self {
            config: SdkConfig::builder().build(),
            env: surroundings.env.clone(),
            sts_endpoint_url: settings.sts_endpoint_url.clone(),
            limit: surroundings.timeout,
            variables,
            profile,
            region,
            connector,
        };
        let loader = base.loader(base.variables.clone(), &BTreeMap::new())?;
        base.config = loader.no_credentials().load().await;
        Ok(base)
    }

    /// The SDK's configuration from these variables, with its own chain of credentials, and these keys of profiles.
    ///
    /// # Errors
    /// A profile that the SDK would read otherwise than boto3.
    pub async fn load(
        &self,
        variables: HashMap<String, String>,
        keys: &BTreeMap<&str, Keys>,
    ) -> Result<SdkConfig, AwsError> {
        Ok(self.loader(variables, keys)?.load().await)
    }

    fn loader(
        &self,
        variables: HashMap<String, String>,
        keys: &BTreeMap<&str, Keys>,
    ) -> Result<ConfigLoader, AwsError> {
        let loader = aws_config::defaults(BehaviorVersion::latest())
            .env(SdkEnv::from(variables))
            .profile_files(self.profile.for_sdk(keys)?)
            .profile_name(SDK_NAME)
            .http_client(self.connector.clone())
            .region(Region::new(self.region.clone()))
            .timeout_config(
                TimeoutConfig::builder()
                    .operation_timeout(self.limit)
                    .build(),
            )
            .retry_config(RetryConfig::standard().with_max_attempts(self.attempts()));
        Ok(loader)
    }

    /// `AWS_MAX_ATTEMPTS`, else the profile's `max_attempts`, else three in all.
    fn attempts(&self) -> u32 {
        let set = self
            .variables
            .get("AWS_MAX_ATTEMPTS")
            .map(String::as_str)
            .or_else(|| self.profile.get("max_attempts"));
        set.and_then(|attempts| attempts.trim().parse().ok())
            .unwrap_or(ATTEMPTS)
    }

    /// STS, as somebody or unsigned.
    pub fn sts(&self, own: Option<&Sourced>) -> aws_sdk_sts::Config {
        let config = match own {
            Some(own) => with_credentials(&self.config, own).build(),
            None => self.config.clone(),
        };
        let builder = aws_sdk_sts::config::Builder::from(&config);
        match &self.sts_endpoint_url {
            Some(url) => builder.endpoint_url(url).build(),
            None => builder.build(),
        }
    }
}

/// Addresses of endpoints that are none fail boto3's client. Beside an endpoint, boto3 passes over FIPS and dual stack, where the
/// SDK refuses the two together.
fn check_endpoints(variables: &mut HashMap<String, String>) -> Result<(), AwsError> {
    for (name, value) in variables.iter() {
        if name.starts_with(ENDPOINT) && !is_address(value) {
            return Err(AwsError::setting(
                format!("`{name}`"),
                "is not an http:// or https:// address",
            ));
        }
    }
    if variables.contains_key(ENDPOINT) {
        variables.remove("AWS_USE_FIPS_ENDPOINT");
        variables.remove("AWS_USE_DUALSTACK_ENDPOINT");
    }
    Ok(())
}

fn with_credentials(config: &SdkConfig, own: &Sourced) -> aws_types::sdk_config::Builder {
    let credentials: Credentials = own.credentials.clone();
    config
        .clone()
        .into_builder()
        .credentials_provider(SharedCredentialsProvider::new(credentials))
}

/// The kwargs, else `AWS_DEFAULT_REGION`, else the profile; boto3 knows no `AWS_REGION`.
fn region(settings: &AwsSettings, env: &Env, profile: &Profile) -> Result<String, AwsError> {
    if let Some(region) = &settings.region_name {
        return Ok(region.clone());
    }
    let from_env = env.get("AWS_DEFAULT_REGION")?;
    let (origin, region) = match (from_env, profile.get("region")) {
        (Some(region), _) => ("`AWS_DEFAULT_REGION`".to_owned(), region),
        (None, Some(region)) => (
            format!("`region` in the AWS profile `{}`", profile.name),
            region,
        ),
        (None, None) => {
            return Err(AwsError::NoRegion {
                profile: profile.name.clone(),
                aws_region_is_set: env.is_set("AWS_REGION"),
            });
        }
    };
    match is_region(region) {
        true => Ok(region.to_owned()),
        false => Err(AwsError::setting(origin, "is no name of a region")),
    }
}

/// `AWS_CA_BUNDLE`, else `ca_bundle` of the profile, else what the environment trusts.
///
/// # Errors
/// An empty one, on which boto3 fails.
fn default_verify(
    variables: &HashMap<String, String>,
    profile: &Profile,
) -> Result<Verify, AwsError> {
    let from_env = variables
        .get("AWS_CA_BUNDLE")
        .map(|path| (path.as_str(), "`AWS_CA_BUNDLE`"));
    let set = from_env.or_else(|| {
        profile
            .get("ca_bundle")
            .map(|path| (path, "`ca_bundle` in the AWS profile"))
    });
    match set {
        Some(("", origin)) => Err(AwsError::setting(
            origin,
            "is empty, where the path of a CA file is due",
        )),
        Some((path, origin)) => Ok(Verify::Bundle {
            path: path.into(),
            origin: origin.into(),
        }),
        None => Ok(Verify::Trusted),
    }
}

/// How botocore connects.
///
/// # Errors
/// A variable that is not UTF-8.
pub fn http_settings(
    verify: Verify,
    env: &Env,
    timeout: Duration,
) -> Result<HttpSettings, EnvError> {
    Ok(HttpSettings {
        verify,
        client_certificate: None,
        proxies: Proxies::Botocore {
            direct: containers_hosts(env)?,
        },
        timeout,
        follow_redirects: false,
    })
}

/// Who hands out a container's credentials, which `ContainerMetadataFetcher` asks without a proxy.
fn containers_hosts(env: &Env) -> Result<Vec<String>, EnvError> {
    let named = env.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")?;
    let named = named
        .and_then(|address| urlsplit(address).ok())
        .map(|address| address.hostname().expose().to_owned());
    let well_known = Some("169.254.170.2".to_owned());
    Ok(well_known.into_iter().chain(named).collect())
}

/// The connector of the service, which differs from that of STS by `verify` and `use_ssl`.
fn service_connector(
    settings: &AwsSettings,
    surroundings: &Surroundings,
    base: &Base,
) -> Result<Connector, AwsError> {
    let connector = match &settings.verify {
        None => base.connector.clone(),
        Some(verify) => {
            let http = http_settings(verify.clone(), &surroundings.env, surroundings.timeout)?;
            Connector::new(http::client(&surroundings.env, &http)?).telling(surroundings.trace)
        }
    };
    let plain = !settings.use_ssl && settings.endpoint_url.is_none();
    Ok(if plain {
        connector.without_tls()
    } else {
        connector
    })
}

impl From<SessionError> for AwsError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Env(error) => error.into(),
            SessionError::Profile => AwsError::setting("the AWS profile", "cannot be read"),
        }
    }
}
