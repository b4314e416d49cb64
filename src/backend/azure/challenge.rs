//! What Key Vault asks for when a request comes without a token: whose token, and for what.
//!
//! Mirrors `HttpChallenge` and `_validate_challenge_resource` of azure-keyvault-secrets 4.12.0. The surprising rule: the
//! vault names the tenant, and a credential of another tenant is refused here, before any token is asked for.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::error::AzureKeyVaultError;
use crate::http;
use crate::python::text::strip;
use crate::python::urllib::urlsplit;

/// What to ask a token for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Challenge {
    /// `https://vault.azure.net/.default` in Azure's public cloud.
    pub scope: String,
    /// The vault's tenant; none for AD FS.
    pub tenant: Option<String>,
    /// What else the token must say, as JSON, where the vault takes a token back before its time.
    pub claims: Option<String>,
}

impl Challenge {
    /// Reads a `WWW-Authenticate` header; nothing if it is not one of Key Vault's.
    pub(crate) fn parse(header: &str) -> Option<Self> {
        let (_scheme, rest) = strip(header).split_once(' ')?;
        let parameters: Vec<(&str, &str)> = rest.split(',').filter_map(parameter).collect();
        let value = |name| {
            let last = parameters.iter().rev().find(|(other, _)| *other == name);
            last.map(|(_, value)| *value)
                .filter(|value| !value.is_empty())
        };
        let is_authority = |name: &str| matches!(name, "authorization" | "authorization_uri");
        if !parameters.iter().any(|(name, _)| is_authority(name)) {
            return None;
        }
        let authority = value("authorization_uri").or_else(|| value("authorization"));
        let resource = || format!("{}/.default", value("resource").unwrap_or_default());
        Some(Self {
            scope: value("scope").map_or_else(resource, str::to_owned),
            tenant: authority.and_then(tenant),
            claims: claims(rest),
        })
    }

    /// Refuses a token for anything but the vault's own domain, so that nobody who answers at `vault_url` can collect
    /// tokens for other services.
    ///
    /// # Errors
    /// The vault is at no host below the domain that the token would be for.
    pub(crate) fn verify_resource(&self, vault_host: &str) -> Result<(), AzureKeyVaultError> {
        let domain = match urlsplit(&self.scope) {
            Ok(scope) => scope.netloc.expose().to_lowercase(),
            Err(_) => String::new(),
        };
        let is_below = |host: &str, domain: &str| host.ends_with(&format!(".{domain}"));
        let vault_host = vault_host.to_lowercase();
        let matches = is_below(&vault_host, &domain)
            || is_below(without_https_port(&vault_host), without_https_port(&domain));
        if !domain.is_empty() && matches {
            return Ok(());
        }
        Err(AzureKeyVaultError::ForeignResource {
            domain: http::servers_words(&domain, &[]),
            vault_host,
        })
    }
}

/// `name="value"`. One with more or fewer `=` is passed over, as in the SDK.
fn parameter(item: &str) -> Option<(&str, &str)> {
    const AROUND: [char; 2] = [' ', '"'];
    let (name, value) = item
        .split_once('=')
        .filter(|(_, value)| !value.contains('='))?;
    Some((name.trim_matches(AROUND), value.trim_matches(AROUND)))
}

/// The first part of the path in `https://login.microsoftonline.com/TENANT`.
fn tenant(authority: &str) -> Option<String> {
    let authority = urlsplit(authority).ok()?;
    let first = authority
        .path
        .expose()
        .trim_start_matches('/')
        .split('/')
        .next()?
        .to_owned();
    let is_tenant = !first.is_empty() && !first.to_lowercase().ends_with("adfs");
    is_tenant.then_some(first)
}

