//! The Airflow Connection: read from a URI or JSON by Airflow's rules, written back as `get_uri()` does.

/// Which of Airflow's two connection models to follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// `airflow.models.Connection` of Airflow 3.3.2: the CLI, the scheduler, the API server.
    Server,
    /// `airflow.sdk.Connection` of task-sdk 1.3.2: what a task sees.
    Worker,
}
