//! secretctl resolves Apache Airflow connections and variables exactly as Airflow does, and says what went wrong.
//!
//! One page about the whole program. Data flows one way, from the environment to an outcome:
//!
//! 1. [`mod@env`] takes one snapshot of the process environment and lays `--env-file` files under it.
//! 2. [`airflow_config`] reads options as Airflow does: environment, `_CMD`, `_SECRET`, airflow.cfg; and the backend kwargs.
//! 3. [`search_path`] turns class path and kwargs into layers and asks them in Airflow's order.
//! 4. [`backend`] has one module for each secrets backend: where it keeps an id (pure), and how it is read.
//! 5. [`connection`] reads a connection from its stored text and writes it back as `get_uri()` does.
//! 6. [`dags`] finds the ids that DAG files use, without running them.
//! 7. [`cli`] has one module for each command: its arguments in, its output out.
//!
//! Beside that flow: [`airflow_version`] says which release of Airflow brought which rule, [`python`] holds the rules of
//! Python's own modules that Airflow leans on, [`http`] the client that backends share, [`secret`] the type that keeps
//! values out of logs, and [`error`] everything that can go wrong with its exit code and its advice.

pub mod airflow_config;
pub mod airflow_version;
pub mod backend;
pub mod cli;
pub mod connection;
pub mod dags;
pub mod env;
pub mod error;
pub mod http;
mod nearest;
pub mod python;
pub mod search_path;
pub mod secret;
pub mod secret_kind;
mod text_file;
pub mod trace;

pub use cli::run;
