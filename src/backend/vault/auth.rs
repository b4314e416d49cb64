//! Logging in: the eleven authentication types of `_VaultClient`, what each needs and what each sends.
//!
//! The surprising rule: `azure` and `radius` do not log in at all. Airflow sends a write that *configures* the auth mount and
//! then goes on with `VAULT_TOKEN` or `~/.vault-token`. secretctl uses that token and never sends the write.

use std::fs;
use std::path::PathBuf;

use reqwest::{Client, Method};

use super::client::{Session, member, text};
use super::error::VaultError;
use super::settings::{Faults, Settings};
use super::{aws_iam, gcp};
use crate::backend::Surroundings;
use crate::backend::kwargs::{KwargError, Kwargs};
use crate::env::Env;
use crate::error::Result;
use crate::http::{self, Deadline};
use crate::python::json::{Dict, Value};
use crate::python::text::strip;
use crate::python::urllib::quote;
use crate::secret::SecretText;

/// Where Kubernetes puts a pod's own token.
const KUBERNETES_JWT_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

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
        token: Option<SecretText>,
        path: Option<String>,
        from_kwargs: bool,
    },
    /// `approle`
    AppRole {
        role_id: SecretText,
        secret_id: Option<SecretText>,
    },
    /// `aws_iam`: a signed GetCallerIdentity.
    AwsIam(aws_iam::AwsIam),
    /// `azure`: no login; see the module's first lines.
    Azure,
    /// `gcp`: a JWT signed by Google's IAM.
    Gcp(gcp::Gcp),
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

/// The token that hvac's client starts with.
#[derive(Clone, Debug)]
struct InitialToken {
    from_env: Option<SecretText>,
    file: Option<PathBuf>,
}

impl Auth {
    /// Reads the kwargs of the chosen type, as `_VaultClient.__init__` checks them.
    ///
    /// # Errors
    /// What the constructor raises on. What only fails a lookup goes to `faults`.
    pub fn from_kwargs(kwargs: Kwargs<'_>, env: &Env, faults: &mut Faults) -> Result<Auth> {
        let initial = InitialToken {
            from_env: env.get("VAULT_TOKEN")?.map(SecretText::from),
            file: home(env)?.map(|home| home.join(".vault-token")),
        };
        let method = AuthMethod::from_kwargs(kwargs, &initial, faults)?;
        let mount = faults
            .note(kwargs.text("auth_mount_point"))
            .flatten()
            .filter(|mount| !mount.is_empty());
        let auth = Auth {
            method,
            mount,
            initial,
        };
        for secret in auth.secrets() {
            faults.header(
                "the token",
                Some(secret).filter(|_| matches!(auth.method, AuthMethod::Token { .. })),
            );
        }
        Ok(auth)
    }

