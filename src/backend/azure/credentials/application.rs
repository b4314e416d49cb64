//! Logging in as an application: the token endpoint of Microsoft Entra ID, and which tenant it is asked in.
//!
//! Mirrors `MsalCredential`, `AadClient` and `resolve_tenant` of azure-identity 1.27.0 over msal 1.39.0. The surprising
//! rule: a credential of one tenant refuses to log in for a vault of another one, and tenants are compared letter by
//! letter, so `contoso.onmicrosoft.com` is not the GUID that the vault names.

use super::certificate::Certificate;
use super::entra;
use super::error::{CredentialFault, TenantFault};
use super::{AccessToken, Context, TokenRequest};
use crate::env::Env;
use crate::http;
use crate::python::json::{self, Dict, Value};
use crate::python::urllib::{urlencode, urlsplit};
use crate::secret::SecretText;

/// Azure's public cloud.
const PUBLIC_CLOUD: &str = "login.microsoftonline.com";
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// An application registered with Entra.
pub(crate) struct Application {
    authority: String,
    tenant: String,
    client_id: String,
    /// A tenant besides its own that it may log in to.
    other_tenant: Option<String>,
    only_own_tenant: bool,
}

/// What an application proves itself with.
pub(crate) enum Proof<'a> {
    /// A client secret.
    Secret(&'a SecretText),
    /// A certificate, which signs an assertion.
    Certificate(&'a Certificate),
    /// An assertion that somebody else has signed.
    Federated(&'a SecretText),
}

/// `AZURE_AUTHORITY_HOST`, else the public cloud.
///
/// # Errors
/// Anything but an `https` address or a bare host.
pub(crate) fn authority(env: &Env) -> Result<String, CredentialFault> {
    let host = env.get("AZURE_AUTHORITY_HOST")?.unwrap_or(PUBLIC_CLOUD);
    let scheme = urlsplit(host).map(|url| url.scheme.expose().to_owned());
    let trimmed = host.trim_end_matches([' ', '/']);
    match scheme.as_deref() {
        Ok("") => Ok(format!("https://{trimmed}")),
        Ok("https") => Ok(trimmed.to_owned()),
        _ => Err(CredentialFault::Authority),
    }
}

/// A text that can be a tenant.
///
/// # Errors
/// Why it cannot.
pub(crate) fn checked_tenant(tenant: &str) -> Result<&str, TenantFault> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    match tenant {
        "" => Err(TenantFault::Empty),
        tenant if !tenant.chars().all(allowed) => Err(TenantFault::Characters),
        tenant => Ok(tenant),
    }
}

impl Application {
    /// An application of `tenant`, which may also log in to `other_tenant`.
    ///
    /// # Errors
    /// A tenant or client id that cannot be one.
    pub(crate) fn new(
        env: &Env,
        tenant: &str,
        client_id: &str,
        other_tenant: Option<&str>,
    ) -> Result<Self, CredentialFault> {
        let tenant = checked_tenant(tenant)?;
        if client_id.is_empty() {
            return Err(CredentialFault::NoClientId);
        }
        let variable = env.get("AZURE_IDENTITY_DISABLE_MULTITENANTAUTH")?;
        Ok(Self {
            authority: authority(env)?,
            tenant: tenant.to_owned(),
            client_id: client_id.to_owned(),
            other_tenant: other_tenant.map(str::to_owned),
            only_own_tenant: variable.is_some_and(|value| !value.is_empty()),
        })
    }

    /// Logs in.
    ///
    /// # Errors
    /// The vault is of another tenant, or Entra refuses or does not answer.
    pub(crate) async fn token(
        &self,
        proof: Proof<'_>,
        request: &TokenRequest<'_>,
        context: &Context<'_>,
    ) -> Result<AccessToken, CredentialFault> {
        let tenant = self.tenant_for(request)?;
        let endpoint = format!("{}/{tenant}/oauth2/v2.0/token", self.authority);
        let assertion = match proof {
            Proof::Certificate(certificate) => {
                Some(certificate.assertion(&endpoint, &self.client_id)?)
            }
            Proof::Secret(_) | Proof::Federated(_) => None,
        };
        let assertion = assertion.as_ref();
        let claims = claims(request.claims);
        let form = self.form(&proof, assertion, request.scope, &claims);
        let form = SecretText::from(urlencode(form));
        let post = context.http.post(&endpoint);
        let post = post
            .header("Accept", "application/json")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(form.expose().to_owned());
        let reply = context.ask(&format!("POST {endpoint}"), post).await?;
        let text = entra::token_in(&reply, &proof.hidden(assertion))?;
        Ok(AccessToken::new(
            text,
            format!("client id `{}` of tenant `{tenant}`", self.client_id),
        ))
    }

    /// `resolve_tenant`
    fn tenant_for<'a>(&'a self, request: &TokenRequest<'a>) -> Result<&'a str, CredentialFault> {
        let wanted = request.tenant.unwrap_or(&self.tenant);
        if wanted == self.tenant || self.tenant == "adfs" || self.only_own_tenant {
            return Ok(&self.tenant);
        }
        if self.other_tenant.as_deref() == Some(wanted) || self.tenant == "organizations" {
            return checked_tenant(wanted).map_err(CredentialFault::TenantOfVault);
        }
        Err(CredentialFault::OtherTenant {
            vault: http::servers_words(wanted, &[]),
            own: self.tenant.clone(),
        })
    }

    /// The fields as msal and `AadClient` send them.
    fn form<'a>(
        &'a self,
        proof: &'a Proof<'_>,
        assertion: Option<&'a SecretText>,
        scope: &'a str,
        claims: &'a str,
    ) -> Vec<(&'static str, &'a str)> {
        let mut form = vec![
            ("client_id", self.client_id.as_str()),
            ("grant_type", "client_credentials"),
        ];
        match (proof, assertion) {
            (Proof::Secret(secret), _) => {
                form.extend([("client_info", "1"), ("client_secret", secret.expose())]);
            }
            (Proof::Certificate(_), Some(assertion)) => {
                form.extend([
                    ("client_info", "1"),
                    ("client_assertion", assertion.expose()),
                ]);
            }
            (Proof::Federated(assertion), _) => form.push(("client_assertion", assertion.expose())),
            (Proof::Certificate(_), None) => {}
        }
        if !matches!(proof, Proof::Secret(_)) {
            form.push(("client_assertion_type", JWT_BEARER));
        }
        form.extend([("claims", claims), ("scope", scope)]);
        form
    }
}

