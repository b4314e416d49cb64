//! The three kinds of secret that Airflow asks a secrets backend for.

use std::fmt;

/// A kind of secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SecretKind {
    /// `get_connection(conn_id)`
    Connection,
    /// `get_variable(key)`
    Variable,
    /// `get_config(key)`
    Config,
}

impl SecretKind {
    /// The short word used on the command line and in JSON.
    pub fn short_name(self) -> &'static str {
        match self {
            SecretKind::Connection => "conn",
            SecretKind::Variable => "var",
            SecretKind::Config => "config",
        }
    }
}

impl fmt::Display for SecretKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SecretKind::Connection => "connection",
            SecretKind::Variable => "variable",
            SecretKind::Config => "config",
        })
    }
}
