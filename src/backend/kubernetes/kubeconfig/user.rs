//! The user of a context: token, token file, client certificate or credential plugin.
//!
//! The surprising rule: a token in the entry wins over the plugin beside it, and a token file over the token.

use super::super::cluster::Login;
use super::super::error::KubernetesError;
use super::exec::{self, Credential};
use super::section::Section;
use crate::deadline::Deadline;
use crate::env::Env;
use crate::http::{ClientCertificate, PemSource};
use crate::secret::SecretText;
use crate::text_file;

/// Ways to log in, or to act as somebody else, that secretctl does not do and therefore must not pass over.
const NOT_SERVED: &[&str] = &[
    "auth-provider",
    "username",
    "password",
    "as",
    "as-uid",
    "as-groups",
    "as-user-extra",
];

/// The most that is read of a token file, in bytes.
const LIMIT: u64 = 1 << 20;

/// The user's credentials. Runs the credential plugin, if there is one.
pub async fn log_in(
    user: &Section<'_>,
    cluster: &Section<'_>,
    env: &Env,
    deadline: Deadline,
) -> Result<Login, KubernetesError> {
    user.refuse(NOT_SERVED)?;
    let own_certificate = pair(
        user.pem("client-certificate")?,
        user.pem("client-key")?,
        user,
    );
    let credential = match (token(user, deadline).await?, user.section("exec")?) {
        (Some(token), _) => Credential {
            token: Some(token),
            certificate: None,
        },
        (None, Some(plugin)) => exec::run(&plugin, cluster, env, deadline).await?,
        (None, None) => Credential::default(),
    };
    let (certificate, key) = credential.certificate.unzip();
    Ok(Login {
        authorization: credential
            .token
            .map(|token| format!("Bearer {}", token.expose()).into()),
        client_certificate: own_certificate.or_else(|| pair(certificate, key, user)),
        origin: format!("the credentials of {}", user.place()),
    })
}

/// The login of a context without a user.
pub fn nobody(context: &Section) -> Login {
    Login {
        authorization: None,
        client_certificate: None,
        origin: format!("{} names no user", context.place()),
    }
}

/// `tokenFile`, else `token`; the space around a token in a file does not count.
async fn token(
    user: &Section<'_>,
    deadline: Deadline,
) -> Result<Option<SecretText>, KubernetesError> {
    let Some(path) = user.file("tokenFile")? else {
        return Ok(user
            .secret("token")?
            .filter(|token| !token.expose().is_empty()));
    };
    let unreadable = |because| KubernetesError::File {
        what: "the token file",
        because,
    };
    let text = SecretText::new(
        text_file::read(&path, LIMIT, deadline)
            .await
            .map_err(unreadable)?,
    );
    Ok(Some(text.expose().trim().into()))
}

fn pair(
    certificate: Option<PemSource>,
    key: Option<PemSource>,
    user: &Section,
) -> Option<ClientCertificate> {
    certificate.map(|certificate| ClientCertificate {
        certificate,
        key,
        origin: user.place(),
    })
}
