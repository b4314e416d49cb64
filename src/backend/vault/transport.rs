//! How to connect to Vault: the kwargs that `_VaultClient` passes on to hvac's client and its `requests` session.
//!
//! The surprising rule: `VAULT_CACERT` and `VAULT_CAPATH` count only where `"verify": null` lets them in, and `VAULT_NAMESPACE`
//! and `VAULT_SKIP_VERIFY` never do.

use std::time::Duration;

use super::settings::Faults;
use crate::backend::kwargs::{KwargError, Kwargs};
use crate::env::{Env, EnvError};
use crate::http::{ClientCertificate, HttpSettings, KwargProxies, Proxies, Verify};
use crate::python::json::Value;
use crate::python::urllib::urlsplit;

/// hvac's default for one request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// The longest one. Beyond it the milliseconds of Python's sockets overflow: first it waits for another time than it was told,
/// and from 9223372037 on it fails.
const LONGEST_TIMEOUT: f64 = 2_147_483.0;

/// Reads the kwargs of the connection; a fault waits for the lookup.
pub fn http_settings(
    kwargs: Kwargs<'_>,
    env: &Env,
    address: &str,
    faults: &mut Faults,
) -> Result<HttpSettings, EnvError> {
    Ok(HttpSettings {
        verify: verify(kwargs, env, faults)?,
        client_certificate: client_certificate(kwargs, env, faults)?,
        proxies: Proxies::Requests {
            kwargs: faults.note(proxies(kwargs)).unwrap_or_default(),
            port_is_written: port_is_written(address),
        },
        timeout: faults
            .note(timeout(kwargs))
            .unwrap_or(Some(REQUEST_TIMEOUT)),
        follow_redirects: kwargs.truthy("allow_redirects", true),
    })
}

/// `verify`: true, false, a CA file or folder; null alone lets `VAULT_CACERT` and `VAULT_CAPATH` in.
fn verify(kwargs: Kwargs<'_>, env: &Env, faults: &mut Faults) -> Result<Verify, EnvError> {
    let bundle = |path: &str, origin: &str| Verify::Bundle {
        path: path.into(),
        origin: origin.into(),
    };
    match kwargs.get("verify") {
        None | Some(Value::Bool(true)) => Ok(Verify::Trusted),
        Some(Value::None) => {
            for name in ["VAULT_CACERT", "VAULT_CAPATH"] {
                if let Some(path) = env.get(name)?.filter(|path| !path.is_empty()) {
                    return Ok(bundle(path, &format!("`{name}`")));
                }
            }
            Ok(Verify::Trusted)
        }
        Some(value) if !value.is_truthy() => Ok(Verify::Off),
        Some(Value::Text(path)) => Ok(bundle(path.expose(), "kwarg `verify`")),
        Some(other) => {
            faults.note::<()>(Err(kwargs.wrong_type(
                "verify",
                "true, false or the path of a CA file",
                other,
            )));
            Ok(Verify::Trusted)
        }
    }
}

/// `cert`: one PEM file; absent or null: `VAULT_CLIENT_CERT` and `VAULT_CLIENT_KEY`; else false: none at all. requests takes a
/// pair only as a tuple, which JSON does not have, and fails on a list or an object, even an empty one.
fn client_certificate(
    kwargs: Kwargs<'_>,
    env: &Env,
    faults: &mut Faults,
) -> Result<Option<ClientCertificate>, EnvError> {
    match kwargs.get("cert") {
        None | Some(Value::None) => {
            let certificate = env
                .get("VAULT_CLIENT_CERT")?
                .filter(|path| !path.is_empty());
            let key = env.get("VAULT_CLIENT_KEY")?.map(Into::into);
            let origin = "`VAULT_CLIENT_CERT`".into();
            Ok(certificate.map(|certificate| ClientCertificate {
                certificate: certificate.into(),
                key,
                origin,
            }))
        }
        Some(nothing @ (Value::Text(_) | Value::Bool(_) | Value::Int(_) | Value::Float(_)))
            if !nothing.is_truthy() =>
        {
            Ok(None)
        }
        Some(Value::Text(path)) => {
            let origin = "kwarg `cert`".into();
            Ok(Some(ClientCertificate {
                certificate: path.expose().into(),
                key: None,
                origin,
            }))
        }
        Some(other) => {
            let wanted = "the path of one PEM file that holds certificate and key";
            Ok(faults.note(Err(kwargs.wrong_type("cert", wanted, other))))
        }
    }
}

fn port_is_written(address: &str) -> bool {
    urlsplit(address).is_ok_and(|parts| matches!(parts.port(), Ok(Some(_))))
}

/// `proxies`: an object of addresses by scheme, by scheme and host, or for all. Of these requests looks at no more than it needs.
fn proxies(kwargs: Kwargs<'_>) -> Result<KwargProxies, KwargError> {
    let wanted = "an object of addresses by scheme";
    match kwargs.get("proxies").filter(|proxies| proxies.is_truthy()) {
        None => Ok(KwargProxies::default()),
        Some(Value::Dict(by_key)) => Ok(by_key.into()),
        Some(other) => Err(kwargs.wrong_type("proxies", wanted, other)),
    }
}

/// `timeout`: seconds for one request; null is no limit but `--timeout`.
fn timeout(kwargs: Kwargs<'_>) -> Result<Option<Duration>, KwargError> {
    let given = match kwargs.get("timeout") {
        None => return Ok(Some(REQUEST_TIMEOUT)),
        Some(Value::None) => return Ok(None),
        Some(given) => given,
    };
    let seconds = match given {
        Value::Int(digits) => digits.parse::<f64>().ok(),
        Value::Float(seconds) => Some(*seconds),
        _ => None,
    };
    let wanted = "a number of seconds above 0 and up to 2147483";
    seconds
        .filter(|seconds| *seconds > 0.0 && *seconds <= LONGEST_TIMEOUT)
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .map(Some)
        .ok_or_else(|| kwargs.other_number("timeout", wanted, given))
}
