//! secretctl resolves Apache Airflow connections and variables exactly as Airflow does, and says what went wrong.
//!
//! The program is a thin edge around this library. Data flows one way, from the environment to an outcome:
//!
//! 1. [`Env`] is one snapshot of the process environment; [`Settings::load`] lays env files under it and reads airflow.cfg.
//! 2. [`Settings::open`] turns the backend's class path and kwargs into a [`SearchPath`]: the layers that Airflow asks.
//! 3. [`SearchPath::lookup_many`] asks them, layer by layer, for as many ids as there are; [`SearchPath::lookup`] and
//!    [`SearchPath::explain`] are its case of one.
//! 4. A [`Lookup`] holds the value that wins ([`Connection`] or [`json::Value`]) and what every layer said.
//!
//! What is odd on the way is told as [`Finding`]s to the [`Console`] that is handed in. Every error is a [`Fault`]: it knows
//! its kind, which decides the exit code, and its advice. A [`Backend`] of one's own takes part by
//! [`SearchPath::with_backend`].
//!
//! ```
//! use secretctl::{Console, Env, Files, LookupOptions, SecretId, SecretKind, Settings};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let env = Env::from_pairs([("AIRFLOW_CONN_SMTP_DEFAULT", "smtps://user:secret@relay.example.com:465")]);
//! let settings =
//!     Settings::load(env, &Files::default(), LookupOptions::default(), Console::silent()).await?;
//! let search_path = settings.open().await?;
//! let lookup = search_path.lookup(&SecretId::new(SecretKind::Connection, "smtp_default")).await;
//! let (connection, _stored) = lookup.into_connection().map_err(|lookup| lookup.sentence())?;
//! assert_eq!(connection.field("host")?.unwrap().expose(), "relay.example.com");
//! # Ok(())
//! # }
//! ```

#![cfg_attr(test, allow(clippy::disallowed_methods, clippy::print_stderr))]

mod airflow_config;
mod airflow_version;
mod backend;
mod check;
mod cli;
mod connection;
mod console;
#[expect(
    clippy::disallowed_methods,
    reason = "DAG files are read by the hundred, while nobody is asked for anything"
)]
pub mod dags;
mod deadline;
mod env;
mod error;
mod failure;
mod finding;
mod http;
mod jwt;
mod nearest;
mod process;
mod python;
mod search_path;
mod secret;
mod secret_kind;
mod settings;
mod source;
#[cfg(test)]
mod testing;
mod text_file;

pub use airflow_config::ConfigError;
pub use airflow_version::{AirflowVersion, UnknownRelease};
pub use backend::{Answer, Backend, BackendError, Location, Place, Secret, SecretRef};
pub use cli::{Cli, Paint, Terminal, run};
pub use connection::{Connection, ConnectionError, Model, UnknownField};
pub use console::{Console, Listener, Verbosity};
pub use deadline::{Deadline, TimedOut};
pub use env::{Env, EnvError, EnvFileFormat};
pub use error::Error;
pub use failure::{Failure, Fault};
pub use finding::{Finding, Level};
pub use search_path::{
    Context, Found, FoundValue, LayerError, LayerReport, Lookup, LookupOptions, OpenError, Outcome,
    SearchPath,
};
pub use secret::SecretText;
pub use secret_kind::{SecretId, SecretKind};
pub use settings::{Files, Settings};
pub use source::Source;

/// Values as Python has them, and the JSON that Python reads and writes.
pub mod json {
    pub use crate::python::json::{Dict, JsonError, Value, dumps, loads, to_strict_json};
}
