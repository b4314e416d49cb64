//! The token that hvac's client starts with: `VAULT_TOKEN`, else `~/.vault-token`.

use std::path::PathBuf;

use super::login::read_stripped;
use crate::backend::vault::error::VaultError;
use crate::backend::vault::session::Token;
use crate::deadline::Deadline;
use crate::env::{Env, EnvError};
use crate::http::HttpError;
use crate::source::Source;
use crate::text_file;

const VARIABLE: &str = "VAULT_TOKEN";
const FILE: &str = ".vault-token";

/// Where hvac looks for a token of its own accord.
#[derive(Clone, Debug)]
pub struct InitialToken {
    /// `VAULT_TOKEN`, be it empty.
    pub from_env: Option<Token>,
    file: Option<PathBuf>,
}

impl InitialToken {
    /// Looks at the environment; the file is read at the login.
    ///
    /// # Errors
    /// A variable that is not UTF-8.
    pub fn new(env: &Env) -> Result<Self, EnvError> {
        let from_env = env.get(VARIABLE)?.map(|text| Token {
            text: text.into(),
            origin: origin(env),
            is_of_own_login: false,
        });
        Ok(Self {
            from_env,
            file: env.in_home(FILE)?,
        })
    }

    /// The token, if there is one.
    ///
    /// # Errors
    /// The file is there and cannot be read, or does not end in time.
    pub async fn read(&self, deadline: Deadline) -> Result<Option<Token>, VaultError> {
        match (&self.from_env, &self.file) {
            (Some(token), _) if !token.text.expose().is_empty() => Ok(Some(token.clone())),
            (_, Some(file)) => {
                let kind = text_file::kind_of(file, deadline).await;
                if kind.map_err(HttpError::from)?.is_none() {
                    return Ok(None);
                }
                Ok(Some(Token {
                    text: read_stripped(file, "hvac", deadline).await?,
                    origin: format!("`~/{FILE}`"),
                    is_of_own_login: false,
                }))
            }
            (_, None) => Ok(None),
        }
    }
}

/// Where the variable is set, and what it wins over.
fn origin(env: &Env) -> String {
    let source = env.source_of(VARIABLE).unwrap_or(&Source::Environment);
    let origin = format!("`{VARIABLE}` in {source}");
    let overridden: Vec<String> = env
        .overridden(VARIABLE)
        .iter()
        .map(Source::to_string)
        .collect();
    match overridden.is_empty() {
        true => origin,
        false => format!("{origin}, which wins over {}", overridden.join(" and ")),
    }
}
