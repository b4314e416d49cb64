//! The role that the kwargs name, and what proves that it may be assumed.
//!
//! Mirrors `_get_assume_role_configs` of `AwsConnectionWrapper` and `_get_web_identity_credential_fetcher` of
//! apache-airflow-providers-amazon 9.39.0. The surprising rule: without `role_arn` none of the other kwargs is looked at.

use super::super::error::AwsError;
use super::super::settings::{object, text};
use crate::backend::kwargs::Kwargs;
use crate::python::json::{Dict, Value};

/// How a role is assumed.
#[derive(Clone, Debug)]
pub(in super::super) struct Role {
    /// What proves that it may be assumed.
    pub method: RoleMethod,
    /// The parameters for STS, its ARN among them.
    pub parameters: Dict,
}

/// What proves that a role may be assumed.
#[derive(Clone, Debug)]
pub(in super::super) enum RoleMethod {
    /// The credentials of the base session.
    Session,
    /// A token in a file; without a name here, in that of `AWS_WEB_IDENTITY_TOKEN_FILE`.
    WebIdentityFile(Option<String>),
}

impl Role {
    /// The role of these kwargs of `class`, if they name one.
    ///
    /// # Errors
    /// What Airflow fails on at the first lookup, and what is not served.
    pub fn from_kwargs(kwargs: Kwargs<'_>, class: &str) -> Result<Option<Self>, AwsError> {
        let Some(arn) = text(kwargs, "role_arn")? else {
            return Ok(None);
        };
        let given = object(kwargs, "assume_role_kwargs")?;
        let mut parameters = given.cloned().unwrap_or_default();
        parameters.insert("RoleArn".into(), Value::text(&arn));
        let method = role_method(kwargs)?;
        if matches!(method, RoleMethod::Session) {
            // `slugify(f"Airflow_{conn_id}")`
            let name = format!("airflow_{}__connection", class.to_lowercase());
            parameters
                .entry("RoleSessionName".into())
                .or_insert_with(|| Value::text(name));
        }
        Ok(Some(Role { method, parameters }))
    }
}

fn role_method(kwargs: Kwargs<'_>) -> Result<RoleMethod, AwsError> {
    let method = match kwargs.get("assume_role_method") {
        None => return Ok(RoleMethod::Session),
        Some(_) => kwargs.text("assume_role_method")?.unwrap_or_default(),
    };
    match method.as_str() {
        "assume_role" => Ok(RoleMethod::Session),
        "assume_role_with_web_identity" => web_identity(kwargs),
        "assume_role_with_saml" => Err(AwsError::NotServed {
            what: "\"assume_role_method\": \"assume_role_with_saml\"".into(),
        }),
        _ => Err(AwsError::setting(
            "kwarg `assume_role_method`",
            "must be assume_role, assume_role_with_web_identity or assume_role_with_saml",
        )),
    }
}

fn web_identity(kwargs: Kwargs<'_>) -> Result<RoleMethod, AwsError> {
    match text(kwargs, "assume_role_with_web_identity_federation")?.as_deref() {
        Some("file") => Ok(RoleMethod::WebIdentityFile(text(
            kwargs,
            "assume_role_with_web_identity_token_file",
        )?)),
        Some("google") => Err(AwsError::NotServed {
            what: "\"assume_role_with_web_identity_federation\": \"google\"".into(),
        }),
        _ => Err(AwsError::setting(
            "kwarg `assume_role_with_web_identity_federation`",
            "must be file or google",
        )),
    }
}
