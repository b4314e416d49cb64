//! The walk against Airflow's own.

mod walk;
