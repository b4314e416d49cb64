//! Authentication: the eleven types of `_VaultClient` (hashicorp provider 4.8.4), what each holds and where its token is from.
//!
//! The surprising rule: `azure` and `radius` do not log in at all. Airflow sends a write that *configures* the auth mount and
//! then goes on with `VAULT_TOKEN` or `~/.vault-token`. secretctl uses that token and never sends the write.

mod aws_iam;
mod gcp;
mod initial;
mod kwargs;
mod login;

use super::error::VaultError;
use super::session::Token;
use super::settings::Faults;
use crate::backend::kwargs::Kwargs;
use crate::env::Env;
use crate::finding::Finding;
use crate::python::urllib::quote;
use crate::secret::SecretText;

use aws_iam::AwsIam;
pub use aws_iam::AwsLoginError;
use gcp::Gcp;
pub use gcp::GcpLoginError;
use initial::InitialToken;
pub use login::log_in;

/// How to get a token.
#[derive(Clone, Debug)]
pub struct Auth {
    method: AuthMethod,
    /// `auth_mount_point`, if it is not the default of the method.
    mount: Option<String>,
    /// The token that hvac starts with: `VAULT_TOKEN`, else `~/.vault-token`.
    initial: InitialToken,
}

/// An authentication type with what it needs.
#[derive(Clone, Debug)]
pub enum AuthMethod {
    /// `token`: the kwarg or `VAULT_TOKEN`, unless a file is named.
    Token {
        token: Option<Token>,
        path: Option<String>,
    },
    /// `approle`
    AppRole {
        role_id: SecretText,
        secret_id: Option<SecretText>,
    },
    /// `aws_iam`: a signed GetCallerIdentity.
    AwsIam(AwsIam),
    /// `azure`: no login; see the module's first lines.
    Azure,
    /// `gcp`: a JWT signed by Google's IAM.
    Gcp(Gcp),
    /// `github`
    GitHub { token: Option<SecretText> },
    /// `jwt`: the token itself, else a file.
    Jwt {
        role: String,
        token: Option<SecretText>,
        path: Option<String>,
    },
    /// `kubernetes`: a service account's token.
    Kubernetes { role: String, path: String },
    /// `ldap`
    Ldap {
        username: String,
        password: Option<SecretText>,
    },
    /// `radius`: no login; see the module's first lines.
    Radius,
    /// `userpass`
    UserPass {
        username: String,
        password: Option<SecretText>,
    },
}

impl Auth {
    /// Reads the kwargs of the chosen type, as `_VaultClient.__init__` checks them.
    ///
    /// # Errors
    /// What the constructor raises on. What only fails a lookup goes to `faults`.
    pub fn from_kwargs(
        kwargs: Kwargs<'_>,
        env: &Env,
        faults: &mut Faults,
    ) -> Result<Self, VaultError> {
        let initial = InitialToken::new(env)?;
        let method = AuthMethod::from_kwargs(kwargs, &initial, faults)?;
        let mount = faults
            .note(kwargs.text("auth_mount_point"))
            .flatten()
            .filter(|mount| !mount.is_empty());
        Ok(Self {
            method,
            mount,
            initial,
        })
    }

    /// Every secret that is sent in order to log in, so that none is shown when a server repeats it.
    pub fn secrets(&self) -> Vec<&str> {
        let own = match &self.method {
            AuthMethod::Token { token, .. } => token.as_ref().map(|token| &token.text),
            AuthMethod::GitHub { token } | AuthMethod::Jwt { token, .. } => token.as_ref(),
            AuthMethod::AppRole { secret_id, .. } => secret_id.as_ref(),
            AuthMethod::Ldap { password, .. } | AuthMethod::UserPass { password, .. } => {
                password.as_ref()
            }
            AuthMethod::AwsIam(aws_iam) => aws_iam.secret(),
            AuthMethod::Azure
            | AuthMethod::Radius
            | AuthMethod::Gcp(_)
            | AuthMethod::Kubernetes { .. } => None,
        };
        let initial = self.initial.from_env.iter().map(|token| &token.text);
        own.into_iter()
            .chain(initial)
            .map(SecretText::expose)
            .collect()
    }

    /// Where a token should have come from.
    pub fn token_origin(&self) -> String {
        match &self.method {
            AuthMethod::Token {
                path: Some(path), ..
            } => format!("the file `{path}`, named by \"token_path\""),
            AuthMethod::Token { .. } => "`VAULT_TOKEN`".into(),
            AuthMethod::Azure | AuthMethod::Radius => "`VAULT_TOKEN` or `~/.vault-token`".into(),
            method => format!("the {} login", method.name()),
        }
    }

    /// What of the kwargs to look at when Vault refuses the login.
    pub fn advice(&self) -> String {
        let is_empty =
            |text: &Option<SecretText>| text.as_ref().is_none_or(|text| text.expose().is_empty());
        let advice = match &self.method {
            AuthMethod::AppRole { secret_id, .. } if is_empty(secret_id) => {
                "\"secret_id\" is empty: set it, unless the role needs none"
            }
            AuthMethod::AppRole { .. } => {
                "check \"role_id\" and \"secret_id\": a secret id that is used up (`secret_id_num_uses`) or has expired is refused in the same words"
            }
            AuthMethod::UserPass { .. } | AuthMethod::Ldap { .. } => {
                "check \"username\" and \"password\""
            }
            AuthMethod::Jwt { .. } => {
                "check \"jwt_role\", and the issuer, audience and age of the JWT"
            }
            AuthMethod::Kubernetes { .. } => {
                "check \"kubernetes_role\", and which service accounts it is bound to"
            }
            AuthMethod::AwsIam(_) | AuthMethod::Gcp(_) => {
                "check \"role_id\", and which principals the role is bound to"
            }
            AuthMethod::GitHub { .. }
            | AuthMethod::Token { .. }
            | AuthMethod::Azure
            | AuthMethod::Radius => "check \"token\"",
        };
        advice.to_owned()
    }

    /// What a person should know about this authentication type.
    pub fn finding(&self) -> Option<Finding> {
        let name = self.method.name();
        matches!(self.method, AuthMethod::Azure | AuthMethod::Radius).then(|| {
            Finding::warning(
                "vault-never-logs-in",
                format!(
                    "\"auth_type\": \"{name}\" never logs in: Airflow overwrites the configuration of the {name} auth mount and then \
                     uses VAULT_TOKEN or ~/.vault-token; secretctl uses that token and does not send the write"
                ),
            )
        })
    }

    fn mount(&self) -> &str {
        self.mount.as_deref().unwrap_or(match &self.method {
            AuthMethod::AwsIam(_) => "aws",
            method => method.name(),
        })
    }

    fn login_path(&self) -> String {
        format!("auth/{}/login", quote(self.mount(), "/"))
    }
}

impl AuthMethod {
    /// The name in `auth_type`.
    fn name(&self) -> &'static str {
        match self {
            AuthMethod::Token { .. } => "token",
            AuthMethod::AppRole { .. } => "approle",
            AuthMethod::AwsIam(_) => "aws_iam",
            AuthMethod::Azure => "azure",
            AuthMethod::Gcp(_) => "gcp",
            AuthMethod::GitHub { .. } => "github",
            AuthMethod::Jwt { .. } => "jwt",
            AuthMethod::Kubernetes { .. } => "kubernetes",
            AuthMethod::Ldap { .. } => "ldap",
            AuthMethod::Radius => "radius",
            AuthMethod::UserPass { .. } => "userpass",
        }
    }
}