/// The claims that a challenge asks for, in either alphabet of base64. What cannot be read is passed over.
fn claims(parameters: &str) -> Option<String> {
    let item = parameters
        .split(',')
        .find(|item| item.contains("claims="))?;
    let (_, encoded) = item.split_once('=')?;
    let encoded = encoded.trim_matches([' ', '"', '\'']).trim_end_matches('=');
    let encoded = encoded.replace('+', "-").replace('/', "_");
    String::from_utf8(URL_SAFE_NO_PAD.decode(encoded).ok()?).ok()
}

fn without_https_port(host: &str) -> &str {
    host.strip_suffix(":443").unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VAULT: &str = "https://vault.azure.net/.default";

    fn challenge(scope: &str, tenant: Option<&str>) -> Option<Challenge> {
        let tenant = tenant.map(str::to_owned);
        Some(Challenge {
            scope: scope.to_owned(),
            tenant,
            claims: None,
        })
    }

    #[test]
    fn a_challenge_names_tenant_and_scope() {
        let header = r#"Bearer authorization="https://login.windows.net/t1", resource="https://vault.azure.net""#;
        assert_eq!(Challenge::parse(header), challenge(VAULT, Some("t1")));
        let header = r#"Bearer authorization_uri="https://l/t2/x", scope="https://s/.default", resource="https://r""#;
        assert_eq!(
            Challenge::parse(header),
            challenge("https://s/.default", Some("t2"))
        );
        let header = r#"Bearer authorization="https://l/adfs", resource="https://r""#;
        assert_eq!(
            Challenge::parse(header),
            challenge("https://r/.default", None)
        );
        assert_eq!(
            Challenge::parse("Bearer authorization=x"),
            challenge("/.default", Some("x"))
        );
    }

    /// Each was given by azure-keyvault-secrets itself.
    #[test]
    fn a_token_that_is_taken_back_is_asked_for_with_claims() {
        for (encoded, claims) in [
            ("eyJhIjoxfQ==", Some(r#"{"a":1}"#)),
            ("eyJhIjoxfQ", Some(r#"{"a":1}"#)),
            ("eyJhIjoiPz8_In0=", Some(r#"{"a":"???"}"#)),
            ("eyJhIjoiPz8/In0=", Some(r#"{"a":"???"}"#)),
            ("_w==", None),
        ] {
            let header = format!(
                r#"Bearer authorization_uri="https://l/t", scope="https://s/.default", error="e", claims="{encoded}""#
            );
            let challenge = Challenge::parse(&header).unwrap();
            assert_eq!(challenge.claims.as_deref(), claims, "{encoded}");
            assert_eq!(challenge.tenant.as_deref(), Some("t"));
        }
    }

    #[test]
    fn anything_else_is_not_a_challenge() {
        for header in [
            "",
            "Bearer",
            "Basic realm=\"x\"",
            "Bearer  ",
            "Bearer =,=\",authorization",
            "Bearer authorizations=x",
        ] {
            assert_eq!(Challenge::parse(header), None, "{header:?}");
        }
    }

    #[test]
    fn a_token_is_for_the_domain_above_the_vault_only() {
        let verify = |scope: &str, host: &str| {
            let challenge = Challenge {
                scope: scope.to_owned(),
                tenant: None,
                claims: None,
            };
            challenge.verify_resource(host).is_ok()
        };
        assert!(verify(VAULT, "myvault.vault.azure.net"));
        assert!(verify(VAULT, "MyVault.Vault.Azure.Net:443"));
        assert!(verify(
            "https://vault.azure.net:443/.default",
            "myvault.vault.azure.net"
        ));
        assert!(!verify(VAULT, "vault.azure.net"));
        assert!(!verify(VAULT, "myvault.vault.azure.net.example.com"));
        assert!(!verify(VAULT, "evilvault.azure.net"));
        assert!(!verify(VAULT, "myvault.vault.azure.net:8443"));
        assert!(!verify(
            "https://graph.microsoft.com/.default",
            "myvault.vault.azure.net"
        ));
        assert!(!verify("/.default", "myvault.vault.azure.net"));
    }
}
