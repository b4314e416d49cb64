//! The session of one backend: region, credentials and endpoints as Airflow's `SessionFactory` and boto3 choose them.
//!
//! Mirrors `BaseSessionFactory` of apache-airflow-providers-amazon 9.39.0 over boto3 1.44.5. The surprising rule: `verify`,
//! `endpoint_url` and `use_ssl` are the service's alone; STS is asked at its own address with the default trust.

use std::collections::{BTreeMap, HashMap};

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_types::origin::Origin;
use aws_types::os_shim_internal::Env as SdkEnv;
use tokio::sync::OnceCell;

use super::connector::{AskedServer, Connector, TIMEOUT};
use super::credentials::profile::{Profile, SDK_NAME};
use super::credentials::{self, CredentialsWithOrigin};
use super::error::AwsError;
use super::refusal::Caller;
use super::settings::{AwsSettings, SessionSettings, is_address, is_region};
use crate::backend::Surroundings;
use crate::console::Console;
use crate::deadline::Deadline;
use crate::env::{Env, EnvError};
use crate::http::{Client, HttpSettings, Proxies, Verify};
use crate::python::urllib::urlsplit;

/// botocore's standard retry mode.
const ATTEMPTS: u32 = 3;

/// Where STS is asked when no region is named, as boto3 does.
const NO_REGION: &str = "us-east-1";

/// The variable that sets every service's endpoint, and the beginning of those that set one.
const ENDPOINT: &str = "AWS_ENDPOINT_URL";

/// What is known before there are credentials.
pub(super) struct BaseSession {
    /// The environment, for a command of the profile.
    pub env: Env,
    /// AWS's variables with boto3's names.
    pub variables: HashMap<String, String>,
    /// The selected profile.
    pub profile: Profile,
    /// The region, for signing and for endpoints; only a backend insists on one.
    pub region: Option<String>,
    /// Where to tell what is being done.
    pub console: Console,
    connector: Connector,
    config: SdkConfig,
    sts_endpoint_url: Option<String>,
}

/// A session with credentials, of one of the two services.
pub struct AwsSession {
    /// How the service is asked.
    pub config: SdkConfig,
    /// The region.
    pub region: String,
    /// Who is asking, once STS was asked for it; `None`: it does not tell.
    pub(super) caller: OnceCell<Option<Caller>>,
    credentials: CredentialsWithOrigin,
    sts: Option<aws_sdk_sts::Client>,
}

impl AwsSession {
    /// Finds region and credentials, and assumes the role if there is one. The server that is asked is written down in `asked`.
    ///
    /// # Errors
    /// What boto3 fails on, and what is not served.
    pub(super) async fn open(
        settings: &AwsSettings,
        surroundings: &Surroundings,
        asked: AskedServer,
        deadline: Deadline,
    ) -> Result<Self, AwsError> {
        settings.faults.check()?;
        let base = BaseSession::open(&settings.session, surroundings, deadline).await?;
        let region = base.region.clone().ok_or_else(|| AwsError::NoRegion {
            profile: base.profile.name.clone(),
            aws_region_is_set: base.env.is_set("AWS_REGION"),
        })?;
        let credentials = credentials::of_session(&base, &settings.session, deadline).await?;
        base.console
            .detail(|| format!("  AWS credentials from {}", credentials.origin));
        let connector = service_connector(settings, surroundings, &base, deadline).await?;
        let config = with_credentials(&base.config, &credentials.credentials)
            .http_client(connector.noting(asked));
        let config = match &settings.endpoint_url {
            None => config,
            // Beside an endpoint, boto3 passes over FIPS and dual stack.
            Some(url) => {
                let mut config = config
                    .endpoint_url(url)
                    .use_fips(false)
                    .use_dual_stack(false);
                config.insert_origin("endpoint_url", Origin::shared_config());
                config
            }
        };
        Ok(Self {
            config: config.build(),
            region,
            caller: OnceCell::new(),
            sts: surroundings
                .diagnoses
                .then(|| base.sts(Some(&credentials.credentials), false)),
            credentials,
        })
    }

    /// A client of STS as who is asking, which asks once; `None` where nothing is asked after a failure.
    pub(super) fn sts(&self) -> Option<&aws_sdk_sts::Client> {
        self.sts.as_ref()
    }

    /// How the service is asked for what is worth one try, and not for a secret.
    pub(super) fn without_retries(&self) -> SdkConfig {
        let config = self.config.clone().into_builder();
        config.retry_config(RetryConfig::disabled()).build()
    }

