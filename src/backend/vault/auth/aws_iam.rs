//! The `aws_iam` login: a signed `sts:GetCallerIdentity` that Vault, not secretctl, sends to AWS.
//!
//! Mirrors `_VaultClient._auth_aws_iam` of the hashicorp provider 4.8.4 and hvac 2.4.0's `aws_utils`. The surprising rule: the
//! address is the global `sts.amazonaws.com` whatever the region, and with no region from anywhere there is no signature.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, SignableBody, SignableRequest, SigningSettings, sign,
};
use aws_sigv4::sign::v4;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use indexmap::IndexMap;

use crate::backend::Surroundings;
use crate::backend::aws::{self, AwsError};
use crate::backend::kwargs::Kwargs;
use crate::backend::vault::settings::Faults;
use crate::deadline::Deadline;
use crate::failure::{Failure, Fault};
use crate::python::json::{self, Dict, Value};
use crate::secret::SecretText;

const STS_URL: &str = "https://sts.amazonaws.com/";
const STS_BODY: &str = "Action=GetCallerIdentity&Version=2011-06-15";

/// The kwargs of `aws_iam`.
#[derive(Clone, Debug)]
pub struct AwsIam {
    keys: Option<(String, SecretText)>,
    assume_role_kwargs: Option<Dict>,
    region: Option<String>,
    role: Option<String>,
}

/// Why there is no signature to log in with.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AwsLoginError {
    /// boto3's default session gives no credentials.
    #[error("the aws_iam login could not be signed: {0}")]
    Credentials(#[from] AwsError),
    /// There is no region to sign for.
    #[error(
        "the aws_iam login could not be signed: no region: set \"region\" in the kwargs, or AWS_DEFAULT_REGION (boto3 does not read AWS_REGION)"
    )]
    NoRegion,
    /// What is in the credentials has no place in a signed request.
    #[error(
        "the aws_iam login could not be signed: the AWS credentials hold characters that cannot be signed"
    )]
    Unsignable,
}

impl Fault for AwsLoginError {
    fn failure(&self) -> Failure {
        match self {
            Self::Credentials(error) => error.failure(),
            Self::NoRegion | Self::Unsignable => Failure::Unauthenticated,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Credentials(error) => error.hint(),
            Self::NoRegion | Self::Unsignable => None,
        }
    }

    fn is_own_refusal(&self) -> bool {
        matches!(self, Self::Credentials(error) if error.is_own_refusal())
    }
}

/// Who signs, and for which region.
struct Signer {
    credentials: Credentials,
    region: String,
}

impl AwsIam {
    /// Reads the kwargs; the constructor insists on none of them.
    pub fn from_kwargs(kwargs: Kwargs<'_>, faults: &mut Faults) -> Self {
        let mut text = |name| {
            faults
                .note(kwargs.text(name))
                .flatten()
                .filter(|text: &String| !text.is_empty())
        };
        let (key_id, region, role) = (text("key_id"), text("region"), text("role_id"));
        let secret = text("secret_id").map(SecretText::from);
        let assume_role_kwargs = match kwargs
            .get("assume_role_kwargs")
            .filter(|given| given.is_truthy())
        {
            None => None,
            Some(Value::Dict(given)) => Some(given.clone()),
            Some(other) => faults.note(Err(kwargs.wrong_type(
                "assume_role_kwargs",
                "an object",
                other,
            ))),
        };
        Self {
            keys: key_id.zip(secret),
            assume_role_kwargs,
            region,
            role,
        }
    }

    /// The secret access key, so that no message repeats it.
    pub fn secret(&self) -> Option<&SecretText> {
        self.keys.as_ref().map(|(_, secret)| secret)
    }

    /// The body of the login.
    ///
    /// # Errors
    /// No credentials or no region, or AWS refused to hand out a role's.
    pub async fn login_body(
        &self,
        surroundings: &Surroundings,
        deadline: Deadline,
    ) -> Result<Value, AwsLoginError> {
        let signer = self.signer(surroundings, deadline).await?;
        let headers = signed_headers(&signer, SystemTime::now())?;
        let base64 = |text: &str| Value::Text(BASE64.encode(text).into());
        let headers = Value::Dict(
            headers
                .into_iter()
                .map(|(name, value)| (name, Value::List(vec![value])))
                .collect(),
        );
        let role = self
            .role
            .as_deref()
            .map_or(Value::None, |role| Value::Text(role.into()));
        let members = [
            ("iam_http_request_method", Value::Text("POST".into())),
            ("iam_request_url", base64(STS_URL)),
            ("iam_request_headers", base64(&json::dumps(&headers))),
            ("iam_request_body", base64(STS_BODY)),
            ("role", role),
        ];
        Ok(Value::Dict(
            members
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        ))
    }

