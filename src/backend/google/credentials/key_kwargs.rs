//! The kwargs that name Google credentials, as `_CredentialProvider` of the google provider 22.8.0 takes them.
//!
//! The surprising rule: two of them at once stop Airflow at start-up, but an empty one counts as not given.

use crate::backend::kwargs::{KwargError, Kwargs};
use crate::python::json::{Dict, Value};

/// Which kwarg names the credentials.
#[derive(Clone, Debug)]
pub enum KeyKwargs {
    /// None: application default credentials.
    None,
    /// `gcp_key_path`
    KeyPath(String),
    /// `gcp_keyfile_dict`
    KeyfileDict(Dict),
    /// `gcp_credential_config_file`: an object, a path, or JSON text.
    CredentialConfigFile(Value),
}

const NAMES: [&str; 3] = [
    "gcp_keyfile_dict",
    "gcp_key_path",
    "gcp_credential_config_file",
];

impl KeyKwargs {
    /// Reads the three kwargs.
    ///
    /// # Errors
    /// A value of the wrong type, or more than one kwarg.
    pub fn from_kwargs(kwargs: Kwargs<'_>) -> Result<KeyKwargs, KwargError> {
        let given: Vec<_> = NAMES
            .into_iter()
            .filter_map(|name| {
                let value = kwargs.get(name).filter(|value| value.is_truthy())?;
                Some((name, value))
            })
            .collect();
        match given[..] {
            [] => Ok(KeyKwargs::None),
            [("gcp_key_path", Value::Text(path))] => {
                Ok(KeyKwargs::KeyPath(path.expose().to_owned()))
            }
            [("gcp_key_path", other)] => Err(kwargs.wrong_type("gcp_key_path", "text", other)),
            [("gcp_keyfile_dict", Value::Dict(key))] => Ok(KeyKwargs::KeyfileDict(key.clone())),
            [("gcp_keyfile_dict", other)] => {
                Err(kwargs.wrong_type("gcp_keyfile_dict", "an object", other))
            }
            [(_, config @ (Value::Dict(_) | Value::Text(_)))] => {
                Ok(KeyKwargs::CredentialConfigFile(config.clone()))
            }
            [(name, other)] => {
                Err(kwargs.wrong_type(name, "an object or the path of a file", other))
            }
            _ => Err(kwargs.exclusive(given.iter().map(|(name, _)| *name).collect())),
        }
    }
}
