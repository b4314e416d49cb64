//! secretctl resolves Apache Airflow connections and variables as Airflow does.

pub mod backend;
pub mod connection;
pub mod python;
pub mod secret;