    async fn signer(
        &self,
        surroundings: &Surroundings,
        deadline: Deadline,
    ) -> Result<Signer, AwsLoginError> {
        if let Some((key_id, secret)) = &self.keys {
            return Ok(Signer {
                credentials: Credentials::new(key_id, secret.expose(), None, None, "kwargs"),
                region: self.region.clone().unwrap_or_else(|| "us-east-1".into()),
            });
        }
        let session = aws::default_session(surroundings, deadline).await?;
        let region = self.region.as_deref().or(session.region());
        let region = region.ok_or(AwsLoginError::NoRegion)?.to_owned();
        let credentials = match &self.assume_role_kwargs {
            Some(kwargs) => session.assume_role(kwargs, deadline).await?,
            None => session.credentials(deadline).await?,
        };
        Ok(Signer {
            credentials,
            region,
        })
    }
}

/// The headers of the signed request, in hvac's order.
fn signed_headers(
    signer: &Signer,
    now: SystemTime,
) -> Result<IndexMap<String, Value>, AwsLoginError> {
    let own = [
        (
            "Content-Type",
            "application/x-www-form-urlencoded; charset=utf-8",
        ),
        ("Host", "sts.amazonaws.com"),
        ("Content-Length", "43"),
    ];
    let identity = signer.credentials.clone().into();
    let mut settings = SigningSettings::default();
    settings.payload_checksum_kind = PayloadChecksumKind::NoHeader;
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(&signer.region)
        .name("sts")
        .time(now)
        .settings(settings)
        .build()
        .map_err(|_| AwsLoginError::Unsignable)?;
    let request = SignableRequest::new(
        "POST",
        STS_URL,
        own.into_iter(),
        SignableBody::Bytes(STS_BODY.as_bytes()),
    );
    let signed = request
        .and_then(|request| sign(request, &parameters.into()))
        .map_err(|_| AwsLoginError::Unsignable)?;
    let (instructions, _) = signed.into_parts();
    let mut headers: IndexMap<String, Value> = own
        .into_iter()
        .map(|(name, value)| (name.to_owned(), Value::Text(value.into())))
        .collect();
    for name in ["X-Amz-Date", "X-Amz-Security-Token", "Authorization"] {
        if let Some((_, value)) = instructions
            .headers()
            .find(|(header, _)| header.eq_ignore_ascii_case(name))
        {
            headers.insert(name.to_owned(), Value::Text(value.into()));
        }
    }
    Ok(headers)
}

/// What is secret in the headers of a login's body: the signature, and the token of temporary credentials.
pub fn secrets_in(iam_request_headers: &str) -> Vec<SecretText> {
    let decoded = BASE64.decode(iam_request_headers).ok();
    let text = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    let Some(Ok(Value::Dict(headers))) = text.map(|text| json::loads(&text)) else {
        return Vec::new();
    };
    let first = |name| match headers.get(name)? {
        Value::List(values) => values.first()?.as_text().cloned(),
        _ => None,
    };
    let token: Option<SecretText> = first("X-Amz-Security-Token");
    let authorization: Option<SecretText> = first("Authorization");
    let signature = authorization.and_then(|text| {
        let (_, signature) = text.expose().rsplit_once("Signature=")?;
        Some(SecretText::from(signature))
    });
    token.into_iter().chain(signature).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// hvac 2.4.0's `SigV4Auth` for the same keys, at the same second.
    fn authorization(token: Option<&str>) -> (Vec<String>, String) {
        let credentials = Credentials::new(
            "AKIDEXAMPLE",
            "SECRETEX",
            token.map(str::to_owned),
            None,
            "test",
        );
        let signer = Signer {
            credentials,
            region: "us-east-1".into(),
        };
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_450_590);
        let headers = signed_headers(&signer, now).unwrap();
        let Value::Text(authorization) = &headers["Authorization"] else {
            panic!("not text")
        };
        (
            headers.keys().cloned().collect(),
            authorization.expose().to_owned(),
        )
    }

    #[test]
    fn the_signature_is_hvacs() {
        let (headers, authorization) = authorization(None);
        assert_eq!(
            headers,
            [
                "Content-Type",
                "Host",
                "Content-Length",
                "X-Amz-Date",
                "Authorization"
            ]
        );
        assert_eq!(
            authorization,
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261123/us-east-1/sts/aws4_request, \
             SignedHeaders=content-length;content-type;host;x-amz-date, \
             Signature=3960c5bb054fbda0bbab46508614e27c3f459fd75114f93454a09ec1bbd1f6a3"
        );
    }

    #[test]
    fn a_session_token_is_signed_too() {
        let (headers, authorization) = authorization(Some("TOKEN/+="));
        assert_eq!(headers[4], "X-Amz-Security-Token");
        assert_eq!(
            authorization,
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261123/us-east-1/sts/aws4_request, \
             SignedHeaders=content-length;content-type;host;x-amz-date;x-amz-security-token, \
             Signature=c5aa2e27fa08bd98333b90c9e2104f03fdc14c231560f8dacf95d4b4e047cc82"
        );
    }
}