    /// Where the credentials come from, in words.
    pub(super) fn origin(&self) -> &str {
        &self.credentials.origin
    }

    /// The region that is asked.
    pub(super) fn region(&self) -> &str {
        &self.region
    }

    /// Whose credentials these are, and the region.
    pub(super) fn asked_as(&self) -> String {
        let (origin, region) = (self.origin(), &self.region);
        format!("with the credentials from {origin}, in region {region}")
    }

    /// What must not appear in anything AWS says.
    pub(super) fn secrets(&self) -> Vec<&str> {
        self.credentials.secrets()
    }
}

impl BaseSession {
    /// Reads environment and profile files; sends nothing.
    ///
    /// # Errors
    /// What boto3 fails on before it looks for credentials.
    pub async fn open(
        settings: &SessionSettings,
        surroundings: &Surroundings,
        deadline: Deadline,
    ) -> Result<Self, AwsError> {
        let env = &surroundings.env;
        let mut variables = boto_environment(env)?;
        let profile = Profile::load(env, settings.profile_name.as_deref(), deadline).await?;
        check_endpoints(&mut variables, &profile)?;
        let region = region(settings, &variables, &profile)?;
        let http = http_settings(default_verify(&variables, &profile)?, &variables);
        let client = Client::open(env, &http, &surroundings.console, deadline).await?;
        let mut base = Self {
            config: SdkConfig::builder().build(),
            env: env.clone(),
            console: surroundings.console.clone(),
            sts_endpoint_url: settings.sts_endpoint_url.clone(),
            connector: Connector::new(client),
            variables,
            profile,
            region,
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
        keys: &BTreeMap<&str, Credentials>,
    ) -> Result<SdkConfig, AwsError> {
        Ok(self.loader(variables, keys)?.load().await)
    }

    fn loader(
        &self,
        variables: HashMap<String, String>,
        keys: &BTreeMap<&str, Credentials>,
    ) -> Result<ConfigLoader, AwsError> {
        let files = self
            .profile
            .for_sdk(keys, ignores_endpoints(&self.variables, &self.profile))?;
        // A region that is set here keeps the SDK from asking the metadata address for one.
        let region = self.region.clone().unwrap_or_else(|| NO_REGION.into());
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(TIMEOUT)
            .read_timeout(TIMEOUT);
        Ok(aws_config::defaults(BehaviorVersion::latest())
            .env(SdkEnv::from(variables))
            .profile_files(files)
            .profile_name(SDK_NAME)
            .http_client(self.connector.clone())
            .region(Region::new(region))
            .timeout_config(timeouts.build())
            .retry_config(RetryConfig::standard().with_max_attempts(self.attempts())))
    }

    /// `AWS_MAX_ATTEMPTS`, else the profile's `max_attempts`, else three in all.
    fn attempts(&self) -> u32 {
        let variable = self.variables.get("AWS_MAX_ATTEMPTS").map(String::as_str);
        let set = variable.or_else(|| self.profile.get("max_attempts"));
        set.and_then(|attempts| attempts.trim().parse().ok())
            .filter(|attempts| *attempts > 0)
            .unwrap_or(ATTEMPTS)
    }

    /// STS, as somebody or unsigned, asked once or as often as it takes.
    pub fn sts(&self, own: Option<&Credentials>, again: bool) -> aws_sdk_sts::Client {
        let config = match own {
            Some(own) => with_credentials(&self.config, own).build(),
            None => self.config.clone(),
        };
        let mut builder = aws_sdk_sts::config::Builder::from(&config);
        if let Some(url) = &self.sts_endpoint_url {
            builder = builder.endpoint_url(url);
        }
        if !again {
            builder = builder.retry_config(RetryConfig::disabled());
        }
        aws_sdk_sts::Client::from_conf(builder.build())
    }
}

/// AWS's own variables with boto3's names where the SDK reads others, without what boto3 takes for not set; and the home, for
/// the cache of single sign-on.
fn boto_environment(env: &Env) -> Result<HashMap<String, String>, EnvError> {
    let is_read =
        |name: &&str| *name == "HOME" || (name.starts_with("AWS_") && *name != "AWS_REGION");
    let mut variables = HashMap::new();
    for name in env.names().filter(is_read) {
        let value = env.get(name)?;
        let value = value.filter(|value| !(value.is_empty() && name.starts_with(ENDPOINT)));
        if let Some(value) = value {
            variables.insert(name.to_owned(), value.to_owned());
        }
    }
    Ok(variables)
}

/// Whether endpoints of the environment and the profile files count for nothing.
fn ignores_endpoints(variables: &HashMap<String, String>, profile: &Profile) -> bool {
    let variable = variables.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
    let set = variable
        .map(String::as_str)
        .or_else(|| profile.get("ignore_configured_endpoint_urls"));
    set.is_some_and(|flag| flag.eq_ignore_ascii_case("true"))
}

/// Endpoints of the environment that are not addresses fail boto3's client. Beside an endpoint, boto3 passes over FIPS and dual
/// stack, where the SDK refuses the two together.
fn check_endpoints(
    variables: &mut HashMap<String, String>,
    profile: &Profile,
) -> Result<(), AwsError> {
    if ignores_endpoints(variables, profile) {
        variables.retain(|name, _| !name.starts_with(ENDPOINT));
        return Ok(());
    }
    let is_unusable =
        |(name, value): &(&String, &String)| name.starts_with(ENDPOINT) && !is_address(value);
    if let Some((name, _)) = variables.iter().find(is_unusable) {
        let problem = "is not an http:// or https:// address";
        return Err(AwsError::setting(format!("`{name}`"), problem));
    }
    if variables.contains_key(ENDPOINT) {
        variables.remove("AWS_USE_FIPS_ENDPOINT");
        variables.remove("AWS_USE_DUALSTACK_ENDPOINT");
    }
    Ok(())
}

fn with_credentials(config: &SdkConfig, own: &Credentials) -> aws_types::sdk_config::Builder {
    let provider = SharedCredentialsProvider::new(own.clone());
    config.clone().into_builder().credentials_provider(provider)
}

/// The kwargs, else `AWS_DEFAULT_REGION`, else the profile; boto3 knows no `AWS_REGION`.
fn region(
    settings: &SessionSettings,
    variables: &HashMap<String, String>,
    profile: &Profile,
) -> Result<Option<String>, AwsError> {
    if let Some(region) = &settings.region_name {
        return Ok(Some(region.clone()));
    }
    let name = &profile.name;
    let (origin, region) = match (variables.get("AWS_DEFAULT_REGION"), profile.get("region")) {
        (Some(region), _) => ("`AWS_DEFAULT_REGION`".to_owned(), region.as_str()),
        (None, Some(region)) => (format!("`region` in the AWS profile `{name}`"), region),
        (None, None) => return Ok(None),
    };
    match is_region(region) {
        true => Ok(Some(region.to_owned())),
        false => Err(AwsError::setting(origin, "is not a region name")),
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
    let variable = variables.get("AWS_CA_BUNDLE");
    let variable = variable.map(|path| (path.as_str(), "`AWS_CA_BUNDLE`"));
    let option = profile.get("ca_bundle");
    match variable.or(option.map(|path| (path, "`ca_bundle` in the AWS profile"))) {
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
fn http_settings(verify: Verify, variables: &HashMap<String, String>) -> HttpSettings {
    HttpSettings {
        verify,
        client_certificate: None,
        proxies: Proxies::Botocore {
            direct: containers_hosts(variables),
        },
        timeout: None,
        follow_redirects: false,
    }
}

/// Who hands out a container's credentials, which `ContainerMetadataFetcher` asks without a proxy.
fn containers_hosts(variables: &HashMap<String, String>) -> Vec<String> {
    let named = variables.get("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    let named = named
        .and_then(|address| urlsplit(address).ok())
        .map(|address| address.hostname().expose().to_owned());
    let well_known = Some("169.254.170.2".to_owned());
    well_known.into_iter().chain(named).collect()
}

/// The connector of the service, which differs from that of STS by `verify` and `use_ssl`.
async fn service_connector(
    settings: &AwsSettings,
    surroundings: &Surroundings,
    base: &BaseSession,
    deadline: Deadline,
) -> Result<Connector, AwsError> {
    let connector = match &settings.verify {
        None => base.connector.clone(),
        Some(verify) => {
            let http = http_settings(verify.clone(), &base.variables);
            let console = &surroundings.console;
            Connector::new(Client::open(&surroundings.env, &http, console, deadline).await?)
        }
    };
    let is_plain = !settings.use_ssl && settings.endpoint_url.is_none();
    Ok(match is_plain {
        true => connector.without_tls(),
        false => connector,
    })
}
