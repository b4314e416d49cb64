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
    /// All kinds.
    pub const ALL: [SecretKind; 3] = [Self::Connection, Self::Variable, Self::Config];

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

/// One thing for each kind of secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PerKind<T> {
    /// For connections.
    pub connection: T,
    /// For variables.
    pub variable: T,
    /// For config options.
    pub config: T,
}

impl<T> PerKind<T> {
    /// What `make` makes for each kind.
    pub fn from_fn(mut make: impl FnMut(SecretKind) -> T) -> Self {
        Self {
            connection: make(SecretKind::Connection),
            variable: make(SecretKind::Variable),
            config: make(SecretKind::Config),
        }
    }

    /// What `make` makes for each kind.
    ///
    /// # Errors
    /// The first that cannot be made.
    pub fn try_from_fn<E>(mut make: impl FnMut(SecretKind) -> Result<T, E>) -> Result<Self, E> {
        Ok(Self {
            connection: make(SecretKind::Connection)?,
            variable: make(SecretKind::Variable)?,
            config: make(SecretKind::Config)?,
        })
    }

    /// What is there for `kind`.
    pub fn get(&self, kind: SecretKind) -> &T {
        match kind {
            SecretKind::Connection => &self.connection,
            SecretKind::Variable => &self.variable,
            SecretKind::Config => &self.config,
        }
    }

    /// The same, to change it.
    pub fn get_mut(&mut self, kind: SecretKind) -> &mut T {
        match kind {
            SecretKind::Connection => &mut self.connection,
            SecretKind::Variable => &mut self.variable,
            SecretKind::Config => &mut self.config,
        }
    }
}

/// A secret by its id: what a search path is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SecretId {
    /// Connection, variable or config.
    pub kind: SecretKind,
    /// The conn_id or key.
    pub id: String,
}

impl SecretId {
    /// The secret `id` of this kind.
    pub fn new(kind: SecretKind, id: impl Into<String>) -> Self {
        Self {
            kind,
            id: id.into(),
        }
    }
}

impl fmt::Display for SecretId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.kind, self.id)
    }
}