impl Proof<'_> {
    /// What must not appear in anything that Entra says.
    fn hidden<'a>(&'a self, assertion: Option<&'a SecretText>) -> Vec<&'a str> {
        let own = match self {
            Proof::Secret(secret) | Proof::Federated(secret) => Some(*secret),
            Proof::Certificate(_) => assertion,
        };
        own.into_iter().map(SecretText::expose).collect()
    }
}

/// What the token must say: what the vault wants besides, and "this client understands a claims challenge", which azure-core
/// says of every Key Vault client (`_merge_claims_challenge_and_capabilities` of msal).
fn claims(challenge: Option<&str>) -> String {
    let wanted = challenge.and_then(|claims| json::loads(claims).ok());
    let mut claims = match wanted {
        Some(Value::Dict(claims)) => claims,
        _ => Dict::new(),
    };
    let mut of_token = match claims.shift_remove("access_token") {
        Some(Value::Dict(of_token)) => of_token,
        _ => Dict::new(),
    };
    let capabilities = Value::List(vec![Value::text("CP1")]);
    let capabilities = Dict::from([("values".to_owned(), capabilities)]);
    of_token.insert("xms_cc".to_owned(), Value::Dict(capabilities));
    claims.insert("access_token".to_owned(), Value::Dict(of_token));
    json::dumps(&Value::Dict(claims))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authority_of(host: &str) -> Option<String> {
        authority(&Env::from_pairs([("AZURE_AUTHORITY_HOST", host)])).ok()
    }

    #[test]
    fn an_authority_is_https() {
        let https = |host: &str| Some(format!("https://{host}"));
        assert_eq!(
            authority(&Env::default()).ok(),
            https("login.microsoftonline.com")
        );
        assert_eq!(
            authority_of("login.chinacloudapi.cn/ "),
            https("login.chinacloudapi.cn")
        );
        assert_eq!(
            authority_of("https://127.0.0.1:8443/"),
            https("127.0.0.1:8443")
        );
        assert_eq!(authority_of("http://127.0.0.1:8443"), None);
        // Python takes the host for a scheme here.
        assert_eq!(authority_of("localhost:8443"), None);
    }

    fn tenant_for(
        env: &[(&str, &str)],
        other: Option<&str>,
        wanted: Option<&str>,
    ) -> Option<String> {
        let env = Env::from_pairs(env.iter().copied());
        let application = Application::new(&env, "own", "client", other).unwrap();
        let request = TokenRequest {
            scope: "s",
            tenant: wanted,
            claims: None,
        };
        application.tenant_for(&request).ok().map(str::to_owned)
    }

    #[test]
    fn another_tenant_is_refused_unless_it_is_allowed() {
        let own = Some("own".to_owned());
        assert_eq!(tenant_for(&[], None, None), own);
        assert_eq!(tenant_for(&[], None, Some("own")), own);
        assert_eq!(tenant_for(&[], None, Some("OWN")), None);
        assert_eq!(
            tenant_for(&[], Some("other"), Some("other")).as_deref(),
            Some("other")
        );
        assert_eq!(tenant_for(&[], Some("other"), Some("third")), None);
        let alone = [("AZURE_IDENTITY_DISABLE_MULTITENANTAUTH", "1")];
        assert_eq!(tenant_for(&alone, None, Some("other")), own);
    }

    #[test]
    fn claims_of_the_vault_stand_beside_what_this_client_can() {
        assert_eq!(
            claims(None),
            r#"{"access_token": {"xms_cc": {"values": ["CP1"]}}}"#
        );
        assert_eq!(
            claims(Some(r#"{"access_token":{"nbf":{"essential":true}}}"#)),
            r#"{"access_token": {"nbf": {"essential": true}, "xms_cc": {"values": ["CP1"]}}}"#
        );
    }

    #[test]
    fn a_tenant_goes_into_a_path_and_is_checked() {
        for tenant in ["", "a/b", "a?b", "ä"] {
            assert!(
                Application::new(&Env::default(), tenant, "client", None).is_err(),
                "{tenant}"
            );
        }
        assert!(Application::new(&Env::default(), "contoso.com", "", None).is_err());
    }
}