    /// Every secret that is sent in order to log in, so that none is shown when a server repeats it.
    pub fn secrets(&self) -> Vec<&str> {
        let own = match &self.method {
            AuthMethod::Token { token, .. }
            | AuthMethod::GitHub { token }
            | AuthMethod::Jwt { token, .. } => token.as_ref(),
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
        own.into_iter()
            .chain(self.initial.from_env.as_ref())
            .map(SecretText::expose)
            .collect()
    }

    /// Where the token comes from, for a person who has to replace it.
    pub fn token_origin(&self) -> String {
        match &self.method {
            AuthMethod::Token {
                path: Some(path), ..
            } => format!("the file `{path}`, named by \"token_path\""),
            AuthMethod::Token {
                from_kwargs: true, ..
            } => "kwarg `token`".into(),
            AuthMethod::Token { .. } => "`VAULT_TOKEN`".into(),
            AuthMethod::Azure | AuthMethod::Radius => "`VAULT_TOKEN` or `~/.vault-token`".into(),
            method => format!("the {} login", method.name()),
        }
    }

    /// What a person should know about this authentication type.
    pub fn warning(&self) -> Option<String> {
        let name = self.method.name();
        matches!(self.method, AuthMethod::Azure | AuthMethod::Radius).then(|| {
            format!(
                "\"auth_type\": \"{name}\" never logs in: Airflow overwrites the configuration of the {name} auth mount and then \
                 uses VAULT_TOKEN or ~/.vault-token; secretctl uses that token and does not send the write"
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
    fn from_kwargs(
        kwargs: Kwargs<'_>,
        initial: &InitialToken,
        faults: &mut Faults,
    ) -> Result<Self> {
        let auth_type = match kwargs.get("auth_type") {
            None => "token",
            Some(Value::Text(auth_type)) => auth_type.expose(),
            Some(other) => return Err(kwargs.wrong_type("auth_type", AUTH_TYPES, other).into()),
        };
        let mut given = Given { kwargs, faults };
        match auth_type {
            "token" => given.token(initial),
            "approle" => given.approle(),
            "aws_iam" => Ok(AuthMethod::AwsIam(aws_iam::AwsIam::from_kwargs(
                kwargs,
                given.faults,
            )?)),
            "azure" => given.azure(),
            "gcp" => Ok(AuthMethod::Gcp(gcp::Gcp::from_kwargs(
                kwargs,
                given.faults,
            )?)),
            "github" => given.github(initial),
            "jwt" => given.jwt(),
            "kubernetes" => given.kubernetes(),
            "ldap" => {
                let (username, password) = given.user("ldap")?;
                Ok(AuthMethod::Ldap { username, password })
            }
            "radius" => given.radius(),
            "userpass" => {
                let (username, password) = given.user("userpass")?;
                Ok(AuthMethod::UserPass { username, password })
            }
            _ => Err(KwargError::WrongType {
                class: "VaultBackend",
                name: "auth_type",
                wanted: AUTH_TYPES,
                given: "another word",
            }
            .into()),
        }
    }

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

const AUTH_TYPES: &str =
    "one of approle, aws_iam, azure, github, gcp, jwt, kubernetes, ldap, radius, token, userpass";

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

    fn token(&mut self, initial: &InitialToken) -> Result<AuthMethod> {
        let met = self.has("token") || self.has("token_path") || initial.from_env.is_some();
        self.insist(
            met,
            "token",
            "`token` or `token_path`, or VAULT_TOKEN in the environment",
        )?;
        let from_kwargs = self.has("token");
        let own = self
            .secret("token")
            .filter(|token| !token.expose().is_empty());
        let path = self.text("token_path").filter(|path| !path.is_empty());
        Ok(AuthMethod::Token {
            token: own.or_else(|| initial.from_env.clone()),
            path,
            from_kwargs,
        })
    }

    fn approle(&mut self) -> Result<AuthMethod> {
        self.insist(self.has("role_id"), "approle", "`role_id`")?;
        let role_id = self.secret("role_id").unwrap_or_default();
        Ok(AuthMethod::AppRole {
            role_id,
            secret_id: self.secret("secret_id"),
        })
    }

    fn azure(&mut self) -> Result<AuthMethod> {
        self.insist(self.has("azure_resource"), "azure", "`azure_resource`")?;
        self.insist(self.has("azure_tenant_id"), "azure", "`azure_tenant_id`")?;
        Ok(AuthMethod::Azure)
    }

    /// `token_path` satisfies the constructor but is never read.
    fn github(&mut self, initial: &InitialToken) -> Result<AuthMethod> {
        self.insist(
            self.has("token") || self.has("token_path"),
            "github",
            "`token`",
        )?;
        let own = self
            .secret("token")
            .filter(|token| !token.expose().is_empty());
        Ok(AuthMethod::GitHub {
            token: own.or_else(|| initial.from_env.clone()),
        })
    }

    fn jwt(&mut self) -> Result<AuthMethod> {
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

    fn kubernetes(&mut self) -> Result<AuthMethod> {
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

    fn radius(&mut self) -> Result<AuthMethod> {
        self.insist(self.has("radius_host"), "radius", "`radius_host`")?;
        self.insist(self.has("radius_secret"), "radius", "`radius_secret`")?;
        Ok(AuthMethod::Radius)
    }

    /// Airflow does not check these two and sends `None` for a missing one; a login without a user cannot succeed.
    fn user(&mut self, auth_type: &'static str) -> Result<(String, Option<SecretText>)> {
        let met = self.insist(self.has("username"), auth_type, "`username` and `password`");
        self.faults.note(met);
        Ok((
            self.text("username").unwrap_or_default(),
            self.secret("password"),
        ))
    }
}

/// Opens a session and gets its token, as `_VaultClient._client` does.
///
/// # Errors
/// No token to be had, or no answer.
pub async fn log_in(
    settings: &Settings,
    surroundings: &Surroundings,
    deadline: Deadline,
) -> Result<Session> {
    let http = http::client(&surroundings.env, &settings.http)?;
    let initial = settings.auth.initial.read()?;
    let session = Session::new(http, settings.clone(), initial, surroundings.trace);
    let session = match &settings.auth.method {
        AuthMethod::Token { token, path, .. } => {
            let token = match path {
                Some(path) => Some(read_stripped(path, "kwarg `token_path`")?),
                None => token.clone(),
            };
            session.with_token(token)
        }
        AuthMethod::Azure | AuthMethod::Radius => session,
        method => {
            let (path, body) = login_request(
                method,
                &settings.auth,
                session.http(),
                surroundings,
                deadline,
            )
            .await?;
            let token = token_from_login(&session, &path, &body, deadline).await?;
            session.with_token(Some(token))
        }
    };
    if session.has_token() {
        return Ok(session);
    }
    let because = format!("{} gives none", settings.auth.token_origin());
    Err(VaultError::NoToken { because }.into())
}

/// The path below `/v1/` and the body of a login.
async fn login_request(
    method: &AuthMethod,
    auth: &Auth,
    http: &Client,
    surroundings: &Surroundings,
    deadline: Deadline,
) -> Result<(String, Value)> {
    let role_and_jwt =
        |role: &str, jwt: SecretText| body([("role", Some(role.into())), ("jwt", Some(jwt))]);
    let at_login = |body| Ok((auth.login_path(), body));
    match method {
        AuthMethod::AppRole { role_id, secret_id } => at_login(body([
            ("role_id", Some(role_id.clone())),
            ("secret_id", secret_id.clone()),
        ])),
        AuthMethod::GitHub { token } => at_login(body([("token", token.clone())])),
        AuthMethod::Jwt { role, token, path } => at_login(role_and_jwt(role, jwt(token, path)?)),
        AuthMethod::Kubernetes { role, path } => at_login(role_and_jwt(
            role,
            read_stripped(path, "kwarg `kubernetes_jwt_path`")?,
        )),
        AuthMethod::Ldap { username, password } => {
            let path = format!("{}/{}", auth.login_path(), quote(username, "/"));
            Ok((path, body([("password", password.clone())])))
        }
        // hvac quotes neither mount nor user here, so a `?` in either begins a query.
        AuthMethod::UserPass { username, password } => Ok((
            format!("auth/{}/login/{username}", auth.mount()),
            body([("password", password.clone())]),
        )),
        AuthMethod::AwsIam(aws_iam) => {
            at_login(aws_iam.login_body(http, surroundings, deadline).await?)
        }
        AuthMethod::Gcp(gcp) => {
            let jwt = gcp.signed_jwt(http, surroundings, deadline).await?;
            at_login(role_and_jwt(gcp.role(), jwt))
        }
        AuthMethod::Token { .. } | AuthMethod::Azure | AuthMethod::Radius => at_login(Value::None),
    }
}

fn jwt(token: &Option<SecretText>, path: &Option<String>) -> Result<SecretText> {
    match (token, path) {
        (Some(token), _) => Ok(strip(token.expose()).into()),
        (None, path) => read_stripped(
            path.as_deref().unwrap_or_default(),
            "kwarg `jwt_token_path`",
        ),
    }
}

/// A JSON object of texts, `null` for what is not given.
fn body<const N: usize>(members: [(&str, Option<SecretText>); N]) -> Value {
    let value = |text: Option<SecretText>| text.map_or(Value::None, Value::Text);
    Value::Dict(
        members
            .into_iter()
            .map(|(name, text)| (name.to_owned(), value(text)))
            .collect::<Dict>(),
    )
}

/// Sends a login and takes `auth.client_token` out of the answer.
async fn token_from_login(
    session: &Session,
    path: &str,
    body: &Value,
    deadline: Deadline,
) -> Result<SecretText> {
    let reply = session
        .send(Method::POST, path, Some(body), deadline)
        .await?;
    let status = reply.status.as_u16();
    let answer = reply.or_error(Some(path), &session.hidden())?.json();
    let token = answer
        .as_ref()
        .and_then(|answer| member(answer, &["auth", "client_token"]))
        .and_then(text);
    token
        .map(SecretText::from)
        .ok_or_else(|| VaultError::NotVault { status }.into())
}

impl InitialToken {
    fn read(&self) -> Result<Option<SecretText>> {
        match (&self.from_env, &self.file) {
            (Some(token), _) if !token.expose().is_empty() => Ok(Some(token.clone())),
            (_, Some(file)) if file.exists() => {
                read_stripped(&file.display().to_string(), "hvac's default").map(Some)
            }
            _ => Ok(None),
        }
    }
}

/// A small text file, without the white space around it.
fn read_stripped(path: &str, origin: &'static str) -> Result<SecretText> {
    let text = fs::read_to_string(path)
        .map(SecretText::from)
        .map_err(|error| VaultError::CredentialFile {
            path: path.to_owned(),
            origin,
            because: error.to_string(),
        })?;
    Ok(strip(text.expose()).into())
}

/// The folder that `~` stands for.
fn home(env: &Env) -> Result<Option<PathBuf>> {
    Ok(env
        .get("HOME")?
        .filter(|home| !home.is_empty())
        .map(PathBuf::from))
}
