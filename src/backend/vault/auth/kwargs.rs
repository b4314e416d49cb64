//! The kwargs of each authentication type, as `_VaultClient.__init__` insists on them.
//!
//! The surprising rule: `token_path` satisfies `github`, which never reads it, and an empty `VAULT_TOKEN` satisfies `token`.

use super::aws_iam::AwsIam;
use super::gcp::Gcp;
use super::{AuthMethod, InitialToken};
use crate::backend::kwargs::{KwargError, Kwargs};
use crate::backend::vault::error::VaultError;
use crate::backend::vault::session::Token;
use crate::backend::vault::settings::Faults;
use crate::python::json::Value;
use crate::secret::SecretText;

/// Where Kubernetes puts a pod's own token.
const KUBERNETES_JWT_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

const AUTH_TYPES: &[&str] = &[
    "approle",
    "aws_iam",
    "azure",
    "github",
    "gcp",
    "jwt",
    "kubernetes",
    "ldap",
    "radius",
    "token",
    "userpass",
];

impl AuthMethod {
    /// Reads the kwargs of the chosen type.
    ///
    /// # Errors
    /// What the constructor raises on. What only fails a lookup goes to `faults`.
    pub(super) fn from_kwargs(
        kwargs: Kwargs<'_>,
        initial: &InitialToken,
        faults: &mut Faults,
    ) -> Result<Self, VaultError> {
        let auth_type = match kwargs.get("auth_type") {
            None => "token",
            Some(Value::Text(auth_type)) => auth_type.expose(),
            Some(other) => return Err(kwargs.wrong_type("auth_type", "text", other).into()),
        };
        let mut given = Given { kwargs, faults };
        Ok(match auth_type {
            "token" => given.token(initial)?,
            "approle" => given.approle()?,
            "aws_iam" => AuthMethod::AwsIam(AwsIam::from_kwargs(kwargs, given.faults)),
            "azure" => given.azure()?,
            "gcp" => AuthMethod::Gcp(Gcp::from_kwargs(kwargs, given.faults)?),
            "github" => given.github(initial)?,
            "jwt" => given.jwt()?,
            "kubernetes" => given.kubernetes()?,
            "ldap" => {
                let (username, password) = given.user("ldap");
                AuthMethod::Ldap { username, password }
            }
            "radius" => given.radius()?,
            "userpass" => {
                let (username, password) = given.user("userpass");
                AuthMethod::UserPass { username, password }
            }
            word => return Err(kwargs.unknown_word("auth_type", AUTH_TYPES, word).into()),
        })
    }
}

/// The kwargs of one authentication type, as the constructor insists on them.
struct Given<'a, 'f> {
    kwargs: Kwargs<'a>,
    faults: &'f mut Faults,
}

impl Given<'_, '_> {
    fn secret(&mut self, name: &'static str) -> Option<SecretText> {
        let value = self.kwargs.secret(name);
        self.faults.note(value).flatten()
    }

    fn text(&mut self, name: &'static str) -> Option<String> {
        let value = self.kwargs.text(name);
        self.faults.note(value).flatten()
    }

    /// Whether the constructor takes the kwarg for given, whatever its type.
    fn has(&self, name: &str) -> bool {
        self.kwargs.truthy(name, false)
    }

    fn insist(
        &self,
        met: bool,
        auth_type: &'static str,
        needs: &'static str,
    ) -> Result<(), KwargError> {
        if met {
            Ok(())
        } else {
            Err(self.kwargs.missing(auth_type, needs))
        }
    }

    fn token(&mut self, initial: &InitialToken) -> Result<AuthMethod, KwargError> {
        let met = self.has("token") || self.has("token_path") || initial.from_env.is_some();
        self.insist(
            met,
            "token",
            "`token` or `token_path`, or VAULT_TOKEN in the environment",
        )?;
        let own = self.own_token().map(|text| Token {
            text,
            origin: "kwarg `token`".into(),
            is_of_own_login: false,
        });
        let path = self.text("token_path").filter(|path| !path.is_empty());
        Ok(AuthMethod::Token {
            token: own.or_else(|| initial.from_env.clone()),
            path,
        })
    }

    fn approle(&mut self) -> Result<AuthMethod, KwargError> {
        self.insist(self.has("role_id"), "approle", "`role_id`")?;
        let role_id = self.secret("role_id").unwrap_or_default();
        Ok(AuthMethod::AppRole {
            role_id,
            secret_id: self.secret("secret_id"),
        })
    }

    fn azure(&mut self) -> Result<AuthMethod, KwargError> {
        self.insist(self.has("azure_resource"), "azure", "`azure_resource`")?;
        self.insist(self.has("azure_tenant_id"), "azure", "`azure_tenant_id`")?;
        Ok(AuthMethod::Azure)
    }

    /// `token_path` satisfies the constructor but is never read.
    fn github(&mut self, initial: &InitialToken) -> Result<AuthMethod, KwargError> {
        self.insist(
            self.has("token") || self.has("token_path"),
            "github",
            "`token`",
        )?;
        let initial = initial.from_env.as_ref().map(|token| token.text.clone());
        Ok(AuthMethod::GitHub {
            token: self.own_token().or(initial),
        })
    }

    fn jwt(&mut self) -> Result<AuthMethod, KwargError> {
        self.insist(self.has("jwt_role"), "jwt", "`jwt_role`")?;
        self.insist(
            self.has("jwt_token") || self.has("jwt_token_path"),
            "jwt",
            "`jwt_token` or `jwt_token_path`",
        )?;
        let token = self
            .secret("jwt_token")
            .filter(|token| !token.expose().is_empty());
        Ok(AuthMethod::Jwt {
            role: self.text("jwt_role").unwrap_or_default(),
            token,
            path: self.text("jwt_token_path"),
        })
    }

    fn kubernetes(&mut self) -> Result<AuthMethod, KwargError> {
        self.insist(
            self.has("kubernetes_role"),
            "kubernetes",
            "`kubernetes_role`",
        )?;
        let has_path = self.kwargs.truthy("kubernetes_jwt_path", true);
        self.insist(has_path, "kubernetes", "`kubernetes_jwt_path`")?;
        let path = self
            .text("kubernetes_jwt_path")
            .unwrap_or_else(|| KUBERNETES_JWT_PATH.into());
        Ok(AuthMethod::Kubernetes {
            role: self.text("kubernetes_role").unwrap_or_default(),
            path,
        })
    }

    fn radius(&mut self) -> Result<AuthMethod, KwargError> {
        self.insist(self.has("radius_host"), "radius", "`radius_host`")?;
        self.insist(self.has("radius_secret"), "radius", "`radius_secret`")?;
        Ok(AuthMethod::Radius)
    }

    fn own_token(&mut self) -> Option<SecretText> {
        self.secret("token")
            .filter(|token| !token.expose().is_empty())
    }

    /// Neither is checked by the constructor: a user who is not named is asked for as Python writes `None`. A password that is
    /// not given is sent as `null`, which Vault answers with an error, so that no lookup comes to anything.
    fn user(&mut self, auth_type: &'static str) -> (String, Option<SecretText>) {
        let username = self.text("username").unwrap_or_else(|| "None".into());
        let given = match self.kwargs.get("password") {
            None | Some(Value::None) => Err(self.kwargs.missing(auth_type, "`password`")),
            Some(_) => self.kwargs.secret("password"),
        };
        (username, self.faults.note(given).flatten())
    }
}
